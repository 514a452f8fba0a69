"""A summary of purchases: frequency, recency, T and monetary value from a log.

    x = purchases after the first    t_x = last - first    T = last period that was seen - first

Source: Fader, Hardie and Lee, "Counting your customers the easy way: an alternative to the
Pareto/NBD model", Marketing Science 24, 2005; "RFM and CLV: using iso-value curves for customer
base analysis", Journal of Marketing Research 42, 2005.
"""

from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import hint, one_of, quoted, text
from onefold._types import Instant, Ints
from onefold.errors import ArgumentError
from onefold.events.log import EventLog
from onefold.lifetime import units
from onefold.lifetime.purchases import COLLAPSE, Purchases, apart, begin, read_rfm
from onefold.lifetime.rfm import RFMSummary
from onefold.profiles import Profiles, fold
from onefold.traits.history import History

__all__ = ["RFMSummary", "rfm_holdout", "rfm_summary"]


def rfm_summary(
    log: EventLog | Profiles,
    *,
    start: Instant | None = None,
    end: Instant | None = None,
    time_unit: str = "D",
    collapse: str | None = "D",
    event: str = "purchase",
) -> RFMSummary:
    """Count and time each customer's purchases: frequency, recency, T and monetary value.

    Purchases of one period are merged into one, which lies where the period begins. Then

    - frequency is how many there are after the first,
    - recency the time from the first to the last,
    - T the time from the first to the last period that was seen, the one of the last instant
      before `end`; so with days and end="1997-10-01" it is counted to 1997-09-30,
    - monetary the mean of what the purchases after the first came to, over those of which an
      amount is known; missing where there is none.

    The periods are those of the customer's own clock, where events have a zone (the last event's
    clock says which period was seen last), and of UTC where not. Who travels west into a day that
    is over is still in the later one. Returns are events of another kind: they lower nothing here.
    Customers without a purchase are not in it.

    Args:
        log: The events; or profiles, which know them up to their `as_of`.
        start: Customers who bought before this instant are left out, and counted: their first
            purchase was another one. None leaves nobody out.
        end: Only what lies before this instant is seen, in UTC unless it has an offset. Left out,
            it is just after the last event of anybody, whatever its kind, facts aside; of
            profiles, their `as_of`.
        time_unit: The unit of recency and T: "h", "D", "W", "M" or "Y". A month is a twelfth of a
            year of 365.25 days; but with collapse="M" calendar months are counted for "M" and "Y".
        collapse: The periods: "h", "D", "W" (from Monday on), "M" (calendar months), or None for
            every visit: events of one basket, or of one instant. Then times are exact, and T is
            end - first; visits that begin at one instant are one.
        event: The kind of event that is a purchase.

    Raises:
        ArgumentError: If an argument holds what is not allowed, there are no such events, or
            nobody is left.
        BeyondKept: If the profiles have let events go.

    Examples:
        >>> import onefold as of
        >>> from onefold.lifetime.summary import rfm_summary
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", f"2024-03-{day:02}", value=value)
        ...     for day, value in [(1, 5), (4, 8), (11, 4)]])
        >>> rfm_summary(log, end="2024-04-01").to_pandas()
                  frequency  recency     T  monetary
        customer
        ann             2.0     10.0  30.0       6.0
    """
    asked = _asked("rfm_summary", log, start, end, time_unit, collapse, event)
    return _summary(asked, asked.end, "end")[0]


def rfm_holdout(
    log: EventLog | Profiles,
    *,
    split: Instant,
    start: Instant | None = None,
    end: Instant | None = None,
    time_unit: str = "D",
    collapse: str | None = "D",
    event: str = "purchase",
) -> RFMSummary:
    """The summary up to `split`, and beside it what those customers bought from then on.

    It is `rfm_summary(log, end=split)` with three further columns:

    - frequency_holdout: purchases from `split` up to `end`; together with frequency they are those
      of the summary up to `end`, so what adds to a period begun earlier is no purchase of its own,
    - duration_holdout: time, the same for all, from the last period that is seen before `split` to
      the last one before `end`,
    - monetary_holdout: mean of what a purchase of the holdout came to, missing where none has an
      amount.

    Args:
        log: As in `rfm_summary`.
        split: The instant at which the holdout begins.
        start: As in `rfm_summary`.
        end: As in `rfm_summary`; where the holdout ends. The `end` of the result is `split`.
        time_unit: As in `rfm_summary`.
        collapse: As in `rfm_summary`.
        event: As in `rfm_summary`.

    Raises:
        ArgumentError: As in `rfm_summary`, and if `split` does not lie between start and end, at
            least one period before the end.
        BeyondKept: If the profiles have let events go.

    Examples:
        >>> import onefold as of
        >>> from onefold.lifetime.summary import rfm_holdout
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", f"2024-03-{day:02}", value=value)
        ...     for day, value in [(1, 5), (4, 8), (11, 4)]])
        >>> both = rfm_holdout(log, split="2024-03-08", end="2024-04-01")
        >>> both["T"], both["frequency_holdout"], both["duration_holdout"]
        (array([6.]), array([1.]), array([24.]))
    """
    asked = _asked("rfm_holdout", log, start, end, time_unit, collapse, event)
    middle = _time.instant(split, "rfm_holdout: split")
    length = _between(middle, asked)
    summary, rows = _summary(asked, middle, "split")
    made = Purchases.of(_before(asked, asked.end), collapse)
    late = made.begun_since(middle)
    extra = {
        "frequency_holdout": made.history.totals(made.begun & late)[rows],
        "duration_holdout": np.full(len(rows), length),
        "monetary_holdout": made.spent(late)[rows],
    }
    return attrs.evolve(summary, holdout_end=asked.end, extra=extra)


