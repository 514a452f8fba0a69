"""The gamma function's logarithm with its slope and bend, by the logarithm of what it is of.

With p = exp(u):        d f(p) / du = p f'(p)        d2 f(p) / du2 = p f'(p) + p^2 f''(p)
"""

import numpy as np
from scipy.special import digamma, gammaln, zeta

from onefold._types import Floats

LARGE = 1000.0
SERIES = {1.0: 1 / 12, 3.0: -1 / 360, 5.0: 1 / 1260}  # of log gamma(p), by powers of 1 / p


def trigamma(z: Floats) -> Floats:
    """The second derivative of log gamma, as the Hurwitz zeta function of 2."""
    found: Floats = zeta(2.0, z)
    return found


def rising(p: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    """log(gamma(p + x) / gamma(p)) and its first two derivatives by log p.

    Where p is large the gammas nearly cancel: differences of the terms of Stirling's series (NIST
    Handbook of Mathematical Functions, 5.11.1 and 5.11.2) are taken one by one then.
    """
    p, x = np.broadcast_arrays(np.asarray(p, dtype=np.float64), np.asarray(x, dtype=np.float64))
    value = gammaln(p + x) - gammaln(p)
    first = digamma(p + x) - digamma(p)
    second = trigamma(p + x) - trigamma(p)
    large = p > LARGE
    if large.any():
        value[large], first[large], second[large] = _stirling(p[large], x[large])
    return value, p * first, p * first + p * p * second


def _stirling(p: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    """The value and the first two derivatives by p itself."""
    q, more = p + x, np.log1p(x / p)
    value = (p - 0.5) * more + x * np.log(q) - x
    first = more
    second = -x / (p * q)
    for power, share in SERIES.items():
        # share * (q^-power - p^-power), by what is small: q^-power = p^-power (1 - lost)
        value = value + share * p**-power * np.expm1(-power * more)
        first = first - share * power * p ** -(power + 1.0) * np.expm1(-(power + 1.0) * more)
        lost = np.expm1(-(power + 2.0) * more)
        second = second + share * power * (power + 1.0) * p ** -(power + 2.0) * lost
    first = first - np.expm1(-more) / (2 * p)
    second = second + np.expm1(-2 * more) / (2 * p * p)
    return value, first, second
