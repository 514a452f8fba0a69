"""Checks of the settings of levels: each returns what it was given, or says what is allowed.

    power: float = attrs.field(default=1.0, converter=above("Individual: power"))
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from onefold._check import text, whole
from onefold.errors import ArgumentError


def above(name: str, *, zero: bool = False) -> Callable[[Any], float]:
    """A converter to a finite number above 0, or from 0 on where `zero`."""

    def check(value: Any) -> float:
        fits = isinstance(value, (int, float, np.integer, np.floating))
        fits = fits and not isinstance(value, bool) and math.isfinite(value)
        if not fits or value < 0 or (value == 0 and not zero):
            allowed = "from 0 on" if zero else "above 0"
            raise ArgumentError(f"{name} is {value!r}; it takes a finite number {allowed}.")
        return float(value)

    return check


def counted(name: str) -> Callable[[Any], int]:
    """A converter to a whole number, at least 1."""
    return lambda value: whole(value, name)


def named(level: str) -> Callable[[Any], str]:
    """A converter to a level's name: text that is not empty."""
    return lambda value: text(value, f"{level}: name")
