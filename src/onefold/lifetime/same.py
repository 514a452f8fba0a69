"""Are these the customers that a model was fitted on?

    the same n, and the same sums of x, t_x, T, x T, t_x^2 and T^2

A check on rows that go beyond the moment at which a model was fitted, or that it never saw, says
another thing than it seems to; so who asks for one has to say so.
"""

import numpy as np

from onefold.lifetime.fitted import FittedPurchases
from onefold.lifetime.rows import Rows

NEAR = 1e-6  # relative: sums in another order, and times rounded at a file's door


def fitted_on(fitted: FittedPurchases, rows: Rows) -> bool:
    """Whether a model was fitted on these rows, as far as their sums tell."""
    return fitted.n == len(rows) and bool(
        np.allclose(_told(fitted._rows), _told(rows), rtol=NEAR, atol=NEAR)
    )


def longest(fitted: FittedPurchases) -> float:
    """The longest T that the model saw."""
    return float(fitted._rows.T.max(initial=0.0))


def _told(rows: Rows) -> list[float]:
    products = (rows.x, rows.t_x, rows.T, rows.x * rows.T, rows.t_x**2, rows.T**2)
    return [float(rows.weight @ product) for product in products]
