"""Tables as files that others can read too."""

import hashlib
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold._columns import Coded
from onefold.events import EventLog
from onefold.profiles.parts import parquet
from tests.profiles.parts.some import event
from tests.strategies import Raw, raws


def test_amounts_are_exact(tmp_path: Path) -> None:
    most = (2**63 - 1) // 10**6
    log = EventLog.from_frame(
        pd.DataFrame(
            {
                "who": ["a", "b", "c", "d"],
                "at": pd.to_datetime(["2024-01-01"] * 4),
                "paid": [most, -most, 0, None],
            },
        ).astype({"paid": "Int64"}),
        customer="who", time="at", event="buy", value="paid", tz="UTC",
    )  # fmt: skip
    made = of.Partitions.fold(log, tmp_path / "parts", parts=2)
    assert made.profiles() == of.fold(log)
    duckdb = pytest.importorskip("duckdb")
    files = tmp_path / "parts" / "events-*.parquet"
    found = duckdb.sql(f"select customer, value from '{files}' order by customer").fetchall()
    assert [str(value) for _, value in found] == [
        f"{most}.000000", f"-{most}.000000", "0.000000", "None"
    ]  # fmt: skip


def test_a_property_may_be_called_as_a_column_of_the_file(tmp_path: Path) -> None:
    names = [
        "event_key",
        "utc_offset_seconds",
        "property:event_key",
        "a.b",
        "é",
        "property:",
        "Item",
    ]
    row = event("ann", properties={name: name for name in names}, id="1")
    log = EventLog.from_events([row, event("bob")])
    made = of.Partitions.fold(log, tmp_path / "parts", parts=2)
    assert made.profiles() == of.fold(log)
    assert set(names) <= set(made["ann"].events().columns)


def test_other_programs_read_the_files(tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    log = of.datasets.simulate(30, days=40, rng=1).log
    of.Partitions.fold(log, tmp_path / "parts", parts=3)
    found = pl.read_parquet(tmp_path / "parts" / "events-*.parquet")
    assert len(found) == len(log)
    assert found.schema["value"] == pl.Decimal(19, 6)
    assert found.schema["time"] == pl.Datetime("us", "UTC")
    assert found.schema["customer"] == found.schema["event"] == pl.String
    frame = log.to_pandas()
    assert found["customer"].n_unique() == frame["customer"].nunique()
    assert float(found["value"].sum()) == pytest.approx(frame["value"].sum())


@settings(max_examples=20)
@given(raws(nobody=False), st.integers(1, 5))
def test_a_table_is_read_as_it_was_written(raw: Raw, group: int) -> None:
    log = raw.log()
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patched:
        patched.setattr(parquet, "GROUP", group)
        for kind in ("events", "facts"):
            table, path = getattr(log, kind), Path(name) / kind
            checksum = parquet.write(table, path)
            like = table.take(slice(0, 0)).compact()
            found = parquet.read(path, like, rows=len(table), checksum=checksum)
            assert found.equals(table)
            for column, held in table.data.items():
                assert found.array(column).dtype == table.array(column).dtype
                if isinstance(held, Coded):
                    assert found.coded(column).vocab == held.compact().vocab
            assert (parquet.times(path) == table.array("time")).all()
            if len(table) > group:
                assert pq.ParquetFile(path).metadata.num_row_groups > 1


def test_words_in_any_order_are_read(tmp_path: Path) -> None:
    log = EventLog.from_events([event(who, item=who) for who in ("b", "a", "é", "c")])
    path = tmp_path / "events.parquet"
    parquet.write(log.events, path)
    pq.write_table(pq.read_table(path), path, store_schema=False)  # words as they come
    checksum = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    found = parquet.read(path, log.events.take(slice(0, 0)), rows=4, checksum=checksum)
    assert found.equals(log.events)
    assert list(found.coded("item").vocab) == ["a", "b", "c", "é"]
