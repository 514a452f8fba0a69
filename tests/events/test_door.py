"""The door: frames of every make, money, instants and ids, and what is refused there."""

import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold._types import NO_MONEY
from onefold.errors import ArgumentError, ColumnError, OnefoldError
from onefold.events import EventLog
from onefold.events.tables import BUILT_IN

RAW: dict[str, list[Any]] = {
    "who": ["ann", "bob", None, "", "ann"],
    "at": [dt.datetime(2024, 3, day, 9, tzinfo=dt.UTC) for day in (5, 1, 2, 3, 4)],
    "what": ["buy", "view", "buy", "buy", "view"],
    "sku": [7, 10, None, 9, 7],
    "paid": [4.9, None, 1.0, -2.5, 0.000001],
    "n": [1.0, 2.0, None, 1.0, 1.0],
    "order": ["o1", None, "o1", "o2", ""],
    "colour": ["red", None, "", "blue", "red"],
}
ROLES: dict[str, Any] = {
    "customer": "who",
    "time": "at",
    "event": "what",
    "item": "sku",
    "value": "paid",
    "quantity": "n",
    "basket": "order",
    "properties": ["colour"],
}


def arrow() -> pa.Table:
    types = {"at": pa.timestamp("us", "UTC"), "sku": pa.int64()}
    return pa.table({k: pa.array(v, type=types.get(k)) for k, v in RAW.items()})


def as_decimals() -> pa.Table:
    paid = [None if v is None else Decimal(str(round(v, 6))) for v in RAW["paid"]]
    return arrow().set_column(4, "paid", pa.array(paid, pa.decimal128(12, 6)))


def as_dictionaries() -> pa.Table:
    table = arrow()
    for name in ("who", "what", "sku", "order", "colour", "paid"):
        at = table.column_names.index(name)
        table = table.set_column(at, name, table[name].dictionary_encode())
    return table


def as_pandas(dtype: Any) -> pd.DataFrame:
    frame = arrow().to_pandas()
    frame["sku"] = frame["sku"].astype("Int64")
    for name in ("who", "what", "order", "colour"):
        frame[name] = frame[name].astype(dtype)
    return frame


def as_categories() -> pd.DataFrame:
    frame = as_pandas("category")
    frame["who"] = frame["who"].cat.add_categories(["unused"])
    frame["sku"] = frame["sku"].astype("category")
    return frame


