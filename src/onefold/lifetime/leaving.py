"""When a customer of Pareto/NBD may have left: an integral over every moment since the last purchase.

    left = s (beta + t_x)^s (alpha + t_x)^k
             * integral from t_x to T of (alpha + u)^-k (beta + u)^-(s + 1) du,      k = r + x

In v = log((c + u) / (c + t_x)), with c the smaller of alpha and beta, the logarithm of what is
integrated is concave, so it is at home in one window: nodes are put there, few where it hardly
falls. Each node is "left at u"; what the derivatives need are means over the nodes of
log(c + u), c / (c + u), log(d + u), d / (d + u) and of their products, d being the larger one.
"""

import numpy as np
from numpy.polynomial.legendre import leggauss

from onefold._types import Bools, Floats, Ints
from onefold.lifetime.rows import Rows

FALL = 30.0  # the integral stops where what is integrated is exp(-FALL) of its greatest value
BLOCK = 12_288  # nodes times rows worked on at once: their arrays stay in the processor's cache
BEND = 0.8  # how much denser the nodes lie at the start, where most of a falling integral is
STEPS = 12  # at most, of Newton's method for the window's end
PAIRS = tuple((i, j) for i in range(5) for j in range(i, 5))  # of 1, log c, share c, log d, share d
AT = {pair: n for n, pair in enumerate(PAIRS)}
SWAP = (0, 3, 4, 1, 2)  # the roles of c and d exchanged
SWAPPED = [AT[tuple(sorted((SWAP[i], SWAP[j])))] for i, j in PAIRS]  # type: ignore[index]
SIZES = (7, 8, 9, 10, 11, 12, 14, 17, 22, 30, 44, 64)  # numbers of nodes


