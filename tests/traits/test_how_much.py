"""Frequency, count, monetary, breadth: sums and distinct counts, worked by hand."""

from decimal import Decimal

import numpy as np
import pytest

import onefold as of
from onefold import traits
from onefold.traits.how_much import sums

DAY = "2024-03-0"


def read(trait: traits.Trait, *events: of.Event) -> list[float | None]:
    """What a trait says of each customer, sorted by id."""
    column = of.fold(of.EventLog.from_events(events), as_of="2025-01-01").table.read(trait)
    return [None if np.isnan(x) else x for x in column.tolist()]


RECEIPT = [
    of.Event("ann", "purchase", DAY + "1 09:00", item="tea", value=4.9, basket="r1"),
    of.Event("ann", "purchase", DAY + "1 09:01", item="jam", value=3.5, basket="r1"),
    of.Event("ann", "purchase", DAY + "2", item="tea", value=-4.9),  # a return, no receipt
    of.Event("ann", "purchase", DAY + "2", value=None),  # the same instant
    of.Event("ann", "view", DAY + "3", item="oat", value=9),
    of.Event("bob", "view", DAY + "3"),
]


def test_frequency_counts_visits_and_count_counts_lines() -> None:
    assert read(traits.Frequency(), *RECEIPT) == [2, 0]
    assert read(traits.Frequency(None), *RECEIPT) == [3, 1]
    assert read(traits.Count("purchase"), *RECEIPT) == [4, 0]
    assert read(traits.Count(), *RECEIPT) == [5, 1]


def test_the_same_basket_of_another_customer_is_another_visit() -> None:
    both = [of.Event(who, "purchase", DAY + "1", basket="r1") for who in ("ann", "bob")]
    assert read(traits.Frequency(), *both) == [1, 1]


def test_an_interrupted_basket_is_one_visit() -> None:
    baskets = ["r", None, "s", "r", None, "r"]
    mixed = [of.Event("a", "purchase", f"{DAY}{i + 1}", basket=b) for i, b in enumerate(baskets)]
    assert read(traits.Frequency(), *mixed) == [4]  # r, s and two instants


def test_monetary_nets_returns_and_is_missing_without_an_amount() -> None:
    assert read(traits.Monetary(), *RECEIPT) == [3.5, None]
    assert read(traits.Monetary(None), *RECEIPT) == [12.5, None]
    assert read(traits.Monetary(mean=True), *RECEIPT) == [1.75, None]  # over two visits
    assert read(traits.Monetary(), of.Event("a", "purchase", DAY + "1", value=0)) == [0]


def test_money_is_exact_in_any_order() -> None:
    """0.1 a thousand times is 100; in floats it is not."""
    dimes = [
        of.Event("a", "purchase", f"{DAY}1 00:00:{i % 60:02d}", value=0.1) for i in range(1000)
    ]
    assert read(traits.Monetary(), *dimes) == [100]
    amounts = {"1": 1e9, "2": 0.01, "3": -1e9}
    large = [of.Event("a", "purchase", DAY + day, value=v) for day, v in amounts.items()]
    assert read(traits.Monetary(), *large) == read(traits.Monetary(), *large[::-1]) == [0.01]


def test_sums_beyond_64_bits_are_exact_too() -> None:
    most = Decimal(9_000_000_000_000)
    huge = [of.Event("a", "purchase", DAY + d, value=most) for d in "123"]
    small = [of.Event("b", "purchase", DAY + "1", value=2.5), of.Event("c", "view", DAY + "1")]
    assert read(traits.Monetary(), *huge, *small) == [2.7e13, 2.5, None]
    total, some = sums(of.fold(of.EventLog.from_events([*huge, *small])).history)
    assert total.tolist() == [2.7e13, 2.5, 0]
    assert some.tolist() == [True, True, False]


@pytest.mark.parametrize(("event", "breadth"), [("purchase", [2, 0]), (None, [3, 0])])
def test_breadth_counts_items_once_and_no_item_not_at_all(
    event: str | None, breadth: list[float]
) -> None:
    assert read(traits.Breadth(event), *RECEIPT) == breadth


def test_breadth_of_two_who_share_items() -> None:
    bought = [("ann", "tea"), ("bob", "tea"), ("bob", "jam"), ("ann", "tea"), ("bob", "rye")]
    log = [of.Event(w, "purchase", f"{DAY}{d + 1}", item=i) for d, (w, i) in enumerate(bought)]
    assert read(traits.Breadth(), *log) == [1, 3]
