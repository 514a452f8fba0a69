"""Rows of CSV files, by the names of their columns."""

from onefold.readers.csv_rows import Header, rows
from onefold.readers.values import Refused


def test_rows() -> None:
    lines = [b"\xef\xbb\xbfa, b\r\n", "1,2\n", "\n", "3\n", Refused("cut off")]
    found = list(rows(None)("f", enumerate(lines, 1)))
    assert found[0][3] == Header(("a", "b"))
    assert found[1] == ("f", 2, "1,2", {"a": "1", "b": "2"})
    assert [type(one[3]) for one in found[2:]] == [Refused, Refused]
    assert [one[1] for one in found] == [1, 2, 4, 5]


def test_no_lines() -> None:
    assert list(rows(",")("f", iter(()))) == []


def test_a_header_that_can_not_be_read() -> None:
    [found] = rows(",")(None, iter([(1, "x" * 200_000)]))
    assert found[3] == Header(())
