"""Pareto/NBD: the likelihood against dense sums and the papers' closed form, and what is published.

Published figures: CDNOW by Fader and Hardie and by the walkthrough of the R package BTYD; the
clothing retailer of the README of the R package CLVTools 0.9 (parameters to four digits, hence
the tolerance).
"""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, hyp2f1, logsumexp

from onefold._types import Floats
from onefold.lifetime.processes.paretonbd import Pareto
from onefold.lifetime.rows import Rows

PARETO = Pareto()
CDNOW = np.array([0.5533971, 10.5801985, 0.6060625, 11.6562237])  # BTYD's walkthrough
CLOTHES = np.array([0.7866, 5.3349, 0.3570, 11.6152])
HEAVY = [(221, 103.42857, 103.57143), (254, 97.14286, 97.28571), (161, 94.71429, 98)]
HEAVY = [*HEAVY, (204, 98.57143, 99.42857)]


def column(params: Floats) -> Floats:
    return np.asarray(params, dtype=np.float64)[:, None]


def some(*rows: tuple[float, float, float]) -> Rows:
    x, t_x, T = np.array(rows, dtype=np.float64).T
    return Rows.of(x, t_x, T)


def wild(seed: int, m: int) -> tuple[Floats, Rows]:
    """Rows and parameters of every size, each row with its own."""
    rng = np.random.default_rng(seed)
    params = 10 ** rng.uniform(-3, 3, (4, m))
    x = np.where(rng.random(m) < 0.3, 0, np.floor(10 ** rng.uniform(0, 2.7, m)))
    T = 10 ** rng.uniform(-1, 4, m)
    place = np.where(rng.random(m) < 0.3, 1 - 10 ** rng.uniform(-4, 0, m), rng.random(m))
    return params, Rows.of(x, np.where(x > 0, T * place, 0.0), T)


def panels() -> tuple[Floats, Floats]:
    """Places and weights in 0 .. 1: 80 panels of 20 nodes, ever shorter towards 0."""
    t, w = np.polynomial.legendre.leggauss(20)
    edges = np.r_[0, np.geomspace(1e-9, 1, 80)]
    low, high = edges[:-1, None], edges[1:, None]
    places: Floats = ((low + high) / 2 + (high - low) / 2 * t).ravel()
    return places, ((high - low) / 2 * w).ravel()


def dense(params: Floats, rows: Rows) -> Floats:
    """The log likelihood by a great many nodes over log(c + u), in logs."""
    r, alpha, s, beta = params
    k = r + rows.x
    common = gammaln(k) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    y, w = panels()
    c = np.minimum(alpha, beta)
    whole = np.log1p((rows.T - rows.t_x) / (c + rows.t_x))
    u = (c + rows.t_x) * np.exp(whole * y[:, None]) - c
    logs = -k * np.log(alpha + u) - (s + 1) * np.log(beta + u) + np.log(s) + np.log(c + u)
    gone = logsumexp(logs, b=w[:, None], axis=0) + np.log(np.maximum(whole, 1e-300))
    here = -k * np.log(alpha + rows.T) - s * np.log(beta + rows.T)
    found: Floats = common + np.logaddexp(here, gone)
    return found


def closed(params: Floats, rows: Rows) -> Floats:
    """Fader and Hardie (2005), equations 20 to 22, with two hypergeometric functions."""
    r, alpha, s, beta = params
    k = r + rows.x
    low, high = np.minimum(alpha, beta), np.maximum(alpha, beta)
    second = np.where(alpha >= beta, s + 1, k)
    sides = [
        hyp2f1(k + s, second, k + s + 1, (high - low) / (high + t)) / (high + t) ** (k + s)
        for t in (rows.t_x, rows.T)
    ]
    here = (alpha + rows.T) ** -k * (beta + rows.T) ** -s
    total = here + s / (k + s) * (sides[0] - sides[1])
    found: Floats = gammaln(k) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(total)
    return found


def fitted(rows: Rows) -> tuple[Floats, float, Floats, int]:
    """The maximum by damped Newton steps on the logs: parameters, value, errors, steps."""
    logs = np.log(PARETO.starts(rows)[0])
    for steps in range(100):  # noqa: B007
        curve = PARETO.curve(np.exp(logs)[:, None], rows)
        slope, bend = curve.gradient @ rows.weight, curve.hessian @ rows.weight
        sizes, ways = np.linalg.eigh(-bend)
        step = ways @ ((ways.T @ slope) / np.maximum(np.abs(sizes), 1e-8 * np.abs(sizes).max()))
        if slope @ step < 1e-10:
            break
        step *= min(1.0, 2 / np.abs(step).max())
        value = float(curve.value @ rows.weight)
        while rows.weight @ PARETO.value(np.exp(logs + step)[:, None], rows) < value - 1e-9:
            step /= 2
        logs = logs + step
    errors = np.sqrt(np.diag(np.linalg.inv(-bend))) * np.exp(logs)
    return np.exp(logs), float(curve.value @ rows.weight), errors, steps


