"""Point-in-time tables: for (customer, time) the traits as of that time, and nothing later.

Each row's history is a range of the ledger: from the customer's first event up to the first
at or after the row's time, found by bisection. What adds up is read from running totals, in one
pass for all rows; for what does not, rows are laid out in chunks of bounded memory.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from onefold._columns import Coded, frozen
from onefold._types import Array, Floats, Ints, Strings, Times
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.events import door
from onefold.ledger import Ledger
from onefold.profiles.traits import TraitTable
from onefold.traits.history import History
from onefold.traits.protocol import Trait
from onefold.traits.span import TooMany
from onefold.traits.wide import Wide

EVENTS = 4_000_000  # in one chunk: some 300 MB of columns and of what traits make of them


def point_in_time(
    ledger: Ledger,
    traits: tuple[Trait, ...],
    catalog: Catalog | None,
    frame: Any,
    tz: str | None,
) -> TraitTable:
    """The table of traits of a frame with the columns customer and time, in its order."""
    who, moments = asked(frame, tz)
    people: Ints = np.append(ledger.people.translation(who.vocab), -1)[who.codes].astype(np.int64)
    return of_people(ledger, traits, catalog, ids=who.decode(), people=people, moments=moments)


def asked(frame: Any, tz: str | None) -> tuple[Coded, Times]:
    """The customer and the time (m,) of each row of a frame."""
    opened = door.opened(frame, "Profiles.at")
    return opened.ids("customer", "when"), opened.times("time", "when", tz)


def of_people(
    ledger: Ledger,
    traits: tuple[Trait, ...],
    catalog: Catalog | None,
    *,
    ids: Strings,
    people: Ints,
    moments: Times,
) -> TraitTable:
    """The table of traits of people of a ledger as of moments, m rows under some ids."""
    if ledger.horizon is not None and len(moments):
        ledger.before(moments.min())  # raises, if events before it were let go

    def table(rows: slice, most: int | None) -> TraitTable:
        history = History.before(
            ledger, people[rows], moments=moments[rows], catalog=catalog, most=most
        )
        return TraitTable(ids[rows], history, moments[rows], traits)

    whole = table(slice(None), EVENTS)
    readings = {}
    for name in whole.names:
        try:
            readings[name] = whole.reading(name)
        except TooMany:
            readings[name] = together(
                [table(rows, None).reading(name) for rows in _chunks(whole.history)]
            )
    return TraitTable.of_readings(ids, whole.history, moments, traits, readings)


def _chunks(history: History) -> Iterator[slice]:
    """Ranges of rows whose histories have some `EVENTS` events together."""
    chunk = history.offsets[1:] // EVENTS
    edges = np.flatnonzero(np.diff(chunk)) + 1
    for start, stop in itertools.pairwise([0, *edges.tolist(), len(history)]):
        yield slice(start, stop)


def together(readings: list[Any]) -> Any:
    """One reading of the rows of several, one after another."""
    if any(isinstance(reading, Wide) for reading in readings):
        return _one_wide([reading for reading in readings if isinstance(reading, Wide)])
    if any(reading.dtype == object for reading in readings):
        readings = [_spoken(reading) for reading in readings]
    return frozen(np.concatenate(readings))


def _spoken(reading: Array) -> Strings:
    """Numbers among words: as objects, with None where missing."""
    if reading.dtype == object:
        return reading
    out = reading.astype(object)
    out[np.isnan(reading)] = None
    return out


def _one_wide(readings: list[Wide]) -> Wide:
    vocab = Vocab.of(label for reading in readings for label in reading.labels.tolist())
    codes = [vocab.codes(reading.labels)[reading.codes] for reading in readings]
    counts = np.concatenate([np.diff(reading.offsets) for reading in readings])
    values: Floats = np.concatenate([reading.values for reading in readings])
    return Wide(
        vocab.values,
        np.append(0, np.cumsum(counts)),
        np.concatenate(codes),
        values,
        np.concatenate([reading.known for reading in readings]),
    )
