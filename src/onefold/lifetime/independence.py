"""Whether those who buy often spend more or less at a purchase, which Gamma-Gamma denies.

    Fisher's z = artanh r        interval: tanh(artanh r -+ 1.96 * its standard error)

Money is skewed, so that of Pearson's r the standard error is taken from the influence of each
customer, u w - r (u^2 + w^2) / 2 with u and w standardised, and not from a normal distribution.
Of Spearman's it is sqrt((1 + r^2 / 2) / (n - 3)): Bonett and Wright, "Sample size requirements for
estimating Pearson, Kendall and Spearman correlations", Psychometrika 65, 2000.
"""

import attrs
import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from onefold._types import Floats

LEAST = 4  # customers below which a correlation has no interval
HALF = float(ndtri(0.975))
METHODS = ("delta method on Fisher's z", "Bonett and Wright on Fisher's z")


@attrs.frozen
class Correlation:
    """How one thing goes with another, with its interval; NaN where it can't be told.

    Attributes:
        name: "pearson" or "spearman".
        value: The correlation.
        low: The interval's lower end.
        high: Its upper end.
        method: How the interval was made.
    """

    name: str
    value: float
    low: float
    high: float
    method: str


def correlations(x: Floats, z: Floats) -> tuple[Correlation, ...]:
    """Pearson's and Spearman's correlation with 95 % intervals."""
    n = len(x)
    if n < LEAST or (x == x[0]).all() or (z == z[0]).all():
        return tuple(
            Correlation(name, np.nan, np.nan, np.nan, method)
            for name, method in zip(("pearson", "spearman"), METHODS, strict=True)
        )
    small = np.ldexp(z, -int(np.frexp(z.max())[1]))  # exact; its square is a number too
    a, b = _standard(x), _standard(small)
    r = _bounded(float(a @ b) / n)
    # The influence of one customer on r; on Fisher's z it is divided by 1 - r^2.
    influence = a * b - r * (a * a + b * b) / 2
    wide = HALF * float(np.sqrt(influence @ influence)) / n / (1 - r * r)
    rank = _bounded(float(_standard(rankdata(x)) @ _standard(rankdata(z))) / n)
    rank_wide = HALF * float(np.sqrt((1 + rank * rank / 2) / (n - 3)))
    return (
        Correlation("pearson", r, *_around(r, wide), METHODS[0]),
        Correlation("spearman", rank, *_around(rank, rank_wide), METHODS[1]),
    )


def _standard(values: Floats) -> Floats:
    apart = values - values.mean()
    scaled: Floats = apart / np.sqrt(float(apart @ apart) / len(values))
    return scaled


def _bounded(r: float) -> float:
    return float(np.clip(r, -1 + 1e-12, 1 - 1e-12))


def _around(r: float, wide: float) -> tuple[float, float]:
    middle = np.arctanh(r)
    return float(np.tanh(middle - wide)), float(np.tanh(middle + wide))
