"""Batches: a source too large to be held, some rows at a time.

Parquet files are read by their row groups, only the columns that are asked for; frames that an
iterator gives are cut where they are larger. Each piece becomes a log on a thread of its own:

    Parquet, frames  ->  pieces of at most `rows`  ->  logs, in their order
"""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from onefold._check import is_several, shown
from onefold._threads import mapped
from onefold.errors import ArgumentError
from onefold.events.identifiers import asked

FEW = ("event", "item", "channel", "currency", "source", "zone")  # columns of few distinct strings


def pieces(
    source: Any,
    rows: int,
    columns: Mapping[str, Any],
    *,
    call: str,
    look: Callable[[Any], object],
    threads: int = 1,
) -> Iterator[Callable[[], Any]]:
    """What reads each piece of a source; `look` is shown all columns of a file, without rows."""
    named = _named(columns, call)
    if isinstance(source, (str, Path)):
        source = [source]
    if not is_several(source) or hasattr(source, "columns"):
        raise ArgumentError(
            f"{call}: source is a {type(source).__name__}; it takes the path of a Parquet file, "
            "several paths, or an iterator of frames. One frame goes to EventLog.from_frame."
        )
    for part in source:
        if isinstance(part, (str, Path)):
            yield from _of_file(part, rows, columns, named, call=call, look=look, threads=threads)
        else:
            yield from _of_frame(part, rows, call)


def paths(source: str | Path, call: str) -> list[Path]:
    """The files that a path, a pattern with `*`, or a folder stands for, sorted."""
    path, found = Path(source), list[Path]()
    with contextlib.suppress(OSError, ValueError):  # no file has so long a name, or such a one
        if path.is_dir():
            found = sorted(path.rglob("*.parquet"))
        elif "*" in path.name:
            found = sorted(path.parent.glob(path.name))
        else:
            found = [path] if path.is_file() else []
    if not found:
        raise ArgumentError(
            f"{call}: source is {shown(str(source))}, where there is no Parquet file. Give the "
            "path of a file, of a folder with files, or a pattern such as 'events/*.parquet'."
        )
    return found


def _of_file(
    source: str | Path,
    rows: int,
    columns: Mapping[str, Any],
    named: set[str],
    *,
    call: str,
    look: Callable[[Any], object],
    threads: int,
) -> Iterator[Callable[[], Any]]:
    for path in paths(source, call):
        with _reading(path, call), pq.ParquetFile(path) as file:
            schema, sizes = file.schema_arrow, _sizes(file)
        look(schema.empty_table())
        wanted, words = _wanted(schema, columns, named)
        if max(sizes, default=0) > 4 * rows:  # too large to be held: one after another
            yield from _slowly(path, rows, wanted, words, call)
            continue
        jobs = list(_grouped(sizes, rows))
        for groups in jobs:
            if len(jobs) >= threads:
                yield _group(path, groups, wanted, words, call)
            else:
                yield from _shared(path, groups, wanted, words, call, threads)


def _sizes(file: Any) -> list[int]:
    return [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]


def _named(columns: Mapping[str, Any], call: str) -> set[str]:
    """The names of columns, and the constants among them."""
    named: set[str] = set()
    for argument, value in columns.items():
        held = [] if value is None else [value]
        if argument == "properties":
            if not is_several(value):
                raise ArgumentError(
                    f"{call}: properties is {shown(value)}; it takes a list of columns."
                )
            held = list(value.values() if isinstance(value, Mapping) else value)
        if argument == "identifiers":
            held = list(asked(value, None, call).values()) if value is not None else []
        wrong = [name for name in held if not isinstance(name, str)]
        if wrong:
            raise ArgumentError(
                f"{call}: {argument}= is {shown(value)}; it takes text, such as the name of a "
                "column."
            )
        named.update(held)
    return named


def _wanted(
    schema: Any, columns: Mapping[str, Any], named: set[str]
) -> tuple[list[str], list[str]]:
    """The columns of a file that are named, and which of them hold few distinct strings."""
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


def _group(
    path: Path, groups: list[int], wanted: list[str], words: list[str], call: str
) -> Callable[[], Any]:
    """What reads some row groups."""

    def job() -> Any:
        with (
            _reading(path, call),
            pq.ParquetFile(path, read_dictionary=words, memory_map=True) as file,
        ):
            return file.read_row_groups(groups, columns=wanted, use_threads=False)

    return job


def _shared(
    path: Path, groups: list[int], wanted: list[str], words: list[str], call: str, threads: int
) -> Iterator[Callable[[], Any]]:
    """Row groups of a file of few: each thread reads some columns, then takes a share of rows."""

    def one(name: str) -> Any:
        return _group(path, groups, [name], words, call)()

    columns = list(mapped(one, wanted, threads))
    table = pa.table({name: c[name] for name, c in zip(wanted, columns, strict=True)})
    bounds = [len(table) * k // threads for k in range(threads + 1)]
    for start, stop in itertools.pairwise(bounds):
        yield functools.partial(table.slice, start, stop - start)


def _slowly(
    path: Path, rows: int, wanted: list[str], words: list[str], call: str
) -> Iterator[Callable[[], Any]]:
    with contextlib.ExitStack() as kept:
        with _reading(path, call):
            file = kept.enter_context(pq.ParquetFile(path, read_dictionary=words))
            batches = file.iter_batches(rows, columns=wanted, use_threads=False)
        while True:
            with _reading(path, call):
                batch = next(batches, None)
            if batch is None:
                return
            yield functools.partial(pa.Table.from_batches, [batch])


@contextlib.contextmanager
def _reading(path: Path, call: str) -> Iterator[None]:
    """What Arrow says of a damaged file, as an error that names it."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise ArgumentError(
            f"{call}: source {str(path)!r} can't be read as Parquet: {error}. Write the file anew, "
            "or leave it out."
        ) from error


def _of_frame(frame: Any, rows: int, call: str) -> Iterator[Callable[[], Any]]:
    try:
        held = nw.from_native(frame, eager_only=True)
    except TypeError:
        yield lambda: frame  # what the door makes of it: a query, or an error
        return
    for start in range(0, max(len(held), 1), rows):
        yield held[start : start + rows].to_native
