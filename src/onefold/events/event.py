"""One thing that one customer did: the unit of which profiles are made.

    Event("ann", "purchase", "2024-03-01 18:30+01:00", item="tea", value=4.90)
"""

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._types import MICROS, NO_MONEY
from onefold.errors import ArgumentError


def _text(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if value is None and attribute.default is None:
        return
    if not isinstance(value, str) or not value:
        raise ArgumentError(
            f"Event: {attribute.name} is {value!r}; it takes a string that is not empty."
        )


def _id(value: Any) -> Any:
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return str(value)
    return value


def _moment(value: Any) -> np.datetime64:
    return _time.instant(value, "Event: time")


def _facts(value: Mapping[str, Any]) -> dict[str, str | float]:
    out: dict[str, str | float] = {}
    for name, held in value.items():
        if isinstance(held, (int, float, np.number)) and not isinstance(held, bool):
            out[name] = float(held)
        elif isinstance(held, str):
            out[name] = held
        else:
            raise ArgumentError(
                f"Event: properties[{name!r}] is {held!r}; a property is a number or a string."
            )
    return out


def _finite(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not np.isfinite(float(value)):
        raise ArgumentError(f"Event: {attribute.name} is {value!r}; it takes a finite number.")


@attrs.frozen
class Event:
    """One event of one customer.

    Args:
        customer: Id of the customer; an integer becomes its string.
        event: Kind of event, such as "purchase" or "view".
        time: The instant; a naive one means UTC.
        item: What it was about, if anything.
        channel: Where it happened ("web", "store").
        value: Amount of money, in units of the log's currency (not micros).
        quantity: How many.
        basket: Id of the visit, order or session that this event was part of.
        id: Id of the event; delivering the same (source, id) again changes nothing.
        source: The system whose ids these are.
        properties: Anything else, by name: numbers or strings.
        zone: The customer's time zone, for local hours and weekdays.

    Raises:
        ArgumentError: If an argument holds what is not allowed.

    Examples:
        >>> Event("ann", "view", "2024-03-01", item="tea").time
        np.datetime64('2024-03-01T00:00:00.000000')
    """

    customer: str = attrs.field(converter=_id, validator=_text)
    event: str = attrs.field(validator=_text)
    time: np.datetime64 = attrs.field(converter=_moment)
    item: str | None = attrs.field(default=None, converter=_id, validator=_text, kw_only=True)
    channel: str | None = attrs.field(default=None, validator=_text, kw_only=True)
    value: float | None = attrs.field(default=None, validator=_finite, kw_only=True)
    quantity: float | None = attrs.field(default=None, validator=_finite, kw_only=True)
    basket: str | None = attrs.field(default=None, converter=_id, validator=_text, kw_only=True)
    id: str | None = attrs.field(default=None, converter=_id, validator=_text, kw_only=True)
    source: str | None = attrs.field(default=None, validator=_text, kw_only=True)
    properties: Mapping[str, str | float] = attrs.field(
        factory=dict, converter=_facts, kw_only=True, hash=False
    )
    zone: str | None = attrs.field(default=None, validator=_text, kw_only=True)

    @property
    def micros(self) -> int:
        """The value in millionths, or the mark for a missing amount."""
        if self.value is None:
            return int(NO_MONEY)
        amount = round(self.value * MICROS)
        if abs(amount) >= 2**63 - 1:
            raise ArgumentError(
                f"Event: value is {self.value!r}; amounts up to 9.2e12 in either direction fit."
            )
        return amount
