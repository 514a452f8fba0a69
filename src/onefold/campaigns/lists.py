"""Lists: the rows of one block of customers, as a table of Arrow's.

customer   slot  item  score   why                   propensity  policy  holdout
ann        1     tea   0.31    bought 4 times, ...   1.0         5c1e..  False
ann        2     jam   0.12    popular with ...      1.0         5c1e..  False
"""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import numpy as np
import pyarrow as pa

from onefold._columns import frozen
from onefold._types import Bools, Floats, Ints
from onefold._vocab import Vocab

COLUMNS = {
    "customer": pa.string(),
    "slot": pa.int16(),
    "item": pa.string(),
    "score": pa.float64(),
    "why": pa.string(),
    "propensity": pa.float64(),
    "policy": pa.string(),
    "holdout": pa.bool_(),
}


def schema(why: bool) -> pa.Schema:
    """The columns of a campaign's rows."""
    return pa.schema([(n, t) for n, t in COLUMNS.items() if why or n != "why"])


@attrs.frozen(eq=False)
class Rows:
    """The lists of some customers: customer i has the rows `offsets[i] : offsets[i + 1]`.

    Whoever is left out has none. `held_out` and `short` count customers, those left out included.
    Who may not be addressed is not among them, and is counted in `not_allowed`.
    """

    table: pa.Table
    offsets: Ints = attrs.field(converter=frozen)
    held_out: int
    short: int
    not_allowed: int = 0

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def part(self, start: int, stop: int) -> pa.Table:
        """The rows of the customers from `start` up to `stop`."""
        first, last = int(self.offsets[start]), int(self.offsets[stop])
        return self.table.slice(first, last - first)


def rows(
    customers: Vocab,
    offsets: Ints,
    *,
    items: pa.Array,
    scores: Floats,
    propensity: Floats,
    why: list[Any] | None,
    policy: str,
    held: Bools,
    slots: int,
    keep: bool,
    not_allowed: int,
) -> Rows:
    """The rows of a block.

    Args:
        customers: The customers (n,).
        offsets: (n + 1,) where each customer's items begin.
        items: (m,) Arrow's text.
        scores: (m,) probabilities.
        propensity: (m,) probabilities with which each item was put there.
        why: (m,) reasons, None where there is none; or None for no column.
        policy: Version of what chose the items.
        held: (n,) who is held out.
        slots: Length of a full list.
        keep: Whether those held out have rows.
        not_allowed: How many others may not be addressed.
    """
    given = np.diff(offsets)
    owner = np.repeat(np.arange(len(customers)), given)
    columns: dict[str, Any] = {
        "customer": customers.text.take(pa.array(owner)),
        "slot": np.arange(len(owner)) - offsets[owner] + 1,
        "item": items,
        "score": scores,
        "why": why,
        "propensity": propensity,
        "policy": pa.repeat(policy, len(owner)),
        "holdout": held[owner],
    }
    kind = schema(why is not None)
    arrays = [_typed(columns[name], kind.field(name).type) for name in kind.names]
    table = pa.Table.from_arrays(arrays, schema=kind)
    if not keep:
        table = table.filter(pa.array(~held[owner]))
        offsets = np.append(0, np.cumsum(np.where(held, 0, given)))
    short = int((given < slots).sum())
    return Rows(table, offsets, int(held.sum()), short, not_allowed)


def regrouped(blocks: Iterable[Rows], chunk: int) -> Iterator[pa.Table]:
    """The rows of `chunk` customers at a time, of the last ones fewer."""
    held: list[pa.Table] = []
    room = chunk
    for block in blocks:
        start = 0
        while start < len(block):  # once a block, or once a chunk where these are smaller
            stop = min(start + room, len(block))
            held.append(block.part(start, stop))
            start, room = stop, room - (stop - start)
            if not room:
                yield pa.concat_tables(held)
                held, room = [], chunk
    if held:
        yield pa.concat_tables(held)


def _typed(values: Any, kind: pa.DataType) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array.cast(kind)
