"""The gamma function's logarithm with its slope and bend, by the logarithm of what it is of.

With p = exp(u):        d f(p) / du = p f'(p)        d2 f(p) / du2 = p f'(p) + p^2 f''(p)
"""

import numpy as np
from scipy.special import digamma, gammaln, zeta

from onefold._types import Floats


def trigamma(z: Floats) -> Floats:
    """The second derivative of log gamma, as the Hurwitz zeta function of 2."""
    found: Floats = zeta(2.0, z)
    return found


def rising(p: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    """log(gamma(p + x) / gamma(p)) and its first two derivatives by log p.

    For whole x it is log(p (p + 1) .. (p + x - 1)), so nothing is lost where p is very large or
    small and the gammas themselves nearly cancel: then sums of the few terms are taken.
    """
    p = np.asarray(p, dtype=np.float64)
    value = gammaln(p + x) - gammaln(p)
    first = digamma(p + x) - digamma(p)
    second = trigamma(p + x) - trigamma(p)
    return value, p * first, p * first + p * p * second
