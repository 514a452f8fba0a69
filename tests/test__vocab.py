"""A vocabulary is its sorted set of strings, however it came about and however it is held."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold import _text, _vocab
from onefold._random import hash64
from onefold._vocab import EMPTY, Vocab, ranked, united
from tests.colliding import twins

WORDS = st.lists(st.text(max_size=2) | st.text("a\x00é🦊", max_size=12), max_size=120)


@pytest.fixture(autouse=True, params=["as it is", "small"])
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "small":
        for module, name, few in (
            (_vocab, "MANY", 2),
            (_vocab, "FEW", 2),
            (_text, "FEW", 2),
            (_text, "SAMPLE", 3),
            (_text, "CHUNK", 3),
        ):
            monkeypatch.setattr(module, name, few)


def held(words: Sequence[str]) -> list[Vocab]:
    """The vocabulary of some words, held as Python's strings and as Arrow's, in every type."""
    chosen = sorted(set(words))
    array = pa.array(chosen, type=pa.string())
    chunks = pa.chunked_array([array[:1], array[1:]]) if chosen else array
    around = pa.array(["", *chosen, "z"], type=pa.large_string()).slice(1, len(chosen))
    shuffled, _ = ranked(pa.array(chosen[::-1], type=pa.large_string()))
    return [Vocab.of(words), Vocab(array), Vocab(chunks), Vocab(around), shuffled]


@given(WORDS, WORDS)
def test_union_and_codes(a: list[str], b: list[str]) -> None:
    left, right = Vocab.of(a), Vocab.of(b)
    both = left.union(right)
    assert list(both) == sorted({*a, *b})
    assert both == right.union(left) == Vocab.of(a + b)
    asked = [*a, *b, None, "not there"]
    expected = [sorted({*a, *b}).index(w) if w in {*a, *b} else -1 for w in asked]
    assert both.codes(asked).tolist() == expected
    assert [Vocab(both.values).codes([w])[0] for w in asked] == expected  # one by one
    assert [both.code(w) for w in (*a, *b)] == expected[: len(a) + len(b)]
    assert both.decode(both.codes(asked)).tolist() == [w if w in both else None for w in asked]


@settings(max_examples=40)
@given(WORDS)
def test_held_by_python_or_by_arrow(words: list[str]) -> None:
    chosen = sorted(set(words))
    asked = [*words, None, "", "not there"]
    for vocab in held(words):
        assert list(vocab) == vocab.values.tolist() == vocab.text.to_pylist() == chosen
        assert len(vocab) == len(chosen)
        assert [vocab[i] for i in range(len(vocab))] == chosen
        assert [w in vocab for w in asked[:-3]] == [True] * len(words)
        assert "not there" not in vocab
        assert [vocab.code(w) for w in words] == [chosen.index(w) for w in words]
        codes = vocab.codes(asked)
        assert codes.tolist() == [chosen.index(w) if w in chosen else -1 for w in asked]
        assert vocab.decode(codes).tolist() == [w if w in chosen else None for w in asked]
        assert vocab.hashes.tolist() == hash64(chosen).tolist()
        assert list(vocab.plain) == chosen
        assert isinstance(vocab.plain.values, np.ndarray)
        some = np.arange(0, len(vocab), 2)
        assert list(vocab.take(some)) == chosen[::2]
        for array in (vocab.values, vocab.hashes):
            assert not array.flags.writeable
        assert all(isinstance(w, str) for w in vocab)


@settings(max_examples=40)
@given(WORDS, WORDS)
def test_two_however_they_are_held(a: list[str], b: list[str]) -> None:
    union = sorted({*a, *b})
    expected = [sorted(set(a)).index(w) if w in a else -1 for w in sorted(set(b))]
    for left in held(a):
        for right in held(b):
            assert left.translation(right).tolist() == expected
            assert left.translation(right).dtype == np.int32
            assert list(left.union(right)) == union
            assert (left == right) is (set(a) == set(b))
            assert left == left.take(np.arange(len(left)))


@settings(max_examples=40)
@given(st.lists(WORDS, min_size=1, max_size=4), st.data())
def test_several_as_one(lists: list[list[str]], data: st.DataObject) -> None:
    vocabs = [data.draw(st.sampled_from(held(words))) for words in lists]
    whole, codes = united(vocabs)
    union = sorted(set().union(*lists))
    assert list(whole) == union
    for words, to in zip(lists, codes, strict=True):
        assert to.tolist() == [union.index(w) for w in sorted(set(words))]
        assert to.dtype == np.int32
    same, codes = united([vocabs[0]] * 3)
    assert same is vocabs[0]
    assert [c.tolist() for c in codes] == [list(range(len(same)))] * 3


@given(WORDS)
def test_ranked(words: list[str]) -> None:
    distinct = list(dict.fromkeys(words))
    vocab, rank = ranked(pa.array(distinct, type=pa.large_string()))
    assert list(vocab) == sorted(distinct)
    assert [vocab[code] for code in rank.tolist()] == distinct


def test_strings_of_one_hash_are_two() -> None:
    one, other = twins(16)
    for vocab in held([one, other, "else"]):
        assert len(vocab) == 3
        assert len(set(vocab.hashes.tolist())) == 2
        assert vocab.code(one) != vocab.code(other)
        assert vocab.codes([one, other]).tolist() == [vocab.code(one), vocab.code(other)]
    for left in held([one]):
        for right in held([other]):
            assert left != right
            assert left.translation(right).tolist() == [-1]
            assert list(left.union(right)) == sorted([one, other])


def test_thousands_are_put_together_in_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    evens, threes = ([f"{k:06d}" for k in range(0, 30_000, step)] for step in (2, 3))
    for left in held(evens)[:2]:
        for right in held(threes)[:2]:
            assert list(left.union(right)) == sorted({*evens, *threes})
            found = left.translation(right).tolist()
            assert found == [k // 2 if k % 2 == 0 else -1 for k in range(0, 30_000, 3)]


def test_a_vocabulary_owns_its_strings() -> None:
    words = np.array(["a", "b"], dtype=object)
    vocab = Vocab(words)
    words[0] = "z"
    assert list(vocab) == ["a", "b"]
    assert not vocab.values.flags.writeable
    assert repr(vocab) == "Vocab(2 strings)"
    assert "a" in vocab
    assert 3 not in vocab
    assert vocab != 3


def test_of_nothing() -> None:
    for vocab in (*held([]), EMPTY):
        assert len(vocab) == 0
        assert vocab == EMPTY
        assert vocab.code("a") == -1
        assert vocab.decode(np.array([-1, -1], dtype=np.int32)).tolist() == [None, None]
        assert vocab.hashes.tolist() == []
        for other in held(["a", "b"]):
            assert list(vocab.union(other)) == list(other.union(vocab)) == ["a", "b"]
            assert vocab.translation(other).tolist() == [-1, -1]
            assert other.translation(vocab).tolist() == []
