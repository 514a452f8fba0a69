"""Joining: numbers that somebody has of customers, put beside the customers of a summary.

    ids [ann, bob], {"age": {"bob": 40, "ann": 30, "eva": 50}}   ->   age [30, 40]

Everybody who is asked for must be there, once, with a finite number: what a model would make of
a gap is not for it to guess.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onefold._check import identifier, quoted, shown
from onefold._types import Floats, Strings
from onefold.errors import ArgumentError
from onefold.events.door import Door, opened

ID = "customer"


def joined(ids: Strings, table: Any, call: str) -> dict[str, Floats]:
    """Numbers (n,) of customers by the name of their column.

    Args:
        ids: Ids of the customers (n,).
        table: A frame with a column `customer` (in pandas it may be the index), or a mapping from
            name to a mapping or a Series from customer to number. Who is not among the ids is
            left out.
        call: Who asks, for errors.

    Raises:
        ArgumentError: If somebody is missing, is there twice, or has no finite number.
        ColumnError: If a column is not there, or holds no numbers.
    """
    if isinstance(table, Mapping):
        columns: dict[str, Floats] = {}
        for name, held in table.items():
            columns |= _of_frame(ids, _frame_of(name, held, call), call)
        return columns
    if isinstance(table, pd.DataFrame) and table.index.name == ID and ID not in table.columns:
        table = table.reset_index()
    return _of_frame(ids, table, call)


def _frame_of(name: Any, held: Any, call: str) -> pd.DataFrame:
    """One column by customer as a frame."""
    if not isinstance(held, (Mapping, pd.Series)):
        raise ArgumentError(
            f"{call}: table[{shown(name)}] is a {type(held).__name__}; it takes a mapping or a "
            "Series from customer to number, for the order of customers could be another."
        )
    who = [identifier(key, f"{call}: a customer of {shown(name)}") for key in held.keys()]  # noqa: SIM118
    values = held.to_numpy() if isinstance(held, pd.Series) else list(held.values())
    return pd.DataFrame({ID: pd.Series(who, dtype=object), name: values})


def _of_frame(ids: Strings, frame: Any, call: str) -> dict[str, Floats]:
    try:
        door = opened(frame, call)
    except ArgumentError as error:
        if not isinstance(error.__cause__, TypeError):
            raise
        raise ArgumentError(
            f"{call}: table is a {type(frame).__name__}; it takes a frame with a column "
            f"{ID!r}, or a mapping from name to a mapping or a Series from customer to number."
        ) from error
    who = door.ids(ID, ID)
    rows = np.flatnonzero(who.codes >= 0)
    seen = np.bincount(who.codes[rows], minlength=len(who.vocab))
    found = who.vocab.codes(ids)
    lost = ids[found < 0]
    if len(lost):
        raise ArgumentError(
            f"{call}: {len(lost):,} of {len(ids):,} customers are not in the table, such as "
            f"{quoted(lost[:3])}. Give a row for each, or leave them out with .select(ids)."
        )
    twice = ids[seen[found] > 1] if len(ids) else ids
    if len(twice):
        raise ArgumentError(
            f"{call}: {len(twice):,} customers have several rows in the table, such as "
            f"{quoted(twice[:3])}. Give one row for each."
        )
    place = np.zeros(len(who.vocab), dtype=np.int64)
    place[who.codes[rows]] = rows
    named = [name for name in door.names if name != ID]
    return {name: _numbers(door, name)[place[found]] for name in named}


def _numbers(door: Door, name: str) -> Floats:
    held = door.column(name, "table")
    if pa.types.is_boolean(held.type):
        held = held.cast(pa.int8())
    kind = held.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise door.error(
            name,
            "table",
            f"is of type {kind}; it takes numbers. Of a label make a column of 0 and 1 for each "
            "value but one, for example with pandas.get_dummies(..., drop_first=True).",
        )
    return np.asarray(held.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
