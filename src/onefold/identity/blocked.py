"""Patterns of values that are nobody's, and how long they may take.

A pattern is matched against the whole value, in any case. Values come from anyone, so the
patterns must stay quick on the worst of them: Python's `re` tries every way in which the
repeats of a pattern can share out a value, and (a+)+b has 2^1023 ways for 1,024 times "a".
The ways are counted when the patterns are compiled, and those with too many are refused:

    ways of a*  = 1,025      ways of .*@.*  = 1,025^2      ways of (a+)+  = refused
"""

import math
import re
import warnings
from collections.abc import Sequence
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onefold._check import is_several, shown
from onefold._types import Bools
from onefold.errors import ArgumentError
from onefold.events.placeholders import PLACEHOLDERS
from onefold.identity.sieve import caught
from onefold.identity.spelling import LONGEST

FLAGS = re.compile("a", re.IGNORECASE).flags  # of a pattern that sets none itself
NUMBERED = re.compile(r"\\[1-9]|\(\?P|\(\?\(")  # groups that are meant by number or name
MOST = 8.0 * (LONGEST + 1) ** 2  # ways: two repeats without end, and a few choices more

BLOCKED: tuple[str, ...] = PLACEHOLDERS
"""Values that are nobody's, of whatever type: `null`, zeros and dashes, `(not set)`, `guest`."""

BLOCKED_EMAIL: tuple[str, ...] = (
    r"[^@]*+@(.*\.)?example\.(com|net|org)",  # RFC 2606, section 3
    r"[^@]*+@.*\.(test|example|invalid|localhost|local)",  # RFC 2606, section 2; RFC 6762
    r"[^@]*+@(test|none|null|noe?mail|fake|asdf|nowhere|unknown|anonymous)\.[a-z]{2,4}",
    r"[^@]*+@((your|my)?-?domain|yourcompany)\.[a-z]{2,4}",
    r"(test|none|null|no-?e?-?mail|nobody|unknown|anonymous|guest|undefined)@.*",
    r"(no|do-?not)[-_.]?reply[^@]*+@.*",
    r"(mailer-daemon|postmaster|hostmaster|webmaster|abuse)@.*",  # RFC 2142: roles, not people
    r"(.)\1{0,9}@\1{1,10}\.[a-z]{1,3}",  # a@a.a, aaa@aaa.com
    r"[a-z]@[a-z]\.[a-z]{1,3}",  # a@b.c
)
"""Addresses that are nobody's: reserved domains, test@..., noreply@..., a@a.a."""

BLOCKED_PHONE: tuple[str, ...] = (
    r"\+?(\d)\1{4,20}",  # one digit
    r"\+\d{1,3}?(\d)\1{5,14}",  # one digit after the country's code
    r"\+?0?(0123456|123456|1234567|12345678|123456789|1234567890|0123456789|987654321|9876543210)",
    r"\+\d{1,3}?(1234567|12345678|123456789|1234567890|987654321|9876543210)",
    r"(\+?1)?[-. (]{0,2}\d{3}[-. )]{0,2}555[-. ]?01\d\d",  # kept for fiction in North America
    r"\+447700900\d{3}|\+44(11[3-8]|121|131|141|151|161)4960\d{3}",  # for drama, by Ofcom
    r"\+442079460\d{3}|\+441632960\d{3}",
    r"\+61(2|3|7|8)(5550|7010)\d{4}|\+6149157\d{4}",  # kept for fiction by Australia's ACMA
)
"""Numbers that are nobody's: one digit, 123456789, those kept for films and books."""

BLOCKED_DEVICE: tuple[str, ...] = (
    r"02:?00:?00:?00:?00:?00",  # what iOS 7 and Android 6 say in place of their MAC address
    r"(ff:?){5}ff",  # the address of everybody
    r"9774d56d682e549c",  # one ANDROID_ID on millions of devices of Android 2.2
    r"0123456789abcdef|1234567890abcdef|123456789012345|dead00beef|lmy47d",
    r"004999010640000|358240051111110",  # IMEI of emulators
)
"""Devices that are many: what systems give in place of an id (zeros are in `BLOCKED`)."""

BLOCKED_SOCIAL: tuple[str, ...] = (rf"[a-z0-9.\-]{{1,80}}:@?({'|'.join(PLACEHOLDERS)})",)
"""Handles that are nobody's, after a network: `instagram:null`."""


