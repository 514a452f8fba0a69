"""BG/BB against the published donors, brute sums, integrals, and its own draws."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad
from scipy.special import beta as beta_of
from scipy.special import comb, hyp2f1

from onefold._types import Floats
from onefold.lifetime.processes.bgbb import BetaBernoulli
from onefold.lifetime.rows import Rows

BGBB = BetaBernoulli()

# Fader, Hardie and Shang (2010): the 11,104 donors who first gave in 1995, by repeat years of 1996
# to 2001, the last of them, and people.
DONORS = np.array(
    [
        *[(0, 0, 3464), (1, 1, 1091), (1, 2, 277), (1, 3, 129), (1, 4, 78), (1, 5, 119)],
        *[(1, 6, 129), (2, 2, 613), (2, 3, 255), (2, 4, 155), (2, 5, 173), (2, 6, 234)],
        *[(3, 3, 322), (3, 4, 181), (3, 5, 225), (3, 6, 357), (4, 4, 240), (4, 5, 284)],
        *[(4, 6, 512), (5, 5, 335), (5, 6, 728), (6, 6, 1203)],
    ],
    dtype=np.float64,
)
PUBLISHED = np.array([1.204, 0.750, 0.657, 2.783])


def donors() -> Rows:
    x, t_x, people = DONORS.T
    return Rows.of(x, t_x, np.full(len(x), 6.0), weight=people)


def one(x: float, t_x: float, n: float) -> Rows:
    return Rows.of(*(np.array([v], dtype=np.float64) for v in (x, t_x, n)))


def column(*params: float) -> Floats:
    return np.array(params, dtype=np.float64)[:, None]


def fitted(rows: Rows) -> tuple[Floats, Floats]:
    """The maximum by damped Newton steps on the logs of the parameters, and the slopes there."""
    logs = np.log(BGBB.starts(rows)[0])
    value = rows.weight @ BGBB.value(np.exp(logs)[:, None], rows)
    for _ in range(60):
        curve = BGBB.curve(np.exp(logs)[:, None], rows)
        slope, bend = curve.gradient @ rows.weight, curve.hessian @ rows.weight
        if np.abs(slope).max() < 1e-9 * rows.n:
            break
        sizes, ways = np.linalg.eigh(-bend)
        step = ways @ ((ways.T @ slope) / np.maximum(np.abs(sizes), 1e-9 * np.abs(sizes).max()))
        step *= min(1.0, 2 / np.abs(step).max())
        for _ in range(40):
            further = rows.weight @ BGBB.value(np.exp(logs + step)[:, None], rows)
            if further >= value - 1e-12 * abs(value):
                break
            step /= 2
        logs, value = logs + step, further
    return np.exp(logs), slope


def test_the_published_estimates_are_the_maximum() -> None:
    rows = donors()
    assert rows.n == 11104
    found, _ = fitted(rows)
    np.testing.assert_allclose(found, PUBLISHED, atol=5e-4)
    value = rows.weight @ BGBB.value(found[:, None], rows)
    assert round(value, 1) == -33225.6


def test_published_chances_to_be_alive() -> None:
    """Table 6 of the paper: alive in 2002, that is at opportunity n + 1."""
    chance = BGBB.alive(PUBLISHED[:, None], donors())
    some = [float(chance[(DONORS[:, :2] == pair).all(axis=1)][0]) for pair in [(0, 0), (2, 4)]]
    assert [round(c, 2) for c in [*some, chance[-1]]] == [0.11, 0.59, 0.93]


def test_published_expectations() -> None:
    """Hardie's note 010, a spreadsheet: 2002 to 2006 in total; people by number of gifts."""
    rows = donors()
    found = fitted(rows)[0][:, None]
    assert round(rows.weight @ BGBB.expected(found, rows, 5), 1) == 12884.2
    people = rows.n * BGBB.counts(found, np.array([6.0]), 6)[0]
    np.testing.assert_allclose(people[[0, 6]], [3454.9, 1253.1], atol=0.05)
    # The walk-through of the R package BTYD: ten years ahead, x = 0, and x = 4 with t_x = 5.
    assert BGBB.expected(found, one(0, 0, 6), 10)[0] == pytest.approx(0.1302169, abs=2e-6)
    assert BGBB.expected(found, one(4, 5, 6), 10)[0] == pytest.approx(3.627858, abs=2e-4)


HISTORIES = [
    (0, 0, 0),
    (0, 0, 1),
    (0, 0, 6),
    (1, 1, 1),
    (1, 1, 6),
    (3, 4, 6),
    (4, 6, 6),
    (2, 9, 30),
]


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("params", [(1.2, 0.75, 0.66, 2.8), (0.3, 4.0, 2.5, 1.5)])
def test_the_likelihood_is_the_sum_of_the_paper(
    params: tuple[float, ...], history: tuple[int, ...]
) -> None:
    alpha, beta, gamma, delta = params
    x, t_x, n = history
    brute = beta_of(alpha + x, beta + n - x) * beta_of(gamma, delta + n)
    for t in range(t_x, n):
        brute += beta_of(alpha + x, beta + t - x) * beta_of(gamma + 1, delta + t)
    brute /= beta_of(alpha, beta) * beta_of(gamma, delta)
    assert np.exp(BGBB.value(column(*params), one(x, t_x, n)))[0] == pytest.approx(brute, rel=1e-12)


