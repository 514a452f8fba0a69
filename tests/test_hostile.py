"""What nobody should give: each is refused in words of the library, none passes in silence."""

import contextlib
import decimal
import fractions
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import onefold as of
from onefold import _check, _time
from onefold.conditions import did, trait
from onefold.errors import ArgumentError, ColumnError, OnefoldError
from onefold.events import EventLog
from onefold.events.batches import pieces
from onefold.traits import DiscountShare, Monetary, PremiumShare

HALF = "\ud800"  # of a pair of surrogates: no text that could be written
HUGE = 10**400
LONG = 10**5000  # which Python refuses to write
FLAT = np.array(5)  # an array without a dimension: iterable by its type, not in fact
COLUMNS: dict[str, Any] = {"customer": "who", "time": "at", "event": "what"}
NAMES = ["unasked", "who", "at", "what", "shade"]


def frame(n: int = 2) -> pd.DataFrame:
    at = pd.Timestamp("2024-03-01", tz="UTC") + pd.to_timedelta(np.arange(n), unit="h")
    return pd.DataFrame(
        {
            "unasked": np.arange(n),
            "who": [f"customer {k % 9}" for k in range(n)],
            "at": at,
            "what": "view",
            "shade": [f"shade {k}" for k in range(n)],
        }
    )


def log(**more: Any) -> EventLog:
    return EventLog.from_frame(frame(), **COLUMNS | more)


def facts(held: Any) -> EventLog:
    return EventLog.from_facts(frame(), customer="who", time="at", facts=held)


def profiles() -> of.Profiles:
    return of.fold(log())


def kind(value: object) -> str:
    """What a test is called, where Python or the system can't write the value itself."""
    return type(value).__name__


def comparison(of_what: Any, value: Any) -> list[Callable[[], Any]]:
    return [
        lambda: of_what == value,
        lambda: of_what != value,
        lambda: of_what < value,
        lambda: of_what <= value,
        lambda: of_what > value,
        lambda: of_what >= value,
        lambda: of_what.between(value, 5),
        lambda: of_what.between(0, value),
        lambda: of_what.isin([1, value]),
    ]


UNEQUAL = [
    (HUGE, "a finite number, not 1000.*up to 1.8e308"),
    (-LONG, "a int too long to be shown.*up to 1.8e308"),
    (fractions.Fraction(HUGE), "up to 1.8e308"),
    (decimal.Decimal("1e400"), "up to 1.8e308"),
    (decimal.Decimal("sNaN"), "known"),
    (decimal.Decimal("NaN"), "known"),
    (np.timedelta64("NaT"), "of days where"),
    (np.timedelta64(3, "D"), "of days where"),
    (np.array([1, 2]), "not array"),
    (pd.NA, "not <NA>"),
]


@pytest.mark.parametrize("make", [lambda: trait("recency"), lambda: of.field("value")])
@pytest.mark.parametrize(("value", "said"), UNEQUAL, ids=kind)
def test_what_nothing_can_be_compared_with(make: Any, value: Any, said: str) -> None:
    for compare in comparison(make(), value):
        with pytest.raises(ArgumentError, match=f"(?s){said}"):
            compare()


@pytest.mark.parametrize("value", [FLAT, b"ab", 5, None, "ab"])
@pytest.mark.parametrize("make", [lambda: trait("recency"), lambda: of.field("value")])
def test_what_is_no_list_of_values(make: Any, value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"isin: values is .*it takes a list"):
        make().isin(value)


