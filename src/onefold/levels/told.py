"""Told: what other kinds of event add to the hazard of an item that a customer has had.

    logit h(u, i)  =  what the choices say  +  sum over kinds k of  b_k . d_k(u, i)

d_k are four numbers, 0 where nothing was done: how much of it lately, how lately, whether since
the last choice of i, and both of these. What a kind tells is learned: a return sent in after a
purchase is in d like a view, and only its coefficients say that the one lowers and the other
raises.
"""

from typing import Optional

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._types import Floats, Ints
from onefold.levels.others import Deeds, Others, recency
from onefold.levels.protocol import Choices

EACH = 4  # numbers a kind


@attrs.frozen(eq=False)
class Told:
    """The coefficients (4 a kind) of `deeds`, and the most that was seen of each.

    What lies beyond the most that was seen is not trusted.
    """

    kinds: tuple[str, ...]
    mean: Floats = attrs.field(converter=frozen)
    scale: Floats = attrs.field(converter=frozen)
    weights: Floats = attrs.field(converter=frozen)
    top: Floats = attrs.field(converter=frozen)

    @classmethod
    def of(
        cls,
        kinds: tuple[str, ...],
        seen: Floats,
        mean: Floats,
        scale: Floats,
        weights: Floats,
    ) -> Optional["Told"]:
        """What was learned from the deeds `seen` (c, 4 a kind); None where there are no kinds."""
        return cls(kinds, mean, scale, weights, seen.max(axis=0, initial=0.0)) if kinds else None

    def said(self, rows: Choices, *, row: Ints, item: Ints, chosen: Floats) -> Floats:
        """What is added (c,) for each of some rows' items, as `deeds` takes them."""
        held = deeds(rows, self.kinds, row=row, item=item, chosen=chosen)
        parts = (np.minimum(held, self.top) - self.mean) / self.scale * self.weights
        out: Floats = parts.sum(axis=1)  # row by row: a product of matrices rounds otherwise
        return out


def deeds(
    rows: Choices, kinds: tuple[str, ...], *, row: Ints, item: Ints, chosen: Floats
) -> Floats:
    """What was done (c, 4 a kind) with items of rows besides choosing them; 0 for nothing.

    Args:
        rows: The rows, each as of its moment.
        kinds: The kinds of event.
        row: (c,) which row.
        item: (c,) which item.
        chosen: (c,) days since the row last chose it.
    """
    out = np.zeros((len(row), EACH, len(kinds)))
    if kinds:
        held = Deeds.of(Others.of(rows, kinds=kinds), rows)
        at = held.at(row, item, width=rows.n_items)
        here = np.flatnonzero(at >= 0)
        since = held.since[at[here]]
        after = since < chosen[here, None]
        out[here, 0] = np.log1p(held.month[at[here]])
        out[here, 1] = recency(since)
        out[here, 2] = after
        out[here, 3] = after * recency(since)
    return out.reshape(len(row), EACH * len(kinds))