STR: Any = "str" if pd.__version__ >= "3" else "object"  # where it means text, not str()
FRAMES: dict[str, Any] = {
    "object": lambda: as_pandas("object"),
    "str": lambda: as_pandas(STR),
    "string[pyarrow]": lambda: as_pandas("string[pyarrow]"),
    "category": as_categories,
    "ns": lambda: as_pandas(STR).assign(at=lambda f: f["at"].dt.as_unit("ns")),
    "other zone": lambda: as_pandas(STR).assign(at=lambda f: f["at"].dt.tz_convert("Asia/Tokyo")),
    "index": lambda: as_pandas(STR).set_index(pd.Index([5, 5, 1, 0, 2])),
    "polars": lambda: pl.from_arrow(arrow()),
    "polars lazy": lambda: pl.from_arrow(arrow()).lazy(),
    "polars categories": lambda: pl.from_arrow(arrow()).cast({"who": pl.Categorical}),
    "polars ms": lambda: pl.from_arrow(arrow()).cast({"at": pl.Datetime("ms", "UTC")}),
    "arrow": arrow,
    "arrow chunks": lambda: pa.concat_tables([arrow().slice(0, 2), arrow().slice(2)]),
    "arrow dictionaries": as_dictionaries,
    "decimals": as_decimals,
    "duckdb": lambda: duckdb.from_arrow(arrow()),
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_every_make_of_frame_is_the_same_log(make: Any) -> None:
    log = EventLog.from_frame(make(), **ROLES)
    assert log == EventLog.from_frame(arrow(), **ROLES)
    shown = log.to_pandas()
    assert shown["customer"].isna().tolist() == [False, False, True, True, False]
    assert shown["item"].tolist()[:2] == ["7", "10"]
    assert shown["basket"].isna().tolist() == [False, True, False, False, True]
    assert log.events.array("value").tolist() == [4_900_000, NO_MONEY, 1_000_000, -2_500_000, 1]
    assert list(of.fold(log).ids) == ["ann", "bob"]


def test_a_frame_is_not_changed() -> None:
    frame = as_pandas("object")
    before = frame.copy(deep=True)
    log = EventLog.from_frame(frame, **ROLES)
    of.fold(log)
    pd.testing.assert_frame_equal(frame, before)
    kept = log.to_pandas()
    frame["paid"] = 0.0
    frame.loc[0, "who"] = "zoe"
    pd.testing.assert_frame_equal(log.to_pandas(), kept)


def one(column: str, values: Any, **roles: Any) -> EventLog:
    """A log in which one column holds what is tested."""
    n = len(values)
    frame = pd.DataFrame({"who": ["a"] * n, "at": pd.to_datetime(["2024-01-01"] * n)})
    frame[column] = values
    return EventLog.from_frame(
        frame, **{"customer": "who", "time": "at", "event": "x", "tz": "UTC"} | roles
    )


# ------------------------------------------------------------------------ money


@pytest.mark.parametrize(
    ("values", "micros"),
    [
        ([4.35, 0.1 + 0.2, -0.0], [4_350_000, 300_000, 0]),
        ([5, -7], [5_000_000, -7_000_000]),
        (pd.array([5, None], "Int64"), [5_000_000, NO_MONEY]),
        (pd.array([2**63 // 10**6], "uint64"), [2**63 // 10**6 * 10**6]),
        ([Decimal("0.0000005"), Decimal("0.0000015")], [0, 2]),  # ties to even
        ([Decimal("-9223372036854.775807"), None], [-(2**63 - 1), NO_MONEY]),
        ([Decimal("1E+3"), Decimal("1.1234565")], [10**9, 1_123_456]),
    ],
)
def test_money_is_micros(values: Any, micros: list[int]) -> None:
    values = values if hasattr(values, "dtype") else pd.Series(values)
    log = one("paid", values, value="paid")
    assert log.events.array("value").tolist() == micros


@pytest.mark.parametrize(
    "values",
    [
        [1e13],
        [-1e13],
        [1e300],
        [10**13],
        [Decimal("9223372036854.775808")],
        [Decimal("-9223372036854.775808"), None],  # what stands for a missing amount
    ],
)
def test_money_overflow_is_refused(values: Any) -> None:
    with pytest.raises(ColumnError, match=r"'paid' \(value=\) holds .*Use a larger unit"):
        one("paid", values, value="paid")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([float("inf")], "infinite"),
        (["4.90"], r"takes numbers.*pandas.to_numeric\(frame\['paid'\]\); .*decimal comma"),
        (pd.Categorical(["4,90"]), r"takes numbers.*str.replace\(',', '.'\)"),
        ([True], r"takes numbers.*frame\['paid'\].astype\(int\)"),
        (pd.to_datetime(["2024-01-01"]), "takes numbers. Convert it first, or name another"),
    ],
)
def test_money_of_another_kind_is_refused(values: Any, says: str) -> None:
    with pytest.raises(ColumnError, match=says):
        one("paid", values, value="paid")


def test_a_random_million_adds_up_exactly() -> None:
    cents = np.random.default_rng(5).integers(-(10**6), 10**7, 1_000_000)
    log = one("paid", cents / 100, value="paid", event="purchase")
    assert of.fold(log)["a"]["monetary"] == float(Decimal(int(cents.sum())) / 100)


def test_a_total_beyond_64_bits() -> None:
    log = one("paid", [9e12] * 5, value="paid", event="purchase")
    assert of.fold(log)["a"]["monetary"] == 45e12


def test_one_currency() -> None:
    assert one("cur", ["EUR", None], currency="cur").currency == "EUR"
    with pytest.raises(ColumnError, match=r"'EUR', 'USD'; a log holds one currency"):
        one("cur", ["EUR", "USD"], currency="cur")
    with pytest.raises(ArgumentError, match="one side is in 'EUR', the other in 'USD'"):
        one("x", [1], currency="EUR") + one("x", [1], currency="USD")


# ------------------------------------------------------------------------ time


def at(values: Any, **more: Any) -> EventLog:
    frame = pd.DataFrame({"who": "a", "at": values})
    return EventLog.from_frame(frame, customer="who", time="at", event="x", **more)


def utc(log: EventLog) -> list[str]:
    return [str(t)[:16] for t in log.events.array("time")]


def test_naive_times_need_a_zone() -> None:
    times = pd.to_datetime(["2024-03-01 08:30"])
    with pytest.raises(ColumnError, match=r"'at' .*has no time zone.*tz='UTC'"):
        at(times)
    assert utc(at(times, tz="Europe/Berlin")) == ["2024-03-01T07:30"]
    with pytest.raises(ArgumentError, match="tz is 'Mars/Olympus'"):
        at(times, tz="Mars/Olympus")


def test_clock_changes() -> None:
    """A skipped hour is shifted forward, a repeated one is read as its first pass."""
    gap = at(pd.to_datetime(["2024-03-31 02:30", "2024-03-31 03:00"]), tz="Europe/Berlin")
    assert utc(gap) == ["2024-03-31T01:00", "2024-03-31T01:00"]
    fold = at(pd.to_datetime(["2024-10-27 02:30", "2024-10-27 03:00"]), tz="Europe/Berlin")
    assert utc(fold) == ["2024-10-27T00:30", "2024-10-27T02:00"]


@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
@pytest.mark.parametrize("ns", [0, 1, 999, -1, -999, -1000, -1001])
def test_nanoseconds_are_rounded_down_as_in_an_event(ns: int, zone: str | None) -> None:
    stamp = pd.Timestamp(ns)
    log = at(pd.DatetimeIndex([stamp]).tz_localize("UTC").tz_convert(zone), tz="UTC")
    assert log.events.array("time")[0] == of.Event("a", "x", stamp).time
    assert log.events.array("time").view("int64").tolist() == [ns // 1000]


def test_dates_are_midnights() -> None:
    assert utc(at([dt.date(2024, 3, 1)], tz="UTC")) == ["2024-03-01T00:00"]
    assert utc(at([dt.date(2024, 3, 1)], tz="America/New_York")) == ["2024-03-01T05:00"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (pd.to_datetime(["2024-01-01", None]), "missing in 1 of 2 rows"),
        (["2024-01-01"], r"is of type .*pandas.to_datetime\(frame\['at'\], format=.*swap day and"),
        (pd.Categorical(["2024-01-01"]), "pandas.to_datetime.*format="),
        ([20240101], r"it takes instants.*astype\(str\), format='%Y%m%d'"),
        ([1709285400], r"it takes instants.*seconds .*frame\['at'\], unit='s'\).* unit='ms'"),
        ([1709285400.5], r"it takes instants.*unit='s'"),
        ([True], r"it takes instants. Convert it first"),
        (np.array(["1066-10-14"], "datetime64[s]"), "1 instants outside 1700 to 2200"),
        (np.array(["9999-12-31"], "datetime64[us]"), "outside 1700 to 2200"),
        (np.array([2**62], "datetime64[s]"), "(outside|can't be read)"),
    ],
)
def test_times_that_are_refused(values: Any, says: str) -> None:
    with pytest.raises(ColumnError, match=f"'at' \\(time=\\) .*{says}"):
        at(values, tz="UTC")


def test_local_clocks_by_row() -> None:
    frame = pd.DataFrame(
        {
            "who": ["a", "b", "c"],
            "at": pd.to_datetime(["2024-07-01 12:00"] * 3).tz_localize("UTC"),
            "zone": ["Asia/Kolkata", None, "America/New_York"],
        }
    )
    log = EventLog.from_frame(frame, customer="who", time="at", event="x", zone="zone")
    profiles = of.fold(log)
    assert [p["rhythm"] for p in profiles] == [{"Mon 17": 1.0}, None, {"Mon 08": 1.0}]
    with pytest.raises(ArgumentError, match="zone is 'Nowhere'"):
        EventLog.from_frame(frame, customer="who", time="at", event="x", zone="Nowhere")


# ------------------------------------------------------------------------ ids


def test_whole_numbers_are_their_strings() -> None:
    frame = pd.DataFrame({"who": [7, 10], "at": pd.to_datetime(["2024-01-01"] * 2)})
    log = EventLog.from_frame(frame, customer="who", time="at", event="x", tz="UTC")
    words = EventLog.from_frame(
        frame.assign(who=["7", "10"]), customer="who", time="at", event="x", tz="UTC"
    )
    assert log == words
    profiles = of.fold(log)
    assert profiles[7] == profiles["7"] == profiles[int(np.int64(7))]
    assert 10 in profiles


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1.0, None], r"holds decimals.*astype\('Int64'\)"),
        ([True, False], "is of type bool"),
        ([1, "a"], "several types"),
        (pd.to_datetime(["2024-01-01"]), "is of type timestamp"),
        ([["a"]], "is of type list"),
    ],
)
def test_ids_that_are_refused(values: Any, says: str) -> None:
    n = len(values)
    frame = pd.DataFrame({"who": values, "at": pd.to_datetime(["2024-01-01"] * n)})
    with pytest.raises(ColumnError, match=f"'who' \\(customer=\\) .*{says}"):
        EventLog.from_frame(frame, customer="who", time="at", event="x", tz="UTC")


