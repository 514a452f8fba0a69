"""Does the model foresee? What customers bought after a split, beside what was expected of them.

    error_i = expected purchases of customer i in the holdout - those that were made

Each figure stands beside that of a naive guess, that everybody goes on at their past rate
(x / T times the length of the holdout), because a model that does not beat it is not worth having.
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._check import fraction, instance, whole
from onefold._display import html_table, number, text_table
from onefold._random import generator
from onefold._types import Floats, Rng
from onefold.errors import ArgumentError, ColumnError
from onefold.lifetime import units
from onefold.lifetime.checking.content import FRAMES, copied
from onefold.lifetime.checking.foresight import foresight
from onefold.lifetime.checking.same import fitted_on, longest
from onefold.lifetime.fitted import FittedPurchases
from onefold.lifetime.reading import Customers, read_customers
from onefold.lifetime.rows import Rows

MADE, LASTED = "frequency_holdout", "duration_holdout"
TOTALS = "Of expected / actual total the difference is that of the distances from 1."


@attrs.frozen(repr=False)
class HoldoutCheck:
    """What was expected of customers after a split, and what they did; see `holdout_check`.

    Attributes:
        table: A row for each metric: model, model_low, model_high, naive, naive_low, naive_high,
            difference, low, high, shown. The difference is model - naive; of the totals it is that
            of their distances from 1. `shown` says whether the model is better, worse, or neither
            is shown.
        by_frequency: A row for each number of repeat purchases before the split: purchases,
            customers, actual (a mean), low, high, expected, naive.
        model: The model's name.
        n: Customers.
        actual: Purchases that were made in the holdout.
        expected: Purchases that the model expected.
        naive: Purchases by the naive guess.
        same: Whether these are the customers that the model was fitted on.
        level: Of the intervals.
        method: How the intervals were found.
    """

    _table: pd.DataFrame = attrs.field(converter=copied, eq=FRAMES)
    _by_frequency: pd.DataFrame = attrs.field(converter=copied, eq=FRAMES)
    model: str
    n: int
    actual: float
    expected: float
    naive: float
    same: bool
    level: float
    method: str

    __hash__ = None  # type: ignore[assignment]

    @property
    def table(self) -> pd.DataFrame:
        """A row for each metric; a copy."""
        return self._table.copy()

    @property
    def by_frequency(self) -> pd.DataFrame:
        """A row for each number of repeat purchases before the split; a copy."""
        return self._by_frequency.copy()

    def to_pandas(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table

    def plot(self, ax: Any = None) -> Any:
        """Mean purchases after the split by those before it; needs the extra `plot`.

        Args:
            ax: Axes of your own, best of a figure with `layout="constrained"`; else new ones.
        """
        from onefold.lifetime.checking.pictures import foreseen

        return foreseen(self, ax)

    def __repr__(self) -> str:
        tables = [self._metrics(), self._bins()]
        head = f"{self._head()}; {self._method()}"
        metrics, bins = (text_table(*t, width=120) for t in tables)
        return f"{head}\n\n{metrics}\n{TOTALS}\n\n{bins}"

    def _repr_html_(self) -> str:
        below = "Purchases of a customer after the split, by those before it"
        notes = f"{TOTALS}\n{self._method()}."
        return html_table(*self._metrics(), caption=self._head(), below=notes) + html_table(
            *self._bins(), caption=below
        )

    def _head(self) -> str:
        of = "that it was fitted on" if self.same else "other than it was fitted on"
        return (
            f"{self.model}, {self.n:,} customers {of}: {self.actual:,.0f} purchases after the "
            f"split, {self.expected:,.0f} expected, {self.naive:,.0f} if the past rates went on"
        )

    def _method(self) -> str:
        return f"{100 * self.level:g} % intervals: {self.method}"

    def _metrics(self) -> tuple[list[list[Any]], list[str]]:
        rows = [
            [
                r.metric,
                _with(r.model, r.model_low, r.model_high),
                _with(r.naive, r.naive_low, r.naive_high),
                _with(r.difference, r.low, r.high, "+"),
                r.shown,
            ]
            for r in self._table.itertuples(index=False)
        ]
        return rows, ["metric", self.model, "naive: past rate", "difference", "shown"]

    def _bins(self) -> tuple[list[list[Any]], list[str]]:
        rows = [
            [r.purchases, r.customers, _with(r.actual, r.low, r.high), r.expected, r.naive]
            for r in self._by_frequency.itertuples(index=False)
        ]
        return rows, ["before the split", "customers", "actual mean", "expected", "naive"]


def holdout_check(
    fitted: FittedPurchases,
    holdout: Any,
    *,
    most: int = 7,
    level: float = 0.95,
    draws: int = 2000,
    rng: Rng = 0,
    other_customers: bool = False,
) -> HoldoutCheck:
    """Compare what a model expected of customers with what they did after it was fitted.

    Expected are the purchases in `duration_holdout` given frequency, recency and T before the
    split. The naive guess is x / T * duration_holdout, 0 where T is 0. Intervals are percentiles of
    a bootstrap over customers, the same draws for the model and the guess, so that their
    difference is paired; they are of these customers given the fit, and don't tell how the
    parameters might have come out.

    Args:
        fitted: A fitted model of buying and leaving.
        holdout: What `rfm_holdout(log, split=...)` returns, or a frame with the columns frequency,
            recency, T, frequency_holdout, duration_holdout and the model's covariates; its
            durations should be few different ones.
        most: Those with so many repeat purchases or more before the split are shown together.
        level: The chance that an interval covers.
        draws: Resamples of the bootstrap.
        rng: Chance: a seed, a Generator, or None.
        other_customers: Whether the model was fitted on other rows than those of `holdout` up to
            the split, and that is meant. It can't be told then whether it saw what came later.

    Raises:
        ColumnError: If a column is missing, or holds what is not allowed.
        ArgumentError: If an argument is not allowed, units differ, or the model was fitted on other
            rows.

    Examples:
        >>> import pandas as pd
        >>> from onefold.lifetime.models import BGNBD
        >>> from onefold.lifetime.checking.holdout import holdout_check
        >>> frame = pd.DataFrame({"frequency": [5, 3, 0, 1, 1, 5],
        ...                       "frequency_holdout": [4, 0, 0, 1, 0, 6],
        ...                       "duration_holdout": [39] * 6,
        ...                       "recency": [24, 3, 0, 3, 9, 31],
        ...                       "T": [31, 37, 39, 39, 32, 31]})
        >>> frame = pd.concat([frame] * 20)
        >>> found = holdout_check(BGNBD().fit(frame), frame, rng=1)
        >>> found.actual, found.table["metric"][0]
        (220.0, 'correlation')

    Source: the conditional expectations of Fader, Hardie and Lee, "Counting your customers the
    easy way", Marketing Science 24, 2005, figure 4; intervals as in Efron and Tibshirani, "An
    introduction to the bootstrap", 1993, chapter 13.
    """
    call = "holdout_check"
    instance(fitted, FittedPurchases, f"{call}: fitted", "Fit a model first: BGNBD().fit(...).")
    most = whole(most, f"{call}: most")
    level = fraction(level, f"{call}: level")
    draws = whole(draws, f"{call}: draws", least=100)
    chance = generator(rng, f"{call}: rng")
    held = _read(fitted, holdout, call)
    same = fitted_on(fitted, Rows.of(held.x, held.t_x, held.T))
    if not same and not other_customers:
        raise ArgumentError(
            f"{call}: fitted saw {fitted.n:,} customers for up to {longest(fitted):g}, and holdout "
            f"has {len(held.x):,} for up to {held.T.max():g} before the split, or others than "
            "those. Fit on this table, .fit(holdout), so that the model can't know what came "
            "later; or say other_customers=True if it was fitted on others, before the split."
        )
    made, expected = held.z[MADE], _expected(fitted, held)
    past = np.divide(held.x, held.T, out=np.zeros(len(held.x)), where=held.T > 0)
    naive = past * held.z[LASTED]
    bins = np.minimum(held.x, most).astype(np.int64)
    found = foresight(
        made, (expected, naive), bins=bins, most=most, level=level, draws=draws, rng=chance
    )
    return HoldoutCheck(
        table=found.metrics,
        by_frequency=found.by_bin,
        model=type(fitted.settings).__name__,
        n=len(made),
        actual=float(made.sum()),
        expected=float(expected.sum()),
        naive=float(naive.sum()),
        same=same,
        level=level,
        method=found.method,
    )


def _read(fitted: FittedPurchases, holdout: Any, call: str) -> Customers:
    unit = getattr(holdout, "time_unit", None)
    known = isinstance(unit, str) and fitted.time_unit is not None
    if known and unit != fitted.time_unit:
        raise ArgumentError(
            f"{call}: holdout is in {units.said(unit)} and the model in "
            f"{units.said(fitted.time_unit)}. Make it with time_unit={fitted.time_unit!r}."
        )
    wanted = (*fitted._design.covariates, MADE, LASTED)
    try:
        held = read_customers(holdout, f"{call}: holdout", covariates=wanted)
    except ColumnError as error:
        if "no column" not in str(error) or "_holdout" not in str(error):
            raise
        raise ColumnError(f"{error} rfm_holdout(log, split=...) makes such a table.") from error
    if held.single or len(held.x) < 2:
        raise ArgumentError(f"{call}: holdout is one customer; a check needs a table of many.")
    made, lasted = held.z[MADE], held.z[LASTED]
    for name, values, wrong, allowed in (
        (MADE, made, (made < 0) | (made != np.round(made)), "whole numbers from 0"),
        (LASTED, lasted, lasted <= 0, "numbers above 0"),
    ):
        if wrong.any():
            raise ColumnError(
                f"{call}: {name} holds {values[wrong][0]:g} in row {int(np.argmax(wrong))}; "
                f"{allowed} are allowed."
            )
    return held


def _expected(fitted: FittedPurchases, held: Customers) -> Floats:
    """Expected purchases (n,), each in its own duration; a loop over the different ones."""
    frame = pd.DataFrame({"frequency": held.x, "recency": held.t_x, "T": held.T})
    for name in fitted._design.covariates:
        frame[name] = held.z[name]
    expected = np.empty(len(frame))
    different, place = np.unique(held.z[LASTED], return_inverse=True)
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place))
    for time, rows in zip(different.tolist(), np.split(order, ends[:-1]), strict=True):
        some = frame if len(different) == 1 else frame.iloc[rows]
        expected[rows] = fitted.expected_purchases(some, horizon=time)
    return expected


def _with(estimate: Any, low: Any, high: Any, sign: str = "") -> str:
    if np.isnan(estimate):
        return "no data"
    if np.isnan(low):
        return f"{estimate:{sign}.3f}" if sign else number(estimate)
    shape = f"{sign}.3f" if sign else f",.{_decimals(estimate)}f"
    return f"{estimate:{shape}} [{low:{shape}}, {high:{shape}}]"


def _decimals(estimate: float) -> int:
    """Those that three digits of an estimate have; its interval has as many."""
    size = abs(float(estimate))
    return int(np.clip(2 - np.floor(np.log10(size)), 0, 4)) if size > 0 else 3
