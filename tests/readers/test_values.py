"""Single values: what they are, and why they can't be taken."""

import datetime as dt
import zoneinfo
from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold.readers.values import (
    Refused,
    amount,
    in_range,
    inside,
    instant,
    listed,
    mapping,
    micros,
    path_of,
    stated,
    text,
    unix,
)

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def us(moment: str) -> int:
    return int(np.datetime64(moment, "us").astype(np.int64))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ann", "ann"),
        (17, "17"),
        (np.int64(17), "17"),
        ("", None),
        (" \t", None),
        (None, None),
        (float("nan"), None),
        (pd.NaT, None),
        (pd.NA, None),
        ("Zoë", "Zoë"),
        ("x" * 1000, "x" * 1000),
    ],
)
def test_text(value: Any, expected: str | None) -> None:
    assert text(value, "id") == expected


@pytest.mark.parametrize(
    "value", [True, 1.5, Decimal(1), [], {}, b"ann", "x" * 1001, 10**1000, "a\ud800", "\udcff"]
)
def test_text_refused(value: Any) -> None:
    with pytest.raises(Refused, match=r"^(id|text)"):
        text(value, "id")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-03-01T09:30:00Z", "2024-03-01T09:30:00"),
        ("2024-03-01 09:30:00.123456+01:00", "2024-03-01T08:30:00.123456"),
        ("2024-03-01T09:30:00.123456789Z", "2024-03-01T09:30:00.123456"),
        ("2024-03-01t09:30:00z", "2024-03-01T09:30:00"),
        (" 2024-03-01T09:30:00Z\n", "2024-03-01T09:30:00"),
        (dt.datetime(2024, 3, 1, 9, 30, tzinfo=dt.UTC), "2024-03-01T09:30:00"),
        (pd.Timestamp("2024-03-01 09:30:00.000000999+0000"), "2024-03-01T09:30:00"),
        ("1700-01-01T00:00:00Z", "1700-01-01"),
        ("2199-12-31T23:59:59.999999Z", "2199-12-31T23:59:59.999999"),
    ],
)
def test_instant(value: Any, expected: str) -> None:
    assert instant(value, "time") == us(expected)


@pytest.mark.parametrize("value", ["", None, pd.NaT, float("nan")])
def test_no_instant(value: Any) -> None:
    assert instant(value, "time") is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("yesterday", "can't be read"),
        ("2024-02-30T00:00:00Z", "can't be read"),
        (1709285400, "can't be read"),
        (True, "can't be read"),
        ([], "can't be read"),
        ("2024-03-01T09:30:00", "no time zone"),
        ("1699-12-31T23:59:59Z", "outside"),
        ("2200-01-01T00:00:00Z", "outside"),
        ("0001-01-01T00:00:00+14:00", "outside"),
        ("9999-12-31T23:59:59-14:00", "outside"),
        (pd.Timestamp.max.tz_localize("UTC"), "outside"),
    ],
)
def test_instant_refused(value: Any, why: str) -> None:
    with pytest.raises(Refused, match=why):
        instant(value, "time")


@given(
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2030, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0)
    )
)
def test_naive_instants_are_read_as_by_from_frame(moment: dt.datetime) -> None:
    stamp = pd.DatetimeIndex([moment]).tz_localize(
        BERLIN, ambiguous=np.array([True]), nonexistent="shift_forward"
    )
    expected = stamp.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")
    assert instant(moment.isoformat(), "time", BERLIN) == int(expected.astype(np.int64)[0])


def test_hours_that_a_clock_skipped_or_passed_twice() -> None:
    assert instant("2024-03-31T02:30", "time", BERLIN) == us("2024-03-31T01:00")
    assert instant("2024-10-27T02:30", "time", BERLIN) == us("2024-10-27T00:30")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("1709285400000000", 1, "2024-03-01T09:30"),
        (1709285400, 1_000_000, "2024-03-01T09:30"),
        (1709285400.5, 1_000_000, "2024-03-01T09:30:00.5"),
        ("-1.0000001", 1_000_000, "1969-12-31T23:59:58.999999"),
    ],
)
def test_unix(value: Any, unit: int, expected: str) -> None:
    assert unix(value, "time", unit) == us(expected)