@attrs.frozen(eq=False)
class _Asked:
    """What was asked for, checked."""

    call: str
    profiles: Profiles
    start: np.datetime64 | None
    end: np.datetime64
    time_unit: str
    collapse: str | None
    event: str


def _asked(
    call: str, log: Any, start: Any, end: Any, time_unit: Any, collapse: Any, event: Any
) -> _Asked:
    if not isinstance(log, (EventLog, Profiles)):
        raise ArgumentError(
            f"{call}: log is a {type(log).__name__}; it takes an EventLog, such as "
            "EventLog.from_frame(...) makes, or Profiles."
        )
    first = None if start is None else _time.instant(start, f"{call}: start")
    last = None if end is None else _time.instant(end, f"{call}: end")
    events = log.events if isinstance(log, EventLog) else log.ledger.events
    kinds = events.coded("kind").vocab.values
    unit = units.unit(time_unit, f"{call}: time_unit")
    periods = one_of(collapse, COLLAPSE, f"{call}: collapse")
    kind = text(event, f"{call}: event")
    if kind not in kinds:
        raise ArgumentError(
            f"{call}: event is {kind!r}, and there is no such event. Kinds: {quoted(kinds)}."
            f"{hint(kind, kinds)}"
        )
    profiles = fold(log, (), as_of=last) if isinstance(log, EventLog) else log
    if last is not None and last > profiles.as_of:
        raise ArgumentError(
            f"{call}: end is {_time.show(last)}, and these profiles know what came before "
            f"{_time.show(profiles.as_of)}. Give an earlier end, or fold with a later as_of=."
        )
    if last is None:
        last = _after(profiles) if isinstance(log, EventLog) else profiles.as_of
    if first is not None and not first < last:
        raise ArgumentError(
            f"{call}: start is {_time.show(first)}, and end is {_time.show(last)}; a start "
            "before the end is allowed."
        )
    return _Asked(call, profiles, first, last, unit, periods, kind)


def _after(profiles: Profiles) -> np.datetime64:
    """Just after the last event of a customer; facts say nothing of what was seen until when."""
    times = profiles.ledger.events.array("time")
    return times.max() + _time.MICROSECOND if len(times) else profiles.as_of


def _summary(asked: _Asked, end: np.datetime64, bound: str) -> tuple[RFMSummary, Ints]:
    """The summary of what came before a moment, and the positions (n,) of those who are in it."""
    columns = read_rfm(
        asked.profiles.history,
        ends=np.full(len(asked.profiles), end),
        start=asked.start,
        event=asked.event,
        collapse=asked.collapse,
        time_unit=asked.time_unit,
    )
    rows = np.flatnonzero(~np.isnan(columns[0]))
    buyers = int((_before(asked, end).counts > 0).sum())
    if not len(rows):
        known = f"{asked.call}: nobody did {asked.event!r} before {_time.show(end)} ({bound}="
        if buyers:
            assert asked.start is not None
            raise ArgumentError(
                f"{known}) and began at {_time.show(asked.start)} (start=) or later; "
                f"{buyers:,} customer{'' if buyers == 1 else 's'} had bought earlier. Give an "
                "earlier start."
            )
        raise ArgumentError(f"{known}). Give a later one.")
    frequency, recency, T, monetary = (column[rows] for column in columns)
    summary = RFMSummary(
        ids=asked.profiles.ids[rows],
        frequency=frequency,
        recency=recency,
        T=T,
        monetary=monetary,
        time_unit=asked.time_unit,
        collapse=asked.collapse,
        start=asked.start,
        end=end,
        event=asked.event,
        left_out=buyers - len(rows),
    )
    return summary, rows


def _before(asked: _Asked, end: np.datetime64) -> History:
    """Everybody's purchases before a moment."""
    bought = asked.profiles.history.where(asked.event)
    return bought.until(np.full(len(bought), end))


def _between(split: np.datetime64, asked: _Asked) -> float:
    """How long the holdout is, in units, if it is any."""
    call, collapse = asked.call, asked.collapse
    if asked.start is not None and not asked.start < split:
        raise ArgumentError(
            f"{call}: split is {_time.show(split)}, and start is {_time.show(asked.start)}; a "
            "split after the start is allowed."
        )
    edges = np.array([split, asked.end]).astype(np.int64)
    if collapse is not None:
        edges = begin(edges - 1, collapse)
    length = float(apart(edges[:1], edges[1:], collapse, asked.time_unit)[0])
    if length <= 0:
        least = "" if collapse is None else "at least one period of collapse= "
        raise ArgumentError(
            f"{call}: split is {_time.show(split)}, and end is {_time.show(asked.end)}; a split "
            f"{least}before the end is allowed."
        )
    return length
