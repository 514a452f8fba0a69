"""Rows: compressing keeps every sum, and each row knows where it went."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold.lifetime import rows as rows_module
from onefold.lifetime.rows import Rows

CUSTOMER = st.tuples(
    st.integers(0, 4), st.integers(0, 6), st.sampled_from([0.25, 1.0, 2.5]), st.integers(1, 3)
)


def made(customers):
    x, T, z, weight = np.array(customers, dtype=np.float64).reshape(-1, 4).T
    t_x = np.where(x > 0, T / 2, 0.0)
    return Rows.of(x, t_x, T, {"age": z}, weight)


@given(st.lists(CUSTOMER, min_size=1, max_size=60))
def test_compressing_keeps_sums_and_leaves_each_row_once(customers):
    rows = made(customers)
    short = rows.compressed()
    assert short.n == rows.n
    for power in ("x", "t_x", "T"):
        assert short.weight @ getattr(short, power) == pytest.approx(
            rows.weight @ getattr(rows, power)
        )

    def mixed(held):
        return held.weight @ np.exp(-held.x + held.t_x * held.T - held.z["age"])

    assert mixed(short) == pytest.approx(mixed(rows))
    different = {(*row,) for row in zip(rows.x, rows.t_x, rows.T, rows.z["age"], strict=True)}
    assert len(short) == len(different)
    held = list(zip(short.x, short.t_x, short.T, short.z["age"], strict=True))
    assert sorted(different) == sorted(held)
    assert np.array_equal(short.counts[short.place], short.x)


@given(st.lists(CUSTOMER, min_size=1, max_size=60))
def test_grouped_gives_the_rows_back(customers):
    rows = made(customers)
    short, place = rows.grouped()
    if place is None:
        assert short is rows
        return
    for name in ("x", "t_x", "T"):
        assert np.array_equal(getattr(short, name)[place], getattr(rows, name))
    assert np.array_equal(short.z["age"][place], rows.z["age"])


@given(st.lists(CUSTOMER, min_size=2, max_size=60), st.randoms(use_true_random=False))
def test_the_order_of_the_customers_does_not_matter(customers, random):
    other = list(customers)
    random.shuffle(other)
    one, two = made(customers).compressed(), made(other).compressed()
    if len(one) == len(customers):
        return  # nothing was alike, and the rows stay as they were
    for name in ("x", "t_x", "T", "weight"):
        assert np.array_equal(getattr(one, name), getattr(two, name))


@given(st.lists(CUSTOMER, min_size=1, max_size=60))
def test_few_and_many_codes_tell_the_same_apart(customers):
    rows = made(customers)
    plain = rows.compressed()
    held = rows_module.CODES
    rows_module.CODES = 0  # every table of codes is too large, so that all are ranked
    try:
        ranked = rows.compressed()
    finally:
        rows_module.CODES = held
    for name in ("x", "t_x", "T", "weight"):
        assert np.array_equal(getattr(plain, name), getattr(ranked, name))


def test_many_rows_that_are_all_different_are_left_as_they_are():
    rng = np.random.default_rng(1)
    T = rng.uniform(20, 30, 50_000)
    rows = Rows.of(np.ones(50_000), T / 2, T)
    assert rows.compressed() is rows
    assert rows.grouped() == (rows, None)


def test_many_rows_that_are_alike_are_taken_together():
    rng = np.random.default_rng(1)
    T = rng.integers(20, 30, 50_000) * 1.0
    short = Rows.of(np.ones(50_000), T / 2, T).compressed()
    assert len(short) == 10 and short.n == 50_000


@pytest.mark.parametrize("large", [30.0, 1e6, 1e12])
def test_a_few_huge_counts_are_no_table(large):
    rows = Rows.of(np.array([0.0, large, 3.0, large]), np.zeros(4), np.ones(4))
    assert rows.counts.tolist() == [0, 3, large]
    assert rows.counts[rows.place].tolist() == [0, large, 3, large]


def test_weights_can_be_exchanged_and_rows_taken():
    rows = made([(1, 3, 1.0, 2), (0, 4, 1.0, 1), (2, 5, 2.5, 3)])
    assert rows.weighted(np.array([1.0, 0.0, 5.0])).n == 6
    some = rows.take(slice(1, 3))
    assert some.x.tolist() == [0, 2] and some.weight.tolist() == [1, 3]
    assert some.z["age"].tolist() == [1.0, 2.5]
