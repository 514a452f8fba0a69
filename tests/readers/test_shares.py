"""Shares: they add up, and none is further than one from its exact part."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from onefold.readers.shares import spread


def test_the_largest_remainders_come_first() -> None:
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(10, [1, 2]) == [3, 7]
    assert spread(5, [0, 0]) == [0, 0] and spread(5, []) == []


@given(st.integers(0, 10**18), st.lists(st.integers(0, 10**18), min_size=1, max_size=9))
def test_they_add_up(whole: int, weights: list[int]) -> None:
    parts = spread(whole, weights)
    if sum(weights):
        assert sum(parts) == whole
        exact = [Fraction(whole * weight, sum(weights)) for weight in weights]
        assert all(abs(part - one) < 1 for part, one in zip(parts, exact, strict=True))
