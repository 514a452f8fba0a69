r"""A sieve: a wider pattern, by which most of many values are told to be somebody's at once.

Arrow's RE2 looks at a column of text some ten times faster than Python's `re` is called, but the
two read patterns differently. So a pattern is rewritten from its parsed form into one that matches
all that it matches, and perhaps more; what is caught is then asked of `re`, one by one:

    (.)\1{0,9}@[^@]*+shop   ->   (?:.)(?:.){0,9}@(?:.){0,}shop

It holds for values of printable ASCII: how other signs fold is a matter of Unicode's version.
"""

from re import _constants as c  # type: ignore[attr-defined]
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onefold._types import Bools

MOST = 32  # repeats that are counted; RE2 refuses a thousand
LONG = 1000  # characters of what a reference to a group is replaced by: they could double each time
ANY, REST = ".", "(?:.)*"
CLASSES = {c.CATEGORY_DIGIT: "0-9", c.CATEGORY_WORD: "0-9A-Za-z_", c.CATEGORY_SPACE: " "}


def caught(tree: Any, values: pa.Array) -> Bools:
    """Which values (n,), of printable ASCII, may match a parsed pattern."""
    try:
        found = pc.match_substring_regex(values, pattern=rf"(?is)\A(?:{wider(tree)})\z")
    except pa.ArrowInvalid:  # too large for RE2
        return np.ones(len(values), dtype=bool)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def wider(tree: Any) -> str:
    r"""A pattern of RE2 that matches, of printable ASCII in any case, all that a parsed one does.

    >>> import re
    >>> wider(re._parser.parse(r"a.", re.IGNORECASE))
    '\\x{61}.'
    """
    return _row(tree, {})


def _row(tree: Any, groups: dict[int, str]) -> str:
    return "".join(_step(op, held, groups) for op, held in tree)


def _step(op: Any, held: Any, groups: dict[int, str]) -> str:
    if op in (c.LITERAL, c.IN, c.NOT_LITERAL, c.ANY):
        return _sign(op, held)
    if op is c.BRANCH:
        return "(?:" + "|".join(_row(branch, groups) for branch in held[1]) + ")"
    if op in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
        least, most = min(int(held[0]), MOST), int(held[1])
        upper = str(most) if most <= MOST else ""
        return f"(?:{_row(held[2], groups)}){{{least},{upper}}}"
    if op is c.SUBPATTERN:
        inside = f"(?:{_row(held[-1], groups)})"
        groups[held[0]] = inside if len(inside) <= LONG else REST
        return inside
    if op is c.GROUPREF:  # what the group has matched, in any case
        return groups.get(held, REST)
    if op is c.GROUPREF_EXISTS:
        no = _row(held[2], groups) if held[2] else ""
        return f"(?:{_row(held[1], groups)}|{no})"
    if op is c.ATOMIC_GROUP:
        return _row(held, groups)
    return "" if op in (c.AT, c.ASSERT, c.ASSERT_NOT) else REST  # a place, or what is not known


def _sign(op: Any, held: Any) -> str:
    """One sign: of several, of all but some, or itself."""
    if op is c.LITERAL:
        return _hex(held) if held < 128 else ANY  # the Kelvin sign is a "k" in any case
    if op is not c.IN:
        return ANY
    parts = []
    for kind, value in held:
        if kind is c.LITERAL and value < 128:
            parts.append(_hex(value))
        elif kind is c.RANGE and value[1] < 128:
            parts.append(f"{_hex(value[0])}-{_hex(value[1])}")
        elif kind is c.CATEGORY and value in CLASSES:
            parts.append(CLASSES[value])
        else:
            return ANY
    return f"[{''.join(parts)}]"


def _hex(code: int) -> str:
    return f"\\x{{{code:x}}}"
