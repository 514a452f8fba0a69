"""Back-off: with so much known of a customer, so much is the individual, so much the rest.

The weights of the levels by evidence: the answer to the question which picture of a customer
is worth what, learned on a slice of time that no level had seen. They are shown as they are
used: what a level with nothing to say passes down is counted with everyone,

    shown_everyone = w_everyone + sum over other levels of  w_l * share of choices it passes down

Each weight has an interval, from customers of the slice drawn again; it is found when it is first
looked at.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import fraction, whole
from onefold._columns import frozen
from onefold._display import html_table, percent, text_table
from onefold._random import generator
from onefold._types import Bools, Floats, Ints, Rng
from onefold.scoring.sureness import Asked
from onefold.scoring.weights import Slice

T = TypeVar("T")
FEW = 30  # choices below which a row is close to the common weights, and says so
DRAWS = 200
ALL = "all"  # the row of the weights in common


@attrs.frozen(eq=False, repr=False)
class Backoff:
    """Weights of the levels (buckets, levels) by evidence, in visits of a customer."""

    levels: tuple[str, ...]
    evidence: tuple[str, ...]
    weights: Floats = attrs.field(converter=frozen)
    choices: Ints = attrs.field(converter=frozen)
    start: np.datetime64
    end: np.datetime64
    customers: int
    asked: Asked | None = None
    _cache: dict[Any, Any] = attrs.field(init=False, factory=dict)

    @property
    def few(self) -> Bools:
        """Which buckets (n,) had so few choices that they say little of their own."""
        out: Bools = self.choices < FEW
        return out

    def to_pandas(self) -> pd.DataFrame:
        """One row for each bucket of evidence: choices it was learned on, weight of each level."""
        frame = pd.DataFrame(self.weights, columns=list(self.levels))
        frame.insert(0, "choices", self.choices)
        frame.index = pd.Index(self.evidence, name="visits")
        return frame

    def intervals(
        self, *, draws: int = DRAWS, confidence: float = 0.95, rng: Rng = 0
    ) -> pd.DataFrame:
        """How sure each weight is: the bounds of a percentile bootstrap over customers.

        Customers of the slice are drawn again, with all their choices, and the weights are learned
        of each draw as they were of the slice. What the levels say stays as it is: the interval is
        of how far to trust each. In a bucket of few choices it is that of a weight that is shrunk
        to the common one, and so narrower than what those choices alone would tell. Levels that
        say nearly the same have wide intervals, each at the cost of the other.

        Args:
            draws: How many, at least 100.
            confidence: Above 0 and below 1.
            rng: A seed, so that it is the same each time that it is shown; or a Generator.

        Returns:
            One row for each bucket of evidence and level, and for all choices together ("all"):
            visits, level, weight, low, high. The bounds are NaN where the slice has fewer than 30
            choices or two customers, or was saved before its customers were kept.

        Raises:
            ArgumentError: If an argument is wrong.

        Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.

        Examples:
            >>> import onefold as of
            >>> data = of.datasets.simulate(200, rng=7)
            >>> backoff = of.Scorer().fit(of.fold(data.log), rng=7).backoff
            >>> found = backoff.intervals(draws=100)
            >>> bool((found["low"] <= found["high"]).all())
            True
        """
        whole(draws, "Backoff.intervals: draws", least=100)
        fraction(confidence, "Backoff.intervals: confidence")
        low, high = self._bounds(draws, confidence, generator(rng, "Backoff.intervals: rng"))
        names, weights = [*self.evidence], self.weights
        if self.asked is not None:
            names, weights = [*names, ALL], np.vstack([weights, self._common])
        frame = {
            "visits": np.repeat(np.array(names, dtype=object), len(self.levels)),
            "level": np.tile(np.array(self.levels, dtype=object), len(names)),
            "weight": weights.ravel(),
            "low": low[: len(names)].ravel(),
            "high": high[: len(names)].ravel(),
        }
        return pd.DataFrame(frame)

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Low and high (buckets + 1, levels) of 95 % intervals, the last row in common.

        As `intervals` gives them by itself; found once. NaN where they are not known.
        """
        return self._once("bounds", lambda: self._bounds(DRAWS, 0.95, generator(0, "rng")))

    def _bounds(
        self, draws: int, confidence: float, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        shape = (len(self.weights) + 1, len(self.levels))
        if self.asked is None or not self.asked.enough:
            return np.full(shape, np.nan), np.full(shape, np.nan)
        found = self.asked.drawn(draws, rng)
        low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
        return low, high

    @property
    def _common(self) -> Floats:
        """The weights in common (levels,), as they are used."""
        assert self.asked is not None
        held = self.asked
        one = attrs.evolve(held.part, bucket=np.zeros_like(held.part.bucket))
        out: Floats = used(one, held.weights[-1:], held.everyone, list(held.own))[0]
        return out

    def _once(self, name: str, make: Callable[[], T]) -> T:
        if name not in self._cache:
            self._cache[name] = make()
        held: T = self._cache[name]
        return held

    def _shown(self) -> tuple[list[list[str | None]], list[str]]:
        low, high = self.bounds
        cells = zip(self.evidence, self.choices.tolist(), self.few, self.weights, strict=True)
        lines = [
            (name, f"{n:,} *" if few else f"{n:,}", weights) for name, n, few, weights in cells
        ]
        if self.asked is not None:
            lines.append((ALL, f"{int(self.choices.sum()):,}", self._common))
        rows: list[list[str | None]] = []
        for (name, n, weights), below, above in zip(lines, low, high, strict=False):
            rows.append([name, n, *(percent(w) for w in weights)])
            if not np.isnan(below).all():
                rows.append([None, None, *(_span(a, b) for a, b in zip(below, above, strict=True))])
        return rows, ["visits", "choices", *self.levels]

    def _caption(self) -> str:
        return (
            f"Weight of each level by visits known; fitted on {int(self.choices.sum()):,} choices "
            f"of {self.customers:,} customers from {_time.show(self.start)} to "
            f"{_time.show(self.end)} UTC, which no level had seen"
        )

    def _notes(self) -> list[str]:
        notes = []
        if not np.isnan(self.bounds[0]).all():
            notes.append(
                "below each weight its 95 % interval: percentile bootstrap over customers, "
                f"{DRAWS} draws"
            )
        if self.few.any():
            notes.append(f"* fewer than {FEW} choices: close to the average of all rows")
        return notes

    def __repr__(self) -> str:
        return "\n".join(
            [self._caption(), text_table(*self._shown(), width=160, missing=""), *self._notes()]
        )

    def _repr_html_(self) -> str:
        return html_table(
            *self._shown(), missing="", caption=". ".join([self._caption(), *self._notes()])
        )

    def plot(self, ax: Any = None) -> Any:
        """Weights stacked by evidence; needs the extra `plot`. Returns the matplotlib axes."""
        from onefold.scoring.picture import stacked

        return stacked(self, ax)


def _span(low: float, high: float) -> str:
    """An interval of shares, in percent: "9.1–27%"."""
    digits = 0 if high >= 0.0995 else 1
    a, b = (f"{100 * x:.{digits}f}" for x in (low, high))
    return f"{a}–{b}%" if a != b else f"{a}%"


def used(part: Slice, weights: Floats, everyone: int, own: list[int]) -> Floats:
    """The weights (buckets, levels) as they are used, what is passed down with everyone.

    Args:
        part: The choices that the weights were fitted on.
        weights: (buckets, levels) as they were fitted.
        everyone: Position of the level that others pass their weight down to.
        own: Positions of the levels that may have nothing to say.
    """
    out = weights.copy()
    counts = np.bincount(part.bucket, weights=part.weight, minlength=len(weights))
    for at in own:
        passed = part.foreseen[:, at] == part.foreseen[:, everyone]  # the very number, copied
        silent = np.bincount(part.bucket, weights=part.weight * passed, minlength=len(weights))
        share = np.divide(silent, counts, out=np.zeros(len(weights)), where=counts > 0)
        share[0] = 1.0 if counts[0] == 0 else share[0]  # without a visit there is nothing to say
        out[:, everyone] += out[:, at] * share
        out[:, at] *= 1 - share
    return out
