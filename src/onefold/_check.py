"""Check once, at the public door, and return what was checked.

A check takes the value and the name under which the caller knows it:
`horizon = positive(horizon, "ladder: n")`.
"""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from onefold.errors import ArgumentError

T = TypeVar("T")


def quoted(names: Iterable[object], most: int = 12) -> str:
    """`'a', 'b', 'c'`, cut with a count where there are more than `most`."""
    listed = [repr(name) for name in names]
    shown = ", ".join(listed[:most]) or "none"
    return shown if len(listed) <= most else f"{shown} and {len(listed) - most} more"


def hint(name: object, known: Iterable[object]) -> str:
    """` Did you mean 'x'?`, or nothing when no known name comes close."""
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def one_of(value: T, allowed: Sequence[T], name: str) -> T:
    """Return `value` if it is one of `allowed`."""
    if value not in allowed:
        raise ArgumentError(
            f"{name} is {value!r}; allowed: {quoted(allowed)}.{hint(value, allowed)}"
        )
    return value


def whole(value: Any, name: str, *, least: int = 1, most: int | None = None) -> int:
    """Return a whole number within bounds; booleans and fractions are refused."""
    span = f"at least {least}" if most is None else f"{least} to {most}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise ArgumentError(f"{name} is {value!r}; it takes a whole number, {span}.")
    if value < least or (most is not None and value > most):
        raise ArgumentError(f"{name} is {value}; it takes a whole number, {span}.")
    return int(value)


def fraction(value: Any, name: str, *, ends: bool = False) -> float:
    """Return a number between 0 and 1, the ends included only where `ends`."""
    allowed = "0 to 1" if ends else "above 0 and below 1"
    if isinstance(value, bool) or not isinstance(value, (int, float, np.floating)):
        raise ArgumentError(f"{name} is {value!r}; it takes a number, {allowed}.")
    number = float(value)
    if not (0 <= number <= 1 if ends else 0 < number < 1):
        raise ArgumentError(f"{name} is {value!r}; it takes a number, {allowed}.")
    return number


def instance(value: Any, kind: type[T], name: str, advice: str = "") -> T:
    """Return `value` if it is a `kind`."""
    if not isinstance(value, kind):
        more = f" {advice}" if advice else ""
        raise ArgumentError(f"{name} is a {type(value).__name__}; it takes {kind.__name__}.{more}")
    return value


def text(value: Any, name: str) -> str:
    """Return a non-empty string."""
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"{name} is {value!r}; it takes a string that is not empty.")
    return value
