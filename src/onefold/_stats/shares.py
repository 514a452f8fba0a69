"""Shares: how sure one is of k in n, and what is left of many p-values.

Wilson's interval holds the shares that the data k of n do not refute:

    |k/n - share| <= z * sqrt(share * (1 - share) / n)
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from onefold._stats.inputs import Floats, confidence_level, counts, numbers
from onefold.errors import ArgumentError

__all__ = ["adjusted", "wilson"]


def wilson(
    k: npt.ArrayLike, n: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Wilson's interval for a share of k in n.

    (k + z**2/2 -+ z * sqrt(k (n - k) / n + z**2 / 4)) / (n + z**2), z the normal quantile. Nothing
    is known of a share of nobody: n = 0 gives (0, 1).

    Args:
        k: Customers that have it, any shape, 0 to n.
        n: Customers asked, broadcast with `k`.
        confidence: Chance that the interval covers the true share, above 0 and below 1.

    Returns:
        (low, high), each float64 of the common shape, within 0 and 1.

    Raises:
        ArgumentError: k below 0 or above n, a missing count, or a confidence out of bounds.

    Example:
        >>> low, high = wilson([81, 0], [263, 20])
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.2553, 0.0], [0.3662, 0.1611])

    Source: Wilson, JASA 22 (1927); method 3 in Newcombe, "Two-sided confidence intervals for
    the single proportion", Statistics in Medicine 17 (1998).
    """
    from scipy.special import ndtri

    hits, size = counts(k, n, "k", "n")
    z = float(ndtri(0.5 + confidence_level(confidence) / 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        half = z * np.sqrt(hits * (size - hits) / size + z * z / 4)
        low = (hits + z * z / 2 - half) / (size + z * z)
        high = (hits + z * z / 2 + half) / (size + z * z)
    # The ends are exact in theory; rounding would leave 1e-17 in place of 0.
    low = np.where((hits == 0) | (size == 0), 0.0, np.clip(low, 0, 1))
    high = np.where((hits == size) | (size == 0), 1.0, np.clip(high, 0, 1))
    return low, high


def adjusted(p: npt.ArrayLike, *, method: Literal["bh", "by"] = "bh") -> Floats:
    """Correct a family of p-values for its size: q, the false discovery rate if p is the limit.

    A NaN is a test that was not made: it stays NaN and does not enlarge the family.

    Args:
        p: p-values, any shape; all of them are one family.
        method: "bh" (Benjamini and Hochberg; independent or positively dependent tests) or "by"
            (Benjamini and Yekutieli; any dependence, and stricter).

    Returns:
        q-values, float64 of the same shape.

    Raises:
        ArgumentError: A p outside 0 to 1, or another method.

    Example:
        >>> adjusted([0.01, float("nan"), 0.04]).tolist()
        [0.02, nan, 0.04]

    Source: Benjamini and Hochberg, JRSS B 57 (1995); Benjamini and Yekutieli, Annals of
    Statistics 29 (2001); computed by scipy.stats.false_discovery_control.
    """
    from scipy.stats import false_discovery_control

    if method not in ("bh", "by"):
        raise ArgumentError(f"method is {method!r}; allowed: 'bh', 'by'.")
    values = numbers(p, "p")
    made = ~np.isnan(values)
    if np.any((values[made] < 0) | (values[made] > 1)):
        raise ArgumentError("p holds values outside 0 to 1; it takes p-values, or NaN for none.")
    out = np.full(values.shape, np.nan)
    if made.any():
        out[made] = false_discovery_control(values[made], method=method)
    return out
