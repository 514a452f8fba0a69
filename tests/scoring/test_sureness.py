"""Intervals on the weights: they hold what is known, and are found again."""

import numpy as np
import pytest

from onefold.errors import ArgumentError
from onefold.scoring.sureness import Asked
from onefold.scoring.weights import Slice, converged, mixture
from tests.scoring.shops import fitted

START = np.datetime64("2025-01-01", "us")


def drawn(seed: int, *, customers: int = 150, each: int = 4) -> Asked:
    """Choices of customers from a mixture of .6, .3 and .1."""
    rng = np.random.default_rng(seed)
    levels = np.stack([rng.dirichlet(np.full(100, 0.1)) for _ in range(3)])
    n = customers * each
    p = levels[:, rng.choice(100, n, p=np.array([0.6, 0.3, 0.1]) @ levels)].T
    who, zeros = np.repeat(np.arange(customers), each), np.zeros(n, dtype=np.int64)
    part = Slice(
        START, START, p, zeros, np.ones(n), customers=customers, unforeseen=0, customer=who
    )
    common, weights = mixture(part, n_buckets=1)
    return Asked(part, np.vstack([weights, common]), [0, 1, 2], 0, [])


def test_known_weights_are_covered() -> None:
    inside = []
    for seed in range(40):
        found = drawn(seed).drawn(100, np.random.default_rng(seed))[:, -1]
        low, high = np.quantile(found, [0.025, 0.975], axis=0)
        truth = np.array([0.6, 0.3, 0.1])
        inside.append((low <= truth) & (truth <= high))
    assert 0.85 <= np.mean(inside) <= 1


def test_steps_end_where_plain_steps_end() -> None:
    asked = drawn(1)
    p = asked.part.foreseen

    def step(weights, draws):
        return weights * ((1 / (weights @ p.T)) @ p) / len(p)

    plain = np.full((1, 3), 1 / 3)
    for _ in range(5000):
        plain = step(plain, None)
    assert converged(step, np.full((1, 3), 1 / 3)) == pytest.approx(plain, abs=1e-3)


def test_each_weight_has_an_interval() -> None:
    backoff = fitted().backoff
    found = backoff.intervals(draws=100)
    assert (found["low"] <= found["high"]).all()
    assert found.equals(backoff.intervals(draws=100))
    assert set(found["visits"]) == {*backoff.evidence, "all"}
    assert "percentile bootstrap over customers" in repr(backoff)
    with pytest.raises(ArgumentError, match="draws is 5"):
        backoff.intervals(draws=5)
