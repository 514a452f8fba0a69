"""Parquet: a table of events or facts as a file that others can read too.

Each column has the type that its meaning asks for, and null where nothing is known:

    kind -> event: string        value -> value: decimal128(19, 6)        time -> timestamp[us, UTC]

A file is read with suspicion: its checksum and its columns are compared with what they should
be, and only then do its rows become numpy columns again.
"""

import hashlib
import os
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from onefold import _text
from onefold._columns import Coded, Column, Columns, frozen, missing, same_in_all, stacked
from onefold._types import NO_MONEY, NO_OFFSET, Array, Ints, Times
from onefold._vocab import Vocab, ranked
from onefold.errors import FileError
from onefold.events.identifiers import IDENTIFIER
from onefold.events.tables import KEY, PROPERTY, RECEIVED, no_money, nothing, whose

GROUP = 1 << 20  # rows of a row group
WORDS = 1 << 28  # bytes of the strings of a row group that are written once each
INSTANT = pa.timestamp("us", tz="UTC")
MONEY = pa.decimal128(19, 6)  # every amount in micros fits
HAS_ID = "has_id"  # written as a key that is not null
_MISSING: dict[str, Any] = {"f": np.nan, "M": np.iinfo(np.int64).min, "i": NO_OFFSET, "u": 0}

EVENTS = {
    "customer": "customer",
    "time": "time",
    "kind": "event",
    "item": "item",
    "channel": "channel",
    "value": "value",
    "quantity": "quantity",
    "basket": "basket",
    "local": "utc_offset_seconds",
    RECEIVED: "received",
    KEY: "event_key",
}
FACTS = {
    "customer": "customer",
    "time": "time",
    "name": "name",
    "text": "text",
    "number": "number",
    RECEIVED: "received",
    KEY: "fact_key",
}


def schema_of(like: Columns) -> pa.Schema:
    """The columns of a file, in their order, that holds such a table."""
    return pa.schema([pa.field(name, _type(c, like.data[c])) for c, name in _names(like).items()])


def write(table: Columns, path: Path) -> str:
    """Write a table to a new file; returns its checksum."""
    schema = schema_of(table)
    words = [field.name for field in schema if pa.types.is_string(field.type)]
    coded = pa.dictionary(pa.int32(), pa.large_string())
    held = pa.schema([f.with_type(coded) if f.name in words else f for f in schema])
    with path.open("x+b") as file:
        with pq.ParquetWriter(
            file,
            held,
            compression="zstd",
            use_dictionary=[*words, *({"value"} & set(schema.names))],
            dictionary_pagesize_limit=WORDS,
            store_schema=False,  # to others strings are strings, however they are written
        ) as writer:
            for start in range(0, len(table), GROUP):
                some = table.take(slice(start, start + GROUP)).compact()
                writer.write_table(pa.table(_arrays(some), schema=held), row_group_size=GROUP)
        file.flush()
        os.fsync(file.fileno())
        return _checksum(file)


def read(path: Path, like: Columns, *, rows: int, checksum: str) -> Columns:
    """The table of a file, if it has this checksum, the columns of `like`, and so many rows."""
    schema = schema_of(like)
    words = [field.name for field in schema if pa.types.is_string(field.type)]
    with path.open("rb") as source:
        if _checksum(source) != checksum:
            raise FileError("its checksum is not that of the manifest")
        told = pq.read_metadata(source)
        if (there := told.schema.to_arrow_schema()) != schema:
            raise FileError(f"its columns are {shown(there)}, and not {shown(schema)}")
        if told.num_rows != rows:
            raise FileError(f"it has {told.num_rows:,} rows, and not {rows:,}")
        with pq.ParquetFile(source, metadata=told, read_dictionary=words) as file:
            groups = (file.read_row_group(i) for i in range(told.num_row_groups))
            return stacked([like, *(_columns(group, like) for group in groups)])


def times(path: Path) -> Times:
    """The instants (n,) of a file of events or of facts."""
    with pq.ParquetFile(path) as file:
        held = file.read(columns=["time"])["time"].combine_chunks()
        ticks: Ints = held.cast(pa.int64()).to_numpy()
        return ticks.view("datetime64[us]")


def shown(schema: pa.Schema) -> dict[str, str]:
    """The names and types of the columns."""
    return {field.name: str(field.type) for field in schema}


def decimals(micros: Ints) -> pa.Array:
    """Amounts (n,) as decimals, null where missing."""
    gone = micros == NO_MONEY
    words = np.empty((len(micros), 2), dtype=np.int64)
    words[:, 0] = np.where(gone, 0, micros)
    words[:, 1] = words[:, 0] >> 63  # the sign
    known = pa.array(~gone).buffers()[1] if gone.any() else None
    return pa.Array.from_buffers(MONEY, len(micros), [known, pa.py_buffer(words)])


