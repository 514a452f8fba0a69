"""Back-off: with so much known of a customer, so much is the individual, so much the rest.

The weights of the levels by evidence: the answer to the question which picture of a customer
is worth what, learned on a slice of time that no level had seen.
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._columns import frozen
from onefold._display import html_table, percent, text_table
from onefold._types import Floats, Ints


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

    def to_pandas(self) -> pd.DataFrame:
        """One row for each bucket of evidence: choices it was learned on, weight of each level."""
        frame = pd.DataFrame(self.weights, columns=list(self.levels))
        frame.insert(0, "choices", self.choices)
        frame.index = pd.Index(self.evidence, name="visits")
        return frame

    def _shown(self) -> tuple[list[list[str]], list[str]]:
        rows = [
            [name, f"{int(n):,}", *(percent(w) for w in row)]
            for name, n, row in zip(self.evidence, self.choices, self.weights, strict=True)
        ]
        return rows, ["visits", "choices", *self.levels]

    def _caption(self) -> str:
        return (
            f"Weight of each level by visits known; fitted on {int(self.choices.sum()):,} choices "
            f"of {self.customers:,} customers from {_time.show(self.start)} to "
            f"{_time.show(self.end)} UTC, which no level had seen"
        )

    def __repr__(self) -> str:
        return self._caption() + "\n" + text_table(*self._shown())

    def _repr_html_(self) -> str:
        return html_table(*self._shown(), caption=self._caption())

    def plot(self, ax: Any = None) -> Any:
        """Weights stacked by evidence; needs the extra `plot`. Returns the matplotlib axes."""
        from onefold.scoring.picture import stacked

        return stacked(self, ax)
