"""Orders: lines, and what they are worth."""

from typing import Any

import pytest

from onefold.readers.orders import Product, ordered, sign
from onefold.readers.values import Refused

EVENT = {"customer": "ann", "id": "e", "basket": "o"}
NONE = Product(None, None, None)


def lines(*products: Product, sign: int = 1, total: Any = None, own: Product = NONE) -> Any:
    found = ordered(dict(EVENT), products, own=own, sign=sign, total=total)
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


def test_one_line_without_a_price_gets_the_total() -> None:
    assert lines(Product("tea", None, 2), total="9") == [("tea", 2.0, 9_000_000, "e/1")]
    two = lines(Product("tea", None, 2), Product("pot", None, 1), total="9")
    assert [line[2] for line in two] == [None, None]
    assert lines(Product("tea", None, 2, "9.5"))[0][2] == 9_500_000


def test_what_is_given_back_is_negative() -> None:
    back = lines(Product("tea", 4.9, 2), Product("pot", -1, 1), sign=-1)
    assert [line[2] for line in back] == [-9_800_000, -1_000_000]
    assert lines(sign=-1, total=5)[0][2] == -5_000_000


def test_no_money_moved() -> None:
    assert [line[2] for line in lines(Product("tea", 4.9, 2), sign=0, total=5)] == [None]


def test_events_without_an_id() -> None:
    found = ordered(EVENT | {"id": None}, [NONE, NONE], own=NONE, sign=1, total=None)
    assert [line["id"] for line in found] == [None, None]


@pytest.mark.parametrize(
    "product", [Product("a", 10**11, 10**6), Product({}, 1, 1), Product("a", "x", 1)]
)
def test_absurd_lines_are_refused(product: Product) -> None:
    with pytest.raises(Refused):
        lines(product)


def test_sign() -> None:
    assert [sign(kind) for kind in ("purchase", "return", "view")] == [1, -1, 0]
