"""What a comparison takes, and how it reads: shared by questions about events and customers.

    x >= 20           "x is at least 20"
    x.isin(["b", "a"])    "x is one of 'a', 'b'"

Whoever asks gives a term; its `repr` is the code that stands in errors.
"""

import decimal
import math
import numbers
import operator
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

from onefold._check import is_several, shown
from onefold.errors import ArgumentError

Value: TypeAlias = str | int | float | tuple[str | int | float, ...] | None

ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATORS = (*ORDERS, "in", "between", "known")
SAID = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
}
UNITS = (  # microseconds in a unit, its sign, its name
    (86_400_000_000, "D", "day"),
    (3_600_000_000, "h", "hour"),
    (60_000_000, "min", "minute"),
    (1_000_000, "s", "second"),
    (1_000, "ms", "millisecond"),
    (1, "us", "microsecond"),
)


def number(value: object, of: object, op: str) -> int | float:
    """A finite number to compare `of` with."""
    boolean = isinstance(value, (bool, np.bool_))
    length = isinstance(value, np.timedelta64)  # which numpy counts as a number
    real = isinstance(value, (numbers.Real, decimal.Decimal)) and not (boolean or length)
    if real and _is_finite(value):
        return int(value) if isinstance(value, numbers.Integral) else float(value)  # type: ignore[arg-type]
    allowed = "text or a finite number" if "==" in op else "a finite number"
    advice = ""
    if boolean:
        advice = (
            " What was true or false is 'yes' or 'no' in facts and properties, 1 or 0 in traits."
        )
    elif isinstance(value, str):
        advice = f" Text can be asked for with ==, != and isin: {of!r} == {value!r}."
    elif length:
        advice = f" Give a number, of days where {of!r} counts days."
    elif real and _is_huge(value):
        advice = " Numbers up to 1.8e308 in either direction fit."
    elif value is None or real:
        advice = f" For a missing value ask ~{of!r}.known()."
    raise ArgumentError(f"{of!r}: {op} takes {allowed}, not {shown(value)}.{advice}")


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except (OverflowError, ValueError):  # too large for a float; a signalling NaN
        return False


def _is_huge(value: Any) -> bool:
    """Whether a number that is no finite float is one for all that."""
    if isinstance(value, decimal.Decimal):
        return value.is_finite()
    return isinstance(value, numbers.Rational)


def word_or_number(value: object, of: object) -> str | int | float:
    """A text or a finite number to compare `of` with."""
    return str(value) if isinstance(value, str) else number(value, of, "== or !=")


def several(values: Iterable[str | float], of: object) -> tuple[str | int | float, ...]:
    """Several values, all text or all numbers: each once, in order."""
    if not is_several(values):
        raise ArgumentError(f"{of!r}.isin: values is {shown(values)}; it takes a list of values.")
    given = {word_or_number(v, of) for v in values}
    if not given or len({isinstance(v, str) for v in given}) > 1:
        raise ArgumentError(
            f"{of!r}.isin: values is {shown(values)}; it takes at least one, all of them text or "
            "all of them numbers."
        )
    return tuple(sorted(given))


def ends(low: float, high: float, of: object) -> tuple[int | float, int | float]:
    """The two ends of a range of numbers."""
    both = (number(low, of, "between"), number(high, of, "between"))
    if both[0] > both[1]:
        raise ArgumentError(
            f"{of!r}.between: low is {shown(low)}, above high, which is {shown(high)}. Swap them."
        )
    return both


def english(who: str, op: str, value: Value) -> str:
    """A comparison as a sentence without a full stop."""
    if op == "known":
        return f"{who} is known"
    if isinstance(value, tuple):
        if op == "between":
            return f"{who} is between {plain(value[0])} and {plain(value[1])}"
        return f"{who} is one of {', '.join(plain(v) for v in value)}"
    return f"{who} {SAID[op]} {plain(value)}"


def code(who: str, op: str, value: Value) -> str:
    """The code that makes a comparison of a term, itself given as code."""
    if op == "known":
        return f"{who}.known()"
    if isinstance(value, tuple):
        if op == "between":
            return f"{who}.between({value[0]!r}, {value[1]!r})"
        return f"{who}.isin({list(value)!r})"
    return f"{who} {op} {value!r}"


def plain(value: object) -> str:
    """A value in full: text in quotes, numbers with thousands grouped and no idle zeros."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return repr(value) if isinstance(value, str) else f"{value:,}"


def short(length: np.timedelta64) -> str:
    """A length of time as it can be given, exact: "30D", "36h", "90min"."""
    whole, (_, sign, _) = _whole(length)
    return f"{whole}{sign}"


def spelt(length: np.timedelta64) -> str:
    """A length of time in words, exact: "30 days", "36 hours", "1 minute"."""
    whole, (_, _, name) = _whole(length)
    return f"{whole:,} {name}" + ("" if whole == 1 else "s")


def _whole(length: np.timedelta64) -> tuple[int, tuple[int, str, str]]:
    """The largest unit of which a length of time is a whole number, and that number."""
    micros = int(length.astype("timedelta64[us]").astype(np.int64))
    unit = next(unit for unit in UNITS if micros % unit[0] == 0)
    return micros // unit[0], unit
