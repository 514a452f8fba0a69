"""Gamma functions apart: differences that are exact also where gammas nearly cancel.

    -log B(a, b) = log gamma(z + d) - log gamma(z) - log gamma(d)      z the larger, d the other

For z from `FAR` on, differences are taken term by term in Stirling's series, so that with z = 1e6
nothing is left of the size of log gamma(z), which is 1e7. Source: Abramowitz and Stegun,
"Handbook of mathematical functions", 1964, 6.1.41, 6.3.18 and 6.4.12.
"""

import numpy as np
from scipy.special import digamma, gammaln, zeta

from onefold._types import Floats

FAR = 50.0  # from here on the series below are exact to the last digit


def minus_log_beta(a: Floats, b: Floats) -> Floats:
    """-log B(a, b)."""
    z, d = np.maximum(a, b), np.minimum(a, b)
    out: Floats = log_gamma_apart(z, d) - gammaln(d)
    return out


def log_gamma_apart(z: Floats, d: Floats) -> Floats:
    """The logarithm of gamma(z + d) / gamma(z)."""
    far, near = np.maximum(z, FAR), np.minimum(z, FAR)
    series = (far - 0.5) * np.log1p(d / far) + d * np.log(far + d) - d + _rest(far + d) - _rest(far)
    out: Floats = np.where(z > FAR, series, gammaln(near + d) - gammaln(near))
    return out


def digamma_apart(z: Floats, d: Floats) -> Floats:
    """digamma(z + d) - digamma(z)."""
    far, near = np.maximum(z, FAR), np.minimum(z, FAR)
    series = np.log1p(d / far) + d / (2 * far * (far + d)) + _slope(far + d) - _slope(far)
    out: Floats = np.where(z > FAR, series, digamma(near + d) - digamma(near))
    return out


def trigamma_apart(z: Floats, d: Floats) -> Floats:
    """trigamma(z + d) - trigamma(z)."""
    far, near = np.maximum(z, FAR), np.minimum(z, FAR)
    inverse = 1 / far, 1 / (far + d)
    step = -d * inverse[0] * inverse[1]  # 1 / (z + d) - 1 / z
    series = step * (1 + (inverse[0] + inverse[1]) / 2) + _bend(far + d) - _bend(far)
    out: Floats = np.where(z > FAR, series, zeta(2.0, near + d) - zeta(2.0, near))
    return out


def _rest(z: Floats) -> Floats:
    """The logarithm of gamma(z) less (z - 1/2) log z - z + log(2 pi) / 2."""
    w = 1 / (z * z)
    return np.asarray((1 / 12 - w * (1 / 360 - w * (1 / 1260 - w / 1680))) / z)


def _slope(z: Floats) -> Floats:
    """The digamma function less log z - 1 / (2 z)."""
    w = 1 / (z * z)
    return np.asarray(-w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w / 240))))


def _bend(z: Floats) -> Floats:
    """The trigamma function less 1 / z + 1 / (2 z^2)."""
    w = 1 / (z * z)
    return np.asarray(w / z * (1 / 6 - w * (1 / 30 - w * (1 / 42 - w / 30))))