def _checksum(file: BufferedIOBase) -> str:
    file.seek(0)
    digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    file.seek(0)
    return digest


def _names(like: Columns) -> dict[str, str]:
    """The name in the file of each column, in their order there."""
    known = EVENTS if "kind" in like else FACTS
    out = {column: name for column, name in known.items() if column in like}
    out |= {column: column for column in sorted(whose(like))}
    taken = {*known.values(), *whose(like)}
    for column in like.data:
        if column.startswith(PROPERTY):
            name = column.removeprefix(PROPERTY)
            free = name not in taken and not name.startswith((PROPERTY, IDENTIFIER))
            out[column] = name if free else column
    return out


def _type(name: str, column: Column) -> pa.DataType:
    if isinstance(column, Coded):
        return pa.string()
    if column.dtype.kind == "M":
        return INSTANT
    return MONEY if name == "value" else pa.from_numpy_dtype(column.dtype)


def _arrays(table: Columns) -> list[pa.Array]:
    arrays = []
    for name in _names(table):
        column = table.data[name]
        if isinstance(column, Coded):
            codes = pa.array(column.codes, mask=_mask(column))
            arrays.append(pa.DictionaryArray.from_arrays(codes, column.vocab.text))
        elif name == "value":
            arrays.append(decimals(column))
        elif name == KEY and HAS_ID in table:
            arrays.append(pa.array(column, mask=~table.array(HAS_ID)))
        elif column.dtype.kind == "M":
            arrays.append(pa.array(column, mask=_mask(column)).cast(INSTANT))
        else:
            arrays.append(pa.array(column, mask=_mask(column)))
    return arrays


def _mask(column: Column) -> Array | None:
    gone = missing(column)
    return gone if gone.any() else None


def _columns(table: pa.Table, like: Columns) -> Columns:
    table.validate(full=True)  # codes within bounds, text in UTF-8
    out: dict[str, Column] = {}
    for name, there in _names(like).items():
        whole = table[there]
        held = whole.chunk(0) if whole.num_chunks == 1 else whole.combine_chunks()
        out[name] = _column(held, like.data[name])
        if name == KEY and HAS_ID in like:
            out[HAS_ID] = _flags(pc.is_valid(held))
    return Columns(out)


def _column(held: pa.Array, like: Column) -> Column:
    n = len(held)
    if isinstance(like, Coded):
        return nothing(n) if held.null_count == n else _coded(held)
    if pa.types.is_decimal(held.type):
        return no_money(n) if held.null_count == n else _micros(held)
    whole = held.cast(pa.int64()) if pa.types.is_timestamp(held.type) else held
    gone = pa.scalar(_MISSING[like.dtype.kind], whole.type)
    if held.null_count == n:
        return same_in_all(np.array(gone.as_py()).astype(like.dtype), n)
    full = pc.fill_null(whole, gone) if held.null_count else whole
    return frozen(full.to_numpy(zero_copy_only=False).view(like.dtype))


def _flags(known: pa.Array) -> Array:
    """A mask (n,), for which no memory is spent where it is the same in all rows."""
    mask = known.to_numpy(zero_copy_only=False)
    alike = len(mask) and (mask == mask[0]).all()
    return same_in_all(mask[0], len(mask)) if alike else frozen(mask)


def _coded(held: pa.DictionaryArray) -> Coded:
    codes = pc.fill_null(held.indices, -1) if held.null_count else held.indices
    own: Array = codes.to_numpy(zero_copy_only=False)
    words = held.dictionary
    if pc.all(pc.less(words[:-1], words[1:])).as_py() is not False and not words.null_count:
        return Coded(frozen(own), Vocab(words)).compact()
    first, distinct = _text.encode(words)  # another program wrote it
    vocab, rank = ranked(distinct)
    return Coded(np.append(rank[first], np.int32(-1))[own], vocab).compact()


def _micros(held: pa.Array) -> Ints:
    """Amounts (n,) as whole numbers of micros."""
    words = np.frombuffer(held.buffers()[1], dtype="<i8").reshape(-1, 2)
    words = words[held.offset : held.offset + len(held)]
    gone = pc.is_null(held).to_numpy(zero_copy_only=False)
    low, high = np.where(gone, 0, words[:, 0]), np.where(gone, 0, words[:, 1])
    if (high != low >> 63).any() or (low == NO_MONEY).any():
        raise FileError("it holds an amount that is too large")
    low[gone] = NO_MONEY
    return frozen(low)
