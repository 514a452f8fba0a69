"""Does the model give as many one-time buyers, and as many of each frequency, as there are?

    expected customers with x repeat purchases = sum over customers of P(X(T_i) = x)

A model that can't say again what it was fitted on will not foresee what comes next; the reverse
does not follow. So this check is a first one, and is in-sample.
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd
from scipy.stats import norm

from onefold._check import fraction, instance, whole
from onefold._display import html_table, number, text_table
from onefold._random import generator
from onefold._types import Floats, Rng
from onefold.lifetime.fitted import FittedPurchases
from onefold.lifetime.fitting import search
from onefold.lifetime.rows import Rows

AT_ONCE = 1 << 16  # rows
METHOD = (
    "normal, with the exact variance of a sum of independent customers (Poisson-binomial), "
    "parameters as estimated"
)


@attrs.frozen(eq=False, repr=False)
class FrequencyCheck:
    """Customers by repeat purchases, as counted and as the model gives; see `frequency_check`.

    Attributes:
        table: A row for each number of repeat purchases, the last for all from there on:
            purchases, observed, expected, low, high. The interval is for the count in as many
            such customers drawn from the model.
        model: The model's name.
        n: Customers.
        statistic: Pearson's chi squared, the sum of (observed - expected)^2 / expected.
        p: The chance of as large a statistic where the model is true; None unless it was asked
            for by `draws`.
        draws: Simulated sets of customers that p rests on.
        level: Of the intervals.
        method: How the intervals were found.
    """

    table: pd.DataFrame
    model: str
    n: int
    statistic: float
    p: float | None
    draws: int
    level: float
    method: str

    def to_pandas(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    @property
    def outside(self) -> pd.DataFrame:
        """The rows whose observed count lies outside its interval."""
        t = self.table
        return t[(t["observed"] < t["low"]) | (t["observed"] > t["high"])]

    def plot(self, ax: Any = None) -> Any:
        """Observed as bars, expected as lines with intervals; needs the extra `plot`."""
        from onefold.lifetime.pictures import counted

        return counted(self, ax)

    def __repr__(self) -> str:
        return f"{self._head()}\n{text_table(*self._shown())}\n{self._foot()}"

    def _repr_html_(self) -> str:
        return html_table(*self._shown(), caption=f"{self._head()}. {self._foot()}")

    def _head(self) -> str:
        said = f"{self.model}, {self.n:,} customers by repeat purchases, in-sample"
        found = f"{said}: chi squared {number(self.statistic)}"
        if self.p is None:
            return found
        return f"{found}, p {number(self.p)} from {self.draws:,} refitted simulations"

    def _shown(self) -> tuple[list[list[Any]], list[str]]:
        rows = [
            [r.purchases, r.observed, r.expected, f"{r.low:,.0f} to {r.high:,.0f}"]
            for r in self.table.itertuples(index=False)
        ]
        return rows, ["purchases", "observed", "expected", f"{100 * self.level:g} % interval"]

    def _foot(self) -> str:
        return f"{len(self.outside)} of {len(self.table)} outside; intervals: {self.method}."


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
    in-sample, and parameters that were chosen to fit flatter it a little. For the same reason chi
    squared has no simple number of degrees of freedom here, and no p-value is given but by `draws`:
    customers are then drawn from the model, with the same T, the model is fitted to them, and the
    statistic found anew (parametric bootstrap), which allows for the fitting.

    Args:
        fitted: A fitted model of buying and leaving.
        most: Those with so many repeat purchases or more are counted together.
        level: The chance that an interval covers the count, if the model is true.
        draws: Sets of customers for a p-value, 0 for none; each costs a fit. p is never below
            1 / (draws + 1).
        rng: Chance for `draws`: a seed, a Generator, or None.

    Raises:
        ArgumentError: If an argument is not allowed.

    Examples:
        >>> import pandas as pd
        >>> from onefold.lifetime.models import BGNBD
        >>> from onefold.lifetime.checks import frequency_check
        >>> frame = pd.DataFrame({"frequency": [0, 2, 5, 0, 1], "recency": [0, 20, 30, 0, 4],
        ...                       "T": [39, 38, 38, 36, 37]})
        >>> found = frequency_check(BGNBD().fit(frame), most=3).to_pandas()
        >>> found["observed"].tolist(), round(float(found["expected"].sum()), 6)
        ([2, 1, 1, 1], 5.0)

    Source: the frequency plot of Fader, Hardie and Lee, "Counting your customers the easy way",
    Marketing Science 24, 2005, figure 2; the bootstrap as in Efron and Tibshirani, "An
    introduction to the bootstrap", 1993.
    """
    call = "frequency_check"
    instance(fitted, FittedPurchases, f"{call}: fitted", "Fit a model first: BGNBD().fit(...).")
    most = whole(most, f"{call}: most")
    level = fraction(level, f"{call}: level")
    draws = whole(draws, f"{call}: draws", least=0)
    chance = generator(rng, f"{call}: rng")
    rows = fitted._rows
    observed = _observed(rows, most)
    expected, variance = _expected(fitted, fitted._theta, rows, most)
    wide = norm.ppf((1 + level) / 2) * np.sqrt(variance)
    statistic = _pearson(observed, expected)
    drawn = np.array([_drawn(fitted, most, chance) for _ in range(draws)])
    names = [*map(str, range(most)), f"{most}+"]
    table = pd.DataFrame(
        {
            "purchases": names,
            "observed": np.round(observed).astype(np.int64),
            "expected": expected,
            "low": np.maximum(expected - wide, 0.0),
            "high": np.minimum(expected + wide, fitted.n),
        }
    )
    p = (1 + int((drawn >= statistic).sum())) / (draws + 1) if draws else None
    model = type(fitted.settings).__name__
    return FrequencyCheck(table, model, fitted.n, statistic, p, draws, level, METHOD)


