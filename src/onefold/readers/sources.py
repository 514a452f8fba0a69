"""Where records come from: files, gzipped or not, lists of them, lines, dictionaries, frames.

Every source becomes the same: records, each with the file and the row where it stands. What is
broken stays among them, as the reason why it is refused.

    (file, row, what stood there, what was made of it)
"""

import gzip
import itertools
import json
import os
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from json.scanner import make_scanner
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, final

import attrs

from onefold.errors import ArgumentError, FileError
from onefold.readers.frames import frame_rows, is_frame, known, parquet_rows
from onefold.readers.values import BAD_UNICODE, EXACT, Refused

Record: TypeAlias = tuple[str | None, int, Any, Any]
Line: TypeAlias = tuple[int, Any]  # a row and what stands there
Rows: TypeAlias = Callable[[str | None, Iterator[Line]], Iterator[Record]]
"""Makes records of the lines of one file."""

BROKEN = "broken JSON"
BLANK: Any = object()  # what is made of a blank line
BOM = "\ufeff"


@final
@attrs.frozen(eq=False)
class Ready:
    """Records that have been read already, perhaps of a source known to be of the format."""

    records: Iterable[Record]
    names: tuple[str, ...] = ()
    sure: bool = False


def records_of(
    source: Any, rows: Rows, call: str, *, columns: Collection[str] | None = None
) -> Iterator[Record]:
    """The records of any source; `rows` makes them of a file's lines.

    Of frames and Parquet files only `columns` are read, or all.
    """
    if isinstance(source, Ready):
        yield from source.records
        return
    if is_frame(source):
        yield from _done(None, frame_rows(source, call, columns))
        return
    for name, path in _files(source, call):
        if path is None:
            yield from rows(None, enumerate(source, 1))
        elif _starts(path, call) == b"PAR1":
            yield from _done(name, parquet_rows(path, call, columns))
        else:
            yield from rows(name, _lines(path, call))


def documents(name: str | None, lines: Iterator[Line]) -> Iterator[Record]:
    """The JSON documents in lines: one a line, or a list of them, or one in the whole file."""
    first = next((line for line in lines if not _blank(line[1])), None)
    if first is None:
        return
    lines = itertools.chain([first], lines)
    if _goes_on(first[1]):
        rest = list(lines)
        whole = _whole(rest)
        if whole is not None:
            yield from ((name, at, one, one) for at, one in enumerate(whole, 1))
            return
        lines = iter(rest)
    for row, held in lines:
        if isinstance(held, (str, bytes)):
            document = parsed(held)
        else:
            document = known(held) if isinstance(held, dict) else held
        if document is BLANK:
            continue
        if isinstance(document, list):
            yield from ((name, row, one, one) for one in document)
        else:
            yield name, row, held, document


def texts(name: str | None, lines: Iterator[Line]) -> Iterator[Record]:
    """Lines of text as they are; what is no text is left to who reads them."""
    for row, held in lines:
        if isinstance(held, (str, bytes)):
            if not _blank(held):
                yield name, row, held, decoded(held)
        else:
            yield name, row, held, held


def decoded(held: str | bytes) -> Any:
    """A line as text without its end, or why it is refused."""
    if isinstance(held, bytes):
        try:
            held = held.decode()
        except UnicodeDecodeError:
            return Refused(BAD_UNICODE)
    elif not held.isascii():
        try:
            held.encode()
        except UnicodeEncodeError:
            return Refused(BAD_UNICODE)
    return held.rstrip("\r\n").removeprefix(BOM)


def parsed(held: str | bytes) -> Any:
    """What a JSON text says, or why it is refused; decimals stay decimals; BLANK for no text."""
    try:
        line = (held.decode() if isinstance(held, bytes) else held).strip().removeprefix(BOM)
        if not line:
            return BLANK
        document, end = _scan(line, 0)
    except UnicodeDecodeError:
        return Refused(BAD_UNICODE)
    except (ValueError, ArithmeticError, StopIteration):
        return Refused(BROKEN, foreign=True)
    except RecursionError:
        return Refused("nested too deeply")
    return document if end == len(line) else Refused(BROKEN, foreign=True)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decoder: Any = json.JSONDecoder(parse_float=EXACT.create_decimal, parse_constant=_no_constant)
_scan = make_scanner(_decoder)


def _done(name: str | None, rows: Iterator[Any]) -> Iterator[Record]:
    return ((name, at, one, one) for at, one in enumerate(rows, 1))


def _blank(held: Any) -> bool:
    return isinstance(held, (str, bytes)) and not held.strip()


def _goes_on(held: Any) -> bool:
    """Whether a first line is the beginning of a document that goes on over many lines."""
    if not isinstance(held, (str, bytes)) or not isinstance(parsed(held), Refused):
        return False
    start = decoded(held)
    return isinstance(start, str) and start.lstrip()[:1] in ("[", "{")


def _whole(lines: list[Line]) -> list[Any] | None:
    """What all lines together say, if they are one document."""
    held = [line for _, line in lines]
    if all(isinstance(line, bytes) for line in held):
        document = parsed(b"".join(held))
    elif all(isinstance(line, str) for line in held):
        document = parsed("\n".join(held))
    else:
        return None
    if isinstance(document, Refused):
        return None
    return document if isinstance(document, list) else [document]


def _files(source: Any, call: str) -> Iterator[tuple[str | None, Path | None]]:
    """Names and paths of files; no path stands for records that were given themselves."""
    if isinstance(source, (str, os.PathLike)):
        yield _file(source, call)
    elif isinstance(source, (list, tuple)) and _are_paths(source):
        for one in source:
            yield _file(one, call)
    elif isinstance(source, (bytes, bytearray, Mapping)) or not isinstance(source, Iterable):
        raise ArgumentError(
            f"{call}: source is a {type(source).__name__}; it takes a path, a list of paths, lines "
            "or dictionaries. Put a single record into a list: [record]."
        )
    else:
        yield None, None


def _are_paths(source: list[Any] | tuple[Any, ...]) -> bool:
    """Whether all are paths: strings are where each is the name of a file that is there."""
    return bool(source) and all(
        isinstance(one, os.PathLike) or (isinstance(one, str) and _is_file(one)) for one in source
    )


def _is_file(name: str) -> bool:
    if len(name) > 4096 or name.lstrip()[:1] in ("", "{", "[") or "\n" in name:
        return False
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def _file(source: str | os.PathLike[str], call: str) -> tuple[str, Path]:
    name = os.fspath(source)
    path = Path(name)
    if isinstance(source, str) and ("\n" in name or name.lstrip()[:1] in ("{", "[")):
        raise ArgumentError(
            f"{call}: source is text, not the path of a file. Give its lines: text.splitlines()."
        )
    try:
        there, folder = bool(name) and path.exists(), bool(name) and path.is_dir()
    except (OSError, ValueError):
        there = folder = False
    if folder:
        raise FileError(
            f"{call}: {name!r} is a folder. Give its files: sorted(Path({name!r}).glob('*.gz'))."
        )
    if not there:
        raise FileError(f"{call}: no file {name!r}.")
    return path.name, path


def _starts(path: Path, call: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4)
    except OSError as error:
        raise FileError(f"{call}: {str(path)!r} can't be read: {error.strerror}.") from error


def _lines(path: Path, call: str) -> Iterator[Line]:
    packed = _starts(path, call)[:2] == b"\x1f\x8b"
    row = 0
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        try:
            for row, line in enumerate(file, 1):
                yield row, line
        except (EOFError, OSError, zlib.error):
            yield row + 1, Refused("the rest of the file can't be read")
