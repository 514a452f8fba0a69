"""Conditions on a customer's own items: the same questions, asked of each customer and item.

    viewed & ~bought    on ann's events with the teapot, on ann's with the mug, on bob's ...

A cell is one customer with one item, and its events are a row like any other: a history whose
rows are cells answers every condition. Facts are those of the customer. Unknown never matches.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from onefold import _time
from onefold._group import changes
from onefold._types import Codes, Ints
from onefold._vocab import Vocab
from onefold.conditions import And, Compare, CompareTrait, Condition, Not, Or
from onefold.conditions.kleene import TRUE
from onefold.errors import BeyondKept
from onefold.ledger import ranges
from onefold.profiles import TraitTable
from onefold.traits.history import History


def matching(condition: Condition, table: TraitTable, items: Vocab) -> tuple[Ints, Codes]:
    """The cells of a table's customers for which a condition is true.

    Args:
        condition: Asked of each customer's events with each item that they have any with.
        table: Of n customers; a single one's facts may be those of nobody here.
        items: The items that count.

    Returns:
        Rows (c,) of the table and codes (c,) of the items, ascending.

    Raises:
        BeyondKept: If it reads further back than `keep=` has kept.
    """
    cells, row, item = cells_of(table)
    _refuse_let_go(condition, cells)
    code = np.append(items.translation(table.history.items), np.int32(-1))[item]
    strict = len(table.history.ledger) > 1
    kept = np.flatnonzero((condition.mask(cells, strict=strict) == TRUE) & (code >= 0))
    order = kept[np.lexsort((code[kept], row[kept]))]
    return row[order], code[order]


def cells_of(table: TraitTable) -> tuple[TraitTable, Ints, Codes]:
    """The table whose rows are cells, with the row (c,) and the item (c,) of each."""
    whole = table.history
    some = np.flatnonzero(whole.item >= 0)
    key = whole.row[some] * np.int64(len(whole.items)) + whole.item[some]
    order = np.argsort(key, kind="stable")  # events of a cell stay in their order
    key, events = key[order], some[order]
    first = np.flatnonzero(changes(key))
    row, item = np.divmod(key[first], np.int64(max(len(whole.items), 1)))
    facts, fact_offsets = ranges(whole.fact_offsets[:-1][row], whole.fact_offsets[1:][row])
    history = History(
        ledger=whole.ledger,
        offsets=np.append(first, len(key)),
        rows=events if whole.rows is None else whole.rows[events],
        fact_offsets=fact_offsets,
        fact_rows=facts if whole.fact_rows is None else whole.fact_rows[facts],
        catalog=whole.catalog,
        who=whole.people[row],
    )
    cells = TraitTable(table.ids[row], history, table.as_of[row], table.traits)
    return cells, row, item.astype(np.int32)


def _refuse_let_go(condition: Condition, cells: TraitTable) -> None:
    """Raise where older events were let go: what is left of them is not told by item."""
    horizon = cells.history.ledger.horizon
    if horizon is None or not len(cells):
        return
    for trait in _traits(condition, cells):
        reach = getattr(trait, "reach", None)
        if reach is None or bool((cells.as_of - reach < horizon).any()):
            raise BeyondKept(
                f"FittedScorer.rank: {condition} reads events from before {_time.show(horizon)}, "
                "which keep= let go. Ask of a window that is kept: did(...).last(...)."
            )


def _traits(condition: Condition, table: TraitTable) -> Iterator[Any]:
    """The traits that a condition asks of; facts are kept however old."""
    if isinstance(condition, (And, Or)):
        for part in condition.parts:
            yield from _traits(part, table)
    elif isinstance(condition, Not):
        yield from _traits(condition.part, table)
    elif isinstance(condition, CompareTrait):
        yield condition.trait
    elif isinstance(condition, Compare):
        yield from (trait for trait in table.traits if trait.name == condition.name)