class TestLikelihood:
    def test_exact_for_parameters_of_every_size(self) -> None:
        params, rows = wild(3, 1_000)
        expect = dense(params, rows)
        np.testing.assert_allclose(PARETO.value(params, rows), expect, rtol=1e-12, atol=5e-11)
        np.testing.assert_allclose(PARETO.curve(params, rows).value, expect, rtol=1e-12, atol=5e-11)

    def test_agrees_with_the_closed_form_of_the_papers(self) -> None:
        rows = some((0, 0, 39), (2, 30.43, 38.86), (1, 1.71, 38.86), (7, 35, 39), (26, 30.86, 31))
        for params in (CDNOW, CLOTHES, CDNOW[[0, 3, 2, 1]], np.array([2.0, 5, 3, 5])):
            np.testing.assert_allclose(
                PARETO.value(column(params), rows), closed(params, rows), rtol=1e-10
            )

    @pytest.mark.parametrize("alpha", [0.01, 10.0, 1000.0])
    def test_heavy_buyers_are_finite(self, alpha: float) -> None:
        rows = some(*HEAVY)
        params = column([0.5, alpha, 0.6, 11.7])
        np.testing.assert_allclose(PARETO.value(params, rows), dense(params, rows), rtol=1e-12)
        curve = PARETO.curve(params, rows)
        assert np.isfinite(curve.gradient).all() and np.isfinite(curve.hessian).all()
        alive = PARETO.alive(params, rows)
        assert ((alive > 0) & (alive <= 1)).all()

    def test_finite_far_from_home(self) -> None:
        # Where a search may stray; warnings are errors here.
        _, rows = wild(6, 300)
        params = 10 ** np.random.default_rng(6).uniform(-15, 15, (4, 300))
        curve = PARETO.curve(params, rows)
        for found in (curve.value, curve.gradient, curve.hessian):
            assert np.isfinite(found).all()
        for found in (
            PARETO.alive(params, rows),
            PARETO.expected(params, rows, 52.0),
            PARETO.discounted(params, rows, 0.0027, None),
            PARETO.counts(params, rows.T, 3),
            *PARETO.draw(np.clip(params, 1e-5, 1e5), rows.T, np.random.default_rng(1)),
        ):
            assert (found >= 0).all()

    @pytest.mark.parametrize("common", [True, False])
    def test_slope_and_bend_are_those_of_the_value(self, common: bool) -> None:
        rng = np.random.default_rng(5)
        m = 60
        params = 10 ** rng.uniform(-1.5, 1.5, (4, 1 if common else m))
        x = np.floor(10 ** rng.uniform(0, 2, m)) * (rng.random(m) < 0.7)
        T = 10 ** rng.uniform(0, 3, m)
        rows = Rows.of(x, np.where(x > 0, T * rng.random(m), 0), T)
        curve = PARETO.curve(params, rows)
        for i in range(4):
            high, low = params.copy(), params.copy()
            high[i], low[i] = high[i] * np.exp(1e-5), low[i] * np.exp(-1e-5)
            up, down = PARETO.curve(high, rows), PARETO.curve(low, rows)
            slope = (up.value - down.value) / 2e-5
            np.testing.assert_allclose(curve.gradient[i], slope, rtol=1e-6, atol=1e-6)
            bend = (up.gradient - down.gradient) / 2e-5
            np.testing.assert_allclose(curve.hessian[i], bend, rtol=1e-5, atol=1e-6)

    def test_nothing_to_leave_in(self) -> None:
        rows = some((3, 20, 20), (0, 0, 0))
        curve = PARETO.curve(column(CDNOW), rows)
        assert np.isfinite(curve.value).all() and np.isfinite(curve.hessian).all()
        assert curve.value[1] == pytest.approx(0, abs=1e-12)
        np.testing.assert_allclose(PARETO.alive(column(CDNOW), rows), 1)

    @given(st.integers(0, 10_000))
    @settings(max_examples=20)
    def test_chances_of_counts_are_the_likelihood_summed_over_recency(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        params = column(10 ** rng.uniform(-0.7, 1.3, 4))
        T, x = float(10 ** rng.uniform(0, 2)), int(rng.integers(1, 12))
        t, w = np.polynomial.legendre.leggauss(60)
        c = params[[1, 3]].min()
        v = np.log1p(T / c) * (t + 1) / 2
        t_x = c * np.expm1(v)
        w = w * np.log1p(T / c) / 2 * (c + t_x)
        # Given x and the last, the x - 1 before lie anywhere: t_x^(x - 1) / (x - 1)!.
        logs = PARETO.value(params, Rows.of(np.full(60, float(x)), t_x, np.full(60, T)))
        logs = logs + (x - 1) * np.log(t_x) - gammaln(x)
        chance = w @ np.exp(logs)
        assert PARETO.counts(params, np.array([T]), x)[0, x] == pytest.approx(chance, rel=1e-9)


class TestPublished:
    def test_alive(self) -> None:
        # BTYD's help page of pnbd.PAlive: none in 39 weeks, in versions 2.4 and 2.4.3.
        nobody = some((0, 0, 39))
        old = column([0.55, 10.56, 0.61, 11.64])
        assert PARETO.alive(old, nobody)[0] == pytest.approx(0.2924031, abs=5e-8)
        assert PARETO.alive(column(CDNOW), nobody)[0] == pytest.approx(0.2941633, abs=5e-7)
        # Customer 1516 of its walkthrough.
        heavy = some((26, 216 / 7, 31))
        assert PARETO.alive(column(CDNOW), heavy)[0] == pytest.approx(0.9979, abs=5e-5)

    def test_expected(self) -> None:
        # BTYD's walkthrough; its parameters are known to a ten-thousandth or so.
        heavy = some((26, 216 / 7, 31))
        assert PARETO.expected(column(CDNOW), heavy, 52.0)[0] == pytest.approx(25.46, abs=1e-2)
        new = PARETO.newcomer(column(CDNOW), np.array([52.0]))
        assert new[0] == pytest.approx(1.473, abs=5e-4)
        # The more they had bought by week 20 the surer it is that they left.
        rows = some(*[(x, 20, 39) for x in (10, 15, 20, 25)])
        expect = [0.7062289, 0.1442396, 0.02250658, 0.00309267]
        np.testing.assert_allclose(PARETO.expected(column(CDNOW), rows, 52.0), expect, rtol=1e-3)

    def test_clothes(self) -> None:
        rows = some((0, 0, 40), (1, 59 / 7, 40), (2, 92 / 7, 40))
        params = column(CLOTHES)
        alive = [0.3571791, 0.4136156, 0.4225636]
        np.testing.assert_allclose(PARETO.alive(params, rows), alive, rtol=2e-4)
        expect = [0.2212506, 0.5819279, 0.9272819]
        np.testing.assert_allclose(PARETO.expected(params, rows, 39 + 6 / 7), expect, rtol=2e-4)
        expect = [0.05848859, 0.15383529, 0.24513121]
        np.testing.assert_allclose(PARETO.discounted(params, rows, 0.1, None), expect, rtol=2e-4)

    @pytest.mark.skipif("ONEFOLD_DATA" not in os.environ, reason="reads the folder ONEFOLD_DATA")
    def test_cdnow_from_the_log(self) -> None:
        log = pd.read_parquet(Path(os.environ["ONEFOLD_DATA"]) / "cdnow" / "cdnow_sample.parquet")
        end = pd.Timestamp("1997-09-30")
        log = log[log["date"] <= end].drop_duplicates(["sample_customer_id", "date"])
        dates = log.groupby("sample_customer_id")["date"]
        first, last, n = dates.min(), dates.max(), dates.size()
        weeks = [(span.dt.days / 7).to_numpy(float) for span in (last - first, end - first)]
        rows = Rows.of((n - 1).to_numpy(float), *weeks).compressed()
        params, value, errors, steps = fitted(rows)
        assert params[0] == pytest.approx(0.553, abs=5e-4)
        assert 10.576 <= params[1] <= 10.578
        assert params[2] == pytest.approx(0.606, abs=5e-4)
        assert params[3] == pytest.approx(11.67, abs=5e-3)
        assert value == pytest.approx(-9594.976, abs=5e-4)
        published = [0.0476, 0.843, 0.187, 6.211]
        assert (np.abs(errors - published) <= [5e-5, 5e-4, 5e-4, 5e-4]).all()
        assert steps <= 8


class TestFuture:
    @given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-2, 3))
    def test_expected_is_the_time_alive_times_the_rate(
        self, log_s: float, log_beta: float, log_t: float
    ) -> None:
        params = column([0.6, 10.0, 10**log_s, 10**log_beta])
        rows, horizon = some((4, 20, 30)), 10**log_t
        many = PARETO.expected(params, rows, horizon)
        since = params[3, 0] + 30
        y, w = panels()
        whole = np.log1p(horizon / since)
        time = since * (np.exp(whole * y * (1 - params[2, 0])) @ w) * whole
        expect = PARETO.alive(params, rows) * 4.6 / 40 * time
        np.testing.assert_allclose(many, expect, rtol=1e-9)
        near = PARETO.discounted(params, rows, 1e-14, horizon)
        np.testing.assert_allclose(near, many, rtol=1e-9)

    def test_s_of_one_is_no_gap(self) -> None:
        rows = some((4, 20, 30))
        many = [
            PARETO.expected(column([0.6, 10.0, s, 11.0]), rows, 52.0)[0]
            for s in (1 - 1e-9, 1.0, 1 + 1e-9)
        ]
        np.testing.assert_allclose(many, many[1], rtol=1e-8)

    def test_discounted_within_horizons_comes_to_for_ever(self) -> None:
        params, rows = column(CDNOW), some((7, 35, 77.86), (1, 30, 77.86))
        ever = PARETO.discounted(params, rows, 0.0027, None)
        parts = [PARETO.discounted(params, rows, 0.0027, h) for h in (1e2, 1e3, 1e4, 1e5)]
        assert all((a < b).all() for a, b in pairwise(parts[:3]))
        np.testing.assert_allclose(parts[-1], ever, rtol=1e-12)

    def test_newcomers_buy_what_the_counts_say(self) -> None:
        params = column(CDNOW)
        chances = PARETO.counts(params, np.array([39.0]), 400)
        assert chances.sum() == pytest.approx(1, abs=1e-9)
        mean = chances[0] @ np.arange(401.0)
        assert mean == pytest.approx(PARETO.newcomer(params, np.array([39.0]))[0], rel=1e-8)


