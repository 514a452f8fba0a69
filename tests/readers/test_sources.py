"""Where records come from: every sort of source, and what is broken in it."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from onefold import readers
from onefold.errors import ArgumentError, FileError
from onefold.readers.sources import documents, parsed, records_of
from onefold.readers.values import Refused
from tests.readers.strategies import examples

EXAMPLE = readers.example("segment")


def results() -> readers.Read:
    return readers.segment(EXAMPLE)


def same(read: readers.Read) -> None:
    expected = results()
    assert read.log == expected.log
    assert (read.accepted, read.skipped) == (expected.accepted, dict(expected.skipped))
    assert read.rejected["reason"].tolist() == expected.rejected["reason"].tolist()
    assert read.rejected["row"].tolist() == expected.rejected["row"].tolist()


def test_a_path() -> None:
    same(readers.segment(str(EXAMPLE)))
    same(readers.segment(EXAMPLE))
    assert set(results().rejected["file"]) == {"segment.jsonl"}


def test_a_gzipped_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    packed = tmp_path / "calls"
    packed.write_bytes(gzip.compress(EXAMPLE.read_bytes()))
    same(readers.segment(packed))


def test_lines_of_text_and_of_bytes() -> None:
    same(readers.segment(examples("segment")))
    same(readers.segment(EXAMPLE.read_bytes().split(b"\n")))
    same(readers.segment(line for line in examples("segment")))
    same(readers.segment(io.StringIO(EXAMPLE.read_text())))
    with EXAMPLE.open("rb") as file:
        same(readers.segment(file))


def test_windows_ends_of_lines_and_a_mark_at_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + EXAMPLE.read_bytes().replace(b"\n", b"\r\n"))
    same(readers.segment(path))


def test_blank_lines_are_no_records() -> None:
    doubled = [part for line in examples("segment") for part in (line, "  ", "")]
    read = readers.segment(doubled)
    assert len(read) == len(results()) and read.log == results().log


def test_a_list_of_paths(tmp_path: Path) -> None:
    lines = examples("segment")
    parts = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path, some in zip(parts, (lines[:6], lines[6:]), strict=True):
        path.write_text("\n".join(some), encoding="utf-8")
    for source in (parts, [str(p) for p in parts], tuple(parts)):
        read = readers.segment(source)
        assert read.log == results().log
        assert read.rejected["row"].tolist() == [5, 6, 7, 8]
        assert set(read.rejected["file"]) == {"b.jsonl"}


def good() -> list[Any]:
    return [json.loads(line) for i, line in enumerate(examples("segment")) if i not in (10, 13)]


def test_dictionaries() -> None:
    read = readers.segment(good())
    assert read.log == results().log
    assert read.rejected["text"].str.contains("Product Viewed").all()


@pytest.mark.parametrize("indent", [None, 2])
def test_one_list_in_a_file(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "calls.json"
    path.write_text(json.dumps(good(), indent=indent))
    read = readers.segment(path)
    assert read.log == results().log and len(read) == len(good())


def test_one_document_over_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "call.json"
    path.write_text("\n" + json.dumps(good()[0], indent=4))
    assert len(readers.segment(path)) == 1
    assert len(readers.segment(path.read_text().splitlines())) == 1


def test_lists_in_lines() -> None:
    lines = [json.dumps(good()[:3]), json.dumps(good()[3]), "[]"]
    read = readers.segment(lines)
    assert len(read) == 4


def test_a_file_that_begins_with_a_broken_line() -> None:
    broken = examples("segment")[10]
    read = readers.segment([broken, *examples("segment")])
    assert read.reasons["broken JSON"] == 2 and read.log == results().log


def test_nothing_at_all(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    sources: list[Any] = [path, [], iter(()), io.StringIO()]
    for source in sources:
        read = readers.segment(source)
        assert len(read) == len(read.log) == 0


def test_a_file_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "calls.gz"
    path.write_bytes(gzip.compress(EXAMPLE.read_bytes() * 50)[:-300])
    read = readers.segment(path)
    assert read.rejected["reason"].iloc[-1] == "the rest of the file can't be read"
    assert read.accepted > 9 and len(read) == read.rejected["row"].iloc[-1]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("nowhere.jsonl", "no file 'nowhere.jsonl'"),
        (Path("nowhere.jsonl"), "no file"),
        ([Path("nowhere.jsonl")], "no file"),
        (".", "is a folder"),
        ("", "no file ''"),
        ("a\x00b", "no file"),
        ("x" * 100_000, "no file"),
    ],
)
def test_no_file(source: Any, why: str) -> None:
    with pytest.raises(FileError, match=why):
        readers.segment(source)


@pytest.mark.parametrize("source", [None, 7, b"{}", {"type": "track"}, object()])
def test_no_source(source: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^readers.segment: source is a"):
        readers.segment(source)


def test_text_is_no_path() -> None:
    with pytest.raises(ArgumentError, match="splitlines"):
        readers.segment('{"type": "track"}')


def test_another_format_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"not of this format.*none of 11 records"):
        readers.segment(readers.example("access_log"))


def test_numbers_stay_as_they_are_written() -> None:
    held = parsed('{"a": 19.99, "b": 1e400, "c": 12345678901234567890}')
    assert [str(v) for v in held.values()] == ["19.99", "1E+400", "12345678901234567890"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"a": NaN}', "broken JSON"),
        ('{"a": 1} {', "broken JSON"),
        ('{"a": 1' + "0" * 5000 + "}", "broken JSON"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        (b'{"a": "\xff"}', "not valid Unicode"),
    ],
)
def test_broken_json(line: Any, why: str) -> None:
    held = parsed(line)
    assert isinstance(held, Refused) and why in held.reason


def test_rows_are_lines_of_the_file() -> None:
    found = list(documents("f", enumerate(["", "1", " ", "[2, 3]", "4"], 1)))
    assert [(r[0], r[1], r[3]) for r in found] == [
        ("f", 2, 1),
        ("f", 4, 2),
        ("f", 4, 3),
        ("f", 5, 4),
    ]


def test_records_of_a_call_name_it() -> None:
    with pytest.raises(ArgumentError, match=r"^mine: "):
        next(records_of(5, documents, "mine"))
