"""Brute force: a customer's purchases, event by event, by the periods of pandas."""

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from typing import Any

import attrs
import pandas as pd

from tests.oracle import events
from tests.strategies import Raw, Row

US = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)
UNITS = {"h": DAY / 24, "D": DAY, "W": 7 * DAY, "Y": 365.25 * DAY, "M": 365.25 / 12 * DAY}


@attrs.define
class Bought:
    """One merged purchase: where it lies, the instant it began at, and its amounts."""

    place: Any
    began: dt.datetime
    amounts: list[Any]


def periods(raw: Raw, who: str, end: dt.datetime, collapse: str | None) -> list[Bought]:
    """The merged purchases of one person before `end`, in the order they began in."""
    rows = events(raw, who, end, "purchase")
    return _visits(rows) if collapse is None else _periods(rows, collapse)


def four(
    raw: Raw,
    who: str,
    end: dt.datetime,
    *,
    start: dt.datetime | None = None,
    collapse: str | None,
    time_unit: str,
) -> tuple[float, float, float, float | None] | None:
    """Frequency, recency, T and monetary of one person; None where they are not in it."""
    bought = periods(raw, who, end, collapse)
    if not bought or (start is not None and bought[0].began < start):
        return None
    first, last = bought[0].place, bought[-1].place
    seen = end if collapse is None else last
    if collapse is not None:
        rows = events(raw, who, end, "purchase")
        latest = rows[-1]["time"]
        zones = {row["zone"] for row in rows if row["time"] == latest}
        seen = max(last, *(period(end - US, z, collapse, at=latest) for z in zones))
    return (
        len(bought) - 1,
        apart(first, last, collapse, time_unit),
        apart(first, seen, collapse, time_unit),
        mean(bought[1:]),
    )


def mean(bought: Sequence[Bought]) -> float | None:
    """What a purchase came to, over those of which an amount is known."""
    sums = [sum(b.amounts) for b in bought if b.amounts]
    return float(sum(sums) / len(sums)) if sums else None


def apart(first: Any, last: Any, collapse: str | None, time_unit: str) -> float:
    """Time from one place to another, in units."""
    if collapse == "M" and time_unit in "MY":
        return (last.ordinal - first.ordinal) / (12 if time_unit == "Y" else 1)
    if collapse is not None:
        first, last = first.start_time, last.start_time
    return (last - first) / UNITS[time_unit]


def period(
    time: dt.datetime, zone: str | None, collapse: str, *, at: dt.datetime | None = None
) -> pd.Period:
    """The period of an instant, on the clock that a zone has then, or had at another instant."""
    offset = (at or time).astimezone(zoneinfo.ZoneInfo(zone or "UTC")).utcoffset()
    assert offset is not None
    return pd.Timestamp((time + offset).replace(tzinfo=None)).to_period(collapse)


def _periods(rows: Sequence[Row], collapse: str) -> list[Bought]:
    found: list[Bought] = []
    for instant in sorted({row["time"] for row in rows}):
        together = [row for row in rows if row["time"] == instant]
        own = max(period(instant, row["zone"], collapse) for row in together)
        if not found or own > found[-1].place:
            found.append(Bought(own, instant, []))
        found[-1].amounts += [row["value"] for row in together if row["value"] is not None]
    return found


def _visits(rows: Sequence[Row]) -> list[Bought]:
    began: dict[Any, dt.datetime] = {}
    found: dict[dt.datetime, Bought] = {}
    for row in rows:
        key = row["basket"] if row["basket"] is not None else row["time"]
        start = began.setdefault(key, row["time"])
        one = found.setdefault(start, Bought(start, start, []))
        one.amounts += [row["value"]] if row["value"] is not None else []
    return [found[start] for start in sorted(found)]
