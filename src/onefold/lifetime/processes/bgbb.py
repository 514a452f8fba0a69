"""BG/BB: at each opportunity a customer may first leave, and if still there may buy.

    L = 1 / (B(alpha, beta) B(gamma, delta)) * { B(alpha + x, beta + n - x) B(gamma, delta + n)
        + sum over t = t_x .. n - 1 of  B(alpha + x, beta + t - x) B(gamma + 1, delta + t) }

T is n, the number of opportunities after the first purchase; x and t_x are whole numbers too. The
sum over the opportunity after which a customer left is taken once for each different (x, n), from
the last backwards: a row reads it off where t reaches its t_x.

Chances to buy are beta (alpha, beta), chances to leave beta (gamma, delta). Source: Fader, Hardie
and Shang, "Customer-base analysis in a discrete-time noncontractual setting", Marketing Science 29,
2010; its likelihood, and its formulas for the chance to be alive, expected purchases and DERT.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar

import attrs
import numpy as np
from scipy.special import gammaln

from onefold._types import Array, Floats, Ints
from onefold.lifetime.processes.betas import nodes
from onefold.lifetime.processes.process import Curve
from onefold.lifetime.rows import Rows

WITHIN = 1e-9  # an opportunity this little beyond a time still counts as within it


STARTS = ((1.0, 1.0), (10.0, 0.2), (1.0, 20.0))  # how alike customers are: buying, leaving


@attrs.frozen
class BetaBernoulli:
    """The process of BG/BB; params are (4, 1), for there are no covariates."""

    discrete: ClassVar[bool] = True
    timed: ClassVar[tuple[str, ...]] = ()
    letters: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")
    links: ClassVar[Mapping[str, tuple[str, int]]] = MappingProxyType({})

    def starts(self, rows: Rows) -> list[Floats]:
        """Buying as often as up to the last purchase; alike or not, leaving soon or hardly."""
        seen = float(rows.weight @ rows.T) + 1.0
        lived = float(rows.weight @ rows.t_x) + 1.0
        buys = min(max(float(rows.weight @ rows.x) / lived, 0.05), 0.95)
        stays = min(max(lived / seen, 0.05), 0.95)
        mean = seen / (rows.n + 1.0)
        held = np.array([buys, 1 - buys, 1.0, 1.0 + mean * stays])
        return [held * np.array([k, k, m, m]) for k, m in STARTS]

    def value(self, params: Floats, rows: Rows) -> Floats:
        tables = _Tables.of(params, rows)
        pairs = _Pairs.of(rows)
        value = np.empty(len(rows))
        total = tables.here(pairs.x, pairs.n)
        for t, active, ready in pairs.backwards():
            if len(active):
                total[active] = np.logaddexp(total[active], tables.left(pairs.x[active], t))
            value[ready] = total[pairs.place[ready]]
        return value

    def curve(self, params: Floats, rows: Rows) -> Curve:
        tables = _Tables.of(params, rows)
        pairs = _Pairs.of(rows)
        m = len(rows)
        found = Curve(np.empty(m), np.empty((4, m)), np.empty((4, 4, m)))
        sum_ = tables.bent(tables.here(pairs.x, pairs.n), pairs.x, pairs.n, pairs.n, 0)
        for t, active, ready in pairs.backwards():
            if len(active):
                x, at = pairs.x[active], np.full(len(active), t)
                _add(sum_, active, tables.bent(tables.left(x, t), x, at, at + 1, 1))
            place = pairs.place[ready]
            found.value[ready] = sum_.value[place]
            found.gradient[:, ready] = sum_.gradient[:, place]
            found.hessian[:, :, ready] = sum_.hessian[:, :, place]
        return found

    def alive(self, params: Floats, rows: Rows) -> Floats:
        """The chance to be there at opportunity n + 1, which is what the paper tabulates.

        At n itself who bought at n is there for sure; before n + 1 anybody may leave once more.
        """
        n = _whole(rows.T)
        (gamma,), (delta,) = params[2], params[3]
        chance: Floats = self._here(params, rows) * (delta + n) / (gamma + delta + n)
        return chance

    def expected(self, params: Floats, rows: Rows, horizon: float) -> Floats:
        """Expected purchases at opportunities n + 1 .. n + horizon, whole ones only."""
        return self.discounted(params, rows, 0.0, horizon)

    def discounted(self, params: Floats, rows: Rows, rate: float, horizon: float | None) -> Floats:
        """The same, those at n + i times exp(-rate i): the paper's d is exp(rate) - 1 a period."""
        (alpha,), (beta,), (gamma,), (delta,) = params
        different, place = np.unique(_whole(rows.T), return_inverse=True)
        if horizon is None:
            times = _for_ever(gamma, delta + different, rate)
        else:
            times = _for_a_while(gamma, delta + different, rate, int(horizon + WITHIN))
        chance = (alpha + rows.x) / (alpha + beta + rows.T)
        many: Floats = self._here(params, rows) * chance * times[place]
        return many

    def newcomer(self, params: Floats, times: Floats) -> Floats:
        """Expected purchases at the opportunities up to each time."""
        (alpha,), (beta,), (gamma,), (delta,) = params
        n = _whole(np.asarray(times))
        there = np.exp(_survival(gamma, delta, int(n.max(initial=0))))
        many: Floats = alpha / (alpha + beta) * (np.cumsum(there)[n] - 1.0)
        return many

    def counts(self, params: Floats, T: Floats, most: int) -> Floats:
        (alpha,), (beta,), (gamma,), (delta,) = params
        n = _whole(np.asarray(T))
        size = int(n.max(initial=0))
        t, x = np.arange(size + 1)[:, None], np.arange(most + 1)
        buys = (_table(q, s)[0] for q, s in ((alpha, most), (beta, size), (alpha + beta, size)))
        up, down, both = buys
        ways = gammaln(t + 1.0) - gammaln(x + 1.0) - gammaln(np.maximum(t - x, 0) + 1.0)
        logs = ways + up[x] + down[np.maximum(t - x, 0)] - both[t]
        chance = np.where(x <= t, np.exp(logs), 0.0)  # of x purchases in t opportunities
        there = np.exp(_survival(gamma, delta, size))
        leaves = there * gamma / (gamma + delta + np.arange(size + 1.0))
        gone = np.cumsum(chance * leaves[:, None], axis=0) - chance * leaves[:, None]
        found: Floats = (chance * there[:, None] + gone)[n]
        return found

    def draw(self, params: Floats, T: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        (alpha,), (beta,), (gamma,), (delta,) = params
        n = _whole(np.asarray(T))
        buy = rng.beta(alpha, beta, len(n))
        leave = np.clip(rng.beta(gamma, delta, len(n)), 1e-12, 1.0)
        last = np.minimum(rng.geometric(leave) - 1, n)
        x, t_x = np.zeros(len(n)), np.zeros(len(n))
        for t in range(1, int(n.max(initial=0)) + 1):
            bought = (rng.random(len(n)) < buy) & (t <= last)
            x += bought
            t_x[bought] = t
        return x, t_x

    def _here(self, params: Floats, rows: Rows) -> Floats:
        """The chance (m,) to be there at opportunity n."""
        here = _Tables.of(params, rows).here(_whole(rows.x), _whole(rows.T))
        chance: Floats = np.exp(np.minimum(here - self.value(params, rows), 0.0))
        return chance


@attrs.frozen(eq=False)
class _Pairs:
    """The different (x, n), and when each row is complete.

    Attributes:
        x: (g,).
        n: (g,).
        place: Which of them each row (m,) is.
        t_x: (m,).
    """

    x: Ints
    n: Ints
    place: Ints
    t_x: Ints

    @classmethod
    def of(cls, rows: Rows) -> "_Pairs":
        x, n = _whole(rows.x), _whole(rows.T)
        wide = int(n.max(initial=0)) + 1
        codes, place = np.unique(x * wide + n, return_inverse=True)
        return cls(codes // wide, codes % wide, place, _whole(rows.t_x))

    def backwards(self) -> Iterator[tuple[int, Ints, Ints]]:
        """For t = n, n - 1, ..: t, the pairs one may have left after t, the rows with t_x = t."""
        order = np.argsort(self.t_x, kind="stable")
        last = int(self.n.max(initial=0))
        edges = np.searchsorted(self.t_x[order], np.arange(last + 2))
        first = int(self.t_x.min(initial=last))
        for t in range(last, first - 1, -1):
            active = np.flatnonzero((self.x <= t) & (t < self.n))
            yield t, active, order[edges[t] : edges[t + 1]]


@attrs.frozen(eq=False)
class _Tables:
    """log gamma(q + t) / gamma(q) for t = 0, 1, .., with its slope and bend by q, for five q.

    A curve's parameters are (alpha, beta, gamma, delta).
    """

    params: Floats
    up: Floats
    down: Floats
    both: Floats
    stay: Floats
    life: Floats

    @classmethod
    def of(cls, params: Floats, rows: Rows) -> "_Tables":
        (alpha,), (beta,), (gamma,), (delta,) = params
        n, x = int(rows.T.max(initial=0)), int(rows.x.max(initial=0))
        return cls(
            params[:, 0],
            _table(alpha, x),
            _table(beta, n),
            _table(alpha + beta, n),
            _table(delta, n),
            _table(gamma + delta, n + 1),
        )

    def here(self, x: Ints, n: Ints) -> Floats:
        """The log likelihood of x purchases at certain ones of n opportunities, still there."""
        bought = self.up[0][x] + self.down[0][n - x] - self.both[0][n]
        value: Floats = bought + self.stay[0][n] - self.life[0][n]
        return value

    def left(self, x: Ints, t: int) -> Floats:
        """The same of t opportunities, who left after them."""
        bought = self.up[0][x] + self.down[0][t - x] - self.both[0][t]
        left = np.log(self.params[2]) + self.stay[0][t] - self.life[0][t + 1]
        value: Floats = bought + left
        return value

    def bent(self, value: Floats, x: Ints, t: Ints, until: Ints, left: int) -> Curve:
        """Slopes and bends, by the logarithms of the parameters, of `here` or of `left`."""
        p = self.params
        gradient = np.zeros((4, len(x)))
        hessian = np.zeros((4, 4, len(x)))
        own = [self.up[:, x], self.down[:, t - x], None, self.stay[:, t]]
        for i, table in enumerate(own):
            if table is not None:
                gradient[i] = p[i] * table[1]
                hessian[i, i] = p[i] * table[1] + p[i] ** 2 * table[2]
        gradient[2] += left
        for (i, k), table in {(0, 1): self.both[:, t], (2, 3): self.life[:, until]}.items():
            for j in (i, k):
                gradient[j] -= p[j] * table[1]
                hessian[j, j] -= p[j] * table[1] + p[j] ** 2 * table[2]
            hessian[i, k] = hessian[k, i] = -p[i] * p[k] * table[2]
        return Curve(value, gradient, hessian)


def _add(total: Curve, where: Ints, part: Curve) -> None:
    """Make log(exp(total) + exp(part)) of a total, with its slope and bend."""
    value = np.logaddexp(total.value[where], part.value)
    share = np.exp(part.value - value)
    apart = part.gradient - total.gradient[:, where]
    bend = total.hessian[:, :, where]
    bend += share * (part.hessian - bend + (1 - share) * apart[:, None] * apart[None])
    total.value[where] = value
    total.gradient[:, where] += share * apart
    total.hessian[:, :, where] = bend


def _table(q: float, most: int) -> Floats:
    """log(q (q + 1) .. (q + t - 1)) for t = 0 .. most, and its first two derivatives by q."""
    steps = q + np.arange(float(most))
    found = np.zeros((3, most + 1))
    np.cumsum([np.log(steps), 1 / steps, -1 / steps**2], axis=1, out=found[:, 1:])
    return found


def _survival(gamma: float, delta: float, most: int) -> Floats:
    """The log chance to be there at opportunity t = 0 .. most."""
    found: Floats = _table(delta, most)[0] - _table(gamma + delta, most)[0]
    return found


def _for_a_while(gamma: float, delta: Array, rate: float, horizon: int) -> Floats:
    """Expected opportunities 1 .. horizon met, each times exp(-rate t), for each delta (u,)."""
    there, many = np.ones(len(delta)), np.zeros(len(delta))
    for t in range(horizon):
        there *= (delta + t) / (gamma + delta + t) * np.exp(-rate)
        many += there
    return many


def _for_ever(gamma: float, delta: Array, rate: float) -> Floats:
    """The same without an end, the mean of a geometric series over the chance to leave.

    In closed form it is v delta / (gamma + delta) * F(1, delta + 1; gamma + delta + 1; v) with v =
    exp(-rate) and the Gaussian hypergeometric function F, as in the paper's DERT. scipy's F is not
    a number there from some hundred opportunities on.
    """
    if rate == 0:
        return delta / (gamma - 1) if gamma > 1 else np.full(len(delta), np.inf)
    kept, lost = np.exp(-rate), -np.expm1(-rate)
    leave, weight = nodes(np.full(len(delta), gamma), delta, np.full(len(delta), 1 / lost))
    many: Floats = (weight * kept * (1 - leave) / (lost + kept * leave)).sum(axis=1)
    return many


def _whole(times: Floats) -> Ints:
    """Opportunities within each time."""
    found: Ints = np.floor(times + WITHIN).astype(np.int64)
    return found