@pytest.mark.parametrize("name", ["🦊", "é", "e\u0301", "a\x00", " ", "x" * 1_000_000, "-1"])
def test_any_text_is_an_id(name: str) -> None:
    log = EventLog.from_events([of.Event(name, "purchase", "2024-01-01", item=name, id=name)])
    frame = log.to_pandas().assign(id=name)
    again = EventLog.from_frame(frame, customer="customer", time="time", event="event", item="item")
    assert of.fold(again)[name]["latest"] == name
    assert of.fold(log + log)[name]["frequency"] == 1


def test_lone_surrogates_are_refused() -> None:
    frame = pd.DataFrame(
        {"who": np.array(["\ud800"], object), "at": [pd.Timestamp(0)]}, dtype=object
    )
    with pytest.raises(OnefoldError, match=r"who.*not valid Unicode"):
        EventLog.from_frame(frame, customer="who", time="at", event="x", tz="UTC")
    for argument in ("customer", "item", "channel", "id", "event"):
        given = {"customer": "a", "event": "x", "time": "2024-01-01"} | {argument: "\ud800"}
        with pytest.raises(OnefoldError, match=f"{argument} holds text that is not valid Unicode"):
            of.Event(**given)
    with pytest.raises(OnefoldError, match="not valid Unicode"):
        of.Event("a", "x", "2024-01-01", properties={"colour": "\udfff"})


