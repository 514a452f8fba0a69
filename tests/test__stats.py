"""Intervals, tests and corrections: against publications, scipy and simulations."""

import inspect
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from onefold._stats import (
    Interval,
    adjusted,
    bootstrap_difference,
    bootstrap_mean,
    bootstrap_ratio,
    fisher,
    verdict,
    wilson,
)
from onefold.errors import ArgumentError

COUNTS = st.integers(0, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
SHARES = st.floats(0, 1)

# ------------------------------------------------------------------ wilson

# Newcombe 1998, table I, method 3 (score method without continuity correction).
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("k", "n", "low", "high"), NEWCOMBE)
def test_wilson_as_published(k, n, low, high):
    found = wilson(k, n)
    assert [round(float(bound), 4) for bound in found] == [low, high]


@given(COUNTS, st.sampled_from([0.5, 0.8, 0.95, 0.999]))
def test_wilson_agrees_with_scipy(counts, confidence):
    k, n = counts
    low, high = wilson(k, n, confidence=confidence)
    if n == 0:
        assert (low, high) == (0, 1)
        return
    theirs = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
    assert float(low) == pytest.approx(theirs.low, abs=1e-12)
    assert float(high) == pytest.approx(theirs.high, abs=1e-12)
    assert 0 <= low <= k / n <= high <= 1
    assert (k != 0 or low == 0) and (k != n or high == 1)


def test_wilson_is_vectorised_and_symmetric():
    k, n = np.arange(11), 10
    low, high = wilson(k, n)
    assert low.shape == (11,) and low.dtype == np.float64
    np.testing.assert_allclose(low, 1 - high[::-1], atol=1e-15)
    assert wilson(k[:, None], np.array([10, 20]))[0].shape == (11, 2)
    assert wilson([], [])[0].shape == (0,)


@pytest.mark.parametrize(
    ("k", "n"),
    [(-1, 5), (6, 5), (np.nan, 5), (1, np.inf), (1, np.nan), ("a", 5), ([1, 2], [1, 2, 3])],
)
def test_wilson_refuses(k, n):
    with pytest.raises(ArgumentError, match="k"):
        wilson(k, n)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5, np.nan, "0.95"])
def test_a_confidence_is_between_0_and_1(confidence):
    with pytest.raises(ArgumentError, match="confidence is"):
        wilson(1, 2, confidence=confidence)


# ------------------------------------------------------------------ adjusted

# Benjamini and Hochberg 1995, section 4.1: fifteen p-values, of which four pass at .05.
THROMBOLYSIS = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip


def test_bh_rejects_the_four_of_its_paper():
    assert (adjusted(THROMBOLYSIS) <= 0.05).tolist() == [True] * 4 + [False] * 11


def test_by_is_stricter_than_bh():
    assert (adjusted(THROMBOLYSIS, method="by") >= adjusted(THROMBOLYSIS)).all()


def brute_bh(p):
    order, m = np.argsort(p), len(p)
    q, least = np.empty(m), 1.0
    for rank in range(m, 0, -1):
        least = min(least, p[order[rank - 1]] * m / rank)
        q[order[rank - 1]] = least
    return q


@given(st.lists(SHARES | st.just(float("nan")), max_size=30))
def test_missing_tests_stay_missing_and_do_not_count(p):
    p = np.array(p, dtype=float)
    q, made = adjusted(p), ~np.isnan(p)
    np.testing.assert_allclose(q[made], brute_bh(p[made]), rtol=1e-12)
    assert np.isnan(q[~made]).all()
    assert (q[made] >= p[made]).all() and (q[made] <= 1).all()


def test_a_family_may_be_empty_or_a_table():
    assert adjusted([]).shape == (0,)
    table = np.array([[0.01, 0.02], [0.03, np.nan]])
    assert adjusted(table).shape == (2, 2)
    np.testing.assert_array_equal(adjusted(table).ravel(), adjusted(table.ravel()))


def test_adjusted_refuses():
    with pytest.raises(ArgumentError, match="outside 0 to 1"):
        adjusted([0.5, 1.5])
    with pytest.raises(ArgumentError, match="'bh', 'by'"):
        adjusted([0.5], method="bonferroni")


# ------------------------------------------------------------------ fisher


def exact(k, n, j, m):
    """The definition in fractions: all tables as probable as this one, or less so."""
    total = k + j
    ways = {x: comb(n, x) * comb(m, total - x) for x in range(max(0, total - m), min(n, total) + 1)}
    return float(Fraction(sum(w for w in ways.values() if w <= ways[k]), sum(ways.values())))


