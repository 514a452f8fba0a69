"""When a customer of Pareto/NBD may have left: an integral over the time since the last purchase.

    left = s (beta + t_x)^s (alpha + t_x)^k
             * integral from t_x to T of (alpha + u)^-k (beta + u)^-(s + 1) du,      k = r + x

In v = log((c + u) / (c + t_x)), with c the smaller of alpha and beta, the logarithm of what is
integrated is concave, so it is at home in one window: nodes are put there, few where it hardly
falls. Each node is "left at u"; what the derivatives need are means over the nodes of
log(c + u), c / (c + u), log(d + u), d / (d + u) and of their products, d being the larger one.
"""

from collections.abc import Iterator
from functools import cache, partial

import attrs
import numpy as np
from numpy.polynomial.legendre import leggauss

from onefold._types import Bools, Floats, Ints
from onefold.lifetime.processes.concave import cut
from onefold.lifetime.rows import Rows

SIZES = (7, 8, 9, 10, 11, 12, 14, 17, 22, 30, 44, 64)  # numbers of nodes
BEND = 0.8  # exp(BEND): how much denser the nodes lie at the start, where most of it is
BLOCK = 8_192  # nodes times rows worked on at once: their arrays stay in the processor's cache
PAIRS = tuple((i, j) for i in range(5) for j in range(i, 5))  # of 1, log c, share c, log d, share d
AT = {pair: n for n, pair in enumerate(PAIRS)}
SWAP = (0, 3, 4, 1, 2)  # the roles of c and d exchanged
SWAPPED = [AT[min(SWAP[i], SWAP[j]), max(SWAP[i], SWAP[j])] for i, j in PAIRS]


def left(params: Floats, rows: Rows) -> Floats:
    """How likely (m,) a leave before T is, against a customer who is sure to be there."""
    window = _window(params, rows)
    total = np.empty(len(rows))
    for size, some in _blocks(window):
        y, weights = _nodes(size)
        total[some] = weights @ _integrand(window, y, some)[0]
    total *= window.scale
    return total


def left_moments(params: Floats, rows: Rows) -> Floats:
    """Moments (15, m) of 1, A, a, B, b in the order of PAIRS, over the moments of leaving.

    A = log((alpha + u) / (alpha + t_x)), a = alpha / (alpha + u), and B, b the same of beta. The
    first is `left` itself.
    """
    window = _window(params, rows)
    found = np.empty((len(PAIRS), len(rows)))
    for size, some in _blocks(window):
        found[:, some] = _moments(window, size, some)
    found *= window.scale
    if window.near.all():
        return found
    if not window.near.any():
        return found[SWAPPED]
    return np.where(window.near, found, found[SWAPPED])


@attrs.frozen(eq=False)
class _Window:
    """Where the integral is, by row, and what is integrated there.

    Attributes:
        near: Whether alpha is the smaller one.
        c: The smaller of alpha and beta, with the exponent p.
        d: The larger one, with the exponent q.
        p: r + x or s + 1.
        q: The other.
        first: c + t_x.
        far: d + t_x.
        width: Where in v the integral ends.
        fall: How far the logarithm of what is integrated falls until there.
        scale: What makes the sum over the nodes `left`.
    """

    near: Bools
    c: Floats
    d: Floats
    p: Floats
    q: Floats
    first: Floats
    far: Floats
    width: Floats
    fall: Floats
    scale: Floats


def _window(params: Floats, rows: Rows) -> _Window:
    r, alpha, s, beta = (np.broadcast_to(p, len(rows)) for p in params)
    k = r + rows.x
    near = alpha <= beta
    c, d = np.minimum(alpha, beta), np.maximum(alpha, beta)
    p, q = np.where(near, k, s + 1), np.where(near, s + 1, k)
    first, far = c + rows.t_x, d + rows.t_x
    width = np.log((c + rows.T) / first)
    # Where p < 1, what is integrated may rise at first, to its top inside.
    rise = np.maximum(1 - p, 0) / (k + s) * (d - c) / first
    top = np.minimum(np.log(np.maximum(rise, 1)), width)
    width, fall = cut(partial(_log_integrand, p, q, first, far), top=top, end=width)
    return _Window(near, c, d, p, q, first, far, width, fall, s * first / (beta + rows.t_x) * width)


