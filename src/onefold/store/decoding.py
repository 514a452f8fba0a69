"""Decoding: rows of a store become a log again, by columns.

    to_log(rows of a log)  ==  the log        (but for the order of several values of one type)

A page of a person has some forty rows and is made in Python; a million go through Arrow.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from onefold._columns import Coded, Column, Columns, frozen, same_in_all
from onefold._types import NO_MONEY, NO_OFFSET
from onefold._vocab import Vocab
from onefold.events import door
from onefold.events.identifiers import SOURCE, in_columns
from onefold.events.log import EventLog
from onefold.events.tables import (
    PLACE,
    PROPERTY,
    RECEIVED,
    no_events,
    no_facts,
    no_money,
    nothing,
    whose,
)
from onefold.store.escaping import SIGN, unescaped
from onefold.store.schema import bundles, log

WHOSE = (bundles.c.customer, bundles.c.kind, bundles.c.source, bundles.c.given)
SELECTED = (*log.c, *WHOSE)  # columns that a row for `to_log` has, in this order
AT = {column.name: at for at, column in enumerate(log.c)}
CUSTOMER, KIND, FROM, GIVEN = range(len(log.c), len(SELECTED))
FEW = 2000  # rows up to which Python's own way is as fast
NAT = np.iinfo(np.int64).min

Cells = tuple[Any, ...]  # of one column


def to_log(
    rows: Sequence[Sequence[Any]], *, currency: str | None, customer: str | None = None
) -> EventLog:
    """The log of rows that hold `SELECTED`, in their order.

    Args:
        rows: Of events and of facts.
        currency: Of the amounts.
        customer: One customer for all rows, which then have no identifiers.
    """
    if not rows:
        return EventLog(no_events(), no_facts(), currency)
    cells: list[Cells] = list(zip(*rows, strict=True))
    kinds = cells[KIND]
    if None not in kinds:
        return EventLog(_events(cells, customer), no_facts(), currency)
    facts = [row for row in rows if row[KIND] is None]
    said = _facts(list(zip(*facts, strict=True)), customer)
    if len(facts) == len(rows):
        return EventLog(no_events(), said, currency)
    events = [row for row in rows if row[KIND] is not None]
    return EventLog(_events(list(zip(*events, strict=True)), customer), said, currency)


def _events(cells: list[Cells], customer: str | None) -> Columns:
    n = len(cells[0])
    key = cells[AT["key"]]
    columns: dict[str, Column] = {
        "customer": _text(cells[CUSTOMER]) if customer is None else door.constant(customer, n),
        "time": _times(cells[AT["time"]]),
        "kind": _text(cells[KIND]),
        "item": _text(cells[AT["item"]]),
        "channel": _text(cells[AT["channel"]]),
        "value": _whole(cells[AT["value"]], np.int64, NO_MONEY, no_money(n)),
        "quantity": _floats(cells[AT["quantity"]]),
        "basket": _text(cells[AT["basket"]]),
        "local": _whole(
            cells[AT["local"]], np.int32, NO_OFFSET, same_in_all(np.int32(NO_OFFSET), n)
        ),
    }
    columns |= _received(cells)
    columns |= _properties(cells[AT["properties"]])
    columns |= {} if customer is not None else _identifiers(cells)
    hashes = _whole(key, np.int64, 0, same_in_all(np.int64(0), n))
    has_id = same_in_all(True, n)
    if None in key:
        has_id = same_in_all(False, n)
        if key.count(None) < n:
            has_id = frozen(np.array([k is not None for k in key]))
    return Columns({**columns, "key": hashes.view(np.uint64), "has_id": has_id})


def _facts(cells: list[Cells], customer: str | None) -> Columns:
    n = len(cells[0])
    table = Columns(
        {
            "customer": _text(cells[CUSTOMER]) if customer is None else door.constant(customer, n),
            "time": _times(cells[AT["time"]]),
            "name": _text(cells[AT["name"]]),
            "text": _text(cells[AT["text"]]),
            "number": _floats(cells[AT["number"]]),
            **_received(cells),
            **({} if customer is not None else _identifiers(cells)),
        }
    )
    key = table.content(leave_out=(*PLACE, RECEIVED, *whose(table)))
    return table.replace(key=frozen(key))


def _text(cells: Cells) -> Coded:
    if len(cells) > FEW:
        column = door.coded(pa.array(cells, type=pa.large_string()))
        if any(SIGN in word for word in column.vocab):
            return _plain([None if c is None else unescaped(c) for c in cells])
        return column
    words = set(cells)
    if words == {None}:
        return nothing(len(cells))
    if len(words) == 1:
        return door.constant(unescaped(cells[0]), len(cells))
    if any(SIGN in word for word in words if word is not None):
        return _plain([None if c is None else unescaped(c) for c in cells])
    return _plain(cells)


def _plain(cells: Sequence[Any]) -> Coded:
    """Text that is as it was given."""
    words = sorted({*cells} - {None, ""})
    index = {word: at for at, word in enumerate(words)}
    codes = np.fromiter((index.get(c, -1) for c in cells), dtype=np.int32, count=len(cells))
    return Coded(codes, Vocab(np.array(words, dtype=object)))


def _times(cells: Cells) -> Any:
    return frozen(np.array(cells, dtype=np.int64)).view("datetime64[us]")


def _whole(cells: Cells, kind: Any, none: Any, empty: Any) -> Any:
    """Whole numbers (n,), with a mark where there is none."""
    if None not in cells:
        return frozen(np.array(cells, dtype=kind))
    if cells.count(None) == len(cells):
        return empty
    return frozen(np.array([none if c is None else c for c in cells], dtype=kind))


def _floats(cells: Cells) -> Any:
    out = np.array(cells, dtype=np.float64)  # None becomes NaN
    return same_in_all(np.nan, len(cells)) if np.isnan(out).all() else frozen(out)


def _received(cells: list[Cells]) -> dict[str, Column]:
    held = cells[AT["received"]]
    if held.count(None) == len(held):
        return {}
    whole = _whole(held, np.int64, NAT, None)
    return {RECEIVED: whole.view("datetime64[us]")}


def _properties(cells: Cells) -> dict[str, Column]:
    """The columns of what the rows' JSON holds, by name."""
    there = [c for c in cells if c is not None]
    if not there:
        return {}
    told = json.loads("[" + ",".join(there) + "]")
    names = sorted(set().union(*told))
    rows = range(len(cells))
    if len(there) < len(cells):
        found = iter(told)
        told = [{} if c is None else next(found) for c in cells]
    out: dict[str, Column] = {}
    for name in names:
        held = [told[at].get(name) for at in rows]
        some = next(h for h in held if h is not None)
        out[PROPERTY + name] = _coded(held) if isinstance(some, str) else _floats(tuple(held))
    return out


def _identifiers(cells: list[Cells]) -> dict[str, Column]:
    """The columns of identifiers and of sources; each bundle is read once.

    A log of events keeps sources only beside identifiers. Here they are kept in any case, so that
    a piece of a log tells what the whole would.
    """
    index = {given: at for at, given in enumerate(dict.fromkeys(cells[GIVEN]))}
    bundles_ = [{kind: tuple(values) for kind, values in json.loads(given)} for given in index]
    out: dict[str, Column] = {}
    which = np.fromiter((index[c] for c in cells[GIVEN]), dtype=np.int64, count=len(cells[GIVEN]))
    for name, values in in_columns(bundles_).items():
        out[name] = _coded(values).take(which)
    sources = _text(cells[FROM])
    if len(sources.vocab):
        out[SOURCE] = sources
    return out


def _coded(cells: Sequence[Any]) -> Coded:
    if len(cells) > FEW:
        return door.coded(pa.array(cells, type=pa.large_string()))
    return _plain(cells)
