"""Tables as plain text: numbers to the right, words to the left, cut at a width.

segment   customers  share
--------  ---------  -----
loyal         1,234  12.3%
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs
import pandas as pd

from onefold._display.words import Html, absent, cell, cut, wide
from onefold.errors import ArgumentError

__all__ = ["Grid", "Rows", "grid", "text_table"]

Rows: TypeAlias = pd.DataFrame | Sequence[Mapping[str, object]] | Sequence[Sequence[object]]

DASH = "–"
_NUMBER = re.compile(
    r"[<>]?[-+]?\d[\d,]*(\.\d+)?(–\d+(\.\d+)?)?(e[-+]\d+)?[MBT]?( ?%| [A-Za-z€$£¥]{1,7})?"
)
_GAP = 2
_LEAST = 6  # columns of text are cut down to this width before whole columns are left out


@attrs.frozen
class Grid:
    """A table made ready: names, and cells as text (or markup), row by row."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]  # by column: numbers, to be aligned to the right


def text_table(
    rows: Rows,
    columns: Sequence[str] | None = None,
    *,
    width: int = 100,
    missing: str = DASH,
) -> str:
    """Write a table as aligned text.

    A column in which every value is a number (or reads as one: "12.3%", "3 h", "9.99 USD") is
    aligned to the right. Where the table is too wide, the widest columns of words are cut with an
    ellipsis; then columns are left out from the right, and a last line says so.

    Args:
        rows: A frame (its index is shown if it has a name), mappings by name, or sequences.
        columns: Names, and which; they may be left out for frames and mappings.
        width: Characters in a line, at least 20.
        missing: What stands for None and NaN.

    Returns:
        Lines without trailing blanks or a final line break.

    Raises:
        ArgumentError: Rows that don't fit the columns, no columns, or too small a width.

    Example:
        >>> print(text_table([["loyal", 1234, "12.3%"], ["lost", 56, None]], ["to", "n", "share"]))
        to         n  share
        -----  -----  -----
        loyal  1,234  12.3%
        lost      56      –
    """
    if width < 20:
        raise ArgumentError(f"width is {width}; it takes 20 or more.")
    table = grid(rows, columns, missing=missing)
    sizes = [
        max(wide(text) for text in (name, *column))
        for name, column in zip(table.names, _columns(table), strict=True)
    ]
    shown = _fit(sizes, table.numeric, width)
    lines = [table.names, tuple("-" * size for size in shown), *table.rows]
    text = [
        (" " * _GAP)
        .join(
            _aligned(value, size, right=right)
            for value, size, right in zip(line, shown, table.numeric, strict=False)
        )
        .rstrip()
        for line in lines
    ]
    left = len(sizes) - len(shown)
    if left:
        text.append(f"({left} more column{'s' if left > 1 else ''} not shown)")
    return "\n".join(text)


def grid(rows: Rows, columns: Sequence[str] | None, *, missing: str = DASH) -> Grid:
    """Turn a frame, mappings or sequences into names and cells of text."""
    if isinstance(rows, pd.DataFrame):
        names, values = _from_frame(rows, columns)
    elif columns is None and not (rows and isinstance(rows[0], Mapping)):
        raise ArgumentError("columns is missing; name the columns, or give mappings or a frame.")
    else:
        names = tuple(columns if columns is not None else _names(rows[0]))
        values = [
            tuple(row.get(name) for name in names) if isinstance(row, Mapping) else tuple(row)
            for row in rows
        ]
    for at, row in enumerate(values):
        if len(row) != len(names):
            raise ArgumentError(
                f"rows has {len(row)} cells in row {at}, and {len(names)} columns are named."
            )
    cells = tuple(
        tuple(v if isinstance(v, Html) else cell(v, missing=missing) for v in row) for row in values
    )
    numeric = tuple(_is_numeric(values, cells, i) for i in range(len(names)))
    return Grid(names=tuple(cell(name) for name in names), rows=cells, numeric=numeric)


def _names(row: Mapping[str, object] | Sequence[object]) -> list[str]:
    return list(row) if isinstance(row, Mapping) else []


def _from_frame(
    frame: pd.DataFrame, columns: Sequence[str] | None
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    if columns is not None:
        lacking = [name for name in columns if name not in frame.columns]
        if lacking:
            raise ArgumentError(f"columns names {lacking!r}; the frame has {list(frame.columns)}.")
        frame = frame[list(columns)]
    return tuple(str(c) for c in frame.columns), list(frame.itertuples(index=False, name=None))


def _is_numeric(
    values: Sequence[tuple[object, ...]], cells: Sequence[tuple[str, ...]], at: int
) -> bool:
    """Whether all that is present in a column is or reads as a number."""
    present = [
        text
        for row, text in zip(values, (line[at] for line in cells), strict=True)
        if not absent(row[at])
    ]
    return bool(present) and all(
        _NUMBER.fullmatch(text) is not None and not isinstance(text, Html) for text in present
    )


def _columns(table: Grid) -> list[tuple[str, ...]]:
    return [tuple(row[i] for row in table.rows) for i in range(len(table.names))]


def _fit(sizes: Sequence[int], numeric: Sequence[bool], width: int) -> list[int]:
    """The width of each column that is shown; fewer than `sizes` where some must be left out."""
    shown = [min(size, width) for size in sizes]
    while shown and sum(shown) + _GAP * (len(shown) - 1) > width:
        over = sum(shown) + _GAP * (len(shown) - 1) - width
        words = [i for i, size in enumerate(shown) if not numeric[i] and size > _LEAST]
        if words:
            widest = max(words, key=lambda i: shown[i])
            others = [shown[i] for i in words if i != widest]
            floor = max([_LEAST, *(size for size in others if size < shown[widest])])
            shown[widest] -= max(1, min(over, shown[widest] - floor))
        else:
            shown = [min(size, width) for size in sizes[: len(shown) - 1]]
    return shown


def _aligned(text: str, size: int, *, right: bool) -> str:
    text = cut(text, size)
    blank = " " * (size - wide(text))
    return blank + text if right else text + blank
