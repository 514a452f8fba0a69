"""Ask a table: one comparison of one column, for all rows at once.

A row without a value is unknown, whatever is asked of it:

    recency [12, 40, NaN] <= 30   ->   [1, 0, -1]

One profile is asked through its table of one row, and a fact is text for everybody or a number
for everybody, so the two give the same answers. Only a question that does not fit, text asked of
numbers, is told by a value: it is refused where one is there, and unknown where none is.
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._types import Array
from onefold.conditions.kleene import FALSE, TRUE, UNKNOWN, Mask, settled
from onefold.errors import ArgumentError, UnknownName
from onefold.profiles import TraitTable
from onefold.traits.asking import ORDERS, Value
from onefold.traits.protocol import Trait

NUMERIC = {"floating", "integer", "mixed-integer-float", "decimal", "boolean", "integer-na"}


@attrs.frozen
class Counts:
    """How many customers a condition holds for, does not hold for, and can't be told for."""

    matched: int
    unmatched: int
    unknown: int


def table_of(who: Any) -> TraitTable:
    """The table of profiles, of one profile, or the table itself."""
    table = getattr(who, "table", who)
    if not isinstance(table, TraitTable):
        raise ArgumentError(
            f"condition: asked of a {type(who).__name__}; it takes Profiles, a Profile or a "
            "TraitTable. Make profiles with onefold.fold(log)."
        )
    return table


def column_of(table: TraitTable, name: str, label: str | None, *, strict: bool) -> Array:
    """One column (n,). Where not `strict`, a name that nobody here has is missing for all.

    A single person's table knows only that person's facts: there a name is never refused.
    """
    try:
        return table.column(name, label)
    except UnknownName:
        if name in table.names or (strict and len(table.history.ledger) > 1):
            raise
        return np.full(len(table), np.nan)


def reading_of(table: TraitTable, trait: Trait, label: str | None, *, strict: bool) -> Array:
    """The same of a trait that the table need not carry; what it says is not kept.

    Where not `strict`, a trait that asks for a property which no event here has is missing.
    """
    if any(t is trait or (type(t) is type(trait) and t == trait) for t in table.traits):
        return table.column(trait.name, label)  # read once, whoever asks
    asked = TraitTable(table.ids, table.history, table.as_of, (trait,))
    try:
        return asked.column(trait.name, label)
    except UnknownName:
        if strict:
            raise
        return np.full(len(table), np.nan)


def compared(values: Array, op: str, value: Value, of: str) -> Mask:
    """The mask (n,) of values (n,) under one operator; `of` names the trait in errors."""
    if op == "known":
        return np.where(pd.isna(values), FALSE, TRUE).astype(np.int8)
    given = value if isinstance(value, tuple) else (value,)
    held, known = _comparable(values, text=isinstance(given[0], str), of=of, op=op, value=value)
    if op == "in":
        return settled(np.isin(held, np.array(given, dtype=held.dtype)), known)
    if op == "between":
        return settled((held >= given[0]) & (held <= given[-1]), known)
    return settled(np.asarray(ORDERS[op](held, value), dtype=bool), known)


def counted(mask: Mask) -> Counts:
    """How often each answer occurs."""
    return Counts(*(int((mask == answer).sum()) for answer in (TRUE, FALSE, UNKNOWN)))


def _comparable(
    values: Array, *, text: bool, of: str, op: str, value: Value
) -> tuple[Array, np.ndarray[Any, np.dtype[np.bool_]]]:
    """The values as strings or as numbers, whichever is asked for, and which are known."""
    known = ~np.asarray(pd.isna(values))
    if not known.any():
        return np.full(len(values), "" if text else 0, dtype=object if text else float), known
    kind = pd.api.types.infer_dtype(values, skipna=True)
    held = (
        "text" if kind == "string" else "numbers" if kind in NUMERIC else f"several types ({kind})"
    )
    if held != ("text" if text else "numbers"):
        example = values[known][0]
        raise ArgumentError(
            f"condition: {of} holds {held}, such as {words(example)}; it can't be asked for {op} "
            f"{value!r}, which is {'text' if text else 'a number'}."
        )
    if text:
        return np.where(known, values, ""), known
    return np.where(known, values, 0).astype(np.float64), known


def words(value: object) -> str:
    """A value that was found: text in quotes, numbers with six digits."""
    return f"{value:,.6g}" if isinstance(value, (float, np.floating)) else repr(value)