def test_numbers_of_all_kinds_compare() -> None:
    five: list[Any] = [5, np.int8(5), np.float32(5), decimal.Decimal(5), fractions.Fraction(5)]
    for value in (*five, 10**300):
        assert trait("recency").isin([value]) == trait("recency").isin(np.array([value]))


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: _check.fraction(HUGE, "q"), "q is 1000.*above 0 and below 1"),
    (lambda: _check.fraction(-HUGE, "q", ends=True), "0 to 1"),
    (lambda: _check.fraction(LONG, "q"), "too long to be shown"),
    (lambda: _check.fraction(float("nan"), "q"), "q is nan"),
    (lambda: PremiumShare(above=HUGE), "PremiumShare: above is 1000"),
    (lambda: DiscountShare(least=HUGE), "DiscountShare: least is 1000"),
    (lambda: _check.whole(np.timedelta64(5, "D"), "n"), "n is .*a whole number"),
    (lambda: _check.whole(np.timedelta64("NaT"), "n"), "n is .*a whole number"),
    (lambda: _check.whole(np.array(5), "n"), "n is .*a whole number"),
    (lambda: _check.whole(-LONG, "n"), "too long to be shown"),
    (lambda: Monetary(mean="no"), "Monetary: mean is 'no'; it takes True or False"),  # type: ignore[arg-type]
    (lambda: Monetary(mean=1), "mean is 1"),  # type: ignore[arg-type]
    (lambda: Monetary(mean=np.array([True, False])), "mean is array"),  # type: ignore[arg-type]
    (lambda: profiles().cells(half_lives=5), "half_lives is 5; it takes a list"),  # type: ignore[arg-type]
    (lambda: profiles().cells(half_lives=FLAT), "half_lives is array"),  # type: ignore[arg-type]
    (lambda: profiles().cells(half_lives="30D"), r"it takes a list: \['30D'\]"),
    (lambda: profiles().cells(event=5), "Profiles.cells: event is 5"),  # type: ignore[arg-type]
    (lambda: profiles().cells(event=[]), r"Profiles.cells: event is \[\]"),  # type: ignore[arg-type]
    (lambda: profiles().cells(event=""), "Profiles.cells: event is ''"),
    (lambda: profiles().select(FLAT), r"Profiles.select: who is array\(5\); it takes several ids"),
    (lambda: profiles().select(b"ann"), "it takes several ids"),
    (lambda: profiles().select(of.field("value") > 1), "a condition on events, not on customers"),
    (lambda: profiles().select(did("x").count()), r"count\(\) is not a condition yet; compare it"),
    (lambda: profiles().select(trait("recency")), "is not a condition yet"),
    (lambda: profiles().select(did("x")), "is not a condition yet"),
    (lambda: profiles().combine({"customer 0": HALF}), "not valid Unicode"),
    (lambda: profiles().combine({"customer 0": ""}), "a group is ''"),
    (lambda: profiles().combine({"customer 0": ["a", "b"]}), "'customer 0' the group"),
    (lambda: profiles().combine({"customer 0": np.array(["a"])}), "one group a customer"),
    (lambda: log(event=HALF), "event= is .*not valid Unicode"),
    (lambda: log(channel=HALF), "channel= is .*not valid Unicode"),
    (lambda: log(source=HALF), "source= is .*not valid Unicode"),
    (lambda: log(currency=HALF), "currency= is .*not valid Unicode"),
    (lambda: log(properties={HALF: "shade"}), "properties: a name is .*not valid Unicode"),
    (lambda: log(properties=FLAT), r"properties is array\(5\); it takes a list"),
    (lambda: log(properties=5), "properties is 5"),
    (lambda: log(item=FLAT), "item= is array"),
    (lambda: facts({HALF: "shade"}), "facts: a name is .*not valid Unicode"),
    (lambda: facts(FLAT), "facts is array"),
]


@pytest.mark.parametrize(("call", "said"), REFUSED)
def test_refused_in_our_words(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=f"(?s){said}"):
        call()


NO_CHOICE = [
    np.array([1, 2]),
    np.array("a"),
    pd.Series(["a", "b"]),
    pd.DataFrame({"a": [1]}),
    pd.NA,
    ["a"],
    trait("a"),
    float("nan"),
    LONG,
    None,
]


@pytest.mark.parametrize("value", NO_CHOICE, ids=kind)
def test_none_of_those_allowed(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"(?s)f: by is .*allowed: 'a', 'b'\."):
        _check.one_of(value, ("a", "b"), "f: by")


NO_ID = [True, np.True_, 1.0, float("nan"), None, pd.NA, pd.NaT, "", HALF, b"ann", object()]
NO_ID += [np.array([1]), np.array(1), np.timedelta64(1, "D"), ["ann"], ("ann",)]


@pytest.mark.parametrize("customer", NO_ID, ids=kind)
def test_somebody_new_has_an_id(customer: Any) -> None:
    with pytest.raises(ArgumentError, match=r"Profiles\.new: customer is"):
        profiles().new(customer)


def test_ids_that_are_taken() -> None:
    assert [profiles().new(i).id for i in ("eve", 5, np.int64(6))] == ["eve", "5", "6"]
    with pytest.raises(ArgumentError, match="has a profile already"):
        profiles().new("customer 0")


