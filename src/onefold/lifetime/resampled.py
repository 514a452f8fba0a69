"""Bootstrap of a fit: customers drawn again, the model fitted again.

    weights of the different rows* ~ multinomial(n, weights / n)

Drawing customers with replacement is drawing how many have each row, so a draw costs a fit on the
different rows, begun at the estimate. Source: Efron and Tibshirani, "An introduction to the
bootstrap", 1993, chapter 13 (percentile intervals).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from onefold._check import fraction, shown, whole
from onefold._random import generator
from onefold._types import Floats, Rng
from onefold.errors import ArgumentError
from onefold.lifetime.fitting import likelihood, search
from onefold.lifetime.rows import Rows
from onefold.lifetime.sureness import covariance, untold

if TYPE_CHECKING:
    from onefold.lifetime.fitted import FittedPurchases

LEAST = 20  # draws


def bootstrapped(
    fit: Any,
    statistic: Callable[[Any], Any],
    call: str,
    again: Callable[[np.random.Generator], Any],
    *,
    draws: int,
    level: float,
    rng: Rng,
) -> pd.DataFrame:
    """Percentile intervals of a statistic of a fit.

    Args:
        fit: What is estimated from.
        statistic: From a fit to a number, an array, or a mapping of names to numbers.
        call: How errors begin.
        again: From chance to the fit on customers drawn again; None where it can't be made.
        draws: How often customers are drawn.
        level: The chance that an interval covers.
        rng: Chance.
    """
    draws = whole(draws, f"{call}: draws", least=LEAST)
    level = fraction(level, f"{call}: level")
    chance = generator(rng, f"{call}: rng")
    if not callable(statistic):
        raise ArgumentError(
            f"{call}: statistic is {shown(statistic)}; it takes a function of a fit, such as "
            "lambda fit: fit.params['r']."
        )
    names, estimate = _numbers(statistic(fit), call)
    drawn = [
        _same(names, _numbers(statistic(one), call), call) for one in _made(again, draws, chance)
    ]
    if len(drawn) < LEAST:
        raise ArgumentError(
            f"{call}: of {draws} draws only {len(drawn)} hold somebody who bought again, too few "
            "for an interval."
        )
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return pd.DataFrame(
        {"name": names, "estimate": estimate, "low": low, "high": high, "draws": len(drawn)}
    )


def drawn_again(fit: "FittedPurchases", rng: np.random.Generator) -> "FittedPurchases | None":
    """The model fitted to its own customers drawn again; None if none of them bought again."""
    rows = fit._rows
    drawn = rng.multinomial(fit.n, rows.weight / rows.weight.sum()).astype(np.float64)
    return refitted(fit, rows, drawn)


def refitted(fit: "FittedPurchases", rows: Rows, weight: Floats) -> "FittedPurchases | None":
    """The model fitted to rows with other weights; None if nobody bought again."""
    some = rows.take(np.flatnonzero(weight)).weighted(weight[weight > 0])
    if not (some.x > 0).any():
        return None
    found = search(fit._process, fit._design, some, fit._theta)
    design = attrs.evolve(fit._design, l2=0.0)
    return attrs.evolve(
        fit,
        theta=found.point,
        covariance=covariance(found.hessian, found.edges),
        log_likelihood=likelihood(fit._process, design, found.point, some, second=False)[0],
        converged=found.converged,
        untold=untold(fit._design, found),
        steps=found.steps,
        rows=some,
    )


def _made(
    again: Callable[[np.random.Generator], Any], draws: int, rng: np.random.Generator
) -> Iterable[Any]:
    made: Iterator[Any] = (again(rng) for _ in range(draws))
    return (one for one in made if one is not None)


def _numbers(found: Any, call: str) -> tuple[list[str], Floats]:
    """A statistic as names (s,) and numbers (s,)."""
    try:
        if isinstance(found, (Mapping, pd.Series)):
            held = dict(found.items())
            names = [str(name) for name in held]
            values = np.array(list(held.values()), dtype=np.float64)
        else:
            values = np.asarray(found, dtype=np.float64).reshape(-1)
            names = [str(i) for i in range(len(values))] if len(values) != 1 else ["statistic"]
    except (TypeError, ValueError):
        raise ArgumentError(
            f"{call}: statistic returned {shown(found)}; it returns a number, an array of numbers, "
            "or a mapping of names to numbers."
        ) from None
    if not np.isfinite(values).all():
        raise ArgumentError(
            f"{call}: statistic returned a number that is not finite: {shown(found)}."
        )
    return names, values


def _same(names: list[str], found: tuple[list[str], Floats], call: str) -> Floats:
    if found[0] != names:
        raise ArgumentError(
            f"{call}: statistic returned {shown(names)} of the fit and {shown(found[0])} of a "
            "draw; it returns the same numbers each time."
        )
    return found[1]
