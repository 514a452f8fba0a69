"""Orders: one event a product line, all of them in one basket.

    value = price * quantity - discounts        id = id of the order's event / position of the line

Money is what was paid, or given back: the amounts of a purchase are positive, those of a return
negative. What a product that was only looked at would cost is no amount. Amounts are whole
millionths, so that what is spread over lines adds up again, to the last one.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from onefold.readers.shares import spread
from onefold.readers.values import EXACT, MOST, Refused, amount, micros, text

PAID, GIVEN_BACK = "purchase", "return"
SIGNS = {PAID: 1, GIVEN_BACK: -1}

DIFFER = "order whose lines do not add up to its total: the lines are kept"
INSIDE = "discount that is in the prices already, by the order's total: not taken off again"
TOO_MUCH = "discount larger than what it is taken off: left out"
UNREAD = "discount that is no amount: left out"
NO_PRICE = "line without a price, and no total to take it from: no value"
REST = "line without a price: it has its part of the rest of the order's total"

Note = Callable[[str], None]


class Product(NamedTuple):
    """A line as it was stated; any part may be missing. What was paid is for where no price is."""

    item: Any
    price: Any
    quantity: Any
    paid: Any = None
    discount: Any = None  # off the line as a whole


class Stated(NamedTuple):
    """What an order states of itself as a whole; any part may be missing.

    `others` are further sums that its lines may add up to, such as one before discounts; `extras`
    is what its sums may hold besides, such as shipping and taxes.
    """

    total: Any = None
    others: tuple[Any, ...] = ()
    discount: Any = None
    extras: tuple[Any, ...] = ()


def sign(kind: str) -> int:
    """1 where a kind of event is about money that came in, -1 where it went back, else 0."""
    return SIGNS.get(kind, 0)


def ordered(
    event: dict[str, Any],
    products: Sequence[Product],
    *,
    own: Product,
    sign: int,
    order: Stated,
    note: Note,
) -> list[dict[str, Any]]:
    """One event a line, of the event that they share.

    Args:
        event: What the lines have in common.
        products: The lines; without any, the event itself is the only one.
        own: What the event says of a product itself, where there are no lines.
        sign: Of money: 1, -1, or 0 where none moved.
        order: What the order says of itself as a whole.
        note: Counts what is not as it was stated.
    """
    if not products:
        line = _line(own)
        alone = micros(amount(order.total, "total"))
        if alone is None and sign:
            alone = _settled(_moved([own], sign), [0], order, note)[0]
        event.update(line, value=_signed(alone, sign))
        return [event]
    lines = [_line(product) for product in products]
    paid = _moved(products, sign)
    values: Sequence[int | None] = [None] * len(lines)
    if sign:
        off = [_discount(product.discount, note) for product in products]
        values = _settled(_filled(paid, off, order, note, sign), off, order, note)
    out = []
    for position, (line, value) in enumerate(zip(lines, values, strict=True), 1):
        one = event | line | {"value": _signed(value, sign)}
        if one["id"] is not None:
            one["id"] = f"{one['id']}/{position}"
        out.append(one)
    return out


def _line(product: Product) -> dict[str, Any]:
    quantity = amount(product.quantity, "quantity")
    return {
        "item": text(product.item, "item"),
        "quantity": None if quantity is None else float(quantity),
    }


def _moved(products: Sequence[Product], sign: int) -> list[int | None]:
    """What was paid for each line, before discounts; where it went back, without its sign."""
    paid = [micros(_paid(product)) for product in products]
    return [abs(one) if one is not None and sign < 0 else one for one in paid]


def _paid(product: Product) -> Decimal | None:
    """Price times quantity, else what is said to have been paid; before discounts."""
    price, quantity = amount(product.price, "price"), amount(product.quantity, "quantity")
    if price is None:
        return amount(product.paid, "value of a line")
    paid = price if quantity is None else EXACT.multiply(price, quantity)
    if paid.copy_abs() >= MOST:
        raise Refused("price times quantity is absurdly large")
    return paid


def _filled(
    paid: list[int | None], off: list[int], order: Stated, note: Note, sign: int
) -> list[int | None]:
    """Lines without a price share the rest of the total in equal parts."""
    missing = [at for at, value in enumerate(paid) if value is None]
    if not missing:
        return paid
    for at in missing:
        off[at] = 0
    known = sum(value - less for value, less in zip(paid, off, strict=True) if value is not None)
    total = _known(order.total)
    if total is not None and sign < 0:
        total = abs(total)
    rest = None if total is None else total + _discount(order.discount, _quiet) - known
    if rest is None or (rest < 0 and len(paid) > 1):
        for _ in missing:
            note(NO_PRICE)
        return paid
    out = list(paid)
    for at, part in zip(missing, spread(rest, [1] * len(missing)), strict=True):
        out[at] = part
        if len(paid) > 1:
            note(REST)
    return out


def _settled(paid: list[int | None], off: list[int], order: Stated, note: Note) -> list[int | None]:
    """Lines after discounts: of the ways to read them, the one that fits what the order states."""
    gross = [value or 0 for value in paid]
    for at, (value, less) in enumerate(zip(gross, off, strict=True)):
        if less > max(value, 0):
            note(TOO_MUCH)
            off[at] = 0
    net = [value - less for value, less in zip(gross, off, strict=True)]
    whole = _discount(order.discount, note) if any(net) else 0
    if whole > sum(max(value, 0) for value in net):
        note(TOO_MUCH)
        whole = 0
    lines, taken = net, 0 if whole == sum(off) else whole
    sums = [abs(s) for s in map(_known, (order.total, *order.others)) if s is not None]
    if sums and None not in paid:
        fit = _fit(sums, _extras(order), [(net, whole), (net, 0), (gross, 0)])
        if fit is None:
            note(DIFFER)
        else:
            if sum(fit[0]) - fit[1] > sum(lines) - taken:
                note(INSIDE)
            lines, taken = fit
    parts = spread(taken, [max(value, 0) for value in lines])
    settled = [value - part for value, part in zip(lines, parts, strict=True)]
    return [None if value is None else after for value, after in zip(paid, settled, strict=True)]


def _fit(
    sums: list[int], extras: list[int], readings: list[tuple[list[int], int]]
) -> tuple[list[int], int] | None:
    """The first reading that adds up to one of the sums, with as few extras as need be."""
    for extra in extras:
        for lines, taken in readings:
            if abs(sum(lines) - taken + extra) in sums:
                return lines, taken
    return None


def _extras(order: Stated) -> list[int]:
    """What a sum may hold besides the lines: nothing, all of it, or one of its parts."""
    parts = [part for part in map(_known, order.extras) if part]
    return [0, sum(parts), *parts]


def _known(value: Any) -> int | None:
    """A sum that lines are held against; what is none says nothing."""
    try:
        return micros(amount(value, "total"))
    except Refused:
        return None


def _discount(value: Any, note: Note) -> int:
    """What is taken off, whichever sign the source gives it."""
    try:
        return abs(micros(amount(value, "discount")) or 0)
    except Refused:
        note(UNREAD)
        return 0


def _quiet(reason: str) -> None:
    """Count nothing: what is wrong is counted elsewhere."""


def _signed(paid: int | None, sign: int) -> int | None:
    """Money that went back is negative, whichever way the source writes it."""
    if paid is None or not sign:
        return None
    return paid if sign > 0 else -abs(paid)
