"""Frames and Parquet files as rows: one dictionary a row, nested as their columns are.

A nested column is taken apart as a whole, its lists and fields column by column, and put
together row by row at the end, which takes a fraction of the time of asking for each cell:

    lists of {key, value}  ->  all keys, all values, the lengths of the lists  ->  rows
"""

from collections.abc import Collection, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onefold.errors import FileError
from onefold.events import door
from onefold.readers.values import absent

AT_ONCE = 20_000  # rows as dictionaries at a time


def is_frame(source: Any) -> bool:
    """Whether this is a frame of any make that narwhals knows."""
    if isinstance(source, (str, bytes, list, tuple, dict, set, Path)):
        return False
    import narwhals as nw

    return isinstance(nw.from_native(source, pass_through=True), (nw.DataFrame, nw.LazyFrame))


def frame_rows(source: Any, call: str, columns: Collection[str] | None = None) -> Iterator[Any]:
    """The rows of a frame, with the columns that are wanted."""
    opened = door.opened(source, call)
    frame = opened.frame
    if columns is not None:
        frame = frame.select([name for name in opened.names if name in columns])
    try:
        table = frame.to_arrow()
    except (pa.ArrowException, UnicodeEncodeError, TypeError, ValueError):  # mixed types
        for row in frame.iter_rows(named=True):
            yield known({name: _listed(held) for name, held in row.items()})
        return
    for batch in table.to_batches(max_chunksize=AT_ONCE):
        yield from _rows(batch)


def parquet_rows(path: Path, call: str, columns: Collection[str] | None = None) -> Iterator[Any]:
    """The rows of a Parquet file, with the columns that are wanted."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            kept = [n for n in names if columns is None or n in columns]
            for batch in file.iter_batches(batch_size=AT_ONCE, columns=kept):
                yield from _rows(batch)
    except (pa.ArrowException, OSError) as error:
        first = str(error).strip().split("\n")[0].rstrip(".")
        raise FileError(f"{call}: {path.name!r} can't be read as Parquet: {first}.") from error


def known(row: dict[Any, Any]) -> dict[Any, Any]:
    """A row without what stands for missing values: NaN, NaT and the like become None."""
    if any(held is not None and absent(held) for held in row.values()):
        return {name: None if absent(held) else held for name, held in row.items()}
    return row


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    if not batch.num_columns:
        return [{} for _ in range(batch.num_rows)]
    names = batch.schema.names
    return [
        dict(zip(names, held, strict=True))
        for held in zip(*(_plain(column) for column in batch.columns), strict=True)
    ]


def _plain(array: pa.Array) -> list[Any]:
    """The values of a column as Python's own."""
    kind = array.type
    if pa.types.is_struct(kind) and kind.num_fields:
        names = [kind.field(i).name for i in range(kind.num_fields)]
        rows: list[Any] = [
            dict(zip(names, held, strict=True))
            for held in zip(*(_plain(child) for child in array.flatten()), strict=True)
        ]
        return _without(rows, array)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        flat = _plain(array.flatten())
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_pylist()
        ends = list(accumulate(lengths))
        rows = [flat[end - n : end] for end, n in zip(ends, lengths, strict=True)]
        return _without(rows, array)
    if pa.types.is_dictionary(kind):
        return _plain(array.dictionary_decode())
    plain: list[Any] = array.to_pylist()
    return plain


def _without(rows: list[Any], array: pa.Array) -> list[Any]:
    if array.null_count:
        for at in np.flatnonzero(pc.is_null(array).to_numpy(zero_copy_only=False)).tolist():
            rows[at] = None
    return rows


def _listed(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value
