"""How far to trust each level, learned on a later slice of time that no level has seen.

    r_l = w_l p_l / sum over l of w_l p_l            responsibility of a level for a choice
    w_l[b] = (sum of r_l in bucket b + a w_l) / (n_b + a)        shrunk to the common weights w

Expectation-maximisation for the weights of a mixture with fixed parts (Dempster, Laird and
Rubin 1977), extrapolated until nothing moves: concave, so there is one answer and no learning
rate. Buckets are of evidence: how many visits of a customer were known, in powers of two.
"""

from collections.abc import Callable, Sequence

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._types import Array, Floats, Ints

PRIOR = 200.0  # a: choices that the common weights count for, in each bucket
CYCLES = 1000
ENOUGH = 30  # choices below which there is nothing to learn from


@attrs.frozen(eq=False)
class Slice:
    """The choices on which weights are fitted: what each level had foreseen of them.

    Attributes:
        start: First instant of the slice; every level was fitted on what came before.
        end: End of the slice, itself excluded.
        foreseen: (pairs, levels) probability of the chosen item by level; what a level with
            nothing to say passes down is in it.
        bucket: (pairs,) evidence of the customer before the slice.
        weight: (pairs,) how much each choice counts.
        customers: how many customers the choices are of.
        unforeseen: choices of items that nobody had ever chosen before; not among the pairs.
        customer: (pairs,) whose choice it is, from 0 to customers - 1; None in what was saved
            before customers were kept.
    """

    start: np.datetime64
    end: np.datetime64
    foreseen: Floats = attrs.field(converter=frozen)
    bucket: Ints = attrs.field(converter=frozen)
    weight: Floats = attrs.field(converter=frozen)
    customers: int = attrs.field(kw_only=True)
    unforeseen: int = attrs.field(kw_only=True)
    customer: Ints | None = attrs.field(
        default=None, kw_only=True, converter=attrs.converters.optional(frozen)
    )


def buckets(visits: Array) -> Ints:
    """Evidence in powers of two: 0 for no visit, 1 for one, 2 for 2 to 3, 3 for 4 to 7, ..."""
    held = np.asarray(visits, dtype=np.float64)
    return np.where(held > 0, np.floor(np.log2(np.maximum(held, 1))) + 1, 0).astype(np.int64)


def bucket_name(bucket: int) -> str:
    """What a bucket holds, in visits: "0", "1", "2 to 3", "4 to 7"."""
    if bucket <= 1:
        return str(bucket)
    return f"{2 ** (bucket - 1):,} to {2**bucket - 1:,}"


def mixture(
    part: Slice,
    *,
    n_buckets: int,
    among: Sequence[int] | None = None,
    prior: float = PRIOR,
) -> tuple[Floats, Floats]:
    """Weights of a mixture by expectation-maximisation.

    Args:
        part: The choices, and what each level foresaw of them.
        n_buckets: How many buckets of evidence there are.
        among: Levels that may have a weight; all of them where it is left out.
        prior: Choices that the common weights count for in each bucket.

    Returns:
        The common weights (levels,), and those by bucket (n_buckets, levels); each sums to 1.
        With fewer than 30 choices all levels that may have a weight have the same.
    """
    n_levels = part.foreseen.shape[1]
    allowed = np.zeros(n_levels)
    allowed[list(range(n_levels) if among is None else among)] = 1.0
    start = allowed / allowed.sum()
    told = (part.foreseen @ allowed) > 0
    p, b, c = part.foreseen[told], part.bucket[told], part.weight[told]
    if len(p) < ENOUGH:
        return start, np.tile(start, (n_buckets, 1))
    c = c * (len(c) / c.sum())
    nothing = np.zeros(n_levels)
    common = _learned(p, c, start, nothing)
    weights = np.tile(common, (n_buckets, 1))
    for bucket in np.unique(b).tolist():  # a dozen of them
        here = b == bucket
        weights[bucket] = _learned(p[here], c[here], common, prior * common)
    return common, weights / weights.sum(axis=1, keepdims=True)


def _learned(p: Floats, counts: Floats, start: Floats, prior: Floats) -> Floats:
    """Weights (levels,) of choices p (n, levels) that count (n,), and a prior (levels,)."""
    total = counts.sum() + prior.sum()

    def step(weights: Floats, draws: Ints) -> Floats:
        parts = (counts / (p @ weights[0])) @ p * weights[0]
        out: Floats = ((parts + prior) / total)[None]
        return out

    found: Floats = converged(step, start[None])[0]
    return found


def converged(
    step: Callable[[Floats, Ints], Floats], start: Floats, *, close: float = 1e-9
) -> Floats:
    """The fixed point (draws, levels) of a step of expectation-maximisation, draw by draw.

    Two steps are extrapolated: w + 2 s r + s^2 v, r being the first move, v its change, and
    s = |r| / |v|, at least 1 (squared extrapolation, SqS3; Varadhan and Roland 2008).

    Args:
        step: From the weights (a, levels) of the draws (a,) that are named to better ones.
        start: (draws, levels) where to begin.
        close: A step that moves no weight of a draw by more is its last.
    """
    weights, left = start.copy(), np.arange(len(start))
    for _ in range(CYCLES):
        here = weights[left]
        one = step(here, left)
        two = step(one, left)
        first, change = one - here, two - 2 * one + here
        size = np.linalg.norm(change, axis=1)
        far = np.ones(len(left))
        np.divide(np.linalg.norm(first, axis=1), size, out=far, where=size > 1e-12)
        far = np.maximum(far, 1.0)[:, None]
        ahead = np.maximum(here + 2 * far * first + far**2 * change, 0.05 * two)
        weights[left] = step(ahead / ahead.sum(axis=1, keepdims=True), left)
        left = left[np.abs(two - one).max(axis=1) > close]
        if not len(left):
            break
    return weights
