"""What tracking shows: repeat purchases by calendar period, made and expected.

A value to read, to print and to draw; made by `tracking`.
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._display import html_table, text_table
from onefold.lifetime.checking.content import FRAMES, copied


@attrs.frozen(repr=False)
class Tracking:
    """Repeat purchases by calendar period, made and expected; see `tracking`.

    Attributes:
        table: A row for each period: begin, end, part (calibration or holdout), actual, expected,
            low, high, and the same from the beginning on: cumulative_actual, cumulative_expected,
            cumulative_low, cumulative_high. A period ends just before `end`.
        totals: A row for each part: part, periods, actual, expected, low, high, ratio (expected /
            actual).
        model: The model's name.
        n: Customers.
        split: Where the holdout begins; None without one.
        period: Length of a period: D, W or M.
        left_out: Time at the end too short for a whole period, in days.
        same: Whether these are the customers that the model was fitted on.
        level: Of the intervals.
        method: How they were found.
    """

    _table: pd.DataFrame = attrs.field(converter=copied, eq=FRAMES)
    _totals: pd.DataFrame = attrs.field(converter=copied, eq=FRAMES)
    model: str
    n: int
    split: np.datetime64 | None
    period: str
    left_out: float
    same: bool
    level: float
    method: str

    __hash__ = None  # type: ignore[assignment]

    @property
    def table(self) -> pd.DataFrame:
        """A row for each period; a copy."""
        return self._table.copy()

    @property
    def totals(self) -> pd.DataFrame:
        """A row for each part; a copy."""
        return self._totals.copy()

    def to_pandas(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table

    def plot(self, ax: Any = None, *, cumulative: bool = False) -> Any:
        """Actual and expected purchases by period, or added up; needs the extra `plot`.

        Args:
            ax: Axes of your own, best of a figure with `layout="constrained"`; else new ones.
            cumulative: Whether purchases are added up from the beginning on.
        """
        from onefold.lifetime.checking.pictures import tracked

        return tracked(self, ax, cumulative=cumulative)

    def __repr__(self) -> str:
        tables = [self._parts(), self._periods()]
        head = f"{self._head()}; {self._method()}"
        return "\n\n".join([head, *(text_table(*t, width=120) for t in tables)])

    def _repr_html_(self) -> str:
        parts = html_table(*self._parts(), caption=self._head(), below=f"{self._method()}.")
        return parts + html_table(*self._periods())

    def _head(self) -> str:
        of = "that it was fitted on" if self.same else "other than it was fitted on"
        short = f"; the last {self.left_out:.3g} days left out" if self.left_out else ""
        return f"{self.model}, repeat purchases of {self.n:,} customers {of}{short}"

    def _method(self) -> str:
        return f"{100 * self.level:g} % prediction intervals: {self.method}"

    def _parts(self) -> tuple[list[list[Any]], list[str]]:
        rows = [
            [r.part, r.periods, r.actual, *_expected(r.expected, r.low, r.high), _ratio(r.ratio)]
            for r in self._totals.itertuples(index=False)
        ]
        return rows, ["part", "periods", "actual", "expected", "interval", "expected / actual"]

    def _periods(self) -> tuple[list[list[Any]], list[str]]:
        rows = [
            [
                _shown(r.begin),
                r.part,
                r.actual,
                *_expected(r.expected, r.low, r.high),
                r.cumulative_actual,
                *_expected(r.cumulative_expected, r.cumulative_low, r.cumulative_high),
            ]
            for r in self._table.itertuples(index=False)
        ]
        cut = max((len(rows) - 24) // 2, 0)
        if cut:
            rows = [*rows[:12], ["…"] + [None] * 7, *rows[-12:]]
        each = ["actual", "expected", "interval"]
        return rows, ["from", "part", *each, *(f"{name}, so far" for name in each)]


def _shown(begin: Any) -> str:
    return _time.show(np.datetime64(begin, "us"))


def _expected(expected: Any, low: Any, high: Any) -> list[str]:
    told = f"{expected:,.0f}" if expected >= 100 else f"{expected:.1f}"
    return [told, "" if np.isnan(low) else f"{low:,.0f} to {high:,.0f}"]


def _ratio(ratio: Any) -> str:
    return "no data" if np.isnan(ratio) else f"{ratio:.3f}"
