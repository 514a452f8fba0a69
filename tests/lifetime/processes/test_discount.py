"""Discounted purchases against sums of expected ones, and the polynomials against the integral."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from onefold._types import Floats, Ints
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.processes.discount import _read_off
from onefold.lifetime.rows import Rows

BG, MBG = BetaGeometric(at_once=False), BetaGeometric(at_once=True)


def one(x: float, t_x: float, T: float) -> Rows:
    return Rows.of(*(np.array([v], dtype=np.float64) for v in (x, t_x, T)))


def by_parts(
    process: BetaGeometric, params: Floats, rows: Rows, rate: float, horizon: float
) -> float:
    """exp(-rate H) E(H) + rate * integral of exp(-rate s) E(s), from the expected E alone."""

    def inner(log: float) -> float:
        s = np.exp(log)
        return float(rate * s * np.exp(-rate * s) * process.expected(params, rows, s)[0])

    end = min(horizon, 60 / rate)
    edges = np.linspace(np.log(end) - 30, np.log(end), 11)
    whole = np.exp(-rate * end) * float(process.expected(params, rows, end)[0])
    for low, high in itertools.pairwise(edges):
        whole += float(quad(inner, low, high, epsabs=1e-16, epsrel=1e-10)[0])
    return whole


PARAMS = [(0.243, 4.414, 0.793, 2.426), (0.8, 0.05, 0.1, 0.3), (3.0, 400.0, 9.0, 45.0)]


@pytest.mark.parametrize(("process", "rate"), [(BG, 1e-6), (BG, 0.01), (BG, 1.0), (MBG, 0.03)])
@pytest.mark.parametrize("params", PARAMS)
def test_discounted_is_what_expected_gives_by_parts(
    process: BetaGeometric, params: tuple[float, ...], rate: float
) -> None:
    column = np.array(params)[:, None]
    for rows in (one(0, 0, 9), one(3, 7, 9), one(120, 380, 400)):
        for horizon in (2.0, 300.0, None):
            brute = by_parts(process, column, rows, rate, horizon or np.inf)
            found = process.discounted(column, rows, rate, horizon)[0]
            assert found == pytest.approx(brute, rel=1e-9)


@given(
    logs=st.lists(st.floats(-3.0, 3.0), min_size=4, max_size=4),
    x=st.integers(0, 80),
    T=st.floats(0.5, 1000.0),
    horizon=st.floats(0.01, 5000.0),
)
def test_at_no_rate_it_is_the_expected(logs: list[float], x: int, T: float, horizon: float) -> None:
    params, rows = np.exp(logs)[:, None], one(x, T if x else 0, T)
    found = BG.discounted(params, rows, 0.0, horizon)
    np.testing.assert_allclose(found, BG.expected(params, rows, horizon), rtol=1e-8)


def test_for_ever_at_no_rate() -> None:
    rows = one(2, 5, 9)
    assert BG.discounted(np.array([[1.0], [4], [0.9], [3]]), rows, 0.0, None)[0] == np.inf
    params = np.array([[1.0], [4], [2.5], [3]])
    found = BG.discounted(params, rows, 0.0, None)
    np.testing.assert_allclose(found, BG.alive(params, rows) * (2.5 + 5 - 1) / 1.5)
    np.testing.assert_allclose(BG.discounted(params, rows, 1e-9, None), found, rtol=1e-6)
    assert BG.discounted(params, rows, 0.1, 0.0)[0] == 0
    many = Rows.of(np.ones(200), np.full(200, 0.5), np.linspace(1, 9, 200))
    assert (BG.discounted(np.array([[1.0], [4], [0.9], [3]]), many, 0.0, None) == np.inf).all()
    assert (BG.discounted(params, many, 0.1, 0.0) == 0).all()
    assert (BG.expected(params, many, 0.0) == 0).all()


@pytest.mark.parametrize("params", [*PARAMS, (0.3, 5.0, 0.8, 200.0)])
def test_many_customers_agree_with_each_alone(params: tuple[float, ...]) -> None:
    column = np.array(params)[:, None]
    rng = np.random.default_rng(8)
    T = rng.uniform(0, 1500, 1500)
    x = rng.geometric(0.3, 1500) - 1.0
    x[:3] = [90, 400, 90]
    t_x = np.where(x > 0, T * rng.random(1500), 0)
    rows = Rows.of(x, t_x, T)
    for rate, horizon in ((1e-5, None), (0.003, 365.0), (1.0, None)):
        found = MBG.discounted(column, rows, rate, horizon)
        some = np.r_[0:8, T.argmin(), T.argmax()]
        alone = [MBG.discounted(column, rows.take(slice(i, i + 1)), rate, horizon) for i in some]
        np.testing.assert_allclose(found[some], np.concatenate(alone), rtol=1e-10)
        within = horizon or 7.0
        soon = [MBG.expected(column, rows.take(slice(i, i + 1)), within) for i in some]
        found_soon = MBG.expected(column, rows, within)
        np.testing.assert_allclose(found_soon[some], np.concatenate(soon), rtol=1e-9)
        by_row = MBG.discounted(np.repeat(column, 10, axis=1), rows.take(some), rate, horizon)
        np.testing.assert_allclose(found[some], by_row, rtol=1e-10)


def test_customers_all_seen_for_as_long() -> None:
    x = np.repeat([0.0, 1, 2], 300)
    rows = Rows.of(x, np.minimum(x, 1), np.full(900, 30.0))
    column = np.array(PARAMS[0])[:, None]
    found = BG.discounted(column, rows, 0.003, None)
    alone = BG.discounted(column, rows.take(np.arange(0, 900, 300)), 0.003, None)
    np.testing.assert_allclose(found, np.repeat(alone, 300), rtol=1e-12)
    assert BG.discounted(column, rows.take(slice(0, 0)), 0.003, None).shape == (0,)


def test_customers_of_two_kinds_are_each_kind_alone() -> None:
    """Covariates of which purchases and leaving hang together: groups, and each read off apart."""
    rng = np.random.default_rng(9)
    kind = rng.random(600) < 0.4
    params = np.array(PARAMS[0])[:, None] * np.ones(600)
    params[1] *= np.exp(0.3 * rng.normal(size=600))
    params[2:] *= np.where(kind, 1.7, 0.8)
    T = rng.uniform(1, 90, 600)
    rows = Rows.of(*BG.draw(params, T, rng), T)
    longer, soon = BG.discounted(params, rows, 0.01, None), BG.expected(params, rows, 9.0)
    for i in range(0, 600, 60):
        own, row = params[:, i : i + 1], rows.take(slice(i, i + 1))
        assert longer[i] == pytest.approx(BG.discounted(own, row, 0.01, None)[0], rel=1e-9)
        assert soon[i] == pytest.approx(BG.expected(own, row, 9.0)[0], rel=1e-9)


@pytest.mark.parametrize("odd", [np.nan, np.inf, 0.0])
@pytest.mark.parametrize("far", [True, False])
def test_what_is_odd_for_some_is_not_hidden_by_others(odd: float, far: bool) -> None:
    def function(place: Ints, since: Floats) -> Floats:
        wrong = since > 7.0 if far else since < 3.0
        return np.where(wrong & (place == 0), odd, 1 / since)

    since = np.tile(np.linspace(2.0, 9.0, 400), 2)
    place = np.repeat([0, 1], 400)
    found = _read_off(function, place, since)
    np.testing.assert_allclose(found, function(place, since), rtol=1e-11)
    assert (~(np.isfinite(found) & (found > 0))).sum() > 50
