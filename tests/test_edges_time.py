"""Time at its edges: leap days, windows, centuries; a microsecond to each side.

The oracle is Python's own calendar, one instant after another.
"""

import datetime as dt
import itertools
import math
import statistics
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.errors import ColumnError
from onefold.events import EventLog
from tests import oracle
from tests.case import same

UTC, US, SECOND = dt.UTC, dt.timedelta(microseconds=1), dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)


def one(moments: Sequence[Any], **more: Any) -> EventLog:
    """Views of one customer."""
    return EventLog.from_events([of.Event("a", "view", m, **more) for m in moments])


# ----------------------------------------------------------------------------- leap days


@pytest.mark.parametrize("born", ["2000-02-29", "2000-02-28", "2000-03-01", "1904-02-29"])
def test_age_on_each_day_around_the_end_of_february(born: str) -> None:
    frame = pd.DataFrame({"who": ["a"], "birth_date": [born]})
    log = EventLog.from_facts(frame, customer="who", time="1950-01-01", facts=["birth_date"])
    profiles = of.fold(log, [traits.Age()], as_of="2199-12-31")
    days = [
        dt.datetime(year, 2, 26, tzinfo=UTC) + k * DAY + us * US
        for year in (1999, 2000, 2001, 2004, 2023, 2024, 2096, 2100, 2104)
        for k in range(6)
        for us in (-1, 0)
    ]
    asked = pd.DataFrame({"customer": "a", "time": pd.DatetimeIndex(days)})
    found = profiles.at(asked)["age"].tolist()
    expected = [oracle._age(born, day.date()) for day in days]
    assert [None if math.isnan(age) else age for age in found] == expected


@pytest.mark.parametrize("year", [1900, 2000, 2023, 2024, 2100])
@pytest.mark.parametrize("days", [1, 2, 28, 29, 365, 366])
def test_windows_over_the_end_of_february(year: int, days: int) -> None:
    end = dt.datetime(year, 3, 1, tzinfo=UTC)
    moments = [end - k * DAY + us * US for k in range(-1, 370) for us in (-1, 0, 1)]
    over = traits.Over(traits.Count(), last=f"{days}D", name="over")
    for as_of in (end - DAY, end, end + US, end + DAY):
        profile = of.fold(one(moments), [over], as_of=as_of)["a"]
        assert profile["over"] == sum(as_of - days * DAY <= m < as_of for m in moments)


# ----------------------------------------------------------------------------- windows


@settings(max_examples=30)
@given(
    st.integers(10**13, 10**15),
    st.sampled_from([1, 1000, 10**6, 3600 * 10**6, 86_400 * 10**6]),
    st.integers(0, 3),
)
def test_events_at_the_edges_of_a_window(begin: int, last: int, until: int) -> None:
    """A microsecond to each side of both edges, as of several moments."""
    start = dt.datetime(1700, 1, 1, tzinfo=UTC) + begin * US
    length, gap = 4 * last * US, until * last * US
    edges = [start + k * last * US for k in range(-1, 6)]
    moments = [edge + us * US for edge in edges for us in (-1, 0, 1)]
    over = traits.Over(traits.Count(), last=length, until=gap if until else None, name="over")
    profiles = of.fold(one(moments), [over], as_of=max(moments) + US)
    asked = [m + us * US for m in edges[2:] for us in (-1, 0, 1)]
    table = profiles.at(pd.DataFrame({"customer": "a", "time": pd.DatetimeIndex(asked)}))
    for t, found in zip(asked, table["over"].tolist(), strict=True):
        expected = sum(t - length <= m < t - gap for m in moments)
        known = any(m < t for m in moments)
        assert found == expected if known else found in (0, None) or math.isnan(found)
        if known:
            assert profiles.at(t)["a"]["over"] == expected


# ----------------------------------------------------------------------------- far apart


EDGES = (
    "1700-01-01",
    "1700-01-01 00:00:00.000001",
    "1969-12-31 23:59:59.999999",
    "1970-01-01",
    "2199-12-31 23:59:59.999998",
)


