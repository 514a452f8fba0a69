"""Spill: the rows of many logs on disk, split by customer, so that each part can be folded alone.

All rows of a customer go to one part, whatever the logs and their order:

    part of a customer  =  hash of the id  modulo  number of parts

A part is a file of Arrow streams, one after another, each with the rows of one log. Columns that
are the same in all rows are written once; the others with the strings that occur here.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow as pa

from onefold._columns import Coded, Column, Columns, is_same_in_all, same_in_all, stacked
from onefold._types import Array
from onefold._vocab import Vocab
from onefold.events.log import ROWS, EventLog
from onefold.events.tables import no_events, no_facts, nothing, same_currency
from onefold.profiles.parts.layout import filled

MOST = 1 << 12  # parts


def parts_of(ids: Vocab, parts: int) -> Array:
    """The number (n,) of the part in which each customer is."""
    return (ids.hashes % np.uint64(parts)).astype(np.uint16)  # numpy sorts 16 bits by counting


def split(table: Columns, parts: int) -> Iterator[tuple[int, Columns]]:
    """The rows of each part that has any; all rows have a customer."""
    who = table.coded("customer").compact()
    part = parts_of(who.vocab, parts)
    words = np.argsort(part, kind="stable")  # ids by part, ascending within each
    rank = np.empty(len(words), dtype=np.int32)
    rank[words] = np.arange(len(words), dtype=np.int32)
    of_row = part[who.codes]
    rows = np.argsort(of_row, kind="stable")
    starts = np.searchsorted(part[words], np.arange(parts + 1))
    edges = np.searchsorted(of_row[rows], np.arange(parts + 1))
    ordered = table.take(rows)
    codes = rank[who.codes][rows]
    for number in np.flatnonzero(np.diff(edges)).tolist():
        here = slice(int(edges[number]), int(edges[number + 1]))
        first, last = int(starts[number]), int(starts[number + 1])
        own = Coded(codes[here] - np.int32(first), who.vocab.take(words[first:last]))
        yield number, ordered.take(here).replace(customer=own).compact()


def gathered(logs: Iterable[EventLog], call: str, *, rows: int = ROWS) -> Iterator[EventLog]:
    """The logs without rows of nobody, small ones put together until they have some `rows`."""
    held: list[EventLog] = []
    count = 0
    for log in logs:
        events, facts = (_of_somebody(table) for table in (log.events, log.facts))
        held.append(EventLog(events, facts, log.currency))
        count += len(events) + len(facts)
        if count >= rows:
            yield _one(held, call)
            held, count = [], 0
    if held:
        yield _one(held, call)


@attrs.frozen
class Spill:
    """Files of rows in a folder, one for the events and one for the facts of each part."""

    folder: Path
    parts: int

    def add(self, log: EventLog) -> None:
        """Append the rows of a log, each to its part."""
        for kind, table in (("events", log.events), ("facts", log.facts)):
            for number, some in split(table, self.parts):
                with self._path(kind, number).open("ab") as file:
                    _write(filled(some), file)

    def __contains__(self, number: int) -> bool:
        return any(self._path(kind, number).exists() for kind in ("events", "facts"))

    def logs(self, number: int) -> list[EventLog]:
        """The rows of one part, as logs."""
        events, facts = (list(_read(self._path(k, number))) for k in ("events", "facts"))
        return [EventLog(table, no_facts()) for table in events] + [
            EventLog(no_events(), table) for table in facts
        ]

    def drop(self, number: int) -> None:
        """Forget the rows of one part."""
        for kind in ("events", "facts"):
            self._path(kind, number).unlink(missing_ok=True)

    def _path(self, kind: str, number: int) -> Path:
        return self.folder / f"{kind}-{number:05d}.arrows"


def _of_somebody(table: Columns) -> Columns:
    known = table.array("customer") >= 0
    return table if known.all() else table.take(np.flatnonzero(known)).compact()


def _one(logs: list[EventLog], call: str) -> EventLog:
    if len(logs) == 1:
        return logs[0]
    currency = None
    for log in logs:
        currency = same_currency(currency, log.currency, call)
    events, facts = (stacked([getattr(log, k) for log in logs]) for k in ("events", "facts"))
    return EventLog(events, facts, currency)


def _write(table: Columns, file: Any) -> None:
    constants = {n: _packed(c) for n, c in table.data.items() if _constant(c)}
    arrays = {n: _array(c) for n, c in table.data.items() if n not in constants}
    held = pa.table(arrays).replace_schema_metadata(constants)
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with pa.ipc.new_stream(file, held.schema, options=options) as stream:
        stream.write_table(held)


def _read(path: Path) -> Iterator[Columns]:
    if not path.exists():
        return
    with path.open("rb") as file:
        while file.peek(1):
            with pa.ipc.open_stream(file) as stream:
                held = stream.read_all()
            n = held.num_rows
            columns = {name: _column(held[name]) for name in held.column_names}
            constants = {
                name.decode(): _unpacked(text, n)
                for name, text in (held.schema.metadata or {}).items()
            }
            yield Columns({**columns, **constants})


def _constant(column: Column) -> bool:
    if isinstance(column, Coded):
        return not len(column.vocab)
    return is_same_in_all(column)


def _packed(column: Column) -> bytes:
    if isinstance(column, Coded):
        return b""
    return f"{column.dtype.str} {column[:1].tobytes().hex()}".encode()


def _unpacked(text: bytes, n: int) -> Column:
    if not text:
        return nothing(n)
    kind, value = text.decode().split()
    return same_in_all(np.frombuffer(bytes.fromhex(value), dtype=kind)[0], n)


def _array(column: Column) -> pa.Array:
    if isinstance(column, Coded):
        codes = np.ascontiguousarray(column.codes)
        return pa.DictionaryArray.from_arrays(pa.array(codes), column.vocab.text, safe=False)
    return pa.array(column)


def _column(held: pa.ChunkedArray) -> Column:
    one = held.chunk(0) if held.num_chunks == 1 else held.combine_chunks()
    if pa.types.is_dictionary(one.type):
        return Coded(one.indices.to_numpy(), Vocab(one.dictionary))
    array: Array = one.to_numpy(zero_copy_only=False)
    return array
