"""What recovery shows: the curve over visits since a change, its price, and a picture.

    recovery = sum over customers with the stranger's past / sum with their own visits alone

A value to read, to print and to ask: `compare` gives the paired difference of any two scorers.
"""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import one_of
from onefold._columns import frozen
from onefold._display import html_table, text_table
from onefold._random import generator
from onefold._stats import Interval, bootstrap_difference, bootstrap_mean, bootstrap_ratio
from onefold._types import Floats, Rng
from onefold.ladders.climb import shown

METRICS = ("recall", "NDCG")
MAIN = METRICS.index("NDCG")


@attrs.frozen(eq=False, repr=False)
class Recovery:
    """How soon lists follow a change of interests, and the price; made by `recovery`.

    Attributes:
        table: a row for each scorer, number of visits since the change and metric: customers,
            `own` (their own visits alone), `spliced` (a stranger's past before them), and
            recovery = spliced / own with its interval, low and high.
        price: a row for each scorer and metric, of customers who did not change: `nothing` (with
            nothing known of them), `whole` (with their whole history), and its paired difference
            to the first scorer with its interval, and what it shows.
        visits: k, the own visits since the change.
        method: how intervals were found.
    """

    table: pd.DataFrame
    price: pd.DataFrame
    visits: tuple[int, ...]
    as_of: np.datetime64
    until: np.datetime64
    n: int
    items: int
    customers: int
    method: str
    steady: Floats = attrs.field(converter=frozen)  # (customers, scorers, nothing | whole, metrics)
    changed: Floats = attrs.field(
        converter=frozen
    )  # (customers, scorers, visits, own | spliced, metrics)

    @property
    def scorers(self) -> tuple[str, ...]:
        """Names of the scorers, and of levels alone."""
        return tuple(dict.fromkeys(self.table["scorer"]))

    def to_pandas(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def compare(
        self,
        upper: str,
        lower: str,
        *,
        visits: int | None = None,
        metric: str = "NDCG",
        draws: int = 10_000,
        rng: Rng = 0,
    ) -> Interval:
        """The paired difference between two scorers, with its interval.

        Args:
            upper: Name of a scorer.
            lower: Name of the scorer that is taken away from it.
            visits: With a stranger's past before so many own visits; None without a change.
            metric: "recall" or "NDCG".
            draws: Resamples of the bootstrap over customers.
            rng: Source of chance.

        Raises:
            ArgumentError: If an argument is wrong.
        """
        which = METRICS.index(one_of(metric, METRICS, "Recovery.compare: metric"))
        if visits is None:
            held = self.steady[:, :, 1, which]
        else:
            step = self.visits.index(one_of(visits, self.visits, "Recovery.compare: visits"))
            held = self.changed[:, :, step, 1, which]
        a, b = (
            held[:, self.scorers.index(one_of(name, self.scorers, f"Recovery.compare: {role}"))]
            for name, role in ((upper, "upper"), (lower, "lower"))
        )
        return bootstrap_difference(a, b, rng=generator(rng), draws=draws)

    def plot(self, ax: Any = None) -> Any:
        """The curve of each scorer with its intervals; needs the extra `plot`. Returns the axes."""
        from onefold.ladders.picture import recovered

        return recovered(self, ax)

    def _caption(self) -> str:
        return (
            f"Change of interests: a stranger's past before the last visits of {self.customers:,} "
            f"customers who chose something from {_time.show(self.as_of)} to "
            f"{_time.show(self.until)} UTC; the best {self.n} of {self.items:,} items; 95 % "
            f"intervals: {self.method}"
        )

    def _curve_shown(self) -> tuple[list[list[str]], list[str]]:
        held = self.table[self.table["metric"] == METRICS[MAIN]]
        rows = [
            [str(r.scorer), str(r.visits), f"{r.customers:,}", *_recovered(r)]
            for r in held.itertuples(index=False)
        ]
        columns = ["scorer", "visits since", "customers"]
        return rows, [*columns, "NDCG, own visits alone", "with a stranger's past", "recovery"]

    def _price_shown(self) -> tuple[list[list[str]], list[str]]:
        held = self.price[self.price["metric"] == METRICS[MAIN]]
        rows = []
        for i, r in enumerate(held.itertuples(index=False)):
            step = (
                [f"{r.difference:+.4f} [{r.low:+.4f}, {r.high:+.4f}]", str(r.shown)]
                if i
                else ["", ""]
            )
            rows.append([str(r.scorer), f"{r.nothing:.4f}", f"{r.whole:.4f}", *step])
        columns = ["scorer", "NDCG, nothing known", "whole history"]
        return rows, [*columns, f"difference to {self.scorers[0]}", "shown"]

    def __repr__(self) -> str:
        texts = [
            text_table(rows, columns, width=160)
            for rows, columns in (self._curve_shown(), self._price_shown())
        ]
        return f"{self._caption()}\n\n{texts[0]}\n\nWithout a change:\n{texts[1]}"

    def _repr_html_(self) -> str:
        return html_table(*self._curve_shown(), caption=self._caption()) + html_table(
            *self._price_shown(), caption="Without a change"
        )


def told(
    names: Sequence[str],
    visits: Sequence[int],
    steady: Floats,
    changed: Floats,
    *,
    as_of: np.datetime64,
    until: np.datetime64,
    n: int,
    items: int,
    draws: int,
    rng: np.random.Generator,
) -> Recovery:
    """The tables of what was measured; NaN for customers with too few visits."""
    seed = int(rng.integers(2**63))
    table, method = _curve(names, visits, changed, draws, seed)
    return Recovery(
        table=table,
        price=_price(names, steady, draws, seed),
        visits=tuple(visits),
        as_of=as_of,
        until=until,
        n=n,
        items=items,
        customers=len(steady),
        method=method,
        steady=steady,
        changed=changed,
    )


def _curve(
    names: Sequence[str], visits: Sequence[int], changed: Floats, draws: int, seed: int
) -> tuple[pd.DataFrame, str]:
    own, spliced = changed[:, :, :, 0], changed[:, :, :, 1]
    flat = [a.reshape(len(a), -1) for a in (spliced, own)]
    found = bootstrap_ratio(*flat, rng=seed, draws=draws)
    means = [_means(a) for a in (own, spliced)]
    cells = zip(
        found.n, *(m.ravel() for m in means), found.estimate, found.low, found.high, strict=True
    )
    keys = [(name, k, metric) for name in names for k in visits for metric in METRICS]
    rows = [(*key, int(n), *map(float, rest)) for key, (n, *rest) in zip(keys, cells, strict=True)]
    columns = ["scorer", "visits", "metric", "customers", "own", "spliced"]
    return pd.DataFrame(rows, columns=[*columns, "recovery", "low", "high"]), found.method


def _price(names: Sequence[str], steady: Floats, draws: int, seed: int) -> pd.DataFrame:
    held = steady[:, :, 1]
    differences = held - held[:, :1]
    found = bootstrap_mean(differences.reshape(len(held), -1), rng=seed, draws=draws)
    shape = held.shape[1:]
    d, low, high = (a.reshape(shape) for a in (found.estimate, found.low, found.high))
    nothing, whole = (steady[:, :, arm].mean(axis=0) for arm in (0, 1))
    rows = [
        (
            name,
            metric,
            *(float(a[s, m]) for a in (nothing, whole, d, low, high)),
            shown(low[s, m], high[s, m], customers=len(held), draws=draws),
        )
        for s, name in enumerate(names)
        for m, metric in enumerate(METRICS)
    ]
    columns = ["scorer", "metric", "nothing", "whole", "difference", "low", "high", "shown"]
    return pd.DataFrame(rows, columns=columns)


def _means(measures: Floats) -> Floats:
    """Means over customers who were measured; NaN where none was."""
    told = ~np.isnan(measures)
    count = told.sum(axis=0)
    total = np.where(told, measures, 0.0).sum(axis=0)
    out: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return out


def _recovered(r: Any) -> list[str]:
    if not r.customers:
        return ["no data"] * 3
    ends = f" [{100 * r.low:.0f}, {100 * r.high:.0f}]" if np.isfinite(r.low) else ""
    said = f"{100 * r.recovery:.0f} %{ends}" if np.isfinite(r.recovery) else "no data"
    return [f"{r.own:.4f}", f"{r.spliced:.4f}", said]
