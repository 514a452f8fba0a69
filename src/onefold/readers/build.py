"""From blocks of events and facts to a log, in one currency.

The log's currency is the one that most amounts are in; of several with as many, the first in the
alphabet. A record with an amount in another one is rejected as a whole:

    9 orders in EUR, 1 in USD  ->  a log in EUR, and 1 record that is rejected
"""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onefold._types import Ints
from onefold.events import EventLog
from onefold.events.identifiers import is_identifier, place_of, type_of
from onefold.readers.names import COLUMNS, by_type
from onefold.readers.values import Stated

PLAIN = ("user_id", "anonymous_id", "device", "platform", "browser", "page", "medium")
PROPERTY, FACT = "property:", "fact:"
ONLY = "amount not in {}"
TIME = pa.timestamp("us", tz="UTC")
TEXT = pa.string()  # of a block; all together may be more than that can hold
LONG = pa.large_string()
MONEY = pa.decimal128(38, 6)
TYPES = {
    **dict.fromkeys(("customer", "kind", "item", "channel", "basket", "zone", "id"), TEXT),
    **dict.fromkeys(("source", "currency", "raw", "file"), TEXT),
    **dict.fromkeys(("time", "received", "value", "record", "row"), pa.int64()),
    "quantity": pa.float64(),
    **dict.fromkeys((*PLAIN, *COLUMNS), TEXT),
}
BLANK: dict[str, Any] = {**dict.fromkeys(TYPES), "chosen": {}}  # an event of which nothing is known
READ = itemgetter(*TYPES)  # an event as a tuple, which is cheap to keep
SAID = ("customer", "kind", "item", "currency")  # of a record whose own text is gone
OPTIONAL = ("item", "channel", "basket", "received", "quantity", "zone", "id", "source")

Rejected = tuple[int, str | None, int, str, str]


def event_block(
    events: Sequence[tuple[Any, ...]],
    picked: Sequence[Mapping[str, Stated | None]],
    chosen: Sequence[str],
    textual: set[tuple[str, str]],
) -> pa.Table:
    """Events as columns; `textual` gets the names of chosen properties that are no numbers."""
    held = zip(*events, strict=True)
    columns = {
        PROPERTY + name if name in PLAIN else name: pa.array(values, kind)
        for (name, kind), values in zip(TYPES.items(), held, strict=True)
    }
    for name in ("time", "received"):
        columns[name] = columns[name].cast(TIME)
    for name in chosen:
        stated = [some.get(name) for some in picked]
        if not all(held is None or held[1] for held in stated):
            textual.add((PROPERTY, name))
        columns[PROPERTY + name] = pa.array([held and held[0] for held in stated], TEXT)
    return pa.table(columns)


