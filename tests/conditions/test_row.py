import numpy as np
import pytest

from onefold.conditions.row import answer, row_of
from onefold.errors import ArgumentError


def test_answers():
    assert [answer(np.array([m], dtype=np.int8)) for m in (1, 0, -1)] == [True, False, None]


def test_only_one_profile():
    with pytest.raises(ArgumentError, match="a str; it takes one Profile"):
        row_of("ann")  # type: ignore[arg-type]
