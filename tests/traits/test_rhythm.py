"""Rhythm: hours and weekdays on the customer's own clock."""

from typing import Any

import numpy as np
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError
from onefold.traits.rhythm import HOURS, local_hours


def rhythm(*events: tuple[str, str | None], by: str = "week") -> dict[str, float] | None:
    log = of.EventLog.from_events(of.Event("ann", "view", t, zone=zone) for t, zone in events)
    held: dict[str, float] | None = of.fold(log, [traits.Rhythm(by=by)])["ann"]["rhythm"]
    return held


CASES = [
    ("2024-03-01T10:59:59+00:00", "UTC", "Fri 10"),
    ("2024-03-01T23:30+00:00", "Europe/Berlin", "Sat 00"),  # an hour ahead in winter
    ("2024-07-01T23:30+00:00", "Europe/Berlin", "Tue 01"),  # two in summer
    ("2024-03-03T18:30+00:00", "Asia/Kolkata", "Mon 00"),  # 5:30 ahead
    ("2024-03-04T04:59+00:00", "America/New_York", "Sun 23"),
    ("1969-12-31T23:59:59+00:00", "UTC", "Wed 23"),  # before the epoch, a Thursday
    ("1970-01-01T00:00+00:00", "UTC", "Thu 00"),
]


@pytest.mark.parametrize(("time", "zone", "hour"), CASES, ids=[hour for _, _, hour in CASES])
def test_local_hour_of_the_week(time: str, zone: str, hour: str) -> None:
    assert rhythm((time, zone)) == {hour: 1.0}
    assert rhythm((time, zone), by="day") == {hour[-2:]: 1.0}
    assert rhythm((time, zone), by="weekday") == {hour[:3]: 1.0}


@pytest.mark.parametrize(
    ("hour", "part"),
    [
        *((0, "night"), (5, "night"), (6, "morning"), (11, "morning")),
        *((12, "afternoon"), (17, "afternoon"), (18, "evening"), (23, "evening")),
    ],
)
def test_parts_of_the_day(hour: int, part: str) -> None:
    assert rhythm((f"2024-03-01 {hour:02d}:59", "UTC"), by="part") == {part: 1.0}


def test_events_without_a_clock_do_not_count() -> None:
    known, other = ("2024-03-01 10:00", "UTC"), ("2024-03-02 10:00", "UTC")
    assert rhythm(known, known, other, ("2024-03-03", None)) == {
        "Fri 10": pytest.approx(2 / 3),
        "Sat 10": pytest.approx(1 / 3),
    }
    assert rhythm(("2024-03-03", None)) is None


def test_an_hour_of_the_clock_counts_whichever_pass_it_was() -> None:
    """Berlin's clocks went from 03:00 back to 02:00 on 27 October 2024."""
    passes = [(f"2024-10-27T0{hour}:30+00:00", "Europe/Berlin") for hour in (0, 1)]
    assert rhythm(*passes) == {"Sun 02": 1.0}


def test_only_the_kind_that_was_asked_for() -> None:
    log = of.EventLog.from_events(
        of.Event("ann", kind, f"2024-03-0{day} 10:00", zone="UTC")
        for day, kind in ((1, "view"), (2, "purchase"))
    )
    assert of.fold(log, [traits.Rhythm("purchase")])["ann"]["rhythm"] == {"Sat 10": 1.0}


def test_hours_are_named_in_the_order_of_the_week() -> None:
    assert len(HOURS) == 168
    assert (HOURS[0], HOURS[25], HOURS[-1]) == ("Mon 00", "Tue 01", "Sun 23")
    log = of.EventLog.from_events(
        of.Event("ann", "view", f"2024-03-04 0{h}:00", zone="UTC" if h else None) for h in (0, 1)
    )
    hours, known = local_hours(of.fold(log).history)
    assert hours[known].tolist() == [1]
    assert np.flatnonzero(known).tolist() == [1]


@pytest.mark.parametrize("by", ["month", None, "Week"])
def test_by_is_one_of_four(by: Any) -> None:
    with pytest.raises(ArgumentError, match=r"Rhythm: by is .*'week', 'day', 'part', 'weekday'"):
        traits.Rhythm(by=by)


@pytest.mark.parametrize("least", [1, 2, 3, 4])
def test_too_few_events_with_a_clock_make_no_rhythm(least: int) -> None:
    """Ann has three events with a clock, bob one, and cat one of two."""
    log = of.EventLog.from_events(
        of.Event(who, "view", f"2024-03-0{day} 10:00", zone=zone)
        for who, day, zone in (
            *(("ann", day, "UTC") for day in (1, 2, 3)),
            ("bob", 1, "UTC"),
            *(("cat", day, "UTC" if day == 1 else None) for day in (1, 2)),
        )
    )
    trait = traits.Rhythm(by="part", least=least)
    wide = of.fold(log, [trait]).table.wide("rhythm")
    assert wide.known.tolist() == [least <= 3, least <= 1, least <= 1]
    shares = [1.0 if known else np.nan for known in wide.known]
    np.testing.assert_equal(wide.column("morning"), shares)
    np.testing.assert_equal(wide.column("night"), [0 * share for share in shares])


def test_least_counts_only_the_kind_that_was_asked_for_and_what_was_before() -> None:
    log = of.EventLog.from_events(
        of.Event("ann", "buy" if day > 7 else "view", f"2024-03-0{day} 10:00", zone="UTC")
        for day in range(1, 10)
    )
    held = [traits.Rhythm("buy", name="two", least=2), traits.Rhythm(name="nine", least=9)]
    late = of.fold(log, held, as_of="2024-03-10")
    assert late["ann"]["two"] is not None and late["ann"]["nine"] is not None
    early = late.at("2024-03-09")
    assert early["ann"]["two"] is None and early["ann"]["nine"] is None


def test_parts_and_weekdays_of_the_defaults_need_ten_events() -> None:
    least = {t.name: t.least for t in traits.TRAITS if isinstance(t, traits.Rhythm)}
    assert least == {"rhythm": 1, "day_part": 10, "weekdays": 10}


@pytest.mark.parametrize("least", [0, 1.5, True, None])
def test_least_is_a_whole_number_from_one(least: Any) -> None:
    with pytest.raises(ArgumentError, match=r"Rhythm: least is .* whole number, at least 1"):
        traits.Rhythm(least=least)
