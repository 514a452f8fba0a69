"""BG/NBD and MBG/NBD against integrals over rates and chances, published figures and own draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import roots_genlaguerre, roots_jacobi
from scipy.stats import beta as beta_of
from scipy.stats import gamma as gamma_of

from onefold._types import Floats
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.rows import Rows

BG, MBG = BetaGeometric(at_once=False), BetaGeometric(at_once=True)
BOTH = pytest.mark.parametrize("process", [BG, MBG], ids=["BG", "MBG"])

# Fader, Hardie and Lee (2005), CDNOW in weeks.
CDNOW = np.array([0.243, 4.414, 0.793, 2.426])[:, None]
HEAVY = np.array(
    [
        (221, 103.42857, 103.57143),
        (254, 97.14286, 97.28571),
        (161, 94.71429, 98),
        (204, 98.57143, 99.42857),
    ]
)


def one(x: float, t_x: float, T: float) -> Rows:
    return Rows.of(*(np.array([v], dtype=np.float64) for v in (x, t_x, T)))


def column(*params: float) -> Floats:
    return np.array(params, dtype=np.float64)[:, None]


@BOTH
@given(
    logs=st.lists(st.floats(-3.0, 3.0), min_size=4, max_size=4),
    x=st.integers(0, 60),
    T=st.floats(0.5, 200.0),
    part=st.floats(0.01, 1.0),
)
def test_slopes_and_bends(
    process: BetaGeometric, logs: list[float], x: int, T: float, part: float
) -> None:
    rows, u = one(x, T * part if x else 0.0, T), np.array(logs)
    curve = process.curve(np.exp(u)[:, None], rows)
    value = process.value(np.exp(u)[:, None], rows)
    np.testing.assert_allclose(curve.value, value, rtol=1e-12, atol=1e-12)
    h = 1e-5
    for i in range(4):
        step = h * np.eye(4)[i]
        up, down = (process.curve(np.exp(u + s)[:, None], rows) for s in (step, -step))
        slope = (up.value - down.value) / (2 * h)
        np.testing.assert_allclose(curve.gradient[i], slope, rtol=1e-5, atol=1e-5)
        bend = (up.gradient - down.gradient) / (2 * h)
        np.testing.assert_allclose(curve.hessian[i], bend, rtol=1e-5, atol=1e-5)


@BOTH
def test_parameters_by_row_are_those_of_each_row(process: BetaGeometric) -> None:
    rng = np.random.default_rng(2)
    params = np.exp(rng.normal(size=(4, 30)))
    T = rng.uniform(1, 50, 30)
    rows = Rows.of(*process.draw(params, T, rng), T)
    curve = process.curve(params, rows)
    apart = [process.curve(params[:, i : i + 1], rows.take(slice(i, i + 1))) for i in range(30)]
    np.testing.assert_allclose(curve.value, np.concatenate([c.value for c in apart]))
    gradient = np.concatenate([c.gradient for c in apart], axis=1)
    np.testing.assert_allclose(curve.gradient, gradient, atol=1e-12)
    hessian = np.concatenate([c.hessian for c in apart], axis=2)
    np.testing.assert_allclose(curve.hessian, hessian, atol=1e-10)
    for horizon in (0.5, 20.0):
        many = process.expected(params, rows, horizon)
        each = [
            process.expected(params[:, i : i + 1], rows.take(slice(i, i + 1)), horizon)
            for i in range(30)
        ]
        np.testing.assert_allclose(many, np.concatenate(each), rtol=1e-9)


@BOTH
@pytest.mark.parametrize("history", [(0, 0, 3), (1, 2, 9), (4, 20, 30), (4, 5, 30)])
@pytest.mark.parametrize("params", [(0.8, 4.4, 0.8, 2.4), (2.0, 9.0, 1.7, 1.3)])
def test_likelihood_and_alive_by_integration(
    process: BetaGeometric, params: tuple[float, ...], history: tuple[float, ...]
) -> None:
    r, alpha, a, b = params
    x, t_x, T = history
    j = int(x) + process.at_once

    def bought(until: float) -> float:
        law = gamma_of(r, scale=1 / alpha)
        return float(quad(lambda v: law.pdf(v) * v**x * np.exp(-v * until), 0, np.inf)[0])

    def chose(left: int) -> float:
        law = beta_of(a, b)
        return float(quad(lambda p: law.pdf(p) * p**left * (1 - p) ** (j - left), 0, 1)[0])

    here = bought(T) * chose(0)
    gone = bought(t_x) * chose(1) if j > 0 else 0.0
    rows = one(*history)
    assert np.exp(process.value(column(*params), rows)[0]) == pytest.approx(here + gone, rel=1e-6)
    alive = process.alive(column(*params), rows)[0]
    assert alive == pytest.approx(here / (here + gone), rel=1e-6)


@BOTH
@pytest.mark.parametrize("history", [(0, 0, 3), (3, 20, 30)])
@pytest.mark.parametrize("params", [(1.2, 4.4, 1.6, 2.4), (2.0, 9.0, 1.0, 1.3)])
def test_expected_by_integration(
    process: BetaGeometric, params: tuple[float, ...], history: tuple[float, ...]
) -> None:
    """Of one who is there: rates thinned by leaving, over what is known of rate and chance."""
    r, alpha, a, b = params
    x, _, T = history
    stay = b + x + process.at_once
    rates, likely = roots_genlaguerre(80, r + x - 1)
    halves, often = roots_jacobi(80, stay - 1, a - 1)
    p, rate = (1 + halves[:, None]) / 2, rates / (alpha + T)
    bought = -np.expm1(-rate * p * 13) / p
    brute = often @ bought @ likely / (often.sum() * likely.sum())
    rows = one(*history)
    found = process.expected(column(*params), rows, 13) / process.alive(column(*params), rows)
    assert found[0] == pytest.approx(brute, rel=1e-6)


def test_published_figures() -> None:
    """Fader, Hardie and Lee's note on BG/NBD in Excel: 39 weeks ahead."""
    rows = one(2, 30.43, 38.86)
    assert round(BG.expected(CDNOW, rows, 39)[0], 3) == 1.226
    assert BG.alive(CDNOW, one(0, 0, 38.86))[0] == 1


