"""How sure the parameters are: intervals by profile likelihood, or by standard errors.

    profile    {v : 2 (log L(estimate) - max of log L with the parameter held at v) <= chi2(level)}
    wald       exp(log estimate -+ z * standard error of the logarithm)

Profiles don't mind how a parameter is written, and follow a likelihood that is lopsided; where it
does not fall far enough, an interval goes on to 0 or to infinity, and says so by its bound.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from onefold._check import fraction, one_of
from onefold._types import Bools, Floats
from onefold.errors import ArgumentError
from onefold.lifetime.fitting import Design, box_of, likelihood
from onefold.lifetime.newton import Maximum, maximise

if TYPE_CHECKING:
    from onefold.lifetime.fitted import FittedPurchases

METHODS = ("profile", "wald")
EXACT = 1e-4  # of a bound, in standard errors
FLAT = 5.0  # standard error of a logarithm: a parameter may as well be 100 times as large


def covariance(hessian: Floats, edges: Bools) -> Floats:
    """The inverse of the information (p, p); 0 for what lies on an edge.

    A direction in which the likelihood is flat gets the variance of what can be told: very much.
    """
    free = ~edges
    held = np.zeros_like(hessian)
    if free.any():
        values, vectors = np.linalg.eigh(-hessian[np.ix_(free, free)])
        values = np.maximum(values, 1e-12 * max(float(np.abs(values).max()), 1e-300))
        held[np.ix_(free, free)] = (vectors / values) @ vectors.T
    return held


def untold(design: Design, found: Maximum) -> tuple[str, ...]:
    """The parameters that the data don't tell: on the edge, or with a flat likelihood.

    Flat with what lies on an edge let go: of two that run off together, one gets there first.
    """
    errors = np.sqrt(np.diag(covariance(found.hessian, np.zeros_like(found.edges))))
    errors *= np.abs(np.diag(design.own_units))
    letters = np.arange(len(errors)) < len(design.letters)
    flat = found.edges | (letters & (errors > FLAT))
    return tuple(name for name, away in zip(design.names, flat, strict=True) if away)


def intervals_of(fit: "FittedPurchases", level: float, method: str) -> pd.DataFrame:
    """A table of the parameters with their intervals."""
    call = f"{type(fit.settings).__name__}: intervals"
    level = fraction(level, f"{call}: level")
    one_of(method, METHODS, f"{call}: method")
    if method == "profile" and fit._design.l2:
        raise ArgumentError(
            f"{call}: method is 'profile', but the fit has a penalty (l2={fit._design.l2:g}), so "
            "that a likelihood-ratio test does not hold. Use method='wald' or .bootstrap()."
        )
    logs = fit._design.own_units @ fit._theta
    errors = np.sqrt(np.diag(fit.covariance.to_numpy()))
    wide = norm.ppf((1 + level) / 2) * errors
    bounds = np.stack([logs - wide, logs + wide], axis=1)
    if method == "profile":
        bounds = logs[:, None] + np.array([_profile(fit, i, level) for i in range(len(logs))])
    letters = len(fit._design.letters)
    bounds[:letters] = np.exp(bounds[:letters])
    frame = pd.DataFrame({"param": list(fit.params), "estimate": list(fit.params.values())})
    frame["standard_error"] = list(fit.standard_errors.values())
    return frame.assign(low=bounds[:, 0], high=bounds[:, 1], method=method)


def _profile(fit: "FittedPurchases", i: int, level: float) -> tuple[float, float]:
    """How far the two bounds of coefficient i lie off, in its own units, letters as logarithms."""
    design, rows, process = fit._design, fit._rows, fit._process
    turn = np.eye(len(fit._theta))  # all but the one asked for stay as they are inside
    turn[i] = design.own_units[i]
    back = np.linalg.inv(turn)
    point = turn @ fit._theta
    (centre, box), others = box_of(design), np.arange(len(point)) != i
    threshold = chi2.ppf(level, 1) / 2
    scatter = turn @ fit._covariance @ turn.T
    told = design.names[i] not in fit.untold and scatter[i, i] > 0
    error = float(np.sqrt(scatter[i, i])) if told else 1.0
    slope = scatter[others, i] / scatter[i, i] if told else np.zeros(others.sum())
    slope[fit._away[others]] = 0.0  # along these a profile is flat, wherever one starts
    best = fit.log_likelihood

    def fallen(away: float) -> float:
        """How much the profile lies below the threshold, so far from the estimate."""
        whole = point.copy()
        whole[i] += away

        def function(rest: Floats, second: bool) -> tuple[float, Floats, Floats]:
            whole[others] = rest
            value, gradient, hessian = likelihood(
                process, design, back @ whole, rows, second=second
            )
            gradient, hessian = back.T @ gradient, back.T @ hessian @ back
            return value, gradient[others], hessian[np.ix_(others, others)]

        start = point[others] + slope * away
        found = maximise(function, start, 2 * box[others], centre[others])
        return best - found.value - threshold

    def furthest(side: int) -> float:
        """To the end of the box, and beyond where the standard error says so."""
        wide = min(10 * error, 2 * float(box[i])) if told else 0.0
        return max(float(box[i]) - side * float(point[i] - centre[i]), wide)

    low, high = (_bound(fallen, side, error, furthest(side)) for side in (-1, 1))
    return low, high


def _bound(fallen: Callable[[float], float], side: int, error: float, furthest: float) -> float:
    """How far off the profile crosses the threshold on one side; infinite where it never does."""
    inside, away = 0.0, min(2.0 * error, furthest)
    if furthest <= 0:
        return side * np.inf
    while not fallen(side * away) >= 0:
        if away >= furthest:
            return side * np.inf
        inside, away = away, min(1.7 * away, furthest)
    root = brentq(lambda a: fallen(side * a), inside, away, xtol=EXACT * error)
    return side * float(root)
