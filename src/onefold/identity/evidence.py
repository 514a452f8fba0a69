"""Evidence: what was seen together, when, and at what kind of event.

It is a set, and union is all that is done to it, so that no order, no repetition and no division
of the work among many can change what is concluded:

    a | b == b | a          a | a == a          Evidence.of(log + log) == Evidence.of(log)

An event can't have happened after it was received: where its clock says so, the time of
receipt counts.
"""

import attrs
import numpy as np

from onefold._columns import Coded, Column, Columns, frozen, missing, stacked
from onefold._types import Bools, Times
from onefold.events.identifiers import IDENTIFIER, SOURCE
from onefold.events.log import EventLog
from onefold.events.tables import RECEIVED, nothing, repeats
from onefold.identity.spelling import LONGEST

CUSTOMER = IDENTIFIER + "customer:0"  # what is given as customer=, beside columns of the type
TOLD = "told"  # the time that an event's clock told, where it was received before that


@attrs.frozen(eq=False, repr=False)
class Evidence:
    """Rows of identifiers, kind (missing: a fact) and instant; the events of a log come first."""

    table: Columns

    @classmethod
    def of(cls, log: EventLog) -> "Evidence":
        """All that a log says: a row for each event and then for each fact, in their order."""
        tables = [_seen(log.events), _seen(log.facts)]
        held = [table for table in tables if len(table)]
        return cls(stacked(held) if len(held) > 1 else (held or tables)[0])

    def __len__(self) -> int:
        return len(self.table)

    def __or__(self, other: "Evidence") -> "Evidence":
        """All that either says; the rows of this one come first."""
        return Evidence(self.table.above(other.table))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Evidence):
            return NotImplemented
        return self.canonical().table.equals(other.canonical().table)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Evidence({len(self):,} rows)"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of identifiers."""
        return tuple(sorted(name for name in self.table.data if name.startswith(IDENTIFIER)))

    @property
    def time(self) -> Times:
        """The instant (m,) of each row."""
        times: Times = self.table.array("time")
        return times

    @property
    def known_from(self) -> Times:
        """The instant (m,) after which a log's `before` keeps each row: what its clock told."""
        if TOLD not in self.table:
            return self.time
        told: Times = self.table.array(TOLD)
        return np.where(np.isnat(told), self.time, told)

    def is_before(self, t: np.datetime64) -> Bools:
        """Which rows (m,) a log's `before` would keep."""
        early: Bools = self.known_from < t
        return early

    def before(self, t: np.datetime64) -> "Evidence":
        """What had been seen before an instant."""
        return self.only(self.is_before(t))

    def only(self, rows: Bools) -> "Evidence":
        """Some of the rows."""
        return self if rows.all() else Evidence(self.table.take(np.flatnonzero(rows)).compact())

    def canonical(self) -> "Evidence":
        """The same set, each row once and in the order of its contents.

        Values that are too long for any policy are not kept.
        """
        short = {name: _shortened(self.table.coded(name)) for name in self.names}
        held = self.table.replace(**short)
        known = np.zeros(len(self), dtype=bool)
        for name in self.names:
            known |= held.array(name) >= 0
        table = Evidence(held).only(known).table.compact()
        columns = [table.array(name) for name in sorted(set(table.data) - {"time", TOLD})]
        times = [table.array(name).view(np.int64) for name in (TOLD, "time") if name in table]
        keys = [*times, *columns[::-1]]
        order = np.lexsort(keys)
        again = repeats(*(key[order] for key in keys)) if len(order) else np.zeros(0, dtype=bool)
        return Evidence(table.take(order[~again]).compact())


def _shortened(column: Coded) -> Coded:
    """The same without values that are too long to be identifiers."""
    long = np.array([len(value) > LONGEST for value in column.vocab], dtype=bool)
    if not long.any():
        return column
    return Coded(np.where(np.append(long, False)[column.codes], -1, column.codes), column.vocab)


def _seen(table: Columns) -> Columns:
    n = len(table)
    time = told = table.array("time")
    if RECEIVED in table:
        received = table.array(RECEIVED)
        time = np.where(np.isnat(received), time, np.minimum(time, received))
    names = [name for name in table.data if name.startswith(IDENTIFIER) or name == SOURCE]
    held: dict[str, Column] = {name: table.coded(name) for name in names}
    early = time < told
    if early.any():
        held[TOLD] = frozen(np.where(early, told, np.datetime64("NaT", "us")))
    who = table.coded("customer")
    if not missing(who).all():
        held[CUSTOMER] = who
    kinds = table.coded("kind") if "kind" in table else nothing(n)
    return Columns({**held, "kind": kinds, "time": frozen(time)})
