"""Frames and Parquet files as rows."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold import readers
from onefold.errors import FileError, OnefoldError
from onefold.readers.frames import frame_rows, is_frame, parquet_rows

ROWS: list[dict[str, Any]] = [
    {"a": 1, "b": "x", "c": [{"key": "k", "value": {"s": "v", "i": None}}], "d": {"e": [1, 2]}},
    {"a": None, "b": None, "c": [], "d": {"e": None}},
    {"a": 3, "b": "z", "c": None, "d": None},
    {"a": 4, "b": "", "c": [{"key": "l", "value": None}, None], "d": {"e": []}},
]


def test_is_frame() -> None:
    table = pa.Table.from_pylist(ROWS)
    frames = [table, table.to_pandas(), pl.DataFrame({"a": [1]}), pl.LazyFrame({"a": [1]})]
    assert all(map(is_frame, [*frames, duckdb.sql("select 1 as a")]))
    others: list[Any] = ["a", Path("a"), [1], (1,), {"a": 1}, iter([1]), b"a", 7, None]
    assert not any(map(is_frame, others))


def test_rows_of_nested_columns() -> None:
    table = pa.Table.from_pylist(ROWS)
    assert list(frame_rows(table, "it")) == ROWS == table.to_pylist()
    assert list(frame_rows(table.slice(1, 2), "it")) == ROWS[1:3]
    assert list(frame_rows(table.slice(0, 0), "it")) == []
    assert list(frame_rows(table, "it", {"b", "nowhere"})) == [{"b": r["b"]} for r in ROWS]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "n": st.none() | st.integers(-5, 5),
                "l": st.none() | st.lists(st.none() | st.text(max_size=2), max_size=3),
                "s": st.none() | st.fixed_dictionaries({"x": st.none() | st.floats(0, 1)}),
            }
        ),
        min_size=1,
    )
)
def test_any_rows(rows: list[dict[str, Any]]) -> None:
    kind = pa.schema(
        {"n": pa.int64(), "l": pa.list_(pa.string()), "s": pa.struct({"x": pa.float64()})}
    )
    table = pa.Table.from_pylist(rows, schema=kind)
    assert list(frame_rows(table, "it")) == rows


def test_pandas_with_lists_of_dictionaries() -> None:
    frame = pd.DataFrame({"c": [np.array([{"k": 1}], dtype=object), None], "n": [1, 2]})
    assert list(frame_rows(frame, "it")) == [{"c": [{"k": 1}], "n": 1}, {"c": None, "n": 2}]


def test_a_column_of_several_types() -> None:
    frame = pd.DataFrame({"c": [np.array([1]), "x", 3]}, dtype=object)
    assert [r["c"] for r in frame_rows(frame, "it")] == [[1], "x", 3]


def test_dictionary_and_time_columns() -> None:
    moment = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
    table = pa.table({"w": pa.array(["a", "b", "a"]).dictionary_encode(), "t": [moment] * 3})
    assert list(frame_rows(table, "it"))[2] == {"w": "a", "t": moment}


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    assert list(parquet_rows(path, "it")) == ROWS
    assert list(parquet_rows(path, "it", {"a"})) == [{"a": r["a"]} for r in ROWS]
    assert list(parquet_rows(path, "it", {"nowhere"})) == [{}] * 4


def test_broken_parquet(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1" + b"x" * 50)
    with pytest.raises(FileError, match=r"rows.parquet.*Parquet"):
        list(parquet_rows(path, "it"))


def test_the_same_of_a_file_and_of_frames(tmp_path: Path) -> None:
    lines = readers.example("ga4").read_text().splitlines()[:-1]
    rows = [json.loads(line) for line in lines]
    for row in rows:
        known = row["event_timestamp"] != "soon"
        row["event_timestamp"] = int(row["event_timestamp"]) if known else None
    names = dict.fromkeys(name for row in rows for name in row)
    rows = [{name: row.get(name) for name in names} for row in rows]
    expected = readers.ga4(rows)
    table = pa.Table.from_pylist(rows)
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path)
    for source in (table, table.to_pandas(), pl.from_arrow(table), path, str(path), [path]):
        read = readers.ga4(source)
        assert len(read) == len(rows) and read.reasons == expected.reasons
        pd.testing.assert_frame_equal(read.log.to_pandas(), expected.log.to_pandas())


def test_a_query_that_fails() -> None:
    with pytest.raises(OnefoldError, match="query"):
        readers.ga4(pl.LazyFrame({"a": [1]}).select("b"))