@BOTH
def test_heavy_buyers_are_finite(process: BetaGeometric) -> None:
    rows = Rows.of(*HEAVY.T)
    for params in (CDNOW, column(0.525, 6.183, 0.891, 1.614), column(0.02, 0.1, 5.0, 0.05)):
        alive = process.alive(params, rows)
        assert ((alive > 0) & (alive < 1)).all()
        curve = process.curve(params, rows)
        for part in (curve.value, curve.gradient, curve.hessian):
            assert np.isfinite(part).all()
        for horizon in (1e-6, 1.0, 1e6):
            many = process.expected(params, rows, horizon)
            assert (np.isfinite(many) & (many > 0)).all()
        longer = process.discounted(params, rows, 0.003, None)
        assert (np.isfinite(longer) & (longer > 0)).all()


@BOTH
def test_nothing_jumps_where_a_is_one(process: BetaGeometric) -> None:
    rows = Rows.of(np.array([0.0, 2, 40]), np.array([0.0, 20, 29]), np.full(3, 30.0))
    sides = np.array([0.0, 1e-13, 1e-9, 1e-7, 1e-4, 1.0001e-4])
    for horizon in (0.01, 5.0, 5000.0):
        for a in [*(1 + sides), *(1 - sides)]:
            found, low, high = (
                process.expected(column(0.8, 4.4, v, 2.4), rows, horizon)
                for v in (a, a - 0.01, a + 0.01)
            )
            np.testing.assert_allclose(found, (low + high) / 2, rtol=1e-3)


