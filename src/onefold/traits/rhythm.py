"""Rhythm: at which hours of their own week a customer is active.

    hour of the week = 24 * weekday + hour, of the local time (UTC + the customer's own offset)
"""

import attrs
import numpy as np

from onefold._types import NO_OFFSET, Floats, Times
from onefold._vocab import Vocab
from onefold.traits.protocol import History, Wide, labelled

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = tuple(f"{day} {hour:02d}" for day in DAYS for hour in range(24))
PARTS = {"night": range(6), "morning": range(6, 12), "afternoon": range(12, 18)}
PARTS["evening"] = range(18, 24)
_SORTED = Vocab.of(HOURS)
_RANK = _SORTED.codes(HOURS)


@attrs.frozen
class Rhythm:
    """The share of a customer's events in each local hour of the week, "Mon 00" to "Sun 23".

    Missing where no event has a local clock: give `zone=` at the door.

    Args:
        event: Kind of event; None counts every kind.
        by: "week" for the 168 hours of the week, "day" for the 24 hours ("00" to "23"), "part"
            for night, morning, afternoon and evening (from 0, 6, 12 and 18 o'clock), "weekday"
            for the seven days.
        name: The trait's name.
    """

    event: str | None = None
    by: str = attrs.field(
        default="week",
        kw_only=True,
        validator=attrs.validators.in_(("week", "day", "part", "weekday")),
    )
    name: str = attrs.field(default="rhythm", kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Wide:
        h = history.where(self.event)
        hour, known = local_hours(h)
        names, group = _groups(self.by)
        vocab = Vocab.of(names)
        codes = vocab.codes(names)[group[hour]]
        codes[~known] = -1
        return labelled(h.row, codes, np.ones(len(hour)), vocab, len(h), share=True)


def local_hours(history: History) -> tuple[Floats, Floats]:
    """Local hour of the week (m,), 0 for Monday midnight, and whether it is known."""
    known = history.local != NO_OFFSET
    seconds = np.where(known, history.local, 0).astype("timedelta64[s]")
    local = (history.time + seconds).astype("datetime64[h]").astype(np.int64)
    return (local + 72) % 168, known  # the epoch was a Thursday


def _groups(by: str) -> tuple[list[str], Floats]:
    week = np.arange(168)
    if by == "week":
        return list(HOURS), week
    if by == "day":
        return [f"{h:02d}" for h in range(24)], week % 24
    if by == "weekday":
        return list(DAYS), week // 24
    return list(PARTS), week % 24 // 6
