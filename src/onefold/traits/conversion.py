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
from onefold._group import changes
from onefold._types import Bools, Duration, Floats, Ints, Times
from onefold.errors import ArgumentError
from onefold.traits.history import History
from onefold.traits.protocol import some_name
from onefold.traits.wide import Wide

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
        if self.by == "visit":
            began, led = _visits(history, self.start, self.to)
        else:
            began, led = _items(history, self.start, self.to, self.within)
        count, hits = (np.bincount(rows, minlength=len(history)) for rows in (began, led))
        share: Floats = np.divide(hits, count, out=np.full(len(count), np.nan), where=count > 0)
        return share


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
        e = _Cells.of(history, self.view, self.buy)
        begins, views, bought = _before(e.new), np.flatnonzero(e.first), np.flatnonzero(~e.first)
        last = np.full(len(e.new), -1)  # purchase of the cell that begins here
        last[begins[bought]] = bought  # ascending, and the last assignment stays
        left = views[last[begins[views]] < _before(e.moment)[views]]
        cells = np.flatnonzero(changes(begins[left]))  # where each begins among those left
        row, item = history.row[e.at[left[cells]]], history.item[e.at[left[cells]]]
        used = np.flatnonzero(np.bincount(item, minlength=len(history.items)))
        return Wide(
            labels=history.items.values[used],
            offsets=np.append(0, np.cumsum(np.bincount(row, minlength=len(history)))),
            codes=np.searchsorted(used, item).astype(np.int32),
            values=np.diff(np.append(cells, len(left))).astype(np.float64),
            known=np.bincount(history.row[e.at[views]], minlength=len(history)) > 0,
        )


def _visits(history: History, start: str, to: str) -> tuple[Ints, Ints]:
    """The row of each visit with an event of one kind, and of those that hold both."""
    begins, leads = (history.kind == history.kinds.code(kind) for kind in (start, to))
    h = history.kept(begins | leads)
    visit, bounds = h.visits
    row = np.repeat(np.arange(len(h)), np.diff(bounds))
    began, led = np.zeros((2, len(row)), dtype=bool)
    first = h.kind == h.kinds.code(start)
    began[visit[first]] = True
    led[visit[~first]] = True
    return row[began], row[began & led]


def _items(
    history: History, start: str, to: str, within: np.timedelta64 | None
) -> tuple[Ints, Ints]:
    """The row of each item with an event of one kind, and of those where the other followed."""
    e = _Cells.of(history, start, to)
    begins, starts, then = _before(e.new), np.flatnonzero(e.first), np.flatnonzero(~e.first)
    ends = np.append(np.flatnonzero(e.moment)[1:], len(e.moment))
    until = ends[np.cumsum(e.moment)[then] - 1]  # where each one's moment ends
    latest = _before(e.first)[until - 1]  # the last start before it, or at its instant
    led = e.first[latest] & (latest >= begins[then])
    if within is not None:
        led &= e.time[then] - e.time[latest] < within
    then = then[led]
    began, ended = (e.at[k[changes(begins[k])]] for k in (starts, then))  # each item once
    return history.row[began], history.row[ended]


@attrs.frozen(eq=False)
class _Cells:
    """Events (m,) of two kinds that have an item, by row and item, and then by time.

    Those of one row and one item are a cell; of these, those of one instant a moment.
    """

    at: Ints  # where each event is in the history
    time: Times
    first: Bools  # which are of the first of the two kinds
    new: Bools  # where a cell begins
    moment: Bools  # where a moment begins

    @classmethod
    def of(cls, history: History, first: str, second: str) -> "_Cells":
        """The events of a history that are of these kinds."""
        one, other = (history.kind == history.kinds.code(kind) for kind in (first, second))
        at = np.flatnonzero((one | other) & (history.item >= 0))
        cell = history.row[at] * max(len(history.items), 1) + history.item[at]
        order = np.argsort(cell, kind="stable")  # of one cell in order of time still
        cell, at = cell[order], at[order]
        time = history.time[at]
        return cls(at, time, one[at], changes(cell), changes(cell, time))


def _before(marked: Bools) -> Ints:
    """For each of m places the last that is marked, up to itself; 0 where none is."""
    out = np.zeros(len(marked), dtype=np.int64)
    places = np.flatnonzero(marked)
    out[places] = places
    return np.maximum.accumulate(out, out=out)
