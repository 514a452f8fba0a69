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
from onefold.lifetime.processes.betas import nodes
from onefold.lifetime.processes.discount import SAFE, discounted, while_alive
from onefold.lifetime.processes.gammas import rising
from onefold.lifetime.processes.process import Curve, Part, mixed
from onefold.lifetime.rows import Rows

NEAR = 1e-5  # of (a - 1) w to 0, where little is left of the closed form
AT_ONCE = 5_000  # rows, some hundred numbers for each


STARTS = ((0.5, 1.0, 3.0), (3.0, 0.5, 0.5), (0.3, 10.0, 50.0))  # r, a, b


@attrs.frozen
class BetaGeometric:
    """The process of BG/NBD, and with `at_once` of MBG/NBD."""

    at_once: bool
    discrete: ClassVar[bool] = False
    timed: ClassVar[tuple[str, ...]] = ("alpha",)
    letters: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    links: ClassVar[Mapping[str, tuple[str, int]]] = MappingProxyType(
        {"alpha": ("purchase", -1), "a": ("dropout", 1), "b": ("dropout", 1)}
    )

    def starts(self, rows: Rows) -> list[Floats]:
        """Rates that give the mean; from many who leave soon to few who ever do."""
        time = float(rows.weight @ rows.T)
        rate = (float(rows.weight @ rows.x) + 0.5) / (time if time > 0 else 1.0)
        return [np.array([r, r / rate, a, b]) for r, a, b in STARTS]

    def value(self, params: Floats, rows: Rows) -> Floats:
        common, left = self._by_count(params, rows)
        r, alpha, _, _ = params
        k = r + rows.x
        here = -k * np.log(alpha + rows.T)
        gone = left.value - k * np.log(alpha + rows.t_x)
        value: Floats = common.value + np.logaddexp(here, gone)
        return value

    def curve(self, params: Floats, rows: Rows) -> Curve:
        common, left = self._by_count(params, rows)
        r, alpha, _, _ = params
        here, waited = _waited(r, alpha, rows.x, rows.T), _waited(r, alpha, rows.x, rows.t_x)
        gone = Part(
            left.value + waited.value,
            {**left.slopes, **waited.slopes},
            {**left.bends, **waited.bends},
        )
        return mixed(4, common, here, gone)

    def alive(self, params: Floats, rows: Rows) -> Floats:
        r, alpha, a, b = params
        j = self._survived(rows)
        held = np.where(j > 0, b + (j - 1), 1.0)
        odds = (
            np.log(a)
            - np.log(held)
            + (r + rows.x) * np.log1p((rows.T - rows.t_x) / (alpha + rows.t_x))
        )
        chance: Floats = np.where(j > 0, expit(-odds), 1.0)
        return chance

    def expected(self, params: Floats, rows: Rows, horizon: float) -> Floats:
        within, extra = np.array(horizon), int(self.at_once)

        def each(r: Floats, x: Floats, a: Floats, b: Floats, since: Floats) -> Floats:
            return _while_alive(r + x, since, a, b + x + extra, within)

        return self.alive(params, rows) * while_alive(each, params, rows)

    def discounted(self, params: Floats, rows: Rows, rate: float, horizon: float | None) -> Floats:
        many = discounted(params, rows, int(self.at_once), rate, horizon)
        return self.alive(params, rows) * many

    def newcomer(self, params: Floats, times: Floats) -> Floats:
        r, alpha, a, b = params[:, :1]
        if not self.at_once:
            return _while_alive(r, alpha, a, b, times)
        many: Floats = b / (a + b) * _while_alive(r, alpha, a, b + 1, times)
        return many

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

    def _by_count(self, params: Floats, rows: Rows) -> tuple[Part, Part]:
        """What depends on x alone, for all and for those who left after the last purchase.

        Computed once for each different x where the parameters are common.
        """
        if params.shape[1] > 1:
            return self._common(params, rows.x), self._left(params, rows.x)
        common, left = self._common(params, rows.counts), self._left(params, rows.counts)
        return common.take(rows.place), left.take(rows.place)

    def _common(self, params: Floats, x: Floats) -> Part:
        """The logarithm of gamma(r + x) alpha^r / gamma(r) * B(a, b + j) / B(a, b)."""
        r, alpha, a, b = params
        one = float(self.at_once)
        nbd, stay, both = rising(r, x), rising(b, x + one), rising(a + b, x + one)
        slope = both[1] / (a + b)  # by a + b itself
        bend = (both[2] - both[1]) / (a + b) ** 2
        log = r * np.log(alpha)
        return Part(
            nbd[0] + log + stay[0] - both[0],
            {0: nbd[1] + log, 1: r, 2: -a * slope, 3: stay[1] - b * slope},
            {
                (0, 0): nbd[2] + log,
                (0, 1): r,
                (2, 2): -a * slope - a * a * bend,
                (2, 3): -a * b * bend,
                (3, 3): stay[2] - b * slope - b * b * bend,
            },
        )

    def _left(self, params: Floats, x: Floats) -> Part:
        """The logarithm of a / (b + j - 1), which is nothing where j = 0."""
        _, _, a, b = params
        j = x + 1.0 if self.at_once else x
        held = np.where(j > 0, b + (j - 1), 1.0)
        return Part(
            np.where(j > 0, np.log(a) - np.log(held), -np.inf),
            {2: np.ones(1), 3: np.where(j > 0, -b / held, 0.0)},
            {(3, 3): np.where(j > 0, -b * (j - 1) / held**2, 0.0)},
        )


