"""Does the model give as many one-time buyers, and as many of each frequency, as there are?

    expected customers with x repeat purchases = sum over customers of P(X(T_i) = x)

A model that can't say again what it was fitted on will not foresee what comes next; the reverse
does not follow. So this check is a first one, and is in-sample.
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from onefold._check import fraction, instance, whole
from onefold._display import html_table, number, text_table
from onefold._random import generator
from onefold._types import Floats, Rng
from onefold.lifetime.checking.content import FRAMES, NUMBERS, copied
from onefold.lifetime.checking.same import learned
from onefold.lifetime.fitted import FittedPurchases
from onefold.lifetime.fitting import search
from onefold.lifetime.rows import Rows
from onefold.lifetime.sureness import covariance

AT_ONCE = 1 << 16  # rows
DIFFERENT = 4_096  # T: chances change little between them
STEP = 1e-4  # of a coefficient
FLAT = 1e-9  # of the largest eigenvalue: below, a direction has no variance
LEFT = 0.01  # of the variance of a direction: where fitting leaves less, it tells nothing
METHOD = (
    "normal, with the variance of a sum of independent customers less what fitting to them takes "
    "away"
)


@attrs.frozen(repr=False)
class FrequencyCheck:
    """Customers by repeat purchases, as counted and as the model gives; see `frequency_check`.

    Attributes:
        table: A row for each number of repeat purchases, the last for all from there on:
            purchases, observed, expected, low, high. The interval is for the observed count, if
            the model is true.
        model: The model's name.
        n: Customers.
        statistic: Chi squared of Rao, Robson and Nikulin, which allows for the fitting.
        df: Its degrees of freedom.
        p: The chance of as large a statistic if the model is true.
        draws: Simulated sets of customers that p rests on; 0 where it is that of chi squared, for
            many customers.
        level: Of the intervals.
        method: How the intervals were found.
    """

    _table: pd.DataFrame = attrs.field(converter=copied, eq=FRAMES)
    model: str
    n: int
    statistic: float
    df: int
    p: float = attrs.field(eq=NUMBERS)
    draws: int
    level: float
    method: str

    __hash__ = None  # type: ignore[assignment]

    @property
    def table(self) -> pd.DataFrame:
        """A row for each number of repeat purchases; a copy."""
        return self._table.copy()

    def to_pandas(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table

    @property
    def outside(self) -> pd.DataFrame:
        """The rows whose observed count lies outside its interval."""
        t = self._table
        return t[(t["observed"] < t["low"]) | (t["observed"] > t["high"])]

    def plot(self, ax: Any = None) -> Any:
        """Observed as bars, expected as lines with intervals; needs the extra `plot`.

        Args:
            ax: Axes of your own, best of a figure with `layout="constrained"`; else new ones.
        """
        from onefold.lifetime.checking.pictures import counted

        return counted(self, ax)

    def __repr__(self) -> str:
        return f"{self._head()}\n{text_table(*self._shown())}\n{self._foot()}"

    def _repr_html_(self) -> str:
        return html_table(*self._shown(), caption=self._head(), below=self._foot())

    def _head(self) -> str:
        said = f"{self.model}, {self.n:,} customers by repeat purchases, in-sample"
        how = f"{self.draws:,} refitted simulations" if self.draws else "its limit for many"
        p = f"p {number(self.p)} ({how})"
        return f"{said}: chi squared {number(self.statistic)}, df {self.df}, {p}"

    def _shown(self) -> tuple[list[list[Any]], list[str]]:
        rows = [
            [r.purchases, r.observed, r.expected, f"{r.low:,.0f} to {r.high:,.0f}"]
            for r in self._table.itertuples(index=False)
        ]
        return rows, ["purchases", "observed", "expected", f"{100 * self.level:g} % interval"]

    def _foot(self) -> str:
        return f"{len(self.outside)} of {len(self._table)} outside; intervals: {self.method}."


def frequency_check(
    fitted: FittedPurchases,
    *,
    most: int = 7,
    level: float = 0.95,
    draws: int = 0,
    rng: Rng = None,
) -> FrequencyCheck:
    """Compare how often customers bought again with what the model gives for them.

    The expected number of customers with x repeat purchases is the sum over customers of their
    chance of x in their own T. The customers are those that the model was fitted on, so this is
    in-sample, and fitting draws the expected towards the observed. Intervals and p allow for it:

        Var(O - E) = sum over customers of {diag(p_i) - p_i p_i'}  -  G C G'

    with G the slopes of E by the parameters and C their covariance; chi squared is (O - E)' of this
    inverse (O - E), in the directions of which fitting leaves 1 % of the variance or more. Where
    expected counts are below some five the normal law behind both is rough: take a smaller `most`,
    or simulate with `draws`: customers are then drawn from the model, with the same T, the model is
    fitted to them, and the statistic found anew (parametric bootstrap).

    Args:
        fitted: A fitted model of buying and leaving.
        most: Those with so many repeat purchases or more are counted together.
        level: The chance that an interval covers the count, if the model is true.
        draws: Simulated sets of customers that p is to rest on; each costs a fit, and p is never
            below 1 / (draws + 1). 0: p by chi squared.
        rng: Chance for `draws`: a seed, a Generator, or None.

    Raises:
        ArgumentError: If an argument is not allowed.

    Examples:
        >>> import pandas as pd
        >>> from onefold.lifetime.models import BGNBD
        >>> from onefold.lifetime.checking.frequencies import frequency_check
        >>> frame = pd.DataFrame({"frequency": [5, 3, 0, 1, 1, 5],
        ...                       "recency": [24, 3, 0, 3, 9, 31],
        ...                       "T": [31, 37, 39, 39, 32, 31]})
        >>> frame = pd.concat([frame] * 20)
        >>> found = frequency_check(BGNBD().fit(frame), most=3).to_pandas()
        >>> found["observed"].tolist(), round(float(found["expected"].sum()), 6)
        ([20, 40, 0, 60], 120.0)

    Source: the frequency plot of Fader, Hardie and Lee, "Counting your customers the easy way",
    Marketing Science 24, 2005; Rao and Robson, "A chi-square statistic for goodness-of-fit tests
    within the exponential family", Communications in Statistics 3, 1974.
    """
    call = "frequency_check"
    instance(fitted, FittedPurchases, f"{call}: fitted", "Fit a model first: BGNBD().fit(...).")
    most = whole(most, f"{call}: most")
    level = fraction(level, f"{call}: level")
    draws = whole(draws, f"{call}: draws", least=0)
    chance = generator(rng, f"{call}: rng")
    found = _counted(fitted, fitted._theta, fitted._covariance, fitted._rows, most)
    wide = norm.ppf((1 + level) / 2) * np.sqrt(
        np.maximum(np.diag(found.scatter - found.taken), 0.0)
    )
    table = pd.DataFrame(
        {
            "purchases": [*map(str, range(most)), f"{most}+"],
            "observed": np.round(found.observed).astype(np.int64),
            "expected": found.expected,
            "low": np.maximum(found.expected - wide, 0.0),
            "high": np.minimum(found.expected + wide, fitted.n),
        }
    )
    statistic, df = found.statistic
    p = float(chi2.sf(statistic, df)) if df else np.nan
    if draws:
        drawn = np.array([_drawn(fitted, most, chance) for _ in range(draws)])
        p = (1 + int((drawn >= statistic).sum())) / (draws + 1)
    return FrequencyCheck(
        table=table,
        model=type(fitted.settings).__name__,
        n=fitted.n,
        statistic=statistic,
        df=df,
        p=p,
        draws=draws,
        level=level,
        method=METHOD,
    )


@attrs.frozen(eq=False)
class _Counted:
    """Customers (k,) by x.

    Attributes:
        observed: As counted.
        expected: As the model gives.
        scatter: Covariance (k, k) of the counts, if the model is true.
        taken: What fitting to them takes away of it in their difference to the expected.
    """

    observed: Floats
    expected: Floats
    scatter: Floats
    taken: Floats

    @property
    def statistic(self) -> tuple[float, int]:
        """Chi squared, and its degrees of freedom: the directions that fitting leaves free."""
        values, vectors = np.linalg.eigh(self.scatter)
        some = values > FLAT * max(float(values[-1]), np.finfo(float).tiny)
        white = vectors[:, some] / np.sqrt(values[some])  # here the counts have the variance 1
        left, turn = np.linalg.eigh(np.eye(white.shape[1]) - white.T @ self.taken @ white)
        free = left > LEFT
        off = (self.observed - self.expected) @ white @ turn[:, free]
        return float((off**2 / left[free]).sum()), int(free.sum())


def _counted(
    fitted: FittedPurchases, theta: Floats, spread: Floats, rows: Rows, most: int
) -> _Counted:
    x = np.minimum(rows.x, most).astype(np.int64)
    observed: Floats = np.bincount(x, rows.weight, most + 1).astype(np.float64)
    alike = _alike(rows)
    expected, scatter = np.zeros(most + 1), np.zeros((most + 1, most + 1))
    for start in range(0, len(alike), AT_ONCE):
        some = alike.take(slice(start, start + AT_ONCE))
        chances = _chances(fitted, theta, some, most)
        expected += some.weight @ chances
        scatter -= (chances.T * some.weight) @ chances
    # Slopes need no more than some of the rows, evenly taken.
    few = alike.take(slice(None, None, 1 + len(alike) // AT_ONCE))
    share = few.weight / few.n * rows.n
    slopes = np.zeros((len(theta), most + 1))
    for i, step in enumerate(STEP * np.eye(len(theta))):
        up, down = (_chances(fitted, theta + s * step, few, most) for s in (1, -1))
        slopes[i] = share @ (up - down) / (2 * STEP)
    return _Counted(
        observed=observed,
        expected=expected,
        scatter=scatter + np.diag(expected),
        taken=slopes.T @ learned(spread) @ slopes,
    )


def _alike(rows: Rows) -> Rows:
    """Rows told apart by T and covariates alone; many different T are put on some."""
    lonely = np.zeros(len(rows))
    alike = Rows.of(lonely, lonely, rows.T, rows.z, rows.weight).compressed()
    if rows.z or len(alike) <= DIFFERENT:
        return alike
    # Each on the two nearest, the more the nearer, which keeps the mean.
    grid = np.linspace(rows.T.min(), rows.T.max(), DIFFERENT)
    steps = (rows.T - grid[0]) / (grid[1] - grid[0])
    lower = np.minimum(steps.astype(np.int64), DIFFERENT - 2)
    weight = np.zeros(DIFFERENT)
    for place, part in ((lower, 1 - (steps - lower)), (lower + 1, steps - lower)):
        weight += np.bincount(place, part * rows.weight, DIFFERENT)
    none = np.zeros(DIFFERENT)
    return Rows.of(none, none, grid, None, weight)


def _chances(fitted: FittedPurchases, theta: Floats, rows: Rows, most: int) -> Floats:
    """The chances (m, most + 1) of 0, 1, .. and of `most` or more."""
    params = fitted._design.params(theta, fitted._design.columns(rows))
    chances = np.empty((len(rows), most + 1))
    chances[:, :most] = fitted._process.counts(params, rows.T, most - 1)
    chances[:, most] = np.maximum(1.0 - chances[:, :most].sum(axis=1), 0.0)
    return chances


def _drawn(fitted: FittedPurchases, most: int, rng: np.random.Generator) -> float:
    """The statistic of customers drawn from the model, the model fitted to them."""
    rows, design = fitted._rows, fitted._design
    each = np.repeat(np.arange(len(rows)), np.round(rows.weight).astype(np.int64))
    T, z = rows.T[each], {name: column[each] for name, column in rows.z.items()}
    params = design.params(fitted._theta, design.columns(Rows.of(T, T, T, z)))
    x, t_x = fitted._process.draw(params, T, rng)
    drawn = Rows.of(x, t_x, T, z).compressed()
    theta, held = fitted._theta, fitted._covariance
    if (x > 0).any():
        found = search(fitted._process, design, drawn, theta)
        theta, held = found.point, covariance(found.hessian, found.edges)
    return _counted(fitted, theta, held, drawn, most).statistic[0]