@pytest.mark.parametrize("history", [(0, 0, 5), (3, 4, 6), (6, 6, 6)])
def test_alive_and_expected_by_integration(history: tuple[int, ...]) -> None:
    alpha, beta, gamma, delta = params = (1.6, 1.3, 1.4, 2.8)
    x, t_x, n = history

    def mean(ahead: int, power: int) -> float:
        """The integral of the prior, the history, being there `ahead` later and p^power."""

        def inner(p: float, q: float) -> float:
            prior = p ** (alpha - 1) * (1 - p) ** (beta - 1)
            prior *= q ** (gamma - 1) * (1 - q) ** (delta - 1)
            if ahead >= 0:
                seen = p**x * (1 - p) ** (n - x) * (1 - q) ** (n + ahead)
            else:
                seen = p**x * (1 - p) ** (n - x) * (1 - q) ** n
                for t in range(t_x, n):
                    seen += p**x * (1 - p) ** (t - x) * q * (1 - q) ** t
            return float(prior * seen * p**power)

        return float(dblquad(inner, 0, 1, 0, 1, epsabs=1e-12, epsrel=1e-9)[0])

    rows, whole = one(x, t_x, n), mean(-1, 0)
    assert BGBB.alive(column(*params), rows)[0] == pytest.approx(mean(1, 0) / whole, rel=1e-6)
    brute = [mean(i, 1) / whole for i in (1, 2, 3)]
    found = BGBB.expected(column(*params), rows, 3)[0]
    assert found == pytest.approx(sum(brute), rel=1e-6)
    found = BGBB.discounted(column(*params), rows, 0.2, 3.0)[0]
    weights = np.exp(-0.2 * np.arange(1, 4))
    assert found == pytest.approx(float(weights @ brute), rel=1e-6)


@pytest.mark.parametrize("gamma", [0.2, 0.657, 1.0, 3.0])
@pytest.mark.parametrize("rate", [1e-6, 0.01, np.log(1.1), 1.0])
def test_discounted_for_ever(gamma: float, rate: float) -> None:
    """The sum is the integral over the chance to leave of a geometric series."""
    params, rows = column(1.2, 0.75, gamma, 2.8), one(4, 6, 6)
    kept = np.exp(-rate)

    def series(stay: float) -> float:
        return float(kept * stay / (-np.expm1(-rate) + kept * (1 - stay)))

    def inner(log: float) -> float:
        leave = np.exp(log)
        return float(series(1 - leave) * leave**gamma * (1 - leave) ** (2.8 + 6 - 1))

    brute = 0.0
    for low, high in itertools.pairwise(np.linspace(-15 - 30 / gamma, 0, 15)):
        brute += float(quad(inner, low, high, epsabs=1e-16, epsrel=1e-10)[0])
    brute *= float((1.2 + 4) / (1.2 + 0.75 + 6) / beta_of(gamma, 2.8 + 6))
    found = BGBB.discounted(params, rows, rate, None)[0]
    assert found == pytest.approx(brute, rel=1e-9)
    closed = hyp2f1(1, 2.8 + 7, gamma + 2.8 + 7, kept) * kept * (2.8 + 6) / (gamma + 2.8 + 6)
    closed *= (1.2 + 4) / (1.2 + 0.75 + 6)
    assert found == pytest.approx(closed, rel=1e-8)  # the DERT of the paper: t_x = n is alive
    if rate >= 0.01:
        assert BGBB.discounted(params, rows, rate, 4000.0)[0] == pytest.approx(found, rel=1e-9)


@given(
    logs=st.lists(st.floats(-2.5, 3.5), min_size=4, max_size=4),
    n=st.integers(0, 40),
    data=st.data(),
)
def test_slopes_and_bends(logs: list[float], n: int, data: st.DataObject) -> None:
    t_x = data.draw(st.integers(0, n))
    x = data.draw(st.integers(min(t_x, 1), t_x))
    rows, u = one(x, t_x, n), np.array(logs)
    curve = BGBB.curve(np.exp(u)[:, None], rows)
    assert curve.value[0] == pytest.approx(BGBB.value(np.exp(u)[:, None], rows)[0], abs=1e-12)
    h = 1e-5
    for i in range(4):
        step = h * np.eye(4)[i]
        up, down = (BGBB.curve(np.exp(u + s)[:, None], rows) for s in (step, -step))
        slope = (up.value - down.value) / (2 * h)
        np.testing.assert_allclose(curve.gradient[i], slope, rtol=1e-5, atol=1e-6)
        bend = (up.gradient - down.gradient) / (2 * h)
        np.testing.assert_allclose(curve.hessian[i], bend, rtol=1e-5, atol=1e-6)


