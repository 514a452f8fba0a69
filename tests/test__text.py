"""Text in Arrow's buffers says what plain Python says of the same strings.

The ways for many strings are taken for few as well: FEW, SAMPLE and CHUNK are made small.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onefold import _text
from onefold._random import hash64
from tests.colliding import twins

TYPES = [pa.string(), pa.large_string(), pa.string_view()]
LETTERS = "ab\x00é🦊\ue000"
HEADS = ("", "customer-", "é" * 5, "\x00\x00", "x" * 31)
Words = list[str | None]


@pytest.fixture(autouse=True, params=["as it is", "small"])
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "small":
        for name, few in (("FEW", 2), ("SAMPLE", 3), ("CHUNK", 3)):
            monkeypatch.setattr(_text, name, few)


@st.composite
def words(draw: st.DrawFn) -> Words:
    """Strings of up to forty letters, some with a common beginning, some alike, some null."""
    head = draw(st.sampled_from(HEADS))
    tails = st.text(LETTERS, max_size=3) | st.text(LETTERS, max_size=40) | st.text(max_size=9)
    some = draw(st.lists(tails.map(lambda tail: head + tail), min_size=1, max_size=12))
    some += draw(st.lists(st.sampled_from(["", head, head[:-1]]), max_size=3))
    return draw(st.lists(st.sampled_from([*some, None]) | st.sampled_from(some), max_size=40))


def arrays(strings: Sequence[str | None]) -> list[pa.Array]:
    """The same strings in every type, in arrays of their own and in the middle of longer ones."""
    whole = [pa.array(strings, type=kind) for kind in TYPES]
    around = ["before", None, *strings, "after"]
    return whole + [pa.array(around, type=kind).slice(2, len(strings)) for kind in TYPES]


def plainly(strings: Sequence[str | None]) -> tuple[list[int], list[str]]:
    """Codes, and the distinct strings in order of appearance."""
    text = [s or "" for s in strings]
    distinct = list(dict.fromkeys(text))
    return [distinct.index(s) for s in text], distinct


def assert_encoded(strings: Words) -> None:
    codes, distinct = plainly(strings)
    for held in arrays(strings):
        found, kept = _text.encode(held)
        assert found.tolist() == codes
        assert kept.to_pylist() == distinct
        assert found.dtype == np.int32


@settings(max_examples=60)
@given(words())
@example(["a" * n for n in range(41)] * 2)
@example(["a" * n + "\x00" * (k % 3) for k in range(12) for n in range(18)])
@example([f"customer-{n}" for n in range(30)])
@example([f"customer-{n:08d}" for n in range(30)])  # eight bytes follow what is common
@example([f"customer-{n:09d}" for n in range(30)])
@example(["x", "x\x00", "x\x00\x00"] * 9)
def test_codes_are_those_of_python(strings: Words) -> None:
    assert_encoded(strings)


@settings(max_examples=60)
@given(words())
def test_hashes_are_those_of_strings(strings: Words) -> None:
    expected = hash64([s or "" for s in strings]).tolist()
    for held in arrays(strings):
        assert _text.hash_text(held).tolist() == expected


@settings(max_examples=60)
@given(words())
@example([*(chr(c) for c in range(0xD7F0, 0xD800)), *(chr(c) for c in range(0xE000, 0xE010))])
@example(["\U00010000", "\uffff", "\ud7ff"] * 2)  # UTF-16 would sort them otherwise
def test_order_is_that_of_code_points(strings: Words) -> None:
    distinct = list(dict.fromkeys(s or "" for s in strings))
    expected = sorted(range(len(distinct)), key=distinct.__getitem__)
    for kind in TYPES[:2]:
        for held in (pa.array(distinct, type=kind), pa.array(["0", *distinct], type=kind)[1:]):
            assert _text.order(held).tolist() == expected


@pytest.mark.parametrize("at", range(40))
def test_the_bytes_decide_where_hashes_agree(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All strings have one hash, and differ in one byte."""
    monkeypatch.setattr(_text, "hash_text", lambda held: np.zeros(len(held), dtype=np.uint64))
    for letter in ("b", "\x00"):
        other = "a" * at + letter + "a" * (60 - at)
        assert_encoded(["a" * 61, "a" * 61, other, "a" * 61, other])
    assert_encoded(["a" * (at + 20), "a" * at, "a" * (at + 20), "a" * at])
    assert_encoded(["a" * at, "b" * at, "a" * (at + 1), "a" * at])


@pytest.mark.parametrize("size", [16, 24, 40, 256])
def test_strings_of_one_hash_are_told_apart(size: int) -> None:
    one, other = twins(size)
    assert one != other
    assert len(set(hash64([one, other]).tolist())) == 1
    assert_encoded([one, other, other, one, "else", one])
    many = [f"{k:016d}" for k in range(9)]
    assert_encoded([*many, one, *many, other, one])


@pytest.mark.parametrize("strings", [[], [""], [None], [None, ""], ["\x00"], ["", "\x00", None]])
def test_next_to_nothing(strings: Words) -> None:
    assert_encoded(strings)
    for held in arrays(strings):
        assert len(_text.hash_text(held)) == len(strings)


@pytest.mark.parametrize("n", [2**15, 2**16 + 1, 2**17 + 3])
@pytest.mark.parametrize(
    "make",
    [
        lambda k: f"customer-{k % 70_001}",
        lambda k: f"{k % 70_001:024d}",
        lambda k: f"{k % 50}",
        lambda k: f"{k % 70_001}" + "\x00" * (k % 3),
    ],
)
def test_many(n: int, make: Callable[[int], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    generator = np.random.default_rng(n)
    strings = [make(k) for k in generator.permutation(n).tolist()]
    held = pa.array(strings, type=pa.large_string())
    codes, kept = _text.encode(held)
    back = kept.to_pylist()
    assert back == list(dict.fromkeys(strings))
    assert [back[code] for code in codes.tolist()] == strings
    assert [back[k] for k in _text.order(kept).tolist()] == sorted(back)
    assert np.array_equal(_text.hash_text(held), hash64(strings))


def test_is_text() -> None:
    assert all(map(_text.is_text, TYPES))
    assert not any(map(_text.is_text, [pa.int64(), pa.null(), pa.dictionary(pa.int8(), TYPES[0])]))


@given(st.lists(st.text("a~! \x7f\x00é", max_size=4) | st.none(), min_size=1))
@example(["", "a b", "~!", "é", "\x7f", "a\x00", None])
def test_strings_of_visible_signs_of_ascii(given: Words) -> None:
    held = pa.array(given, type=pa.large_string())
    expected = [bool(w) and all("!" <= c <= "~" for c in w or "") for w in given]
    assert _text.signs_only(held).tolist() == expected
    assert _text.signs_only(held.slice(1)).tolist() == expected[1:]
