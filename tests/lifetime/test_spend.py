"""The likelihood of Gamma-Gamma: against quadrature, numeric slopes, and other ways to the top."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import gamma

from onefold.lifetime.spend import Means, Spend, _trigamma_inverse, likelihood, search

LOGS = st.floats(-3, 5)


def drawn(params, n, seed, most=6):
    p, q, v = params
    rng = np.random.default_rng(seed)
    x = rng.integers(1, most, n).astype(float)
    nu = rng.gamma(q, 1 / v, n)
    return Means.of(x, rng.gamma(p * x) / (x * nu))


@pytest.mark.parametrize("params", [(6.25, 3.74, 15.44), (0.7, 0.6, 3.0), (2.0, 9.0, 40.0)])
@pytest.mark.parametrize(("x", "z"), [(1.0, 35.0), (4.0, 2.5), (30.0, 12.0)])
def test_a_row_is_the_integral_over_customers(params, x, z):
    # A customer's mean of x purchases is gamma (px, nu x); nu is gamma (q, v).
    p, q, v = params

    def density(nu):
        mean = gamma.pdf(z, p * x, scale=1 / (nu * x))
        return mean * gamma.pdf(nu, q, scale=1 / v)

    peak = (p * x + q) / (v + x * z)
    total = sum(quad(density, a * peak, b * peak, epsabs=0, limit=200)[0]
                for a, b in [(0, 0.3), (0.3, 1), (1, 3), (3, 50)])  # fmt: skip
    rows = Means.of(np.array([x]), np.array([z]))
    assert Spend().value(np.array(params), rows)[0] == pytest.approx(np.log(total), abs=1e-7)


def test_a_row_is_equation_1a():
    p, q, v = 6.25, 3.74, 15.44
    rows = drawn((p, q, v), 50, seed=1)
    x, z = rows.x, rows.z
    plain = (
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        + (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(v + x * z)
    )  # fmt: skip
    assert np.allclose(Spend().value(np.array([p, q, v]), rows), plain, rtol=1e-12)


@given(LOGS, LOGS, LOGS, st.integers(1, 400), st.floats(-5, 5))
def test_slopes_and_bends_are_numeric_ones(p, q, v, x, z):
    theta, rows = np.array([p, q, v]), Means.of(np.array([float(x)]), np.exp([z]))
    value, gradient, hessian = likelihood(rows, theta)
    assert value == likelihood(rows, theta, second=False)[0]
    step = 1e-5
    for i, side in enumerate(np.eye(3) * step):
        up, down = likelihood(rows, theta + side), likelihood(rows, theta - side)
        scale = max(1.0, abs(value), *np.abs(hessian).ravel())
        assert gradient[i] == pytest.approx((up[0] - down[0]) / 2 / step, abs=1e-7 * scale)
        assert hessian[i] == pytest.approx((up[1] - down[1]) / 2 / step, abs=1e-7 * scale)


def test_the_curve_by_row_adds_up_in_parts():
    rows = drawn((2.0, 3.0, 5.0), 20_000, seed=2)
    theta = np.log([2.0, 3.0, 5.0])
    whole = Spend().curve(np.exp(theta), rows)
    value, gradient, hessian = likelihood(rows, theta)
    assert value == pytest.approx(whole.value.sum())
    assert np.allclose(gradient, whole.gradient.sum(axis=1), atol=1e-8)
    assert np.allclose(hessian, whole.hessian.sum(axis=2))


def test_each_different_row_once_says_the_same():
    rows = drawn((2.0, 3.0, 5.0), 5000, seed=3)
    coarse = Means.of(rows.x, np.ceil(rows.z))
    once = coarse.compressed()
    assert len(once) < 500 and once.weight.sum() == 5000
    theta = np.log([2.0, 3.0, 5.0])
    for a, b in zip(likelihood(coarse, theta), likelihood(once, theta), strict=True):
        assert np.allclose(a, b, rtol=1e-10)
    assert rows.compressed() is rows


@pytest.mark.parametrize(
    "params", [(6.25, 3.74, 15.44), (1.0, 0.5, 10.0), (0.3, 0.3, 1.0), (2.0, 50.0, 90.0)]
)
def test_no_other_way_leads_higher(params):
    rows = drawn(params, 400, seed=4)
    found = search(rows)
    assert found.converged
    start = np.random.default_rng(5).uniform(-2, 4, (6, 3))
    for begin in start:
        other = minimize(
            lambda t: -likelihood(rows, np.clip(t, -12, 12), second=False)[0],
            begin, method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-9},
        )  # fmt: skip
        assert -other.fun <= found.value + 1e-6


def test_letters_that_run_off_are_named_and_the_rest_stays():
    # Every customer spends the same at each purchase: p has no end, and v = pv / p has none.
    rng = np.random.default_rng(6)
    z = 1 / rng.gamma(3.0, 1.0, 200)
    found = search(Means.of(np.full(200, 1e5), z))
    assert found.converged and found.untold[0] and found.untold[2]
    assert found.covariance[1, 1] < 0.1 and np.isinf(found.covariance[0, 0])


@given(st.floats(1e-3, 1e4))
def test_trigamma_is_inverted(value):
    from scipy.special import polygamma

    assert polygamma(1, _trigamma_inverse(value)) == pytest.approx(value, rel=1e-8)
