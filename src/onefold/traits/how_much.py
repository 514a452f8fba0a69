"""How much: occasions, events, money, variety.

    frequency = number of visits        monetary = sum of amounts        breadth = distinct items
"""

import attrs
import numpy as np

from onefold._types import MICROS, Floats, Ints, Times
from onefold.traits.protocol import History


@attrs.frozen
class Frequency:
    """How many visits with an event of a kind: baskets, or instants where there is no basket.

    The field's "frequency" of RFM: twelve lines on one receipt are one purchase.

    Args:
        event: Kind of event; None counts every kind.
        name: The trait's name.
    """

    event: str | None = "purchase"
    name: str = attrs.field(default="frequency", kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        return np.diff(history.where(self.event).visits[1]).astype(np.float64)


@attrs.frozen
class Count:
    """How many events of a kind: lines, not visits.

    Args:
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([of.Event("ann", "view", "2024-03-01")] * 3)
        >>> of.fold(log, [Count("view", name="views")])["ann"]["views"]
        3.0
    """

    event: str | None = None
    name: str = attrs.field(default="count", kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        return history.where(self.event).counts.astype(np.float64)


@attrs.frozen
class Monetary:
    """Sum of the amounts of events of a kind, in the log's currency; returns lower it.

    The field's "monetary" of RFM. Summed in whole millionths, so the order of events does not
    matter. Missing where no event has an amount.

    Args:
        event: Kind of event; None counts every kind.
        mean: Divide by the number of visits: what an average purchase is worth.
        name: The trait's name.
    """

    event: str | None = "purchase"
    mean: bool = attrs.field(default=False, kw_only=True)
    name: str = attrs.field(default="monetary", kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        h = history.where(self.event)
        total, some = sums(h)
        if self.mean:
            visits = np.diff(h.visits[1])
            return np.divide(total, visits, out=np.full(len(h), np.nan), where=some)
        return np.where(some, total, np.nan)


@attrs.frozen
class Breadth:
    """How many distinct items.

    Args:
        event: Kind of event; None counts every kind.
        name: The trait's name.
    """

    event: str | None = "purchase"
    name: str = attrs.field(default="breadth", kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        h = history.where(self.event)
        known = h.item >= 0
        width = max(len(h.items), 1)
        cells = np.unique(h.row[known] * width + h.item[known])
        return np.bincount(cells // width, minlength=len(h)).astype(np.float64)


def sums(history: History) -> tuple[Floats, Ints]:
    """Total of each row (n,) in units of money, exact in whole micros, and whether it has any."""
    value = history.value
    has = value != history.missing_value
    amounts = np.where(has, value, 0)
    counts = np.bincount(history.row, weights=has, minlength=len(history))
    longest = int(history.counts.max(initial=0))
    largest = int(np.abs(amounts).max(initial=0))
    if largest * longest < 2**63:
        total = _totals(amounts, history.offsets) / MICROS
    else:  # rare: exact in Python's integers, a loop over the amounts that are that large
        held, bounds = amounts.tolist(), history.offsets.tolist()
        pairs = zip(bounds[:-1], bounds[1:], strict=True)
        total = np.array([sum(held[a:b]) / MICROS for a, b in pairs], dtype=np.float64)
    return total, counts > 0


def _totals(amounts: Ints, offsets: Ints) -> Ints:
    out = np.zeros(len(offsets) - 1, dtype=np.int64)
    some = np.flatnonzero(np.diff(offsets) > 0)
    if len(some):
        out[some] = np.add.reduceat(amounts, offsets[:-1][some])
    return out
