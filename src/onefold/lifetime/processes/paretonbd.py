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
from onefold.lifetime.processes.gammas import rising
from onefold.lifetime.processes.leaving import PAIRS, left, left_moments
from onefold.lifetime.processes.process import Curve
from onefold.lifetime.processes.residual import stay, undiscounted
from onefold.lifetime.rows import Rows

LEAVES = 96  # moments of leaving that the chances of counts are summed over
BLOCK = 4_096  # rows of them at once
STEP = 2_048  # rows whose curve is put together at once
# Where in PAIRS each moment is: logs since t_x (A, B) and what is left of alpha and beta (SHARE).
A, SHARE_A, B, SHARE_B = range(1, 5)
A_A, A_SHARE_A, A_B, A_SHARE_B = range(5, 9)
SHARE_A_SHARE_A, SHARE_A_B, SHARE_A_SHARE_B = range(9, 12)
B_B, B_SHARE_B, SHARE_B_SHARE_B = range(12, 15)
TINY = np.finfo(float).tiny


STARTS = ((0.5, 0.5, 1 / 3), (3.0, 0.2, 0.01), (0.5, 5.0, 10.0))  # r, s, beta / mean T


@attrs.frozen
class Pareto:
    """The process of Pareto/NBD."""

    discrete: ClassVar[bool] = False
    timed: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    letters: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    links: ClassVar[Mapping[str, tuple[str, int]]] = MappingProxyType(
        {"alpha": ("purchase", -1), "beta": ("dropout", -1)}
    )

    def starts(self, rows: Rows) -> list[Floats]:
        """Rates that give the mean; from many who leave soon to few who ever do."""
        time = float(rows.weight @ rows.T)
        rate = max(float(rows.weight @ rows.x), 1.0) / time
        mean = time / float(rows.weight.sum())
        return [np.array([r, r / rate, s, mean * b]) for r, s, b in STARTS]

    def value(self, params: Floats, rows: Rows) -> Floats:
        r, alpha, s, beta = params
        here = _here(params, rows)
        total = np.maximum(here + left(params, rows), TINY)
        nbd = _each(lambda p, x: (gammaln(p + x) - gammaln(p),), rows, r)[0]
        waited = (r + rows.x) * np.log(1 + rows.t_x / alpha) + s * np.log(1 + rows.t_x / beta)
        found: Floats = nbd - rows.x * np.log(alpha) - waited + np.log(total)
        return found

    def curve(self, params: Floats, rows: Rows) -> Curve:
        moments = left_moments(params, rows)
        m = len(rows)
        curve = Curve(np.empty(m), np.empty((4, m)), np.empty((4, 4, m)))
        # A few rows at once stay in the processor's cache, which is three times as fast.
        for at in range(0, m, STEP):
            some = slice(at, at + STEP)
            own = params if params.shape[1] == 1 else params[:, some]
            _mix(own, rows.take(some), moments[:, some], curve, some)
        value, first, second = _each(rising, rows, params[0])
        curve.value[:] += value
        curve.gradient[0] += first
        curve.hessian[0, 0] += second
        return curve

    def alive(self, params: Floats, rows: Rows) -> Floats:
        here = _here(params, rows)
        chance: Floats = here / np.maximum(here + left(params, rows), TINY)
        return chance

    def expected(self, params: Floats, rows: Rows, horizon: float) -> Floats:
        r, alpha, s, beta = params
        since = beta + rows.T
        many: Floats = (r + rows.x) / (alpha + rows.T) * since * undiscounted(s, horizon / since)
        return self.alive(params, rows) * many

    def discounted(self, params: Floats, rows: Rows, rate: float, horizon: float | None) -> Floats:
        r, alpha, s, beta = params
        since = beta + rows.T
        until = np.full(len(rows), np.inf) if horizon is None else horizon / since
        many: Floats = (r + rows.x) / (alpha + rows.T) * since * stay(s, rate * since, until)
        return self.alive(params, rows) * many

    def newcomer(self, params: Floats, times: Floats) -> Floats:
        r, alpha, s, beta = params[:, :1]
        many: Floats = r / alpha * beta * undiscounted(s, times / beta)
        return many

    def counts(self, params: Floats, T: Floats, most: int) -> Floats:
        chances = np.empty((len(T), most + 1))
        for at in range(0, len(T), BLOCK):
            some = slice(at, at + BLOCK)
            own = params if params.shape[1] == 1 else params[:, some]
            chances[some] = _counts(own, T[some], most)
        return chances

    def draw(self, params: Floats, T: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        r, alpha, s, beta = (np.broadcast_to(p, T.shape) for p in params)
        rate = rng.gamma(r, 1 / alpha)
        # Where a chance to leave is too small for a float, they never do.
        with np.errstate(divide="ignore", over="ignore"):
            life = rng.standard_exponential(len(T)) / rng.gamma(s, 1 / beta)
        until = np.minimum(T, life)
        x = rng.poisson(rate * until).astype(np.float64)
        # The last of x instants that lie evenly at random.
        last = rng.random(len(T)) ** (1 / np.maximum(x, 1))
        return x, np.where(x > 0, until * last, 0.0)


def _mix(params: Floats, rows: Rows, moments: Floats, curve: Curve, some: slice) -> None:
    """Fill in the curve of some rows, but for gamma(r + x) / gamma(r).

    The slopes of a component "left at u" by the logs of r, alpha, s, beta are -r A, -(r + x) a,
    1 - s B and -(s + 1) b (see `left_moments`); those of "still here", -r A, -(r + x) a, -s B and
    -s b at T. Their constant parts, the same in all, come last.
    """
    r, alpha, s, beta = params
    k = r + rows.x
    log_a, log_b = np.log(1 + rows.t_x / alpha), np.log(1 + rows.t_x / beta)
    there = _there(params, rows)
    here = np.exp(-k * there[1] - s * there[3])
    total = np.maximum(here + moments[0], TINY)
    curve.value[some] = np.log(total) - rows.x * np.log(alpha) - k * log_a - s * log_b
    here /= total
    gone = moments / total
    weighed = [here * feature for feature in there]
    m = [gone[n] + weighed[i] * there[j] for n, (i, j) in enumerate(PAIRS)]

    gradient, hessian = curve.gradient[:, some], curve.hessian[:, :, some]
    gradient[0] = -r * m[A]
    gradient[1] = -k * m[SHARE_A]
    gradient[2] = gone[0] - s * m[B]
    gradient[3] = -s * m[SHARE_B] - gone[SHARE_B]
    bends = {
        (0, 0): gradient[0] + r * r * m[A_A],
        (0, 1): r * (k * m[A_SHARE_A] - m[SHARE_A]),
        (0, 2): r * (s * m[A_B] - gone[A]),
        (0, 3): r * (s * m[A_SHARE_B] + gone[A_SHARE_B]),
        (1, 1): gradient[1] + k * (k + 1) * m[SHARE_A_SHARE_A],
        (1, 2): k * (s * m[SHARE_A_B] - gone[SHARE_A]),
        (1, 3): k * (s * m[SHARE_A_SHARE_B] + gone[SHARE_A_SHARE_B]),
        (2, 2): gone[0] - s * (2 * gone[B] + m[B] - s * m[B_B]),
        (2, 3): s * (s * m[B_SHARE_B] + gone[B_SHARE_B] - m[SHARE_B]) - (s + 1) * gone[SHARE_B],
        (3, 3): gradient[3] + (s + 1) * (s * m[SHARE_B_SHARE_B] + 2 * gone[SHARE_B_SHARE_B]),
    }
    for (i, j), bend in bends.items():
        hessian[i, j] = bend - gradient[i] * gradient[j]
        if i != j:
            hessian[j, i] = hessian[i, j]
    gradient[0] -= r * log_a
    gradient[1] += r
    gradient[2] -= s * log_b
    gradient[3] += s
    hessian[0, 0] -= r * log_a
    hessian[0, 1] += r
    hessian[1, 0] += r
    hessian[2, 2] -= s * log_b
    hessian[2, 3] += s
    hessian[3, 2] += s


def _each(
    function: Callable[[Floats, Floats], tuple[Floats, ...]], rows: Rows, p: Floats
) -> list[Floats]:
    """A function of a parameter and x, once for each different x where the parameter is common."""
    if len(p) == 1:
        return [found[rows.place] for found in function(p, rows.counts)]
    return list(function(p, rows.x))


def _here(params: Floats, rows: Rows) -> Floats:
    """How likely none since t_x is of one who stays, in the scale of `left`."""
    r, _, s, _ = params
    _, log_a, _, log_b, _ = _there(params, rows)
    found: Floats = np.exp(-(r + rows.x) * log_a - s * log_b)
    return found


def _there(params: Floats, rows: Rows) -> tuple[Floats, ...]:
    """The features that `left_moments` has moments of, at T."""
    _, alpha, _, beta = params
    one, other = alpha + rows.T, beta + rows.T
    return (
        np.ones(len(rows)),
        np.log(one / (alpha + rows.t_x)),
        alpha / one,
        np.log(other / (beta + rows.t_x)),
        beta / other,
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
