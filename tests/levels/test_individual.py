from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError
from onefold.levels import Choices, Individual
from tests.levels.plain import (
    aged,
    as_shares,
    choices_of,
    few,
    items_of,
    near,
    shares,
    shops,
    visits_of,
)


@few
@given(
    shops(),
    st.integers(0, 1),
    st.sampled_from([0.1, 3, 180]),
    st.sampled_from([1.0, 2.0, 0.5]),
)
def test_by_days(profiles: of.Profiles, unknown: int, half_life: float, power: float) -> None:
    items = items_of(profiles, without=unknown)
    level = Individual(f"{half_life}D", power=power).fit(None, as_of=None, rng=None)
    own = level.own(choices_of(profiles, items)).toarray()
    for row, profile in zip(own, profiles, strict=True):
        told = [(start, chosen) for start, chosen in visits_of(profile, items) if chosen]
        counts: dict[str, float] = defaultdict(float)
        for start, chosen in told:
            for item in chosen:
                counts[item] += aged(told[-1][0], start, half_life)
        expected = shares({item: c**power for item, c in counts.items()})
        assert near(as_shares(row, items), expected)


@few
@given(shops(), st.integers(0, 1), st.sampled_from([0, 0.5, 0.9]))
def test_by_visits(profiles: of.Profiles, unknown: int, decay: float) -> None:
    items = items_of(profiles, without=unknown)
    own = Individual(decay=decay).own(choices_of(profiles, items)).toarray()
    for row, profile in zip(own, profiles, strict=True):
        visits = visits_of(profile, items)
        while visits and not visits[-1][1]:
            visits.pop()  # the last one with a known item counts as the last
        counts: dict[str, float] = defaultdict(float)
        for ago, (_, chosen) in enumerate(reversed(visits)):
            for item in chosen:
                counts[item] += decay**ago
        assert near(as_shares(row, items), shares(counts))


def test_the_same_distribution_in_an_old_and_a_new_history() -> None:
    """What counts is the age beside the customer's own last visit: nothing underflows."""
    rows = [("2024-01-01", "tea"), ("2024-01-02", "jam")]
    log = of.EventLog.from_events(of.Event("ann", "purchase", t, item=i) for t, i in rows)
    profiles = of.fold(log, as_of="2190-01-01")
    own = Individual("1D").own(choices_of(profiles, items_of(profiles)))
    assert own.toarray()[0] == pytest.approx(np.array([2, 1]) / 3)


def test_who_chose_nothing_has_an_empty_row() -> None:
    rows = [("ann", "purchase", "tea"), ("bob", "view", "tea"), ("cas", "purchase", None)]
    log = of.EventLog.from_events(of.Event(w, k, "2024-01-01", item=i) for w, k, i in rows)
    profiles = of.fold(log)
    choices: Choices = choices_of(profiles, items_of(profiles))
    for level in (Individual("1D"), Individual(decay=0.5)):
        assert np.diff(level.own(choices).indptr).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "half_life= or decay="),
        ({"half_life": "1D", "decay": 0.5}, "half_life= or decay="),
        ({"decay": 1}, "decay is 1"),
        ({"decay": "x"}, "decay is 'x'"),
        ({"decay": -0.1}, "decay"),
        ({"half_life": "soon"}, "half_life"),
        ({"half_life": "-3D"}, "half_life"),
        ({"half_life": "1D", "power": 0}, "power is 0"),
        ({"half_life": "1D", "power": float("inf")}, "power is inf"),
        ({"half_life": "1D", "name": ""}, "name is ''"),
    ],
)
def test_bad_settings_are_named(settings: dict, said: str) -> None:
    with pytest.raises(ArgumentError, match=f"Individual: .*{said}"):
        Individual(**settings)
