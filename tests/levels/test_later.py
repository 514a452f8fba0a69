import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.levels.later import later_start, slice_start
from tests.levels.plain import choices_of, few, items_of, shops, visits_of

DAY = np.timedelta64(86_400_000_000, "us")
START = np.datetime64("2025-01-01", "us")


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100 * 24)), min_size=1, max_size=40),
    st.integers(1, 6),
    st.sampled_from([0.1, 0.5, 1.0]),
)
def test_slice_start(visits: list, least: int, share: float) -> None:
    """Doubled while too few come back, by the definition."""
    visits = sorted(visits)
    hour = np.timedelta64(3_600_000_000, "us")
    row = np.array([who for who, _ in visits])
    time = np.array([START + h * hour for _, h in visits])
    end = time.max() + hour
    found = slice_start(row, time, end, least=least, share=share)

    hours = {who: [h for w, h in visits if w == who] for who, _ in visits}
    gaps = sorted(b - a for times in hours.values() for a, b in itertools.pairwise(times))
    middle = float(np.median(gaps)) if gaps else 24.0
    h, last = max(24.0, middle), max(h for _, h in visits) + 1
    span = last - min(h for _, h in visits)
    while True:
        before = {who for who, t in visits if t < last - h}
        back = {who for who, t in visits if t >= last - h} & before
        if (before and len(back) >= min(least, share * len(before))) or 2 * h > span / 3:
            break
        h *= 2
    assert (end - found) / hour == pytest.approx(h, abs=1e-6)


def test_slice_start_of_nothing_is_a_day_before() -> None:
    nothing = np.array([], dtype="datetime64[us]")
    assert slice_start(np.zeros(0, int), nothing, START) == START - DAY


@few
@given(shops())
def test_the_slice_of_choices_is_that_of_their_visits(profiles: of.Profiles) -> None:
    items = items_of(profiles)
    told = [
        (i, np.datetime64(start.tz_localize(None), "us"))
        for i, profile in enumerate(profiles)
        for start, chosen in visits_of(profile, items)
        if chosen
    ]
    row, time = np.array([i for i, _ in told]), np.array([t for _, t in told])
    expected = slice_start(row, time, profiles.as_of)
    assert later_start(choices_of(profiles, items), profiles.as_of) == expected
