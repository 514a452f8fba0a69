"""Rows: what a store keeps of events and facts, as numbers and text that any database holds.

An event is a bundle (whose it is, its kind and source) and a row (when, and what). The same event
gives the same two whether it comes alone or in a log, but for the text of its id, of which a log
keeps the hash only (so `id` is not part of what makes rows equal: `CONTENT` is):

    to_log([row of event for event in events])  ==  EventLog.from_events(events)
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from onefold import _time
from onefold._columns import Coded, Columns, missing
from onefold._types import MICROS, NO_MONEY, NO_OFFSET, Array, Ints
from onefold.consent.words import PREFIX
from onefold.events.event import Event
from onefold.events.identifiers import SOURCE, identifier_columns
from onefold.events.log import EventLog
from onefold.events.tables import PROPERTY, RECEIVED
from onefold.identity.heard import Key
from onefold.store.decoding import SELECTED, to_log
from onefold.store.escaping import escaped, maybe_escaped, maybe_unescaped, unescaped
from onefold.store.hashing import BundleKey, bundle_hash, event_key, node_hash, signed
from onefold.store.schema import log as log_table

__all__ = [
    "CONTENT",
    "NOTHING",
    "SELECTED",
    "BundleKey",
    "bundle_hash",
    "event_row",
    "event_types",
    "identity_key",
    "log_rows",
    "log_types",
    "node_hash",
    "row_types",
    "to_log",
]

NOTHING: dict[str, Any] = {c.name: None for c in log_table.c if c.name not in ("seq", "bundle")}
# Two rows of one bundle that agree in these are one row.
CONTENT = tuple(name for name in NOTHING if name not in ("seen", "id"))
NUMBER, TEXT = "number", "text"  # what a property or a fact can be
CONSENT = PREFIX.rstrip(":")
YES, NO = "yes", "no"

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def event_row(event: Event) -> tuple[BundleKey, dict[str, Any]]:
    """An event as its bundle and the columns of its row; what holds nothing is None."""
    held = event.identifiers
    given = "[]" if not held else _json([[kind, held[kind]] for kind in sorted(held)])
    time = int(event.time.astype(np.int64))
    received = None if event.received is None else int(event.received.astype(np.int64))
    value, quantity = event.value, event.quantity
    row = {
        "seen": time if received is None else min(time, received),
        "time": time,
        "received": received,
        "key": None if event.id is None else event_key(event.source, event.id),
        "item": maybe_escaped(event.item),
        "channel": maybe_escaped(event.channel),
        "value": None if value is None else round(value * MICROS),
        "quantity": None if quantity is None else float(quantity) + 0.0,
        "basket": maybe_escaped(event.basket),
        "id": maybe_escaped(event.id),
        "local": None if event.zone is None else _local(event),
        "properties": _properties(event) if event.properties else None,
        "name": None,
        "text": None,
        "number": None,
    }
    who, source = maybe_escaped(event.customer), maybe_escaped(event.source)
    return (who, escaped(event.event), source, given), row


def event_types(event: Event) -> dict[str, str]:
    """Of which type each property of an event is."""
    held = event.properties
    return {
        PROPERTY + n: TEXT if isinstance(held[n], str) else NUMBER for n in held if held[n] != ""
    }


def log_rows(log: EventLog) -> tuple[list[BundleKey], Ints, list[dict[str, Any]]]:
    """The rows of a log, its events and then its facts, and the bundle (n,) of each.

    Returns:
        The distinct bundles, for each row which of them it has, and the columns of the rows.
    """
    keys: list[BundleKey] = []
    which, rows = [], []
    for table, kind, read in (
        (log.events, "kind", _event_columns),
        (log.facts, None, _fact_columns),
    ):
        if not len(table):
            continue
        bundles, at = _bundles(table, kind)
        which.append(at + len(keys))
        keys += bundles
        columns = {**NOTHING, **read(table)}
        full = [
            column if column is not None else [None] * len(table) for column in columns.values()
        ]
        names = tuple(columns)
        rows += [dict(zip(names, row, strict=True)) for row in zip(*full, strict=True)]
    return keys, np.concatenate([np.zeros(0, dtype=np.int64), *which]), rows


def log_types(log: EventLog) -> dict[str, str]:
    """Of which type each property and each fact of a log is."""
    out = {
        name: TEXT if isinstance(column, Coded) else NUMBER
        for name, column in log.events.data.items()
        if name.startswith(PROPERTY) and not missing(column).all()
    }
    if len(log.facts):
        names = log.facts.coded("name")
        texts = set(np.unique(names.codes[log.facts.array("text") >= 0]).tolist())
        for code in np.unique(names.codes).tolist():  # a handful of names
            if not is_consent(names.vocab[code]):  # it is kept as text, however it came
                out["fact:" + names.vocab[code]] = TEXT if code in texts else NUMBER
    return out


def row_types(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The same of some rows, which are columns already."""
    out = {}
    for row in rows:
        if row["name"] is not None:
            name = unescaped(row["name"])
            if not is_consent(name):
                out["fact:" + name] = NUMBER if row["text"] is None else TEXT
        for name, value in json.loads(row["properties"] or "{}").items():
            out[PROPERTY + name] = TEXT if isinstance(value, str) else NUMBER
    return out


def is_consent(name: str) -> bool:
    """Whether facts of a name are a yes or a no, which may be said by a number too."""
    return name == CONSENT or name.startswith(PREFIX)


