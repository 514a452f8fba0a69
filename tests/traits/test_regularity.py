"""Regularity and streaks: worked by hand, and to the microsecond."""

import datetime as dt
import itertools
import math
import statistics
from typing import Any

import numpy as np
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError

NOON = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MICRO = dt.timedelta(microseconds=1)


def read(trait: traits.Trait, *times: dt.datetime, as_of: Any = "2040-01-01") -> float | None:
    """What a trait says of ann, who bought at these times; of bob, who did not, nothing."""
    log = [of.Event(who, "view", NOON - 8000 * DAY) for who in ("ann", "bob")]
    log += [of.Event("ann", "purchase", time) for time in times]
    profiles = of.fold(of.EventLog.from_events(log), [trait], as_of=as_of)
    assert profiles["bob"][trait.name] is None
    found: float | None = profiles["ann"][trait.name]
    return found


def after(*days: float) -> list[dt.datetime]:
    return [NOON + day * DAY for day in days]


# ---------------------------------------------------------------------------------- regularity


@pytest.mark.parametrize(
    ("times", "cv"),
    [
        (after(0, 7, 14, 21), 0),
        (after(0, 1, 21, 24), statistics.stdev([1, 20, 3]) / 8),
        (after(0, 1, 4), statistics.stdev([1, 3]) / 2),
        (after(0, 3650, 3653), statistics.stdev([3650, 3]) / 1826.5),  # ten years
        (after(0, 7), None),  # one gap
        (after(0), None),
        (after(0, 0, 0), None),  # one visit
    ],
)
def test_regularity_by_hand(times: list[dt.datetime], cv: float | None) -> None:
    found = read(traits.Regularity(), *times)
    assert found == cv if cv is None else math.isclose(found or 0, cv, rel_tol=1e-14)


def test_visits_and_not_lines_make_the_gaps() -> None:
    lines = [(0, "r1"), (0.01, "r1"), (7, "r2"), (7.5, "r2"), (14, "r3")]
    log = [of.Event("ann", "purchase", NOON + day * DAY, basket=b) for day, b in lines]
    profiles = of.fold(of.EventLog.from_events(log), [traits.Regularity()])
    assert profiles["ann"]["regularity"] == 0


def test_visits_at_one_instant_have_no_regularity() -> None:
    log = [of.Event("ann", "purchase", NOON, basket=b) for b in "abc"]
    profiles = of.fold(of.EventLog.from_events(log), [traits.Regularity()])
    assert profiles["ann"]["regularity"] is None
    log.append(of.Event("ann", "purchase", NOON + DAY, basket="d"))  # gaps 0, 0, 1
    later = of.fold(of.EventLog.from_events(log), [traits.Regularity()])
    assert math.isclose(later["ann"]["regularity"], math.sqrt(3))


def test_a_microsecond_in_ten_years_is_seen() -> None:
    year = 365 * DAY
    times = [NOON + k * year for k in range(11)]
    assert read(traits.Regularity(), *times) == 0
    times[5] += MICRO
    gaps = [(b - a) // MICRO for a, b in itertools.pairwise(times)]
    expected = math.sqrt(2 / 9) / statistics.mean(gaps)  # one gap longer by 1, one shorter
    found = read(traits.Regularity(), *times)
    assert found is not None and math.isclose(found, expected, rel_tol=1e-12)


def test_chance_has_a_regularity_of_one_and_a_clock_of_none() -> None:
    rng = np.random.default_rng(1)
    for shape, expected in ((1, 1.0), (4, 0.5)):
        ends = np.cumsum(rng.gamma(shape, 1 / shape, 4000))
        found = read(traits.Regularity(), *after(*ends.tolist()))
        assert found is not None and abs(found - expected) < 0.04


# ------------------------------------------------------------------------------------- streaks

END = NOON + 28 * DAY


def ago(*days: float) -> list[dt.datetime]:
    return [END - day * DAY for day in days]


@pytest.mark.parametrize(
    ("times", "now", "best"),
    [
        (ago(1, 8, 15, 22), 4, 4),
        (ago(1, 2, 3), 1, 1),  # one period, however often
        (ago(1, 15, 22, 29), 1, 3),  # the second week is empty
        (ago(8, 15), 0, 2),  # the newest week is empty
        (ago(7), 1, 1),  # its first instant belongs to it
        ([END - 7 * DAY - MICRO], 0, 1),
        ([END - MICRO], 1, 1),
        ([END - 7 * DAY, END - 7 * DAY - MICRO], 2, 2),
        ([END - MICRO, END - 7 * DAY, END - 7 * DAY + MICRO], 1, 1),
        ([END - MICRO, END - 14 * DAY], 2, 2),
        ([END - MICRO, END - 14 * DAY - MICRO], 1, 1),
        (ago(3650, 3657, 1), 1, 2),  # ten years
        ([END], None, None),  # `as_of` lies ahead
        ([], None, None),
    ],
)
def test_streaks_by_hand(times: list[dt.datetime], now: int | None, best: int | None) -> None:
    assert read(traits.Streak(), *times, as_of=END) == now
    assert read(traits.Streak(longest=True), *times, as_of=END) == best


@pytest.mark.parametrize("shift", [MICRO, dt.timedelta(hours=13), 400 * DAY])
def test_shifting_time_changes_nothing(shift: dt.timedelta) -> None:
    """Periods end at `as_of` and not at a midnight."""
    times = ago(1, 7, 7.5, 14, 21.00001, 40, 47, 50)
    for trait in (traits.Streak(), traits.Streak(longest=True), traits.Streak(period="1h")):
        here = read(trait, *times, as_of=END)
        assert read(trait, *(t + shift for t in times), as_of=END + shift) == here


def test_any_length_of_period() -> None:
    times = ago(0.5, 1.5, 2.5)
    assert read(traits.Streak(period="1D"), *times, as_of=END) == 3
    assert read(traits.Streak(period="12h"), *times, as_of=END) == 1  # [end - 12h, end)
    assert read(traits.Streak(period="36500D"), *times, as_of=END) == 1
    micros = [END - k * MICRO for k in (1, 2, 3, 5)]
    assert read(traits.Streak(period="1us"), *micros, as_of=END) == 3


def test_two_customers_do_not_share_a_run() -> None:
    log = [of.Event(who, "purchase", t) for who in ("ann", "bob") for t in ago(1, 8)]
    both = [traits.Streak(name="now"), traits.Streak(longest=True, name="best")]
    profiles = of.fold(of.EventLog.from_events(log), both, as_of=END)
    assert profiles.table["now"].tolist() == profiles.table["best"].tolist() == [2, 2]


def test_nobody() -> None:
    some: list[traits.Trait] = [traits.Streak(), traits.Regularity()]
    some.append(traits.Streak(longest=True, name="best"))
    table = of.fold(of.EventLog.from_events([]), some, as_of=END).table
    assert [len(table[trait.name]) for trait in some] == [0, 0, 0]


@pytest.mark.parametrize("wrong", [{"period": "0D"}, {"period": 7}, {"longest": 1}])
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=f"Streak: {next(iter(wrong))}"):
        traits.Streak(**wrong)