@pytest.mark.parametrize(
    "length",
    [
        np.timedelta64(365_251, "D"),
        np.timedelta64(10**15, "s"),
        np.timedelta64(2**62, "us"),
        pd.Timedelta(np.timedelta64(10**12, "s")),
        "365251D",
        "300000D",
    ],
)
def test_lengths_of_time_that_no_difference_of_instants_has(length: Any) -> None:
    with pytest.raises(ArgumentError, match=r"last is .*up to 1,000 years"):
        _time.duration(length, "last")


def test_the_longest_length_of_time() -> None:
    longest = np.timedelta64(365_250, "D")
    assert _time.duration(longest, "last") == longest
    back = of.traits.Over(Monetary(), last=longest)
    assert of.fold(log(), [back])["customer 0"][back.name] is None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "events.parquet"
    table = pa.Table.from_pandas(frame(400), preserve_index=False)
    pq.write_table(table, path, row_group_size=100, compression="snappy")
    return path


def read(source: Any, rows: int = 100, **more: Any) -> list[EventLog]:
    return list(EventLog.batches(source, rows=rows, **COLUMNS | more))


@pytest.mark.parametrize(
    "value", [5, pd.Timestamp("2024-01-01"), np.array(["who"]), FLAT, ["who"], {"a": "who"}]
)
@pytest.mark.parametrize("argument", ["customer", "event", "item", "tz", "zone", "received"])
def test_columns_of_a_file_are_named_by_text(file: Path, argument: str, value: Any) -> None:
    for source in (file, [frame()]):
        with pytest.raises(ArgumentError, match=f"EventLog.batches: {argument}= is "):
            read(source, **{argument: value})


@pytest.mark.parametrize("value", [5, None, FLAT, "shade", [5], {"a": 5}, {"a": ["b"]}])
def test_properties_of_a_file_are_a_list(file: Path, value: Any) -> None:
    columns = COLUMNS | {"properties": value}
    for source in (file, [frame()]):
        with pytest.raises(ArgumentError, match=r"f: properties"):
            next(pieces(source, 5, columns, call="f", look=len))


@pytest.mark.parametrize("rows", [5, 100, 1000])
def test_a_page_that_is_damaged(file: Path, rows: int) -> None:
    assert sum(map(len, read(file, rows))) == 400
    held = pq.ParquetFile(file).metadata.row_group(2).column(NAMES.index("who"))
    start = held.dictionary_page_offset or held.data_page_offset
    damaged = bytearray(file.read_bytes())
    damaged[start : start + held.total_compressed_size] = b"\xff" * held.total_compressed_size
    file.write_bytes(damaged)
    with pytest.raises(ArgumentError, match=r"events\.parquet' can't be read as Parquet"):
        read(file, rows)


def test_a_file_that_is_damaged_anywhere(file: Path) -> None:
    whole, generator = file.read_bytes(), np.random.default_rng(3)
    for at in generator.integers(4, len(whole) - 8, 60).tolist():
        file.write_bytes(whole[:at] + generator.bytes(6) + whole[at + 6 :])
        for rows in (5, 1000):
            with contextlib.suppress(OnefoldError):  # or it holds other text, other numbers
                read(file, rows)


def test_bytes_that_are_no_text() -> None:
    bad = pa.array([b"a", b"\xff"], pa.binary()).view(pa.string())
    table = pa.Table.from_pandas(frame(), preserve_index=False).set_column(1, "who", bad)
    with pytest.raises(
        ColumnError, match=r"column 'who' \(customer=\) holds text that is not valid"
    ):
        EventLog.from_frame(table, **COLUMNS)


@pytest.mark.parametrize(
    "path", ["x" * 5000, "x" * 5000 + "/*.parquet", "a\0b", HALF, "**a.parquet"], ids=range(5)
)
def test_paths_that_no_file_has(path: str) -> None:
    for source in (path, Path(path), [path]):
        with pytest.raises(ArgumentError, match="there is no Parquet file") as caught:
            read(source)
        assert len(str(caught.value)) < 500


@pytest.mark.parametrize("source", [FLAT, 5, b"events.parquet", frame()])
def test_sources_that_are_none(source: Any) -> None:
    with pytest.raises(ArgumentError, match=r"EventLog\.batches: source is a"):
        read(source)


def test_a_misspelt_column_is_told_with_all_there_are(file: Path) -> None:
    listed = ", ".join(map(repr, NAMES))
    for rows in (5, 1000):
        with pytest.raises(ColumnError, match=f"no column 'whoo'.*Columns: {listed}.*mean 'who'"):
            read(file, rows, customer="whoo")
        with pytest.raises(ColumnError, match=f"no column 'hue'.*Columns: {listed}"):
            read(file, rows, properties=["hue"])
