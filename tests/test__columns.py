"""Columns: rows put together whatever their vocabularies; a hash of what a row holds."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold._columns import (
    Coded,
    Column,
    Columns,
    frozen,
    is_same_in_all,
    joined,
    missing,
    same_in_all,
    stacked,
    taken,
)
from onefold._types import NO_MONEY, NO_OFFSET
from onefold._vocab import EMPTY, Vocab
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


# ------------------------------------------------------------------- one value in all rows

VALUES: dict[str, list[Any]] = {
    "float": [np.float64(v) for v in (np.nan, 0.0, -0.0, 1.5)],
    "money": [np.int64(v) for v in (NO_MONEY, 0, 7)],
    "local": [np.int32(v) for v in (NO_OFFSET, 0, 3600)],
    "time": [np.datetime64(v, "us") for v in ("NaT", "2024-01-01", "1700-01-01")],
    "flag": [np.bool_(v) for v in (False, True)],
    "key": [np.uint64(v) for v in (0, 2**64 - 1)],
}
WORDS = Vocab.of(["jam", "oat", "tea"])


def plain(column: Column) -> Column:
    """The same column, with memory for each row."""
    if isinstance(column, Coded):
        return Coded(np.array(column.codes), column.vocab)
    return np.array(column)


def equal(a: Column, b: Column) -> bool:
    if isinstance(a, Coded) and isinstance(b, Coded):
        return a.decode().tolist() == b.decode().tolist() and len(a.vocab) == len(b.vocab)
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fM")


@st.composite
def constants(draw: st.DrawFn) -> Column:
    """A column of up to four rows that all hold the same."""
    n = draw(st.integers(0, 4))
    kind = draw(st.sampled_from([*VALUES, "text"]))
    if kind == "text":
        return Coded(same_in_all(np.int32(draw(st.integers(-1, 2))), n), WORDS)
    return same_in_all(draw(st.sampled_from(VALUES[kind])), n)


@settings(max_examples=150)
@given(constants(), st.data())
def test_a_constant_column_is_as_any_other(column: Column, data: st.DataObject) -> None:
    n = len(column)
    masks = st.lists(st.booleans(), min_size=n, max_size=n).map(lambda m: np.array(m, dtype=bool))
    places = st.lists(st.integers(0, n - 1)) if n else st.just([])
    rows = data.draw(
        masks
        | places.map(lambda p: np.array(p, dtype=np.int64))
        | st.slices(n).filter(lambda s: (s.step or 1) > 0)
    )
    assert np.array_equal(missing(column), missing(plain(column)))
    if isinstance(column, Coded):
        assert equal(column.take(rows), plain(column).take(rows))
        assert equal(column.compact(), plain(column).compact())
        wider = Vocab.of(["a", *WORDS, "z"])
        assert equal(column.within(wider), plain(column).within(wider))
        assert column.decode().tolist() == plain(column).decode().tolist()
    else:
        assert equal(taken(column, rows), taken(plain(column), rows))
    one, other = Columns({"c": column}), Columns({"c": plain(column)})
    assert one.content().tolist() == other.content().tolist()
    assert one.equals(other)
    assert other.equals(one)
    assert equal(one.take(rows).data["c"], other.take(rows).data["c"])


@settings(max_examples=150)
@given(st.sampled_from([*VALUES, "text"]), st.data())
def test_constants_put_together(kind: str, data: st.DataObject) -> None:
    """Above each other, and each row where a place says, with columns that lack it between."""
    values = [np.int32(c) for c in (-1, 0, 2)] if kind == "text" else VALUES[kind]
    lacking = [] if kind in ("key", "flag") else [None]  # every table has those
    value = st.sampled_from([*lacking, *values])
    parts = data.draw(st.lists(st.tuples(value, st.integers(0, 3)), max_size=5))

    def columns(spread: Any) -> list[Columns]:
        out = [Columns({"n": np.arange(n), **_of(v, n, kind, spread)}) for v, n in parts]
        return [Columns({"n": np.arange(1), **_of(values[0], 1, kind, spread)}), *out]

    short, long = stacked(columns(same_in_all)), stacked(columns(np.full))
    assert equal(short.data["c"], long.data["c"])
    assert len(short) == len(long) == 1 + sum(n for _, n in parts)
    order = data.draw(st.permutations(range(len(short))))
    ends = np.cumsum([0, 1, *(n for _, n in parts)])
    place = [np.array(order[a:b], dtype=np.int64) for a, b in itertools.pairwise(ends)]
    put = [stacked(columns(how), place) for how in (same_in_all, np.full)]
    assert equal(put[0].data["c"], put[1].data["c"])
    assert equal(put[0].take(np.array(order)).data["c"], short.data["c"])


def _of(value: Any, n: int, kind: str, spread: Any) -> dict[str, Column]:
    if value is None:
        return {}
    held = same_in_all(value, n) if spread is same_in_all else np.full(n, value)
    if kind == "text":
        return {"c": Coded(held, WORDS if value >= 0 else EMPTY)}
    return {"c": held}


def test_a_constant_spends_nothing() -> None:
    column = same_in_all(np.int64(7), 10**12)
    assert is_same_in_all(column)
    assert not column.flags.writeable
    assert is_same_in_all(taken(column, slice(5, 10**11)))
    assert len(taken(column, slice(5, 10**11))) == 10**11 - 5
    both = joined([column, same_in_all(np.int64(7), 10**12)])
    assert is_same_in_all(both)
    assert len(both) == 2 * 10**12
    text = Coded(same_in_all(np.int32(2), 10**12), WORDS)
    assert list(text.compact().vocab) == ["tea"]
    assert is_same_in_all(text.compact().codes)
    assert is_same_in_all(missing(text))
    assert not is_same_in_all(joined([same_in_all(1, 2), same_in_all(2, 2)]))
