import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

import onefold as of
from onefold.errors import ArgumentError
from onefold.levels import Due
from onefold.levels.due import Cells, Rhythms, logistic
from tests.levels.plain import choices_of, few, items_of, log_of, shops, visits_of

RNG = np.random.default_rng(0)


def rhythm(days: dict[str, list[int]]) -> of.Profiles:
    """Profiles of customers who buy something on given days."""
    rows = [
        (who, 24 * day, "purchase", item, None)
        for key, listed in days.items()
        for who, _, item in [key.partition(" ")]
        for day in listed
    ]
    return of.fold(log_of(rows))


@few
@given(shops())
def test_cells_by_hand(profiles: of.Profiles) -> None:
    items = items_of(profiles)
    found = Cells.of(choices_of(profiles, items))
    expected = []
    for i, profile in enumerate(profiles):
        visits = visits_of(profile, items)
        for code, item in enumerate(items):
            when = [k for k, (_, chosen) in enumerate(visits) if item in chosen]
            if not when:
                continue
            times = [visits[k][0] for k in when]
            now = pd.Timestamp(profiles.as_of, tz="UTC")
            days = [(now - t).total_seconds() / 86400 for t in times]
            ages = [len(visits) - 1 - k for k in when]
            expected.append(
                (
                    i,
                    code,
                    len(when),
                    days[-1],
                    days[0],
                    ages[-1],
                    ages[0] - ages[-1],
                    sum(2 ** (-d / 30) for d in days),
                    sum(0.8**a for a in ages),
                    len(visits),
                )
            )
    rows = zip(
        *(getattr(found, name) for name in ("row", "item", "count", "since", "first", "ago")),
        *(getattr(found, name) for name in ("across", "month", "near", "visits")),
        strict=True,
    )
    for mine, told in itertools.zip_longest(rows, expected):
        assert mine == pytest.approx(told, abs=1e-9)


def test_the_usual_gap_is_drawn_towards_that_of_the_item() -> None:
    profiles = rhythm({"ann tea": [0, 10, 20], "bob tea": [0, 20], "cat jam": [0]})
    choices = choices_of(profiles, items_of(profiles))
    found = Rhythms.of(choices, 1.0)
    tea = items_of(profiles).code("tea")
    everybody = (20 + 20) / 3
    assert found.days[tea] == pytest.approx((40 + everybody) / 4)
    jam = items_of(profiles).code("jam")
    assert found.days[jam] == pytest.approx(everybody)  # no gap of its own
    level = Due(own=1.0).fit(choices, as_of=profiles.as_of, rng=RNG)
    cells = Cells.of(choices)
    usual = dict(zip(zip(cells.row, cells.item, strict=True), level.usual(cells), strict=True))
    held = level.items.days[tea]
    assert usual[0, tea] == pytest.approx((20 + held) / 3)


def weekly(customers: int) -> of.Profiles:
    """All buy milk each week, and soap each fourth week, each from a week of their own on."""
    rows = []
    for k in range(customers):
        hour, first = k % 24, k * 7 % 13
        for week in range(first, 40):
            rows.append((f"c{k:03d}", 24 * 7 * week + hour, "purchase", "milk", None))
            if week % 4 == k % 4:
                rows.append((f"c{k:03d}", 24 * 7 * week + hour, "purchase", "soap", None))
    return of.fold(log_of(rows), as_of="2025-01-04")  # 40 weeks after the first


def test_what_is_due_comes_before_what_was_just_bought() -> None:
    profiles = weekly(200)
    items = items_of(profiles)
    choices = choices_of(profiles, items)
    level = Due().fit(choices, as_of=profiles.as_of, rng=RNG)
    own = level.own(choices).toarray()
    assert own.sum(axis=1) == pytest.approx(1)
    soap = own[:, items.code("soap")]
    # Those of phase 0 bought soap three weeks before the last visit: it is due; phase 3 just did.
    due, just = soap[np.arange(200) % 4 == 0], soap[np.arange(200) % 4 == 3]
    assert due.min() > 3 * just.max()


@few
@given(shops())
def test_own_items_and_no_others(profiles: of.Profiles) -> None:
    items = items_of(profiles)
    choices = choices_of(profiles, items)
    own = Due().fit(choices, as_of=profiles.as_of, rng=RNG).own(choices)
    for row, profile in enumerate(profiles):
        told = set().union(*(chosen for _, chosen in visits_of(profile, items)), set())
        assert {items[i] for i in own[row].indices} == told
        assert own[row].sum() == pytest.approx(1.0 if told else 0.0)


def test_what_comes_at_or_after_the_moment_changes_nothing() -> None:
    profiles = weekly(60)
    early = profiles.at("2024-10-01")
    items = items_of(early)
    fitted = [
        Due().fit(choices_of(p, items), as_of=early.as_of, rng=np.random.default_rng(1))
        for p in (early, profiles.at("2024-10-01"))
    ]
    assert np.array_equal(fitted[0].weights, fitted[1].weights)


def test_logistic_finds_the_odds() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20_000, 2))
    chance = 1 / (1 + np.exp(-(0.5 + x @ np.array([1.0, -2.0]))))
    mean, scale, weights = logistic(x, rng.random(20_000) < chance, 1e-3)
    slope = weights[:2] / scale
    assert slope == pytest.approx([1, -2], abs=0.1)
    assert weights[2] - slope @ mean == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("outcome", [np.zeros(3, bool), np.ones(3, bool), np.zeros(0, bool)])
def test_with_nothing_to_tell_apart_all_are_alike(outcome: np.ndarray) -> None:
    _, _, weights = logistic(np.zeros((len(outcome), 2)), outcome, 1.0)
    assert weights.tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", ["own", "item", "ridge", "customers"])
def test_settings_are_checked(name: str) -> None:
    with pytest.raises(ArgumentError, match=f"Due: {name}"):
        Due(**{name: 0})
