"""What a segmentation strategy is.

Settings that can be fitted, and what comes of it, are two objects. Neither imports anything
from here, nor is it registered anywhere:

    class Regulars:
        def fit(self, table, *, rng):            # -> an object with assign(table)
            return Fitted(np.nanmedian(table["frequency"]))

The fitted object may name its segments, in the order in which they are to be shown, in an
attribute `names`. Each label depends on the customer's own row of the table alone.
"""

from typing import Any, Protocol, runtime_checkable

import numpy as np

from onefold.profiles import TraitTable


@runtime_checkable
class Assigner(Protocol):
    """A fitted strategy: gives each row of a table its segment."""

    def assign(self, table: TraitTable) -> Any:
        """Labels (n,), text or whole numbers; None or NaN where the segment is unknown."""
        ...


@runtime_checkable
class Segmenter(Protocol):
    """A strategy: settings, to be fitted on a table of traits."""

    def fit(self, table: TraitTable, *, rng: np.random.Generator) -> Assigner:
        """Look at all customers, and return what assigns them."""
        ...
