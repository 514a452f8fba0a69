"""Discounted time as a customer, where chances to leave are gamma: what Pareto/NBD's DERT needs.

    stay(s, z, y) = integral from 0 to y of exp(-z w) (1 + w)^-s dw,        w = time / (beta + T)

For ever (y infinite) it is z^(s - 1) U(s, s; z) with U of Tricomi (Fader, Hardie and Lee, "RFM and
CLV", Journal of Marketing Research 42, 2005, equation 2); undiscounted (z = 0) it is
(1 - (1 + y)^(1 - s)) / (s - 1). In v = log(1 + w) what is integrated is smooth and its logarithm
concave, so one window of Gauss-Legendre nodes holds it, whatever s and z.
"""

from functools import partial

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import exprel

from onefold._types import Floats
from onefold.lifetime.processes.concave import FALL, cut

BLOCK = 8_192  # nodes times rows worked on at once
SIZES = (12, 16, 20, 26, 34, 44, 60)


def undiscounted(s: Floats, y: Floats) -> Floats:
    """(1 - (1 + y)^(1 - s)) / (s - 1), which is log(1 + y) at s = 1."""
    logs = np.log1p(y)
    found: Floats = logs * exprel((1 - s) * logs)
    return found


def stay(s: Floats, z: Floats, y: Floats) -> Floats:
    """Discounted time (m,) in units of beta + T; y may be infinite where z > 0."""
    s, z, y = (np.atleast_1d(a) for a in np.broadcast_arrays(s, z, y))
    floor = np.maximum(z, 1e-300)
    rise = np.maximum(1 - s, 0)
    beyond = FALL + rise * np.log1p(1e3 / floor)  # it has fallen so far where z w is that
    width = np.minimum(np.log1p(beyond / floor), np.log1p(y))
    top = np.minimum(np.log(np.maximum(rise / floor, 1)), width)
    width, fall = cut(partial(_log_integrand, s, z), top=top, end=width)
    found = np.empty(len(width))
    need = 8 + np.maximum(fall / 3, fall / 5 + 2.2 * width)  # found by trial, for eleven figures
    kinds = np.searchsorted(SIZES[:-1], need)
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


def _log_integrand(s: Floats, z: Floats, v: Floats) -> tuple[Floats, Floats]:
    """The logarithm of what is integrated, 0 at v = 0, and its slope."""
    grown = np.expm1(v)
    value: Floats = (1 - s) * v - z * grown
    return value, 1 - s - z * (grown + 1)
