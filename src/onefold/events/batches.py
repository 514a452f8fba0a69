"""Batches: a source too large to be held, some rows at a time.

Parquet files are read by their row groups, only the columns that are asked for; frames that an
iterator gives are cut where they are larger. Each piece becomes a log on a thread of its own:

    Parquet, frames  ->  pieces of at most `rows`  ->  logs, in their order
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from onefold.errors import ArgumentError

FEW = ("event", "item", "channel", "currency", "source", "zone")  # columns of few distinct strings


def pieces(
    source: Any,
    rows: int,
    columns: Mapping[str, Any],
    *,
    call: str,
    look: Callable[[Any], object],
) -> Iterator[Callable[[], Any]]:
    """What reads each piece of a source; `look` is shown all columns of a file, without rows."""
    if isinstance(source, (str, Path)):
        source = [source]
    if not isinstance(source, Iterable) or hasattr(source, "columns"):
        raise ArgumentError(
            f"{call}: source is a {type(source).__name__}; it takes the path of a Parquet file, "
            "several paths, or an iterator of frames. One frame goes to EventLog.from_frame."
        )
    for part in source:
        if isinstance(part, (str, Path)):
            yield from _of_file(part, rows, columns, call, look)
        else:
            yield from _of_frame(part, rows, call)


def paths(source: str | Path, call: str) -> list[Path]:
    """The files that a path, a pattern with `*`, or a folder stands for, sorted."""
    path = Path(source)
    if path.is_dir():
        found = sorted(path.rglob("*.parquet"))
    elif "*" in path.name:
        found = sorted(path.parent.glob(path.name))
    else:
        found = [path] if path.is_file() else []
    if not found:
        raise ArgumentError(
            f"{call}: source is {str(source)!r}, where there is no Parquet file. Give the path of "
            "a file, of a folder with files, or a pattern such as 'events/*.parquet'."
        )
    return found


def _of_file(
    source: str | Path,
    rows: int,
    columns: Mapping[str, Any],
    call: str,
    look: Callable[[Any], object],
) -> Iterator[Callable[[], Any]]:
    for path in paths(source, call):
        try:
            with pq.ParquetFile(path) as file:
                schema, sizes = file.schema_arrow, _sizes(file)
        except (pa.ArrowInvalid, OSError) as error:
            raise ArgumentError(
                f"{call}: source {str(path)!r} can't be read as Parquet: {error}."
            ) from error
        look(schema.empty_table())
        wanted, words = _wanted(schema, columns)
        if max(sizes, default=0) > 4 * rows:  # too large to be held: one after another
            yield from _slowly(path, rows, wanted, words)
            continue
        for groups in _grouped(sizes, rows):
            yield _group(path, groups, wanted, words)


def _sizes(file: Any) -> list[int]:
    return [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]


def _wanted(schema: Any, columns: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The columns of a file that are named, and which of them hold few distinct strings."""
    named: set[str] = set()
    for value in columns.values():
        held = value.values() if isinstance(value, Mapping) else value
        named |= {value} if isinstance(value, str) else set(held or ())
    few = {columns.get(argument) for argument in FEW}
    wanted = [name for name in schema.names if name in named]
    words = [
        name
        for name in wanted
        if name in few and (pa.types.is_string(t := schema.field(name).type) or t == "large_string")
    ]
    return wanted or schema.names, words


def _grouped(sizes: list[int], rows: int) -> Iterator[list[int]]:
    """Numbers of row groups that make some `rows` together."""
    held: list[int] = []
    for number, size in enumerate(sizes):
        if held and sum(sizes[i] for i in held) + size > rows:
            yield held
            held = []
        held.append(number)
    if held:
        yield held


def _group(path: Path, groups: list[int], wanted: list[str], words: list[str]) -> Callable[[], Any]:
    def job() -> Any:
        with pq.ParquetFile(path, read_dictionary=words, memory_map=True) as file:
            return file.read_row_groups(groups, columns=wanted, use_threads=False)

    return job


def _slowly(
    path: Path, rows: int, wanted: list[str], words: list[str]
) -> Iterator[Callable[[], Any]]:
    with pq.ParquetFile(path, read_dictionary=words) as file:
        for batch in file.iter_batches(rows, columns=wanted, use_threads=False):
            yield functools.partial(pa.Table.from_batches, [batch])


def _of_frame(frame: Any, rows: int, call: str) -> Iterator[Callable[[], Any]]:
    try:
        held = nw.from_native(frame, eager_only=True)
    except TypeError:
        yield lambda: frame  # what the door makes of it: a query, or an error
        return
    for start in range(0, max(len(held), 1), rows):
        yield held[start : start + rows].to_native
