"""Purchases: which events are one purchase, and when the first and the last of them were.

Events of one period are one purchase, which lies where the period begins:

    Mon 9:00, Mon 17:00, Thu 12:00, seen up to Sun 0:00   ->   x = 1, t_x = 3 days, T = 5 days

for Saturday is the last day that was seen. Rows may be ranges of a longer history, so what is
told of an event is told by what came before it alone, and adds up over any range from the first.
"""

import attrs
import numpy as np

from onefold._columns import is_same_in_all, same_in_all
from onefold._group import changes
from onefold._types import MICROS, NO_OFFSET, Bools, Floats, Ints, Times
from onefold.lifetime.units import DAY, days
from onefold.traits.history import History
from onefold.traits.how_much import sums

COLLAPSE = ("h", "D", "W", "M", None)
HOUR = DAY // 24
SINCE_MONDAY = 3 * DAY  # the epoch was a Thursday


def read_rfm(
    history: History,
    *,
    ends: Times,
    start: np.datetime64 | None,
    event: str,
    collapse: str | None,
    time_unit: str,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Frequency, recency, T and monetary (n,) of each row, as `rfm_summary` defines them.

    Args:
        history: The events of n rows.
        ends: The instants (n,) before which each row is seen.
        start: Rows whose first purchase lies before it have none of the four; None for no such.
        event: The kind of event that is a purchase.
        collapse: The periods of which the purchases are merged; None for visits.
        time_unit: The unit of recency and T.

    Returns:
        Four arrays, NaN in rows without a purchase.
    """
    made = Purchases.of(history.where(event).until(ends), collapse)
    some = np.flatnonzero(made.rows(start))
    columns = np.full((4, len(ends)), np.nan)
    first = made.first(some)
    columns[0, some] = made.counts[some] - 1
    columns[1, some] = apart(first, made.last(some), collapse, time_unit)
    columns[2, some] = apart(first, made.observable(some, ends), collapse, time_unit)
    columns[3, some] = made.spent(made.repeated)[some]
    return columns[0], columns[1], columns[2], columns[3]


@attrs.frozen(eq=False)
class Purchases:
    """The events of one kind of n rows, and the purchase that each belongs to.

    Attributes:
        history: The rows, each from the first such event of its person.
        collapse: The periods of which the purchases are merged; None for visits.
        code: The purchase (m,) of each event of the base, numbered in the order they begin in.
        begun: Which events (m,) of the base begin one.
        when: Where (m,) the latest purchase that has begun lies, in microseconds of local time; of
            a visit it is the instant of its first event.
        ahead: Microseconds (m,) that the customer's clock is ahead of UTC at each event.
    """

    history: History
    collapse: str | None
    code: Ints
    begun: Bools
    when: Ints
    ahead: Ints

    @classmethod
    def of(cls, history: History, collapse: str | None) -> "Purchases":
        """Merge the events of a history."""
        h = history if history.from_first else history.laid_out
        base = h.base
        ahead = _ahead(base)
        if collapse is None:
            code, begun = _visits(base)
            latest = np.maximum.accumulate(np.where(begun, np.arange(len(begun)), 0))
            return cls(h, collapse, code, begun, base.time.view(np.int64)[latest], ahead)
        when = _forward(base, begin(base.time.view(np.int64) + ahead, collapse))
        begun = changes(base.row, when)
        return cls(h, collapse, np.cumsum(begun) - 1, begun, when, ahead)

    @property
    def counts(self) -> Ints:
        """Purchases (n,) of each row."""
        return self.history.totals(self.begun)

    @property
    def repeated(self) -> Bools:
        """Which events (m,) of the base don't belong to the first purchase of their person."""
        base = self.history.base
        first = np.zeros(len(base), dtype=np.int64)
        some = np.flatnonzero(base.counts > 0)
        first[some] = self.code[base.offsets[some]]
        later: Bools = self.code != np.repeat(first, base.counts)
        return later

    def begun_since(self, split: np.datetime64) -> Bools:
        """Which events (m,) of the base belong to a purchase that began at `split` or later."""
        late: Bools = (self.history.base.time[self.begun] >= split)[self.code]
        return late

    def rows(self, start: np.datetime64 | None) -> Bools:
        """Which rows (n,) have a purchase, and none before `start`."""
        h = self.history
        has: Bools = h.counts > 0
        if start is not None:
            some = np.flatnonzero(has)
            has[some] = h.base.time[h.starts[some]] >= start
        return has

    def first(self, some: Ints) -> Ints:
        """Where the first purchase of some rows lies."""
        return self.when[self.history.starts[some]]

    def last(self, some: Ints) -> Ints:
        """Where the last purchase of some rows lies."""
        return self.when[self.history.stops[some] - 1]

    def observable(self, some: Ints, ends: Times) -> Ints:
        """Where the last period of some rows lies that was seen, on the clock of the last event."""
        final = ends[some].astype(np.int64)
        if self.collapse is None:
            return final
        clock = self.ahead[self.history.stops[some] - 1]
        return np.maximum(begin(final - 1 + clock, self.collapse), self.last(some))

    def spent(self, chosen: Bools) -> Floats:
        """What a purchase of chosen events (m,) of the base is worth, on average (n,).

        Summed in whole micros, over those purchases in which an event has an amount; NaN where
        there is none.
        """
        h = self.history
        valued = np.flatnonzero(chosen & (h.base.value != h.missing_value))
        # The last that is written stays: of each purchase the first event with an amount.
        first = np.full(int(self.begun.sum()), -1, dtype=np.int64)
        first[self.code[valued][::-1]] = valued[::-1]
        marks = np.zeros(len(chosen), dtype=bool)
        marks[first[first >= 0]] = True
        count = h.totals(marks)
        total, _ = sums(h.matching(lambda _: chosen))
        missing = np.full(len(h), np.nan)
        mean: Floats = np.divide(total, count, out=missing, where=count > 0)
        return mean


def begin(micros: Ints, collapse: str) -> Ints:
    """Where the period of each instant (n,) of local time begins, in microseconds."""
    if collapse == "W":
        week = 7 * DAY
        return (micros + SINCE_MONDAY) // week * week - SINCE_MONDAY
    if collapse == "M":
        months = micros.astype("datetime64[us]").astype("datetime64[M]")
        return months.astype("datetime64[us]").astype(np.int64)
    length = HOUR if collapse == "h" else DAY
    return micros // length * length


def apart(first: Ints, last: Ints, collapse: str | None, time_unit: str) -> Floats:
    """Time from the beginnings of some periods to those of others, in units.

    Calendar months are counted as such, 1 from any to the next, where the unit is made of months;
    in other units they have their own lengths.
    """
    if collapse == "M" and time_unit in ("M", "Y"):
        a, b = (held.astype("datetime64[us]").astype("datetime64[M]") for held in (first, last))
        months: Floats = (b - a).astype(np.float64)
        return months / 12 if time_unit == "Y" else months
    length: Floats = (last - first) / (days(time_unit) * DAY)
    return length


def _visits(base: History) -> tuple[Ints, Bools]:
    """The visit (m,) of each event, those that begin at one instant as one; and their firsts."""
    starts = np.flatnonzero(base.visit_starts)
    new = changes(base.row[starts], base.time[starts])
    begun = np.zeros(len(base.time), dtype=bool)
    begun[starts[new]] = True
    return (np.cumsum(new) - 1)[base.visits[0]], begun


def _ahead(base: History) -> Ints:
    """Microseconds (m,) that clocks are ahead of UTC, 0 where that is not known."""
    local, time = base.local, base.time
    if is_same_in_all(local):
        some = local[:1]
        return same_in_all(np.where(some == NO_OFFSET, 0, some).sum() * MICROS, len(time))
    ahead = np.where(local == NO_OFFSET, 0, local) * np.int64(MICROS)
    instants = np.flatnonzero(changes(base.row, time))
    if len(instants) == len(time):
        return ahead
    # Events of one instant have no order: the clock that is furthest ahead holds for all.
    furthest = np.maximum.reduceat(ahead, instants)
    return np.repeat(furthest, np.diff(np.append(instants, len(time))))


def _forward(base: History, when: Ints) -> Ints:
    """Where the period (m,) of each event begins, if a day that is over does not come again.

    Whoever travels west may come into a day that is over: it then goes on being the later one.
    """
    row = base.row
    if not ((when[1:] < when[:-1]) & (row[1:] == row[:-1])).any():
        return when
    hours = when // HOUR
    least = hours.min()
    rising = row * (hours.max() - least + 1)
    forward: Ints = np.maximum.accumulate(hours - least + rising) - rising + least
    return forward * HOUR
