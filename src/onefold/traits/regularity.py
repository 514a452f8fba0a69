"""Regularity: how even the gaps between visits are, and for how long no period was left out.

regularity = sd of gaps / mean gap                        gaps 7, 7, 7 days -> 0;  1, 20, 3 -> 1.3
streak = periods, back from `as_of`, each with an event    as_of - (k + 1) P <= t < as_of - k P
"""

from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import instance
from onefold._group import changes
from onefold._types import Duration, Floats, Ints, Times
from onefold.traits.history import History
from onefold.traits.protocol import kind_or_none, some_name
from onefold.traits.reduce import offsets_of, reduced


def _period(value: Duration) -> np.timedelta64:
    return _time.duration(value, "Streak: period")


def _whether(value: Any) -> bool:
    return instance(value, bool, "Streak: longest")


@attrs.frozen
class Regularity:
    """How uneven the gaps between visits are: 0 is clockwork, 1 is chance.

    regularity = sd(gaps) / mean(gaps), their coefficient of variation, with gaps between the
    starts of consecutive visits and the sample's divisor (gaps - 1). It is 0 where all gaps are
    equal, 1 in the long run for visits that come at random (Poisson), 1 / sqrt(k) for Erlang gaps
    of order k (Chatfield and Goodhardt 1973), and above 1 where visits come in bursts. From a few
    gaps it is rough, and too low on average. Timing that is regular tells an absence from an end
    (Platzer and Reutterer 2016).

    Missing below three visits, and where all visits start at one instant, for then no gap has a
    length that others could be compared with.

    Args:
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> days = {"ann": [1, 8, 15, 22], "bob": [1, 2, 22, 25]}
        >>> profiles = of.fold(of.EventLog.from_events([
        ...     of.Event(who, "purchase", f"2024-03-{day:02d}")
        ...     for who, on in days.items() for day in on]), [Regularity()])
        >>> profiles["ann"]["regularity"], round(profiles["bob"]["regularity"], 2)
        (0.0, 1.31)
    """

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="regularity", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Coefficients of variation (n,), NaN below three visits."""
        gap, offsets = _gaps(history.where(self.event))
        count = np.diff(offsets)
        span = reduced(np.add, gap, offsets)
        whole, rest = np.divmod(span, np.maximum(count, 1))
        mean = span / np.maximum(count, 1)
        # The difference of two whole numbers is exact; that of two large floats is not.
        off = (gap - np.repeat(whole, count)) - np.repeat(rest / np.maximum(count, 1), count)
        spread = np.sqrt(reduced(np.add, off * off, offsets) / np.maximum(count - 1, 1))
        known = (count > 1) & (span > 0)
        out: Floats = np.divide(spread, mean, out=np.full(len(count), np.nan), where=known)
        return out


@attrs.frozen
class Streak:
    """For how many periods in a row, counted back from `as_of`, there was an event in each.

    Period k is [as_of - (k + 1) P, as_of - k P), and the streak is the smallest k whose period has
    no event. With `longest` it is the longest run of periods with an event anywhere in the past.
    The periods end at `as_of` and not at midnights, so the same events an hour later give the same
    streak an hour later; for the longest run that means that it may be cut another way tomorrow.
    0 means that the newest period is empty. Missing where there was never an event.

    Args:
        event: Kind of event; None counts every kind.
        period: The length P of a period.
        longest: The longest run, instead of the one that is going on.
        name: The trait's name.

    Raises:
        ArgumentError: If `period` is not a length of time.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "workout", f"2024-03-{day}")
        ...     for day in ("04", "12", "19", "20", "27")])
        >>> weekly = [Streak("workout"), Streak("workout", longest=True, name="best")]
        >>> for day in ("2024-04-01", "2024-04-08"):
        ...     of.fold(log, weekly, as_of=day)["ann"].to_dict()
        {'streak': 4.0, 'best': 4.0}
        {'streak': 0.0, 'best': 4.0}
    """

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    period: np.timedelta64 = attrs.field(default="7D", converter=_period, kw_only=True)
    longest: bool = attrs.field(default=False, converter=_whether, kw_only=True)
    name: str = attrs.field(default="streak", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Whole numbers (n,), NaN where there was never an event."""
        h = history.where(self.event)
        ago = (as_of[h.row] - h.time).astype(np.int64)  # at least 1: `as_of` itself lies ahead
        period = (ago - 1) // self.period.astype(np.int64)
        new = changes(h.row, period)
        row, period = h.row[new], period[new]  # the periods with an event, the oldest first
        bounds = offsets_of(row, len(h))
        later = bounds[row + 1] - 1 - np.arange(len(row))  # how many of them are newer
        if self.longest:
            held = _longest(row, period - later, len(h))
        else:
            held = np.bincount(row[period == later], minlength=len(h))
        return np.where(h.counts > 0, held, np.nan)


def _gaps(history: History) -> tuple[Ints, Ints]:
    """Microseconds between the starts of consecutive visits, and the offsets (n + 1,) of rows."""
    visit, bounds = history.visits
    starts = np.ones(len(visit), dtype=bool)
    reached = np.maximum.accumulate(visit)  # visits are numbered as they begin
    starts[1:] = reached[1:] > reached[:-1]
    times = history.time[starts].view(np.int64)
    visits = np.diff(bounds)
    within = np.ones(len(times), dtype=bool)
    within[bounds[:-1][visits > 0]] = False
    offsets = np.zeros(len(bounds), dtype=np.int64)
    np.cumsum(np.maximum(visits - 1, 0), out=offsets[1:])
    return np.diff(times)[within[1:]], offsets


def _longest(row: Ints, run: Ints, n: int) -> Any:
    """The longest run of each row; entries of one run stand together, with one number."""
    starts = np.flatnonzero(changes(row, run))
    length = np.diff(starts, append=len(row))
    return reduced(np.maximum, length, offsets_of(row[starts], n))
