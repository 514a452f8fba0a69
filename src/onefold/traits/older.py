"""What is known of events that were let go: cells of kind, item and channel for each row.

A trait that adds up is read from the events that are kept and from these cells together:

    count  =  events that are kept  +  counts of the cells
"""

from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._columns import Coded, Columns
from onefold._types import Bools, Floats, Ints, Times
from onefold.catalog import Catalog
from onefold.errors import BeyondKept
from onefold.events.older import KEYS
from onefold.ledger import ranges
from onefold.traits.history import History
from onefold.traits.protocol import Trait
from onefold.traits.reduce import money


@attrs.frozen(eq=False, repr=False)
class Older:
    """The cells (c,) of n rows: `row` is the row of each, ascending."""

    row: Ints
    n: int
    table: Columns
    catalog: Catalog | None

    @classmethod
    def of(cls, history: History) -> "Older":
        """The cells of the people of a history."""
        ledger, people = history.ledger, history.people
        bounds = np.searchsorted(ledger.cells.array("customer"), np.arange(len(ledger) + 1))
        bounds = np.append(bounds, bounds[-1])
        nobody = np.where(people < 0, len(ledger), people)
        rows, offsets = ranges(bounds[nobody], bounds[nobody + 1])
        owner = np.repeat(np.arange(len(people)), np.diff(offsets))
        return cls(owner, len(people), ledger.cells.take(rows), history.catalog)

    def where(self, kind: str | None) -> "Older":
        """The cells of one kind of event."""
        if kind is None:
            return self
        held = self.table.coded("kind")
        return self._only(held.codes == held.vocab.code(kind) if kind in held.vocab else False)

    def valued(self) -> "Older":
        """The cells in which an event has an amount."""
        return self._only(self.table.array("valued") > 0)

    def _only(self, mask: Any) -> "Older":
        rows = np.flatnonzero(np.broadcast_to(mask, len(self.row)))
        return attrs.evolve(self, row=self.row[rows], table=self.table.take(rows))

    def words(self, of: str, trait: str) -> Coded:
        """The label (c,) of each cell."""
        if of in KEYS:
            return self.table.coded(of)
        if self.catalog is not None and of in self.catalog.columns:
            item = self.table.coded("item")
            codes = np.append(self.catalog.codes(of, item.vocab), np.int32(-1))[item.codes]
            return Coded(codes, self.catalog.column(of).vocab)
        raise BeyondKept(
            f"trait {trait!r} reads {of!r}, which older events no longer have: keep= let them go. "
            "Read it over a window that is kept, traits.Over(trait, last=...), or keep more."
        )

    def total(self, name: str) -> Ints:
        """The sum (n,) of a whole number over the cells of each row."""
        out = np.zeros(self.n, dtype=np.int64)
        np.add.at(out, self.row, self.table.array(name))
        return out

    def money(self, late: History) -> Floats:
        """The sum (n,) of amounts, in units: of the cells and of events that are kept, exactly."""
        value = late.value
        known = value != late.missing_value
        row = np.concatenate([self.row, late.row[known]])
        micros = np.concatenate([self.table.array("value"), value[known]])
        order = np.argsort(row, kind="stable")
        return money(micros[order], np.searchsorted(row[order], np.arange(self.n + 1)))

    def edge(self, name: str, ufunc: np.ufunc, start: Any) -> Any:
        """The least or the greatest (n,) of a column over the cells of each row, or `start`."""
        held = self.table.array(name).view(np.int64)
        out = np.full(self.n, start, dtype=np.int64)
        ufunc.at(out, self.row, held)
        return out

    @property
    def any(self) -> Bools:
        """Which rows (n,) have a cell."""
        return np.bincount(self.row, minlength=self.n) > 0


def read(trait: Trait, history: History, as_of: Times) -> Any:
    """What a trait says of each row, also where events were let go, if it can be said exactly.

    Raises:
        BeyondKept: If it can't.
    """
    horizon = history.ledger.horizon
    if horizon is None:
        return trait.read(history, as_of=as_of)
    reach = getattr(trait, "reach", None)
    if reach is not None and bool((as_of - reach >= horizon).all()):
        return trait.read(history, as_of=as_of)
    method = getattr(trait, "read_older", None)
    if method is not None:
        return method(history, Older.of(history), as_of=as_of)
    raise BeyondKept(
        f"trait {trait.name!r} reads events from before {_time.show(horizon)}, which keep= let go. "
        "Read it over a window that is kept, traits.Over(trait, last=...), or keep more; what can "
        "be read exactly of all time are counts, sums, firsts and lasts in time, and shares."
    )