@BOTH
@pytest.mark.parametrize("b", [1e3, 1e6, 1e10])
def test_if_nobody_leaves_it_is_the_negative_binomial(process: BetaGeometric, b: float) -> None:
    rows = Rows.of(np.array([0.0, 5]), np.array([0.0, 9]), np.array([10.0, 10]))
    params = column(0.8, 4.4, 0.8, b)
    many = process.expected(params, rows, 26)
    np.testing.assert_allclose(many, (0.8 + rows.x) / 14.4 * 26, rtol=20 / b)
    assert (process.alive(params, rows) > 1 - 20 / b).all()
    np.testing.assert_allclose(process.newcomer(params, np.array([9.0])), 0.8 / 4.4 * 9, rtol=5 / b)
    curve = process.curve(params, rows)
    # By log b there is little to gain: its slope is of the order of a / b, not noise.
    assert (np.abs(curve.gradient[3]) < 10 * 0.8 / b).all()
    assert (np.abs(curve.hessian[3, 3]) < 10 * 0.8 / b).all()


@BOTH
def test_no_time_at_all(process: BetaGeometric) -> None:
    rows, params = one(0, 0, 0), column(0.8, 4.4, 0.8, 2.4)
    stays = 2.4 / 3.2 if process.at_once else 1.0
    assert process.alive(params, rows)[0] == pytest.approx(stays)
    assert process.value(params, rows)[0] == pytest.approx(0, abs=1e-14)
    assert process.expected(params, rows, 0.0)[0] == 0
    assert process.newcomer(params, np.zeros(1))[0] == 0
    many = process.expected(params, rows, 7.0)
    assert many[0] == pytest.approx(process.newcomer(params, np.array([7.0]))[0])
    counts = process.counts(params, np.zeros(1), 2)
    np.testing.assert_allclose(counts, [[1, 0, 0]], atol=1e-14)
    assert np.isfinite(process.starts(rows)).all()


@BOTH
@given(st.lists(st.floats(-2.0, 1.5), min_size=4, max_size=4), st.floats(0.1, 40.0))
def test_counts_sum_to_one_and_have_the_mean(
    process: BetaGeometric, logs: list[float], T: float
) -> None:
    params = np.exp(np.array(logs) * [0.5, 1, 1, 1])[:, None]
    # A tail of less than 1e-12: the rate seldom is above some 80 times its scale.
    most = int(80 * (1 + params[0, 0]) * (1 + T / params[1, 0])) + 40
    chances = process.counts(params, np.array([T]), most)[0]
    assert (chances >= 0).all()
    assert chances.sum() == pytest.approx(1, abs=1e-9)
    mean = float(chances @ np.arange(most + 1.0))
    assert process.newcomer(params, np.array([T]))[0] == pytest.approx(mean, rel=1e-6)


@BOTH
def test_draws_have_the_counts_of_the_model(process: BetaGeometric) -> None:
    params, size = column(0.9, 6.0, 0.8, 2.4), 200_000
    rng = np.random.default_rng(4)
    x, t_x = process.draw(params, np.full(size, 30.0), rng)
    chances = process.counts(params, np.array([30.0]), 40)[0]
    seen = np.bincount(x.astype(int), minlength=41)[:41]
    assert (np.abs(seen - size * chances) < 4.5 * np.sqrt(size * chances) + 2).all()
    assert ((t_x > 0) == (x > 0)).all()
    assert (t_x <= 30).all()


@BOTH
def test_what_is_expected_of_draws_adds_up(process: BetaGeometric) -> None:
    """Over all histories the mean of what is expected next is what newcomers buy then."""
    params, size = column(0.9, 6.0, 0.8, 2.4), 200_000
    x, t_x = process.draw(params, np.full(size, 30.0), np.random.default_rng(6))
    after = process.expected(params, Rows.of(x, t_x, np.full(size, 30.0)), 20.0)
    first, both = process.newcomer(params, np.array([30.0, 50.0]))
    assert abs(after.mean() - (both - first)) < 4 * after.std() / np.sqrt(size)
    assert abs(x.mean() - first) < 4 * x.std() / np.sqrt(size)
