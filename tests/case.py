"""A case of the laws: a trait, and what plain Python says of the same events.

`rule(mine, t)` reads all events of one person before `t`, each delivery once, by time. It gives
a number, a text, a dict by label, a tuple, None, or a `set` of the answers that ties allow.
"""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from onefold.traits import Trait
from tests.strategies import Row

Rule = Callable[[Sequence[Row], dt.datetime], Any]


@attrs.frozen
class Case:
    """A trait under test, and its brute force."""

    trait: Trait
    rule: Rule


def same(a: Any, b: Any) -> bool:
    """Whether two readings say the same, to the last digits of a float; a set holds answers."""
    if isinstance(b, set):
        return any(same(a, answer) for answer in b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, int | float) and not isinstance(b, bool):
        return math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-12)
    return bool(a == b)
