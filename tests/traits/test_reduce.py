"""Sums, extremes and distinct pairs of many rows at once, against Python's own numbers."""

import itertools
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import onefold as of
from onefold.errors import UnknownName
from onefold.traits.reduce import (
    distinct_pairs,
    holds_numbers,
    money,
    numbers,
    offsets_of,
    reduced,
    sums,
    totals,
    units,
)

NONE = np.zeros(0, dtype=np.int64)


def rows_of(lengths: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def test_a_million_amounts_add_up_as_decimals_do() -> None:
    rng = np.random.default_rng(1)
    cents = rng.integers(-(10**7), 10**7, 1_000_000)
    lengths = np.bincount(rng.integers(0, 1000, len(cents)), minlength=1001).tolist()
    offsets = rows_of(lengths)
    found = money(cents * 10_000, offsets)
    exact = [Decimal(c) / 100 for c in cents.tolist()]
    expected = [float(sum(exact[a:b])) for a, b in itertools.pairwise(offsets)]
    assert found.tolist() == expected


@pytest.mark.parametrize("most", [2**20, 2**52, 2**56, 2**62, 2**63 - 1])
def test_money_is_the_nearest_float_whatever_the_size(most: int) -> None:
    rng = np.random.default_rng(most % 97)
    lengths = [0, 1, 2, 0, 7, 1000, 0]
    micros = rng.integers(-most, most, sum(lengths), endpoint=True)
    micros[1:3] = most  # one row of nothing but the largest
    offsets = rows_of(lengths)
    found = money(micros, offsets).tolist()
    for i, (a, b) in enumerate(itertools.pairwise(offsets)):
        assert found[i] == float(Fraction(sum(micros[a:b].tolist()), 10**6))


def test_sums_that_overflow_and_come_back_are_exact() -> None:
    most = 2**63 - 1
    micros = np.array([most, most, -most, -most, 5_000_000, -most, -most, -1], dtype=np.int64)
    assert money(micros, np.array([0, 5, 8])).tolist() == [5.0, (-2 * most - 1) / 10**6]


def test_units_round_once() -> None:
    micros = np.array([0, 1, -(2**53) - 1, 2**63 - 1], dtype=np.int64)
    assert units(micros).tolist() == [m / 10**6 for m in micros.tolist()]
    floats = np.array([0.5])
    assert units(floats) is floats


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e280])
def test_sums_of_floats_equal_fsum_in_any_order(scale: float) -> None:
    rng = np.random.default_rng(3)
    lengths = [0, 1, 5, 0, 3000, 50_000]
    values = rng.normal(size=sum(lengths)) * 10.0 ** rng.integers(-8, 8, sum(lengths)) * scale
    offsets = rows_of(lengths)
    found = sums(values, offsets)
    for i, (a, b) in enumerate(itertools.pairwise(offsets)):
        expected = math.fsum(values[a:b])
        assert abs(found[i] - expected) <= np.spacing(abs(expected))
        turned = sums(values[a:b][::-1].copy(), np.array([0, b - a]))
        assert turned[0] == found[i]


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([0.1] * 10, 1.0),
        ([1e16, 1.0, -1e16], 1.0),
        ([1e300, -1e300], 0.0),  # too large to be split
        ([0.0, -0.0], 0.0),
        ([5e-324, 5e-324], 1e-323),
        ([], 0.0),
    ],
)
def test_sums_lose_nothing(values: list[float], total: float) -> None:
    assert sums(np.array(values), np.array([0, len(values)])).tolist() == [total]


def test_totals_go_by_the_type() -> None:
    offsets = np.array([0, 2, 2])
    assert totals(np.array([1_500_000, 1], dtype=np.int64), offsets).tolist() == [1.500001, 0]
    assert totals(np.array([1.5, 1]), offsets).tolist() == [2.5, 0]


def test_nobody_and_nothing_have_a_shape() -> None:
    for offsets, n in ((np.array([0]), 0), (np.array([0, 0, 0]), 2)):
        assert reduced(np.maximum, NONE, offsets).tolist() == [0] * n
        assert money(NONE, offsets).tolist() == sums(NONE.astype(float), offsets).tolist()
    assert distinct_pairs(NONE, NONE, 1).tolist() == []
    assert offsets_of(NONE, 2).tolist() == [0, 0, 0]


def test_distinct_pairs_of_owners_who_ascend_nearly() -> None:
    owner = np.array([0, 1, 0, 0, 2])
    assert distinct_pairs(owner, np.array([3, 3, 3, 1, 0]), 4).tolist() == [0, 0, 1, 2]


EXTRAS = [
    of.Event("ann", "view", "2024-03-01", properties={"stars": 5, "device": "phone"}),
    of.Event("ann", "view", "2024-03-02", quantity=2),
]


def test_numbers_are_those_of_the_events_that_have_one() -> None:
    history = of.fold(of.EventLog.from_events(EXTRAS)).history
    for name, held in (("stars", [5.0]), ("quantity", [2.0]), ("value", [])):
        kept, found = numbers(history, name)
        assert found.tolist() == held
        assert kept.counts.tolist() == [len(held)]
    assert [holds_numbers(history, n) for n in ("value", "stars", "device", "x")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("of_what", "said"),
    [("device", "'device' holds text"), ("star", "Did you mean 'stars'"), ("item", "is no amount")],
)
def test_what_holds_no_numbers_is_refused(of_what: str, said: str) -> None:
    history = of.fold(of.EventLog.from_events(EXTRAS)).history
    with pytest.raises(UnknownName, match=said):
        numbers(history, of_what)


def test_a_property_of_which_nothing_is_known_has_no_numbers() -> None:
    profiles = of.fold(of.EventLog.from_events([*EXTRAS, of.Event("bob", "view", "2024-03-01")]))
    for name in ("device", "stars"):
        kept, found = numbers(profiles.select(["bob"]).history, name)
        assert (len(kept), found.tolist()) == (1, [])
