"""Means over beta distributed chances, for where closed forms lose their digits or overflow.

With p = 1 / (1 + exp(-y)) a mean is the integral over y of f(p) p^a (1 - p)^b / B(a, b), smooth in
a strip about the real line, so that a sum at equal steps is as good as exact:

    E f(p)  =  sum over y of  weight(y) f(p(y)),        error about exp(-2 pi d / step)

d is half the strip's width: pi, or pi / 2 where b is large and (1 - p)^b nearly exp(-b p).

Source: Trefethen and Weideman, "The exponentially convergent trapezoidal rule", SIAM Review 56,
2014, theorem 5.1.
"""

import numpy as np

from onefold._types import Floats
from onefold.lifetime.processes.gammas import trigamma

STEP = 0.3  # an error of exp(-32) or less
CLOSER = 0.6  # of the standard deviation of y that f leaves at least, where that is less
LEAST = 39.0  # exp(-39) is below a double's last digit


def nodes(a: Floats, b: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Where to look, p (m, k), and the weights (m, k), which sum to 1 by row.

    f may be any power of 1 + z p from 0 down, or what is as smooth. What lies beyond the ends,
    where f is flat and the density a pure exponential, is a geometric series and goes to the last
    node.

    Args:
        a: (m,).
        b: (m,).
        scale: Nearer than 1 / scale (m,) to 0 and 1 f hardly changes any more.
    """
    spread = np.sqrt(trigamma(a) + trigamma(b))
    centre = np.log(a) - np.log(b)
    flat = np.log1p(scale)
    low = np.minimum(centre, -flat) - LEAST / a - 9 * spread
    high = np.maximum(centre, flat) + LEAST / b + 9 * spread
    low, high = np.maximum(low, -LEAST - flat), np.minimum(high, LEAST + flat)
    # At its mode the log of p^a (1 - p)^b f bends by a more than without f at most.
    width = np.minimum(STEP, CLOSER / np.sqrt(spread**-2 + a))
    steps = np.ceil((high - low) / width).max(initial=1)
    step = ((high - low) / steps)[:, None]
    y = low[:, None] + step * np.arange(steps + 1)
    a, b = a[:, None], b[:, None]
    logs = -a * np.logaddexp(0, -y) - b * np.logaddexp(0, y)
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    weight[:, :1] /= -np.expm1(-a * step)
    weight[:, -1:] /= -np.expm1(-b * step)
    weight /= weight.sum(axis=1, keepdims=True)
    return 1 / (1 + np.exp(-y)), weight
