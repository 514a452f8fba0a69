"""The words with which events are told apart: a column, and what to compare it with.

    field("value") >= 20        field("channel") == "web"        field("item").isin(["tea", "jam"])

Only here == makes a condition on events; between conditions it is equality.
"""

from collections.abc import Iterable
from typing import final

import attrs

from onefold import _check
from onefold.errors import ArgumentError
from onefold.traits.asking import Value, ends, number, several, word_or_number
from onefold.traits.match import EventCompare, EventCondition, event_condition

IDS = ("item", "basket")  # whole numbers became text at the door; look-ups take either


@final
@attrs.frozen(eq=False, repr=False)
class Field:
    """A column of the events to be compared: its ==, !=, <, <=, > and >= make conditions."""

    name: str

    def __eq__(self, other: object) -> EventCompare:  # type: ignore[override]
        return self._compared("==", self._word(other))

    def __ne__(self, other: object) -> EventCompare:  # type: ignore[override]
        return self._compared("!=", self._word(other))

    def __lt__(self, other: float) -> EventCompare:
        return self._compared("<", number(other, self, "<"))

    def __le__(self, other: float) -> EventCompare:
        return self._compared("<=", number(other, self, "<="))

    def __gt__(self, other: float) -> EventCompare:
        return self._compared(">", number(other, self, ">"))

    def __ge__(self, other: float) -> EventCompare:
        return self._compared(">=", number(other, self, ">="))

    __hash__ = None  # type: ignore[assignment]

    def isin(self, values: Iterable[str | float]) -> EventCompare:
        """One of several values, all text or all numbers.

        Examples:
            >>> str(field("channel").isin(["web", "app"]))
            "channel is one of 'app', 'web'"
        """
        given = several(values, self)
        if self.name in IDS:
            given = tuple(sorted(str(self._word(value)) for value in given))
        return self._compared("in", given)

    def between(self, low: float, high: float) -> EventCompare:
        """At least `low` and at most `high`: both ends are included.

        Examples:
            >>> field("value").between(20, 50)
            field('value').between(20, 50)
        """
        return self._compared("between", ends(low, high, self))

    def known(self) -> EventCompare:
        """There is a value; this is never unknown. `~field(name).known()` asks for its absence."""
        return self._compared("known", None)

    def __bool__(self) -> bool:
        raise ArgumentError(f"{self!r} is not a condition yet; compare it, such as {self!r} >= 3.")

    def _join(self, other: object = None) -> EventCondition:
        return event_condition(self)

    __and__ = __rand__ = __or__ = __ror__ = __invert__ = _join  # brackets were forgotten

    def __repr__(self) -> str:
        return f"field({self.name!r})"

    def _word(self, value: object) -> str | int | float:
        held = word_or_number(value, self)
        return str(held) if self.name in IDS and isinstance(held, int) else held

    def _compared(self, op: str, value: Value) -> EventCompare:
        return EventCompare(self.name, op, value)


def field(name: str) -> Field:
    """A column of the events, to be compared: which events a trait or a condition is to read.

    Where an event holds nothing in the column the answer is unknown, and unknown does not match,
    also under ~.

    Args:
        name: "value" (units of money, compared exactly), "quantity", "event" (the kind), "item",
            "channel", "basket", or a property, text or numbers. Of the item: "category", "price"
            or another column of the catalogue. On the customer's own clock: "hour" (0 to 23) and
            "weekday" ("Mon" to "Sun").

    Returns:
        A term; compare it with text or a number, or use `isin`, `between` and `known`.

    Raises:
        ArgumentError: If the name is empty or not a string.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", channel="web", value=4.90),
        ...     of.Event("ann", "purchase", "2024-03-08", channel="web", value=35),
        ...     of.Event("ann", "purchase", "2024-03-09", value=50)])
        >>> dear = (field("value") >= 20) & (field("channel") == "web")
        >>> print(dear)
        value is at least 20 and channel is 'web'
        >>> history = of.fold(log).history
        >>> dear.mask(history).tolist()
        [False, True, False]
        >>> (~(field("channel") == "web")).mask(history).tolist()  # of the last it is unknown
        [False, False, False]
    """
    return Field(_check.text(name, "field: name"))
