"""How much: occasions, events, money, variety.

frequency = number of visits        monetary = sum of amounts        breadth = distinct items
"""

import itertools
from typing import ClassVar

import attrs
import numpy as np

from onefold._check import shown
from onefold._group import distinct
from onefold._types import MICROS, Bools, Floats, Ints, Times
from onefold._vocab import united
from onefold.errors import ArgumentError, BeyondKept
from onefold.traits.history import History
from onefold.traits.older import Older
from onefold.traits.protocol import kind_or_none, some_name
from onefold.traits.reduce import units


@attrs.frozen
class Frequency:
    """How many visits with an event of a kind: baskets, or instants where there is no basket.

    frequency = distinct baskets + distinct instants of events without a basket. The field's
    "frequency" of RFM (Bult and Wansbeek 1995): twelve lines on one receipt are one purchase.

    Args:
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01 09:00", item="tea", basket="b1"),
        ...     of.Event("ann", "purchase", "2024-03-01 09:01", item="jam", basket="b1"),
        ...     of.Event("ann", "purchase", "2024-03-08 17:00", item="tea")])
        >>> of.fold(log, [Frequency()])["ann"]["frequency"]
        2.0
    """

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="frequency", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Whole numbers (n,)."""
        return visits(history.where(self.event)).astype(np.float64)


@attrs.frozen
class Count:
    """How many events of a kind: lines, not visits. count = number of events.

    Args:
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([of.Event("ann", "view", "2024-03-01")] * 3)
        >>> of.fold(log, [Count("view", name="views")])["ann"]["views"]
        3.0
    """

    event: str | None = attrs.field(default=None, validator=kind_or_none)
    name: str = attrs.field(default="count", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Whole numbers (n,)."""
        return history.where(self.event).counts.astype(np.float64)

    def read_older(self, history: History, older: Older, *, as_of: Times) -> Floats:
        """The same, where older events were let go."""
        return self.read(history, as_of=as_of) + older.where(self.event).total("count")


def _is_bool(instance: object, attribute: object, value: object) -> None:
    if not isinstance(value, bool):
        raise ArgumentError(f"Monetary: mean is {shown(value)}; it takes True or False.")


@attrs.frozen
class Monetary:
    """Sum of the amounts of events of a kind, in the log's currency; returns lower it.

    monetary = sum of amounts, with `mean` divided by the visits. The field's "monetary" of RFM
    (Bult and Wansbeek 1995). Summed in whole millionths, so the order of events does not matter.
    Missing where no event has an amount.

    Args:
        event: Kind of event; None counts every kind.
        mean: Divide by the number of visits: what an average purchase is worth.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", value=4.90),
        ...     of.Event("ann", "purchase", "2024-03-08", value=3.50)])
        >>> ann = of.fold(log, [Monetary(), Monetary(mean=True, name="basket value")])["ann"]
        >>> ann["monetary"], ann["basket value"]
        (8.4, 4.2)
    """

    unit: ClassVar[str] = "money"

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    mean: bool = attrs.field(default=False, validator=_is_bool, kw_only=True)
    name: str = attrs.field(default="monetary", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Units of money (n,), NaN where no event has an amount."""
        h = history.where(self.event)
        total, some = sums(h)
        if self.mean:
            mean: Floats = np.divide(total, visits(h), out=np.full(len(h), np.nan), where=some)
            return mean
        return np.where(some, total, np.nan)

    def read_older(self, history: History, older: Older, *, as_of: Times) -> Floats:
        """The same, where older events were let go; a mean per visit is not known then."""
        if self.mean:
            raise BeyondKept(
                f"trait {self.name!r} divides by all visits, and keep= let older ones go. Read it "
                "over a window that is kept, traits.Over(trait, last=...), or keep more."
            )
        h, early = history.where(self.event), older.where(self.event).valued()
        some = h.totals(h.base.value != h.missing_value) > 0
        return np.where(early.any | some, early.money(h), np.nan)


@attrs.frozen
class Breadth:
    """How many distinct items.

    breadth = number of distinct items; events without one don't count. Of the measures of
    variety it is the one of order 0 (Hill 1973): a favourite counts no more than a trial.

    Args:
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", f"2024-03-0{day}", item=item)
        ...     for day, item in enumerate(["tea", "jam", "tea"], start=1)])
        >>> of.fold(log, [Breadth()])["ann"]["breadth"]
        2.0
    """

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="breadth", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Whole numbers (n,)."""
        h = history.where(self.event)
        if h.span is not None and h.from_first:
            return h.totals(_firsts(h.base)).astype(np.float64)
        width = len(h.items) + 1
        cells = np.sort(
            h.row * width + h.item + 1, kind="stable"
        )  # nearly sorted already; 0 where there is no item
        new = cells % width > 0
        new[1:] &= cells[1:] != cells[:-1]
        return np.bincount(cells[new] // width, minlength=len(h)).astype(np.float64)

    def read_older(self, history: History, older: Older, *, as_of: Times) -> Floats:
        """The same, where older events were let go."""
        h, cells = history.where(self.event), older.where(self.event)
        vocab, (to, of) = united([h.items, cells.table.coded("item").vocab])
        late, early = h.item, cells.table.array("item")
        row = np.concatenate([h.row[late >= 0], cells.row[early >= 0]])
        item = np.concatenate([to[late[late >= 0]], of[early[early >= 0]]])
        pairs = distinct(row * max(len(vocab), 1) + item)
        return np.bincount(pairs // max(len(vocab), 1), minlength=len(h)).astype(np.float64)


def visits(history: History) -> Ints:
    """How many visits (n,) each row has."""
    if history.from_first:  # a visit counts where its first event does
        return history.totals(history.base.visit_starts)
    return np.diff(history.visits[1])


def sums(history: History) -> tuple[Floats, Bools]:
    """Total of each row (n,) in units of money, exact in whole micros, and whether it has any."""
    value = history.base.value
    has = value != history.missing_value
    amounts = np.where(has, value, 0)
    some = history.totals(has) > 0
    longest = int(history.counts.max(initial=0))
    largest = max(int(amounts.max(initial=0)), -int(amounts.min(initial=0)))
    if largest * longest < 2**63:
        return units(history.totals(amounts)), some
    # Rare: exact in Python's integers, a loop over the amounts, of which some are that large.
    running = list(itertools.accumulate(amounts.tolist(), initial=0))
    bounds = zip(history.starts.tolist(), history.stops.tolist(), strict=True)
    totals = [(running[b] - running[a]) / MICROS for a, b in bounds]
    return np.array(totals, dtype=np.float64), some


def _firsts(history: History) -> Bools:
    """Which events (m,) are the first that their row has with their item."""
    cells = history.row * (len(history.items) + 1) + history.item + 1
    order = np.argsort(cells, kind="stable")
    new = np.ones(len(order), dtype=bool)
    new[1:] = cells[order[1:]] != cells[order[:-1]]
    out = np.zeros(len(order), dtype=bool)
    out[order[new]] = True
    return out & (history.item >= 0)
