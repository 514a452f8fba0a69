"""Whole paths of new customers: when they buy, up to when they leave.

    purchases at u_1 < u_2 < .. < u_N, N ~ Poisson(rate * T), kept while still a customer

`Process.draw` gives what is seen at one moment; how sums over calendar periods spread, and how that
goes together with what the model was fitted on, needs the moments between.
"""

import attrs
import numpy as np

from onefold._types import Bools, Floats, Ints
from onefold.lifetime.processes.bgbb import BetaBernoulli
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.processes.paretonbd import Pareto
from onefold.lifetime.processes.process import Process
from onefold.lifetime.rows import Rows


@attrs.frozen(eq=False)
class Paths:
    """Simulated customers.

    Attributes:
        made: Repeat purchases (n, k) between their ages.
        seen: What was seen of them at one of the ages.
    """

    made: Floats
    seen: Rows


def paths(
    process: Process, params: Floats, ages: Floats, *, split: int, rng: np.random.Generator
) -> Paths | None:
    """Draw customers from a process.

    Args:
        process: How they buy and leave.
        params: Its parameters (p, 1).
        ages: Times (n, k + 1) since the first purchase, ascending from 0 in each row.
        split: At which of the ages they are `seen`.
        rng: Chance.

    Returns:
        Their paths; None for a process that isn't one of this library's.
    """
    if isinstance(process, BetaGeometric):
        who, when = _geometric(process, params, ages[:, -1], rng)
    elif isinstance(process, Pareto):
        who, when = _pareto(params, ages[:, -1], rng)
    elif isinstance(process, BetaBernoulli):
        who, when = _bernoulli(params, ages[:, -1], rng)
    else:
        return None
    n, edges = ages.shape
    apart = 1.0 + np.ceil(ages.max())  # each customer's ages in a stretch of their own
    stretch = (ages + apart * np.arange(n)[:, None]).ravel()
    place = np.searchsorted(stretch, when + apart * who) - edges * who - 1
    made = np.bincount(who * (edges - 1) + place, minlength=n * (edges - 1))
    T = ages[:, split]
    early = when <= T[who]
    x = np.bincount(who[early], minlength=n).astype(np.float64)
    t_x = np.zeros(n)
    np.maximum.at(t_x, who[early], when[early])
    return Paths(made.reshape(n, edges - 1).astype(np.float64), Rows.of(x, t_x, T))


def _geometric(
    process: BetaGeometric, params: Floats, T: Floats, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    r, alpha, a, b = params[:, 0]
    who, when, number = _poisson(rng.gamma(r, 1 / alpha, len(T)), T, rng)
    leave = np.clip(rng.beta(a, b, len(T)), 1e-12, 1.0)
    last = rng.geometric(leave) - process.at_once  # after this repeat purchase they leave
    return _kept(who, when, number <= last[who])


def _pareto(params: Floats, T: Floats, rng: np.random.Generator) -> tuple[Ints, Floats]:
    r, alpha, s, beta = params[:, 0]
    who, when, _ = _poisson(rng.gamma(r, 1 / alpha, len(T)), T, rng)
    with np.errstate(divide="ignore", over="ignore"):  # who can't leave lives for ever
        life = rng.standard_exponential(len(T)) / rng.gamma(s, 1 / beta, len(T))
    return _kept(who, when, when <= life[who])


def _bernoulli(params: Floats, T: Floats, rng: np.random.Generator) -> tuple[Ints, Floats]:
    alpha, beta, gamma, delta = params[:, 0]
    buy = rng.beta(alpha, beta, len(T))
    leave = np.clip(rng.beta(gamma, delta, len(T)), 1e-12, 1.0)
    last = np.minimum(rng.geometric(leave) - 1, np.round(T).astype(np.int64))
    who = np.repeat(np.arange(len(T)), last)
    when = 1.0 + np.arange(len(who)) - np.repeat(np.cumsum(last) - last, last)
    return _kept(who, when, rng.random(len(who)) < buy[who])


def _poisson(rate: Floats, T: Floats, rng: np.random.Generator) -> tuple[Ints, Floats, Ints]:
    """Purchases of those who never leave: whose, when, and the number of each for its customer."""
    many = rng.poisson(rate * T)
    who = np.repeat(np.arange(len(T)), many)
    when = rng.random(len(who)) * T[who]
    when = when[np.lexsort((when, who))]
    number = 1 + np.arange(len(who)) - np.repeat(np.cumsum(many) - many, many)
    return who, when, number


def _kept(who: Ints, when: Floats, kept: Bools) -> tuple[Ints, Floats]:
    return who[kept], when[kept]
