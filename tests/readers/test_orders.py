"""Orders: lines, and what they are worth."""

from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold.readers.orders import (
    DIFFER,
    INSIDE,
    NO_PRICE,
    REST,
    TOO_MUCH,
    UNREAD,
    Product,
    Stated,
    ordered,
    sign,
)
from onefold.readers.values import Refused

EVENT = {"customer": "ann", "id": "e", "basket": "o"}
NONE = Product(None, None, None)


def lines(*products: Product, sign: int = 1, total: Any = None, own: Product = NONE) -> Any:
    order = Stated(total)
    found = ordered(dict(EVENT), products, own=own, sign=sign, order=order, note=lambda _: None)
    return [(line["item"], line["quantity"], line["value"], line["id"]) for line in found]


def test_a_line_for_each_product() -> None:
    assert lines(Product("tea", "4.90", 2), Product("pot", 14.9, None), total="99") == [
        ("tea", 2.0, 9_800_000, "e/1"),
        ("pot", None, 14_900_000, "e/2"),
    ]


def test_without_products_the_total_counts() -> None:
    assert lines(total="24.70") == [(None, None, 24_700_000, "e")]
    own = Product("tea", "4.90", "2")
    assert lines(own=own, total="9.00") == [("tea", 2.0, 9_000_000, "e")]
    assert lines(own=own) == [("tea", 2.0, 9_800_000, "e")]


def values(*products: Product, sign: int = 1, **stated: Any) -> tuple[list[Any], list[str]]:
    notes: list[str] = []
    order = Stated(**stated)
    found = ordered(dict(EVENT), products, own=NONE, sign=sign, order=order, note=notes.append)
    return [None if f["value"] is None else f["value"] / 10**6 for f in found], notes


TEA, POT = Product("tea", 10, 2), Product("pot", 10, 1)


@pytest.mark.parametrize(
    ("products", "stated", "expected", "notes"),
    [
        ([TEA], {"total": 18, "discount": 2}, [18], []),
        ([TEA], {"discount": 2}, [18], []),
        ([TEA._replace(discount=2)], {"total": 18}, [18], []),
        ([TEA._replace(discount=2)], {"total": 18, "discount": 2}, [18], []),
        ([TEA._replace(discount=2)], {"discount": 2}, [18], []),
        ([TEA._replace(discount=2)], {"total": 17, "discount": 1}, [17], []),
        ([TEA, POT], {"total": 27, "discount": -3}, [18, 9], []),
        ([TEA, POT], {"total": 30, "discount": 3}, [20, 10], [INSIDE]),
        ([TEA, POT], {"total": 30, "others": (27,), "discount": 3}, [18, 9], []),
        ([TEA, POT], {"total": 30, "extras": (2, 1), "discount": 3}, [20, 10], [INSIDE]),
        ([TEA, POT], {"total": 33, "extras": (2, 1)}, [20, 10], []),
        ([TEA, POT], {"total": 32, "extras": (2, 1)}, [20, 10], []),
        ([TEA, POT], {"total": 99}, [20, 10], [DIFFER]),
        ([TEA, POT], {"total": 99, "discount": 3}, [18, 9], [DIFFER]),
        ([TEA], {"discount": 21}, [20], [TOO_MUCH]),
        ([TEA._replace(discount=21)], {}, [20], [TOO_MUCH]),
        ([TEA], {"discount": "SAVE10"}, [20], [UNREAD]),
        ([Product("a", None, 1), Product("b", None, 1)], {"total": 18}, [9, 9], [REST] * 2),
        ([TEA, Product("b", None, 1)], {"total": 27, "discount": 3}, [18, 9], [REST]),
        ([TEA, Product("b", None, 1)], {"total": 5}, [20, None], [NO_PRICE]),
        ([TEA, Product("b", None, 1)], {}, [20, None], [NO_PRICE]),
        ([TEA, Product("b", 0, 1)], {"total": 18, "discount": 2}, [18, 0], []),
    ],
)
def test_discounts_and_totals(
    products: list[Product], stated: dict[str, Any], expected: list[Any], notes: list[str]
) -> None:
    assert values(*products, **stated) == (expected, notes)
    back = [None if value is None else -value for value in expected]
    assert values(*products, sign=-1, **stated) == (back, notes)


@given(
    st.lists(st.decimals(0, 1000, places=2), min_size=1, max_size=9),
    st.decimals(0, 1, places=6),
)
def test_lines_add_up_to_the_total_exactly(prices: list[Decimal], share: Decimal) -> None:
    off = (sum(prices, Decimal()) * share).quantize(Decimal("0.01"), ROUND_DOWN)
    total = sum(prices, Decimal()) - off
    lined = [Product("a", str(price), 1) for price in prices]
    found = ordered(
        dict(EVENT), lined, own=NONE, sign=1, order=Stated(total, discount=off), note=pytest.fail
    )
    assert sum(line["value"] for line in found) == int(total * 10**6)
    assert all(0 <= f["value"] <= int(p * 10**6) for f, p in zip(found, prices, strict=True))


def test_one_line_without_a_price_gets_the_total() -> None:
    assert lines(Product("tea", None, 2), total="9") == [("tea", 2.0, 9_000_000, "e/1")]
    two = lines(Product("tea", None, 2), Product("pot", None, 1), total="9")
    assert [line[2] for line in two] == [4_500_000, 4_500_000]
    assert lines(Product("tea", None, 2, "9.5"))[0][2] == 9_500_000


def test_what_is_given_back_is_negative() -> None:
    back = lines(Product("tea", 4.9, 2), Product("pot", -1, 1), sign=-1)
    assert [line[2] for line in back] == [-9_800_000, -1_000_000]
    assert lines(sign=-1, total=5)[0][2] == -5_000_000


def test_no_money_moved() -> None:
    assert [line[2] for line in lines(Product("tea", 4.9, 2), sign=0, total=5)] == [None]


def test_events_without_an_id() -> None:
    event = EVENT | {"id": None}
    found = ordered(event, [NONE, NONE], own=NONE, sign=1, order=Stated(), note=lambda _: None)
    assert [line["id"] for line in found] == [None, None]


@pytest.mark.parametrize(
    "product", [Product("a", 10**11, 10**6), Product({}, 1, 1), Product("a", "x", 1)]
)
def test_absurd_lines_are_refused(product: Product) -> None:
    with pytest.raises(Refused):
        lines(product)


def test_sign() -> None:
    assert [sign(kind) for kind in ("purchase", "return", "view")] == [1, -1, 0]
