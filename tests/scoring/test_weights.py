import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from onefold.scoring.weights import Slice, bucket_name, buckets, mixture

DAY = np.timedelta64(86_400_000_000, "us")
START = np.datetime64("2025-01-01", "us")


def part(foreseen, bucket=None, weight=None) -> Slice:
    n = len(foreseen)
    return Slice(
        START,
        START + DAY,
        np.asarray(foreseen, dtype=float),
        np.zeros(n, dtype=np.int64) if bucket is None else np.asarray(bucket),
        np.ones(n) if weight is None else np.asarray(weight, dtype=float),
        customers=n,
        unforeseen=0,
    )


def drawn(weights, *, n: int, items: int = 300, seed: int = 0) -> np.ndarray:
    """What each level foresaw (n, levels) of choices drawn from a mixture of known weights."""
    rng = np.random.default_rng(seed)
    levels = np.stack([rng.dirichlet(np.full(items, 0.1)) for _ in weights])
    return levels[:, rng.choice(items, n, p=np.asarray(weights) @ levels)].T


def most_likely(p: np.ndarray, c: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """The weights that maximise sum c ln(p w) + sum prior ln w on the simplex, by scipy."""

    def loss(x: np.ndarray) -> float:
        w = np.exp(x - x.max())
        w /= w.sum()
        return -float(c @ np.log(p @ w) + prior @ np.log(w + 1e-300))

    best = minimize(loss, np.zeros(p.shape[1]), method="BFGS", options={"gtol": 1e-7})
    w = np.exp(best.x - best.x.max())
    return w / w.sum()


@pytest.mark.parametrize("seed", range(3))
def test_the_common_weights_are_the_most_likely_ones(seed: int) -> None:
    p = drawn([0.5, 0.3, 0.2], n=500, seed=seed)
    c = np.random.default_rng(seed).uniform(0.2, 3, 500)
    common, _ = mixture(part(p, weight=c), n_buckets=1)
    assert common == pytest.approx(most_likely(p, c, np.zeros(3)), abs=2e-3)


def test_weights_of_a_bucket_are_the_most_likely_ones_beside_the_common_prior() -> None:
    p = np.concatenate([drawn([0.8, 0.1, 0.1], n=400), drawn([0.1, 0.2, 0.7], n=150)])
    bucket = np.repeat([0, 2], [400, 150])
    common, by_bucket = mixture(part(p, bucket), n_buckets=4, prior=50)
    for b in (0, 2):
        inside = p[bucket == b]
        assert by_bucket[b] == pytest.approx(
            most_likely(inside, np.ones(len(inside)), 50 * common), abs=2e-3
        )
    assert by_bucket[1] == pytest.approx(common)  # nothing to learn from there
    assert by_bucket[3] == pytest.approx(common)


@pytest.mark.parametrize("weights", [(0.3, 0.3, 0.4), (0.7, 0.2, 0.1), (0.05, 0.9, 0.05)])
@pytest.mark.parametrize("seed", range(3))
def test_known_weights_are_recovered(weights: tuple, seed: int) -> None:
    common, by_bucket = mixture(part(drawn(weights, n=3000, seed=seed)), n_buckets=1)
    assert np.abs(common - weights).max() < 0.05
    assert np.abs(by_bucket[0] - weights).max() < 0.05


@settings(max_examples=50)
@given(st.integers(0, 120), st.integers(1, 5), st.integers(1, 4), st.booleans(), st.integers(0, 99))
def test_weights_are_shares(n: int, levels: int, n_buckets: int, some: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.random((n, levels)) * (rng.random((n, levels)) < 0.6)
    p = p[p.sum(axis=1) > 0]
    held = part(p, rng.integers(0, n_buckets, len(p)), rng.uniform(0.1, 1, len(p)))
    among = sorted({0, levels - 1}) if some else None
    common, by_bucket = mixture(held, n_buckets=n_buckets, among=among)
    for row in (common, *by_bucket):
        assert row.sum() == pytest.approx(1)
        assert (row >= 0).all()
        assert not among or set(np.flatnonzero(row)) <= set(among)


def test_with_few_choices_all_levels_are_trusted_alike() -> None:
    common, by_bucket = mixture(part(np.full((29, 4), 0.1)), n_buckets=2, among=[1, 3])
    assert common.tolist() == [0, 0.5, 0, 0.5]
    assert by_bucket.tolist() == [[0, 0.5, 0, 0.5]] * 2


def test_a_level_that_foresees_everything_gets_everything() -> None:
    common, by_bucket = mixture(part([[0.01, 0.9]] * 400), n_buckets=1)
    assert common[1] > 0.999
    assert by_bucket[0, 1] > 0.99


def test_evidence_in_powers_of_two() -> None:
    assert buckets(np.array([0, 1, 2, 3, 4, 7, 8, 1023, 1024])).tolist() == [
        *(0, 1, 2, 2, 3, 3, 4, 10, 11)
    ]
    names = [bucket_name(b) for b in (0, 1, 2, 3, 11)]
    assert names == ["0", "1", "2 to 3", "4 to 7", "1,024 to 2,047"]
    for visits in range(1, 200):
        low, _, high = bucket_name(int(buckets(np.array(visits)))).partition(" to ")
        assert int(low) <= visits <= int(high or low)
