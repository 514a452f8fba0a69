"""Clocks at their edges: set forward and back, by half an hour or a day, in all of two centuries.

The oracle is Python's own calendar, one instant after another.
"""

import datetime as dt
import itertools
import zoneinfo
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import _time, traits
from onefold.errors import ColumnError
from onefold.events import EventLog
from tests import oracle
from tests.case import same

UTC, US, SECOND = dt.UTC, dt.timedelta(microseconds=1), dt.timedelta(seconds=1)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
ZONES = [
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Cairo",
    "Africa/Lagos",
    "Africa/Monrovia",
    "America/Caracas",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Santiago",
    "America/Nuuk",
    "America/Argentina/San_Luis",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Almaty",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Manila",
    "Asia/Pyongyang",
    "Asia/Riyadh",
    "Asia/Singapore",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Moscow",
    "Europe/Volgograd",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "Pacific/Marquesas",
    "UTC",
]

# (zone, an instant in UTC near which its clock is set, what is special)
CHANGES = {
    "forward": ("Europe/Berlin", dt.datetime(2024, 3, 31, 1, tzinfo=UTC)),
    "back": ("Europe/Berlin", dt.datetime(2024, 10, 27, 1, tzinfo=UTC)),
    "New York forward": ("America/New_York", dt.datetime(2024, 3, 10, 7, tzinfo=UTC)),
    "New York back": ("America/New_York", dt.datetime(2024, 11, 3, 6, tzinfo=UTC)),
    "half an hour forward": ("Australia/Lord_Howe", dt.datetime(2024, 10, 5, 15, 30, tzinfo=UTC)),
    "half an hour back": ("Australia/Lord_Howe", dt.datetime(2024, 4, 6, 15, tzinfo=UTC)),
    "a minute past midnight": ("America/St_Johns", dt.datetime(2010, 3, 14, 3, 31, tzinfo=UTC)),
    "double summer time": ("America/St_Johns", dt.datetime(1988, 4, 3, 3, 31, tzinfo=UTC)),
    "a day left out": ("Pacific/Apia", dt.datetime(2011, 12, 30, 10, tzinfo=UTC)),
    "a day twice": ("Pacific/Kwajalein", dt.datetime(1969, 9, 30, 13, tzinfo=UTC)),
    "fasting": ("Africa/Casablanca", dt.datetime(2024, 3, 10, 2, tzinfo=UTC)),
    "for good": ("Asia/Kathmandu", dt.datetime(1985, 12, 31, 18, 30, tzinfo=UTC)),
    "by twenty minutes": ("Europe/Amsterdam", dt.datetime(1937, 6, 30, 22, 40, tzinfo=UTC)),
}
AROUND = [
    minutes * 60 * SECOND + us * US
    for minutes in (-1440, -121, -120, -90, -61, -60, -45, -31, -30, -1, 0, 1, 29, 30, 59, 60, 119)
    for us in (-1, 0, 1)
]


def offset(moment: dt.datetime, zone: str) -> int:
    """Seconds by which a zone's clock is ahead, as Python says."""
    ahead = moment.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset()
    assert ahead is not None
    return int(ahead.total_seconds())


def naive(moments: Sequence[dt.datetime]) -> Any:
    return np.array([m.replace(tzinfo=None) for m in moments], dtype="datetime64[us]")


def one(moments: Sequence[Any], **more: Any) -> EventLog:
    """Views of one customer."""
    return EventLog.from_events([of.Event("a", "view", m, **more) for m in moments])


