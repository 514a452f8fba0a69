"""What a model of buying and leaving has to say, for the machinery that all models share.

All of them are a sum over when a customer may have left:

    log L = common + log sum over k of exp(h_k)      k: still here; left after the last purchase, ...

so the gradient is the mean of the components' gradients, and the Hessian the mean of their
Hessians plus the covariance of their gradients, with the weights p_k = exp(h_k) / sum exp(h).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs
import numpy as np

from onefold._types import Array, Floats
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

    def start(self, rows: Rows) -> Floats:
        """Parameters (k,) to begin with."""
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

    def discounted(
        self, params: Floats, rows: Rows, rate: float, horizon: float | None
    ) -> Floats:
        """The same (m,), each times exp(-rate * time since T); None: for ever."""
        ...

    def newcomer(self, params: Floats, times: Floats) -> Floats:
        """Expected repeat purchases (t,) of a new customer within these times; params (k, 1)."""
        ...

    def counts(self, params: Floats, T: Floats, most: int) -> Floats:
        """The chances (m, most + 1) of 0, 1, .. `most` repeat purchases in T (m,)."""
        ...

    def draw(
        self, params: Floats, T: Floats, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Simulated customers: x (n,) and t_x (n,) for T (n,)."""
        ...


def mixed(common: Curve, parts: Sequence[Curve]) -> Curve:
    """The curve of `common + log sum exp(parts)`; a part may be -inf where it can't be."""
    values = np.stack([part.value for part in parts])
    most = values.max(axis=0)
    shares = np.exp(values - most)
    total = shares.sum(axis=0)
    shares /= total
    slope = sum_of(shares, [part.gradient for part in parts])
    hessian = common.hessian + sum_of(shares, [part.hessian for part in parts])
    for share, part in zip(shares, parts, strict=True):
        apart = part.gradient - slope
        hessian += share * apart[:, None] * apart[None]
    return Curve(common.value + most + np.log(total), common.gradient + slope, hessian)


def sum_of(shares: Array, arrays: Sequence[Array]) -> Array:
    """Arrays added up with weights (m,) each."""
    total = shares[0] * arrays[0]
    for share, array in zip(shares[1:], arrays[1:], strict=True):
        total = total + share * array
    return total
