"""Wider patterns: they catch all that is matched, and of the usual values nearly nothing else."""

import re
from re import _parser  # type: ignore[attr-defined]

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onefold.identity.blocked import (
    BLOCKED,
    BLOCKED_DEVICE,
    BLOCKED_EMAIL,
    BLOCKED_PHONE,
    BLOCKED_SOCIAL,
    blocked,
)
from onefold.identity.sieve import caught

EVERY = blocked(
    (
        *(*BLOCKED, *BLOCKED_EMAIL, *BLOCKED_PHONE, *BLOCKED_DEVICE, *BLOCKED_SOCIAL),
        *("(?-i:Ab)", "(?=a)ab+", "k.*"),
    ),
    argument="blocked",
)
SIGNS = st.text("aAbBkKsS01_-@. \\[", max_size=8)
PARTS = st.sampled_from(
    [
        *("a", "B", ".", r"\d", r"\w", r"\s", r"\W", "[a-k]", "[^a]", "[Z-b]", r"[\d@]", r"[^\w]"),
        *("\u017f", "\u212a", "[\u017f-\u0180]", "k", "S", r"\.", "@", "^", "$", r"\b", "(?=a)"),
        *(
            "(?!b)",
            "(?<=a)",
            "0",
            "_",
            "(?i:s)",
            "(?-i:K)",
            "(?>a+)",
            "",
            "[]a]",
            r"\x41",
            "[a-\xff]",
        ),
    ]
)


def combined(parts):
    return st.one_of(
        st.tuples(parts, parts).map("".join),
        st.tuples(parts, parts).map("|".join),
        parts.map("(?:{})?".format),
        parts.map("({})*".format),
        parts.map("(?:{}){{1,3}}".format),
        parts.map("(?:{}){{2,}}".format),
        parts.map("(?:{})*+".format),
        parts.map(r"(?P<g>{})(?P=g)".format),
        parts.map(r"(?P<g>{})?(?(g)a|b)".format),
    )


PATTERNS = st.recursive(PARTS, combined, max_leaves=6)


def parsed(pattern):
    try:
        tree = _parser.parse(pattern, re.IGNORECASE)
        return tree, re.compile(pattern, re.IGNORECASE)
    except re.error:
        return None


@settings(max_examples=300)
@given(PATTERNS, st.lists(SIGNS, min_size=1, max_size=20))
@example("[Z-b]", ["A", "B", "z", "^"])
@example("\u212a", ["k", "K"])
@example("[\u212a]", ["k"])
@example("\u0130", ["i"])
@example(r"(ab?)\1", ["abA", "abAB", "aa"])
@example("a{2,40}", ["a" * 40])
@example("(?:a{0,30}){0,40}", ["a" * 50])
def test_all_that_matches_is_caught(pattern, values):
    known = parsed(pattern)
    if known is None:
        return
    tree, expression = known
    found = caught(tree, pa.array(values, type=pa.large_string()))
    for value, kept in zip(values, found.tolist(), strict=True):
        assert kept or not expression.fullmatch(value)


@pytest.mark.parametrize("pattern", ["a{2,40}", "(?:(?:a{30}){30}){30}"])
def test_what_is_too_large_is_caught_whole(pattern):
    tree, _ = parsed(pattern)
    assert caught(tree, pa.array(["a" * 40, "a" * 27000][: 1 + (pattern[0] == "(")])).all()


def test_usual_values_go_through_the_sieve():
    device = (*BLOCKED, *BLOCKED_DEVICE, *BLOCKED_SOCIAL)
    tree, _ = parsed("|".join(device))
    values = ["c1", "user-17", "6d92078a-8246-4ba4-ae5b-76104861e7dc", "instagram:ann", "K9"]
    assert not caught(tree, pa.array(values)).any()
    tree, _ = parsed("|".join(p for p in BLOCKED_EMAIL if r"\1" not in p))
    assert not caught(tree, pa.array(["ann@x.org", "ann.b@mail.shop.com"])).any()


@given(
    st.lists(st.one_of(SIGNS, st.sampled_from(["null", "a@a.a", "NULL", "Guest", "0-0", "x" * 5])))
)
@example(["test@test.com", "ann@x.org", "aaa@aaa.com", "ann@example.com", "NoReply@x.org"])
@example(["+11111111111", "+49123456789", "+491701234567", "9774D56D682E549C", "x:Null"])
def test_many_at_once_are_as_one_by_one(values):
    values = [v for v in values if v.isascii() and v.isprintable()]
    found = EVERY.among(pa.array(values, type=pa.large_string()))
    assert found.tolist() == [EVERY(v) for v in values]
