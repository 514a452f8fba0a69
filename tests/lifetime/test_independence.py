"""Correlations of frequency and spend: their values, and how often their intervals cover."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from onefold.lifetime.independence import correlations


def test_values_are_scipys():
    rng = np.random.default_rng(1)
    x = rng.poisson(3.0, 400) + 1.0
    z = rng.gamma(2.0, x)
    pearson, spearman = correlations(x, z)
    assert pearson.value == pytest.approx(pearsonr(x, z)[0])
    assert spearman.value == pytest.approx(spearmanr(x, z)[0])
    assert pearson.low < pearson.value < pearson.high
    assert "delta" in pearson.method and "Bonett" in spearman.method


def test_intervals_cover_zero_where_skewed_money_does_not_depend_on_frequency():
    rng = np.random.default_rng(2)
    sets, hits = 400, np.zeros(2)
    for _ in range(sets):
        x = rng.geometric(0.3, 500).astype(float)
        z = rng.gamma(6.0, 1 / rng.gamma(3.7, 1 / 15.0, 500))
        hits += [c.low <= 0 <= c.high for c in correlations(x, z)]
    assert (hits / sets > 0.91).all() and (hits / sets < 0.985).all()


def test_the_interval_of_a_strong_correlation_covers():
    rng = np.random.default_rng(3)
    sets, hits = 400, np.zeros(2)
    for _ in range(sets):
        a, b = rng.normal(size=(2, 300))
        b = 0.6 * a + 0.8 * b
        pearson, spearman = correlations(a, b)
        rank = 6 / np.pi * np.arcsin(0.3)
        hits += [pearson.low <= 0.6 <= pearson.high, spearman.low <= rank <= spearman.high]
    assert (hits / sets > 0.91).all() and (hits / sets < 0.985).all()


@pytest.mark.parametrize(
    ("x", "z"), [([1, 2, 3], [1, 2, 3]), ([2] * 9, range(1, 10)), (range(1, 10), [2] * 9)]
)
def test_what_cannot_be_told_is_missing(x, z):
    for held in correlations(np.array(x, dtype=float), np.array(z, dtype=float)):
        assert np.isnan([held.value, held.low, held.high]).all()


def test_a_perfect_one_is_finite():
    pearson, spearman = correlations(np.arange(1.0, 9.0), np.arange(1.0, 9.0) * 2)
    assert pearson.value == pytest.approx(1) and spearman.value == pytest.approx(1)
    assert np.isfinite([pearson.low, pearson.high, spearman.low, spearman.high]).all()


def test_the_interval_of_pearson_is_the_infinitesimal_jackknifes():
    """Efron, "The jackknife, the bootstrap and other resampling plans", 1982, chapter 6."""
    rng = np.random.default_rng(6)
    x = rng.geometric(0.3, 9).astype(float)
    z = rng.gamma(2.0, x)

    def fisher(weight):
        a, b = (v - np.average(v, weights=weight) for v in (x, z))
        return np.arctanh((weight @ (a * b)) / np.sqrt((weight @ a**2) * (weight @ b**2)))

    step = 1e-5 * np.eye(9)
    slopes = [(fisher(1 + up) - fisher(1 - up)) / 2e-5 for up in step]
    wide = 1.959964 * np.sqrt(np.square(slopes).sum())
    pearson, _ = correlations(x, z)
    middle = np.arctanh(pearsonr(x, z)[0])
    assert np.arctanh([pearson.low, pearson.high]) == pytest.approx(
        [middle - wide, middle + wide], rel=1e-5
    )
