"""The later slice: the last stretch of a history, on which what was fitted before it is tried.

h = median gap between a customer's consecutive visits, at least a day
doubled while too few of those seen before it come back in it
"""

import numpy as np

from onefold._types import Array, Ints
from onefold.levels.protocol import Choices


def later_start(history: Choices, end: np.datetime64) -> np.datetime64:
    """Where the later slice of some choices begins."""
    first = np.flatnonzero(np.diff(history.visit, prepend=-1))
    return slice_start(history.row[first], history.time[first], end)


def slice_start(
    row: Ints, time: Array, end: np.datetime64, *, least: int = 1000, share: float = 0.2
) -> np.datetime64:
    """Where the later slice begins: h before `end`.

    h is the median gap between a customer's consecutive visits, at least a day; it is doubled,
    up to a third of the whole span, while fewer than `least` or that `share` of the customers
    seen before it (whichever is less) come back in it.

    Args:
        row: (v,) customer of each visit, ascending.
        time: (v,) start of each visit, ascending within a customer.
        end: End of what is known, itself excluded.
        least: Customers that are enough.
        share: Share of the customers that is enough.
    """
    day = np.timedelta64(86_400_000_000, "us")
    if not len(time):
        return end - day
    gaps = (time[1:] - time[:-1])[row[1:] == row[:-1]]
    h = max(day, np.median(gaps.astype(np.int64)).astype("timedelta64[us]")) if len(gaps) else day
    span = end - time.min()
    while True:
        start = end - h
        early = np.unique(row[time < start])
        back = np.isin(early, row[time >= start]).sum()
        if (len(early) and back >= min(least, share * len(early))) or 2 * h > span / 3:
            return start
        h = 2 * h
