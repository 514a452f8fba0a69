"""Random logs at little cost: one event is a few bytes, and each byte chooses one field.

For the long run, in which the drawing of examples would take most of the time. The logs are of
the kind of `tests.strategies`, only more crowded: half of their rows are of one customer, and
most within five hours.

    b"\\x00..."  ->  the first of each field's options; Hypothesis shrinks towards it
"""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

import onefold as of
from onefold.events import EventLog
from tests.strategies import CATALOG, COLUMNS, CUSTOMERS, EPOCH, FACTS, ITEMS, Raw, Row

Options = Sequence[Any]
HOURS = (*range(5), *range(5), *range(9), 24 * 7, 24 * 40, 24 * 200 + 1)
LATER = (*range(2, 10), 24 * 7, 24 * 40, 24 * 200 + 2)
MICROS = (0, 0, 0, -1, 1)
WHO: Options = (*["a"] * 12, *["b"] * 5, *CUSTOMERS[2:], None, "")
FIELDS: dict[str, Options] = {
    "event": ("purchase", "purchase", "view", "click"),
    "item": (None, "tea", "jam", None, *ITEMS),
    "channel": (None, "web", "web", "store"),
    "quantity": (*[None] * 3, 1.0, 2.0, -1.0),
    "basket": (None, None, "b1", "b2"),
    "id": (*[None] * 4, *"1234"),
    "source": (None, None, "till", "shop"),
    "zone": (*[None] * 3, "Europe/Berlin", "Asia/Kolkata", "UTC"),
    "colour": (None, None, "red", "blue"),
    "size": (*[None] * 3, 1.5, -0.0, 40.0),
}
STATED: dict[str, Options] = {
    "region": ("north", "south"),
    "children": (0.0, 1.0, 2.0),
    "birth_date": ("1980-03-31", "2000-02-29", "2030-01-01", "not a date"),
}
WIDTH, NARROW = 5 + len(FIELDS), 5  # bytes of an event, of a fact
MOST = 16

SCHEMA = pa.schema(
    [
        (name, pa.float64() if name in ("quantity", "size") else pa.large_string())
        for name in COLUMNS
        if name not in ("time", "value")
    ]
    + [("time", pa.timestamp("us", tz="UTC")), ("value", pa.decimal128(12, 2))]
)


@st.composite
def raws(draw: st.DrawFn, *, clash: bool = True) -> Raw:
    """Events and facts. Without `clash` a repeated id at one instant repeats its contents."""
    least = draw(st.sampled_from([0, MOST // 2, MOST]))
    listed = [_row(b) for b in draw(_packs(WIDTH, least, MOST))]
    if not clash:
        first: dict[Any, Row] = {}
        listed = [
            first.setdefault((r["customer"], r["source"], r["id"], r["time"]), r) if r["id"] else r
            for r in listed
        ]
    told = [row for row in listed if row["id"] is not None]
    again = [told[b % len(told)] for b in draw(st.binary(max_size=3))] if told else []
    return Raw((*listed, *again), tuple(_fact(b) for b in draw(_packs(NARROW, 0, 4))))


def rows(*, most: int) -> st.SearchStrategy[list[Row]]:
    """Events of the customer "a", at least one."""
    return _packs(WIDTH, 1, most).map(lambda packs: [_row(b) | {"customer": "a"} for b in packs])


def moments() -> st.SearchStrategy[dt.datetime]:
    """Instants shortly after most events, and long after."""
    return st.binary(min_size=2, max_size=2).map(lambda b: _instant(b[0], b[1], LATER))


def log_of(raw: Raw) -> EventLog:
    """The log of these rows: as `raw.log()` makes it, through the door for Arrow."""
    return events_of(raw.rows) + facts_of(raw.facts)


def events_of(rows: Sequence[Row]) -> EventLog:
    """A log of rows in plain Python; with their receipt, if any row tells it."""
    names = {name: name for name in COLUMNS if name not in ("colour", "size")}
    schema = SCHEMA
    if any("received" in row for row in rows):
        names["received"] = "received"
        schema = SCHEMA.append(pa.field("received", pa.timestamp("us", tz="UTC")))
    return EventLog.from_frame(
        pa.Table.from_pylist(list(rows), schema=schema), **names, properties=["colour", "size"]
    )


def facts_of(facts: Sequence[Row]) -> EventLog:
    """A log of facts in plain Python, one frame for each name."""
    log = EventLog.from_events([])
    for name in FACTS:
        some = [fact for fact in facts if fact["name"] == name]
        if some:
            frame = pd.DataFrame(
                {
                    "who": [fact["customer"] for fact in some],
                    "at": pd.to_datetime([fact["time"] for fact in some], utc=True),
                    "received": pd.to_datetime([f.get("received") for f in some], utc=True),
                    name: [fact["value"] for fact in some],
                }
            )
            log = log + EventLog.from_facts(
                frame,
                customer="who",
                time="at",
                facts=[name],
                received="received" if any("received" in fact for fact in some) else None,
            )
    return log


def some_of(log: EventLog, events: Sequence[int], facts: Sequence[int]) -> EventLog:
    """The log of some rows by position: cheaper than to bring them through the door again."""
    own, stated = (
        table.take(np.array(rows, dtype=np.int64)).compact()
        for table, rows in ((log.events, events), (log.facts, facts))
    )
    return EventLog(own, stated, log.currency)


def fold(log: EventLog, as_of: Any) -> of.Profiles:
    """Profiles that carry no trait: traits are asked of their table."""
    return of.fold(log, (), catalog=CATALOG, as_of=as_of)


def _packs(width: int, least: int, most: int) -> st.SearchStrategy[list[bytes]]:
    return st.lists(st.binary(min_size=width, max_size=width), min_size=least, max_size=most)


def _row(b: bytes) -> Row:
    named = zip(FIELDS.items(), b[5:], strict=True)
    pick: Callable[[Options, int], Any] = lambda options, byte: options[byte % len(options)]  # noqa: E731
    return {
        "customer": pick(WHO, b[0]),
        "time": _instant(b[1], b[2]),
        "value": _amount(b[3], b[4]),
        **{name: pick(options, byte) for (name, options), byte in named},
    }


def _amount(high: int, low: int) -> Decimal | None:
    """None half of the time, else from -3.00 to 9.00."""
    return Decimal((high // 2 * 256 + low) % 1201 - 300) / 100 if high % 2 else None


def _instant(hour: int, micro: int, hours: Sequence[int] = HOURS) -> dt.datetime:
    after = dt.timedelta(hours=hours[hour % len(hours)], microseconds=MICROS[micro % len(MICROS)])
    return EPOCH + after


def _fact(b: bytes) -> Row:
    name = FACTS[b[3] % len(FACTS)]
    return {
        "customer": CUSTOMERS[b[0] % len(CUSTOMERS)],
        "time": _instant(b[1], b[2]),
        "name": name,
        "value": STATED[name][b[4] % len(STATED[name])],
    }