class TestDraw:
    def test_counts_recency_and_those_alive_as_the_model_says(self) -> None:
        rng = np.random.default_rng(11)
        n = 200_000
        params = column(CDNOW)
        T = np.full(n, 39.0)
        x, t_x = PARETO.draw(params, T, rng)
        assert ((t_x > 0) == (x > 0)).all() and (t_x <= T).all()
        chances = PARETO.counts(params, T[:1], 6)[0]
        seen = np.bincount(x.astype(int), minlength=7)[:7] / n
        assert (np.abs(seen - chances) < 5 * np.sqrt(chances / n)).all()
        # The likelihood's mean slope is 0 over draws of the model itself.
        curve = PARETO.curve(params, Rows.of(x, t_x, T).take(slice(0, 40_000)))
        spread = curve.gradient.std(axis=1) / np.sqrt(40_000)
        assert (np.abs(curve.gradient.mean(axis=1)) < 5 * spread).all()

    def test_purchases_to_come_of_drawn_customers(self) -> None:
        # Everyone is seen for 20 weeks, then for 30 more; the forecast has no bias by count.
        rng = np.random.default_rng(12)
        n = 100_000
        rate, leave = rng.gamma(CDNOW[0], 1 / CDNOW[1], n), rng.gamma(CDNOW[2], 1 / CDNOW[3], n)
        life = rng.exponential(1 / leave)
        x = rng.poisson(rate * np.minimum(life, 20)).astype(float)
        later = rng.poisson(rate * np.clip(life - 20, 0, 30))
        t_x = np.where(x > 0, np.minimum(life, 20) * rng.random(n) ** (1 / np.maximum(x, 1)), 0)
        rows = Rows.of(x, t_x, np.full(n, 20.0))
        expect = PARETO.expected(column(CDNOW), rows, 30.0)
        alive = PARETO.alive(column(CDNOW), rows)
        for chosen in (x == 0, (x > 0) & (x < 4), x >= 4):
            for seen, said in ((later, expect), (life > 20, alive)):
                off = seen[chosen] - said[chosen]
                assert abs(off.mean()) < 5 * off.std() / np.sqrt(chosen.sum())


class TestStart:
    @pytest.mark.parametrize(
        "truth",
        [
            (0.55, 10.6, 0.6, 11.7),
            (0.8, 5.0, 0.05, 3.0),
            (2.0, 20.0, 2.0, 80.0),
            (0.3, 0.1, 1.0, 5.0),
        ],
    )
    def test_newton_comes_home(self, truth: tuple[float, ...]) -> None:
        rng = np.random.default_rng(7)
        T = rng.uniform(20, 60, 4_000)
        rows = Rows.of(*PARETO.draw(column(np.array(truth)), T, rng), T)
        params, value, _, steps = fitted(rows)
        assert steps < 30
        assert value >= rows.weight @ PARETO.value(column(np.array(truth)), rows)
        assert np.isfinite(params).all()