def _waited(r: Floats, alpha: Floats, x: Floats, until: Floats) -> Part:
    """-(r + x) log(alpha + until), by log r and log alpha."""
    whole = alpha + until
    logs, share = np.log(whole), alpha / whole
    k = r + x
    by_r, by_alpha = -r * logs, -k * share
    bends = {(0, 0): by_r, (0, 1): -r * share, (1, 1): by_alpha * (1 - share)}
    return Part(-k * logs, {0: by_r, 1: by_alpha}, bends)


def _at_least(x: Floats, r: Floats, share: Floats) -> Floats:
    """The chance that a negative binomial count is at least x > 0: I_share(x, r)."""
    return np.asarray(betainc(np.maximum(x, 1), r, share), dtype=np.float64)


def _while_alive(k: Floats, since: Floats, a: Floats, stay: Floats, time: Floats) -> Floats:
    """Expected purchases within `time` of one who is there at its start.

    Rates are gamma (k, since), chances to leave beta (a, stay):

        E[(1 - (1 + p time / since)^-k) / p]
            = (a + stay - 1) / (a - 1) * {1 - (1 - w)^(a - 1) F(a - 1, a + stay - 1 - k; a + stay
              - 1; w)},        w = time / (since + time)

    which is equation 10 of Fader, Hardie and Lee after Euler's transformation of the Gaussian
    hypergeometric function F: here nothing overflows for those who buy a lot. Where a is 1, or
    scipy's F loses its digits, the mean over p is summed instead.
    """
    k, since, a, stay, time = np.broadcast_arrays(k, since, a, stay, time)
    w = time / (since + time)
    c = a + stay - 1
    near = (np.abs(a - 1) * w < NEAR) & (w > 0)
    with np.errstate(invalid="ignore", over="ignore"):
        rest = np.exp((a - 1) * np.log1p(-w)) * hyp2f1(a - 1, c - k, c, w)
        many: Floats = c / np.where(a == 1, 1.0, a - 1) * (1 - rest)
    lost = near | (c - k < SAFE[0]) | (c - k > SAFE[1]) | ~np.isfinite(many)
    if lost.any():
        many[lost] = _by_sums(k[lost], a[lost], stay[lost], time[lost] / since[lost])
    return many


def _by_sums(k: Floats, a: Floats, stay: Floats, z: Floats) -> Floats:
    """E[(1 - (1 + p z)^-k) / p], where the closed form fails."""
    found = np.empty(len(k))
    for i in range(0, len(k), AT_ONCE):
        part = slice(i, i + AT_ONCE)
        p, weight = nodes(a[part], stay[part], (k[part] + 1) * (1 + z[part]))
        each = -np.expm1(-k[part, None] * np.log1p(p * z[part, None])) / p
        found[part] = (weight * each).sum(axis=1)
    return found