def test_the_first_and_the_last_instant() -> None:
    frame = pd.DataFrame({"who": "a", "at": pd.Series(EDGES, dtype="datetime64[us]")})
    frame["at"] = pd.to_datetime(list(EDGES), format="ISO8601").as_unit("us")
    log = EventLog.from_frame(frame, customer="who", time="at", event="view", tz="UTC", zone="UTC")
    assert log == one(EDGES, zone="UTC")
    end = dt.datetime(2199, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    chosen = [*traits.TRAITS, traits.Gap(None, name="every"), traits.Tenure(None, name="known for")]
    profiles = of.fold(log, chosen, as_of=end)
    profile = profiles["a"]
    times = [dt.datetime.fromisoformat(t).replace(tzinfo=UTC) for t in EDGES]
    assert profile["known for"] == (end - times[0]) / DAY
    assert profile["every"] == (times[-1] - times[0]) / DAY / (len(times) - 1)
    assert profile.events()["time"].dt.tz_localize(None).tolist() == [
        pd.Timestamp(t.replace(tzinfo=None)) for t in times
    ]
    assert repr(profile)
    assert profile._repr_html_()
    assert repr(profiles)
    assert repr(log.quality())
    assert len(profiles.to_pandas()) == len(profiles.summary().to_pandas().columns[:1]) == 1
    assert len(log.before("1700-01-01 00:00:00.000001")) == 1
    assert len(log.between("1700-01-01", "2199-12-31 23:59:59.999999")) == len(EDGES)
    for bad in ("1699-12-31 23:59:59.999999", "2200-01-01"):
        frame = pd.DataFrame({"who": ["a"], "at": [pd.Timestamp(bad).as_unit("us")]})
        with pytest.raises(ColumnError, match="1700 to 2200"):
            EventLog.from_frame(frame, customer="who", time="at", event="view", tz="UTC")


@pytest.mark.parametrize("gap", [1, 10, 100], ids=lambda years: f"{years} years")
@pytest.mark.parametrize("half_life", ["1us", "1s", "1h", "90D", "36500D"])
def test_gaps_of_years(gap: int, half_life: str) -> None:
    """No overflow in squares of microseconds, no underflow to nothing in what has decayed."""
    start = dt.datetime(1701, 1, 1, tzinfo=UTC)
    moments = [start + k * gap * 365 * DAY + k * k * SECOND for k in range(490 // gap)][:40]
    items = ["tea", "jam", "oat"]
    log = EventLog.from_events(
        [of.Event("a", "view", m, item=items[k % 3]) for k, m in enumerate(moments)]
    )
    end = moments[-1] + US
    length = pd.Timedelta(half_life).to_pytimedelta()
    chosen = [
        traits.Gap(None, name="gap"),
        traits.Regularity(None, name="regularity"),
        traits.Recency(None),
        traits.Tenure(None),
        traits.Affinity("item", None, half_life=half_life, name="taste"),
        *(
            traits.Streak(None, period=p, longest=best, name=f"{p} {best}")
            for p in ("1us", "1D", "36500D")
            for best in (True, False)
        ),
    ]
    profile = of.fold(log, chosen, as_of=end)["a"]
    mine = [{"time": m, "item": items[k % 3], "basket": None} for k, m in enumerate(moments)]
    micros = [(b - a) // US for a, b in itertools.pairwise(moments)]
    expected = {
        "gap": oracle.gap(mine, end),
        "regularity": statistics.stdev(micros) / statistics.fmean(micros),
        "recency": oracle.recency(mine, end),
        "tenure": oracle.tenure(mine, end),
        "taste": oracle.affinity(mine, "item", length, end),
    }
    for name, right in expected.items():
        assert same(profile[name], right), (name, profile[name], right)
    for p in ("1us", "1D", "36500D"):
        period = pd.Timedelta(p).to_pytimedelta()
        active = {(end - m - US) // period for m in moments}
        run = next(k for k in itertools.count() if k not in active)
        best = max(_run(active, k) for k in active if k - 1 not in active)
        assert (profile[f"{p} False"], profile[f"{p} True"]) == (run, best)
    taste = profile["taste"]
    assert math.isclose(sum(taste.values()), 1.0)
    late = profile.after(of.Event("a", "view", "2199-12-31", item="tea"))["taste"]
    assert math.isclose(sum(late.values()), 1.0)


def _run(active: set[int], k: int) -> int:
    return next(n for n in itertools.count(1) if k + n not in active)
