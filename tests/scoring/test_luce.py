"""Lists drawn from urns: what is drawn is what the propensities say, and these are exact."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, chisquare, kstest

from onefold._random import hash64
from onefold.scoring.luce import NOBODY, NOTHING, Urn, gumbel, merged, propensities, uniform

NAMES = hash64([f"i{i}" for i in range(40)])


def urn(weights: dict[int, float], rows: int = 1, width: int = 0) -> Urn:
    """The same candidates in each row; logarithms as given."""
    pad = max(width - len(weights), 0)
    codes = np.array([*weights, *[NOBODY] * pad], dtype=np.int32)
    log = np.array([*weights.values(), *[-np.inf] * pad])
    return Urn(np.tile(codes, (rows, 1)), np.tile(log, (rows, 1)))


def states(n: int, salt: str = "") -> np.ndarray:
    return hash64([f"c{i}" for i in range(n)], salt=salt)


def by_hand(first: dict, second: dict | None, share: float, shown: tuple) -> list[float]:
    """The propensity of each item, in plain numbers."""
    out, seen = [], set()
    for item in shown:
        left = [
            {i: math.exp(w) for i, w in u.items() if i not in seen} for u in (first, second or {})
        ]
        asked = 0.0 if not left[1] else 1.0 if not left[0] else share
        each = [u.get(item, 0.0) / sum(u.values()) if u else 0.0 for u in left]
        out.append((1 - asked) * each[0] + asked * each[1])
        seen.add(item)
    return out


def all_lists(first: dict, second: dict | None, k: int) -> list[tuple]:
    items = sorted({*first, *(second or {})})
    return list(itertools.permutations(items, min(k, len(items))))


logs = st.floats(-6, 6)
urns = st.dictionaries(st.integers(0, 5), logs, min_size=0, max_size=4)


@settings(max_examples=150, deadline=None)
@given(urns, st.none() | urns, st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.integers(1, 5))
def test_propensities_of_all_lists_are_exact_and_sum_to_one(
    first: dict, second: dict | None, share: float, k: int
) -> None:
    lists = all_lists(first, second, k)
    if not lists[0]:
        return
    shown = np.array(lists, dtype=np.int32)
    n = len(lists)
    other = None if second is None else urn(second, n, width=6)
    log, top = propensities(urn(first, n, width=6), other, shown, share)
    hand = np.array([by_hand(first, second, share, one) for one in lists])
    np.testing.assert_allclose(np.exp(log), hand, rtol=1e-9, atol=1e-15)
    alone = [by_hand(first, second, share, (i,))[0] for i in shown.ravel()]
    np.testing.assert_allclose(np.exp(top).ravel(), alone, rtol=1e-9, atol=1e-15)
    total = np.exp(log.sum(axis=1)).sum()
    # With share 1 (or 0) and one urn empty, what is never asked has no list of its own.
    assert total == pytest.approx(1.0, abs=1e-9)


def chance_of(counts: Counter, expected: dict, n: int) -> float:
    """The p-value of counts of lists; those with few expected are put together."""
    big = [one for one, p in expected.items() if n * p >= 5]
    seen = [counts.get(one, 0) for one in big]
    said = [n * expected[one] for one in big]
    if len(big) < len(expected):
        seen, said = [*seen, n - sum(seen)], [*said, n - sum(said)]
    if said[-1] < 5 and len(said) > 2:
        seen[-2:], said[-2:] = [sum(seen[-2:])], [sum(said[-2:])]
    return float(chisquare(seen, np.array(said) * sum(seen) / sum(said)).pvalue)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("second", [None, {2: 0.0, 3: 0.5, 7: 1.0}])
def test_drawn_lists_come_as_often_as_their_propensities_say(
    share: float, second: dict | None
) -> None:
    n, k = 60_000, 3
    first = {0: 1.0, 1: 0.3, 2: -0.5, 3: -2.0}
    state = states(n)
    here = urn(first, n)
    order = here.order(gumbel(state, NAMES[here.codes]), k)
    shown, cold = order, np.zeros((n, k), dtype=bool)
    if second is not None:
        there = urn(second, n)
        other = there.order(gumbel(states(n, "b"), NAMES[there.codes]), k)
        coin = uniform(states(n, "c"), np.arange(k, dtype=np.uint64)) < share
        shown, cold = merged(order, other, coin)
    counts = Counter(map(tuple, shown.tolist()))
    expected = {
        one: math.prod(by_hand(first, second, share, one)) for one in all_lists(first, second, k)
    }
    assert set(counts) <= {one for one, p in expected.items() if p > 0}
    assert chance_of(counts, expected, n) > 1e-3
    if second is not None:
        assert abs(cold.mean() - share) < 4 * np.sqrt(0.25 / cold.size)


def test_noise_draws_as_one_after_another_would() -> None:
    """Against a draw that knows nothing of Gumbel: one item after another, by its share."""
    n, weights = 15_000, np.array([0.5, 0.3, 0.15, 0.05])
    here = urn(dict(enumerate(np.log(weights))), n)
    counts = Counter(map(tuple, here.order(gumbel(states(n), NAMES[:4]), 2).tolist()))
    rng = np.random.default_rng(3)
    other: Counter = Counter()
    for _ in range(n):
        a = rng.choice(4, p=weights)
        rest = np.where(np.arange(4) == a, 0, weights)
        other[(int(a), int(rng.choice(4, p=rest / rest.sum())))] += 1
    table = np.array([[counts[one], other[one]] for one in itertools.permutations(range(4), 2)])
    said = table.sum(axis=1, keepdims=True) / 2
    assert chi2.sf(((table - said) ** 2 / said).sum(), len(table) - 1) > 1e-3


@pytest.mark.parametrize("temperature", [0.01, 1.0, 100.0])
def test_nothing_runs_over_at_any_temperature(temperature: float) -> None:
    p = np.geomspace(1, 1e-300, 30)
    here = urn(dict(enumerate(np.log(p) / temperature)), 500)
    shown = here.order(gumbel(states(500), NAMES[:30]), 30)
    assert (np.sort(shown, axis=1) == np.arange(30)).all()
    log, top = propensities(here, None, shown, 0.0)
    assert np.isfinite(log).all() and (log <= 0).all()
    assert np.isfinite(top).all() and (top <= 0).all()
    np.testing.assert_allclose(log[:, -1], 0, atol=1e-12)  # the last that is left
    if temperature == 0.01:
        assert (shown == np.arange(30)).all()
        assert np.exp(log).min() > 1 - 1e-12
    worst = np.arange(29, -1, -1, dtype=np.int32)[None]
    log, _ = propensities(Urn(here.codes[:1], here.log[:1]), None, worst, 0.0)
    assert np.isfinite(log).all() and not np.isnan(np.exp(log)).any()


def test_lists_end_where_nothing_is_left() -> None:
    first, second = urn({0: 0.0, 1: 0.0}, 4, width=3), urn({1: 0.0, 2: 0.0}, 4, width=3)
    orders = [u.order(gumbel(states(4), NAMES[u.codes]), 5) for u in (first, second)]
    shown, cold = merged(orders[0], orders[1], np.zeros((4, 5), dtype=bool))
    assert (np.sort(shown[:, :3], axis=1) == [0, 1, 2]).all()
    assert (shown[:, 3:] == NOTHING).all()
    assert cold[:, 2].all() and not cold[:, [0, 1, 3, 4]].any()
    log, _ = propensities(first, second, shown, 0.0)
    np.testing.assert_allclose(log[:, 1:3], 0.0, atol=1e-12)
    empty = urn({}, 2, width=2)
    assert (empty.order(np.zeros((2, 2)), 2) == NOTHING).all()
    assert empty.sizes.tolist() == [0, 0]


def test_what_an_urn_does_not_hold_has_the_propensity_zero() -> None:
    log, top = propensities(urn({0: 0.0, 1: 0.0}), None, np.array([[-3, 0, 5, 1]]), 0.0)
    np.testing.assert_allclose(np.exp(log[0]), [0, 0.5, 0, 1])
    np.testing.assert_allclose(np.exp(top[0]), [0, 0.5, 0, 0.5])


def test_numbers_are_even_and_do_not_hang_together() -> None:
    drawn = uniform(states(2000), NAMES)
    assert drawn.min() > 0 and drawn.max() < 1
    assert kstest(drawn.ravel(), "uniform").pvalue > 1e-3
    z = (drawn - 0.5) * np.sqrt(12)
    among = (z.T @ z / len(z))[np.triu_indices(len(NAMES), 1)] * np.sqrt(len(z))
    assert kstest(among, "norm").pvalue > 1e-3  # between items
    near = (z[:-1] * z[1:]).mean(axis=0) * np.sqrt(len(z) - 1)
    assert np.abs(near).max() < 4.5  # between customers
    assert np.array_equal(uniform(states(2000)[7:8], NAMES)[0], drawn[7])
    most = uniform(np.array([0], dtype=np.uint64), np.arange(10, dtype=np.uint64))
    assert np.isfinite(-np.log(-np.log(most))).all()