def test_there_are_forty_zones() -> None:
    assert len(set(ZONES)) == 40


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("years", "n"),
    [
        ((1900, 2101), 300),  # far apart: one by one
        ((1900, 1920), 45_000),  # close together: by the hours at which clocks are set
        ((1935, 1950), 35_000),
        ((1965, 2025), 135_000),
        pytest.param((1900, 2101), 450_000, marks=pytest.mark.slow),
    ],
)
def test_offsets_are_those_of_python(zone: str, years: tuple[int, int], n: int) -> None:
    generator = np.random.default_rng(n)
    first, last = (np.datetime64(f"{year}-01-01", "us").astype(np.int64) for year in years)
    times = generator.integers(first, last, n).astype("datetime64[us]")
    found = _time.offsets(times, zoneinfo.ZoneInfo(zone))
    step = max(1, n // (5_000 if n < 400_000 else 50_000))
    expected = [offset(t.replace(tzinfo=UTC), zone) for t in times[::step].tolist()]
    assert found[::step].tolist() == expected
    assert found.dtype == np.int32


@pytest.mark.parametrize("zone", ZONES)
def test_offsets_at_each_change_of_two_centuries(zone: str) -> None:
    """At the very second at which a clock is set, and a microsecond to each side."""
    start, hours = dt.datetime(1900, 1, 1, tzinfo=UTC), 201 * 365 * 24
    dense = np.datetime64("1900-01-01", "us") + np.arange(0, hours, 4) * np.timedelta64(1, "h")
    ahead = _time.offsets(dense, zoneinfo.ZoneInfo(zone))
    edges = []
    for k in np.flatnonzero(np.diff(ahead)).tolist():
        low, high = start + 4 * k * HOUR, start + 4 * (k + 1) * HOUR
        edges += list(_changes(low, high, zone))
    moments = [edge + us * US for edge in edges for us in (-1, 0, 1)]
    expected = [offset(m, zone) for m in moments]
    assert _time.offsets(naive(moments), zoneinfo.ZoneInfo(zone)).tolist() == expected
    if edges:  # among so many others that the other way is taken
        several = np.concatenate([naive(moments), dense])
        found = _time.offsets(several, zoneinfo.ZoneInfo(zone))
        assert found[: len(moments)].tolist() == expected


def _changes(low: dt.datetime, high: dt.datetime, zone: str) -> list[dt.datetime]:
    """The first second after a clock is set, within a few hours in which it is set once."""
    before, seconds = offset(low, zone), int((high - low) / SECOND)
    a, b = 0, seconds
    while b - a > 1:
        middle = (a + b) // 2
        a, b = (middle, b) if offset(low + middle * SECOND, zone) == before else (a, middle)
    return [low + b * SECOND]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("by", ["week", "day", "part", "weekday"])
@pytest.mark.parametrize("column", [True, False])
def test_rhythm_on_both_sides_of_a_change(change: str, by: Any, column: bool) -> None:
    zone, moment = CHANGES[change]
    moments = [moment + after for after in AROUND]
    frame = pd.DataFrame({"who": "a", "at": pd.DatetimeIndex(moments), "zone": zone})
    log = EventLog.from_frame(
        frame, customer="who", time="at", event="view", zone="zone" if column else zone
    )
    trait = traits.Rhythm(None, by=by, name="rhythm")
    profile = of.fold(log, [trait])["a"]
    mine = [{"time": m, "zone": zone} for m in moments]
    assert same(profile["rhythm"], oracle.rhythm(mine, by))
    # Hour by hour: an event of its own each.
    for after in AROUND[::3]:
        alone = of.fold(one([moment + after], zone=zone), [trait])["a"]["rhythm"]
        assert same(alone, oracle.rhythm([{"time": moment + after, "zone": zone}], by))


# The gap in these is not of whole hours from a whole hour on.
SHIFTED_ODDLY = (
    "half an hour forward",
    "a minute past midnight",
    "double summer time",
    "a day left out",
    "for good",
)


def shown(local: dt.datetime, zone: str) -> bool:
    """Whether a clock ever shows this time."""
    where = zoneinfo.ZoneInfo(zone)
    back = local.replace(tzinfo=where).astimezone(UTC).astimezone(where)
    return back.replace(tzinfo=None) == local


def first_pass(local: dt.datetime, zone: str) -> dt.datetime:
    """The instant of a naive local time: the first pass, or the end of the gap it lies in."""
    where = zoneinfo.ZoneInfo(zone)
    early = local.replace(tzinfo=where, fold=0).astimezone(UTC)
    if early.astimezone(where).replace(tzinfo=None) == local:
        return early
    low = local.replace(tzinfo=where, fold=1).astimezone(UTC)  # by the later clock: before the gap
    while early - low > US:
        middle = low + ((early - low) // 2)
        low, early = (middle, early) if offset(middle, zone) == offset(low, zone) else (low, middle)
    return early


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("make", ["pandas", "polars", "arrow"])
def test_naive_times_around_a_change(change: str, make: str) -> None:
    """What a clock shows twice is its first pass; what it never shows is the end of the gap."""
    zone, moment = CHANGES[change]
    clock = moment.astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None)
    local = [clock + sign * after for after in AROUND for sign in (-1, 1)]
    table = pa.table({"who": ["a"] * len(local), "at": pa.array(local, type=pa.timestamp("us"))})
    frames: dict[str, Any] = {
        "pandas": table.to_pandas(),
        "polars": pl.from_arrow(table),
        "arrow": table,
    }
    log = EventLog.from_frame(frames[make], customer="who", time="at", event="x", tz=zone)
    expected = [first_pass(m, zone).replace(tzinfo=None) for m in local]
    found = log.events.array("time").tolist()
    if change in SHIFTED_ODDLY and found != expected:
        kept = [k for k, m in enumerate(local) if shown(m, zone)]
        assert [found[k] for k in kept] == [expected[k] for k in kept]
        pytest.xfail("pandas shifts by whole hours")
    assert found == expected


@settings(max_examples=40)
@given(
    st.sampled_from(ZONES),
    st.lists(
        st.datetimes(dt.datetime(1900, 1, 2), dt.datetime(2100, 1, 1)), min_size=1, max_size=20
    ),
)
def test_naive_times_of_two_centuries(zone: str, local: list[dt.datetime]) -> None:
    local = [m for m in local if shown(m, zone)]
    table = pa.table({"who": ["a"] * len(local), "at": pa.array(local, type=pa.timestamp("us"))})
    log = EventLog.from_frame(table, customer="who", time="at", event="x", tz=zone)
    expected = [first_pass(m, zone).replace(tzinfo=None) for m in local]
    assert log.events.array("time").tolist() == expected


MIXED = [
    dt.datetime(2024, 3, 31, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    dt.datetime(2024, 3, 31, 12, tzinfo=zoneinfo.ZoneInfo("America/New_York")),
    dt.datetime(2024, 3, 31, 12, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=45))),
    dt.datetime(2024, 3, 31, 12, tzinfo=UTC),
]