def left(params: Floats, rows: Rows) -> Floats:
    """How likely (m,) the data are with a leave before T, against none at all by t_x."""
    window = _Window(params, rows)
    total = np.empty(len(rows))
    for size, chosen in window.classes():
        y, weights = _nodes(size)
        step = max(BLOCK // size, 1)
        for at in range(0, len(chosen), step):
            some = chosen[at : at + step]
            total[some] = weights @ window.at(y, some)[0]
    return total * window.scale


def left_moments(params: Floats, rows: Rows) -> Floats:
    """Moments (15, m) of 1, A, a, B, b in the order of PAIRS, over the moments of leaving.

    A = log((alpha + u) / (alpha + t_x)), a = alpha / (alpha + u), and B, b the same of beta. The
    first is `left` itself.
    """
    window = _Window(params, rows)
    found = np.empty((len(PAIRS), len(rows)))
    for size, chosen in window.classes():
        y, weights = _nodes(size)
        powers = np.stack([np.ones(size), y, y * y])
        step = max(BLOCK // size, 1)
        whole = len(chosen) == len(rows)
        for at in range(0, len(chosen), step):
            some = slice(at, at + step) if whole else chosen[at : at + step]
            found[:, some] = _moments(window, y, weights, powers, some)
    found *= window.scale
    if window.near.all():
        return found
    if not window.near.any():
        return found[SWAPPED]
    return np.where(window.near, found, found[SWAPPED])


class _Window:
    """Where the integral is, by row, and what is integrated there."""

    def __init__(self, params: Floats, rows: Rows) -> None:
        r, alpha, s, beta = (np.broadcast_to(p, len(rows)) for p in params)
        self.near: Bools = alpha <= beta
        k = r + rows.x
        self.p = np.where(self.near, k, s + 1)
        self.q = np.where(self.near, s + 1, k)
        self.c, self.d = np.minimum(alpha, beta), np.maximum(alpha, beta)
        self.first = self.c + rows.t_x
        self.gap = self.d - self.c
        self.far = self.d + rows.t_x
        self.width = np.log1p((rows.T - rows.t_x) / self.first)
        self.fall = np.zeros(len(rows))
        self._cut()
        self.scale = s * self.first / (beta + rows.t_x) * self.width

    def _log(self, v: Floats) -> tuple[Floats, Floats]:
        """The logarithm of what is integrated, 0 at v = 0, and its slope."""
        reached = self.first * np.exp(v)
        beyond = reached + self.gap
        value: Floats = (1 - self.p) * v - self.q * np.log(beyond / self.far)
        return value, 1 - self.p - self.q * (reached / beyond)

    def _cut(self) -> None:
        """Let the window end where next to nothing is left.

        What is cut is concave and falls there, so Newton's steps from beyond never pass the place.
        """
        slope = 1 - self.p - self.q * (self.first / self.far)
        if (slope < 0).all():
            top = np.zeros_like(slope)
            np.minimum(self.width, FALL / -slope, out=self.width)
        else:
            ratio = np.clip((1 - self.p) / (self.p + self.q - 1), 1e-300, None)
            inner = np.clip(np.log(ratio * self.gap / self.first), 0, self.width)
            top = self._log(np.where(slope < 0, 0.0, inner))[0]
            self.width = np.where(slope < 0, np.minimum(self.width, FALL / -slope), self.width)
        for step in range(STEPS + 1):
            value, slope = self._log(self.width)
            over = top - FALL - value
            if step == STEPS or not (over > 1).any():
                break
            self.width = np.where(over > 0, self.width + over / np.minimum(slope, -1e-300), self.width)
        self.fall = np.maximum(top - value, top)

    def classes(self) -> list[tuple[int, Ints]]:
        """Rows by how many nodes they need for eleven figures.

        Found by trial: more where the integral falls far, and where its window is wide against
        the distance of pi at which the nearest pole stands off it.
        """
        far = self.fall * self.width / 20 + 2.4 * self.width
        need = 7 + np.maximum(self.fall / 5, far)
        kinds = np.searchsorted(SIZES[:-1], need)
        order = np.argsort(kinds.astype(np.int8), kind="stable")
        bounds = np.searchsorted(kinds[order], np.arange(len(SIZES) + 1))
        return [
            (size, order[start:stop])
            for size, start, stop in zip(SIZES, bounds[:-1], bounds[1:], strict=True)
            if stop > start
        ]

    def at(self, y: Floats, some: Ints | slice) -> tuple[Floats, Floats, Floats, Floats]:
        """At nodes y (n,): what is integrated, c / (c + u), log((d + u) / (d + t_x)), d / (d + u)."""
        v = y[:, None] * self.width[some]
        reached = np.exp(v)
        reached *= self.first[some]
        beyond = reached + self.gap[some]
        np.divide(self.c[some], reached, out=reached)
        logs = beyond / self.far[some]
        np.log(logs, out=logs)
        np.divide(self.d[some], beyond, out=beyond)
        v *= 1 - self.p[some]
        v -= self.q[some] * logs
        np.exp(v, out=v)
        return v, reached, logs, beyond


def _moments(
    window: _Window, y: Floats, weights: Floats, powers: Floats, some: Ints | slice
) -> Floats:
    """Moments (15, m) of the nodes, without the scale: of 1, log c, share c, log d, share d."""
    value, c, log_d, d = window.at(y, some)
    value *= weights[:, None]
    width = window.width[some]
    found = np.empty((len(PAIRS), value.shape[1]))
    by_c, by_log, by_d = value * c, value * log_d, value * d
    found[[AT[0, 0], AT[0, 1], AT[1, 1]]] = powers @ value
    found[[AT[0, 2], AT[1, 2]]] = powers[:2] @ by_c
    found[[AT[0, 3], AT[1, 3]]] = powers[:2] @ by_log
    found[[AT[0, 4], AT[1, 4]]] = powers[:2] @ by_d
    for i, j, one, other in (
        (2, 2, by_c, c), (2, 3, by_c, log_d), (2, 4, by_c, d),
        (3, 3, by_log, log_d), (3, 4, by_log, d), (4, 4, by_d, d),
    ):
        np.einsum("km,km->m", one, other, out=found[AT[i, j]])
    for n, (i, j) in enumerate(PAIRS):
        for log in (i, j):
            if log == 1:
                found[n] *= width
    return found


def _nodes(size: int) -> tuple[Floats, Floats]:
    """Places in 0 .. 1, denser at the start, and their weights."""
    t, weight = leggauss(size)
    whole = np.expm1(BEND)
    y = np.expm1(BEND * (t + 1) / 2) / whole
    return y, weight * BEND / 2 * np.exp(BEND * (t + 1) / 2) / whole