SMALL = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(SMALL, SMALL)
@example((5, 10), (5, 10))
@example((0, 0), (3, 7))
@example((3, 3), (0, 3))  # two modes
@example((1, 2), (0, 1))
def test_fisher_is_exact(here, there):
    (k, n), (j, m) = here, there
    assert float(fisher(k, n, k_other=j, n_other=m)) == pytest.approx(exact(k, n, j, m), rel=1e-9)


@given(COUNTS, COUNTS)
@settings(max_examples=60)
def test_fisher_agrees_with_scipy(here, there):
    (k, n), (j, m) = here, there
    theirs = stats.fisher_exact([[k, n - k], [j, m - j]]).pvalue
    assert float(fisher(k, n, k_other=j, n_other=m)) == pytest.approx(theirs, rel=1e-7, abs=1e-300)


@given(COUNTS, COUNTS)
def test_fisher_does_not_care_which_is_which(here, there):
    (k, n), (j, m) = here, there
    p = float(fisher(k, n, k_other=j, n_other=m))
    assert 0 <= p <= 1
    assert float(fisher(j, m, k_other=k, n_other=n)) == pytest.approx(p, rel=1e-7, abs=1e-300)
    turned = float(fisher(n - k, n, k_other=m - j, n_other=m))
    assert turned == pytest.approx(p, rel=1e-7, abs=1e-300)


def test_fisher_as_published():
    # Fisher's lady tasting tea, 3 of 4 right (Agresti, Categorical Data Analysis, 3.5.2): .486.
    assert float(fisher(3, 4, k_other=1, n_other=4)) == pytest.approx(0.4857, abs=5e-5)
    # R's help page of fisher.test, criminal twins (Fisher 1962), two-sided: p = .0005367.
    assert float(fisher(10, 13, k_other=2, n_other=17)) == pytest.approx(0.0005367, abs=5e-8)


def test_fisher_takes_thousands_of_large_tables():
    rng = np.random.default_rng(3)
    n = np.full(2000, 1_000_000)
    k, j = rng.binomial(n, 0.3), rng.binomial(n, 0.3)
    p = fisher(k, n, k_other=j, n_other=n)
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=3.5 * np.sqrt(0.05 * 0.95 / 2000))
    for i in range(5):
        theirs = stats.fisher_exact([[k[i], n[i] - k[i]], [j[i], n[i] - j[i]]]).pvalue
        assert p[i] == pytest.approx(theirs, rel=1e-6)


def test_fisher_of_far_tails_and_nobody():
    assert 0 < float(fisher(500, 1000, k_other=5, n_other=1000)) < 1e-150
    assert float(fisher(1_000_000, 1_000_000, k_other=0, n_other=1_000_000)) == 0
    assert fisher([0, 3, 0], [0, 3, 5], k_other=[2, 3, 0], n_other=[9, 3, 5]).tolist() == [1, 1, 1]
    assert fisher([], [], k_other=[], n_other=[]).shape == (0,)
    assert fisher([[1], [2]], 5, k_other=[1, 2, 3], n_other=6).shape == (2, 3)


@pytest.mark.parametrize(
    "counts",
    [(3, 2, 1, 5), (1, 2, 6, 5), (0.5, 2, 1, 5), (np.nan, 2, 1, 5), ([1, 1], 2, [1] * 3, 5)],
)
def test_fisher_refuses(counts):
    k, n, j, m = counts
    with pytest.raises(ArgumentError, match="k"):
        fisher(k, n, k_other=j, n_other=m)


# ------------------------------------------------------------------ bootstrap


def test_the_law_of_the_resamples():
    """Against the exact law: three customers, ten equally likely multisets by their counts."""
    values = np.array([0.0, 1.0, 5.0])
    found = bootstrap_mean(values, rng=1, draws=20_000, confidence=0.9)
    means = sorted(sum(t) / 3 for t in np.array(np.meshgrid(*[values] * 3)).reshape(3, -1).T)
    assert float(found.low) == pytest.approx(np.quantile(means, 0.05), abs=1e-12)
    assert float(found.high) == pytest.approx(np.quantile(means, 0.95), abs=1e-12)


def test_agrees_with_scipy_percentile_bootstrap():
    x = np.random.default_rng(2).exponential(1, 300)
    ours = bootstrap_mean(x, rng=3, draws=20_000)
    told = inspect.signature(stats.bootstrap).parameters
    chance: Any = {"rng" if "rng" in told else "random_state": np.random.default_rng(4)}
    theirs = stats.bootstrap(
        (x,), np.mean, method="percentile", n_resamples=20_000, **chance
    ).confidence_interval
    se = x.std() / np.sqrt(300)
    assert float(ours.low) == pytest.approx(theirs.low, abs=0.06 * se)
    assert float(ours.high) == pytest.approx(theirs.high, abs=0.06 * se)


