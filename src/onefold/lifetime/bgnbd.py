"""BG/NBD and MBG/NBD: customers buy at random at their own rate, and may leave after a purchase.

    L = B(a, b + j) / B(a, b) * gamma(r + x) alpha^r / gamma(r)
        * { (alpha + T)^-(r + x)  +  a / (b + j - 1) * (alpha + t_x)^-(r + x) }

In BG/NBD nobody leaves before a repeat purchase: j = x, and the second part is there only for
x > 0. In MBG/NBD one may leave at once after the first: j = x + 1.

Rates are gamma (r, alpha), chances to leave beta (a, b). Sources: Fader, Hardie and Lee, "Counting
your customers the easy way", Marketing Science 24, 2005, equations 6 and 10; Batislam, Denizel and
Filiztekin, "Empirical validation and comparison of models for customer base analysis",
International Journal of Research in Marketing 24, 2007; Hoppe and Wagner, "Customer base analysis:
the case for a central variant of the Betageometric/NBD model", Marketing JRM 3, 2007.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

import attrs
import numpy as np
from scipy.special import betainc, betaln, expit, gammaln, hyp2f1

from onefold._types import Floats
from onefold.lifetime.gammas import rising
from onefold.lifetime.process import Curve, mixed
from onefold.lifetime.rows import Rows

NEAR = 1e-4  # of a to 1, where the closed form is 0 / 0: the mean of both sides is taken instead


@attrs.frozen
class BetaGeometric:
    """The process of BG/NBD, and with `at_once` of MBG/NBD."""

    at_once: bool
    discrete: ClassVar[bool] = False
    letters: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    links: ClassVar[Mapping[str, tuple[str, int]]] = MappingProxyType(
        {"alpha": ("purchase", -1), "a": ("dropout", 1), "b": ("dropout", 1)}
    )

    def start(self, rows: Rows) -> Floats:
        """One purchase a customer's mean time, and an even chance in four to leave."""
        rate = float(rows.weight @ rows.x) / float(rows.weight @ rows.T)
        return np.array([0.5, 0.5 / rate, 1.0, 3.0])

    def value(self, params: Floats, rows: Rows) -> Floats:
        r, alpha, a, b = params
        j = self._survived(rows)
        k = r + rows.x
        here = -k * np.log(alpha + rows.T)
        held = np.maximum(b + j - 1, np.finfo(float).tiny)
        left = np.where(j > 0, np.log(a) - np.log(held) - k * np.log(alpha + rows.t_x), -np.inf)
        common = self._common(params, rows)[0]
        value: Floats = common + np.logaddexp(here, left)
        return value

    def curve(self, params: Floats, rows: Rows) -> Curve:
        r, alpha, a, b = params
        j, m = self._survived(rows), len(rows)
        parts = [_waited(r, alpha, rows.x, rows.T), _waited(r, alpha, rows.x, rows.t_x)]
        left = parts[1]
        held = np.maximum(b + j - 1, 1e-100)  # its square is above 0 too
        left.value[:] = np.where(j > 0, left.value + np.log(a) - np.log(held), -np.inf)
        left.gradient[2] = 1.0
        left.gradient[3] = np.where(j > 0, -b / held, 0.0)
        left.hessian[3, 3] = np.where(j > 0, -b * (j - 1) / held**2, 0.0)
        value, slopes, bends = self._common(params, rows)
        gradient = np.empty((4, m))
        hessian = np.zeros((4, 4, m))
        for i, slope in enumerate(slopes):
            gradient[i] = slope
        for (i, k), bend in bends.items():
            hessian[i, k] = hessian[k, i] = bend
        return mixed(Curve(value + np.zeros(m), gradient, hessian), parts)

    def alive(self, params: Floats, rows: Rows) -> Floats:
        r, alpha, a, b = params
        j = self._survived(rows)
        held = np.where(j > 0, b + j - 1, 1.0)
        odds = np.log(a) - np.log(held) + (r + rows.x) * np.log1p(
            (rows.T - rows.t_x) / (alpha + rows.t_x)
        )
        chance: Floats = np.where(j > 0, expit(-odds), 1.0)
        return chance

    def expected(self, params: Floats, rows: Rows, horizon: float) -> Floats:
        r, alpha, a, b = params
        stay = b + self._survived(rows)
        many = _while_alive(r + rows.x, alpha + rows.T, a, stay, np.float64(horizon))
        return self.alive(params, rows) * many

    def newcomer(self, params: Floats, times: Floats) -> Floats:
        r, alpha, a, b = params[:, :1]
        if not self.at_once:
            return _while_alive(r, alpha, a, b, times)
        return b / (a + b) * _while_alive(r, alpha, a, b + 1, times)

    def counts(self, params: Floats, T: Floats, most: int) -> Floats:
        r, alpha, a, b = (np.broadcast_to(p, T.shape)[:, None] for p in params)
        x = np.arange(most + 1.0)
        j = x + self.at_once
        share = T[:, None] / (alpha + T[:, None])
        log_nbd = gammaln(r + x) - gammaln(r) - gammaln(x + 1) + r * np.log1p(-share)
        log_nbd = log_nbd + np.where(x > 0, x * np.log(np.where(share > 0, share, 1)), 0.0)
        log_nbd = np.where((share > 0) | (x == 0), log_nbd, -np.inf)
        stayed = np.exp(betaln(a, b + j) - betaln(a, b) + log_nbd)
        reached = np.where(x > 0, _at_least(x, r, share), 1.0)
        leaves = np.where(j > 0, np.exp(betaln(a + 1, b + np.maximum(j, 1) - 1) - betaln(a, b)), 0)
        chances: Floats = stayed + leaves * reached
        return chances

    def draw(self, params: Floats, T: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        r, alpha, a, b = (np.broadcast_to(p, T.shape) for p in params)
        rate = rng.gamma(r, 1 / alpha)
        leave = np.clip(rng.beta(a, b), 1e-12, 1.0)
        last = rng.geometric(leave) - self.at_once  # after this repeat purchase they leave
        n = rng.poisson(rate * T)
        x = np.minimum(n, last).astype(np.float64)
        # The x-th of n instants that lie evenly at random within T.
        place = rng.beta(np.maximum(x, 1), np.maximum(n - x + 1, 1))
        return x, np.where(x > 0, T * place, 0.0)

    def _survived(self, rows: Rows) -> Floats:
        """Purchases (m,) after which one could have left, the last one included."""
        return rows.x + 1.0 if self.at_once else rows.x

    def _common(
        self, params: Floats, rows: Rows
    ) -> tuple[Floats, list[Floats], dict[tuple[int, int], Floats]]:
        """log of gamma(r + x) alpha^r / gamma(r) * B(a, b + j) / B(a, b), its slopes and bends."""
        r, alpha, a, b = params
        one = float(self.at_once)
        nbd = _each(lambda x, p: rising(p, x), rows, r)
        stay = _each(lambda x, p: rising(p, x + one), rows, b)
        both = _each(lambda x, p: rising(p, x + one), rows, a + b)
        slope = both[1] / (a + b)  # by a + b itself
        bend = (both[2] - both[1]) / (a + b) ** 2
        value = nbd[0] + r * np.log(alpha) + stay[0] - both[0]
        slopes = [nbd[1] + r * np.log(alpha), r, -a * slope, stay[1] - b * slope]
        bends = {
            (0, 0): nbd[2] + r * np.log(alpha),
            (0, 1): r,
            (2, 2): -a * slope - a * a * bend,
            (2, 3): -a * b * bend,
            (3, 3): stay[2] - b * slope - b * b * bend,
        }
        return value, slopes, bends


def _each(function, rows: Rows, p: Floats):  # type: ignore[no-untyped-def]
    """A function of x and a parameter, once for each different x where the parameter is common."""
    if len(p) == 1:
        return [found[rows.place] for found in function(rows.counts, p)]
    return function(rows.x, p)


def _waited(r: Floats, alpha: Floats, x: Floats, until: Floats) -> Curve:
    """-(r + x) log(alpha + until), by log r and log alpha."""
    m = len(x)
    logs = np.log(alpha + until)
    share = alpha / (alpha + until)
    gradient = np.zeros((4, m))
    hessian = np.zeros((4, 4, m))
    gradient[0] = -r * logs
    gradient[1] = -(r + x) * share
    hessian[0, 0] = gradient[0]
    hessian[0, 1] = hessian[1, 0] = -r * share
    hessian[1, 1] = gradient[1] * (1 - share)
    return Curve(-(r + x) * logs, gradient, hessian)


def _at_least(x: Floats, r: Floats, share: Floats) -> Floats:
    """The chance that a negative binomial count is at least x > 0: I_share(x, r)."""
    found: Floats = betainc(np.maximum(x, 1), r, share)
    return found


def _while_alive(k: Floats, since: Floats, a: Floats, stay: Floats, time: Floats) -> Floats:
    """Expected purchases within `time` of one who is there at its start.

    Rates are gamma (k, since), chances to leave beta (a, stay):

        E[(1 - (1 + p time / since)^-k) / p]
            = (a + stay - 1) / (a - 1) * {1 - (1 - w)^(a - 1) F(a - 1, a + stay - 1 - k; a + stay
              - 1; w)},        w = time / (since + time)

    which is equation 10 of Fader, Hardie and Lee after Euler's transformation of the Gaussian
    hypergeometric function F: here nothing overflows for those who buy a lot.
    """
    k, since, a, stay, time = np.broadcast_arrays(k, since, a, stay, time)
    if (np.abs(a - 1) < NEAR).any():
        low, high = (np.where(np.abs(a - 1) < NEAR, 1 + s * NEAR, a) for s in (-1, 1))
        sides = [_while_alive(k, since, side, stay, time) for side in (low, high)]
        return (sides[0] + sides[1]) / 2
    w = time / (since + time)
    c = a + stay - 1
    rest = np.exp((a - 1) * np.log1p(-w)) * hyp2f1(a - 1, c - k, c, w)
    many: Floats = c / (a - 1) * (1 - rest)
    return many
