"""Which of several gamma variables is the largest, and how probable is that?

With G the product of their distribution functions F_k, which is that of the largest,

    P(j is the largest) = integral of dG (d log F_j / sum over k of d log F_k)

summed over steps of the range in which G rises. Each step of G is shared out among the m, so the
chances add up to 1 however coarse the steps are.
"""

import numpy as np

from onefold._types import Floats, Ints

NODES = 256  # steps of the integral
SPAN = 1e-10  # of the distribution of the largest that is left out at each end
FAR = 1e-250  # of the largest, below which nothing is told apart


def chances(shape: Floats, rate: Floats) -> Floats:
    """The probability (m,) that each of m independent gamma variables is the largest.

    Args:
        shape: (m,) a of each.
        rate: (m,) b of each.

    Example:
        >>> chances(np.array([1.0, 1.0]), np.array([2.0, 3.0])).round(3).tolist()
        [0.6, 0.4]
    """
    if len(shape) <= 1:
        return np.ones(len(shape))
    pairs, of, many = np.unique(
        np.stack([shape, rate]), axis=1, return_inverse=True, return_counts=True
    )
    a, b = pairs[0], pairs[1]
    grid = _range(a, b, many)
    log = _log_cdf(a, b, grid)
    whole = many @ log
    steps = np.diff(np.exp(whole)) / np.exp(whole[-1])
    rises = np.diff(whole)
    parts = np.diff(log, axis=1) @ np.divide(steps, rises, out=np.zeros(NODES), where=rises > 0)
    found = parts[of.ravel()]
    out: Floats = found / found.sum()
    return out


def _range(a: Floats, b: Floats, many: Ints) -> Floats:
    """Where the distribution of the largest rises, in steps of which none is more than a few %."""
    from scipy.special import gammaincinv

    tops = gammaincinv(a, 1 - SPAN / many.sum()) / b
    high, low = float(tops.max()), float(np.max(gammaincinv(a, SPAN) / b))
    coarse = np.geomspace(max(low, high * FAR), high, NODES)
    rise = np.exp(many @ _log_cdf(a, b, coarse))
    # Even steps of G and of log x together: fine where G rises, and never far apart.
    both = 0.8 * (rise - rise[0]) / (rise[-1] - rise[0]) + 0.2 * np.linspace(0, 1, NODES)
    made: Floats = np.interp(np.linspace(0, 1, NODES + 1), both, coarse)
    return made


def _log_cdf(a: Floats, b: Floats, x: Floats) -> Floats:
    """The logarithm (m, nodes) of each distribution function."""
    from scipy.special import gammainc

    held = gammainc(a[:, None], b[:, None] * x)
    out: Floats = np.log(np.maximum(held, np.finfo(np.float64).tiny))
    return out
