"""The window of an integral whose logarithm is concave: beyond it next to nothing is left.

exp(f(v)) is dropped where f(v) < f(top) - FALL
"""

from collections.abc import Callable

import numpy as np

from onefold._types import Floats

FALL = 30.0
STEPS = 60  # of Newton's method, at most; it takes two or three


def cut(
    log: Callable[[Floats], tuple[Floats, Floats]], *, top: Floats, end: Floats
) -> tuple[Floats, Floats]:
    """Where to end (m,) each window from 0 on, and how far (m,) the logarithm falls until there.

    Newton's steps from beyond the place never pass it, because what is cut is concave. What it
    rises before the top counts as a fall.

    Args:
        log: The logarithm and its slope at v (m,).
        top: Where (m,) it is greatest.
        end: Where (m,) the integral ends in any case.
    """
    most, slope = log(top)
    end = np.minimum(end, top + FALL / np.maximum(-slope, 1e-6))
    value, slope = log(end)
    for _ in range(STEPS):
        over = most - FALL - value
        if not (over > 1).any():
            break
        end = np.where(over > 0, end + over / np.where(over > 0, slope, 1), end)
        value, slope = log(end)
    return end, most - np.minimum(value, 0)
