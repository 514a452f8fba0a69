"""Batches: together they are the whole, whatever the files, the row groups and the frames."""

import functools
import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import onefold as of
from onefold.errors import ArgumentError, ColumnError
from onefold.events import EventLog
from onefold.events.batches import pieces

N = 100
COLUMNS: dict[str, Any] = {
    "customer": "who",
    "time": "at",
    "event": "what",
    "item": "sku",
    "channel": "web",  # a constant
    "value": "paid",
    "currency": "EUR",
    "id": "nr",
    "properties": {"shade": "colour"},
}


def made(n: int = N) -> pa.Table:
    """Events in no order, of few customers, with columns that nobody asks for."""
    generator = np.random.default_rng(n)
    colour = generator.choice(["red", "blue", None], n).tolist()
    return pa.table(
        {
            "unasked": pa.array([{"deep": [k]} for k in range(n)]),
            "who": pa.array([f"customer {k}" for k in generator.integers(0, 9, n)]),
            "at": pa.array(
                np.datetime64("2024-01-01", "us") + generator.integers(0, 10**12, n),
                type=pa.timestamp("us", tz="UTC"),
            ),
            "what": pa.array(generator.choice(["view", "buy"], n).tolist(), type=pa.large_string()),
            "sku": pa.array(generator.integers(0, 30, n)),
            "paid": pa.array(np.round(generator.random(n), 2)),
            "nr": pa.array([f"{k % 95}" for k in range(n)]),
            "colour": pa.array(colour, type=pa.string()),
        }
    )


def whole(table: pa.Table) -> EventLog:
    return EventLog.from_frame(table.drop_columns("unasked"), **COLUMNS)


def put_together(logs: Iterator[EventLog]) -> EventLog:
    return functools.reduce(operator.add, logs)


@pytest.fixture
def table() -> pa.Table:
    return made()


@pytest.mark.parametrize("group", [1, 7, 30, N])
@pytest.mark.parametrize("rows", [1, 10, 64, 1000])
def test_row_groups_of_any_size(table: pa.Table, tmp_path: Path, group: int, rows: int) -> None:
    pq.write_table(table, tmp_path / "events.parquet", row_group_size=group)
    logs = list(EventLog.batches(tmp_path / "events.parquet", rows=rows, **COLUMNS))
    most = group if rows < group <= 4 * rows else rows  # a group is read at once, unless it is huge
    assert max(map(len, logs)) <= most
    assert put_together(iter(logs)) == whole(table)
    assert of.fold(logs) == of.fold(whole(table))


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_change_nothing(table: pa.Table, tmp_path: Path, threads: int) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(table, path, row_group_size=10)
    logs = list(EventLog.batches(str(path), rows=20, threads=threads, **COLUMNS))
    assert [len(log) for log in logs] == [20] * 5
    assert put_together(iter(logs)) == whole(table)
    again = EventLog.batches(str(path), rows=3, threads=threads, **COLUMNS)
    assert of.fold(again, threads=threads) == of.fold(whole(table))