def test_a_missing_customer_is_only_left_out_of_its_column():
    rng = np.random.default_rng(5)
    x = rng.normal(3, 1, (400, 2))
    x[rng.random(400) < 0.3, 1] = np.nan
    found = bootstrap_mean(x, rng=6)
    np.testing.assert_allclose(found.estimate, np.nanmean(x, axis=0), rtol=1e-12)
    assert found.n.tolist() == [400, int((~np.isnan(x[:, 1])).sum())]
    alone = bootstrap_mean(x[~np.isnan(x[:, 1]), 1], rng=7)
    width, width_alone = found.high[1] - found.low[1], alone.high - alone.low
    assert width == pytest.approx(float(width_alone), rel=0.12)


def test_columns_share_their_resamples():
    """The same column twice has the same bounds; a difference is a column of differences."""
    x = np.random.default_rng(8).normal(0, 1, (50, 3))
    x = np.column_stack([x, x[:, 0], x[:, 0] - x[:, 1]])
    found = bootstrap_mean(x, rng=9)
    assert (found.low[0], found.high[0]) == (found.low[3], found.high[3])
    paired = bootstrap_difference(x[:, 0], x[:, 1], rng=9)
    assert float(paired.low) == pytest.approx(found.low[4], abs=1e-12)


def test_memory_chunks_do_not_change_the_draws(monkeypatch):
    x = np.random.default_rng(10).normal(0, 1, (30, 4))
    whole = bootstrap_mean(x, rng=11, draws=500)
    monkeypatch.setattr("onefold._stats.bootstrap._CELLS", 100)
    parts = bootstrap_mean(x, rng=11, draws=500)
    np.testing.assert_allclose(whole.low, parts.low, atol=1e-12)
    np.testing.assert_allclose(whole.high, parts.high, atol=1e-12)


@pytest.mark.parametrize("law", ["normal", "counts", "missing"])
def test_coverage(law):
    """3,000 columns are 3,000 experiments: the truth lies inside as often as is said.

    A percentile bootstrap of 200 customers is short by a factor of about sqrt(1 - 1/200) and has
    2,000 draws: some .004 below nominal are expected, and .015 is allowed.
    """
    rng = np.random.default_rng(12)
    if law == "counts":
        x, truth = rng.poisson(0.3, (200, 3000)).astype(float), 0.3
    else:
        x, truth = rng.normal(1, 2, (200, 3000)), 1.0
    if law == "missing":
        x[:100, ::2] = np.nan
    found = bootstrap_mean(x, rng=13)
    covered = np.mean((found.low <= truth) & (truth <= found.high))
    assert covered == pytest.approx(0.95, abs=0.015)


@given(st.floats(-1e6, 1e6), st.integers(2, 9))
def test_where_all_are_equal_the_bounds_are_the_value(value, n):
    found = bootstrap_mean(np.full((n, 2), value), rng=1, draws=100)
    assert found.estimate.tolist() == found.low.tolist() == found.high.tolist() == [value] * 2


