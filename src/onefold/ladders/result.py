"""What a ladder shows: rungs with intervals, the steps between them, and a picture.

A value to read, to print and to ask: `compare` gives the paired difference of any two rungs.
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import one_of, quoted
from onefold._columns import frozen
from onefold._display import html_table, text_table
from onefold._random import generator
from onefold._stats import Interval, bootstrap_difference
from onefold._types import Floats, Rng
from onefold.errors import ArgumentError
from onefold.ladders.metrics import METRICS, PARTS
from onefold.scoring import FittedScorer


@attrs.frozen(eq=False, repr=False)
class Ladder:
    """What each rung is worth, with intervals; made by `ladder`.

    Attributes:
        table: a row for each rung, part of the items (all, repeat, new) and metric: estimate,
            low, high, customers.
        steps: a row for each rung above the first, part and metric: the paired difference to the
            rung below, its interval, and what it shows.
        by_evidence: NDCG of each rung by visits known before `as_of`.
        scorer: the scorer that was fitted as of `as_of`.
        method: how intervals were found.
    """

    table: pd.DataFrame
    steps: pd.DataFrame
    by_evidence: pd.DataFrame
    as_of: np.datetime64
    until: np.datetime64
    n: int
    customers: int
    scorer: FittedScorer
    method: str
    measures: Floats = attrs.field(converter=frozen)  # (customers, rungs, items, metrics)

    @property
    def rungs(self) -> tuple[str, ...]:
        """Names of the rungs, from the broadest."""
        return tuple(dict.fromkeys(self.table["rung"]))

    def to_pandas(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def step(self, rung: str, *, metric: str = "NDCG", items: str = "all") -> pd.Series:
        """The step up to one rung: below, difference, low, high, shown."""
        s = self.steps
        found = s[(s["rung"] == rung) & (s["metric"] == metric) & (s["items"] == items)]
        if not len(found):
            raise ArgumentError(
                f"Ladder.step: no step to {rung!r} in {metric!r} on {items!r} items. Rungs: "
                f"{quoted(self.rungs[1:])}; metrics: {quoted(METRICS)}; items: {quoted(PARTS)}."
            )
        return found.iloc[0]

    def compare(
        self,
        upper: str,
        lower: str,
        *,
        metric: str = "NDCG",
        items: str = "all",
        draws: int = 10_000,
        rng: Rng = 0,
    ) -> Interval:
        """The paired difference between any two rungs, with its interval.

        Args:
            upper: Name of a rung.
            lower: Name of the rung that is taken away from it.
            metric: "hit rate", "recall" or "NDCG".
            items: "all", "repeat" or "new".
            draws: Resamples of the bootstrap over customers.
            rng: Source of chance.
        """
        at = [
            self.rungs.index(one_of(name, self.rungs, f"Ladder.compare: {role}"))
            for name, role in ((upper, "upper"), (lower, "lower"))
        ]
        part = PARTS.index(one_of(items, PARTS, "Ladder.compare: items"))
        which = METRICS.index(one_of(metric, METRICS, "Ladder.compare: metric"))
        a, b = (self.measures[:, rung, part, which] for rung in at)
        return bootstrap_difference(a, b, rng=generator(rng), draws=draws)

    def plot(self, ax: Any = None) -> Any:
        """NDCG of each rung with its interval; needs the extra `plot`. Returns the axes."""
        from onefold.scoring.picture import climbed

        return climbed(self, ax)

    def _caption(self) -> str:
        return (
            f"{self.customers:,} customers who chose something from {_time.show(self.as_of)} to "
            f"{_time.show(self.until)} UTC; the best {self.n} of {len(self.scorer.items):,} items; "
            f"95 % intervals: {self.method}"
        )

    def _rungs_shown(self) -> tuple[list[list[str]], list[str]]:
        cells: Any = self.table.set_index(["rung", "items", "metric"]).loc
        rows = []
        for rung in self.rungs:
            shown = [_interval(cells[(rung, "all", m)]) for m in METRICS]
            apart = [_interval(cells[(rung, part, "NDCG")]) for part in PARTS[1:]]
            rows.append([rung, *shown, *apart])
        return rows, ["rung", *METRICS, "NDCG, repeat items", "NDCG, new items"]

    def _steps_shown(self) -> tuple[list[list[str]], list[str]]:
        rows = [
            [
                f"{r.rung} over {r.below}",
                str(r.metric) if r.items == "all" else f"{r.metric}, {r.items} items",
                f"{r.difference:+.4f}",
                f"[{r.low:+.4f}, {r.high:+.4f}]",
                str(r.shown),
            ]
            for r in self.steps.itertuples(index=False)
            if r.items == "all" or r.metric == "NDCG"
        ]
        return rows, ["step", "metric", "difference", "interval", "shown"]

    def _evidence_shown(self) -> tuple[list[list[str]], list[str]]:
        held = self.by_evidence
        rows = []
        for visits in dict.fromkeys(held["visits"]):
            part = held[held["visits"] == visits].set_index("rung")
            cells = [_interval(part.loc[rung]) for rung in self.rungs]
            rows.append([str(visits), f"{int(part['customers'].iloc[0]):,}", *cells])
        return rows, ["visits known", "customers", *(f"NDCG, {rung}" for rung in self.rungs)]

    def __repr__(self) -> str:
        tables = [self._rungs_shown(), self._steps_shown(), self._evidence_shown()]
        texts = [text_table(rows, columns, width=160) for rows, columns in tables if rows]
        return self._caption() + "\n\n" + "\n\n".join(texts)

    def _repr_html_(self) -> str:
        return (
            html_table(*self._rungs_shown(), caption=self._caption())
            + html_table(*self._steps_shown(), caption="Each rung beside the one below, paired")
            + html_table(*self._evidence_shown(), caption="By what was known of a customer")
        )


def _interval(cell: Any) -> str:
    if np.isnan(cell["estimate"]):
        return "no data"
    return f"{cell['estimate']:.4f} [{cell['low']:.4f}, {cell['high']:.4f}]"
