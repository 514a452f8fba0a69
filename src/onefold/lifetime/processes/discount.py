"""Discounted purchases of those who may leave after each: BG/NBD and MBG/NBD.

Of one who is there, whose rate is gamma (k, since) and whose chance to leave is beta (a, stay):

    integral from 0 to H of exp(-rate s) k / since * E[(1 + p s / since)^-(k + 1)] ds
    E[..] = (1 - w)^a F(a, a + stay - 1 - k; a + stay; w)        w = s / (since + s)

F is the Gaussian hypergeometric function, after Pfaff's transformation (NIST Handbook of
Mathematical Functions, 15.8.1), so nothing overflows for those who buy a lot. For one x it is a
smooth function of log(since): a million customers are read off a polynomial for each x.
"""

from collections.abc import Callable

import numpy as np
from numpy.polynomial.chebyshev import chebval
from scipy.special import hyp2f1

from onefold._types import Floats, Ints
from onefold.lifetime.processes import betas
from onefold.lifetime.rows import Rows

LONG = 45.0  # exp(-45) of what is paid now is nothing
POINTS, WEIGHTS = np.polynomial.legendre.leggauss(12)  # for each doubling of the time
DIGITS = 28.0  # the polynomials' error is about exp(-DIGITS)
SAFE = (-10.0, 30.0)  # the second argument of F within which scipy's keeps its digits
AT_ONCE = 1_000_000  # numbers in a table


def discounted(
    params: Floats, rows: Rows, extra: int, rate: float, horizon: float | None
) -> Floats:
    """Discounted purchases (m,) after T, given that a customer is there at T.

    Args:
        params: r, alpha, a and b: (4, 1), or (4, m).
        rows: The customers (m,).
        extra: Chances to leave besides those after repeat purchases: 0 or 1.
        rate: Continuous, per unit of time.
        horizon: None is for ever.
    """

    def each(r: Floats, x: Floats, a: Floats, b: Floats, since: Floats) -> Floats:
        k, start, stay = np.broadcast_arrays(r + x, a, b + x + extra)
        return _direct(k, since, start, stay, rate, horizon)

    return while_alive(each, params, rows)


def while_alive(function: Callable[..., Floats], params: Floats, rows: Rows) -> Floats:
    """What those who are there at T do next (m,), which hangs on parameters, x and T alone.

    Args:
        function: Of r, x, a, b and alpha + T, smooth in the last one's logarithm.
        params: (4, 1), or (4, m).
        rows: The customers (m,).
    """
    r, alpha, a, b = params
    if params.shape[1] == 1:

        def common(place: Ints, since: Floats) -> Floats:
            return function(r, rows.counts[place], a, b, since)

        return _read_off(common, rows.place, alpha + rows.T)
    place = rows.place
    for column in (r, a, b):
        own = np.unique(column, return_inverse=True)[1]
        place = np.unique(place * (own.max(initial=0) + 1) + own, return_inverse=True)[1]
    first = np.unique(place, return_index=True)[1]

    def apart(place: Ints, since: Floats) -> Floats:
        i = first[place]
        return function(r[i], rows.x[i], a[i], b[i], since)

    return _read_off(apart, place, alpha + rows.T)


def _read_off(function: Callable[[Ints, Floats], Floats], place: Ints, since: Floats) -> Floats:
    """A positive function of (place, since), by polynomials for places with many of them."""
    if not len(place):
        return np.empty(0)
    order = np.argsort(place.astype(np.uint16) if place.max(initial=0) < 2**16 else place)
    logs = np.log(since)[order]
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    ends = np.append(starts[1:], len(place))
    curves: list[tuple[slice, Floats]] = []
    alone = np.ones(len(place), dtype=bool)
    for start, end in zip(starts, ends, strict=True):
        low, high = logs[start:end].min(), logs[start:end].max()
        half = (high - low) / 2
        # Singular at since = -s only: log(since) has that strip of pi to each side.
        reach = 0.8 * np.pi / max(half, 1e-3)
        n = int(DIGITS / np.log(reach + np.hypot(reach, 1))) + 4
        if end - start > 2 * n:
            points = np.cos(np.pi * (np.arange(n) + 0.5) / n)
            curves.append((slice(start, end), (low + high) / 2 + half * points))
            alone[start:end] = False
    known = np.array([place[order[part.start]] for part, _ in curves], dtype=np.int64)
    known = np.repeat(known, [len(at) for _, at in curves])
    asked = np.exp(np.concatenate([logs[alone], *[at for _, at in curves]]))
    values = function(np.concatenate([place[order][alone], known]), asked)
    found = np.empty(len(place))
    found[alone] = values[: alone.sum()]
    used = int(alone.sum())
    for part, at in curves:
        nodes = values[used : used + len(at)]
        used += len(at)
        if ((nodes > 0) & np.isfinite(nodes)).all():
            found[part] = _polynomial(nodes, logs[part])
        elif (nodes == nodes[0]).all():  # no time at all, or for ever at no rate
            found[part] = nodes[0]
        else:  # no smooth logarithm: each is asked for, so that nothing odd is hidden
            found[part] = function(place[order[part]], np.exp(logs[part]))
    back = np.empty(len(place))
    back[order] = found
    return back


