"""The rows of a CSV file: first its header, then each row by the names of the columns.

A row that is cut off, has too many cells or broken quotes stays among them, as the reason why it
is refused; the next line starts afresh.
"""

import csv
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, final

import attrs

from onefold.errors import ArgumentError
from onefold.readers.sources import BOM, Line, Record
from onefold.readers.values import Refused

DELIMITERS = (",", ";", "\t", "|")


@final
@attrs.frozen
class Header:
    """The names of a file's columns."""

    names: tuple[str, ...]


def rows(delimiter: str | None) -> Callable[[str | None, Iterator[Line]], Iterator[Record]]:
    """What makes records of a file's lines: first its header, then its rows by name."""

    def read(name: str | None, lines: Iterator[Line]) -> Iterator[Record]:
        first = next(lines, None)
        if first is None:
            return
        head = _text(first[1])
        mark = delimiter or max(DELIMITERS, key=head.count)
        try:
            cells = next(csv.reader([head], delimiter=mark), [])
        except csv.Error:
            cells = []
        names = tuple(cell.strip() for cell in cells)
        yield name, first[0], head, Header(names)
        yield from _rows(name, lines, names=names, delimiter=mark)

    return read


def _rows(
    name: str | None, lines: Iterator[Line], *, names: tuple[str, ...], delimiter: str
) -> Iterator[Record]:
    held: list[str] = []  # the lines of the row at hand
    at = 0
    end: Refused | None = None

    def texts() -> Iterator[str]:
        nonlocal at, end
        for row, line in lines:
            at = at if held else row
            if isinstance(line, Refused):
                end = line
                return
            held.append(_text(line))
            yield held[-1] + "\n"

    reader = csv.reader(texts(), delimiter=delimiter, strict=True)
    while True:
        held.clear()
        try:
            cells = next(reader)
        except StopIteration:
            if end is not None:
                yield name, at, "", end
            return
        except csv.Error:
            yield name, at, "\n".join(held), Refused("broken quotes, or a very long cell")
            continue
        if not cells:  # a blank line
            continue
        told = "\n".join(held)
        if len(cells) != len(names):
            fate = "fewer" if len(cells) < len(names) else "more"
            yield name, at, told, Refused(f"{fate} cells than names of columns")
        elif tuple(cell.strip() for cell in cells) == names:
            yield name, at, told, Refused("names of the columns again", skipped=True)
        else:
            yield name, at, told, dict(zip(names, cells, strict=True))


def _text(line: Any) -> str:
    """A line without its end; what is no valid text is told when its cell is read."""
    if isinstance(line, bytes):
        line = line.decode(errors="surrogateescape")
    if not isinstance(line, str):
        _no_lines(line)
    return line.rstrip("\r\n").removeprefix(BOM)


def _no_lines(line: Any) -> NoReturn:
    raise ArgumentError(
        f"readers.csv: source holds a {type(line).__name__}; it takes lines of text. Dictionaries "
        "are read with EventLog.from_frame(pandas.DataFrame(...))."
    )
