"""Amounts: what the numbers of a customer's events come to, and the first and the last of them.

sum = x_1 + ... + x_m        mean = sum / m        min <= x_i <= max        first = x_1, last = x_m

over the events, in order of time, that have the number: an amount of money, a quantity, or a
property. Events without it don't count, and a customer without any has none: NaN, not 0.
"""

from typing import Any

import attrs
import numpy as np

from onefold._types import Floats, Times
from onefold.errors import BeyondKept
from onefold.events.older import BIG
from onefold.traits.history import History
from onefold.traits.older import Older
from onefold.traits.protocol import kind_or_none, some_name
from onefold.traits.reduce import holds_numbers, labels, numbers, reduced, totals, units


@attrs.frozen
class Sum:
    """The sum of a number over events of a kind: money, a quantity, a property.

    sum = x_1 + ... + x_m. Money is added up in whole millionths, exactly; other numbers so that
    the order of events changes nothing (Rump, Ogita and Oishi 2008, "Accurate floating-point
    summation, part I"). Missing where no event has the number.

    Args:
        of: "value" (in units of money), "quantity", or a property that holds numbers.
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Raises:
        UnknownName: When it is read, if there is no such number.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", value=4.90, quantity=2),
        ...     of.Event("ann", "purchase", "2024-03-08", value=3.50, quantity=1)])
        >>> ann = of.fold(log, [Sum(), Sum("quantity", name="units")])["ann"]
        >>> ann["sum"], ann["units"]
        (8.4, 3.0)
    """

    of: str = attrs.field(default="value", validator=some_name)
    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="sum", validator=some_name, kw_only=True)

    @property
    def unit(self) -> str:
        """The word "money" where it is money."""
        return _unit(self.of)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Sums (n,), NaN where no event has the number."""
        h, held = numbers(history.where(self.event), self.of)
        return np.where(h.counts > 0, totals(held, h.offsets), np.nan)

    def read_older(self, history: History, older: Older, *, as_of: Times) -> Floats:
        """The same, where older events were let go; of money only."""
        cells, h = _valued(older, self.event, self), history.where(self.event)
        late = self.read(history, as_of=as_of)
        return np.where(cells.any | ~np.isnan(late), cells.money(h), np.nan)


@attrs.frozen
class Mean:
    """The mean of a number over the events of a kind that have it: a line's price, a rating.

    mean = (x_1 + ... + x_m) / m: for each event, where `Monetary(mean=True)` is for each visit.
    The sum is that of `Sum`. Missing where no event has the number.

    Args:
        of: "value" (in units of money), "quantity", or a property that holds numbers.
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Raises:
        UnknownName: When it is read, if there is no such number.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "review", "2024-03-01", properties={"stars": 5}),
        ...     of.Event("ann", "review", "2024-03-02"),
        ...     of.Event("ann", "review", "2024-03-08", properties={"stars": 2})])
        >>> of.fold(log, [Mean("stars", "review", name="stars")])["ann"]["stars"]
        3.5
    """

    of: str = attrs.field(default="value", validator=some_name)
    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="mean", validator=some_name, kw_only=True)

    @property
    def unit(self) -> str:
        """The word "money" where it is money."""
        return _unit(self.of)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Means (n,), NaN where no event has the number."""
        h, held = numbers(history.where(self.event), self.of)
        missing = np.full(len(h), np.nan)
        mean: Floats = np.divide(totals(held, h.offsets), h.counts, out=missing, where=h.counts > 0)
        return mean

    def read_older(self, history: History, older: Older, *, as_of: Times) -> Floats:
        """The same, where older events were let go; of money only."""
        h, _ = numbers(history.where(self.event), self.of)
        cells = _valued(older, self.event, self)
        count = h.counts + cells.total("valued")
        total = cells.money(history.where(self.event))
        mean: Floats = np.divide(total, count, out=np.full(len(h), np.nan), where=count > 0)
        return mean


@attrs.frozen
class Min:
    """The smallest of a number over events of a kind. Missing where no event has the number.

    min = the x_i with x_i <= x_j for all j. Returns have amounts below 0, and count.

    Args:
        of: "value" (in units of money), "quantity", or a property that holds numbers.
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Raises:
        UnknownName: When it is read, if there is no such number.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", value=4.90),
        ...     of.Event("ann", "purchase", "2024-03-08", value=3.50)])
        >>> of.fold(log, [Min()])["ann"]["min"]
        3.5
    """

    of: str = attrs.field(default="value", validator=some_name)
    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="min", validator=some_name, kw_only=True)

    @property
    def unit(self) -> str:
        """The word "money" where it is money."""
        return _unit(self.of)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """The smallest (n,), NaN where no event has the number."""
        return _extreme(np.minimum, history.where(self.event), self.of)

    def read_older(self, history: History, older: Older, *, as_of: Times) -> Floats:
        """The same, where older events were let go; of money only."""
        cells = _valued(older, self.event, self)
        early = units(cells.edge("least", np.minimum, BIG))
        return np.fmin(self.read(history, as_of=as_of), np.where(cells.any, early, np.nan))


