"""Point-in-time tables: for (customer, time) the traits as of that time, and nothing later.

Each row's history is a slice of the ledger: from the customer's first event up to the first
at or after the row's time, found by bisection. Rows are read in chunks of bounded memory.
"""

from typing import Any

import numpy as np

from onefold._types import Ints
from onefold.catalog import Catalog
from onefold.events import door
from onefold.ledger import Ledger
from onefold.profiles.traits import TraitTable
from onefold.traits.protocol import History, Trait


def point_in_time(
    ledger: Ledger,
    traits: tuple[Trait, ...],
    catalog: Catalog | None,
    frame: Any,
    tz: str | None,
) -> TraitTable:
    """The table of traits of a frame with the columns customer and time, in its order."""
    opened = door.opened(frame, "Profiles.at")
    who = opened.ids("customer", "when")
    moments = opened.times("time", "when", tz)
    people: Ints = np.append(ledger.people.codes(who.vocab.values), -1)[who.codes].astype(np.int64)
    history = History.before(ledger, people, moments, catalog)
    return TraitTable(who.decode(), history, moments, traits)