def _observed(rows: Rows, most: int) -> Floats:
    """Customers (most + 1,) by x."""
    x = np.minimum(rows.x, most).astype(np.int64)
    return np.bincount(x, weights=rows.weight, minlength=most + 1)


def _expected(
    fitted: FittedPurchases, theta: Floats, rows: Rows, most: int
) -> tuple[Floats, Floats]:
    """Expected customers (most + 1,) by x, and the variance of their number."""
    lonely = np.zeros(len(rows))
    alike = Rows.of(lonely, lonely, rows.T, rows.z, rows.weight).compressed()
    expected, variance = np.zeros(most + 1), np.zeros(most + 1)
    for start in range(0, len(alike), AT_ONCE):
        some = alike.take(slice(start, start + AT_ONCE))
        params = fitted._design.params(theta, fitted._design.columns(some))
        chances = np.empty((len(some), most + 1))
        chances[:, :most] = fitted._process.counts(params, some.T, most - 1)
        chances[:, most] = np.maximum(1.0 - chances[:, :most].sum(axis=1), 0.0)
        expected += some.weight @ chances
        variance += some.weight @ (chances * (1 - chances))
    return expected, np.maximum(variance, 0.0)


def _pearson(observed: Floats, expected: Floats) -> float:
    some = expected > 0
    return float((((observed - expected)[some]) ** 2 / expected[some]).sum())


def _drawn(fitted: FittedPurchases, most: int, rng: np.random.Generator) -> float:
    """The statistic of customers drawn from the model, the model fitted to them."""
    rows, design = fitted._rows, fitted._design
    each = np.repeat(np.arange(len(rows)), np.round(rows.weight).astype(np.int64))
    T, z = rows.T[each], {name: column[each] for name, column in rows.z.items()}
    seen = Rows.of(T, T, T, z)
    params = design.params(fitted._theta, design.columns(seen))
    x, t_x = fitted._process.draw(params, T, rng)
    drawn = Rows.of(x, t_x, T, z).compressed()
    theta = fitted._theta
    if (x > 0).any():
        theta = search(fitted._process, design, drawn, theta).point
    return _pearson(_observed(drawn, most), _expected(fitted, theta, drawn, most)[0])