@attrs.frozen
class Max:
    """The largest of a number over events of a kind. Missing where no event has the number.

    max = the x_i with x_i >= x_j for all j.

    Args:
        of: "value" (in units of money), "quantity", or a property that holds numbers.
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Raises:
        UnknownName: When it is read, if there is no such number.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", value=4.90),
        ...     of.Event("ann", "purchase", "2024-03-08", value=3.50)])
        >>> of.fold(log, [Max()])["ann"]["max"]
        4.9
    """

    of: str = attrs.field(default="value", validator=some_name)
    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="max", validator=some_name, kw_only=True)

    @property
    def unit(self) -> str:
        """The word "money" where it is money."""
        return _unit(self.of)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """The largest (n,), NaN where no event has the number."""
        return _extreme(np.maximum, history.where(self.event), self.of)

    def read_older(self, history: History, older: Older, *, as_of: Times) -> Floats:
        """The same, where older events were let go; of money only."""
        cells = _valued(older, self.event, self)
        early = units(cells.edge("most", np.maximum, -BIG))
        return np.fmax(self.read(history, as_of=as_of), np.where(cells.any, early, np.nan))


@attrs.frozen
class First:
    """The first number or label that a customer's events have: the item they came with.

    first = that of the event with the smallest time, among those that have one. Of several at one
    instant it is that of the first in canonical order, which is the same however they were
    delivered and means nothing (see `Latest`). Missing where there is none.

    Args:
        of: A label, as in `Share` ("item", "channel", "category", a property), or a number:
            "value" (in units of money), "quantity", a property that holds numbers.
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Raises:
        UnknownName: When it is read, if there is no such label or number.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", item="tea", value=4.90),
        ...     of.Event("ann", "purchase", "2024-03-08", item="jam", value=3.50)])
        >>> ann = of.fold(log, [First(), First("value", name="entry")])["ann"]
        >>> ann["first"], ann["entry"]
        ('tea', 4.9)
    """

    of: str = attrs.field(default="item", validator=some_name)
    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="first", validator=some_name, kw_only=True)

    @property
    def unit(self) -> str:
        """The word "money" where it is money."""
        return _unit(self.of)

    def read(self, history: History, *, as_of: Times) -> Any:
        """Labels (n,) with None, or numbers (n,) with NaN, where there is none."""
        return _at_end(history.where(self.event), self.of, last=False)


@attrs.frozen
class Last:
    """The last number or label that a customer's events have: the latest price, or rating.

    last = that of the event with the greatest time, among those that have one. Of several at one
    instant it is that of the last in canonical order, which is the same however they were
    delivered and means nothing. For labels it says what `Latest` says. Missing where there is none.

    Args:
        of: A label, as in `Share` ("item", "channel", "category", a property), or a number:
            "value" (in units of money), "quantity", a property that holds numbers.
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Raises:
        UnknownName: When it is read, if there is no such label or number.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", item="tea", value=4.90),
        ...     of.Event("ann", "purchase", "2024-03-08", item="jam")])
        >>> ann = of.fold(log, [Last(), Last("value", name="last amount")])["ann"]
        >>> ann["last"], ann["last amount"]
        ('jam', 4.9)
    """

    of: str = attrs.field(default="item", validator=some_name)
    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="last", validator=some_name, kw_only=True)

    @property
    def unit(self) -> str:
        """The word "money" where it is money."""
        return _unit(self.of)

    def read(self, history: History, *, as_of: Times) -> Any:
        """Labels (n,) with None, or numbers (n,) with NaN, where there is none."""
        return _at_end(history.where(self.event), self.of, last=True)


def _unit(of: str) -> str:
    return "money" if of == "value" else ""


def _extreme(ufunc: Any, history: History, of: str) -> Floats:
    h, held = numbers(history, of)
    return np.where(h.counts > 0, units(reduced(ufunc, held, h.offsets)), np.nan)


def _at_end(history: History, of: str, *, last: bool) -> Any:
    if holds_numbers(history, of):
        h, held = numbers(history, of)
        some, at = _positions(h, last=last)
        out = np.full(len(h), np.nan)
        out[some] = units(held[at])
        return out
    h, words = labels(history, of)
    some, at = _positions(h, last=last)
    text = np.full(len(h), None, dtype=object)
    text[some] = words.vocab.decode(words.codes[at])
    return text


def _positions(history: History, *, last: bool) -> Any:
    """The rows that have an event, and the position of the first or last of each."""
    some = np.flatnonzero(history.counts > 0)
    return some, history.offsets[some + 1] - 1 if last else history.offsets[some]


def _valued(older: Older, event: str | None, trait: "Sum | Mean | Min | Max") -> Older:
    """The cells of a kind that have an amount of money, if that is what is asked for."""
    if trait.of != "value":
        raise BeyondKept(
            f"trait {trait.name!r} reads {trait.of!r}, which older events no longer have: keep= "
            "let them go. Read it over a window that is kept, traits.Over(trait, last=...)."
        )
    return older.where(event).valued()
