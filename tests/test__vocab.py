"""A vocabulary is its sorted set of strings, however it came about."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onefold._vocab import Vocab

WORDS = st.lists(st.text(max_size=2), max_size=120)


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
