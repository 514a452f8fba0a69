"""RFM: how recently, how often, for how much; scores from 1 to 5, and eleven names.

A score says how many cuts a customer beats. Cuts are quantiles of those on whom it was fitted:

    score(x) = 1 + number of cuts below x        (recency: above x, for small is recent)

So ties share a score, the lowest of their places. R and the mean of F and M, halves rounded
up, give the name, by the table `RFM_GRID`.

Sources: Bult and Wansbeek, "Optimal selection for direct mail", Marketing Science 14, 1995;
Hughes, "Strategic database marketing", 1994 (quintiles, scored 1 to 5).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _check
from onefold._types import Array, Bools, Floats, Ints, Strings
from onefold.errors import ArgumentError
from onefold.profiles import TraitTable
from onefold.segments.column import Readable, column, later, name_of, quantile_cuts, readable
from onefold.traits import Frequency, Monetary, Recency

NAMES = (
    "champions",
    "loyal customers",
    "potential loyalists",
    "new customers",
    "promising",
    "need attention",
    "about to sleep",
    "at risk",
    "can't lose them",
    "hibernating",
    "lost",
)
GRADES = 5
_ROWS = {  # positions in NAMES, by R; FM from 1 to 5
    5: (3, 2, 2, 0, 0),
    4: (4, 2, 2, 1, 1),
    3: (6, 6, 5, 1, 1),
    2: (9, 9, 7, 7, 8),
    1: (10, 10, 7, 7, 8),
}

RFM_GRID: Mapping[tuple[int, int], str] = MappingProxyType(
    {(r, fm): NAMES[at] for r, row in _ROWS.items() for fm, at in enumerate(row, start=1)}
)
"""The name of each pair of scores (R, FM), both from 1 to 5."""


def _trait(value: Any) -> Readable:
    return readable(value, "RFM: a trait")


def _bins(value: Any) -> int:
    return _check.whole(value, "RFM: bins", least=2, most=100)


@attrs.frozen(kw_only=True)
class RFM:
    """The eleven usual segments by recency, frequency and monetary value.

    A customer of whom one of the three is missing, such as one who never bought, is unknown.
    A trait that is the same for all tells nothing: all get the middle score.

    Args:
        recency: Trait, or its name: small is good.
        frequency: Trait, or its name: large is good.
        monetary: Trait, or its name: large is good.
        bins: How many scores, each with about equally many customers where there are no ties.
            With other than five, scores are spread evenly over 1 to 5 before they are named:
            1 + 4 (score - 1) / (bins - 1), halves rounded up.

    Examples:
        >>> import onefold as of
        >>> from onefold.segments import RFM, segment
        >>> log = of.EventLog.from_events([
        ...     of.Event(who, "purchase", f"2024-0{month}-01", value=20 * month)
        ...     for month, names in enumerate(["eva dan", "cas eva", "bob", "bob", "ann ann"], 1)
        ...     for who in names.split()])
        >>> segment(of.fold(log, as_of="2024-05-10"), RFM()).assignment.by_customer()
        {'ann': 'potential loyalists', 'bob': 'loyal customers', 'cas': 'hibernating', ...}
    """

    recency: Readable = attrs.field(factory=Recency, converter=_trait)
    frequency: Readable = attrs.field(factory=Frequency, converter=_trait)
    monetary: Readable = attrs.field(factory=Monetary, converter=_trait)
    bins: int = attrs.field(default=GRADES, converter=_bins)

    def fit(self, table: TraitTable, *, rng: np.random.Generator) -> "FittedRFM":
        """Find the cuts among customers of whom all three are known.

        Raises:
            UnknownName: If there is no such trait.
            ArgumentError: If nobody has all three, or one of them is not a number.
        """
        traits = (self.recency, self.frequency, self.monetary)
        columns = [_numbers(column(table, t), t) for t in traits]
        known = ~np.isnan(columns).any(axis=0)
        if not known.any():
            lacking = {
                name_of(t): int(np.isnan(c).sum()) for t, c in zip(traits, columns, strict=True)
            }
            raise ArgumentError(
                f"RFM: nobody of {len(table):,} customers has all three traits; missing: "
                f"{lacking}. Give others, such as RFM(monetary=Count('purchase'))."
            )
        r, f, m = (c[known] for c in columns)
        return FittedRFM(
            settings=self,
            recency_cuts=tuple(-cut for cut in _cuts(-r, self.bins)),
            frequency_cuts=_cuts(f, self.bins),
            monetary_cuts=_cuts(m, self.bins),
        )


@attrs.frozen(kw_only=True)
class FittedRFM:
    """RFM with its cuts, bins - 1 of each trait, in the trait's own unit.

    Attributes:
        settings: The settings.
        recency_cuts: Descending: each that a customer is below adds one to R.
        frequency_cuts: Ascending: each that a customer is above adds one to F.
        monetary_cuts: Ascending: each that a customer is above adds one to M.
    """

    settings: RFM
    recency_cuts: tuple[float, ...]
    frequency_cuts: tuple[float, ...]
    monetary_cuts: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The eleven names, from champions to lost."""
        return NAMES

    def scores(self, table: TraitTable) -> pd.DataFrame:
        """Scores r, f, m from 1 to `bins`, one row a customer (the index); all NA where unknown."""
        found, known = self._scores(table)
        columns = {
            name: pd.arrays.IntegerArray(score, ~known)
            for name, score in zip("rfm", found, strict=True)
        }
        return pd.DataFrame(columns, index=pd.Index(table.ids.copy(), name="customer"))

    def assign(self, table: TraitTable) -> Strings:
        """The name (n,) of each customer's segment, None where unknown."""
        found, known = self._scores(table)
        r, f, m = (_grade(score, self.settings.bins) for score in found)
        fm = (f + m + 1) // 2  # the mean, halves rounded up
        grid = np.full((GRADES + 1, GRADES + 1), None, dtype=object)
        for pair, name in RFM_GRID.items():
            grid[pair] = name
        out: Strings = grid[r, fm]
        out[~known] = None
        return out

    def _scores(self, table: TraitTable) -> tuple[list[Ints], Bools]:
        s = self.settings
        r, f, m = (_numbers(later(table, t), t) for t in (s.recency, s.frequency, s.monetary))
        minus = tuple(-cut for cut in self.recency_cuts)
        scores = [
            _beaten(-r, minus),
            _beaten(f, self.frequency_cuts),
            _beaten(m, self.monetary_cuts),
        ]
        return scores, ~(np.isnan(r) | np.isnan(f) | np.isnan(m))


def _numbers(values: Array, trait: Readable) -> Floats:
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"RFM: trait {name_of(trait)!r} holds {values.dtype}, not numbers; give one that does."
        ) from None


def _cuts(values: Floats, bins: int) -> tuple[float, ...]:
    """Cuts (bins - 1,), ascending, of m > 0 known values."""
    only = values[0]
    if (values == only).all():
        # As many cuts below the one value as above it, so that it has the middle score.
        below = (bins - 1) // 2
        return (float(np.nextafter(only, -np.inf)),) * below + (float(only),) * (bins - 1 - below)
    return tuple(quantile_cuts(values, bins).tolist())


def _beaten(values: Floats, cuts: tuple[float, ...]) -> Ints:
    """1 + the number of cuts below each value (n,)."""
    return np.searchsorted(np.array(cuts), values, side="left") + 1


def _grade(score: Ints, bins: int) -> Ints:
    """Scores of 1 to `bins` spread evenly over 1 to 5; five stay as they are, NaN's are cut."""
    spread = (2 * (GRADES - 1) * (score - 1) + bins - 1) // (2 * (bins - 1))
    return np.minimum(1 + spread, GRADES)
