"""Orders: one event a product line, all of them in one basket.

    value = price * quantity        id = id of the order's event / position of the line

Money is what was paid, or given back: the amounts of a purchase are positive, those of a return
negative. What a product that was only looked at would cost is no amount.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from onefold.readers.values import EXACT, MOST, Refused, amount, micros, text

PAID, GIVEN_BACK = "purchase", "return"
SIGNS = {PAID: 1, GIVEN_BACK: -1}


class Product(NamedTuple):
    """A line as it was stated; any part may be missing. What was paid is for where no price is."""

    item: Any
    price: Any
    quantity: Any
    paid: Any = None


def sign(kind: str) -> int:
    """1 where a kind of event is about money that came in, -1 where it went back, else 0."""
    return SIGNS.get(kind, 0)


def ordered(
    event: dict[str, Any], products: Sequence[Product], *, own: Product, sign: int, total: Any
) -> list[dict[str, Any]]:
    """One event a line, of the event that they share.

    Args:
        event: What the lines have in common.
        products: The lines; without any, the event itself is the only one.
        own: What the event says of a product itself, where there are no lines.
        sign: Of money: 1, -1, or 0 where none moved.
        total: Amount of the whole order, for where there are no lines, or one without a price.
    """
    if not products:
        event.update(_line(own, sign=sign, paid=amount(total, "total")))
        return [event]
    whole = amount(total, "total") if len(products) == 1 and products[0].price is None else None
    out = []
    for position, product in enumerate(products, 1):
        line = event | _line(product, sign=sign, paid=whole)
        if line["id"] is not None:
            line["id"] = f"{line['id']}/{position}"
        out.append(line)
    return out


def _line(product: Product, *, sign: int, paid: Decimal | None) -> dict[str, Any]:
    """Item, quantity and value of a line; what was paid is price times quantity if not known."""
    quantity = amount(product.quantity, "quantity")
    price = amount(product.price, "price")
    if paid is None and price is None:
        paid = amount(product.paid, "value of a line")
    elif paid is None and price is not None:
        paid = price if quantity is None else EXACT.multiply(price, quantity)
        if paid.copy_abs() >= MOST:
            raise Refused("price times quantity is absurdly large")
    return {
        "item": text(product.item, "item"),
        "quantity": None if quantity is None else float(quantity),
        "value": micros(_signed(paid, sign)) if sign else None,
    }


def _signed(paid: Decimal | None, sign: int) -> Decimal | None:
    """Money that went back is negative, whichever way the source writes it."""
    if paid is None or sign > 0:
        return paid
    return paid.copy_abs().copy_negate()