@given(st.lists(st.text(max_size=3) | st.none(), min_size=1, max_size=20))
@settings(max_examples=50)
def test_codes_stand_for_the_same_strings(words: list[str | None]) -> None:
    from onefold.events.door import coded

    held = [None if w is None else w for w in words]
    plain = [w or None for w in words]
    try:
        array = pa.array(held, pa.large_string())
    except UnicodeEncodeError:
        return
    for column in (coded(array), coded(array.dictionary_encode())):
        assert column.decode().tolist() == plain
        assert column.vocab.values.tolist() == sorted({w for w in plain if w is not None})


# ------------------------------------------------------------------------ columns and arguments


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"customer": "whom"}, r"no column 'whom' \(customer=\). Columns: .*Did you mean 'who'"),
        ({"item": "skus"}, "Did you mean 'sku'"),
        ({"value": "price"}, r"no column 'price' \(value=\)"),
        ({"customer": 3}, "customer= is 3; it takes the name of a column"),
        ({"properties": "colour"}, r"it takes a list of columns: \['colour'\]"),
        ({"properties": ["colour", 3]}, "properties holds 3; it takes names of columns"),
        (
            {"properties": {"item": "colour"}},
            r"properties has the name 'item', .*properties=\{'item_told': 'colour'\}",
        ),
        ({"properties": ["size"]}, r"no column 'size' \(properties=\)"),
        ({"event": "order"}, r"'order' \(event=\) is missing in 2 of 5 rows"),
        ({"id": "paid"}, "holds decimals"),
        ({"quantity": "who"}, "it takes numbers"),
    ],
)
def test_refusals_name_the_argument(change: dict[str, Any], says: str) -> None:
    with pytest.raises(OnefoldError, match=f"EventLog.from_frame: .*{says}"):
        EventLog.from_frame(arrow(), **ROLES | change)


def slip(columns: dict[str, Any], **constants: str) -> EventLog:
    frame = pd.DataFrame({"who": ["a"], "at": pd.to_datetime(["2024-01-01"], utc=True)} | columns)
    return EventLog.from_frame(frame, **{"customer": "who", "time": "at", "event": "x"} | constants)


@pytest.mark.parametrize(
    ("column", "constants", "says"),
    [
        ("event_name", {"event": "event_nam"}, r"\(event=\), but there is 'event_name'.*rename"),
        ("channel", {"channel": "chanel"}, "there is 'channel'. Write channel='channel'"),
        ("Channel", {"channel": "channel"}, "there is 'Channel'"),
        ("source_system", {"source": "Source_sytem"}, "there is 'source_system'"),
        ("curr", {"currency": "currency"}, r"\(currency=\). Columns: .*'curr'.*such as 'EUR'"),
        ("ccy", {"currency": "Currency_code"}, "is not taken as a constant"),
        ("what", {"event": "event"}, r"\(event=\). Columns: .*'event' is not taken"),
        ("medium", {"channel": "Channel"}, "'Channel' is not taken as a constant"),
    ],
)
def test_a_misspelt_column_is_no_constant(
    column: str, constants: dict[str, str], says: str
) -> None:
    with pytest.raises(ColumnError, match=f"EventLog.from_frame: no column .*{says}"):
        slip({column: ["EUR"]}, **constants)


