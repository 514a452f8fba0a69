"""Back-off: with so much known of a customer, so much is the individual, so much the rest.

The weights of the levels by evidence: the answer to the question which picture of a customer
is worth what, learned on a slice of time that no level had seen. They are shown as they are
used: what a level with nothing to say passes down is counted with everyone,

    shown_everyone = w_everyone + sum over other levels of  w_l * share of choices it passes down
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._columns import frozen
from onefold._display import html_table, percent, text_table
from onefold._types import Bools, Floats, Ints
from onefold.scoring.weights import Slice

FEW = 30  # choices below which a row is close to the common weights, and says so


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

    def _shown(self) -> tuple[list[list[str]], list[str]]:
        cells = zip(self.evidence, self.choices, self.few, self.weights, strict=True)
        rows = [
            [name, f"{int(n):,} *" if few else f"{int(n):,}", *(percent(w) for w in row)]
            for name, n, few, row in cells
        ]
        return rows, ["visits", "choices", *self.levels]

    def _caption(self) -> str:
        return (
            f"Weight of each level by visits known; fitted on {int(self.choices.sum()):,} choices "
            f"of {self.customers:,} customers from {_time.show(self.start)} to "
            f"{_time.show(self.end)} UTC, which no level had seen"
        )

    def _note(self) -> str:
        return f"* fewer than {FEW} choices: close to the average of all rows"

    def __repr__(self) -> str:
        parts = [self._caption(), text_table(*self._shown())]
        return "\n".join([*parts, self._note()] if self.few.any() else parts)

    def _repr_html_(self) -> str:
        note = f". {self._note()}" if self.few.any() else ""
        return html_table(*self._shown(), caption=self._caption() + note)

    def plot(self, ax: Any = None) -> Any:
        """Weights stacked by evidence; needs the extra `plot`. Returns the matplotlib axes."""
        from onefold.scoring.picture import stacked

        return stacked(self, ax)


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
