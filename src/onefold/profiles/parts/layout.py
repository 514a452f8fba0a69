"""Layout: which columns the rows of many logs have, and of what types, known without the rows.

Logs that are folded in parts never meet, so what `log + log` would refuse is found here:

    layout of (a + b)  ==  layout of a, also that of b

A property that no row holds takes the type of the other side, as in a log.
"""

from collections.abc import Mapping

import attrs
import numpy as np

from onefold._columns import Coded, Columns, missing
from onefold._types import Array
from onefold.errors import ColumnError
from onefold.events.log import EventLog
from onefold.events.tables import (
    PROPERTY,
    RECEIVED,
    no_events,
    no_facts,
    nothing,
    same_currency,
    whose,
)

TEXT, NUMBER = "string", "double"


@attrs.frozen
class Property:
    """The type of a further column of events, and whether any row holds something."""

    type: str
    held: bool


@attrs.frozen
class Layout:
    """What logs have in common: further columns of their events, names of facts, the currency.

    `received` says whether events, and facts, have the instant at which they became known;
    `identifiers` are the columns of each that tell whose rows they are, besides the customer.
    """

    properties: Mapping[str, Property] = attrs.field(factory=dict)
    facts: Mapping[str, str] = attrs.field(factory=dict)
    received: tuple[bool, bool] = (False, False)
    currency: str | None = None
    identifiers: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @classmethod
    def of(cls, log: EventLog) -> "Layout":
        """The layout of one log."""
        held = {
            name.removeprefix(PROPERTY): Property(
                TEXT if isinstance(column, Coded) else NUMBER, not missing(column).all()
            )
            for name, column in log.events.data.items()
            if name.startswith(PROPERTY)
        }
        return cls(
            held,
            types_of(log.facts),
            (RECEIVED in log.events, RECEIVED in log.facts),
            log.currency,
            (tuple(sorted(whose(log.events))), tuple(sorted(whose(log.facts)))),
        )

    def also(self, other: "Layout", call: str) -> "Layout":
        """The layout of the rows of both.

        Raises:
            ColumnError: If a property or a fact is text on one side and a number on the other.
            ArgumentError: If the two sides are in different currencies.
        """
        properties = dict(self.properties)
        for name, theirs in other.properties.items():
            ours = properties.get(name, theirs)
            if ours.type != theirs.type and ours.held and theirs.held:
                raise ColumnError(
                    f"{call}: property {name!r} holds numbers on one side and text on the other; "
                    "give it one type before putting the logs together."
                )
            kind = theirs.type if theirs.held and not ours.held else ours.type
            properties[name] = Property(kind, ours.held or theirs.held)
        facts = {**other.facts, **self.facts}
        for name, kind in other.facts.items():
            if facts[name] != kind:
                raise ColumnError(
                    f"{call}: fact {name!r} is text on one side and a number on the other; give it "
                    "one type before putting them together, or another name: facts={name: column}."
                )
        return Layout(
            properties,
            facts,
            (self.received[0] or other.received[0], self.received[1] or other.received[1]),
            same_currency(self.currency, other.currency, call),
            (
                tuple(sorted({*self.identifiers[0], *other.identifiers[0]})),
                tuple(sorted({*self.identifiers[1], *other.identifiers[1]})),
            ),
        )

    @property
    def columns(self) -> tuple[dict[str, str], tuple[object, ...]]:
        """What files of rows depend on: two layouts that agree in it have the same columns."""
        types = {name: held.type for name, held in self.properties.items()}
        return types, (self.received, self.identifiers)

    @property
    def no_log(self) -> EventLog:
        """A log without rows that has all the columns, in their types."""
        late = np.array([], dtype="datetime64[us]")
        extra = {PROPERTY + n: _no_rows(p.type) for n, p in sorted(self.properties.items())}
        events = no_events().replace(**({RECEIVED: late} if self.received[0] else {}), **extra)
        facts = no_facts().replace(**({RECEIVED: late} if self.received[1] else {}))
        for_events, for_facts = ({name: nothing(0) for name in held} for held in self.identifiers)
        return EventLog(events.replace(**for_events), facts.replace(**for_facts), self.currency)


def held_in(table: Columns) -> frozenset[str]:
    """The properties of which any row of a table holds something."""
    return frozenset(name.removeprefix(PROPERTY) for name in _properties(table, empty=False))


def filled(table: Columns) -> Columns:
    """The table without the properties of which no row holds anything: they have no type yet."""
    empty = _properties(table, empty=True)
    return table.without(empty) if empty else table


def _properties(table: Columns, *, empty: bool) -> list[str]:
    return [
        name
        for name, column in table.data.items()
        if name.startswith(PROPERTY) and missing(column).all() == empty
    ]


def _no_rows(kind: str) -> Coded | Array:
    return nothing(0) if kind == TEXT else np.array([], dtype=np.float64)


def types_of(facts: Columns) -> dict[str, str]:
    """The type of each fact, by name."""
    names = facts.coded("name")
    text = np.unique(names.codes[facts.array("text") >= 0]).tolist()
    every = np.unique(names.codes).tolist()
    return {names.vocab[code]: TEXT if code in set(text) else NUMBER for code in every}