def _log_integrand(
    p: Floats, q: Floats, first: Floats, far: Floats, v: Floats
) -> tuple[Floats, Floats]:
    """The logarithm of what is integrated, 0 at v = 0, and its slope."""
    reached = first * np.exp(v)
    beyond = reached + (far - first)
    value: Floats = (1 - p) * v - q * np.log(beyond / far)
    return value, 1 - p - q * (reached / beyond)


def _blocks(window: _Window) -> Iterator[tuple[int, Ints]]:
    """Rows that need so many nodes, a cacheful at a time.

    For eleven figures, found by trial: more where the integral falls far, and where its window is
    wide against the distance of pi at which the nearest pole stands off it.
    """
    wide = 2.1 * window.width + window.fall * np.minimum(window.width, 3) / 12
    kinds = np.searchsorted(SIZES[:-1], 6.8 + np.maximum(window.fall / 5, wide)).astype(np.int8)
    order = np.argsort(kinds, kind="stable")
    bounds = np.searchsorted(kinds[order], np.arange(len(SIZES) + 1))
    for size, start, stop in zip(SIZES, bounds[:-1], bounds[1:], strict=True):
        step = BLOCK // size
        for at in range(start, stop, step):
            yield size, order[at : min(at + step, stop)]


def _integrand(window: _Window, y: Floats, some: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """What is integrated at nodes y, c / (c + u), log((d + u) / (d + t_x)) and d / (d + u)."""
    first, far = window.first[some], window.far[some]
    v = y[:, None] * window.width[some]
    reached = np.exp(v)
    reached *= first
    beyond = reached + (far - first)
    np.divide(window.c[some], reached, out=reached)
    logs = beyond / far
    np.log(logs, out=logs)
    np.divide(window.d[some], beyond, out=beyond)
    v *= 1 - window.p[some]
    v -= window.q[some] * logs
    np.exp(v, out=v)
    return v, reached, logs, beyond


def _moments(window: _Window, size: int, some: Ints) -> Floats:
    """Moments (15, m) over the nodes, but for the scale: of 1, log c, share c, log d, share d."""
    y, weights = _nodes(size)
    powers = np.stack([np.ones(size), y, y * y])
    value, c, log_d, d = _integrand(window, y, some)
    value *= weights[:, None]
    by_c, by_log, by_d = value * c, value * log_d, value * d
    found = np.empty((len(PAIRS), value.shape[1]))
    # log((c + u) / (c + t_x)) is y times the width, so its moments are those of y.
    found[[AT[0, 0], AT[0, 1], AT[1, 1]]] = powers @ value
    found[[AT[0, 2], AT[1, 2]]] = powers[:2] @ by_c
    found[[AT[0, 3], AT[1, 3]]] = powers[:2] @ by_log
    found[[AT[0, 4], AT[1, 4]]] = powers[:2] @ by_d
    np.einsum("km,km->m", by_c, c, out=found[AT[2, 2]])
    np.einsum("km,km->m", by_c, log_d, out=found[AT[2, 3]])
    np.einsum("km,km->m", by_c, d, out=found[AT[2, 4]])
    np.einsum("km,km->m", by_log, log_d, out=found[AT[3, 3]])
    np.einsum("km,km->m", by_log, d, out=found[AT[3, 4]])
    np.einsum("km,km->m", by_d, d, out=found[AT[4, 4]])
    width = window.width[some]
    found[[AT[0, 1], AT[1, 2], AT[1, 3], AT[1, 4]]] *= width
    found[AT[1, 1]] *= width * width
    return found


@cache
def _nodes(size: int) -> tuple[Floats, Floats]:
    """Places in 0 .. 1, denser at the start, and their weights."""
    t, weight = leggauss(size)
    whole = np.expm1(BEND)
    places: Floats = np.expm1(BEND * (t + 1) / 2) / whole
    weights: Floats = weight * BEND / 2 * np.exp(BEND * (t + 1) / 2) / whole
    return places, weights
