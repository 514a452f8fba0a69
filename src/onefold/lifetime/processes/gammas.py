"""The gamma function's logarithm with its slope and bend, by the logarithm of what it is of.

With p = exp(u):        d f(p) / du = p f'(p)        d2 f(p) / du2 = p f'(p) + p^2 f''(p)
"""

import numpy as np
from scipy.special import digamma, gammaln, zeta

from onefold._types import Floats
from onefold.lifetime.processes.apart import FAR, digamma_apart, log_gamma_apart, trigamma_apart


def trigamma(z: Floats) -> Floats:
    """The second derivative of log gamma, as the Hurwitz zeta function of 2."""
    found: Floats = zeta(2.0, z)
    return found


def rising(p: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    """log(gamma(p + x) / gamma(p)) and its first two derivatives by log p.

    Where p is large the gammas nearly cancel: differences are then taken term by term, so that
    a search can follow a likelihood that goes on rising as p goes to infinity.
    """
    p = np.asarray(p, dtype=np.float64)
    if (p > FAR).any():
        apart = (log_gamma_apart, digamma_apart, trigamma_apart)
        value, first, second = (function(p, x) for function in apart)
    else:
        value = gammaln(p + x) - gammaln(p)
        first = digamma(p + x) - digamma(p)
        second = trigamma(p + x) - trigamma(p)
    return value, p * first, p * first + p * p * second
