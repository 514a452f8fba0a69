"""The summary of profiles: who and when, and one row for each trait and fact.

trait         known  lowest    25%  median    75%  highest  customers
recency, days  100%  0.0012   1.33    5.48   19.1      351  ▁▂▄▄▁▆▅▄▄█▅▅▄▃▂▂
"""

import attrs
import numpy as np
import pandas as pd

from onefold.ledger import Ledger
from onefold.profiles import summary_page
from onefold.profiles.kinds import Unheard, unheard
from onefold.profiles.overview import Overview
from onefold.profiles.said import looked_at
from onefold.profiles.spread import Labels, Spread
from onefold.profiles.traits import TraitTable

FIGURES = ("lowest", "lower", "median", "upper", "highest", "mean")
COLUMNS = ("of", "unit", "known", "missing", *FIGURES, "different", "largest")


@attrs.frozen(eq=False, repr=False)
class Summary:
    """What to know of profiles at a glance; made by `profiles.summary()`.

    It shows itself, in a terminal and in a notebook. Numbers are told by their quarters and by a
    picture: a bar for each of at most 16 bins. Whole numbers less than 16 apart have a bar each.
    Where nothing is below zero, and the 99th percentile is more than five times the median, as
    with money and counts, bins are of equal ratios ("log") over at most four powers of ten, and
    zero has a bar of its own. Else they are of equal width ("even"). The outer bins also hold
    what lies beyond the 1st and the 99th percentile.

    Of labels (channels, categories) the largest are told, with the mean of their numbers over all
    customers of whom the trait is known; of texts the most frequent, with the share of customers
    who have them among those who have any.

    Traits that ask for a kind that no event has are named, with the kind that may be meant.
    """

    _overview: Overview
    _spreads: tuple[Spread, ...]
    _more: int = 0  # traits and facts that are left out
    _unheard: tuple[Unheard, ...] = ()

    @classmethod
    def of(
        cls, table: TraitTable, ledger: Ledger, *, as_of: np.datetime64, most: int | None = None
    ) -> "Summary":
        """The summary of the first `most` traits, and facts, of a table (all, if None)."""
        traits = tuple(trait.name for trait in table.traits)
        facts = tuple(name for name in table.names if name not in traits)
        names = [*traits[:most], *facts[:most]]
        spreads = tuple(_in(ledger.currency, looked_at(table, name)) for name in names)
        left = len(traits) + len(facts) - len(names)
        unknown = unheard(table.traits[:most], ledger)
        return cls(Overview.of(ledger, as_of), spreads, left, unknown)

    def to_pandas(self) -> pd.DataFrame:
        """The figures: a new DataFrame with one row for each trait and fact, by name.

        Columns: of (trait or fact), unit (money in the currency), known (the share of customers
        who have it), missing (how many do not; both NaN, as is different, where the trait would
        need events that `keep=` let go); lowest, lower quarter, median, upper quarter,
        highest and mean of numbers; how many different labels or texts, and the largest of them
        with their sizes.
        """
        rows = [
            (
                "fact" if held.fact else "trait",
                held.unit,
                held.share,
                np.nan if held.beyond else held.rows - held.known,
                *(np.nan if held.figures is None else getattr(held.figures, f) for f in FIGURES),
                _different(held),
                _sizes(held.labels),
            )
            for held in self._spreads
        ]
        index = pd.Index([held.name for held in self._spreads], name="name", dtype=object)
        named = {"lower": "lower quarter", "upper": "upper quarter"}
        columns = [named.get(c, c) for c in COLUMNS]
        return pd.DataFrame(rows, index=index, columns=columns)

    def __repr__(self) -> str:
        return summary_page.text(self._overview, self._spreads, self._unheard, more=self._more)

    def _repr_html_(self) -> str:
        return summary_page.html(self._overview, self._spreads, self._unheard, more=self._more)


def _in(currency: str | None, held: Spread) -> Spread:
    """Money in its currency."""
    return attrs.evolve(held, unit=currency or "") if held.unit == "money" else held


def _different(held: Spread) -> float:
    """How many different labels or texts; none of numbers."""
    if held.beyond:
        return np.nan
    return 0 if held.labels is None else held.labels.different


def _sizes(labels: Labels | None) -> dict[str, float]:
    return {} if labels is None else dict(zip(labels.names, labels.sizes, strict=True))
