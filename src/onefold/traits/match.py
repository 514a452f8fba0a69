"""Conditions on events as values: comparisons of columns, joined by and, or, not.

    dear = field("value") >= 20
    dear & ~(field("channel") == "web")     # value is at least 20 and not (channel is 'web')

They are the kin of conditions on customers: data with a code (`repr`) and in English (`str`),
and three answers. An event is marked where the answer is known to be true. A column in which it
holds nothing is unknown, also under ~ : an event without a channel is neither on the web nor
not on the web (Kleene, "Introduction to Metamathematics", 1952, section 64).
"""

import abc
from collections.abc import Iterable
from typing import Any, final

import attrs
import numpy as np

from onefold import _check
from onefold._types import Bools
from onefold.errors import ArgumentError
from onefold.traits import asking
from onefold.traits.asking import OPERATORS, Value
from onefold.traits.columns import column, settled
from onefold.traits.history import History


class EventCondition(abc.ABC):
    """A question about an event: true, false or unknown. Join with `&`, `|` and `~`.

    Make it from `field(name)`, and give it to `Over(trait, where=...)` or `did(event).where(...)`.
    """

    __slots__ = ()

    def mask(self, history: History) -> Bools:
        """The events (m,) for which it is known to be true.

        Raises:
            UnknownName: If the events have no such column.
            ArgumentError: If text is compared with a number.
        """
        return self._settled(history, True)

    def __and__(self, other: "EventCondition") -> "EventAnd":
        return EventAnd((self, other))

    def __or__(self, other: "EventCondition") -> "EventOr":
        return EventOr((self, other))

    def __invert__(self) -> "EventNot":
        return EventNot(self)

    def __bool__(self) -> bool:
        raise ArgumentError(
            f"field: ({self}) has no truth of its own, only for an event. Join conditions with "
            "& | ~ and brackets, not with and, or, not; write field.between(low, high) in place "
            "of low <= field <= high."
        )

    @abc.abstractmethod
    def _settled(self, history: History, to: bool) -> Bools:
        """The events (m,) for which the answer is known to be `to`."""


def _op(instance: object, attribute: object, value: Any) -> None:
    _check.one_of(value, OPERATORS, "EventCompare: op")


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@final
@attrs.frozen(repr=False)
class EventCompare(EventCondition):
    """One comparison of one column of the events; make it with `field("value") >= 20` and the like.

    Attributes:
        name: The column.
        op: One of == != < <= > >= in between known.
        value: Text, a number, a tuple of either (in, between), or None (known).
    """

    name: str
    op: str = attrs.field(validator=_op)
    value: Value = attrs.field(default=None, converter=_tupled)

    def _settled(self, history: History, to: bool) -> Bools:
        held = column(history, self.name)
        return settled(held, self.op, self.value, to=to, of=f"field({self.name!r})")

    def __str__(self) -> str:
        return asking.english(self.name, self.op, self.value)

    def __repr__(self) -> str:
        return asking.code(f"field({self.name!r})", self.op, self.value)


def _anded(parts: Iterable[EventCondition]) -> tuple[EventCondition, ...]:
    return _flat(EventAnd, parts)


def _ored(parts: Iterable[EventCondition]) -> tuple[EventCondition, ...]:
    return _flat(EventOr, parts)


def _flat(
    kind: type["EventAnd | EventOr"], parts: Iterable[EventCondition]
) -> tuple[EventCondition, ...]:
    """The parts, those of the same kind opened: (a & b) & c is a & b & c."""
    out: list[EventCondition] = []
    for part in parts:
        out.extend(part.parts if isinstance(part, kind) else [event_condition(part)])
    if len(out) < 2:
        raise ArgumentError(f"{kind.__name__}: parts has {len(out)}; it takes two or more.")
    return tuple(out)


def event_condition(held: Any, name: str = "field: & | ~") -> EventCondition:
    """Check that something is a condition on events, and return it."""
    if not isinstance(held, EventCondition):
        raise ArgumentError(
            f"{name} takes conditions on events, made with field(...), not {held!r}. Put brackets "
            "round each comparison: (field('value') >= 20) & (field('channel') == 'web')."
        )
    return held


@final
@attrs.frozen(repr=False)
class EventAnd(EventCondition):
    """All of several conditions hold; make it with `a & b`."""

    parts: tuple[EventCondition, ...] = attrs.field(converter=_anded)

    def _settled(self, history: History, to: bool) -> Bools:
        how = np.logical_and if to else np.logical_or
        masks = [part._settled(history, to) for part in self.parts]
        return np.asarray(how.reduce(masks))

    def __str__(self) -> str:
        return " and ".join(f"({p})" if isinstance(p, EventOr) else str(p) for p in self.parts)

    def __repr__(self) -> str:
        return " & ".join(f"({part!r})" for part in self.parts)


@final
@attrs.frozen(repr=False)
class EventOr(EventCondition):
    """At least one of several conditions holds; make it with `a | b`."""

    parts: tuple[EventCondition, ...] = attrs.field(converter=_ored)

    def _settled(self, history: History, to: bool) -> Bools:
        how = np.logical_or if to else np.logical_and
        masks = [part._settled(history, to) for part in self.parts]
        return np.asarray(how.reduce(masks))

    def __str__(self) -> str:
        return " or ".join(f"({p})" if isinstance(p, EventAnd) else str(p) for p in self.parts)

    def __repr__(self) -> str:
        return " | ".join(f"({part!r})" for part in self.parts)


@final
@attrs.frozen(repr=False)
class EventNot(EventCondition):
    """A condition does not hold; make it with `~a`. What is unknown stays unknown."""

    part: EventCondition = attrs.field(converter=event_condition)

    def _settled(self, history: History, to: bool) -> Bools:
        return self.part._settled(history, not to)

    def __str__(self) -> str:
        return f"not ({self.part})"

    def __repr__(self) -> str:
        return f"~({self.part!r})"
