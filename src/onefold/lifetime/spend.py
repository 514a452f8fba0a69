"""Gamma-Gamma: what a customer spends varies by purchase, and customers differ.

    log L = -log B(px, q) - log z - px log(1 + v / (x z)) - q log(1 + x z / v)

of a mean z > 0 of x > 0 purchases. One purchase is gamma (p, nu), nu itself gamma (q, v); so
x z / (v + x z) is beta (px, q), which is equation 1a of the source without its cancelling terms.
Letters: v is the paper's gamma. All by the logarithms of the letters; whatever depends on x alone
is computed once for each different x.

Sources: Fader and Hardie, "The Gamma-Gamma model of monetary value", 2013 (brucehardie.com/notes/
025); Colombo and Jiang, "A stochastic RFM model", Journal of Interactive Marketing 13, 1999.
"""

from typing import ClassVar

import attrs
import numpy as np
from scipy.special import digamma, polygamma

from onefold._types import Bools, Floats, Ints
from onefold.lifetime.newton import Maximum, maximise
from onefold.lifetime.processes.apart import digamma_apart, minus_log_beta, trigamma_apart
from onefold.lifetime.processes.gammas import trigamma
from onefold.lifetime.processes.process import Curve
from onefold.lifetime.sureness import FLAT, covariance

AT_ONCE = 8192  # rows, so that what is made of them stays in the cache
FEW = 20_000  # rows on which the search begins
SOME = 4000  # rows on which starts are compared
GRID = np.geomspace(0.02, 2000.0, 17)  # p, from which q and v follow by moments
TURN = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 1.0, 1.0]])  # log p, q, pv/q to p, q, v
WORTH = 0.9  # the share of different rows above which comparing all is not worth it


