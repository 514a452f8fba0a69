"""One thing that one customer did: the unit of which profiles are made.

Event("ann", "purchase", "2024-03-01 18:30+01:00", item="tea", value=4.90)
"""

import decimal
import math
from collections.abc import Iterator, Mapping
from typing import Any, final

import attrs
import numpy as np

from onefold import _time
from onefold._types import MICROS, NO_MONEY
from onefold.errors import ArgumentError
from onefold.events.identifiers import CUSTOMER, bundle
from onefold.events.tables import BUILT_IN, free_name

LONG = 1000  # bits of a whole number beyond which it isn't written out


def _text(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if value is None and attribute.default is None:
        return
    if not isinstance(value, str) or not value:
        raise ArgumentError(
            f"Event: {attribute.name} is {value!r}; it takes a string that is not empty."
        )
    _unicode(value, attribute.name)


def _unicode(value: str, name: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(
            f"Event: {name} holds text that is not valid Unicode ({error}). Decode it anew from "
            "its bytes, for example with errors='replace'."
        ) from error


def _id(value: Any) -> Any:
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return str(value)
    return str(value) if isinstance(value, str) else value


def _moment(value: Any) -> np.datetime64:
    return _time.instant(value, "Event: time")


def _receipt(value: Any) -> np.datetime64 | None:
    return None if value is None else _time.instant(value, "Event: received")


@final
class Properties(Mapping[str, str | float]):
    """A mapping that stays as it is; unlike `types.MappingProxyType` it can be pickled."""

    __slots__ = ("_held",)

    def __init__(self, held: Mapping[str, str | float]) -> None:
        self._held = dict(held)

    def __getitem__(self, name: str) -> str | float:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return repr(self._held)


def _extras(value: Any) -> Properties:
    if not isinstance(value, Mapping):
        raise ArgumentError(
            f"Event: properties is {value!r}; it takes a mapping: {{'colour': 'red', 'size': 42}}."
        )
    out: dict[str, str | float] = {}
    for name, held in value.items():
        free_name(name, BUILT_IN, argument="Event: properties", advice="Give it another name.")
        _unicode(name, "the name of a property")
        if isinstance(held, (bool, np.bool_)):  # as at the door of a frame
            out[name] = "yes" if held else "no"
        elif isinstance(held, str):
            _unicode(held, f"properties[{name!r}]")
            out[name] = held
        else:
            number = _plain(held)
            if number is None:
                raise ArgumentError(
                    f"Event: properties[{name!r}] is {_shown(held)}; a property is a finite number "
                    "or a string."
                )
            out[name] = number
    return Properties(out)


def _number(value: Any) -> Any:
    """Plain Python numbers: numpy's small integers would overflow where amounts are scaled."""
    if isinstance(value, np.integer):
        return int(value)
    return float(value) if isinstance(value, np.floating) else value


def _plain(value: Any) -> float | None:
    """The number as a float; None if it is none, or not finite, or too large for a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float, decimal.Decimal, np.number)):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError, TypeError):  # 10**400, a signalling NaN, a complex number
        return None
    return number if math.isfinite(number) else None


def _shown(value: Any) -> str:
    """What was given, cut where it is long."""
    if isinstance(value, int) and value.bit_length() > LONG:  # which Python may refuse to write
        return f"a whole number of {value.bit_length():,} bits"
    return repr(value)


def _finite(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if value is not None and _plain(value) is None:
        raise ArgumentError(
            f"Event: {attribute.name} is {_shown(value)}; it takes a finite number."
        )


def _amount(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    _finite(instance, attribute, value)
    if value is not None and abs(value) > (2**63 - 2) // MICROS:
        raise ArgumentError(
            f"Event: value is {value!r}; amounts up to 9.2e12 in either direction fit."
        )


def _whose(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if value is None and instance.identifiers:
        return
    if value is None:
        raise ArgumentError(
            "Event: customer is None, and identifiers holds none; it takes a string that is not "
            "empty, or identifiers={'cookie': 'c1'}."
        )
    _text(instance, attribute, value)
    if CUSTOMER in instance.identifiers:
        raise ArgumentError(
            f"Event: identifiers has the type 'customer', and customer is {value!r}, which is that "
            "identifier. Give one of them, or call the other 'user_id'."
        )


def _zone(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    _text(instance, attribute, value)
    if value is not None:
        _time.zone(value, "Event: zone")


@attrs.frozen
class Event:
    """One event of one customer.

    Args:
        customer: Id of the customer; an integer becomes its string. None where only identifiers
            are known.
        event: Kind of event, such as "purchase" or "view".
        time: The instant; a naive one means UTC.
        item: What it was about, if anything.
        channel: Where it happened ("web", "store").
        value: Amount of money, in units of the log's currency (not micros).
        quantity: How many.
        basket: Id of the visit, order or session that this event was part of.
        id: Id of the event; delivering the same (source, id) again changes nothing.
        source: The system whose ids these are.
        properties: Anything else, by name: numbers or strings; a copy that can't be changed.
            Names of the built-in columns, such as "customer" or "item", are refused.
        zone: The customer's time zone, for local hours and weekdays.
        received: When it became known here; left out, when it happened.
        identifiers: Other names that came with it, for `resolve`: a mapping from a type ("email",
            "cookie") to a string or a whole number, or to several. Of each type the distinct
            values are kept, sorted; None and "" are left out.

    Raises:
        ArgumentError: If an argument holds what is not allowed.

    Examples:
        >>> Event("ann", "view", "2024-03-01", item="tea").time
        np.datetime64('2024-03-01T00:00:00.000000')
        >>> Event(None, "view", "2024-03-01", identifiers={"cookie": "c1"}).identifiers
        {'cookie': ('c1',)}
    """

    customer: str | None = attrs.field(converter=_id, validator=_whose)
    event: str = attrs.field(validator=_text)
    time: np.datetime64 = attrs.field(converter=_moment)
    item: str | None = attrs.field(default=None, converter=_id, validator=_text, kw_only=True)
    channel: str | None = attrs.field(default=None, validator=_text, kw_only=True)
    value: float | decimal.Decimal | None = attrs.field(
        default=None, converter=_number, validator=_amount, kw_only=True
    )
    quantity: float | None = attrs.field(
        default=None, converter=_number, validator=_finite, kw_only=True
    )
    basket: str | None = attrs.field(default=None, converter=_id, validator=_text, kw_only=True)
    id: str | None = attrs.field(default=None, converter=_id, validator=_text, kw_only=True)
    source: str | None = attrs.field(default=None, validator=_text, kw_only=True)
    properties: Mapping[str, str | float] = attrs.field(
        factory=dict, converter=_extras, kw_only=True, hash=False
    )
    zone: str | None = attrs.field(default=None, validator=_zone, kw_only=True)
    received: np.datetime64 | None = attrs.field(default=None, converter=_receipt, kw_only=True)
    identifiers: Mapping[str, tuple[str, ...]] = attrs.field(
        factory=dict, converter=bundle, kw_only=True, hash=False
    )

    @property
    def micros(self) -> int:
        """The value in millionths, or the mark for a missing amount."""
        return int(NO_MONEY) if self.value is None else round(self.value * MICROS)
