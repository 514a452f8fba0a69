"""Customers to check plug-ins on: simulated ones, always the same, where none are given.

They buy, view and open on four channels for half a year, state facts, and have a catalogue.
"""

from typing import Any

import numpy as np

from onefold._types import Ints, Times
from onefold.datasets import simulate
from onefold.errors import ArgumentError
from onefold.ledger import Ledger
from onefold.profiles import Profiles, TraitTable, fold
from onefold.traits.history import History

LEAST = 10  # customers below which a subset shows little


def customers(profiles: Profiles | None, call: str) -> Profiles:
    """The profiles to check on: those given, if they are enough, or simulated ones."""
    if profiles is None:
        data = simulate(60, days=180, items=25, categories=4, segments=3, rng=1)
        return fold(data.log, catalog=data.catalog)
    if not isinstance(profiles, Profiles):
        raise ArgumentError(
            f"{call}: profiles is a {type(profiles).__name__}; make them with onefold.fold, or "
            "leave them out for simulated ones."
        )
    if len(profiles) < LEAST or not len(profiles.ledger.events):
        raise ArgumentError(
            f"{call}: profiles holds {len(profiles)} customers and {len(profiles.ledger.events)} "
            f"events; it takes {LEAST} customers or more, with events."
        )
    return profiles


def fresh(profiles: Profiles) -> TraitTable:
    """Everybody's table, with nothing kept from an earlier reading."""
    return rows(profiles, np.arange(len(profiles)), np.full(len(profiles), profiles.as_of))


def rows(profiles: Profiles, people: Ints, moments: Times) -> TraitTable:
    """The table of some people (by position, -1 is nobody) as of moments, in that order."""
    return _table(profiles, profiles.ledger, people, moments)


def past(profiles: Profiles, t: Any) -> tuple[TraitTable, TraitTable]:
    """Those known at t, twice: by a ledger that goes on after t, and by one that ends there."""
    ended = profiles.ledger.before(t)
    people = profiles.ledger.people.codes(ended.people.values).astype(np.int64)
    when = np.full(len(people), t)
    return (
        _table(profiles, profiles.ledger, people, when),
        _table(profiles, ended, np.arange(len(people)), when),
    )


def _table(profiles: Profiles, ledger: Ledger, people: Ints, moments: Times) -> TraitTable:
    ids = np.append(ledger.people.values, "nobody")[people]
    history = History.before(ledger, people, moments=moments, catalog=profiles.catalog)
    return TraitTable(ids, history, moments.copy(), profiles.traits)
