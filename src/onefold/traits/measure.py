"""Measures of what somebody did: how many events of a kind, which of them, in which window.

    did("purchase").where(field("value") >= 20).last("30D").count()
    = count of 'purchase' (value is at least 20) in the last 30 days

Over the events so chosen a measure is one of the traits, such as `Count`. It is made for
conditions: its name is English, and its `repr` the code that makes it.
"""

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import one_of, text
from onefold._types import Duration, Times
from onefold.traits.amounts import Max, Mean, Min, Sum
from onefold.traits.asking import spelt
from onefold.traits.distinct import Distinct
from onefold.traits.history import History
from onefold.traits.how_much import Count, Frequency
from onefold.traits.match import EventCondition, event_condition
from onefold.traits.over import in_order, shown, within
from onefold.traits.protocol import Trait


def _distinct(of: str, event: str | None) -> Trait:
    return Distinct(of, event, exact=EXACT)


EXACT = 2**62  # a condition is never asked of an estimate

# By what is measured: the trait that does it, and the measure in English.
OF_EVENTS: dict[str, tuple[Callable[..., Trait], str]] = {
    "count": (Count, "count of {events}"),
    "visits": (Frequency, "visits with {events}"),
}
OF_A_COLUMN: dict[str, tuple[Callable[..., Trait], str]] = {
    "sum": (Sum, "sum of {of} of {events}"),
    "mean": (Mean, "mean {of} of {events}"),
    "min": (Min, "least {of} of {events}"),
    "max": (Max, "greatest {of} of {events}"),
    "distinct": (_distinct, "count of distinct {of} of {events}"),
}


def _event(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if value is not None:
        text(value, "did: event")


def _last(value: Duration | None) -> np.timedelta64 | None:
    return None if value is None else _time.duration(value, "did.last: last")


def _until(value: Duration | None) -> np.timedelta64 | None:
    return None if value is None else _time.duration(value, "did.last: until")


def _where(value: Any) -> EventCondition | None:
    return None if value is None else event_condition(value, "did.where: condition")


@attrs.frozen(repr=False)
class Chosen:
    """Which events of a customer: of a kind, in a window, that match.

    Attributes:
        event: The kind; None is every kind.
        last: How far the window reaches back from `as_of`, None to the first event.
        until: Where it ends, back from `as_of`, None at `as_of`.
        where: What they match, None for all.
    """

    event: str | None = attrs.field(validator=_event)
    last: np.timedelta64 | None = attrs.field(default=None, converter=_last)
    until: np.timedelta64 | None = attrs.field(default=None, converter=_until)
    where: EventCondition | None = attrs.field(default=None, converter=_where)

    def __attrs_post_init__(self) -> None:
        in_order(self.last, self.until, "did.last")

    def of(self, history: History, as_of: Times) -> History:
        """The same rows with only these events."""
        seen = within(history, as_of, last=self.last, until=self.until)
        return within(seen.where(self.event), as_of, where=self.where)

    def __str__(self) -> str:
        said = "any event" if self.event is None else repr(self.event)
        if self.where is not None:
            said += f" ({self.where})"
        if self.last is not None and self.until is not None:
            return f"{said} from {spelt(self.last)} to {spelt(self.until)} ago"
        if self.until is not None:
            return f"{said} until {spelt(self.until)} ago"
        return said if self.last is None else f"{said} in the last {spelt(self.last)}"

    def __repr__(self) -> str:
        code = f"did({self.event!r})" if self.event is not None else "did()"
        if self.where is not None:
            code += f".where({self.where!r})"
        if self.until is not None:
            return f"{code}.last({shown(self.last)}, until={shown(self.until)})"
        return code if self.last is None else f"{code}.last({shown(self.last)})"


def _by(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    one_of(value, (*OF_EVENTS, *OF_A_COLUMN), "did: by")


def _of(instance: "Measure", attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if instance.by in OF_A_COLUMN:
        text(value, f"did.{instance.by}: of")


@attrs.frozen(repr=False)
class Measure:
    """What somebody did, measured: a trait, made with `did`.

    Attributes:
        chosen: Which events.
        by: "count", "visits", "sum", "mean", "min", "max" or "distinct".
        of: Of which column, for the last five.
    """

    chosen: Chosen
    by: str = attrs.field(validator=_by)
    of: str | None = attrs.field(default=None, validator=_of)

    @property
    def name(self) -> str:
        """In English: "sum of value of 'purchase' in the last 30 days"."""
        _, said = (OF_EVENTS | OF_A_COLUMN)[self.by]
        return said.format(of=self.of, events=self.chosen)

    @property
    def reach(self) -> np.timedelta64 | None:
        """How far back it reads, None where to the first event."""
        return self.chosen.last

    def read(self, history: History, *, as_of: Times) -> Any:
        """What the trait of its kind says of the chosen events."""
        return self._trait.read(self.chosen.of(history, as_of), as_of=as_of)

    @property
    def _trait(self) -> Trait:
        if self.by in OF_EVENTS:
            return OF_EVENTS[self.by][0](None)
        return OF_A_COLUMN[self.by][0](self.of, None)

    def __repr__(self) -> str:
        of = "" if self.of is None else repr(self.of)
        return f"{self.chosen!r}.{self.by}({of})"