@attrs.frozen(eq=False)
class Means:
    """Customers who bought again: how often, and what they spent on average.

    Attributes:
        x: Repeat purchases (m,), above 0.
        z: Their mean value (m,), above 0.
        weight: Customers (m,) with this row.
        counts: The different x (u,), ascending.
        place: Where each x (m,) is among them.
    """

    x: Floats
    z: Floats
    weight: Floats
    counts: Floats
    place: Ints

    @classmethod
    def of(cls, x: Floats, z: Floats, weight: Floats | None = None) -> "Means":
        """Rows as they are, not compared."""
        counts, place = np.unique(x, return_inverse=True)
        return cls(x, z, np.ones(len(x)) if weight is None else weight, counts, place)

    def __len__(self) -> int:
        return len(self.x)

    def take(self, chosen: Ints | slice) -> "Means":
        """Some of the rows, with their weights."""
        held = (self.x, self.z, self.weight)
        x, z, weight = (array[chosen] for array in held)
        return Means(x, z, weight, self.counts, self.place[chosen])

    def compressed(self) -> "Means":
        """Each different row once."""
        some = self.z[:: max(len(self) // FEW, 1)]
        if len(np.unique(some)) > WORTH * len(some):
            return self
        own = np.unique(self.z, return_inverse=True)[1]
        codes = own * len(self.counts) + self.place
        _, first, where = np.unique(codes, return_index=True, return_inverse=True)
        weight = np.bincount(where, weights=self.weight).astype(np.float64)
        return attrs.evolve(self.take(first), weight=weight)

    def spread(self, most: int) -> "Means":
        """About `most` of the rows, evenly from all of them."""
        return self if len(self) <= 2 * most else self.take(slice(None, None, len(self) // most))


@attrs.frozen
class Spend:
    """The likelihood of the Gamma-Gamma model; parameters are arrays (3,)."""

    letters: ClassVar[tuple[str, ...]] = ("p", "q", "v")

    def value(self, params: Floats, rows: Means) -> Floats:
        """The log likelihood (m,)."""
        p, q, v = params
        total = rows.x * rows.z
        by_x = minus_log_beta(p * rows.counts, q)
        value: Floats = (
            by_x[rows.place]
            - np.log(rows.z)
            - p * rows.x * np.log1p(v / total)
            - q * np.log1p(total / v)
        )
        return value

    def curve(self, params: Floats, rows: Means) -> Curve:
        """The log likelihood with its derivatives by log p, log q and log v."""
        p, q, v = params
        k, place = p * rows.counts, rows.place
        total = rows.x * rows.z
        low, high = np.log1p(v / total), np.log1p(total / v)
        share = v / (v + total)
        many = (k + q)[place]
        gradient = np.empty((3, len(rows)))
        gradient[0] = (k * digamma_apart(k, q))[place] - k[place] * low
        gradient[1] = (q * digamma_apart(q, k))[place] - q * high
        gradient[2] = q - many * share
        hessian = np.empty((3, 3, len(rows)))
        hessian[0, 0] = gradient[0] + (k * k * trigamma_apart(k, q))[place]
        hessian[1, 1] = gradient[1] + (q * q * trigamma_apart(q, k))[place]
        hessian[2, 2] = -many * share * (1 - share)
        hessian[0, 1] = hessian[1, 0] = (k * q * trigamma(k + q))[place]
        hessian[0, 2] = hessian[2, 0] = -k[place] * share
        hessian[1, 2] = hessian[2, 1] = q * (1 - share)
        value = minus_log_beta(k, q)[place] - np.log(rows.z) - k[place] * low - q * high
        return Curve(value, gradient, hessian)

    def starts(self, rows: Means) -> list[Floats]:
        """Parameters (3,) to begin with, the likeliest first.

        For each p of a grid, q and v from the first two moments of log z, which are finite
        whatever the letters are:

            E[log z] = digamma(px) - log x - digamma(q) + log v
            Var[log z] = trigamma(px) + trigamma(q)
        """
        some = rows.spread(SOME)
        logs, n = np.log(some.z), some.weight.sum()
        found = []
        for p in GRID:
            k = p * some.counts
            apart = logs - (digamma(k) - np.log(some.counts))[some.place]
            mean = some.weight @ apart / n
            left = some.weight @ ((apart - mean) ** 2 - trigamma(k)[some.place]) / n
            q = _trigamma_inverse(max(float(left), 1e-3))
            found.append(np.array([p, q, np.exp(mean + digamma(q))]))
        values = np.array([some.weight @ self.value(params, some) for params in found])
        order = np.argsort(-np.where(np.isnan(values), -np.inf, values), kind="stable")
        return [found[i] for i in order]


def likelihood(rows: Means, theta: Floats, *, second: bool = True) -> tuple[float, Floats, Floats]:
    """The log likelihood of the logarithms (3,) of the letters, its gradient and Hessian."""
    spend, params = Spend(), np.exp(theta)
    value, gradient, hessian = 0.0, np.zeros(3), np.zeros((3, 3))
    for start in range(0, len(rows), AT_ONCE):
        some = rows.take(slice(start, start + AT_ONCE)) if len(rows) > AT_ONCE else rows
        if not second:
            value += float(some.weight @ spend.value(params, some))
            continue
        curve = spend.curve(params, some)
        value += float(some.weight @ curve.value)
        gradient += curve.gradient @ some.weight
        hessian += curve.hessian @ some.weight
    return value, gradient, hessian


@attrs.frozen(eq=False)
class Found:
    """Where the search ended.

    Attributes:
        theta: Logarithms (3,) of p, q, v.
        value: The log likelihood.
        covariance: Of the logarithms (3, 3); infinite variance and no covariance where untold.
        converged: Whether it is a maximum.
        untold: Which letters (3,) the data don't tell: the likelihood is flat, or rises for ever.
    """

    theta: Floats
    value: float
    covariance: Floats
    converged: bool
    untold: Bools


def search(rows: Means) -> Found:
    """The maximum of the likelihood: first on some rows, from there on all.

    It is looked for in log p, log q and log(pv / q): where one of the first two runs off, the third
    stays. Where a search from the likeliest start does not end, the next start is tried.
    """
    few = rows.spread(FEW)
    best: Maximum | None = None
    for start in Spend().starts(few)[:3]:
        found = _climb(few, np.linalg.solve(TURN, np.log(start)))
        if len(few) < len(rows):
            found = _climb(rows, found.point)
        if best is None or found.value > best.value:
            best = found
        if found.converged:
            break
    assert best is not None
    scatter = TURN @ covariance(best.hessian, best.edges) @ TURN.T
    untold = best.edges | (TURN[:, best.edges] != 0).any(axis=1)
    untold |= np.sqrt(np.diag(scatter)) > FLAT
    scatter[untold, :] = scatter[:, untold] = 0.0
    scatter[untold, untold] = np.inf
    return Found(TURN @ best.point, best.value, scatter, best.converged, untold)


def _climb(rows: Means, start: Floats) -> Maximum:
    def function(turned: Floats, second: bool) -> tuple[float, Floats, Floats]:
        value, gradient, hessian = likelihood(rows, TURN @ turned, second=second)
        return value, TURN.T @ gradient, TURN.T @ hessian @ TURN

    return maximise(function, start)


def _trigamma_inverse(value: float) -> float:
    """The q of which the trigamma function is `value` > 0, by Newton's method on 1 / trigamma.

    trigamma is convex and falls, so that the steps come from one side. Source: Minka, "Estimating
    a Dirichlet distribution", 2000, appendix C (the start).
    """
    q = 0.5 + 1 / value
    for _ in range(30):
        now = float(polygamma(1, q))
        step = now * (1 - now / value) / float(polygamma(2, q))
        q += step
        if abs(step) < 1e-9 * q:
            break
    return q