@pytest.mark.parametrize(
    ("columns", "constants"),
    [
        ({"purchase_price": [1.0]}, {"event": "purchase"}),
        ({"purchased": [True]}, {"event": "purchase"}),
        ({"purchased": pd.to_datetime(["2024-01-01"])}, {"event": "purchase"}),
        ({"weber": ["x"]}, {"channel": "web"}),
        ({"cur": ["x"]}, {"currency": "EUR"}),
        ({"curr": ["x"]}, {"currency": "points"}),
        ({"what": ["x"]}, {"event": "event_name"}),
    ],
)
def test_a_constant_that_is_not_near_a_column_of_text_stands_in_every_row(
    columns: dict[str, Any], constants: dict[str, str]
) -> None:
    log = slip(columns, **constants)
    [(argument, word)] = constants.items()
    assert (log.currency if argument == "currency" else log.to_pandas()[argument][0]) == word


def test_a_property_of_another_type_says_what_it_takes() -> None:
    with pytest.raises(ColumnError, match="takes strings, numbers, dates or booleans"):
        one("tags", [["a"]], properties=["tags"])


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_property_does_not_replace_a_built_in_column(name: str) -> None:
    """Under another name it is kept, and what is built in stays what it is."""
    table = arrow().append_column(name, pa.array(list("vwxyz")))
    with pytest.raises(ArgumentError, match=f"properties has the name '{name}'"):
        EventLog.from_frame(table, **ROLES | {"properties": [name]})
    log = EventLog.from_frame(table, **ROLES | {"properties": {"told": name}})
    plain = EventLog.from_frame(table, **ROLES | {"properties": []})
    assert log.to_pandas()["told"].tolist() == list("vwxyz")
    pd.testing.assert_frame_equal(log.to_pandas().drop(columns="told"), plain.to_pandas())


@pytest.mark.parametrize("frame", [None, 3, {"a": [1]}, [1, 2], "frame", np.zeros(3)])
def test_what_is_no_frame_is_refused(frame: Any) -> None:
    with pytest.raises(ArgumentError, match=r"frame is a .*pandas, polars, pyarrow or duckdb"):
        EventLog.from_frame(frame, customer="who", time="at", event="x")


@pytest.mark.parametrize(
    "query",
    [
        lambda: pl.from_arrow(arrow()).lazy().with_columns(pl.col("nowhere")),
        lambda: pl.from_arrow(arrow()).lazy().with_columns(pl.col("who").cast(pl.Int64)),
        lambda: duckdb.from_arrow(arrow()).project('who, "at", cast(colour as int)'),
    ],
    ids=["no such column", "a cast that fails", "duckdb"],
)
def test_a_query_that_fails_is_refused(query: Any) -> None:
    with pytest.raises(ArgumentError, match=r"EventLog.from_frame: frame is a query that fails: "):
        EventLog.from_frame(query(), customer="who", time="at", event="what")


def test_names_of_columns_must_be_strings() -> None:
    with pytest.raises(ArgumentError, match="column names that are not strings"):
        EventLog.from_frame(pd.DataFrame({0: ["a"]}), customer="0", time="t", event="x")


def test_an_empty_frame_is_an_empty_log() -> None:
    log = EventLog.from_frame(arrow().slice(0, 0), **ROLES)
    assert len(log) == 0
    assert len(of.fold(log, as_of="2024-01-01")) == 0


def test_properties_are_numbers_or_text() -> None:
    frame = pd.DataFrame(
        {
            "who": ["a", "b"],
            "at": pd.to_datetime(["2024-01-01"] * 2),
            "yes": [True, False],
            "day": [dt.date(2024, 5, 1), None],
            "size": [1, 2],
            "none": [None, None],
        }
    )
    names = ["yes", "day", "size", "none"]
    log = EventLog.from_frame(
        frame, customer="who", time="at", event="x", tz="UTC", properties=names
    )
    shown = log.to_pandas()
    assert shown["yes"].tolist() == ["yes", "no"]
    assert shown["day"][0] == "2024-05-01"
    assert shown["size"].tolist() == [1.0, 2.0]
    more = EventLog.from_frame(
        frame.assign(none=[1.5, 2.5]),
        customer="who",
        time="at",
        event="x",
        tz="UTC",
        properties=["none"],
    )
    assert (log + more).to_pandas()["none"].tolist()[2:] == [1.5, 2.5]
    text = EventLog.from_events([of.Event("a", "x", "2024-01-01", properties={"size": "big"})])
    with pytest.raises(ColumnError, match="property 'size' holds numbers on one side"):
        log + text