@pytest.mark.parametrize("moments", list(itertools.permutations(MIXED))[::5], ids=str)
def test_zones_mixed_in_one_column(moments: Sequence[dt.datetime]) -> None:
    stamps = [pd.Timestamp(m) for m in moments]
    who = ["a"] * len(moments)
    series: list[Any] = [
        pd.DataFrame({"who": who, "at": pd.Series(list(moments), dtype=object)}),
        pd.DataFrame({"who": who, "at": pd.Series(stamps, dtype=object)}),
        pd.DataFrame({"who": who, "at": pd.Series(stamps, dtype="timestamp[us, tz=UTC][pyarrow]")}),
        pd.DataFrame({"who": who, "at": pd.to_datetime(list(moments), utc=True)}),
        pl.DataFrame({"who": who, "at": list(moments)}),
        pa.table({"who": who, "at": pa.array(moments)}),
        pa.table({"who": who, "at": pa.array(moments).cast(pa.timestamp("ms", tz="+05:30"))}),
    ]
    for frame in series:
        log = EventLog.from_frame(frame, customer="who", time="at", event="x", tz="Asia/Tokyo")
        expected = naive([m.astimezone(UTC) for m in moments])
        assert log.events.array("time").tolist() == expected.tolist()
        assert log == EventLog.from_events([of.Event("a", "x", m) for m in moments])


@pytest.mark.xfail(reason="Arrow takes the first as the example of all")
@pytest.mark.parametrize(
    ("tz", "aware_first"), [(None, True), ("Asia/Tokyo", True), ("Asia/Tokyo", False)]
)
def test_naive_and_aware_times_in_one_column_are_refused(tz: str | None, aware_first: bool) -> None:
    moments = [MIXED[0], dt.datetime(2024, 3, 31, 12)][:: 1 if aware_first else -1]
    frame = pd.DataFrame({"who": ["a", "a"], "at": pd.Series(moments, dtype=object)})
    with pytest.raises(ColumnError, match="'at'"):
        EventLog.from_frame(frame, customer="who", time="at", event="x", tz=tz)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units_of_time(unit: str) -> None:
    moment = dt.datetime(1969, 12, 31, 23, 59, 58, tzinfo=UTC)
    for zone in ("UTC", "Asia/Kathmandu", "-03:30"):
        table = pa.table({"who": ["a"], "at": pa.array([moment], type=pa.timestamp(unit, tz=zone))})
        log = EventLog.from_frame(table, customer="who", time="at", event="x")
        assert log.events.array("time").tolist() == [moment.replace(tzinfo=None)]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"])
def test_the_first_and_the_last_instant_by_local_clocks(zone: str) -> None:
    """What lies within the bounds by its own clock may lie a few hours beyond them in UTC."""
    clock = [dt.datetime(1700, 1, 1), dt.datetime(2199, 12, 31, 23, 59, 59)]
    table = pa.table({"who": ["a", "a"], "at": pa.array(clock, type=pa.timestamp("us"))})
    log = EventLog.from_frame(table, customer="who", time="at", event="x", tz=zone)
    expected = [first_pass(m, zone).replace(tzinfo=None) for m in clock]
    assert log.events.array("time").tolist() == expected
    assert len(of.fold(log.between("1700-01-02", "2199-12-31"), as_of="2199-12-31")) == 0
