"""Brute force: every built-in trait, event by event, in plain Python.

Nothing here is shared with the library. An event is a dict; the events of one person before a
moment are a list, and a trait is a loop over it. Where several answers are right (the latest of
two events at one instant), the answer is a `set` of them.
"""

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tests.strategies import CATEGORIES, Raw, Row

DAY = dt.timedelta(days=1)
US = dt.timedelta(microseconds=1)
NOON = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def people(raw: Raw, t: dt.datetime) -> list[str]:
    """Everybody of whom something is known before t."""
    seen = {r["customer"] for r in (*raw.rows, *raw.facts) if r["time"] < t and r["customer"]}
    return sorted(seen)


def events(raw: Raw, who: str, t: dt.datetime, kind: str | None = None) -> list[Row]:
    """The events of one person before t, each delivery once, by time."""
    kept: dict[Any, Row] = {}
    for at, row in enumerate(raw.rows):
        if row["customer"] != who or row["time"] >= t:
            continue
        key = (row["source"], row["id"]) if row["id"] is not None else at
        if key not in kept or _stays(row) > _stays(kept[key]):
            kept[key] = row
    some = [row for row in kept.values() if kind is None or row["event"] == kind]
    return sorted(some, key=lambda row: row["time"])


def _stays(row: Row) -> Any:
    """The greater, the rather a delivery stays: earliest in time, then received last."""
    received = row.get("received")
    when = 0 if received is None else (received - NOON) // US
    return (NOON - row["time"]) // US, received is not None, when


def visits(mine: Sequence[Row]) -> list[dt.datetime]:
    """When each visit began: baskets, or instants where there is no basket."""
    began: dict[Any, dt.datetime] = {}
    for row in mine:
        began.setdefault(row["basket"] if row["basket"] is not None else row["time"], row["time"])
    return sorted(began.values())


def recency(mine: Sequence[Row], t: dt.datetime) -> float | None:
    return (t - mine[-1]["time"]) / DAY if mine else None


def tenure(mine: Sequence[Row], t: dt.datetime) -> float | None:
    return (t - mine[0]["time"]) / DAY if mine else None


def frequency(mine: Sequence[Row], t: dt.datetime) -> float:
    return float(len(visits(mine)))


def count(mine: Sequence[Row], t: dt.datetime) -> float:
    return float(len(mine))


def monetary(mine: Sequence[Row], t: dt.datetime) -> float | None:
    paid = [row["value"] for row in mine if row["value"] is not None]
    return float(sum(paid)) if paid else None


def mean_monetary(mine: Sequence[Row], t: dt.datetime) -> float | None:
    total = monetary(mine, t)
    return None if total is None else total / len(visits(mine))


def breadth(mine: Sequence[Row], t: dt.datetime) -> float:
    return float(len({row["item"] for row in mine if row["item"] is not None}))


def gap(mine: Sequence[Row], t: dt.datetime) -> float | None:
    began = visits(mine)
    return (began[-1] - began[0]) / DAY / (len(began) - 1) if len(began) > 1 else None


def label(row: Row, of: str) -> str | None:
    """What labels an event."""
    if of == "category":
        return CATEGORIES.get(row["item"])
    held = row[{"kind": "event"}.get(of, of)]
    return None if held is None else str(held)


def latest(mine: Sequence[Row], of: str) -> set[str | None]:
    """The labels that the last event with one may have."""
    told = [row for row in mine if label(row, of) is not None]
    return {label(r, of) for r in told if r["time"] == told[-1]["time"]} if told else {None}


def shares(weighed: Sequence[tuple[str | None, float]]) -> dict[str, float] | None:
    """Weights by label, as shares of their sum; None where nothing has a label."""
    sums: defaultdict[str, float] = defaultdict(float)
    for name, weight in weighed:
        if name is not None:
            sums[name] += weight
    total = sum(sums.values())
    return {name: weight / total for name, weight in sums.items()} if sums else None


def share(mine: Sequence[Row], of: str) -> dict[str, float] | None:
    return shares([(label(row, of), 1.0) for row in mine])


def affinity(
    mine: Sequence[Row], of: str, half_life: dt.timedelta, t: dt.datetime
) -> dict[str, float] | None:
    told = [row["time"] for row in mine if label(row, of) is not None]
    last = max(told, default=t)  # against `t` old events would underflow; shares are the same
    ages = [max(last - row["time"], 0 * DAY) for row in mine]
    return shares([(label(r, of), 0.5 ** (a / half_life)) for r, a in zip(mine, ages, strict=True)])


def rhythm(mine: Sequence[Row], by: str) -> dict[str, float] | None:
    return shares([(_hour(row, by), 1.0) for row in mine])


def _hour(row: Row, by: str) -> str | None:
    if row["zone"] is None:
        return None
    local = row["time"].astimezone(zoneinfo.ZoneInfo(row["zone"]))
    part = ("night", "morning", "afternoon", "evening")[local.hour // 6]
    day = DAYS[local.weekday()]
    names = {"week": f"{day} {local.hour:02d}", "day": f"{local.hour:02d}", "weekday": day}
    return names.get(by, part)


def fact(raw: Raw, who: str, name: str, t: dt.datetime) -> set[Any]:
    """The values that the latest statement of a fact may have."""
    told = [f for f in raw.facts if (f["customer"], f["name"]) == (who, name) and f["time"] < t]
    last = max((f["time"] for f in told), default=None)
    return {f["value"] for f in told if f["time"] == last} or {None}


def age(raw: Raw, who: str, t: dt.datetime) -> set[float | None]:
    """Completed years, for each birth date that may be the latest stated."""
    return {_age(born, t.date()) for born in fact(raw, who, "birth_date", t)}


def _age(born: str | None, today: dt.date) -> float | None:
    try:
        date = dt.date.fromisoformat(str(born))
    except ValueError:
        return None
    if date > today:
        return None
    return float(today.year - date.year - ((today.month, today.day) < (date.month, date.day)))
