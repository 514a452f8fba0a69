"""Instants, durations and local clocks."""

import datetime as dt
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold import _time
from onefold.errors import ArgumentError


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "now",
        "Today",
        5,
        1.5,
        True,
        np.int64(5),
        pd.NaT,
        "1699-12-31",
        "2200-01-01",
        np.datetime64("300000-01-01"),
        np.datetime64("NaT"),
        [
            1,
        ],
        "2024-13-01",
    ],
)
def test_instants_that_are_refused(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^when "):
        _time.instant(value, "when")


@pytest.mark.parametrize(
    ("value", "us"),
    [
        ("30D", 30 * 86_400 * 10**6),
        ("12h", 12 * 3600 * 10**6),
        (dt.timedelta(minutes=1), 60 * 10**6),
        (pd.Timedelta("1us"), 1),
        (np.timedelta64(2, "D"), 2 * 86_400 * 10**6),
        (np.timedelta64(3, "us"), 3),
    ],
)
def test_durations(value: Any, us: int) -> None:
    assert _time.duration(value, "x") == np.timedelta64(us, "us")


@pytest.mark.parametrize(
    "value",
    ["30", "", "D", 30, 1.5, True, np.int64(3), None, "0D", "-1D", "1ns", pd.NaT, "9999999D", [1]],
)
def test_durations_that_are_refused(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^last "):
        _time.duration(value, "last")


@given(
    st.lists(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2035, 1, 1)), max_size=20),
    st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
)
@settings(max_examples=40)
def test_local_clocks_are_those_of_python(times: list[dt.datetime], name: str) -> None:
    where = zoneinfo.ZoneInfo(name)
    found = _time.offsets(np.array(times, "datetime64[us]"), where)
    expected = [t.replace(tzinfo=dt.UTC).astimezone(where).utcoffset() for t in times]
    assert found.tolist() == [int(e.total_seconds()) for e in expected if e is not None]


def test_local_clocks_at_every_minute_of_a_change() -> None:
    for name, day in (("Europe/Berlin", "2024-10-26T22"), ("Australia/Lord_Howe", "2024-04-06T12")):
        where = zoneinfo.ZoneInfo(name)
        times = np.datetime64(day, "us") + np.arange(0, 600).astype("timedelta64[m]")
        found = _time.offsets(times, where)
        python = [t.replace(tzinfo=dt.UTC).astimezone(where) for t in times.tolist()]
        assert found.tolist() == [p.utcoffset().total_seconds() for p in python]  # type: ignore[union-attr]


def test_show() -> None:
    moment = np.datetime64("2024-03-01T00:00", "us")
    assert _time.show(moment) == "2024-03-01"
    assert _time.show(moment + np.timedelta64(1, "us")) == "just after 2024-03-01"
    assert _time.show(moment + np.timedelta64(1500, "ms")) == "2024-03-01 00:00:01.500000"
    assert _time.to_python(moment) == dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
