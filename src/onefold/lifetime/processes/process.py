"""What a model of buying and leaving has to say, for the machinery that all models share.

All of them are a sum over when a customer may have left:

    log L = common + log sum over k of exp(h_k)      k: still here; left; ...

so the gradient is the mean of the components' gradients, and the Hessian the mean of their
Hessians plus the covariance of their gradients, with the weights p_k = exp(h_k) / sum exp(h).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs
import numpy as np

from onefold._types import Floats, Ints
from onefold.lifetime.rows import Rows


@attrs.frozen(eq=False)
class Curve:
    """A log likelihood at some parameters, by row, with its slope and bend.

    Attributes:
        value: (m,).
        gradient: (k, m), by the logarithms of the k parameters.
        hessian: (k, k, m).
    """

    value: Floats
    gradient: Floats
    hessian: Floats


class Process(Protocol):
    """How the customers of one model buy and leave.

    `params` is an array (k, 1), or (k, m) where covariates make them differ from row to row, in
    the order of `letters`. Times are in the unit of the rows.
    """

    @property
    def letters(self) -> tuple[str, ...]:
        """The parameters by the paper's letters."""
        ...

    @property
    def links(self) -> Mapping[str, tuple[str, int]]:
        """Letters that covariates act on: by which setting, and with which sign in the exponent."""
        ...

    @property
    def discrete(self) -> bool:
        """Whether times are whole numbers of opportunities."""
        ...

    @property
    def timed(self) -> tuple[str, ...]:
        """The letters that are lengths of time."""
        ...

    def starts(self, rows: Rows) -> Sequence[Floats]:
        """Parameters (k,) to begin with, of which the highest maximum is taken."""
        ...

    def value(self, params: Floats, rows: Rows) -> Floats:
        """The log likelihood (m,)."""
        ...

    def curve(self, params: Floats, rows: Rows) -> Curve:
        """The log likelihood with its first and second derivatives."""
        ...

    def alive(self, params: Floats, rows: Rows) -> Floats:
        """The chance (m,) that a customer is still one at T."""
        ...

    def expected(self, params: Floats, rows: Rows, horizon: float) -> Floats:
        """Expected purchases (m,) from T to T + horizon."""
        ...

    def discounted(self, params: Floats, rows: Rows, rate: float, horizon: float | None) -> Floats:
        """The same (m,), each times exp(-rate * time since T); None: for ever."""
        ...

    def newcomer(self, params: Floats, times: Floats) -> Floats:
        """Expected repeat purchases (t,) of a new customer within these times; params (k, 1)."""
        ...

    def counts(self, params: Floats, T: Floats, most: int) -> Floats:
        """The chances (m, most + 1) of 0, 1, .. `most` repeat purchases in T (m,)."""
        ...

    def draw(self, params: Floats, T: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Simulated customers: x (n,) and t_x (n,) for T (n,)."""
        ...


@attrs.frozen(eq=False)
class Part:
    """One component: its value, and those of its slopes and bends that are not 0.

    Attributes:
        value: (m,).
        slopes: (m,) or (1,) by the number of the parameter.
        bends: (m,) or (1,) by the numbers of two, the smaller first.
    """

    value: Floats
    slopes: Mapping[int, Floats]
    bends: Mapping[tuple[int, int], Floats]

    def take(self, place: Ints) -> "Part":
        """What was computed for each different x, for each row."""

        def taken(array: Floats) -> Floats:
            return array if len(array) == 1 else array[place]

        return Part(
            taken(self.value),
            {i: taken(slope) for i, slope in self.slopes.items()},
            {pair: taken(bend) for pair, bend in self.bends.items()},
        )


def mixed(k: int, common: Part, here: Part, left: Part) -> Curve:
    """The curve, by k parameters, of common + log(exp(here) + exp(left)); left may be -inf."""
    over = left.value - here.value
    small = np.exp(-np.abs(over))
    share = np.where(over > 0, 1.0, small) / (1 + small)  # of having left
    value = common.value + np.maximum(here.value, left.value) + np.log1p(small)
    gradient = np.empty((k, len(value)))
    hessian = np.empty((k, k, len(value)))
    none, apart = np.zeros(1), []
    for i in range(k):
        low = here.slopes.get(i, none)
        apart.append(left.slopes.get(i, none) - low)
        gradient[i] = common.slopes.get(i, none) + low
        gradient[i] += share * apart[i]
    spread = share * (1 - share)
    for i in range(k):
        once = spread * apart[i]
        for j in range(i, k):
            np.multiply(once, apart[j], out=hessian[i, j])
            for part, weight in ((common, None), (here, 1 - share), (left, share)):
                bend = part.bends.get((i, j))
                if bend is not None:
                    hessian[i, j] += bend if weight is None else weight * bend
            hessian[j, i] = hessian[i, j]
    return Curve(value, gradient, hessian)