def _polynomial(values: Floats, logs: Floats) -> Floats:
    """Values (n,) above 0 at the Chebyshev points of the range of `logs`, read off at `logs`."""
    n = len(values)
    angles = np.pi * (np.arange(n) + 0.5) / n
    terms = 2 / n * np.cos(np.arange(n)[:, None] * angles) @ np.log(values)
    terms[0] /= 2
    low, high = logs.min(), logs.max()
    places = (logs - (low + high) / 2) / max((high - low) / 2, 1e-300)
    found: Floats = np.exp(chebval(places, terms))
    return found


def _direct(
    k: Floats, since: Floats, a: Floats, stay: Floats, rate: float, horizon: float | None
) -> Floats:
    """The integral (m,) by Gauss and Legendre's rule, in stretches of time that double."""
    if rate == 0 and horizon is None:
        mean = (a + stay - 1) / np.where(a > 1, a - 1, 1.0)
        return np.where(a > 1, mean, np.inf)
    end = np.inf if horizon is None else horizon
    end = min(end, LONG / rate) if rate > 0 else end
    if end == 0:
        return np.zeros(len(k))
    start = np.minimum(min(end, 1 / max(rate, 1 / end)), since / (1 + k * a / (a + stay)))
    stretches = int(np.ceil(np.log2(end / start)).max(initial=0))
    edges = start[:, None] * (end / start[:, None]) ** (
        np.arange(stretches + 1) / max(stretches, 1)
    )
    edges = np.hstack([np.zeros((len(k), 1)), edges])
    found = np.empty(len(k))
    size = max(AT_ONCE // (edges.shape[1] * len(POINTS)), 1)
    for i in range(0, len(k), size):
        part = slice(i, i + size)
        half = np.diff(edges[part]) / 2
        s = (edges[part, :-1] + half)[..., None] + half[..., None] * POINTS
        weight = np.exp(-rate * s) * half[..., None] * WEIGHTS
        z = s.reshape(len(s), -1) / since[part, None]
        buying = _still_buying(k[part], a[part], stay[part], z)
        found[part] = (weight.reshape(len(s), -1) * buying).sum(axis=1)
    return found * k / since


def _still_buying(k: Floats, a: Floats, stay: Floats, z: Floats) -> Floats:
    """E (1 + p z)^-(k + 1), (m, n), for k (m,) and z (m, n)."""
    b = a + stay - 1 - k
    w = z / (1 + z)
    with np.errstate(invalid="ignore", over="ignore"):  # where a and stay are huge: see below
        found: Floats = np.exp(-a[:, None] * np.log1p(z)) * hyp2f1(
            a[:, None], b[:, None], (a + stay)[:, None], w
        )
    lost = np.flatnonzero((b < SAFE[0]) | (b > SAFE[1]) | ~np.isfinite(found).all(axis=1))
    if len(lost):
        k, z = k[lost], z[lost]
        p, weight = betas.nodes(a[lost], stay[lost], (k + 1) * (1 + z.max(axis=1)))
        for i in range(z.shape[1]):
            each = np.exp(-(k[:, None] + 1) * np.log1p(p * z[:, i : i + 1]))
            found[lost, i] = (weight * each).sum(axis=1)
    return found