@given(st.lists(st.floats(-3.0, 4.0), min_size=4, max_size=4), st.integers(0, 25))
def test_counts_are_the_histories_added_up(logs: list[float], n: int) -> None:
    params = np.exp(logs)[:, None]
    found = BGBB.counts(params, np.array([float(n)]), n + 2)[0]
    assert found.sum() == pytest.approx(1.0, abs=1e-10)
    pairs = [(x, t) for t in range(n + 1) for x in range(min(t, 1), t + 1)]
    x, t_x = np.array(pairs, dtype=np.float64).T
    rows = Rows.of(x, t_x, np.full(len(x), float(n)))
    ways = np.where(x > 0, comb(t_x - 1, x - 1), 1.0)
    added = np.bincount(x.astype(int), weights=ways * np.exp(BGBB.value(params, rows)))
    np.testing.assert_allclose(found[: n + 1], added, rtol=1e-9, atol=1e-13)
    mean = float(found @ np.arange(n + 3))
    assert BGBB.newcomer(params, np.array([float(n)]))[0] == pytest.approx(mean, rel=1e-9)


def test_draws_have_the_counts_and_the_chances_of_the_model() -> None:
    params, size = column(1.2, 0.75, 0.66, 2.8), 200_000
    x, t_x = BGBB.draw(params, np.full(size, 6.0), np.random.default_rng(3))
    codes, seen = np.unique(x * 7 + t_x, return_counts=True)
    rows = Rows.of(codes // 7, codes % 7, np.full(len(codes), 6.0))
    assert len(rows) == 22
    ways = np.where(rows.x > 0, comb(rows.t_x - 1, rows.x - 1), 1.0)
    chance = ways * np.exp(BGBB.value(params, rows))
    assert chance.sum() == pytest.approx(1.0, abs=1e-12)
    assert (np.abs(seen - size * chance) < 4.5 * np.sqrt(size * chance)).all()


def test_what_comes_next_agrees_with_draws_that_had_the_same_past() -> None:
    params, size = column(1.2, 0.75, 0.66, 2.8), 400_000
    x, _ = BGBB.draw(params, np.full(size, 10.0), np.random.default_rng(5))
    early, past = BGBB.draw(params, np.full(size, 6.0), np.random.default_rng(5))
    assert (early <= x).all()  # the same rng: the same people, four opportunities earlier
    for history in [(0, 0), (3, 4), (6, 6)]:
        same = (early == history[0]) & (past == history[1])
        after = (x - early)[same]
        error = after.std() / np.sqrt(same.sum())
        expected = BGBB.expected(params, one(*history, 6), 4)[0]
        assert abs(after.mean() - expected) < 4 * error


def test_thousands_of_opportunities_and_extreme_parameters() -> None:
    n = 2000.0
    rows = Rows.of(
        np.array([0.0, 1, 400, 1999, 2000, 1000]),
        np.array([0.0, 1, 1600, 2000, 2000, 1000]),
        np.full(6, n),
    )
    for params in [(1.2, 0.7, 0.6, 2.8), (1e-3, 1e3, 1e-3, 1e4), (1e6, 1e6, 50.0, 1e7)]:
        curve = BGBB.curve(column(*params), rows)
        for part in (curve.value, curve.gradient, curve.hessian):
            assert np.isfinite(part).all()
        alive = BGBB.alive(column(*params), rows)
        assert ((alive >= 0) & (alive < 1)).all()
        assert np.isfinite(BGBB.discounted(column(*params), rows, 1e-4, None)).all()


@pytest.mark.parametrize("params", [(1.2, 0.75, 0.66, 2.8), (0.4, 2.0, 0.5, 6.0), (3, 3, 2, 20)])
def test_the_maximum_is_found_from_the_start(params: tuple[float, ...]) -> None:
    rng = np.random.default_rng(11)
    T = rng.integers(4, 25, 5000).astype(np.float64)
    x, t_x = BGBB.draw(column(*params), T, rng)
    rows = Rows.of(x, t_x, T).compressed()
    found, slope = fitted(rows)
    assert np.abs(slope).max() < 1e-8 * rows.n
    truth, best = (rows.weight @ BGBB.value(column(*p), rows) for p in (params, found))
    assert 0 <= best - truth < 10  # twice it is chi-square with four degrees of freedom


def test_starting_with_nobody_who_came_back() -> None:
    zero = np.zeros(3)
    for T in (zero, np.array([1.0, 5, 9])):
        start = BGBB.starts(Rows.of(zero, zero, T))[0]
        assert ((start > 0) & np.isfinite(start)).all()
