"""Older: what is kept of events that were let go, for streams that never end.

Events of one customer, kind, item and channel become one cell: how many, the first and the
last, and what their amounts come to. Cells of two sets of events that share none add up:

    cells(a) + cells(b) == cells(a | b)

What a cell does not hold (which events, their ids, baskets, properties, hours) is gone.
"""

from collections.abc import Sequence

import numpy as np

from onefold._columns import Columns, frozen, stacked
from onefold._types import NO_MONEY, Array, Ints
from onefold.errors import ArgumentError

KEYS = ("customer", "kind", "item", "channel")
BIG = 2**62


def no_cells(events: Columns) -> Columns:
    """A table without a cell, for customers and labels as in a table of events."""
    return cells(events.take(slice(0, 0)))


def cells(events: Columns) -> Columns:
    """The cells of events, sorted by customer, kind, item and channel."""
    value = events.array("value")
    known = value != NO_MONEY
    single = Columns(
        {
            **{name: events.coded(name) for name in KEYS},
            "count": np.ones(len(events), dtype=np.int64),
            "first": events.array("time"),
            "last": events.array("time"),
            "value": np.where(known, value, 0),
            "valued": known.astype(np.int64),
            "least": np.where(known, value, BIG),
            "most": np.where(known, value, -BIG),
        }
    )
    return added([single])


def added(tables: Sequence[Columns]) -> Columns:
    """The cells of several tables as one; none of the events may be in two of them."""
    table = stacked(tables).compact()
    codes = [table.array(name) for name in KEYS]
    order = np.lexsort(codes[::-1])
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.any([code[order[1:]] != code[order[:-1]] for code in codes], axis=0)
    heads = np.flatnonzero(new)
    if len(heads):
        sizes = np.add.reduceat(np.abs(table.array("value")[order]).astype(np.float64), heads)
        if sizes.max() >= BIG:
            raise ArgumentError(
                "fold: value adds up to more than 4.6e12 in one cell of customer, kind, item and "
                "channel. Use a larger unit of money."
            )

    def reduced(name: str, ufunc: np.ufunc) -> Array:
        held = table.array(name)[order]
        whole = held.view(np.int64)
        out: Ints = ufunc.reduceat(whole, heads) if len(heads) else whole
        return frozen(out.view(held.dtype))

    ufuncs = {"count": np.add, "first": np.minimum, "last": np.maximum, "value": np.add}
    ufuncs |= {"valued": np.add, "least": np.minimum, "most": np.maximum}
    return Columns(
        {
            **{name: table.coded(name).take(order[heads]) for name in KEYS},
            **{name: reduced(name, ufunc) for name, ufunc in ufuncs.items()},
        }
    )