def test_files_folders_and_patterns(table: pa.Table, tmp_path: Path) -> None:
    for k, name in enumerate(("a/2.parquet", "a/1.parquet", "b/c/3.parquet", "b/c/note.txt")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("parquet"):
            pq.write_table(table.slice(30 * k, 30), tmp_path / name)
        else:
            (tmp_path / name).write_text("not a table")
    first, second, third = (whole(table.slice(30 * k, 30)) for k in (1, 0, 2))

    def of_source(source: Any) -> EventLog:
        return put_together(EventLog.batches(source, **COLUMNS))

    assert of_source(tmp_path) == of_source(str(tmp_path)) == first + second + third
    assert of_source(tmp_path / "a" / "*.parquet") == first + second
    assert of_source(str(tmp_path / "a" / "1*")) == first
    assert of_source([tmp_path / "b", str(tmp_path / "a" / "2.parquet")]) == third + second
    assert of_source([table.slice(60, 30), tmp_path / "a"]) == third + first + second


def test_files_may_differ_in_what_nobody_asks_for(table: pa.Table, tmp_path: Path) -> None:
    turned = table.select(sorted(table.column_names, reverse=True)).drop_columns("unasked")
    pq.write_table(table.slice(0, 50), tmp_path / "1.parquet", use_dictionary=False)
    pq.write_table(turned.slice(50), tmp_path / "2.parquet", compression="zstd")
    assert put_together(EventLog.batches(tmp_path, rows=9, **COLUMNS)) == whole(table)


def test_names_with_dots_and_accents(table: pa.Table, tmp_path: Path) -> None:
    named = table.rename_columns(["x", "who.id", "ät", "what is", "sku", "paid", "nr", "colour"])
    pq.write_table(named, tmp_path / "events.parquet")
    columns = COLUMNS | {"customer": "who.id", "time": "ät", "event": "what is"}
    assert put_together(EventLog.batches(tmp_path, **columns)) == whole(table)


def frames(table: pa.Table) -> dict[str, Any]:
    bare = table.drop_columns("unasked")
    return {
        "pandas": bare.to_pandas(),
        "polars": pl.from_arrow(bare),
        "arrow": bare,
        "lazy": pl.from_arrow(bare).lazy(),
        "duckdb": duckdb.sql("select * from bare"),
    }


@pytest.mark.parametrize("make", ["pandas", "polars", "arrow", "lazy", "duckdb"])
@pytest.mark.parametrize("rows", [7, N, 1000])
def test_iterators_of_frames(table: pa.Table, make: str, rows: int) -> None:
    parts = (table.slice(k, 34) for k in range(0, N, 34))
    source = (frames(part)[make] for part in parts)
    logs = list(EventLog.batches(source, rows=rows, **COLUMNS))
    if make not in ("lazy", "duckdb"):  # a query is read at once
        assert max(map(len, logs)) <= rows
    assert put_together(iter(logs)) == whole(table)


def test_frames_of_all_makes_and_of_no_rows(table: pa.Table) -> None:
    source = [frame for k in range(5) for frame in [list(frames(table[20 * k :][:20]).values())[k]]]
    source.insert(2, table.slice(0, 0))
    assert put_together(EventLog.batches(source, rows=6, threads=2, **COLUMNS)) == whole(table)
    nothing = list(EventLog.batches([table.slice(0, 0)], **COLUMNS))
    assert [len(log) for log in nothing] == [0]


def test_files_of_no_rows(table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table.slice(0, 0), tmp_path / "0.parquet")
    assert sum(map(len, EventLog.batches(tmp_path, **COLUMNS))) == 0
    assert len(of.fold(EventLog.batches(tmp_path, **COLUMNS), as_of="2024-01-01")) == 0
    assert list(EventLog.batches([], **COLUMNS)) == []


def test_nothing_is_read_before_it_is_asked_for(table: pa.Table) -> None:
    taken: list[int] = []

    def source() -> Iterator[pa.Table]:
        for k in range(0, N, 10):
            taken.append(k)
            yield table.slice(k, 10)

    logs = EventLog.batches(source(), threads=2, **COLUMNS)
    assert taken == []
    next(logs)
    assert len(taken) <= 3


def test_only_the_columns_that_are_named_are_read(table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "1.parquet", row_group_size=10)
    looked: list[list[str]] = []

    def seen(frame: pa.Table) -> None:
        assert len(frame) == 0
        looked.append(frame.column_names)

    for rows in (2, 10, N):
        for job in pieces(tmp_path, rows, COLUMNS, call="call", look=seen):
            assert set(job().column_names) == {"who", "at", "what", "sku", "paid", "nr", "colour"}
    listed = COLUMNS | {"properties": ["colour", "sku"]}
    jobs = pieces(tmp_path, N, listed, call="call", look=seen)
    assert "unasked" not in {name for job in jobs for name in job().column_names}
    assert looked == [table.column_names] * 4


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_not_allowed_is_said_where_it_comes(table: pa.Table, threads: int) -> None:
    bad = table.set_column(1, "who", pa.array(np.arange(N) / 2))
    logs = EventLog.batches([table, bad, table], threads=threads, **COLUMNS)
    assert next(logs) == whole(table)
    with pytest.raises(ColumnError, match="'who'"):
        next(logs)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (5, "source is a int"),
        (None, "source is a NoneType"),
        (pd.DataFrame({"who": ["a"]}), "EventLog.from_frame"),
        (made(2), "EventLog.from_frame"),
        (pl.DataFrame({"who": ["a"]}), "EventLog.from_frame"),
        ("no such file.parquet", "there is no Parquet file"),
        ("no such folder/*.parquet", "there is no Parquet file"),
        ([5], "frame is a int"),
        ([{"who": "a"}], "frame is a dict"),
    ],
)
def test_sources_that_are_refused(source: Any, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        list(EventLog.batches(source, **COLUMNS))


def test_a_file_that_is_not_parquet(tmp_path: Path) -> None:
    (tmp_path / "events.parquet").write_text("who,at\n")
    with pytest.raises(ArgumentError, match="can't be read as Parquet"):
        list(EventLog.batches(tmp_path, **COLUMNS))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArgumentError, match="there is no Parquet file"):
        list(EventLog.batches(tmp_path / "empty", **COLUMNS))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": 0}, "rows"),
        ({"rows": 2.5}, "rows"),
        ({"threads": 0}, "threads"),
        ({"colour": "x"}, "colour"),
        ({"frame": "x"}, "frame"),
    ],
)
def test_arguments_are_checked_at_once(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        EventLog.batches([made(2)], **COLUMNS | change)
    with pytest.raises(ArgumentError, match="customer= or identifiers=, time= and event="):
        EventLog.batches([made(2)], customer="who", time="at")
