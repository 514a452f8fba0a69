"""The words that programs write where an id is missing."""

import re

import pytest

from onefold.events.placeholders import PLACEHOLDERS, SHAPES, WORDS


def test_words_are_small_and_once():
    assert len(set(WORDS)) == len(WORDS)
    assert all(word == word.lower().strip() != "" for word in WORDS)


def test_no_word_is_one_of_the_shapes():
    assert [w for w in WORDS if any(re.fullmatch(s, w) for s in SHAPES)] == []


@pytest.mark.parametrize("word", WORDS)
def test_a_word_stands_for_itself(word):
    assert sum(bool(re.fullmatch(p, word, re.IGNORECASE)) for p in PLACEHOLDERS) == 1
