"""What one visit brings: lines, units, different items.

basket size = events / visits, or units / visits, or (visit, item) pairs / visits
"""

from typing import Any

import attrs
import numpy as np

from onefold._check import one_of
from onefold._types import Floats, Times
from onefold.traits.history import History
from onefold.traits.protocol import kind_or_none, some_name
from onefold.traits.reduce import distinct_pairs, labels, numbers, sums

OF = ("lines", "quantity", "items")


@attrs.frozen
class BasketSize:
    """How much a customer takes in one visit: lines, units, or different items, on average.

    basket size = lines / visits, or sum of quantities / visits, or different items of each visit,
    added up, / visits. A visit is a basket, or an instant where there is no basket, as in
    `Frequency`. A visit in which no line has a quantity (an item) is not a visit of size 0, and
    doesn't count. Missing where no visit is left. What a visit is worth is `Monetary(mean=True)`.

    Args:
        of: "lines" for events, "quantity" for units, "items" for different items.
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Raises:
        ArgumentError: If `of` is none of these.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", item="tea", quantity=2, basket="r1"),
        ...     of.Event("ann", "purchase", "2024-03-01", item="jam", quantity=1, basket="r1"),
        ...     of.Event("ann", "purchase", "2024-03-08", item="tea", quantity=4, basket="r2")])
        >>> ann = of.fold(log, [BasketSize(), BasketSize("quantity", name="units")])["ann"]
        >>> ann["basket_size"], ann["units"]
        (1.5, 3.5)
    """

    of: str = attrs.field(
        default="lines", validator=lambda _, __, value: one_of(value, OF, "BasketSize: of")
    )
    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="basket_size", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Means (n,), NaN where no visit has a size."""
        h = history.where(self.event)
        brought: Any = h.counts
        if self.of == "quantity":
            h, held = numbers(h, "quantity")
            brought = sums(held, h.offsets)
        elif self.of == "items":
            h, items = labels(h, "item")
            visit, bounds = h.visits
            owner = distinct_pairs(visit, items.codes, max(len(items.vocab), 1))
            running = np.append(0, np.cumsum(np.bincount(owner, minlength=bounds[-1])))
            brought = np.diff(running[bounds])
        visits = np.diff(h.visits[1])
        missing = np.full(len(h), np.nan)
        size: Floats = np.divide(brought, visits, out=missing, where=visits > 0)
        return size
