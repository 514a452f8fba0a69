"""Random logs: ties in time, repeated and clashing deliveries, gaps everywhere, empties.

A `Raw` is rows in plain Python, which the brute force of `tests.oracle` reads, and from which
`raw.log()` makes the log under test. Few names and few instants make coincidences frequent.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs
import pandas as pd
from hypothesis import strategies as st

import onefold as of
from onefold.events import EventLog

EPOCH = dt.datetime(2024, 3, 30, 21, tzinfo=dt.UTC)  # Europe's clocks go forward that night
END = EPOCH + dt.timedelta(days=201)  # after all of them
COLUMNS: tuple[str, ...] = (
    "customer",
    "time",
    "event",
    "item",
    "channel",
    "value",
    "quantity",
    "basket",
    "id",
)
COLUMNS += ("source", "zone", "colour", "size")
FACTS = ("region", "children", "birth_date")
CUSTOMERS = (*"abcd", "é", "🦊", "10", "9")
ITEMS = ("tea", "jam", "oat", "rye", "🍎")
CATEGORIES = {"tea": "drinks", "jam": "spreads", "oat": "grain", "rye": "grain"}
CATALOG = of.Catalog.from_frame(
    pd.DataFrame({"sku": list(CATEGORIES), "aisle": list(CATEGORIES.values())}),
    item="sku",
    category="aisle",
)

Row = dict[str, Any]


@attrs.frozen
class Raw:
    """Events and facts in plain Python, in the order of their delivery."""

    rows: tuple[Row, ...] = ()
    facts: tuple[Row, ...] = ()

    def log(self) -> EventLog:
        """The log of these rows, through the door for frames."""
        return events_of(self.rows) + facts_of(self.facts)

    def __add__(self, other: "Raw") -> "Raw":
        return Raw(self.rows + other.rows, self.facts + other.facts)


def events_of(rows: Sequence[Row]) -> EventLog:
    """A log of rows in plain Python."""
    frame = pd.DataFrame(
        {
            name: pd.Series([row[name] for row in rows], dtype=_dtype(name), name=name)
            for name in COLUMNS
        }
    )
    return EventLog.from_frame(
        frame,
        customer="customer",
        time="time",
        event="event",
        item="item",
        channel="channel",
        value="value",
        quantity="quantity",
        basket="basket",
        id="id",
        source="source",
        zone="zone",
        properties=["colour", "size"],
    )


def _dtype(name: str) -> Any:
    if name == "time":
        return pd.DatetimeTZDtype("us", "UTC")
    return "float64" if name in ("quantity", "size") else "object"


def facts_of(facts: Sequence[Row]) -> EventLog:
    """A log of facts in plain Python."""
    log = EventLog.from_events([])
    for fact in facts:
        frame = pd.DataFrame({"who": [fact["customer"]], fact["name"]: [fact["value"]]})
        log = log + EventLog.from_facts(
            frame, customer="who", time=fact["time"], facts=[fact["name"]]
        )
    return log


def event_of(row: Row) -> of.Event:
    """One row as an event."""
    extras = {n: row[n] for n in ("colour", "size") if row[n] is not None}
    given = {n: row[n] for n in COLUMNS[3:-2] if row[n] is not None}
    return of.Event(row["customer"], row["event"], row["time"], properties=extras, **given)


def instants() -> st.SearchStrategy[dt.datetime]:
    """Few hours of few days, and a microsecond to each side."""
    return st.builds(
        lambda h, us: EPOCH + dt.timedelta(hours=h, microseconds=us),
        st.integers(0, 8) | st.sampled_from([24 * 7, 24 * 40, 24 * 200 + 1]),
        st.sampled_from([0, 0, 0, -1, 1]),
    )


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Something, or nothing."""
    return st.none() | strategy


@st.composite
def rows(draw: st.DrawFn, *, customers: Sequence[str] = CUSTOMERS, nobody: bool = True) -> Row:
    """One event; with `nobody`, perhaps without a customer."""
    who = st.sampled_from(customers)
    return {
        "customer": draw(who | st.sampled_from([None, ""]) if nobody else who),
        "time": draw(instants()),
        "event": draw(st.sampled_from(["purchase", "purchase", "view", "click"])),
        "item": draw(maybe(st.sampled_from(ITEMS))),
        "channel": draw(maybe(st.sampled_from(["web", "store"]))),
        "value": draw(maybe(st.integers(-300, 900).map(lambda c: Decimal(c) / 100))),
        "quantity": draw(maybe(st.sampled_from([1.0, 2.0, -1.0]))),
        "basket": draw(maybe(st.sampled_from(["b1", "b2"]))),
        "id": draw(maybe(st.sampled_from(["1", "2", "3", "4"]))),
        "source": draw(maybe(st.sampled_from(["till", "shop"]))),
        "zone": draw(maybe(st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "UTC"]))),
        "colour": draw(maybe(st.sampled_from(["red", "blue"]))),
        "size": draw(maybe(st.sampled_from([1.5, -0.0, 40.0]))),
    }


@st.composite
def facts(draw: st.DrawFn, *, customers: Sequence[str] = CUSTOMERS) -> Row:
    """One statement about a customer."""
    name = draw(st.sampled_from(FACTS))
    values: dict[str, st.SearchStrategy[Any]] = {
        "region": st.sampled_from(["north", "south"]),
        "children": st.sampled_from([0.0, 1.0, 2.0]),
        "birth_date": st.sampled_from(["1980-03-31", "2000-02-29", "2030-01-01", "not a date"]),
    }
    return {
        "customer": draw(st.sampled_from(customers)),
        "time": draw(instants()),
        "name": name,
        "value": draw(values[name]),
    }


@st.composite
def raws(
    draw: st.DrawFn, *, most: int = 12, clash: bool = True, ids: bool = True, nobody: bool = True
) -> Raw:
    """Events and facts. Without `clash` a repeated id at one instant repeats its contents."""
    listed = draw(st.lists(rows(nobody=nobody), max_size=most))
    if not ids:
        listed = [row | {"id": None} for row in listed]
    if not clash:
        first: dict[Any, Row] = {}
        listed = [
            first.setdefault((r["customer"], r["source"], r["id"], r["time"]), r) if r["id"] else r
            for r in listed
        ]
    again = draw(st.lists(st.sampled_from(listed), max_size=3)) if listed else []
    again = [row for row in again if row["id"] is not None]
    return Raw((*listed, *again), tuple(draw(st.lists(facts(), max_size=4))))


def logs(**how: Any) -> st.SearchStrategy[EventLog]:
    """Random logs."""
    return raws(**how).map(Raw.log)


@st.composite
def profiles(draw: st.DrawFn, *, least: int = 1, **how: Any) -> of.Profiles:
    """Random profiles of at least so many customers, with a catalogue."""
    raw = draw(raws(**how))
    sure = [draw(rows(customers=[f"sure{i}"], nobody=False)) for i in range(least)]
    log = (Raw(tuple(sure)) + raw).log()
    return of.fold(log, catalog=CATALOG)
