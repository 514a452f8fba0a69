import numpy as np
import pytest

from onefold.conditions.table import compared
from onefold.errors import ArgumentError

NUMBERS = np.array([1.0, np.nan, 3.0, np.inf])
TEXTS = np.array(["a", None, "b"], dtype=object)


@pytest.mark.parametrize(
    ("op", "value", "mask"),
    [
        ("==", 3, [0, -1, 1, 0]),
        ("!=", 3, [1, -1, 0, 1]),
        ("<", 3, [1, -1, 0, 0]),
        ("<=", 3, [1, -1, 1, 0]),
        (">", 3, [0, -1, 0, 1]),
        (">=", 3, [0, -1, 1, 1]),
        ("in", (1, 7), [1, -1, 0, 0]),
        ("between", (1, 3), [1, -1, 1, 0]),
        ("known", None, [1, 0, 1, 1]),
    ],
)
def test_numbers(op, value, mask):
    assert compared(NUMBERS, op, value, "x").tolist() == mask


def test_texts():
    assert compared(TEXTS, "==", "a", "x").tolist() == [1, -1, 0]
    assert compared(TEXTS, "!=", "a", "x").tolist() == [0, -1, 1]
    assert compared(TEXTS, "in", ("b", "c"), "x").tolist() == [0, -1, 1]
    assert compared(TEXTS, "known", None, "x").tolist() == [1, 0, 1]


def test_nothing_known_fits_text_and_numbers():
    none, nan = np.array([None, None], dtype=object), np.array([np.nan])
    assert compared(none, "==", 3, "x").tolist() == [-1, -1]
    assert compared(nan, "==", "a", "x").tolist() == [-1]
    assert compared(np.array([]), "==", "a", "x").tolist() == []


def test_numbers_in_objects_and_mixtures():
    assert compared(np.array([1, None, 2.5], dtype=object), ">", 1, "x").tolist() == [0, -1, 1]
    with pytest.raises(ArgumentError, match="several types"):
        compared(np.array([1.0, "a"], dtype=object), "==", 1, "x")
