"""Recent: what a customer had to do with last.

last items = labels of the last n events, the latest first: tea, jam, tea -> tea, jam
"""

from typing import Any

import attrs
import numpy as np

from onefold._check import instance, whole
from onefold._types import Bools, Codes, Ints, Strings, Times
from onefold.traits.history import History
from onefold.traits.protocol import kind_or_none, some_name

MOST = 1000


def _n(value: Any) -> int:
    return whole(value, "LastItems: n", most=MOST)


def _distinct(value: Any) -> bool:
    return instance(value, bool, "LastItems: distinct")


@attrs.frozen
class LastItems:
    """The labels of a customer's last n events that have one, the latest first.

    last items(k) = label of the k-th event from the end; with `distinct` each label only once,
    in the place of its latest event. None where there are fewer. Events of one instant stand in
    the reverse of their canonical order, so that the first is what `Latest` says: the same
    however they were delivered, but it means nothing.

    Args:
        n: How many, 1 to 1,000.
        of: What labels an event, as in `Share`: "item", "category", "channel", a property.
        event: Kind of event; None takes every kind.
        distinct: Name each label once. False shows it as often as it came.
        name: The trait's name.

    Raises:
        ArgumentError: If an argument is of another type, or `n` out of bounds.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", f"2024-03-0{day}", item=item)
        ...     for day, item in enumerate(["oat", "tea", "jam", "tea"], start=1)])
        >>> of.fold(log, [LastItems(2)])["ann"]["last_items"]
        {'1': 'tea', '2': 'jam'}
    """

    n: int = attrs.field(default=5, converter=_n)
    of: str = attrs.field(default="item", validator=some_name)
    event: str | None = attrs.field(default="purchase", validator=kind_or_none, kw_only=True)
    distinct: bool = attrs.field(default=True, converter=_distinct, kw_only=True)
    name: str = attrs.field(default="last_items", validator=some_name, kw_only=True)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the n columns: "1" is the latest."""
        return tuple(str(place) for place in range(1, self.n + 1))

    def read(self, history: History, *, as_of: Times) -> Strings:
        """Labels (n_rows, n), None where there are fewer."""
        h = history.where(self.event)
        words = h.words(self.of)
        kept = words.codes >= 0
        row, codes = h.row[kept], words.codes[kept]
        if self.distinct:
            last = _last_of_each(row, codes, len(words.vocab))
            row, codes = row[last], codes[last]
        ends = np.cumsum(np.bincount(row, minlength=len(h)))
        place = ends[row] - 1 - np.arange(len(row))  # from the end of the row, 0 the latest
        near = place < self.n
        out = np.full((len(h), self.n), None, dtype=object)
        out[row[near], place[near]] = words.vocab.decode(codes[near])
        return out


def _last_of_each(row: Ints, codes: Codes, width: int) -> Bools:
    """Which events (m,) are the last of their row with their label."""
    cell = row * max(width, 1) + codes
    order = np.argsort(cell, kind="stable")
    ordered = cell[order]
    last = np.ones(len(cell), dtype=bool)
    last[order[:-1]] = ordered[1:] != ordered[:-1]
    return last
