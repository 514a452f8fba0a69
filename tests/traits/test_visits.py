"""The size of a basket, worked by hand."""

from typing import Any

import numpy as np
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError


def buy(who: str, day: int, item: str | None, **what: Any) -> of.Event:
    return of.Event(who, "purchase", f"2024-03-{day:02d}", item=item, **what)


LOG = [
    buy("ann", 1, "tea", quantity=2, basket="r1"),
    buy("ann", 1, "jam", quantity=1, basket="r1"),
    buy("ann", 2, "tea", quantity=3, basket="r1"),  # the next day, on the same receipt
    buy("ann", 8, None, quantity=-1),  # no basket: an instant
    buy("ann", 8, "rye"),
    buy("ann", 9, None, basket="r2"),  # neither quantity nor item
    of.Event("ann", "view", "2024-03-01", item="oat", quantity=50),
    buy("bob", 1, None, basket="r1"),  # another's receipt with the same number
    of.Event("cat", "view", "2024-03-01", item="oat", quantity=5),
]


def read(trait: traits.Trait, *events: of.Event) -> list[float | None]:
    """What a trait says of each customer, sorted by id."""
    column = of.fold(of.EventLog.from_events(events), as_of="2025-01-01").table.read(trait)
    return [None if np.isnan(x) else x for x in column.tolist()]


@pytest.mark.parametrize(
    ("size", "event", "expected"),
    [
        ("lines", "purchase", [6 / 3, 1, None]),
        ("quantity", "purchase", [(6 - 1) / 2, None, None]),  # r2 has no quantity
        ("items", "purchase", [(2 + 1) / 2, None, None]),
        ("lines", None, [7 / 4, 1, 1]),
        ("quantity", None, [(6 - 1 + 50) / 3, None, 5]),
        ("items", None, [(2 + 1 + 1) / 3, None, 1]),
        ("items", "never", [None, None, None]),
    ],
)
def test_by_hand(size: str, event: str | None, expected: list[float | None]) -> None:
    assert read(traits.BasketSize(size, event), *LOG) == expected


@pytest.mark.parametrize("size", ["lines", "quantity", "items"])
def test_nobody_and_one_event(size: str) -> None:
    assert read(traits.BasketSize(size)) == []
    assert read(traits.BasketSize(size), buy("ann", 1, "tea", quantity=1)) == [1]


def test_an_interrupted_basket_is_one_visit() -> None:
    mixed = [
        buy("ann", d, i, basket=b) for d, i, b in ((1, "a", "r"), (2, "a", "s"), (3, "a", "r"))
    ]
    assert read(traits.BasketSize(), *mixed) == [1.5]
    assert read(traits.BasketSize("items"), *mixed) == [1]


def test_another_measure_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"BasketSize: of is 'item'.*Did you mean 'items'"):
        traits.BasketSize("item")
