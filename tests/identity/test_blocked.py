"""Values that are nobody's, and patterns that would take too long."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold.errors import ArgumentError
from onefold.events import quality
from onefold.events.placeholders import PLACEHOLDERS, WORDS
from onefold.identity.blocked import (
    BLOCKED,
    BLOCKED_DEVICE,
    BLOCKED_EMAIL,
    BLOCKED_PHONE,
    BLOCKED_SOCIAL,
    blocked,
)
from onefold.identity.normal import normaliser
from onefold.identity.spelling import LONGEST

DEFAULTS = (BLOCKED, BLOCKED_EMAIL, BLOCKED_PHONE, BLOCKED_DEVICE, BLOCKED_SOCIAL)
NO_EMAIL = (
    "test@test.com ann@example.com ann@mail.example.org noreply@shop.com no-reply@x.de "
    "donotreply@x.de none@none.com none@x.org a@a.a aaa@aaa.com a@b.c ann@host.invalid "
    "postmaster@x.org nomail@x.org test@x.org ann@yourdomain.com"
)
EMAIL = (
    "ann@x.org testa@x.org ann@examples.com ann@myexample.com ann@test-shop.com "
    "nora@none-such.org a@bc.de ann@gmail.com reply@x.org na@x.org"
)
NO_PHONE = (
    "+11111111111 +490000000000 123456789 +49123456789 +12125550123 +4499999999 "
    "(212)555-0123 +447700900123 +442079460018 +61491570006"
)
PHONE = "+491701234567 +12125552368 +447700800123 +12125551234 +441234567890x +4930123457"
NO_DEVICE = "02:00:00:00:00:00 9774d56d682e549c FF:FF:FF:FF:FF:FF 0123456789ABCDEF"
DEVICE = "02:00:00:00:00:01 6d92078a-8246-4ba4-ae5b-76104861e7dc"
NO_SOCIAL = "instagram:null x:undefined mastodon.social:test x:@none"
SOCIAL = "instagram:ann x:nullo null:ann"
WORST = (
    *("a" * 1024, "0" * 1023 + "1", "a@" * 512, "." * 1024, "@" * 1024, "a@" + "a." * 511),
    *("x:" * 512, "1" * 1024, "ff:" * 341, "a@" + "example." * 127, " " * 1023 + "x", "-" * 1023),
    *("\u017f" * 1024, "\u0130" * 1024, "\x00" * 1024, "noreply" * 146, "a:" + "0" * 1021 + "1"),
    "x" * 10**6,
)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "null",
            "NULL",
            "None",
            "nan",
            "undefined",
            "anonymous",
            "Unknown",
            "guest",
            "n/a",
            "N/A",
        ),
        *("0", "000000", "-", "---", "0-0", "-1", "N/A", "(not set)", "test", "deleted", "", " "),
        *("[object Object]", "[object Undefined]", "[]", "{}", "true", "FALSE", "x" * 5, "???"),
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        *("00:00:00:00:00:00", "not_authenticated", "distinct_id", "<NA>", "\\N"),
    ],
)
def test_nobody_of_any_type(value):
    assert blocked(BLOCKED, argument="blocked")(value)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "ann",
            "1",
            "10",
            "100",
            "-10",
            "c0",
            "0001",
            "guest7",
            "testament",
            "nullo",
            "x",
            "nana",
        ),
        "00000000-0000-0000-0000-000000000001",
        "6d92078a-8246-4ba4-ae5b-76104861e7dc",
    ],
)
def test_somebody_of_any_type(value):
    assert not blocked(BLOCKED, argument="blocked")(value)


@pytest.mark.parametrize(
    ("patterns", "nobody", "somebody"),
    [
        (BLOCKED_EMAIL, NO_EMAIL, EMAIL),
        (BLOCKED_PHONE, NO_PHONE, PHONE),
        (BLOCKED_DEVICE, NO_DEVICE, DEVICE),
        (BLOCKED_SOCIAL, NO_SOCIAL, SOCIAL),
    ],
    ids=["email", "phone", "device", "social"],
)
def test_nobody_of_a_type(patterns, nobody, somebody):
    f = blocked(patterns, argument="blocked")
    assert [v for v in nobody.split() if not f(v)] == []
    assert [v for v in somebody.split() if f(v)] == []


def test_what_is_nobody_as_it_stands_is_nobody_once_normalised():
    nobody = blocked((*BLOCKED, *BLOCKED_PHONE), argument="blocked")
    phone = normaliser("phone", region="US", argument="normalise")
    for number in ("(212) 555-0123", "1111111111", "000-000-0000", "2125550100"):
        said = phone(number)
        assert said is None or nobody(said)


def test_apple_s_advertising_id_when_tracking_is_refused():
    assert blocked(BLOCKED, argument="blocked")("00000000-0000-0000-0000-000000000000")


def test_one_list_for_identity_and_for_quality():
    assert BLOCKED == PLACEHOLDERS
    assert all(quality._made_up(word.upper()) for word in WORDS)


def test_patterns_are_whole_and_of_any_case():
    f = blocked(["a.c", "B+", r"lit\.eral"], argument="blocked")
    assert [f(v) for v in ("abc", "ABC", "xabc", "abcx", "bbb", "lit.eral", "litXeral")] == [
        *(True, True, False, False, True, True, False)
    ]
    assert not blocked([], argument="blocked")("null")


@given(st.text(max_size=8))
def test_a_literal_pattern_blocks_its_text_in_any_case(text):
    f = blocked([re.escape(text)], argument="blocked")
    assert f(text) and f(text.casefold())
    assert not f(text + "?")


MIXED = (r"(a)\1", r"(b)\1c?", "(?x) d  e # what two letters", "(?P<n>f)(?P=n)", "g+|h", "(?:i)")


@given(
    st.lists(st.sampled_from([*MIXED, "k.", "null", "(g|k)?"]), max_size=8),
    st.text("abcdefghikNUL ", max_size=4),
)
def test_all_patterns_together_are_each_alone(patterns, value):
    alone = any(re.fullmatch(p, value, re.IGNORECASE) for p in patterns)
    assert blocked(patterns, argument="blocked")(value) == alone


@pytest.mark.parametrize("patterns", DEFAULTS, ids=range(len(DEFAULTS)))
def test_the_defaults_are_quick_on_the_worst(patterns):
    f = blocked(patterns, argument="blocked")
    for value in WORST:
        start = time.perf_counter()
        f(value)
        assert time.perf_counter() - start < 0.1


@pytest.mark.parametrize(
    "pattern", [".*.*x", ".*@.*y", "(no|do-?not).*@.*y", "(ab)*c", "[a-z]*+[0-9@]*+.*.*y"]
)
def test_what_is_allowed_is_quick_on_the_worst(pattern):
    f = blocked([pattern], argument="blocked")
    for value in WORST:
        start = time.perf_counter()
        f(value)
        assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+b", "(a|aa)*b", "(a*)*", "([a-z]+)*@", ".*.*.*x", "a?" * 30 + "a" * 30),
        *("(a?){40}b", "(?=(a+)+b)a", "(?>(a+)+b)", "((ab|abc)d?)+e", "(a+)++b"),
    ],
)
def test_what_takes_too_long_is_refused(pattern):
    with pytest.raises(ArgumentError, match=r"blocked holds .* take too long.*possessively"):
        blocked(["null", pattern], argument="blocked")


@pytest.mark.parametrize("pattern", ["(", "*", "[z-a]", "(?P<a>x)(?P<a>y)", "a{2,1}", "\\", "[[a]"])
def test_no_regular_expression(pattern):
    with pytest.raises(ArgumentError, match=r"blocked holds .*no regular expression") as info:
        blocked([pattern], argument="blocked")
    assert repr(pattern) in str(info.value)


@pytest.mark.parametrize("pattern", [3, None, b"null", re.compile("null")])
def test_no_string(pattern):
    with pytest.raises(ArgumentError, match=r"blocked holds .*as strings"):
        blocked([pattern], argument="blocked")


@pytest.mark.parametrize("patterns", ["null", None, 3])
def test_no_list(patterns):
    with pytest.raises(ArgumentError, match="it takes a list of regular expressions"):
        blocked(patterns, argument="blocked")


def test_many_parentheses():
    with pytest.raises(ArgumentError):
        blocked(["(" * 5000 + ")" * 5000], argument="blocked")


def test_the_longest_value_is_one_number():
    assert blocked(["null"], argument="blocked")("a" * (LONGEST + 1))
    assert not blocked(["null"], argument="blocked")("a" * LONGEST)
