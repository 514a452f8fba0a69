"""Checks of the settings of levels: each says which one it is, what it held, what is allowed.

power: float = attrs.field(default=1.0, validator=above_zero)

Individual: power is -1.0; it takes a finite number above 0.
"""

import math
from typing import Any

import attrs
import numpy as np

from onefold._check import text, whole
from onefold.errors import ArgumentError

Field = attrs.Attribute  # with a type in quotes: older attrs can't be indexed


def above_zero(level: Any, field: "Field[Any]", value: Any) -> None:
    """A finite number above 0."""
    if not _number(value) or value <= 0:
        raise ArgumentError(
            f"{_name(level, field)} is {value!r}; it takes a finite number above 0."
        )


def not_negative(level: Any, field: "Field[Any]", value: Any) -> None:
    """A finite number from 0 on."""
    if not _number(value) or value < 0:
        raise ArgumentError(
            f"{_name(level, field)} is {value!r}; it takes a finite number from 0 on."
        )


def counted(level: Any, field: "Field[Any]", value: Any) -> None:
    """A whole number, at least 1."""
    whole(value, _name(level, field))


def named(level: Any, field: "Field[Any]", value: Any) -> None:
    """A text that is not empty."""
    text(value, _name(level, field))


def _name(level: Any, field: "Field[Any]") -> str:
    return f"{type(level).__name__}: {field.name}"


def _number(value: Any) -> bool:
    fits = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    return fits and math.isfinite(value)
