"""From customers to a fitted model: the likelihood of coefficients, and its maximum.

    log of a letter of customer i = coefficient of the letter + sign * sum over covariates c of
                                    coefficient * z_ic

Without covariates every customer has the same letters. Inside, covariates are centred and scaled,
so that years and incomes are alike to the search and to the penalty; coefficients are given in
the covariates' own units. Source: Fader and Hardie, "Incorporating time-invariant covariates into
the Pareto/NBD and BG/NBD models", 2007 (brucehardie.com/notes/019).
"""

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from onefold._types import Floats
from onefold.lifetime.newton import BOX, Maximum, maximise
from onefold.lifetime.processes.process import Process
from onefold.lifetime.rows import Rows

AT_ONCE = 8192  # rows, so that what is made of them stays in the cache
FEW = 20_000  # rows on which a good start is found
SAME = 1e-6  # of log likelihood: a maximum goes before a point that is so little higher
WIDE = 20.0  # the box of a covariate's coefficient, in standard deviations


@attrs.frozen
class Design:
    """Which covariates act on which letters.

    Attributes:
        letters: The letters (k,).
        acts: For each letter its covariates, and the sign with which they act.
        centre: Mean of each covariate among the customers.
        scale: Standard deviation of each.
        l2: The penalty on squared coefficients of standardised covariates.
        timed: The letters that are lengths of time.
        unit: The mean T, around which these are looked for: a unit of time is a matter of taste.
    """

    letters: tuple[str, ...]
    acts: Mapping[str, tuple[tuple[str, ...], int]]
    centre: Mapping[str, float]
    scale: Mapping[str, float]
    l2: float = 0.0
    timed: tuple[str, ...] = ()
    unit: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """The coefficients (p,): the letters, then "letter:covariate"."""
        pairs = [f"{a}:{z}" for a in self.letters if a in self.acts for z in self.acts[a][0]]
        return (*self.letters, *pairs)

    @property
    def covariates(self) -> tuple[str, ...]:
        """The covariates, each once."""
        return tuple(dict.fromkeys(z for names, _ in self.acts.values() for z in names))

    @property
    def pairs(self) -> tuple[tuple[int, str, int], ...]:
        """For each coefficient of a covariate: position of its letter, covariate, sign."""
        return tuple(
            (self.letters.index(a), z, self.acts[a][1])
            for a in self.letters
            if a in self.acts
            for z in self.acts[a][0]
        )

    def columns(self, rows: Rows) -> list[Floats]:
        """The covariates (m,) of each pair, centred and scaled, with their signs."""
        return [sign * (rows.z[z] - self.centre[z]) / self.scale[z] for _, z, sign in self.pairs]

    def params(self, theta: Floats, columns: Sequence[Floats]) -> Floats:
        """The letters (k, 1), or (k, m) where there are covariates."""
        k = len(self.letters)
        if not columns:
            return np.exp(theta[:k])[:, None]
        logs = np.repeat(theta[:k, None], len(columns[0]), axis=1)
        for coefficient, (letter, _, _), z in zip(theta[k:], self.pairs, columns, strict=True):
            logs[letter] += coefficient * z
        return np.exp(np.clip(logs, -30.0, 30.0))

    @property
    def own_units(self) -> Floats:
        """The matrix (p, p) from inner coefficients to those of covariates as they are."""
        k, p = len(self.letters), len(self.names)
        turn = np.eye(p)
        for i, (letter, z, sign) in enumerate(self.pairs):
            turn[k + i, k + i] = 1 / self.scale[z]
            turn[letter, k + i] = -sign * self.centre[z] / self.scale[z]
        return turn


def likelihood(
    process: Process, design: Design, theta: Floats, rows: Rows, *, second: bool = True
) -> tuple[float, Floats, Floats]:
    """The penalised log likelihood of inner coefficients (p,), its gradient and Hessian."""
    p, k = len(theta), len(design.letters)
    value, gradient, hessian = 0.0, np.zeros(p), np.zeros((p, p))
    for start in range(0, len(rows), AT_ONCE):
        some = rows.take(slice(start, start + AT_ONCE)) if len(rows) > AT_ONCE else rows
        columns = design.columns(some)
        params = design.params(theta, columns)
        if not second:
            value += float(some.weight @ process.value(params, some))
            continue
        curve = process.curve(params, some)
        value += float(some.weight @ curve.value)
        gradient[:k] += curve.gradient @ some.weight
        hessian[:k, :k] += curve.hessian @ some.weight
        if not columns:
            continue
        slopes, bends = curve.gradient * some.weight, curve.hessian * some.weight
        for i, (letter, _, _) in enumerate(design.pairs):
            gradient[k + i] += slopes[letter] @ columns[i]
            cross = bends[letter] @ columns[i]
            hessian[:k, k + i] += cross
            hessian[k + i, :k] += cross
            for j, (other, _, _) in enumerate(design.pairs):
                hessian[k + i, k + j] += (bends[letter, other] * columns[i]) @ columns[j]
    if design.l2:
        value -= design.l2 * float(theta[k:] @ theta[k:])
        gradient[k:] -= 2 * design.l2 * theta[k:]
        hessian[k:, k:] -= 2 * design.l2 * np.eye(p - k)
    return value, gradient, hessian


def unpenalised(design: Design, found: Maximum) -> float:
    """The log likelihood at a maximum of the penalised one."""
    coefficients = found.point[len(design.letters) :]
    return found.value + design.l2 * float(coefficients @ coefficients)


def search(process: Process, design: Design, rows: Rows, start: Floats | None = None) -> Maximum:
    """The highest of the maxima of the likelihood that are found from several starts.

    Where there are many rows, starts compete on some of them, and the best goes on with all.
    """
    if start is not None:
        return _find(process, design, rows, start)
    many = len(rows) > 2 * FEW
    some = rows.take(slice(None, None, len(rows) // FEW)) if many else rows
    none = np.zeros(len(design.pairs))
    starts = [np.concatenate([np.log(one), none]) for one in process.starts(rows)]
    best = max((_find(process, design, some, one) for one in starts), key=_rank)
    return _find(process, design, rows, best.point) if many else best


def _rank(found: Maximum) -> tuple[bool, float]:
    """Maxima before what is none, then the higher ones; those of one height are one."""
    return bool(np.isfinite(found.value)), found.value + (SAME if found.converged else 0.0)


def _find(process: Process, design: Design, rows: Rows, start: Floats) -> Maximum:
    def function(theta: Floats, second: bool) -> tuple[float, Floats, Floats]:
        return likelihood(process, design, theta, rows, second=second)

    centre, half = box_of(design)
    return maximise(function, start, half, centre)


def box_of(design: Design) -> tuple[Floats, Floats]:
    """The middle (p,) of the box in which coefficients are looked for, and half its width (p,)."""
    letters, pairs = len(design.letters), len(design.pairs)
    centre = [np.log(design.unit) if letter in design.timed else 0.0 for letter in design.letters]
    return np.array(centre + [0.0] * pairs), np.array([BOX] * letters + [WIDE] * pairs)