def identity_key(key: BundleKey) -> Key | None:
    """The same as evidence of who is who; None of what was erased."""
    customer, kind, source, given = key
    if given is None:
        return None
    told = (
        tuple((name, tuple(values)) for name, values in json.loads(given)) if given != "[]" else ()
    )
    return (maybe_unescaped(customer), told, maybe_unescaped(kind), maybe_unescaped(source), None)


def _local(event: Event) -> int | None:
    assert event.zone is not None
    ahead = int(_time.offsets(np.array([event.time]), _time.zone(event.zone, "Event: zone"))[0])
    return None if ahead == NO_OFFSET else ahead


def _properties(event: Event) -> str | None:
    held = event.properties
    told = {}
    for name in sorted(held):
        value = held[name]
        if value != "":  # no text is nothing, as in a log
            told[name] = value if isinstance(value, str) else value + 0.0
    return _json(told) if told else None


def _event_columns(table: Columns) -> dict[str, list[Any] | None]:
    key: list[Any] = signed(np.ascontiguousarray(table.array("key")))
    has_id = table.array("has_id")
    return {
        **_instants(table),
        "key": _where(key, has_id),
        "item": _texts(table.coded("item")),
        "channel": _texts(table.coded("channel")),
        "value": _numbers(table.array("value"), table.array("value") != NO_MONEY),
        "quantity": _measures(table.array("quantity")),
        "basket": _texts(table.coded("basket")),
        "local": _numbers(table.array("local"), table.array("local") != NO_OFFSET),
        "properties": _all_properties(table),
    }


def _fact_columns(table: Columns) -> dict[str, list[Any] | None]:
    names, text = table.coded("name"), table.coded("text")
    said, number = _texts(text), table.array("number")
    consents = np.array([*map(is_consent, names.vocab.values.tolist()), False], dtype=bool)
    words = consents[names.codes] & (text.codes < 0)
    if words.any():  # a yes or a no by a number, as `consent` reads it
        said = [None] * len(table) if said is None else said
        for at in np.flatnonzero(words).tolist():
            said[at] = YES if number[at] == 1 else NO
        number = np.where(words, np.nan, number)
    return {
        **_instants(table),
        "name": _texts(names),
        "text": said,
        "number": _measures(number),
    }


def _instants(table: Columns) -> dict[str, list[Any] | None]:
    time = table.array("time").astype("datetime64[us]").view(np.int64)
    if RECEIVED not in table:
        told = time.tolist()
        return {"seen": told, "time": told}
    received = table.array(RECEIVED)
    known, clock = ~np.isnat(received), received.view(np.int64)
    seen = np.where(known, np.minimum(time, clock), time)
    return {"seen": seen.tolist(), "time": time.tolist(), "received": _numbers(clock, known)}


def _where(held: list[Any], there: Array) -> list[Any] | None:
    """What is there, and None elsewhere; None if nothing is."""
    if there.all():
        return held
    if not there.any():
        return None
    return [value if yes else None for value, yes in zip(held, there.tolist(), strict=True)]


def _numbers(held: Array, there: Array) -> list[Any] | None:
    return _where(held.tolist(), there) if there.any() else None


def _measures(held: Array) -> list[Any] | None:
    return _numbers(held + 0.0, ~np.isnan(held))  # -0.0 becomes 0.0


def _texts(column: Coded, say: Callable[[str], str] = escaped) -> list[Any] | None:
    """The text (n,) of a column, each distinct one said once."""
    column = column.compact()
    if not len(column.vocab):
        return None
    words = np.array([*map(say, column.vocab.values.tolist()), None], dtype=object)
    out: list[Any] = words[column.codes].tolist()
    return out


def _all_properties(table: Columns) -> list[Any] | None:
    """The JSON (n,) of the properties of each row."""
    parts: list[list[str]] | None = None
    for column in sorted(name for name in table.data if name.startswith(PROPERTY)):
        held, name = table.data[column], _json(column.removeprefix(PROPERTY)) + ":"
        if isinstance(held, Coded):
            said = _texts(held, lambda word, name=name: name + _json(word))  # type: ignore[misc]
        else:
            number = _measures(held)
            said = number and [None if x is None else name + float.__repr__(x) for x in number]
        if said is None:
            continue
        parts = [[] for _ in range(len(table))] if parts is None else parts
        for row, word in zip(parts, said, strict=True):
            if word is not None:
                row.append(word)
    if parts is None:
        return None
    return ["{" + ",".join(row) + "}" if row else None for row in parts]


def _bundles(table: Columns, kind: str | None) -> tuple[list[BundleKey], Ints]:
    """The distinct bundles of a table, and which of them (n,) each row has."""
    identifiers = identifier_columns(table)
    others = [name for names in identifiers.values() for name in names]
    source = SOURCE if SOURCE in table else None
    names = [name for name in ("customer", kind, source, *others) if name is not None]
    group, first = np.zeros(len(table), dtype=np.int64), np.zeros(1, dtype=np.int64)
    for name in names:
        column = table.coded(name)
        joint = group * (len(column.vocab) + 1) + column.codes + 1
        _, first, group = np.unique(joint, return_index=True, return_inverse=True)
    some = table.take(first).compact()

    def told(name: str | None) -> list[Any]:
        held = None if name is None else _texts(some.coded(name))
        return [None] * len(first) if held is None else held

    words = {name: some.coded(name).decode().tolist() for name in others}
    given = ["[]"] * len(first)
    if identifiers:
        for at in range(len(first)):  # bundles, which are fewer than rows
            said = [
                [type_, values]
                for type_, columns in identifiers.items()
                if (values := sorted({words[c][at] for c in columns} - {None}))
            ]
            given[at] = _json(said)
    keys = list(zip(told("customer"), told(kind), told(source), given, strict=True))
    return keys, group
