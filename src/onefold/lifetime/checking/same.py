"""Are these the customers that a model was fitted on, and what did it learn from them?

    the same if n and the sums of x, t_x, T, x T, t_x^2 and T^2 are

A check on rows that go beyond the moment at which a model was fitted, or that it never saw, says
another thing than it seems to; so who asks for one has to say so.
"""

import numpy as np

from onefold._types import Floats
from onefold.lifetime.fitted import FittedPurchases
from onefold.lifetime.rows import Rows
from onefold.lifetime.sureness import FLAT

NEAR = 1e-6  # relative: sums in another order, and times rounded at a file's door


def fitted_on(fitted: FittedPurchases, rows: Rows) -> bool:
    """Whether a model was fitted on these rows, as far as their sums tell."""
    return fitted.n == len(rows) and bool(
        np.allclose(_told(fitted._rows), _told(rows), rtol=NEAR, atol=NEAR)
    )


def longest(fitted: FittedPurchases) -> float:
    """The longest T that the model saw."""
    return float(fitted._rows.T.max(initial=0.0))


def learned(covariance: Floats) -> Floats:
    """The covariance (p, p) of coefficients in the directions that the data tell.

    A parameter that runs off to 0 or infinity is as good as fixed there: nothing that is expected
    depends on it, and its variance is without meaning.
    """
    values, vectors = np.linalg.eigh(covariance)
    held: Floats = (vectors * np.where(values < FLAT**2, values, 0.0)) @ vectors.T
    return held


def _told(rows: Rows) -> list[float]:
    products = (rows.x, rows.t_x, rows.T, rows.x * rows.T, rows.t_x**2, rows.T**2)
    return [float(rows.weight @ product) for product in products]
