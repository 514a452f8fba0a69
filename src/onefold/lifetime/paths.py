"""Whole paths of new customers: how many purchases fall between one age and the next.

    N_k ~ Poisson(rate * time between ages k and k + 1 while still a customer)

`Process.draw` gives what is seen at one moment; a spread of sums over calendar periods needs to
know when within it the purchases came.
"""

import numpy as np

from onefold._types import Floats
from onefold.lifetime.bgbb import BetaBernoulli
from onefold.lifetime.bgnbd import BetaGeometric
from onefold.lifetime.paretonbd import Pareto
from onefold.lifetime.process import Process


def paths(
    process: Process, params: Floats, ages: Floats, rng: np.random.Generator
) -> Floats | None:
    """Repeat purchases (n, k) of simulated customers between ages (n, k + 1).

    Args:
        process: How they buy and leave.
        params: Its parameters (p, 1).
        ages: Times since the first purchase, ascending from 0 in each row.
        rng: Chance.

    Returns:
        Numbers of purchases; None for a process that isn't one of this library's.
    """
    if isinstance(process, BetaGeometric):
        return _geometric(process, params, ages, rng)
    if isinstance(process, Pareto):
        return _pareto(params, ages, rng)
    if isinstance(process, BetaBernoulli):
        return _bernoulli(params, ages, rng)
    return None


def _geometric(
    process: BetaGeometric, params: Floats, ages: Floats, rng: np.random.Generator
) -> Floats:
    r, alpha, a, b = params[:, 0]
    rate = rng.gamma(r, 1 / alpha, len(ages))
    leave = np.clip(rng.beta(a, b, len(ages)), 1e-12, 1.0)
    last = rng.geometric(leave) - process.at_once  # after this repeat purchase they leave
    made = np.cumsum(rng.poisson(rate[:, None] * np.diff(ages, axis=1)), axis=1)
    return np.diff(np.minimum(made, last[:, None]), axis=1, prepend=0).astype(np.float64)


def _pareto(params: Floats, ages: Floats, rng: np.random.Generator) -> Floats:
    r, alpha, s, beta = params[:, 0]
    rate = rng.gamma(r, 1 / alpha, len(ages))
    with np.errstate(divide="ignore"):  # who can't leave lives for ever
        life = rng.standard_exponential(len(ages)) / rng.gamma(s, 1 / beta, len(ages))
    there = np.diff(np.minimum(ages, life[:, None]), axis=1)
    return rng.poisson(rate[:, None] * there).astype(np.float64)


def _bernoulli(params: Floats, ages: Floats, rng: np.random.Generator) -> Floats:
    alpha, beta, gamma, delta = params[:, 0]
    buy = rng.beta(alpha, beta, len(ages))
    leave = np.clip(rng.beta(gamma, delta, len(ages)), 1e-12, 1.0)
    last = rng.geometric(leave) - 1  # the last opportunity at which they are there
    there = np.diff(np.minimum(np.round(ages), last[:, None]), axis=1).astype(np.int64)
    return rng.binomial(there, buy[:, None]).astype(np.float64)
