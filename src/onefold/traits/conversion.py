"""Conversion: what became of what was looked at.

conversion = items that were viewed and bought then / items that were viewed

A purchase at the very instant of a view comes after it: tea viewed and bought at 9:00 is bought,
and not left lying.
"""

from typing import Any, ClassVar

import attrs
import numpy as np

from onefold import _time
from onefold._check import one_of
from onefold._group import changes, runs
from onefold._types import Array, Bools, Duration, Floats, Ints, Times
from onefold.errors import ArgumentError
from onefold.traits.history import History
from onefold.traits.protocol import some_name
from onefold.traits.wide import Wide, labelled

BY = ("item", "visit")


def _other(trait: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    """The second of two kinds, which are the trait's first two settings."""
    some_name(trait, attribute, value)
    first = attrs.fields(type(trait))[0].name
    if value == getattr(trait, first):
        raise ArgumentError(
            f"{type(trait).__name__}: {attribute.name} is {value!r}, and so is {first}. Give two "
            "different kinds of event."
        )


def _within(value: Duration | None) -> np.timedelta64 | None:
    return None if value is None else _time.duration(value, "Conversion: within")


def _by(trait: "Conversion", attribute: "attrs.Attribute[Any]", value: Any) -> None:
    one_of(value, BY, "Conversion: by")
    if value == "visit" and trait.within is not None:
        raise ArgumentError(
            "Conversion: within is given, and by is 'visit'. A visit is as long as it is: leave "
            "one of them out."
        )


@attrs.frozen
class Conversion:
    """What share of what a customer began with led to what it is for: views to purchases.

    By item: conversion = distinct items with an event `to` after one of `start` / distinct items
    with an event `start`. After is at the same instant or later, and with `within` less than that
    length of time after some event `start` of the same item, which need not be the first. Events
    without an item don't count. By visit: conversion = visits that hold both / visits with an
    event `start`, whatever the items and their order; visits are those of `Frequency`: baskets,
    so give the session as `basket=` at the door, for without it each instant is a visit.

    Missing where there is no `start`. What was viewed last has had little time to be bought: to
    compare customers who came at different times, read them as of a moment after the window.

    Args:
        start: Kind of event that begins.
        to: Kind of event that it is to lead to.
        within: The longest that it may take, itself excluded; left out, however long.
        by: "item" or "visit".
        name: The trait's name.

    Raises:
        ArgumentError: If an argument is of another type, both kinds are the same, or `within` is
            given by visit.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "view", "2024-03-01", item="tea"),
        ...     of.Event("ann", "view", "2024-03-02", item="jam"),
        ...     of.Event("ann", "purchase", "2024-03-09", item="tea")])
        >>> soon = Conversion(within="7D", name="within a week")
        >>> ann = of.fold(log, [Conversion(), soon])["ann"]
        >>> ann["conversion"], ann["within a week"]
        (0.5, 0.0)
    """

    unit: ClassVar[str] = "share"

    start: str = attrs.field(default="view", validator=some_name)
    to: str = attrs.field(default="purchase", validator=_other)
    within: np.timedelta64 | None = attrs.field(default=None, converter=_within, kw_only=True)
    by: str = attrs.field(default="item", validator=_by, kw_only=True)
    name: str = attrs.field(default="conversion", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Shares (n,), NaN where nothing began."""
        h, start = _of_kinds(history, self.start, self.to)
        if self.by == "visit":
            visit, bounds = h.visits
            row = np.repeat(np.arange(len(h)), np.diff(bounds))
            return _share(row, _any(visit, start, len(row)), _any(visit, ~start, len(row)), len(h))
        e = _Events.of(h, start)
        latest = np.maximum.accumulate(np.where(e.first, np.arange(len(e.first)), -1))[e.until - 1]
        led = ~e.first & (latest >= e.since)
        if self.within is not None:
            led &= e.time - e.time[latest] < self.within
        row = e.row[e.begins]
        cells = len(row)
        return _share(row, _any(e.cell, e.first, cells), _any(e.cell, led, cells), len(h))


@attrs.frozen
class ViewedNotBought:
    """What a customer viewed and has not bought since: each such item, and how often.

    viewed not bought(item) = its views after its last purchase; only items with one or more. A
    purchase at the instant of a view comes after it. Events without an item don't count. Missing
    for whoever never viewed an item; without labels for whoever bought all that they viewed.

    This is the list of remarketing: what to show again, and what no longer.

    Args:
        view: Kind of event that shows an interest.
        buy: Kind of event that settles it.
        name: The trait's name.

    Raises:
        ArgumentError: If an argument is of another type, or both kinds are the same.

    Examples:
        >>> import onefold as of
        >>> seen = [("tea", "view"), ("jam", "view"), ("tea", "purchase"), ("jam", "view")]
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", kind, f"2024-03-0{day}", item=item)
        ...     for day, (item, kind) in enumerate(seen, start=1)])
        >>> of.fold(log, [ViewedNotBought()])["ann"]["viewed_not_bought"]
        {'jam': 2.0}
    """

    view: str = attrs.field(default="view", validator=some_name)
    buy: str = attrs.field(default="purchase", validator=_other)
    name: str = attrs.field(default="viewed_not_bought", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Wide:
        """Views by item."""
        h, view = _of_kinds(history, self.view, self.buy)
        e = _Events.of(h, view)
        last = np.full(len(e.begins), -1)
        bought = np.flatnonzero(~e.first)
        last[e.cell[bought]] = bought  # ascending, and the last assignment stays
        left = np.flatnonzero(e.first & (last[e.cell] < e.moment))
        held = labelled(e.row[left], e.item[left], np.ones(len(left)), h.items, len(h), share=False)
        known = np.bincount(e.row[e.first], minlength=len(h)) > 0
        return attrs.evolve(held, known=known)


def _of_kinds(history: History, first: str, second: str) -> tuple[History, Bools]:
    """The events of two kinds, and which are of the first (m,)."""
    one, other = (history.kind == history.kinds.code(kind) for kind in (first, second))
    h = history.kept(one | other)
    return h, h.kind == h.kinds.code(first)


@attrs.frozen(eq=False)
class _Events:
    """The events (m,) that have an item, by row and item, and then by time.

    Those of one row and one item are a cell; of these, those of one instant a moment.
    """

    row: Ints
    item: Array
    time: Times
    first: Bools  # of the first of two kinds
    cell: Ints  # 0, 1, ...
    begins: Ints  # where each cell does (k,)
    since: Ints  # where the event's cell begins
    moment: Ints  # where its moment begins
    until: Ints  # where its moment ends

    @classmethod
    def of(cls, history: History, first: Bools) -> "_Events":
        """The events of a history, some of which are of a first kind."""
        some = np.flatnonzero(history.item >= 0)
        cell = history.row[some] * max(len(history.items), 1) + history.item[some]
        order = some[np.argsort(cell, kind="stable")]  # of one cell in order of time still
        row, item, time = history.row[order], history.item[order], history.time[order]
        new = changes(row, item)
        moment, until = runs(changes(row, item, time))
        return cls(
            row=row,
            item=item,
            time=time,
            first=first[order],
            cell=np.cumsum(new) - 1,
            begins=np.flatnonzero(new),
            since=runs(new)[0],
            moment=moment,
            until=until,
        )


def _any(group: Ints, marked: Bools, groups: int) -> Bools:
    """Which groups (k,) have an event that is marked."""
    out = np.zeros(groups, dtype=bool)
    out[group[marked]] = True
    return out


def _share(row: Ints, began: Bools, led: Bools, n: int) -> Floats:
    """Of the groups (k,) of each row that began, the share (n,) that led on; NaN where none did."""
    count = np.bincount(row[began], minlength=n)
    hits = np.bincount(row[began & led], minlength=n)
    share: Floats = np.divide(hits, count, out=np.full(n, np.nan), where=count > 0)
    return share
