"""Checks return what was checked, and refuse in words that name the argument."""

from typing import Any

import numpy as np
import pytest

from onefold import _check
from onefold.errors import ArgumentError


def test_names_are_quoted_and_cut_with_a_count() -> None:
    assert _check.quoted(["a", "b"]) == "'a', 'b'"
    assert _check.quoted([]) == "none"
    assert _check.quoted("abcd", most=2) == "'a', 'b' and 2 more"
    assert _check.quoted("ab", most=2) == "'a', 'b'"


def test_a_hint_only_where_a_name_comes_close() -> None:
    assert _check.hint("recencies", ["frequency", "recency"]) == " Did you mean 'recency'?"
    assert _check.hint("zzz", ["frequency", "recency"]) == ""
    assert _check.hint("x", []) == ""
    assert _check.hint("uid", ["paid", "at"]) == ""
    assert _check.hint("customer", ["time", "what"]) == ""
    assert _check.hint("user_id", ["uid", "ts"]) == " Did you mean 'uid'?"
    assert _check.hint(12, [123, 7]) == " Did you mean '123'?"


def test_what_passes_comes_back() -> None:
    assert _check.one_of("day", ("week", "day"), "f: by") == "day"
    assert _check.text("a", "f: name") == "a"
    value = [1]
    assert _check.instance(value, list, "f: rows") is value


@pytest.mark.parametrize(("value", "least", "most"), [(1, 1, None), (0, 0, 0), (np.int8(5), 1, 5)])
def test_whole_gives_a_python_integer(value: Any, least: int, most: int | None) -> None:
    checked = _check.whole(value, "f: n", least=least, most=most)
    assert checked == value
    assert type(checked) is int


@pytest.mark.parametrize("ends", [False, True])
def test_fraction_has_its_ends_only_where_said(ends: bool) -> None:
    assert _check.fraction(0.25, "f: q", ends=ends) == 0.25
    assert type(_check.fraction(np.float32(0.5), "f: q", ends=ends)) is float
    for end in (0, 1, 0.0, 1.0):
        if ends:
            assert _check.fraction(end, "f: q", ends=True) == end
        else:
            with pytest.raises(ArgumentError, match=r"f: q is .*above 0 and below 1"):
                _check.fraction(end, "f: q")


REFUSED: list[tuple[Any, str]] = [
    (lambda: _check.one_of("dya", ("week", "day"), "f: by"), "by is 'dya'; allowed: 'week', 'day'"),
    (lambda: _check.one_of("dya", ("week", "day"), "f: by"), r"Did you mean 'day'\?"),
    (lambda: _check.whole(0, "f: n"), "f: n is 0; it takes a whole number, at least 1"),
    (lambda: _check.whole(9, "f: n", most=8), "f: n is 9; it takes a whole number, 1 to 8"),
    (lambda: _check.whole(True, "f: n"), "f: n is True"),
    (lambda: _check.whole(np.bool_(True), "f: n"), "f: n is .*True"),
    (lambda: _check.whole(2.0, "f: n"), "f: n is 2.0"),
    (lambda: _check.whole("2", "f: n"), "f: n is '2'"),
    (lambda: _check.whole(None, "f: n"), "f: n is None"),
    (lambda: _check.fraction(float("nan"), "f: q", ends=True), "f: q is nan; .*0 to 1"),
    (lambda: _check.fraction(1.5, "f: q", ends=True), "f: q is 1.5"),
    (lambda: _check.fraction(True, "f: q", ends=True), "f: q is True"),
    (lambda: _check.fraction("0.5", "f: q"), "f: q is '0.5'"),
    (lambda: _check.instance(3, str, "f: who"), r"f: who is a int; it takes str\.$"),
    (lambda: _check.instance(3, str, "f: who", "Give an id."), "takes str. Give an id."),
    (lambda: _check.text("", "f: name"), "f: name is ''; .*not empty"),
    (lambda: _check.text(None, "f: name"), "f: name is None"),
]


@pytest.mark.parametrize(("call", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_refusals_say_what_was_held_and_what_is_allowed(call: Any, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        call()
