"""Cold items: the chance of being the best, counts before the moment, and exposure."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError
from onefold.scoring.largest import chances


@given(st.floats(0.1, 50), st.floats(0.1, 50))
def test_the_better_of_two_exponentials(b: float, c: float) -> None:
    """P(X > Y) = c / (b + c) where X has the rate b and Y the rate c."""
    found = chances(np.array([1.0, 1.0]), np.array([b, c]))
    np.testing.assert_allclose(found, [c / (b + c), b / (b + c)], atol=2e-4)


@given(st.floats(0.05, 100), st.floats(0.01, 1000), st.integers(1, 30))
def test_what_is_alike_has_the_same_chance(a: float, b: float, m: int) -> None:
    np.testing.assert_allclose(chances(np.full(m, a), np.full(m, b)), 1 / m)


@settings(max_examples=20, deadline=None)
@given(st.data(), st.integers(2, 12))
def test_chances_are_those_of_draws(data: st.DataObject, m: int) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    a, b = np.exp(rng.uniform(np.log(0.05), np.log(50), m)), rng.uniform(0.5, 50, m)
    found = chances(a, b)
    assert found.sum() == pytest.approx(1) and (found >= 0).all()
    n = 20_000
    best = np.bincount(rng.gamma(a, 1 / b, size=(n, m)).argmax(axis=1), minlength=m) / n
    assert np.abs(best - found).max() < 5 * np.sqrt(0.25 / n) + 1e-3


def test_chances_at_the_ends() -> None:
    assert chances(np.zeros(0), np.zeros(0)).tolist() == []
    found = chances(np.array([1e4, 1.0, 1.0]), np.array([1.0, 1e4, 1e4]))
    np.testing.assert_allclose(found, [1, 0, 0], atol=1e-9)


def shop() -> pd.DataFrame:
    """Old is chosen often, rare seldom though shown often, fresh is new and shown little."""
    rows = [("a", "purchase", f"2024-01-{d:02d}", "old") for d in range(1, 31)]
    rows += [("b", "view", f"2024-01-{d:02d}", "rare") for d in range(1, 31)]
    rows += [("b", "purchase", "2024-01-10", "rare"), ("b", "view", "2024-01-30", "fresh")]
    rows += [("a", "view", f"2024-01-{d:02d}", "old") for d in range(1, 31)]
    return pd.DataFrame(rows, columns=["who", "what", "when", "item"])


def profiles(as_of: str = "2024-02-01", catalog: of.Catalog | None = None) -> of.Profiles:
    frame = shop()
    frame["when"] = pd.to_datetime(frame["when"], format="%Y-%m-%d")
    log = of.EventLog.from_frame(
        frame, customer="who", event="what", time="when", item="item", tz="UTC"
    )
    return of.fold(log, catalog=catalog, as_of=as_of)


def catalogue() -> of.Catalog:
    frame = pd.DataFrame(
        {
            "sku": ["gone", "later", "new", "old", "rare"],
            "from": pd.to_datetime([None, "2024-03-01", "2024-01-29", None, "2023-01-01"]),
            "until": pd.to_datetime(["2024-01-20", None, None, None, None]),
        }
    )
    return of.Catalog.from_frame(
        frame, item="sku", valid_from="from", valid_until="until", tz="UTC"
    )


def test_counts_by_events_and_by_days() -> None:
    cold = of.Thompson(exposure="view", prior=(1.0, 10.0)).fit(profiles())
    assert list(cold.items) == ["fresh", "rare"]  # old is not cold
    assert (cold.choices.tolist(), cold.exposures.tolist()) == ([0, 1], [1, 30])
    np.testing.assert_allclose(cold.chance, chances(np.array([1.0, 2]), np.array([11.0, 40])))
    days = of.Thompson(prior=(1.0, 10.0)).fit(profiles())
    np.testing.assert_allclose(days.exposures, [2, 31])


def test_the_catalogue_says_since_when_and_until_when() -> None:
    cold = of.Thompson(prior=(1.0, 10.0)).fit(profiles(catalog=catalogue()))
    assert list(cold.items) == ["fresh", "new", "rare"]
    # fresh is not in the catalogue: since its first event; rare: since the log begins
    np.testing.assert_allclose(cold.exposures, [2, 3, 31])
    frame = cold.to_pandas()
    assert frame["item"].tolist() == ["fresh", "new", "rare"]
    assert (frame["low"] < frame["rate"]).all() and (frame["rate"] < frame["high"]).all()
    assert "3 cold items" in repr(cold) and "<table" in cold._repr_html_()


def test_nothing_looks_ahead() -> None:
    early = of.Thompson(exposure="view").fit(profiles("2024-01-11"))
    assert list(early.items) == ["rare"]
    assert (early.choices.tolist(), early.exposures.tolist()) == ([1], [10])


def test_the_prior_is_learned_by_moments() -> None:
    """Rates of a known gamma: the pair comes back, as far as 2,000 items tell."""
    from onefold.scoring.thompson import _learned

    rng = np.random.default_rng(1)
    exposures = rng.uniform(50, 150, 2000)
    a, b = _learned(rng.poisson(rng.gamma(2.0, 1 / 8.0, 2000) * exposures) * 1.0, exposures)
    assert a == pytest.approx(2, rel=0.15) and a / b == pytest.approx(0.25, rel=0.05)
    even = _learned(np.full(50, 10.0), np.full(50, 10.0))  # less spread than chance itself has
    assert even == (100.0, 100.0)
    assert _learned(np.zeros(3), np.array([5.0, 0, 1])) == (1.0, 6.0)
    assert _learned(np.zeros(0), np.zeros(0)) == (1.0, 1.0)


def test_only_the_most_probable_are_candidates() -> None:
    data = of.datasets.simulate(100, days=100, items=60, rng=1)
    everybody = of.fold(data.log)
    cold = of.Thompson(few=10_000, most=5).fit(everybody)
    every = of.Thompson(few=10_000, most=1000).fit(everybody).to_pandas()
    assert sorted(cold.items) == sorted(every["item"][:5])
    assert cold.chance.sum() == pytest.approx(1)
    assert len(of.Thompson(few=1).fit(everybody)) == 0  # each was chosen


@pytest.mark.parametrize(
    ("settings_", "said"),
    [
        ({"share": 1.5}, "share"),
        ({"few": 0}, "few"),
        ({"most": 0.5}, "most"),
        ({"exposure": ""}, "exposure"),
        ({"prior": (1, 0)}, "prior"),
        ({"prior": 3}, "prior"),
    ],
)
def test_settings_are_checked(settings_: dict, said: str) -> None:
    with pytest.raises(ArgumentError, match=f"Thompson: {said}"):
        of.Thompson(**settings_)


def test_what_is_fitted_on_is_checked() -> None:
    with pytest.raises(ArgumentError, match=r"'click'.*Kinds: 'purchase', 'view'"):
        of.Thompson(exposure="click").fit(profiles())
    with pytest.raises(ArgumentError, match="fold"):
        of.Thompson().fit(shop())
