"""How large one mean is beside another of the same customers, with an interval.

    ratio* = sum(w * above) / sum(w * below)        w: how often each customer was drawn

A ratio of sums, not a mean of ratios: customers for whom `below` is 0 count in both sums.
"""

import numpy as np
import numpy.typing as npt

from onefold._stats.bootstrap import Interval, _generator, _resampled
from onefold._stats.inputs import confidence_level, enough_draws, finite
from onefold.errors import ArgumentError

__all__ = ["bootstrap_ratio"]


def bootstrap_ratio(
    above: npt.ArrayLike,
    below: npt.ArrayLike,
    *,
    rng: int | np.random.Generator | None,
    draws: int = 2000,
    confidence: float = 0.95,
) -> Interval:
    """Sum of `above` over sum of `below`, with a percentile bootstrap over customers, paired.

    Customers for whom either is NaN take no part. Where the sum of `below` is 0 there is no ratio
    (NaN); draws in which it is are passed over.

    Args:
        above: (n,) or (n, m) floats, a row a customer.
        below: The same shape.
        rng: A seed, a Generator, or None for chance that can't be repeated.
        draws: Resamples, at least 100.
        confidence: Above 0 and below 1.

    Returns:
        An `Interval` of the ratios (m,), or () for one column without a second dimension.

    Raises:
        ArgumentError: The shapes differ, or as `bootstrap_mean`.

    Example:
        >>> found = bootstrap_ratio(np.array([1.0, 2, 3]), np.array([2.0, 4, 6]), rng=7)
        >>> float(found.low), float(found.high)
        (0.5, 0.5)

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
    """
    level, draws, source = confidence_level(confidence), enough_draws(draws), _generator(rng)
    top, base = finite(above, "above"), finite(below, "below")
    if top.shape != base.shape or top.ndim not in (1, 2):
        raise ArgumentError(
            f"above has the shape {top.shape} and below {base.shape}; both take the same one, "
            "(n,) or (n, m)."
        )
    shape = top.shape[1:]
    table = np.stack([top.reshape(len(top), -1), base.reshape(len(base), -1)])
    measured: npt.NDArray[np.bool_] = np.logical_not(np.isnan(table).any(axis=0))
    filled = np.where(measured, table, 0.0)
    low, high, estimate = np.full((3, table.shape[2]), np.nan)
    sums, n = filled.sum(axis=1), measured.sum(axis=0)
    some = (n >= 2) & (sums[1] > 0)
    np.divide(sums[0], sums[1], out=estimate, where=sums[1] > 0)
    if some.any():
        both = np.concatenate([filled[0][:, some], filled[1][:, some]], axis=1)
        drawn = _resampled(both, np.tile(measured[:, some], 2), draws, source)
        up, down = np.split(drawn, 2, axis=1)
        ratios = np.divide(up, down, out=np.full_like(up, np.nan), where=down > 0)
        low[some], high[some] = np.nanquantile(ratios, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Interval(
        estimate=estimate.reshape(shape),
        low=low.reshape(shape),
        high=high.reshape(shape),
        n=n.reshape(shape),
        confidence=level,
        method=f"percentile bootstrap over customers, {draws:,} draws",
    )
