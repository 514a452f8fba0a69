"""How sure the weights are: the mixture learned again, of customers drawn again.

    draw d: each customer of the slice counts k_d times, k_d ~ multinomial; then
    w_d = the weights by expectation-maximisation of the same choices, each k_d times

A percentile bootstrap over customers (Efron and Tibshirani 1993, section 13.3): what one customer
chose stays together. All draws of a batch move at once, as products of matrices, from the fitted
weights on. Steps are extrapolated (Varadhan and Roland 2008): where levels say nearly the same,
plain expectation-maximisation would stop long before the interval is as wide as it should be. The
levels stay as they are: the interval is of how far to trust each, not of what it says.
"""

from collections.abc import Sequence

import attrs
import numpy as np

from onefold._types import Array, Bools, Floats, Ints
from onefold.scoring.weights import ENOUGH, PRIOR, Slice, converged

CELLS = 1 << 18  # choices by draws at a time: 1 MB, which stays near the processor
CLOSE = 1e-5  # a step that moves no weight of a draw by more is its last
TINY = 1e-30


@attrs.frozen(eq=False)
class Asked:
    """Whose weights are asked for, as they are used.

    Attributes:
        part: the choices, with their customers.
        weights: (buckets + 1, levels) as fitted, the last row in common: where draws begin.
        among: positions of the levels that may have a weight.
        everyone: position of the level that others pass their weight down to.
        own: positions of the levels that may have nothing to say.
    """

    part: Slice
    weights: Floats
    among: Sequence[int]
    everyone: int
    own: Sequence[int]

    @property
    def enough(self) -> bool:
        """Whether there is anything to draw: two customers, and choices to learn from."""
        who = self.part.customer
        if who is None or int(self._told.sum()) < ENOUGH:
            return False
        return len(np.unique(who[self._told])) > 1

    @property
    def _told(self) -> Bools:
        told: Bools = self.part.foreseen[:, list(self.among)].sum(axis=1) > 0
        return told

    def drawn(self, draws: int, rng: np.random.Generator) -> Floats:
        """Weights (draws, buckets + 1, levels) of customers drawn again, as they are used."""
        who, n = self.part.customer, self.part.customers
        assert who is not None
        times = np.empty((draws, n))
        for row in times:  # drawing indices and counting them is the fastest
            row[:] = np.bincount(rng.integers(n, size=n), minlength=n)
        size = max(1, CELLS // max(len(who), 1))
        found = [self._batch(times[a : a + size][:, who]) for a in range(0, draws, size)]
        return np.concatenate(found)

    def _batch(self, times: Floats) -> Floats:
        """The weights of some draws, in which each choice (d, pairs) counts so many times."""
        told, among, last = self._told, list(self.among), len(self.weights) - 1
        p = self.part.foreseen[told][:, among]
        p = (p / p.max(axis=1, keepdims=True)).astype(np.float32)  # a scale a row changes nothing
        counts = times[:, told] * self.part.weight[told]
        whole = np.maximum(counts.sum(axis=1), TINY)
        counts *= (times[:, told].sum(axis=1) / whole)[:, None]
        counts = counts.astype(np.float32)
        start = 0.9 * self.weights[:, among] + 0.1 / len(among)
        none = np.zeros((len(times), len(among)))
        common = _learned(p, counts, start[last], none)
        out = np.zeros((len(times), len(self.weights), self.weights.shape[1]))
        out[:, last, among] = common
        bucket = self.part.bucket[told]
        for b in range(last):  # buckets of evidence: a dozen
            here = np.flatnonzero(bucket == b)
            held = _learned(p[here], counts[:, here], start[b], PRIOR * common)
            out[:, b, among] = held
        return self._used(out, times * self.part.weight)

    def _used(self, weights: Floats, counts: Floats) -> Floats:
        """What is passed down with everyone, as `backoff.used` does, draw by draw."""
        part, own = self.part, list(self.own)
        silent = part.foreseen[:, own] == part.foreseen[:, [self.everyone]]
        for b in range(weights.shape[1]):
            here = part.bucket == b if b < weights.shape[1] - 1 else np.ones(len(silent), bool)
            total = counts[:, here].sum(axis=1)[:, None]
            passed = counts[:, here] @ silent[here].astype(np.float64)
            share = np.divide(
                passed, total, out=np.full_like(passed, float(b == 0)), where=total > 0
            )
            weights[:, b, self.everyone] += (weights[:, b, own] * share).sum(axis=1)
            weights[:, b, own] *= 1 - share
        return weights


def _learned(p: Array, counts: Array, start: Floats, prior: Floats) -> Floats:
    """Weights (d, levels) of choices p (n, levels) that count (d, n), and a prior (d, levels)."""
    across = np.ascontiguousarray(p.T)
    total = counts.sum(axis=1, dtype=np.float64)[:, None] + prior.sum(axis=1, keepdims=True)

    def step(weights: Floats, draws: Ints) -> Floats:
        said = weights.astype(np.float32) @ across
        np.maximum(said, TINY, out=said)
        np.divide(counts[draws] if len(draws) < len(counts) else counts, said, out=said)
        found = weights * (said @ p) + prior[draws]
        out: Floats = found / np.maximum(found.sum(axis=1, keepdims=True), TINY)
        return out

    begin = np.tile(start, (len(counts), 1))
    return np.where(total > 0, converged(step, begin, close=CLOSE), begin)