@pytest.mark.parametrize("value", ["1e400", 10**30, "soon", True, 1e300, "-9e18"])
def test_unix_refused(value: Any) -> None:
    with pytest.raises(Refused):
        unix(value, "time", 1)


@given(st.decimals(-(10**11), 10**11, places=8, allow_nan=False))
def test_amounts_are_exact_however_they_are_written(value: Decimal) -> None:
    expected = int((value * 10**6).to_integral_value())
    assert micros(amount(value, "price")) == expected
    assert micros(amount(str(value), "price")) == expected
    assert micros(amount(f" {value:f} ", "price")) == expected


@given(st.integers(-(10**13), 10**13))
def test_floats_are_the_decimals_that_they_stand_for(cents: int) -> None:
    assert micros(amount(cents / 100, "price")) == cents * 10_000


@pytest.mark.parametrize(
    "value",
    [
        *["nan", "inf", "-Infinity", "sNaN", "1,5", "4.90 EUR", "1_000", "٣", "0x10", "", "1e400"],
        *[float("inf"), 10**12, 1e308, Decimal("NaN"), Decimal("1e999999"), True, [], {}, b"1"],
    ],
)
def test_amounts_refused(value: Any) -> None:
    if value == "":
        assert amount(value, "price") is None
        return
    with pytest.raises(Refused, match=r"^price"):
        amount(value, "price")


@pytest.mark.parametrize("value", ["0e999999", "1e-999999", 0, -0.0, "5e-7"])
def test_next_to_nothing(value: Any) -> None:
    assert micros(amount(value, "price")) == 0


def test_missing_amounts() -> None:
    assert [amount(v, "price") for v in (None, float("nan"), pd.NA)] == [None] * 3
    assert micros(None) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("pro", ("pro", False)),
        (42, ("42", True)),
        (1.5, ("1.5", True)),
        (Decimal("4.90"), ("4.90", True)),
        (True, ("yes", False)),
        (np.bool_(False), ("no", False)),
        (dt.date(1980, 5, 17), ("1980-05-17", False)),
        (None, None),
        ("", None),
        (float("nan"), None),
    ],
)
def test_stated(value: Any, expected: Any) -> None:
    notes: list[str] = []
    assert stated(value, notes.append, "fact") == expected
    assert not notes


@pytest.mark.parametrize(
    "value", [[], {}, float("inf"), 10**400, Decimal("1e999"), "x" * 10_001, object()]
)
def test_stated_is_noted_where_it_is_left_out(value: Any) -> None:
    notes: Counter[str] = Counter()
    assert stated(value, lambda why: notes.update([why]), "fact") is None
    [(why, count)] = notes.items()
    assert why.startswith("fact") and why.endswith("not kept") and count == 1


def test_stated_refuses_what_is_no_text() -> None:
    with pytest.raises(Refused, match="Unicode"):
        stated("\ud800", print, "fact")


def test_objects_and_lists() -> None:
    assert mapping(None, "it") == {} and mapping({"a": 1}, "it") == {"a": 1}
    assert listed(None, "it") == [] and listed([1], "it") == [1]
    assert inside({"a": {"b": 1}}, "a", "b") == 1
    assert inside({"a": [1]}, "a", "b") is None
    for check in (mapping, listed):
        with pytest.raises(Refused, match="it is not"):
            check("x", "it")


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://shop.example/tea?x=1#top", "/tea"),
        ("https://shop.example", "/"),
        ("/tea?x=1", "/tea"),
        ("/tea", "/tea"),
        ("Home", "Home"),
        ("?x=1", None),
        (None, None),
    ],
)
def test_path_of(address: str | None, path: str | None) -> None:
    assert path_of(address) == path


def test_in_range() -> None:
    assert in_range(0, "time") == 0
    with pytest.raises(Refused, match="outside 1700 to 2200"):
        in_range(2**62, "time")


def test_whole_numbers_that_became_floats() -> None:
    assert [text(one, "id") for one in (17.0, np.float64(-3), float("nan"))] == ["17", "-3", None]
    for wrong in (1.5, float("inf")):
        with pytest.raises(Refused, match="is not text"):
            text(wrong, "id")
    with pytest.raises(Refused, match="not exact"):
        text(2.0**53, "id")


def test_missing_objects_and_lists() -> None:
    for missing in (None, float("nan"), pd.NaT, pd.NA):
        assert mapping(missing, "it") == {} and listed(missing, "it") == []
