"""Bootstrap of a fit: customers drawn again, the model fitted again.

    weights of the different rows* ~ multinomial(n, weights / n)

Drawing customers with replacement is drawing how many have each row, so a draw costs a fit on the
different rows, begun at the estimate. Source: Efron and Tibshirani, "An introduction to the
bootstrap", 1993, chapter 13 (percentile intervals).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from onefold._check import fraction, whole
from onefold._random import generator
from onefold._types import Rng
from onefold.errors import ArgumentError
from onefold.lifetime.fitting import likelihood, search
from onefold.lifetime.sureness import covariance, untold

if TYPE_CHECKING:
    from onefold.lifetime.fitted import FittedPurchases


def bootstrapped(
    fit: "FittedPurchases",
    statistic: Callable[[Any], Any] | None,
    *,
    n: int,
    level: float,
    rng: Rng,
) -> pd.DataFrame:
    """Percentile intervals of a statistic of the fit."""
    call = f"{type(fit.settings).__name__}.bootstrap"
    n, level = whole(n, f"{call}: n", least=20), fraction(level, f"{call}: level")
    chance = generator(rng, f"{call}: rng")
    asked: Callable[[Any], Any] = _params if statistic is None else statistic
    names, estimate = _numbers(asked(fit), call)
    drawn = np.array([_numbers(asked(again), call)[1] for again in _fits(fit, n, chance)])
    if drawn.shape[1:] != estimate.shape:
        raise ArgumentError(f"{call}: statistic returned numbers of different shapes.")
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return pd.DataFrame(
        {"name": names, "estimate": estimate, "low": low, "high": high, "draws": len(drawn)}
    )


def _params(fit: Any) -> Any:
    return fit.params


def _fits(fit: "FittedPurchases", n: int, rng: np.random.Generator) -> Iterator["FittedPurchases"]:
    """The model fitted to customers drawn again, n times; those without a repeat purchase left."""
    rows = fit._rows
    weight = rows.weight / rows.weight.sum()
    for _ in range(n):
        drawn = rng.multinomial(fit.n, weight).astype(np.float64)
        some = rows.take(np.flatnonzero(drawn)).weighted(drawn[drawn > 0])
        if not (some.x > 0).any():
            continue
        found = search(fit._process, fit._design, some, fit._theta)
        yield attrs.evolve(
            fit,
            theta=found.point,
            covariance=covariance(found.hessian, found.edges),
            log_likelihood=plain(fit, found.point, some),
            converged=found.converged,
            untold=untold(fit._design, found),
            steps=found.steps,
            rows=some,
        )


def plain(fit: "FittedPurchases", theta: Any, rows: Any) -> float:
    """The log likelihood without a penalty."""
    design = attrs.evolve(fit._design, l2=0.0)
    return likelihood(fit._process, design, theta, rows, second=False)[0]


def _numbers(found: Any, call: str) -> tuple[list[str], np.ndarray[Any, Any]]:
    """A statistic as names (s,) and numbers (s,)."""
    if isinstance(found, (Mapping, pd.Series)):
        held = dict(found.items())
        names = [str(name) for name in held]
        values = np.array(list(held.values()), dtype=np.float64)
    else:
        values = np.asarray(found, dtype=np.float64).reshape(-1)
        names = [str(i) for i in range(len(values))] if len(values) != 1 else ["statistic"]
    if not np.isfinite(values).all():
        raise ArgumentError(f"{call}: statistic returned a number that is not finite.")
    return names, values
