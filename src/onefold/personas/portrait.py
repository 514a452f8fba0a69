"""The portrait: a picture made from data, with no face that could mean a sex or an origin.

It is the ring of a group's local hours, midnight at the top: for each hour the mean over the
members of the share of their own activity, so that the busiest customers don't paint it alone.

    hours[h] = mean over members with a clock of  (their events in hour h / their events)
"""

from collections.abc import Sequence

import numpy as np

from onefold._display import Html, svg_ring
from onefold._types import Floats, Ints
from onefold.profiles import TraitTable
from onefold.traits import Rhythm, Wide

__all__ = ["hours_of", "picture"]

DAY = Rhythm(by="day", name="hours of the day")


def hours_of(table: TraitTable, group: Ints, groups: int) -> Floats:
    """Mean share of each local hour (groups, 24); zeros where no member's clock is known."""
    reading: Wide = table.read(DAY)
    hour = np.array([int(label) for label in reading.labels], dtype=np.int64)
    owner = np.repeat(group, np.diff(reading.offsets))
    cells = owner * 24 + hour[reading.codes] if len(hour) else owner
    total = np.bincount(cells, reading.values, minlength=groups * 24).reshape(groups, 24)
    members = np.bincount(group[reading.known], minlength=groups)
    return np.asarray(total / np.maximum(members, 1)[:, None])


def picture(hours: Sequence[float], *, name: str, size: int = 200) -> Html:
    """The portrait as an svg element."""
    return svg_ring(list(hours), title=f"Hours of {name}", size=size)
