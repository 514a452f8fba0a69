"""Refinement: the head of each list put in order once more, by what all levels say together.

A mixture adds; it can't say that what two levels agree on is likelier still. So on the head, the
best items by the mixture m among those that the customer has had and the best among those that
are new, the probability is m times a factor of the levels' log-probabilities:

    p(i) ~ m(i) exp(b . x(i) + had(i) (c + d . x(i))),       x_l = ln(p_l + .05 p_0 + 1e-9)

scaled so that the head keeps the mass that m gave it; elsewhere p = m. b, c and d maximise the
conditional likelihood of what was chosen on the slice that no level had seen: convex, a softmax
over the head, with a ridge. Half of the customers choose the ridge and tell what is gained.
"""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._types import Array, Bools, Floats, Ints
from onefold.scoring.heads import Heads

SMALL = 0.05
TINY = 1e-9
LEAST = 200  # customers below whom the plain mixture is kept
RIDGES = (1.0, 0.3, 0.1)  # a smaller one fits what is peculiar to the slice
STEPS = 150


@attrs.frozen(eq=False)
class Refinement:
    """The factor of the levels' log-probabilities.

    Attributes:
        everyone: position of the level of everyone, p_0.
        mean: (levels,) of x, over the heads it was fitted on; `scale` its deviation.
        weights: (levels,) b, of standardised x.
        had: (levels + 1,) d and c: what is added for items that the customer has had.
        ridge: the one that was chosen.
        gain: log-likelihood a choice gained over the mixture, of customers not fitted on.
    """

    everyone: int
    mean: Floats = attrs.field(converter=frozen)
    scale: Floats = attrs.field(converter=frozen)
    weights: Floats = attrs.field(converter=frozen)
    had: Floats = attrs.field(converter=frozen)
    ridge: float
    gain: float

    def factors(self, heads: Heads) -> Floats:
        """The factor (c,) of each item of each head, scaled so that a head keeps its mass."""
        x = _standard(heads.foreseen, self.everyone, self.mean, self.scale)
        had = np.einsum("ij,j->i", x, self.had[:-1]) + self.had[-1]  # alike alone and among others
        log = np.einsum("ij,j->i", x, self.weights) + np.where(heads.had, had, 0.0)
        starts, sizes = _filled(heads.offsets)
        log -= np.repeat(np.maximum.reduceat(log, starts), sizes) if len(starts) else 0.0
        factor: Floats = np.exp(log)
        if len(starts):
            mass = np.add.reduceat(heads.mass, starts)
            scaled = np.add.reduceat(heads.mass * factor, starts)
            factor *= np.repeat(
                np.divide(mass, scaled, out=np.ones_like(mass), where=scaled > 0), sizes
            )
        return factor


def refinement(
    heads: Heads,
    chosen: Floats,
    everyone: int,
    *,
    among: Sequence[int] | None = None,
    own: bool = True,
    ridges: Sequence[float] = RIDGES,
) -> Refinement | None:
    """Fit the refinement; None where customers are few, or nothing is gained.

    Args:
        heads: Of the customers of the slice.
        chosen: (c,) what choosing each item counts; 0 where it was not chosen.
        everyone: Position of the level of everyone.
        among: Levels that may say something; all of them where it is left out.
        own: Whether it may be used which items a customer has had.
        ridges: From which one is chosen.
    """
    if len(heads) < LEAST or not chosen.any():
        return None
    levels = heads.foreseen.shape[1]
    columns = list(range(levels) if among is None else among)
    mean, scale = _moments(heads.foreseen, everyone)
    x = _standard(heads.foreseen, everyone, mean, scale)[:, columns]
    parts = [x, x * heads.had[:, None], heads.had[:, None]] if own else [x]
    features = np.concatenate(parts, axis=1)
    row = heads.row
    sides = [
        _Choice.of(row, heads, features, chosen, side) for side in (row % 2 == 0, row % 2 == 1)
    ]
    gains = [_held_out(sides, ridge) for ridge in ridges]
    best = int(np.argmax(gains))
    if gains[best] <= 0:
        return None
    every = np.ones(len(row), dtype=bool)
    found = _fitted(_Choice.of(row, heads, features, chosen, every), ridges[best])
    weights, had = np.zeros(levels), np.zeros(levels + 1)
    weights[columns] = found[: len(columns)]
    if own:
        had[[*columns, levels]] = found[len(columns) :]
    return Refinement(everyone, mean, scale, weights, had, ridges[best], gains[best])


@attrs.frozen(eq=False)
class _Choice:
    """A conditional choice among the items of each head."""

    starts: Ints
    sizes: Ints
    log: Floats  # of the mixture
    features: Array  # float32
    chosen: Floats
    total: Floats  # what each head's choices count

    @classmethod
    def of(
        cls, row: Ints, heads: Heads, features: Floats, chosen: Floats, some: Bools
    ) -> "_Choice":
        row = row[some]
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        held = chosen[some]
        return cls(
            starts,
            np.diff(np.append(starts, len(row))),
            np.log(np.maximum(heads.mass[some], 1e-300)),
            features[some].astype(np.float32),
            held,
            np.add.reduceat(held, starts),
        )

    def loss(self, weights: Floats) -> tuple[float, Floats]:
        """Minus the log-likelihood a choice, and its slope."""
        said = self.log + self.features @ weights.astype(np.float32)
        said -= np.repeat(np.maximum.reduceat(said, self.starts), self.sizes)
        odds = np.exp(said)
        sums = np.add.reduceat(odds, self.starts)
        whole = self.total.sum()
        value = (self.total @ np.log(sums) - self.chosen @ said) / whole
        error = np.repeat(self.total / sums, self.sizes) * odds - self.chosen
        slope = (self.features.T @ error.astype(np.float32)).astype(np.float64) / whole
        return float(value), slope


def _fitted(choice: _Choice, ridge: float) -> Floats:
    from scipy.optimize import minimize

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, slope = choice.loss(weights)
        return value + ridge * float(weights @ weights) / 2, slope + ridge * weights

    start = np.zeros(choice.features.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    weights: Floats = found.x
    return weights


def _held_out(sides: list[_Choice], ridge: float) -> float:
    """Log-likelihood a choice that is gained on one half by what was fitted on the other."""
    gains, counts = [], []
    for fit, test in (sides, sides[::-1]):
        if not (fit.total.sum() and test.total.sum()):
            return 0.0
        weights = _fitted(fit, ridge)
        gains.append(test.loss(np.zeros_like(weights))[0] - test.loss(weights)[0])
        counts.append(test.total.sum())
    return float(np.average(gains, weights=counts))


def _moments(foreseen: Floats, everyone: int) -> tuple[Floats, Floats]:
    x = _logs(foreseen, everyone)
    scale = x.std(axis=0)
    return x.mean(axis=0), np.where(scale > 0, scale, 1.0)


def _standard(foreseen: Floats, everyone: int, mean: Floats, scale: Floats) -> Floats:
    return (_logs(foreseen, everyone) - mean) / scale


def _logs(foreseen: Floats, everyone: int) -> Floats:
    out: Floats = np.log(foreseen + SMALL * foreseen[:, [everyone]] + TINY)
    return out


def _filled(offsets: Ints) -> tuple[Ints, Ints]:
    """Starts and sizes of the rows that are not empty."""
    sizes = np.diff(offsets)
    some: Any = sizes > 0
    return offsets[:-1][some], sizes[some]
