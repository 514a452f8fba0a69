"""The beta function and the differences of near gammas, against scipy and against exact sums."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.special import betaln, digamma, polygamma

from onefold.lifetime.processes.apart import digamma_apart, minus_log_beta, trigamma_apart


def grid() -> tuple[np.ndarray, np.ndarray]:
    values = np.geomspace(1e-3, 1e4, 57)
    a, b = np.meshgrid(values, values)
    return a.ravel(), b.ravel()


def test_beta_is_scipys():
    a, b = grid()
    assert np.allclose(minus_log_beta(a, b), -betaln(a, b), rtol=1e-9, atol=1e-9)
    assert np.array_equal(minus_log_beta(a, b), minus_log_beta(b, a))


def test_beta_of_whole_numbers_is_exact_where_gammas_cancel():
    # 1 / B(z, 3) = z (z + 1) (z + 2) / 2
    z = np.array([49.0, 50.0, 51.0, 1e3, 1e6, 1e9])
    exact = np.log(z * (z + 1) * (z + 2) / 2)
    assert np.allclose(minus_log_beta(z, 3.0), exact, rtol=2e-14, atol=0)


@pytest.mark.parametrize("z", [0.3, 7.0, 49.9, 50.1, 300.0, 1e6])
def test_differences_over_whole_steps_are_sums(z):
    # digamma(z + 5) - digamma(z) = sum of 1 / (z + i); trigamma the same of -1 / (z + i)^2
    terms = [Fraction(z) + i for i in range(5)]
    first = float(sum(1 / t for t in terms))
    second = float(-sum(1 / t**2 for t in terms))
    assert digamma_apart(z, 5.0) == pytest.approx(first, rel=1e-13)
    assert trigamma_apart(z, 5.0) == pytest.approx(second, rel=1e-12)


def test_differences_are_scipys_where_those_are_exact():
    z, d = grid()
    near = z < 1000
    z, d = z[near], d[near]
    assert np.allclose(digamma_apart(z, d), digamma(z + d) - digamma(z), rtol=1e-9, atol=1e-14)
    apart = polygamma(1, z + d) - polygamma(1, z)
    assert np.allclose(trigamma_apart(z, d), apart, rtol=1e-9, atol=1e-15)
