"""Does the model keep up? Repeat purchases of all customers by calendar period.

    expected up to t = sum over customers of E[X(t - first purchase)]

This is asked of each customer as of a new one, before anything was seen of them but the first
purchase, for the periods in which the model was fitted and for those after.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import attrs
import numpy as np
import pandas as pd
from scipy.stats import norm

from onefold import _time
from onefold._check import fraction, instance, one_of
from onefold._random import generator
from onefold._types import Bools, Floats, Instant, Ints, Rng, Times
from onefold.errors import ArgumentError
from onefold.events.log import EventLog
from onefold.lifetime.checking.course import PERIODS, Course, Newcomers
from onefold.lifetime.checking.paths import paths
from onefold.lifetime.checking.same import fitted_on, learned, longest
from onefold.lifetime.checking.tracked import Tracking
from onefold.lifetime.fitted import FittedPurchases
from onefold.lifetime.purchases import Purchases
from onefold.lifetime.rows import Rows
from onefold.lifetime.summary import _asked, _before, _between, _summary
from onefold.lifetime.units import DAY
from onefold.profiles import Profiles

PATHS = 20_000  # simulated customers
NAMES = ("actual", "expected", "low", "high")
STEP = 1e-4  # of a logarithm of a parameter
EVENTS = 4_000_000  # of them, at most
METHOD = "normal; variance from {:,} simulated customers, of the parameters by the delta method"

Add: TypeAlias = Callable[[Any], Any]  # adds up periods along the last axis


def tracking(
    fitted: FittedPurchases,
    log: EventLog | Profiles,
    *,
    split: Instant | None = None,
    start: Instant | None = None,
    end: Instant | None = None,
    period: str = "W",
    event: str = "purchase",
    collapse: str | None = "D",
    level: float = 0.95,
    rng: Rng = 0,
    other_customers: bool = False,
) -> Tracking:
    """Compare repeat purchases by calendar period with what the model expects of new customers.

    Customers are those whose first purchase lies before the split (and not before `start`). Each
    is expected to buy again as often as a new customer would who began on the same day; nothing
    that was seen of them later is used, so this shows whether the model has the course of buying
    and leaving right, not whether it knows its customers (see `holdout_check`). Periods are counted
    from the split, or from the end, in both directions; at the end only whole ones are shown.

    The interval is for the number of purchases if the model is true: expected, and z times the
    root of the variance of (actual - expected). It is found from 20,000 simulated customers, who
    begin when customers did: how far their purchases stray from what is expected, less how far
    they would have moved the parameters (delta method, with each customer's score), for the same
    customers set these. Customers are taken to buy independently of each other: a season, a
    campaign or a recession is in no model here, and shows as periods outside the interval.

    Args:
        fitted: A fitted model of buying and leaving, without covariates, with a unit of time.
        log: The events that the model's summary was made from, or profiles of them.
        split: The instant at which the holdout begins: the `end` of the summary that the model was
            fitted on. Left out, all is calibration up to `end`.
        start: As in `rfm_summary`.
        end: Only what lies before it is seen; left out, up to just after the last event, or the
            profiles' `as_of`.
        period: "D", "W" (7 days) or "M" (the same day of each month).
        event: The kind of event that is a purchase.
        collapse: As in `rfm_summary`: what the model's summary was made with.
        level: The chance that an interval covers, if the model is true.
        rng: Chance for the simulated customers: a seed, a Generator, or None.
        other_customers: Whether the model was fitted on others than those in this log before the
            split, and that is meant.

    Raises:
        ArgumentError: If an argument is not allowed, the model has covariates or no unit of time,
            or was fitted on other customers.

    Examples:
        >>> import onefold as of
        >>> from onefold.lifetime.models import BGNBD
        >>> from onefold.lifetime.summary import rfm_summary
        >>> from onefold.lifetime.checking.tracking import tracking
        >>> months = [[2, 4, 6, 9, 12], [2, 3, 10], [8, 9], [2], [12], [4, 6, 7], [6],
        ...           [2, 3, 4, 6, 8]]
        >>> log = of.EventLog.from_events([
        ...     of.Event(f"c{i}", "purchase", f"2024-{month:02}-03")
        ...     for i in range(160) for month in months[i % 8]])
        >>> fitted = BGNBD().fit(rfm_summary(log, end="2024-09-01"))
        >>> found = tracking(fitted, log, split="2024-09-01", end="2024-12-01", period="M")
        >>> found.table["actual"].tolist(), found.totals["actual"].tolist()
        ([0, 40, 40, 0, 60, 20, 20, 40, 20, 0], [180, 60])

    Source: the tracking plots of Fader, Hardie and Lee, "Counting your customers the easy way",
    Marketing Science 24, 2005, figure 3 (cumulative) and its weekly form.
    """
    call = "tracking"
    instance(fitted, FittedPurchases, f"{call}: fitted", "Fit a model first: BGNBD().fit(...).")
    _plain(fitted, call)
    level = fraction(level, f"{call}: level")
    one_of(period, tuple(PERIODS), f"{call}: period")
    chance = generator(rng, f"{call}: rng")
    asked = _asked(call, log, start, end, fitted.time_unit, collapse, event)
    middle = None if split is None else _time.instant(split, f"{call}: split")
    if middle is not None:
        _between(middle, asked)
    until = asked.end if middle is None else middle
    summary, rows = _summary(asked, until, "end" if middle is None else "split")
    same = fitted_on(fitted, Rows.of(summary.frequency, summary.recency, summary.T))
    if not same and not other_customers:
        raise ArgumentError(
            f"{call}: fitted saw {fitted.n:,} customers for up to {longest(fitted):g}, and log has "
            f"{len(summary):,} for up to {summary.T.max():g} before the "
            f"{'end' if middle is None else 'split'}, or others than those. Give the split, start, "
            "event and collapse that the model's summary was made with, so that the periods after "
            "the split are ones it has not seen; or say other_customers=True."
        )
    made = Purchases.of(_before(asked, asked.end), asked.collapse)
    course = Course.of(made, rows, asked.time_unit)
    edges = course.edges(until, asked.end, period, call)
    if len(edges) < 2:
        raise ArgumentError(
            f"{call}: period is {period!r}, and not one lies between the first purchase and the "
            "end; take a shorter one."
        )
    late = np.zeros(len(edges) - 1, dtype=bool) if middle is None else edges[:-1] >= middle
    table, totals, method = _tables(fitted, course, edges, late, same=same, level=level, rng=chance)
    return Tracking(
        table=table,
        totals=totals,
        model=type(fitted.settings).__name__,
        n=len(summary),
        split=middle,
        period=period,
        left_out=float((asked.end - edges[-1]).astype(np.int64)) / DAY,
        same=same,
        level=level,
        method=method,
    )


def _plain(fitted: FittedPurchases, call: str) -> None:
    """Refuse what can't be tracked."""
    names = fitted._design.covariates
    if names:
        raise ArgumentError(
            f"{call}: fitted has the covariates {', '.join(map(repr, names))}, which a log does "
            "not hold. Track a fit without them; holdout_check takes covariates."
        )
    if fitted.time_unit is None:
        raise ArgumentError(
            f"{call}: it isn't known what one unit of the model's T is. Say it when fitting, "
            ".fit(frame, time_unit='W'), or fit on rfm_summary(log)."
        )


@attrs.frozen(eq=False)
class _Spread:
    """How purchases stray from what is expected, from simulated customers.

    Attributes:
        off: How far each (s, k) is from the expected, by period.
        moved: How far each (s, p) moves the logarithms of the parameters; None if these customers
            had no say in them.
        covariance: Of the logarithms of the parameters (p, p).
        n: Customers for whom these stand.
    """

    off: Floats
    moved: Floats | None
    covariance: Floats
    n: float

    def variance(self, add: Add, slopes: Floats) -> Floats:
        """The variance of (actual - expected) for what adds up periods along the last axis."""
        off, slope = add(self.off), add(slopes)
        if self.moved is not None:
            own: Floats = self.n * ((off - self.moved @ slope) ** 2).mean(axis=0)
            return own
        parameters = np.einsum("pk,pq,qk->k", slope, self.covariance, slope)
        both: Floats = self.n * (off**2).mean(axis=0) + parameters
        return both


def _tables(
    fitted: FittedPurchases,
    course: Course,
    edges: Times,
    late: Bools,
    *,
    same: bool,
    level: float,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """By period, by part, and how intervals were found."""
    actual = course.actual(edges)
    ages = course.ages(edges)
    asked = Newcomers.at(ages)

    def each(theta: Floats) -> Floats:
        """Expected purchases (j, k) of one who began then."""
        params = fitted._design.params(theta, [])
        return np.diff(asked.expected(fitted._process, params), axis=1)

    means = each(fitted._theta)
    expected = course.weight @ means
    slopes = np.array([course.weight @ slope for slope in _slopes(each, fitted._theta)])
    split = int((~late).sum())
    spread = _spread(fitted, course, ages, means, split if same else None, rng)
    z = norm.ppf((1 + level) / 2)

    def interval(add: Add) -> tuple[Floats, Floats, Floats]:
        """Expected, and its bounds, of what adds up periods."""
        total = add(expected)
        if spread is None:
            return total, np.full_like(total, np.nan), np.full_like(total, np.nan)
        wide = z * np.sqrt(np.maximum(spread.variance(add, slopes), 0.0))
        return total, np.maximum(total - wide, 0.0), total + wide

    names = np.where(late, "holdout", "calibration")
    table = pd.DataFrame({"begin": edges[:-1], "end": edges[1:], "part": names})
    for before, add in (("", _as_they_are), ("cumulative_", _so_far)):
        columns = zip(NAMES, (add(actual), *interval(add)), strict=True)
        table = table.assign(**{f"{before}{name}": column for name, column in columns})
    return table, _totals(actual, late, interval), _method(spread)


def _totals(actual: Ints, late: Bools, interval: Any) -> pd.DataFrame:
    """By part: calibration, holdout."""
    both = (("calibration", ~late), ("holdout", late))
    parts = {name: some for name, some in both if some.any()}
    chosen = np.array(list(parts.values()), dtype=np.float64).T
    made = (actual @ chosen).astype(np.int64)
    columns = zip(NAMES, (made, *interval(lambda a: a @ chosen)), strict=True)
    periods = chosen.sum(axis=0).astype(np.int64)
    totals = pd.DataFrame({"part": list(parts), "periods": periods, **dict(columns)})
    none = np.full(len(made), np.nan)
    return totals.assign(ratio=np.divide(totals["expected"], made, out=none, where=made > 0))


def _method(spread: _Spread | None) -> str:
    return "none for this process" if spread is None else METHOD.format(len(spread.off))


def _as_they_are(periods: Any) -> Any:
    return periods


def _so_far(periods: Any) -> Any:
    return np.cumsum(periods, axis=-1)


def _slopes(each: Callable[[Floats], Floats], theta: Floats) -> Iterator[Floats]:
    """How expected purchases change with each logarithm of a parameter."""
    for i in range(len(theta)):
        step = np.zeros(len(theta))
        step[i] = STEP
        yield (each(theta + step) - each(theta - step)) / (2 * STEP)


def _spread(
    fitted: FittedPurchases,
    course: Course,
    ages: Floats,
    means: Floats,
    split: int | None,
    rng: np.random.Generator,
) -> _Spread | None:
    """Simulate customers who begin when customers did; `split`: the age they were fitted at."""
    n = course.weight.sum()
    buys = float((course.weight @ means).sum()) / n
    many = int(np.clip(EVENTS / max(buys, 1.0), PATHS / 20, PATHS))
    who = rng.choice(len(ages), many, p=course.weight / n)
    params = fitted._design.params(fitted._theta, [])
    at = ages.shape[1] - 1 if split is None else split
    drawn = paths(fitted._process, params, ages[who], split=at, rng=rng)
    if drawn is None:
        return None
    known, moved = learned(fitted._covariance), None
    if split is not None:
        scores = fitted._process.curve(params, drawn.seen).gradient
        moved = scores.T @ known
    return _Spread(drawn.made - means[who], moved, known, float(n))
