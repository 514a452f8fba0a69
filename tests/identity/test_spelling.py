"""Trimmed, composed, without case: and what can't be seen is no identifier."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold.identity.spelling import folded, lowered, plain


@given(st.text(max_size=20))
def test_plain_is_idempotent_and_composed(value):
    said = plain(value)
    if said is not None:
        assert plain(said) == said == unicodedata.normalize("NFC", value.strip())


@given(st.text(max_size=20))
def test_what_is_left_can_be_seen(value):
    said = plain(value)
    if said is not None:
        kinds = {unicodedata.category(c) for c in said}
        assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(max_size=20))
def test_case_is_gone_and_stays_gone(value):
    said = folded(value)
    assert said is not None
    assert said == folded(said) == folded(value.casefold())
    small = lowered(value)
    assert small == lowered(small)


def test_small_letters_keep_apart_what_folding_joins():
    assert (lowered("\xdf"), folded("\xdf")) == ("\xdf", "ss")
    assert lowered("\u039f\u03a3") == "\u03bf\u03c3"  # by letter: no final sigma


def test_how_long_a_value_may_be():
    assert plain("a" * 1024) is not None
    assert plain("a" * 1025) is None
    assert plain(" " * 1024 + "a") is None  # it is cut off before anything is read
    assert plain("abc", longest=2) is None
    assert plain("\U0001d160" * 1024) is None  # one sign is three when composed
    assert folded("\u1e9e" * 600) is None


@pytest.mark.parametrize("value", [None, 7, b"ann", 1.5, ["ann"]])
def test_no_string_is_no_identifier(value):
    assert plain(value) is None
