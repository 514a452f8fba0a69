"""What a person wants to know of a trait at a glance: how many have it, and what is usual.

known, lower quarter, median, upper quarter; of labels and texts the most frequent
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._display import html_table, number, percent, text_table
from onefold.ledger import Ledger
from onefold.profiles.traits import TraitTable
from onefold.traits.wide import Wide

COLUMNS = ["trait", "known", "lower quarter", "median", "upper quarter", "most frequent"]


@attrs.frozen(eq=False, repr=False)
class Summary:
    """A summary of profiles; make one with `profiles.summary()`."""

    table: pd.DataFrame
    head: str

    @classmethod
    def of(
        cls, table: TraitTable, ledger: Ledger, *, as_of: np.datetime64, most: int | None = None
    ) -> "Summary":
        """The summary of the first `most` traits and facts of a table (all, if None)."""
        units = {t.name: getattr(t, "unit", "") for t in table.traits}
        units |= {name: ledger.currency or "" for name in units if units[name] == "money"}
        rows = [
            (
                name,
                "" if units.get(name) == "share" else units.get(name, ""),
                *_figures(table, name),
            )
            for name in table.names[:most]
        ]
        names = [
            "name",
            "unit",
            "known",
            "lower quarter",
            "median",
            "upper quarter",
            "most frequent",
        ]
        frame = pd.DataFrame(rows, columns=names).set_index("name")
        return cls(frame, f"Profiles({len(table):,} customers, as of {_time.show(as_of)} UTC)")

    def to_pandas(self) -> pd.DataFrame:
        """The figures: one row for each trait and fact."""
        return self.table.copy()

    def __repr__(self) -> str:
        return f"{self.head}\n{text_table(self._rows(), COLUMNS)}"

    def _repr_html_(self) -> str:
        return html_table(self._rows(), COLUMNS, caption=self.head)

    def _rows(self) -> list[list[object]]:
        return [
            [f"{name}, {unit}" if unit else name, percent(known), *map(_shown, quarters), top]
            for name, unit, known, *quarters, top in self.table.itertuples(name=None)
        ]


def _shown(quarter: float) -> str | None:
    return None if np.isnan(quarter) else number(quarter)


def _figures(table: TraitTable, name: str) -> tuple[float, float, float, float, str]:
    """Known share, three quartiles, and the most frequent labels of one trait."""
    reading = table.reading(name)
    none = (np.nan, np.nan, np.nan)
    if isinstance(reading, Wide):
        known = float(reading.known.mean()) if len(reading) else np.nan
        totals = np.bincount(reading.codes, reading.values, minlength=len(reading.labels))
        best = np.argsort(-totals, kind="stable")[:3]
        return known, *none, ", ".join(str(reading.labels[b]) for b in best)
    if reading.dtype == object:
        held = pd.Series(reading.ravel()).dropna()
        top: list[Any] = held.value_counts().index[:3].tolist() if len(held) else []
        known = len(held) / reading.size if reading.size else np.nan
        return known, *none, ", ".join(map(str, top))
    flat = reading if reading.ndim == 1 else reading.sum(axis=1)
    held = flat[~np.isnan(flat)]
    low, middle, high = np.quantile(held, [0.25, 0.5, 0.75]).tolist() if len(held) else none
    return len(held) / len(flat) if len(flat) else np.nan, low, middle, high, ""
