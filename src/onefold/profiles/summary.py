"""What a person wants to know of a trait at a glance: how many have it, and what is usual.

known, lower quarter, median, upper quarter; of labels and texts the most frequent
"""

from typing import Any

import numpy as np
import pandas as pd

from onefold._display import number, percent
from onefold.profiles.traits import TraitTable
from onefold.traits.wide import Wide


def summary(table: TraitTable, name: str) -> list[str | None]:
    """The cells of one trait, as they are shown."""
    reading = table.reading(name)
    if isinstance(reading, Wide):
        known = reading.known.mean() if len(reading) else np.nan
        totals = np.bincount(reading.codes, reading.values, minlength=len(reading.labels))
        best = np.argsort(-totals, kind="stable")[:3]
        return [percent(known), None, None, None, ", ".join(str(reading.labels[b]) for b in best)]
    if reading.dtype == object:
        held = pd.Series(reading).dropna()
        top: list[Any] = held.value_counts().index[:3].tolist() if len(held) else []
        share = len(held) / len(reading) if len(reading) else np.nan
        return [percent(share), None, None, None, ", ".join(map(str, top))]
    flat = reading if reading.ndim == 1 else reading.sum(axis=1)
    held = flat[~np.isnan(flat)]
    quarters = np.quantile(held, [0.25, 0.5, 0.75]) if len(held) else [np.nan] * 3
    share = len(held) / len(flat) if len(flat) else np.nan
    return [percent(share), *(number(float(q)) for q in quarters), ""]
