"""Maximum likelihood by Newton steps on the logarithms of the parameters, with no way to run off.

    theta <- theta + f * H^-1 g,        H the negative Hessian made positive, f = 1, 1/2, 1/4, ...

Where the Hessian is not negative definite, its eigenvalues are taken by their size, so that a
step always goes up. The search is over when a further step would gain less than `ENOUGH` of log
likelihood (half of g' H^-1 g, Newton's decrement), whatever the size of the parameters. Data that
don't tell two parameters apart have a maximum at infinity: the search then ends at the edge of a
box, and says which parameters lie there.

Source: Nocedal and Wright, "Numerical optimization", 2006, chapter 3.
"""

from collections.abc import Callable

import attrs
import numpy as np

from onefold._types import Bools, Floats

ENOUGH = 1e-10
LITTLE = 1e-4  # all that may be promised, where no step keeps what it promises
ROUNDING = 1e-13  # of the log likelihood: what its sum can't tell apart
BOX = 13.8  # log parameters lie within: between a millionth and a million
STEPS = 200
LONGEST = 2.0  # of a step: a parameter at most seven times as large
FLOOR = 1e-10  # of the largest eigenvalue

Function = Callable[[Floats, bool], tuple[float, Floats, Floats]]


@attrs.frozen(eq=False)
class Maximum:
    """Where the search ended.

    Attributes:
        point: (p,).
        value: The function there.
        gradient: (p,).
        hessian: (p, p).
        steps: Steps taken.
        converged: Whether no step within the box gains anything.
        edges: Which coordinates (p,) lie on the edge of the box, and would go on.
    """

    point: Floats
    value: float
    gradient: Floats
    hessian: Floats
    steps: int
    converged: bool
    edges: Bools


# A point may be tried where nothing can be computed; it is then refused.
@np.errstate(over="ignore", divide="ignore", invalid="ignore")
def maximise(
    function: Function, start: Floats, box: Floats | None = None, centre: Floats | None = None
) -> Maximum:
    """Find the maximum of a function that gives its value, gradient and Hessian.

    Args:
        function: From a point (p,), and whether the derivatives are wanted, to the value, the
            gradient (p,) and the Hessian (p, p).
        start: Where to begin (p,).
        box: Half the width (p,) of the box in which the point stays; 13.8 each.
        centre: The middle (p,) of the box; 0 each.

    A step is only taken to where all of these are finite; from a start where they are not, nothing
    is found.
    """
    middle = np.zeros(len(start)) if centre is None else centre
    half = np.full(len(start), BOX) if box is None else box
    limits = middle - half, middle + half
    at = np.clip(np.asarray(start, dtype=np.float64), *limits)
    here = function(at, True)
    for step in range(STEPS):
        value, gradient, hessian = here
        if not _finite(here):
            return Maximum(at, value, gradient, hessian, step, False, np.zeros(len(at), dtype=bool))
        free = ~_outward(at, gradient, limits)
        move = _ascent(gradient, hessian, free)
        gain = 0.5 * float(gradient @ move)
        if gain <= max(ENOUGH, ROUNDING * abs(value)):
            return Maximum(at, value, gradient, hessian, step, True, ~free)
        found = _search(function, at, value, gradient, move, limits)
        if found is None:  # nothing that the sum can tell is gained along an ascent
            return Maximum(at, value, gradient, hessian, step, gain <= LITTLE, ~free)
        at, here = found
    value, gradient, hessian = here
    return Maximum(at, value, gradient, hessian, STEPS, False, _outward(at, gradient, limits))


def _finite(found: tuple[float, Floats, Floats]) -> bool:
    value, gradient, hessian = found
    return bool(np.isfinite(value) and np.isfinite(gradient).all() and np.isfinite(hessian).all())


def _outward(at: Floats, gradient: Floats, limits: tuple[Floats, Floats]) -> Bools:
    """Coordinates at the edge of the box that would leave it."""
    low, high = limits
    marked: Bools = ((at >= high) & (gradient > 0)) | ((at <= low) & (gradient < 0))
    return marked


def _ascent(gradient: Floats, hessian: Floats, free: Bools) -> Floats:
    """A step that goes up, 0 where a coordinate is held."""
    step = np.zeros(len(gradient))
    if not free.any():
        return step
    bend = -hessian[np.ix_(free, free)]
    scale = np.sqrt(np.abs(np.diag(bend)))  # so that a steep coordinate hides no other
    scale[scale == 0] = 1.0
    values, vectors = np.linalg.eigh(bend / np.outer(scale, scale))
    size = np.maximum(np.abs(values), FLOOR * max(np.abs(values).max(), 1e-300))
    step[free] = vectors @ ((vectors.T @ (gradient[free] / scale)) / size) / scale
    longest = np.abs(step).max()
    return step * min(1.0, LONGEST / longest) if longest > 0 else step


def _search(
    function: Function,
    at: Floats,
    value: float,
    gradient: Floats,
    move: Floats,
    limits: tuple[Floats, Floats],
) -> tuple[Floats, tuple[float, Floats, Floats]] | None:
    """The first point along a step, halved and halved again, that gains enough.

    A whole step is taken nearly always, so there the derivatives are asked for at once.
    """
    part = 1.0
    while part > 1e-9:
        there = np.clip(at + part * move, *limits)
        found = function(there, part == 1.0)
        gained = found[0] - value
        if np.isfinite(gained) and gained > max(1e-4 * float(gradient @ (there - at)), 0.0):
            found = found if part == 1.0 else function(there, True)
            if _finite(found):
                return there, found
        part /= 2
    return None
