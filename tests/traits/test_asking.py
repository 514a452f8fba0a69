"""What a comparison takes, how it reads, and lengths of time."""

from decimal import Decimal

import numpy as np
import pytest

from onefold import _time
from onefold.errors import ArgumentError
from onefold.traits import asking


@pytest.mark.parametrize(
    ("op", "value", "english", "code"),
    [
        ("==", "a'b", 'x is "a\'b"', 'x == "a\'b"'),
        ("!=", 0.1, "x is not 0.1", "x != 0.1"),
        ("<", 1e6, "x is below 1,000,000", "x < 1000000.0"),
        (">=", -2.0, "x is at least -2", "x >= -2.0"),
        ("in", (1, 2), "x is one of 1, 2", "x.isin([1, 2])"),
        ("between", (1, 2.5), "x is between 1 and 2.5", "x.between(1, 2.5)"),
        ("known", None, "x is known", "x.known()"),
    ],
)
def test_words(op, value, english, code):
    assert asking.english("x", op, value) == english
    assert asking.code("x", op, value) == code


def test_values_are_plain_python():
    assert type(asking.number(np.int8(3), "x", "<")) is int
    assert type(asking.number(np.float32(0.5), "x", "<")) is float
    assert asking.number(Decimal("19.99"), "x", "<") == 19.99
    assert asking.several(np.array([3, 1, 3]), "x") == (1, 3)
    assert asking.ends(1, 1, "x") == (1, 1)


@pytest.mark.parametrize("value", [True, "a", None, float("nan"), Decimal("inf"), [1]])
def test_what_is_no_number(value):
    with pytest.raises(ArgumentError, match=r"'x': < takes a finite number, not "):
        asking.number(value, "x", "<")


@pytest.mark.parametrize(
    ("length", "short", "spelt"),
    [
        ("30D", "30D", "30 days"),
        ("720h", "30D", "30 days"),
        ("36h", "36h", "36 hours"),
        ("90min", "90min", "90 minutes"),
        ("1s", "1s", "1 second"),
        ("1500ms", "1500ms", "1,500 milliseconds"),
        ("1us", "1us", "1 microsecond"),
    ],
)
def test_lengths_of_time(length, short, spelt):
    exact = _time.duration(length, "x")
    assert asking.short(exact) == short
    assert asking.spelt(exact) == spelt
    assert _time.duration(short, "x") == exact