@given(st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")), min_size=1, max_size=8))
def test_bounds_lie_within_the_data(values):
    x = np.array(values)
    found = bootstrap_mean(x, rng=1, draws=100)
    measured = x[~np.isnan(x)]
    assert int(found.n) == len(measured)
    if len(measured) < 2:
        assert np.isnan(found.low) and np.isnan(found.high)
        assert np.isnan(found.estimate) if len(measured) == 0 else found.estimate == measured[0]
    else:
        assert measured.min() <= found.low <= found.high <= measured.max()


def test_nobody_and_no_column():
    found = bootstrap_mean(np.empty((0, 3)), rng=1)
    assert np.isnan(found.estimate).all() and found.n.tolist() == [0, 0, 0]
    assert bootstrap_mean(np.empty((5, 0)), rng=1).estimate.shape == (0,)


def test_one_customer_shows_no_spread():
    found = bootstrap_mean([[4.0, 1.0]], rng=1)
    assert found.estimate.tolist() == [4, 1] and np.isnan(found.low).all()
    assert verdict(found.low[0], found.high[0]) == "not shown"


def test_an_interval_is_a_value():
    x = np.random.default_rng(14).normal(0, 1, (20, 2))
    one, same, other = (bootstrap_mean(x, rng=seed) for seed in (1, 1, 2))
    assert one == same and one != other and one != "one"
    assert isinstance(one, Interval)
    assert one.method == "percentile bootstrap over customers, 2,000 draws"
    assert one.confidence == 0.95
    with pytest.raises(TypeError):
        hash(one)
    with pytest.raises(ValueError, match="read-only"):
        one.low[0] = 0


def test_the_callers_array_is_kept():
    x = np.array([1.0, np.nan, 3.0])
    bootstrap_mean(x, rng=1)
    np.testing.assert_array_equal(x, [1, np.nan, 3])
    assert x.flags.writeable


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"values": np.zeros((2, 2, 2))}, "values has the shape"),
        ({"values": 3.0}, "values has the shape"),
        ({"values": [1.0, np.inf]}, "values holds infinite"),
        ({"values": ["a"]}, "values is"),
        ({"draws": 99}, "draws is 99"),
        ({"draws": 200.5}, "draws is 200.5"),
        ({"confidence": 95}, "confidence is 95"),
        ({"rng": -1}, "rng is -1"),
        ({"rng": "seed"}, "rng is 'seed'"),
    ],
)
def test_bootstrap_refuses(change, said):
    arguments = {"values": [1.0, 2.0], "rng": 1, **change}
    with pytest.raises(ArgumentError, match=said):
        bootstrap_mean(arguments.pop("values"), **arguments)


def test_a_difference_needs_the_same_customers():
    with pytest.raises(ArgumentError, match="same customers"):
        bootstrap_difference([1.0, 2.0], [1.0], rng=1)
    with pytest.raises(ArgumentError, match=r"^a holds infinite"):
        bootstrap_difference([np.inf], [np.inf], rng=1)


# ------------------------------------------------------------------ verdict


def test_verdicts():
    assert verdict(0.1, 0.2) == "better"
    assert verdict(-0.2, -0.1) == "worse"
    touching = [(-0.1, 0.1), (0, 0.1), (-0.1, 0), (0, 0), (np.nan, np.nan), (np.nan, 1)]
    assert {verdict(low, high) for low, high in touching} == {"not shown"}
    assert verdict(np.array([0.1]), np.array(0.2)) == "better"


def test_verdict_refuses():
    with pytest.raises(ArgumentError, match="not be above"):
        verdict(0.2, 0.1)
    with pytest.raises(ArgumentError, match="one interval"):
        verdict([0.1, 0.2], [0.3, 0.4])


def test_a_difference_that_is_not_there_is_rarely_shown():
    rng = np.random.default_rng(15)
    a, b = rng.random((2, 300, 400)) < 0.2
    found = bootstrap_difference(a.astype(float), b.astype(float), rng=16, draws=1000)
    said = [verdict(*bounds) for bounds in zip(found.low, found.high, strict=True)]
    assert 0.9 < said.count("not shown") / len(said) < 0.985


# ------------------------------------------------------------------ ratio


def test_a_ratio_is_one_of_sums_and_paired():
    above, below = np.array([1.0, 0, 3, np.nan]), np.array([2.0, 4, 0, 5])
    found = bootstrap_ratio(above, below, rng=1)
    assert float(found.estimate) == pytest.approx(4 / 6)
    assert int(found.n) == 3
    assert found.low < found.estimate < found.high
    half = bootstrap_ratio(below / 2, below, rng=1)
    assert (float(half.low), float(half.high)) == (0.5, 0.5)  # the same customers in both


def test_a_ratio_by_columns_and_without_one():
    below = np.array([[1.0, 0, np.nan], [3, 0, np.nan], [2, 0, 1]])
    found = bootstrap_ratio(below * [1, 1, 2], below, rng=1, draws=200)
    assert found.estimate.tolist()[0] == 1 and np.isnan(found.estimate[1])
    assert found.n.tolist() == [3, 3, 1]
    assert found.estimate[2] == 2 and np.isnan(found.low[1:]).all()


def test_a_ratio_covers_the_truth():
    rng, hits = np.random.default_rng(5), 0
    for _ in range(200):
        below = rng.exponential(2, 80)
        above = 0.7 * below * rng.exponential(1, 80)
        found = bootstrap_ratio(above, below, rng=rng, draws=300)
        hits += bool(found.low <= 0.7 <= found.high)
    assert hits >= 178


def test_a_ratio_takes_one_shape():
    with pytest.raises(ArgumentError, match="above has the shape"):
        bootstrap_ratio(np.ones(3), np.ones(4), rng=1)
