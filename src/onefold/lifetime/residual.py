"""Discounted time as a customer, where chances to leave are gamma: all that Pareto/NBD's DERT needs.

    stay(s, z, y) = integral from 0 to y of exp(-z w) (1 + w)^-s dw,        w = time / (beta + T)

For ever (y infinite) it is z^(s - 1) U(s, s; z) with U of Tricomi (Fader, Hardie and Lee, "RFM and
CLV", Journal of Marketing Research 42, 2005, equation 2); undiscounted (z = 0) it is
(1 - (1 + y)^(1 - s)) / (s - 1). In v = log(1 + w) what is integrated is smooth and its logarithm
concave, so one window of Gauss-Legendre nodes holds it, whatever s and z.
"""

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import exprel

from onefold._types import Floats

FALL = 36.0  # the integral stops where what is integrated is exp(-FALL) of its greatest value
BLOCK = 12_288  # nodes times rows worked on at once
STEPS = 12  # of Newton's method for the window's end, at most
SIZES = (12, 16, 20, 26, 34, 44, 60)


def undiscounted(s: Floats, y: Floats) -> Floats:
    """(1 - (1 + y)^(1 - s)) / (s - 1), which is log(1 + y) at s = 1."""
    logs = np.log1p(y)
    found: Floats = logs * exprel((1 - s) * logs)
    return found


def stay(s: Floats, z: Floats, y: Floats) -> Floats:
    """Discounted time (m,) in units of beta + T; y may be infinite where z > 0."""
    s, z, y = (np.atleast_1d(a) for a in np.broadcast_arrays(s, z, y))
    width, fall = _window(s, z, y)
    found = np.empty(len(width))
    kinds = np.searchsorted(SIZES[:-1], 8 + fall / 5 + 2.2 * width)
    for kind, size in enumerate(SIZES):
        chosen = np.flatnonzero(kinds == kind)
        t, weights = leggauss(size)
        step = BLOCK // size
        for at in range(0, len(chosen), step):
            some = chosen[at : at + step]
            v = (t[:, None] + 1) / 2 * width[some]
            value = np.expm1(v)
            value *= -z[some]
            v *= 1 - s[some]
            value += v
            found[some] = (weights / 2) @ np.exp(value, out=value)
    return found * width


def _window(s: Floats, z: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Where in v the integral ends, and how far its logarithm falls until there."""
    floor = np.maximum(z, 1e-300)
    top = np.where(1 - s > floor, np.log(np.maximum((1 - s) / floor, 1)), 0.0)
    beyond = FALL + np.maximum(1 - s, 0) * np.log1p(1e3 / floor)
    width = np.minimum(np.log1p(beyond / floor), np.log1p(y))
    width = np.where(s > 1, np.minimum(width, FALL / np.maximum(s - 1, 1e-300)), width)
    top = np.minimum(top, width)
    most = (1 - s) * top - z * np.expm1(top)
    for _ in range(STEPS):
        value = (1 - s) * width - z * np.expm1(width)
        over = most - FALL - value
        if not (over > 1).any():
            break
        slope = np.minimum(1 - s - z * np.exp(width), -1e-300)
        width = np.where(over > 0, width + over / slope, width)
    return width, most - np.minimum((1 - s) * width - z * np.expm1(width), 0.0)