def blocked(patterns: Sequence[str], *, argument: str) -> "Nobody":
    """Whether a value matches one of the patterns as a whole, in any case.

    Args:
        patterns: regular expressions of Python's `re`. Two repeats without an end are allowed
            in a row (`.*@.*`), and any number of possessive ones (`[a-z]*+`), which never try
            again; a repeat within a repeat, as in (a+)+, is not.
        argument: the name under which the caller knows the patterns.

    Returns:
        A function of a string. A value of more than 1,024 characters is blocked unread: that
        bounds what anybody may cost with the worst value.

    Raises:
        ArgumentError: If a pattern is no regular expression, or may take too long.

    >>> nobody = blocked(BLOCKED, argument="blocked")
    >>> nobody("NULL"), nobody("0000-00"), nobody("ann")
    (True, True, False)
    """
    if isinstance(patterns, str) or not is_several(patterns):
        raise ArgumentError(
            f"{argument} is {shown(patterns)}; it takes a list of regular expressions, such as "
            '["null", "test.*"].'
        )
    words: set[str] = set()
    together: list[str] = []
    alone = []
    for pattern in patterns:
        tree, expression = _compiled(pattern, argument)
        if all(op is _constants.LITERAL for op, _ in tree):  # most are: one look-up for them all
            words.add("".join(chr(code) for _, code in tree).casefold())
        elif expression.flags == FLAGS and not NUMBERED.search(pattern):
            together.append(f"(?:{pattern})")
        else:
            alone.append((tree, expression))
    if together:
        joint = "|".join(together)
        tree = _parser.parse(joint, re.IGNORECASE)
        alone.append((tree, re.compile(joint, re.IGNORECASE)))
    return Nobody(frozenset(words), tuple(alone))


@final
class Nobody:
    """Whether a value matches one of several patterns: asked of one value, or of many."""

    __slots__ = ("_patterns", "_words")

    def __init__(self, words: frozenset[str], patterns: tuple[tuple[Any, re.Pattern[str]], ...]):
        self._words, self._patterns = words, patterns

    def __call__(self, value: str) -> bool:
        if len(value) > LONGEST or value.casefold() in self._words:
            return True
        return any(expression.fullmatch(value) for _, expression in self._patterns)

    def among(self, values: pa.Array) -> Bools:
        """Which of many values (n,) match; they are of printable ASCII, up to 1,024 signs."""
        words = pa.array(sorted(self._words), type=values.type)
        held = pc.is_in(pc.ascii_lower(values), value_set=words)
        out: Bools = np.array(held.to_numpy(zero_copy_only=False))
        for tree, expression in self._patterns:
            maybe = np.flatnonzero(caught(tree, values) & ~out)
            asked = values.take(pa.array(maybe)).to_pylist()  # few: that is what the sieve is for
            out[maybe] = [expression.fullmatch(value) is not None for value in asked]
        return out


def _compiled(pattern: object, argument: str) -> tuple[Any, re.Pattern[str]]:
    """The parsed pattern and the compiled one."""
    if not isinstance(pattern, str):
        raise ArgumentError(
            f"{argument} holds {shown(pattern)}; it takes regular expressions as strings."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = re.compile(pattern, re.IGNORECASE)
            tree = _parser.parse(pattern, re.IGNORECASE)
            ways = _ways(tree)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        raise ArgumentError(
            f"{argument} holds {shown(pattern)}, which is no regular expression ({error}). To "
            "match a text as it stands, give re.escape(text)."
        ) from error
    if ways > MOST:
        raise ArgumentError(
            f"{argument} holds {shown(pattern)}, which could take too long: it can share out a "
            f"value of {LONGEST:,} characters in more than {MOST:,.0f} ways. Allowed: two "
            "repeats without end in a row, none within another; write the others possessively, "
            "as in '[a-z]*+'."
        )
    return tree, compiled


def _ways(tree: Any) -> float:
    """In how many ways a parsed pattern can match a text of `LONGEST` characters, at most.

    In a row they multiply, alternatives add up. A repeat of what matches in one way only has a
    way for each count; of anything else, a power of the ways.
    """
    return math.prod((_step(op, held) for op, held in tree), start=1.0)


def _step(op: Any, held: Any) -> float:
    c = _constants
    if op is c.BRANCH:
        return sum(_ways(branch) for branch in held[1])
    if op in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
        least, most, inner = int(held[0]), min(int(held[1]), LONGEST), _ways(held[2])
        if inner > 1:
            return inner**most if most * math.log2(inner) < 64 else math.inf
        return 1.0 if op is c.POSSESSIVE_REPEAT else max(most - least + 1.0, 1.0)
    if op is c.SUBPATTERN:
        return _ways(held[-1])
    if op is c.ATOMIC_GROUP:
        return _ways(held)
    if op in (c.ASSERT, c.ASSERT_NOT):
        return _ways(held[1])
    if op is c.GROUPREF_EXISTS:
        return _ways(held[1]) + (_ways(held[2]) if held[2] else 1.0)
    return 1.0  # one character, a place, or what a group has matched
