"""Two models fitted to the same customers drawn again: of purchases, and of spend.

    drawn* ~ multinomial(n, 1 / n)        weight of a row* = sum of drawn* over its customers

Each model keeps its different rows in an order of its own, so what is drawn is customers, and each
model is told how many of them have each of its rows.
"""

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from onefold.lifetime.gammagamma import refitted as spend_again
from onefold.lifetime.reading import Customers
from onefold.lifetime.resampled import refitted as purchases_again
from onefold.lifetime.rows import Rows
from onefold.lifetime.spend import Means


def redraw(value: Any, who: Customers) -> Callable[[np.random.Generator], Any]:
    """From chance to the lifetime value that is learned of customers drawn again."""
    rows, place = Rows.of(who.x, who.t_x, who.T, who.z).grouped()
    bought = np.flatnonzero(who.x > 0)
    means = Means.of(who.x[bought], who.monetary[bought])

    def again(rng: np.random.Generator) -> Any:
        drawn = np.bincount(rng.integers(0, len(who), len(who)), minlength=len(who))
        weight = drawn if place is None else np.bincount(place, drawn, len(rows))
        purchases = purchases_again(value.purchases, rows, weight.astype(np.float64))
        if purchases is None:
            return None
        spend = spend_again(value.spend, means, drawn[bought].astype(np.float64))
        return attrs.evolve(value, purchases=attrs.evolve(purchases, n=len(who)), spend=spend)

    return again
