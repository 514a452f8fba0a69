"""How far to trust each level, learned on a later slice of time that no level has seen.

    r_l = w_l p_l / sum over l of w_l p_l            responsibility of a level for a choice
    w_l[b] = (sum of r_l in bucket b + a w_l) / (n_b + a)        shrunk to the common weights w

Expectation-maximisation for the weights of a mixture with fixed parts (Dempster, Laird and
Rubin 1977): concave, so there is one answer and no learning rate. Buckets are of evidence:
how many visits of a customer were known, in powers of two.
"""

from collections.abc import Sequence

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._types import Array, Floats, Ints

PRIOR = 200.0  # a: choices that the common weights count for, in each bucket
STEPS = 500
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
    """

    start: np.datetime64
    end: np.datetime64
    foreseen: Floats = attrs.field(converter=frozen)
    bucket: Ints = attrs.field(converter=frozen)
    weight: Floats = attrs.field(converter=frozen)
    customers: int = attrs.field(kw_only=True)
    unforeseen: int = attrs.field(kw_only=True)


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
    common = start
    for _ in range(STEPS):
        new = (c / (p @ common)) @ p * common / len(p)
        moved, common = np.abs(new - common).max(), new
        if moved < 1e-7:
            break
    counts = np.bincount(b, weights=c, minlength=n_buckets)
    weights = np.tile(common, (n_buckets, 1))
    for _ in range(STEPS):
        parts = p * weights[b]
        parts *= (c / parts.sum(axis=1))[:, None]
        sums = [np.bincount(b, weights=parts[:, k], minlength=n_buckets) for k in range(n_levels)]
        held = (np.stack(sums, axis=1) + prior * common) / (counts + prior)[:, None]
        moved, weights = np.abs(held - weights).max(), held
        if moved < 1e-6:
            break
    return common, weights / weights.sum(axis=1, keepdims=True)