def fact_block(facts: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Facts as columns."""
    whose, time, received, name, words, record = zip(*facts, strict=True)
    customer, named = (whose, {}) if isinstance(whose[0], str) else _whose(whose)
    return pa.table(
        {
            "customer": pa.array(customer, TEXT),
            "time": pa.array(time, pa.int64()).cast(TIME),
            "received": pa.array(received, pa.int64()).cast(TIME),
            "name": pa.array(name, TEXT),
            "value": pa.array(words, TEXT),
            "record": pa.array(record, pa.int64()),
            **named,
        }
    )


def _whose(whose: Sequence[Any]) -> tuple[list[None], dict[str, pa.Array]]:
    """The customers of facts, of which there are none yet, and the columns of their names."""
    named = zip((*COLUMNS, "source"), zip(*whose, strict=True), strict=True)
    return [None] * len(whose), {name: pa.array(values, TEXT) for name, values in named}


def built(
    event_blocks: Sequence[pa.Table],
    fact_blocks: Sequence[pa.Table],
    textual: Collection[tuple[str, str]],
    currency: str | None,
) -> tuple[EventLog, list[Rejected]]:
    """The log, and the records whose amounts are in another currency."""
    log = EventLog.from_events([])
    rejected: list[Rejected] = []
    others = np.array([], dtype=np.int64)
    if event_blocks:
        table = pa.concat_tables(event_blocks)
        if currency is None:
            currency = _currency(table)
            others, rejected = _others(table, currency)
            table = _without(table, others)
        log = _event_log(table, textual, currency)
    if fact_blocks:
        table = _without(pa.concat_tables(fact_blocks), others)
        log = log + _fact_log(table, textual)
    return log, rejected


def _currency(table: pa.Table) -> str | None:
    counts = pc.value_counts(pc.drop_null(table["currency"].combine_chunks())).to_pylist()
    return min(counts, key=lambda c: (-c["counts"], c["values"]))["values"] if counts else None


def _others(table: pa.Table, currency: str | None) -> tuple[Ints, list[Rejected]]:
    if currency is None:
        return np.array([], dtype=np.int64), []
    other = table.filter(pc.fill_null(pc.not_equal(table["currency"], currency), False))
    found: dict[int, Rejected] = {}
    for one in other.select([*("record", "file", "row", "raw"), *SAID]).to_pylist():
        text = one["raw"] or ", ".join(f"{name} {one[name]}" for name in SAID)
        record = one["record"]
        found.setdefault(record, (record, one["file"], one["row"], ONLY.format(currency), text))
    return np.array(sorted(found), dtype=np.int64), list(found.values())


def _without(table: pa.Table, records: Ints) -> pa.Table:
    if not len(records):
        return table
    return table.filter(pa.array(~np.isin(table["record"].to_numpy(), records)))


def _event_log(
    table: pa.Table, textual: Collection[tuple[str, str]], currency: str | None
) -> EventLog:
    """A log of the events; columns and properties that hold nothing are left out."""
    held = {name: name for name in OPTIONAL if _some(table[name])}
    whose, named = _named(table)
    columns = {name: _long(table[name]) for name in (*named, "time", "kind", *held)}
    if _some(table["value"]):
        columns["value"] = _decimals(table["value"])
        held["value"] = "value"
        columns["currency"] = pa.repeat(pa.scalar(currency, LONG), len(table))
        held["currency"] = "currency"
    names = {}
    for column in table.column_names:
        if column in named:
            columns[column] = _long(table[column])
        elif column.startswith(PROPERTY) and _some(table[column]):
            name = column.removeprefix(PROPERTY)
            names[name] = column
            plain = name in PLAIN or (PROPERTY, name) in textual
            columns[column] = (
                _long(table[column]) if plain else pc.cast(table[column], pa.float64())
            )
    frame = pa.table(columns)
    return EventLog.from_frame(frame, time="time", event="kind", properties=names, **whose, **held)


def _named(table: pa.Table) -> tuple[dict[str, Any], list[str]]:
    """How a log is told whose its rows are, and the columns that tell it."""
    every = {column.removeprefix(PROPERTY): column for column in table.column_names}
    every = {name: column for name, column in every.items() if is_identifier(name)}
    last = {
        type_of(name): place_of(name)
        for name in sorted(every, key=place_of)
        if _some(table[every[name]])
    }
    # An empty column before one that is not keeps its place, so that pieces make the whole.
    names = {n: c for n, c in every.items() if place_of(n) <= last.get(type_of(n), 0)}
    whose: dict[str, Any] = {"identifiers": by_type(names)} if names else {}
    if not names or _some(table["customer"]):
        whose["customer"] = "customer"
    return whose, [*(["customer"] if "customer" in whose else []), *names.values()]


def _fact_log(table: pa.Table, textual: Collection[tuple[str, str]]) -> EventLog:
    """A log of the facts: a small one for each name, put together two by two."""
    logs = [EventLog.from_events([])]
    received = "received" if _some(table["received"]) else None
    table = pa.table({name: _long(table[name]) for name in table.column_names})
    order = pc.sort_indices(table, sort_keys=[("name", "ascending"), ("record", "ascending")])
    table = table.take(order).combine_chunks()
    names = pc.run_end_encode(table["name"].combine_chunks()) if len(table) else None
    start = 0
    ends = [] if names is None else names.run_ends.to_pylist()
    for end in ends:
        some = table.slice(start, end - start)
        name = some["name"][0].as_py()
        if (FACT, name) not in textual:
            some = some.set_column(4, "value", pc.cast(some["value"], pa.float64()))
        whose, _ = _named(some)
        source = "source" if "source" in some.column_names and _some(some["source"]) else None
        logs.append(
            EventLog.from_facts(
                some, time="time", facts={name: "value"}, received=received, source=source, **whose
            )
        )
        start = end
    while len(logs) > 1:
        pairs = [logs[i : i + 2] for i in range(0, len(logs), 2)]
        logs = [pair[0] + pair[1] if len(pair) == 2 else pair[0] for pair in pairs]
    return logs[0]


def _decimals(micros: pa.ChunkedArray) -> pa.Array:
    """Whole millionths as decimals with six places: the same bits, read another way."""
    known = micros.is_valid().to_numpy()
    words = np.empty((len(micros), 2), dtype="<i8")
    words[:, 0] = pc.fill_null(micros, 0).to_numpy()
    words[:, 1] = words[:, 0] >> 63
    bits = pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(MONEY, len(micros), [bits, pa.py_buffer(words)])


def _long(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column whose texts may together be longer than two gigabytes."""
    return pc.cast(column, LONG) if column.type == TEXT else column


def _some(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count < len(column))
