"""Columns: rows put together whatever their vocabularies; a hash of what a row holds."""

import numpy as np
import pytest

from onefold._columns import Coded, Column, Columns, frozen, missing
from onefold._types import NO_MONEY, NO_OFFSET
from onefold._vocab import Vocab
from onefold.errors import ColumnError


def coded(*strings: str | None) -> Coded:
    vocab = Vocab.of(s for s in strings if s is not None)
    return Coded(vocab.codes(strings), vocab)


def test_frozen_owns_its_array() -> None:
    base = np.arange(6)
    view = frozen(base[:3])
    assert not view.flags.writeable
    base[0] = 9  # of somebody else, so it was copied
    assert view.tolist() == [0, 1, 2]
    own = np.arange(3)
    assert frozen(own) is own
    with pytest.raises(ValueError, match="read-only"):
        own[0] = 1
    assert frozen(own) is own


def test_coded_strings_keep_through_take_within_and_compact() -> None:
    column = coded("tea", None, "jam", "tea")
    assert column.codes.tolist() == [1, -1, 0, 1]
    assert column.take(np.array([3, 1])).decode().tolist() == ["tea", None]
    wider = column.within(Vocab.of(["jam", "oat", "tea"]))
    assert wider.codes.tolist() == [2, -1, 0, 2]
    assert wider.decode().tolist() == column.decode().tolist()


@pytest.mark.parametrize("rows", [[0], [0, 1], [1, 1, 1], [], [0, 2, 3, 3, 1]])
def test_compact_leaves_only_words_that_occur(rows: list[int]) -> None:
    """Few rows of a long vocabulary, and many of a short one: two ways to the same."""
    some = coded("tea", None, "jam", "oat").take(np.array(rows, dtype=np.int64))
    said = some.decode().tolist()
    small = some.compact()
    assert list(small.vocab) == sorted({s for s in said if s is not None})
    assert small.decode().tolist() == said


def test_missing_has_a_mark_for_each_type() -> None:
    marks: list[Column] = [
        coded("a", None),
        np.array([1.0, np.nan]),
        np.array([1, NO_MONEY]),
        np.array([1, NO_OFFSET], dtype=np.int32),
    ]
    for column in marks:
        assert missing(column).tolist() == [False, True]
    assert missing(np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[us]")).sum() == 0


def test_above_joins_words_and_fills_what_one_side_lacks() -> None:
    top = Columns({"item": coded("tea"), "value": np.array([5]), "colour": coded("red")})
    below = Columns(
        {
            "item": coded("jam", None),
            "value": np.array([7, NO_MONEY]),
            "size": np.array([1.5, 2.0]),
            "local": np.array([60, 0], dtype=np.int32),
        }
    )
    both = top.above(below)
    assert len(both) == 3
    assert both.coded("item").decode().tolist() == ["tea", "jam", None]
    assert list(both.coded("item").vocab) == ["jam", "tea"]
    assert both.array("value").tolist() == [5, 7, NO_MONEY]
    assert both.coded("colour").decode().tolist() == ["red", None, None]
    np.testing.assert_array_equal(both.array("size"), [np.nan, 1.5, 2.0])
    assert both.array("local").tolist() == [NO_OFFSET, 60, 0]
    assert "colour" in both
    assert "colour" not in both.without(["colour", "size"])
    assert not both.array("value").flags.writeable


def test_a_side_that_holds_nothing_takes_the_others_type() -> None:
    nothing = Columns({"property:p": np.array([np.nan, np.nan])})
    text = Columns({"property:p": coded("red")})
    assert nothing.above(text).coded("property:p").decode().tolist() == [None, None, "red"]
    assert text.above(nothing).coded("property:p").decode().tolist() == ["red", None, None]
    blank = Columns({"property:p": coded(None)})
    numbers = Columns({"property:p": np.array([2.0])})
    np.testing.assert_array_equal(blank.above(numbers).array("property:p"), [np.nan, 2.0])
    with pytest.raises(ColumnError, match="property 'p' holds numbers on one side and text"):
        text.above(numbers)


def test_content_is_of_what_a_row_holds_and_where() -> None:
    table = Columns({"item": coded("tea", "jam", "tea"), "size": np.array([1.0, 1.0, np.nan])})
    one, two, three = table.content().tolist()
    assert len({one, two, three}) == 3
    turned = Columns({"size": table.array("size"), "item": table.coded("item")})
    assert turned.content().tolist() == [one, two, three]  # nor on the order of columns
    more = table.replace(colour=coded(None, None, "red"))
    assert more.content().tolist()[:2] == [one, two]  # nor on columns with nothing in the row
    assert more.content().tolist()[2] != three
    assert more.content(leave_out=["colour"]).tolist() == [one, two, three]
    swapped = Columns({"a": coded("x"), "b": coded("y")}).content()
    assert swapped != Columns({"a": coded("y"), "b": coded("x")}).content()
    minus = Columns({"size": np.array([-0.0])}).content()
    assert minus == Columns({"size": np.array([0.0])}).content()
    assert Columns({"size": np.array([np.nan])}).content().tolist() == [0]


def test_equal_whatever_the_vocabulary() -> None:
    wide = Coded(np.array([2, -1], dtype=np.int32), Vocab.of(["a", "b", "tea"]))
    table = Columns({"item": coded("tea", None)})
    assert table.equals(Columns({"item": wide}))
    assert table.equals(table.replace(colour=coded(None, None)))
    assert not table.equals(table.replace(colour=coded(None, "red")))
    assert not table.equals(Columns({"item": coded("tea", "tea")}))
    assert not table.equals(table.take(slice(0, 1)))
    number = Columns({"size": np.array([1.0, np.nan])})
    assert number.equals(Columns({"size": np.array([1.0, np.nan])}))
    assert not number.equals(Columns({"size": coded("1.0", None)}))
    assert number.take([1]).equals(Columns({"size": coded(None)}))  # both hold nothing
