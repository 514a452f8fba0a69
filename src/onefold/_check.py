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


def shown(value: object, most: int = 200) -> str:
    """The `repr` of a value, cut where it is long."""
    try:
        said = repr(value)
    except ValueError:  # Python writes no number with thousands of digits
        return f"a {type(value).__name__} too long to be shown"
    return said if len(said) <= most else f"{said[:most]}..."


def is_several(value: object) -> bool:
    """Whether it is a list of some kind: no text, and no array without a dimension."""
    listed = isinstance(value, Iterable) and not isinstance(value, (str, bytes))
    return listed and getattr(value, "ndim", 1) != 0


def one_of(value: T, allowed: Sequence[T], name: str) -> T:
    """Return `value` if it is one of `allowed`."""
    try:
        hash(value)  # an array or a frame has none, and answers == with several
        known = value in allowed
    except (TypeError, ValueError):
        known = False
    if not known:
        near = hint(value, allowed) if isinstance(value, str) else ""
        raise ArgumentError(f"{name} is {shown(value)}; allowed: {quoted(allowed)}.{near}")
    return value


def is_whole(value: object) -> bool:
    """Whether it is a whole number: no boolean, and no length of time, an integer to numpy."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.timedelta64))


def whole(value: Any, name: str, *, least: int = 1, most: int | None = None) -> int:
    """Return a whole number within bounds; booleans and fractions are refused."""
    span = f"at least {least}" if most is None else f"{least} to {most}"
    if not is_whole(value) or value < least or (most is not None and value > most):
        raise ArgumentError(f"{name} is {shown(value)}; it takes a whole number, {span}.")
    return int(value)


def fraction(value: Any, name: str, *, ends: bool = False) -> float:
    """Return a number between 0 and 1, the ends included only where `ends`."""
    allowed = "0 to 1" if ends else "above 0 and below 1"
    if isinstance(value, bool) or not isinstance(value, (int, float, np.floating)):
        raise ArgumentError(f"{name} is {shown(value)}; it takes a number, {allowed}.")
    if not (0 <= value <= 1 if ends else 0 < value < 1):
        raise ArgumentError(f"{name} is {shown(value)}; it takes a number, {allowed}.")
    return float(value)


def instance(value: Any, kind: type[T], name: str, advice: str = "") -> T:
    """Return `value` if it is a `kind`."""
    if not isinstance(value, kind):
        more = f" {advice}" if advice else ""
        raise ArgumentError(f"{name} is a {type(value).__name__}; it takes {kind.__name__}.{more}")
    return value


def text(value: Any, name: str) -> str:
    """Return a non-empty string."""
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"{name} is {shown(value)}; it takes a string that is not empty.")
    return value


def unicode(value: str, name: str) -> str:
    """Return a string that can be written: without half of a pair of surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(
            f"{name} is {shown(value)}, which is not valid Unicode ({error.reason}). Decode it "
            "anew from its bytes."
        ) from error
    return value


def identifier(value: Any, name: str) -> str:
    """Return an id as a string."""
    if is_whole(value):
        return str(value)
    if not isinstance(value, str) or not value:
        raise ArgumentError(
            f"{name} is {shown(value)}; it takes an id: a string that is not empty, or a whole "
            "number."
        )
    return unicode(str(value), name)
