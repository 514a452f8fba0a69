"""Pareto/NBD: customers buy at random at their own rate, and leave at any moment, unseen.

    L = gamma(r + x) alpha^r beta^s / gamma(r) * { (alpha + T)^-(r + x) (beta + T)^-s
        + s * integral from t_x to T of (alpha + u)^-(r + x) (beta + u)^-(s + 1) du }

Rates are gamma (r, alpha), chances to leave in a unit of time gamma (s, beta). Sources:
Schmittlein, Morrison and Colombo, "Counting your customers: who are they and what will they do
next?", Management Science 33, 1987; Fader and Hardie, "A note on deriving the Pareto/NBD model and
related expressions", 2005. The papers write the integral with two hypergeometric functions; here
it is taken by nodes (see `leaving`), which has derivatives and does not overflow.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

import attrs
import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import gammaln

from onefold._types import Floats
from onefold.lifetime.gammas import rising
from onefold.lifetime.leaving import AT, PAIRS, left, left_moments
from onefold.lifetime.process import Curve
from onefold.lifetime.residual import stay, undiscounted
from onefold.lifetime.rows import Rows

LEAVES = 64  # moments of leaving that the chances of counts are summed over
BLOCK = 4_096  # rows of them at once
TINY = np.finfo(float).tiny


@attrs.frozen
class Pareto:
    """The process of Pareto/NBD."""

    letters: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    links: ClassVar[Mapping[str, tuple[str, int]]] = MappingProxyType(
        {"alpha": ("purchase", -1), "beta": ("dropout", -1)}
    )

    def start(self, rows: Rows) -> Floats:
        """Rates that give the mean, and half of the customers gone by the mean T."""
        n = float(rows.weight.sum())
        rate = float(rows.weight @ rows.x) / float(rows.weight @ rows.T)
        return np.array([0.5, 0.5 / rate, 0.5, float(rows.weight @ rows.T) / n / 3])

    def value(self, params: Floats, rows: Rows) -> Floats:
        r, alpha, s, beta = params
        here = np.exp(_here(params, rows))
        total = np.maximum(here + left(params, rows), TINY)
        nbd = _each(lambda p, x: (gammaln(p + x) - gammaln(p),), rows, r)[0]
        spread = (r + rows.x) * np.log(alpha + rows.t_x) + s * np.log1p(rows.t_x / beta)
        found: Floats = nbd + r * np.log(alpha) - spread + np.log(total)
        return found

    def curve(self, params: Floats, rows: Rows) -> Curve:
        r, alpha, s, beta = params
        nbd = _each(rising, rows, r)
        k = r + rows.x
        log_a, log_b = np.log(alpha + rows.t_x), np.log1p(rows.t_x / beta)
        moments = left_moments(params, rows)
        here = np.exp(_here(params, rows))
        total = np.maximum(here + moments[0], TINY)
        here /= total
        moments /= total
        there = _there(params, rows)
        m = {pair: moments[n] + here * there[pair[0]] * there[pair[1]] for pair, n in AT.items()}
        gone = {j: moments[AT[0, j]] for j in range(5)}  # the share of having left, and its means

        gradient = np.empty((4, len(rows)))
        gradient[0] = -r * m[0, 1]
        gradient[1] = -k * m[0, 2]
        gradient[2] = gone[0] - s * m[0, 3]
        gradient[3] = -s * m[0, 4] - gone[4]
        hessian = np.empty((4, 4, len(rows)))
        hessian[0, 0] = r * r * m[1, 1] + gradient[0]
        hessian[0, 1] = r * (k * m[1, 2] - m[0, 2])
        hessian[0, 2] = -r * (gone[1] - s * m[1, 3])
        hessian[0, 3] = r * (s * m[1, 4] + moments[AT[1, 4]])
        hessian[1, 1] = k * (k + 1) * m[2, 2] + gradient[1]
        hessian[1, 2] = -k * (gone[2] - s * m[2, 3])
        hessian[1, 3] = k * (s * m[2, 4] + moments[AT[2, 4]])
        hessian[2, 2] = gone[0] - s * (2 * gone[3] + m[0, 3]) + s * s * m[3, 3]
        left_b = moments[AT[3, 4]]
        hessian[2, 3] = -s * m[0, 4] - (s + 1) * gone[4] + s * (s * m[3, 4] + left_b)
        hessian[3, 3] = gradient[3] + s * (s + 1) * m[4, 4] + 2 * (s + 1) * moments[AT[4, 4]]
        for i in range(4):
            for j in range(i, 4):
                hessian[i, j] -= gradient[i] * gradient[j]
                hessian[j, i] = hessian[i, j]
        by_r = nbd[1] + r * (np.log(alpha) - log_a)
        gradient[0] += by_r
        gradient[1] += r
        gradient[2] -= s * log_b
        gradient[3] += s
        hessian[0, 0] += nbd[2] + r * (np.log(alpha) - log_a)
        hessian[0, 1] += r
        hessian[1, 0] += r
        hessian[2, 2] -= s * log_b
        hessian[2, 3] += s
        hessian[3, 2] += s
        value = nbd[0] + r * np.log(alpha) - k * log_a - s * log_b + np.log(total)
        return Curve(value, gradient, hessian)

    def alive(self, params: Floats, rows: Rows) -> Floats:
        here = np.exp(_here(params, rows))
        chance: Floats = here / np.maximum(here + left(params, rows), TINY)
        return chance

    def expected(self, params: Floats, rows: Rows, horizon: float) -> Floats:
        r, alpha, s, beta = params
        since = beta + rows.T
        many = (r + rows.x) / (alpha + rows.T) * since * undiscounted(s, horizon / since)
        return self.alive(params, rows) * many

    def discounted(
        self, params: Floats, rows: Rows, rate: float, horizon: float | None
    ) -> Floats:
        r, alpha, s, beta = params
        since = beta + rows.T
        times, place = np.arange(len(rows)), slice(None)
        until = np.inf if horizon is None else horizon / since
        time = since * stay(s, rate * since, until)
        return self.alive(params, rows) * (r + rows.x) / (alpha + rows.T) * time

    def newcomer(self, params: Floats, times: Floats) -> Floats:
        r, alpha, s, beta = params[:, :1]
        many: Floats = r / alpha * beta * undiscounted(s, times / beta)
        return many

    def counts(self, params: Floats, T: Floats, most: int) -> Floats:
        chances = np.empty((len(T), most + 1))
        for at in range(0, len(T), BLOCK):
            some = slice(at, at + BLOCK)
            chances[some] = _counts(params if params.shape[1] == 1 else params[:, some], T[some], most)
        return chances

    def draw(self, params: Floats, T: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        r, alpha, s, beta = (np.broadcast_to(p, T.shape) for p in params)
        rate = rng.gamma(r, 1 / alpha)
        # 1 / 0 where a chance to leave is too small for a float: they never do.
        with np.errstate(divide="ignore"):
            life = rng.standard_exponential(len(T)) / rng.gamma(s, 1 / beta)
        until = np.minimum(T, life)
        x = rng.poisson(rate * until).astype(np.float64)
        # The last of x instants that lie evenly at random.
        last = rng.random(len(T)) ** (1 / np.maximum(x, 1))
        return x, np.where(x > 0, until * last, 0.0)


def _each(
    function: Callable[[Floats, Floats], tuple[Floats, ...]], rows: Rows, p: Floats
) -> list[Floats]:
    """A function of a parameter and x, once for each different x where the parameter is common."""
    if len(p) == 1:
        return [found[rows.place] for found in function(p, rows.counts)]
    return list(function(p, rows.x))


def _here(params: Floats, rows: Rows) -> Floats:
    """The logarithm of how likely none since t_x is of one who stays, in the scale of `left`."""
    r, alpha, s, beta = params
    since = rows.T - rows.t_x
    found: Floats = -(r + rows.x) * np.log1p(since / (alpha + rows.t_x)) - s * np.log1p(
        since / (beta + rows.t_x)
    )
    return found


def _there(params: Floats, rows: Rows) -> tuple[Floats, ...]:
    """The features that `left_moments` has moments of, at T."""
    _, alpha, _, beta = params
    since = rows.T - rows.t_x
    return (
        np.ones(len(rows)),
        np.log1p(since / (alpha + rows.t_x)),
        alpha / (alpha + rows.T),
        np.log1p(since / (beta + rows.t_x)),
        beta / (beta + rows.T),
    )


def _counts(params: Floats, T: Floats, most: int) -> Floats:
    """NBD chances summed over the moment of leaving, or of not having left by T."""
    r, alpha, s, beta = (p[:, None] for p in params)
    t, weights = leggauss(LEAVES)
    c = np.minimum(alpha, beta)
    width = np.log1p(T[:, None] / c)
    v = width * (t + 1) / 2
    u = np.concatenate([c * np.expm1(v), T[:, None]], axis=1)  # the last: still here at T
    gone = s * np.log1p(u / beta)
    share = np.exp(-gone)
    share[:, :-1] *= s / (beta + u[:, :-1]) * (c + u[:, :-1]) * width * weights / 2
    share *= np.exp(-r * np.log1p(u / alpha))
    bought = u / (alpha + u)
    chances = np.empty((len(T), most + 1))
    for x in range(most + 1):
        chances[:, x] = share.sum(axis=1)
        share *= bought * ((r + x) / (x + 1))
    return chances
