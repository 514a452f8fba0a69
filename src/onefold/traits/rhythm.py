"""Rhythm: at which hours of their own week a customer is active.

hour of the week = 24 * weekday + hour, of the local time (UTC + the customer's own offset)
"""

from typing import Any, ClassVar

import attrs
import numpy as np

from onefold._check import one_of, whole
from onefold._types import MICROS, NO_OFFSET, Bools, Codes, Ints, Times
from onefold._vocab import Vocab
from onefold.traits.history import History
from onefold.traits.protocol import kind_or_none, some_name
from onefold.traits.wide import Wide, labelled

AT_ONCE = 1 << 16
HOUR = 3600 * MICROS
BY = ("week", "day", "part", "weekday")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = tuple(f"{day} {hour:02d}" for day in DAYS for hour in range(24))
PARTS = {"night": range(6), "morning": range(6, 12), "afternoon": range(12, 18)}
PARTS["evening"] = range(18, 24)


def _least(value: Any) -> int:
    return whole(value, "Rhythm: least")


@attrs.frozen
class Rhythm:
    """The share of a customer's events in each local hour of the week, "Mon 00" to "Sun 23".

    rhythm(hour) = events in that hour / events in any, the hour on the customer's own clock at
    the time of the event. Missing where fewer than `least` events have a local clock: give
    `zone=` at the door.

    Args:
        event: Kind of event; None counts every kind.
        by: "week" for the 168 hours of the week, "day" for the 24 hours ("00" to "23"), "part"
            for night, morning, afternoon and evening (from 0, 6, 12 and 18 o'clock), "weekday"
            for the seven days.
        name: The trait's name.
        least: Events with a local clock that a customer needs to have a rhythm. With one event a
            share can only be 0 or 1, which tells how often somebody comes, not when.

    Raises:
        ArgumentError: If an argument is of another type, or `by` is none of these.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([  # a Friday, on a clock an hour ahead of UTC
        ...     of.Event("ann", "view", "2024-03-01T23:30+00:00", zone="Europe/Berlin")])
        >>> ann = of.fold(log, [Rhythm(), Rhythm(by="part", name="day_part")])["ann"]
        >>> ann["rhythm"], ann["day_part"]
        ({'Sat 00': 1.0}, {'night': 1.0})
    """

    unit: ClassVar[str] = "share"

    event: str | None = attrs.field(default=None, validator=kind_or_none)
    by: str = attrs.field(
        default="week", validator=lambda _, __, value: one_of(value, BY, "Rhythm: by"), kw_only=True
    )
    name: str = attrs.field(default="rhythm", validator=some_name, kw_only=True)
    least: int = attrs.field(default=1, converter=_least, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Wide:
        """Shares by hour, which add up to one; missing in rows with too few events."""
        h = history.where(self.event)
        hour, known = local_hours(h)
        names, group = _groups(self.by)
        vocab = Vocab.of(names)
        codes = vocab.codes(names)[group[hour]]
        if not known.all():
            codes[~known] = -1
        if self.least > 1:
            counted = np.bincount(h.row[known], minlength=len(h))
            codes[(counted < self.least)[h.row]] = -1
        return labelled(h.row, codes, None, vocab, len(h), share=True)


def local_hours(history: History) -> tuple[Codes, Bools]:
    """Local hour of the week (m,), 0 for Monday midnight, and whether it is known."""
    time, local = history.time.view(np.int64), history.local
    hours = np.empty(len(time), dtype=np.int32)
    known = np.empty(len(time), dtype=bool)
    for start in range(0, len(time), AT_ONCE):  # so that what is made of them stays in the cache
        some = slice(start, start + AT_ONCE)
        known[some] = local[some] != NO_OFFSET
        ahead = np.where(known[some], local[some], 0).astype(np.int64) * MICROS
        hours[some] = (time[some] + ahead) // HOUR % 168
    return (hours + np.int32(72)) % np.int32(168), known  # the epoch was a Thursday


def _groups(by: str) -> tuple[list[str], Ints]:
    week = np.arange(168)
    if by == "week":
        return list(HOURS), week
    if by == "day":
        return [f"{h:02d}" for h in range(24)], week % 24
    if by == "weekday":
        return list(DAYS), week // 24
    return list(PARTS), week % 24 // 6
