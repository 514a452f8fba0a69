"""One profile: one actual person, kept up to date with each click.

A profile is that person's slice of the ledger and a tail of events that came since. `after`
appends to the tail and touches nobody else; what it costs does not depend on how many others
there are.

    fold(log)[id].after(event) == fold(log + event)[id]
"""

from collections.abc import Callable, Iterable
from typing import Any, final

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._types import Ints
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.errors import ArgumentError, BeyondKept, UnknownName
from onefold.events.event import Event
from onefold.events.log import EventLog
from onefold.ledger import Ledger
from onefold.profiles import card
from onefold.profiles.traits import TraitTable
from onefold.traits.history import History
from onefold.traits.protocol import Trait
from onefold.traits.wide import Wide


@final
class Tail:
    """Events that came since, the latest first to hand: to add one costs the same for any many."""

    __slots__ = ("_before", "_event")

    def __init__(self, before: "Tail | None", event: Event) -> None:
        self._before, self._event = before, event

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Tail | None":
        """A tail of several events, in their order."""
        tail: Tail | None = None
        for event in events:
            tail = cls(tail, event)
        return tail

    def events(self) -> list[Event]:
        """The events, in the order in which they came."""
        out: list[Event] = []
        tail: Tail | None = self
        while tail is not None:  # single events, that came one by one
            out.append(tail._event)
            tail = tail._before
        return out[::-1]

    def __reduce__(self) -> Any:
        return Tail.of, (self.events(),)


@final
class Unread:
    """A person's slice of a ledger that is made of stored rows when it is first read.

    Args:
        make: A function of a module, so that what is held can be pickled.
        rows: What it is handed; not changed.
        currency: Of the amounts, if one is named.
        knows: Whether a name is that of a fact that others have stated; not pickled.
    """

    __slots__ = ("_made", "currency", "knows", "make", "rows")
    horizon = None  # nothing was let go

    def __init__(
        self,
        make: Callable[[Any], Ledger],
        rows: Any,
        currency: str | None,
        *,
        knows: Callable[[str], bool] | None = None,
    ) -> None:
        self.make, self.rows, self.currency, self.knows = make, rows, currency, knows
        self._made: Ledger | None = None

    @property
    def ledger(self) -> Ledger:
        """The ledger of this person alone."""
        if self._made is None:
            self._made = self.make(self.rows)
        return self._made

    def __reduce__(self) -> Any:
        return Unread, (self.make, self.rows, self.currency)


@attrs.frozen(eq=False, repr=False)
class Profile:
    """Everything that is known of one customer as of a moment.

    `profile["recency"]` reads a trait or a fact; `profile.after(event)` is the profile that
    also knows one more event.
    """

    id: str
    _base: Ledger | Unread
    _tail: Tail | None
    _traits: tuple[Trait, ...]
    catalog: Catalog | None
    as_of: np.datetime64
    _position: int = -1
    _cache: dict[str, Any] = attrs.field(init=False, factory=dict)

    @classmethod
    def of(
        cls,
        ledger: Ledger,
        position: int,
        *,
        traits: tuple[Trait, ...],
        catalog: Catalog | None,
        as_of: np.datetime64,
    ) -> "Profile":
        """The profile of the person at one position of a ledger."""
        return cls(ledger.people[position], ledger, None, traits, catalog, as_of, position)

    def after(self, event: Event) -> "Profile":
        """The profile that also knows `event`; `as_of` moves past it if it is the latest.

        Args:
            event: An event of this customer. One that came before, by its id, changes nothing but
                `as_of`, where its time is later; a late one finds its place. It may have
                identifiers besides, but who is who stays as it is: for that there are
                `profiles.update` and a resolver, which says whose an event is.

        Raises:
            ArgumentError: If the event is another customer's.
            BeyondKept: If it is older than the events that `keep=` has kept.
        """
        if not isinstance(event, Event):
            raise ArgumentError(
                f"Profile.after: event is a {type(event).__name__}; make one: "
                f"onefold.Event({self.id!r}, kind, time, item=...)."
            )
        if event.customer != self.id:
            raise ArgumentError(
                f"Profile.after: the event is of customer {event.customer!r}, the profile of "
                f"{self.id!r}. Take that customer's profile."
            )
        horizon = self._base.horizon
        if horizon is not None and event.time < horizon:
            raise BeyondKept(
                f"Profile.after: the event is of {_time.show(event.time)}, and what happened "
                f"before {_time.show(horizon)} was let go by keep=, so it can't be told whether it "
                "is new. Leave it out, or fold everything anew with a longer keep=."
            )
        moment = max(self.as_of, event.time + _time.MICROSECOND)
        if "ledger" in self._cache:  # what was read once is not put together again
            own, position = self.ledger, 0 if len(self.ledger) else -1
            tail = Tail(None, event)
            return Profile(self.id, own, tail, self._traits, self.catalog, moment, position)
        tail = Tail(self._tail, event)
        return Profile(
            self.id, self._base, tail, self._traits, self.catalog, moment, self._position
        )

    @property
    def ledger(self) -> Ledger:
        """The ledger of this person alone."""
        if "ledger" not in self._cache:
            own = _own(self._base, self._position, self.id)
            if self._tail is not None:
                own = own | Ledger.from_log(EventLog.from_events(self._tail.events()))
            own = own.aged(self.as_of)
            self._cache["ledger"] = own
        own_ledger: Ledger = self._cache["ledger"]
        return own_ledger

    @property
    def table(self) -> TraitTable:
        """The traits of this person: a table of one row."""
        if "table" not in self._cache:
            moments = np.array([self.as_of])
            own, end = self.ledger, self.ledger.end
            if end is not None and end <= self.as_of:  # all of it, as ever: nothing to look for
                history = History.of(own, self.catalog)
            else:
                history = History.before(own, self._who(), moments=moments, catalog=self.catalog)
            self._cache["table"] = TraitTable(
                np.array([self.id], dtype=object), history, moments, self._traits
            )
        made: TraitTable = self._cache["table"]
        return made

    def _who(self) -> Ints:
        return np.zeros(1, dtype=np.int64) if len(self.ledger) else np.full(1, -1)

    def __getitem__(self, name: str) -> Any:
        """A trait or a fact: a number, a text, None if missing, or a dict by label."""
        try:
            reading = self.table.reading(name)
        except UnknownName:
            knows = self._base.knows if isinstance(self._base, Unread) else None
            if knows is None or not knows(name):
                raise
            return None  # a fact of others, as a fold of all of them has it
        if isinstance(reading, Wide):
            return reading.row(0) if reading.known[0] else None
        if reading.ndim == 2:
            return dict(zip(self.table.labels(name), reading[0].tolist(), strict=True))
        held = reading[0]
        if isinstance(held, (float, np.floating)):
            return None if np.isnan(held) else float(held)
        return held

    def to_dict(self) -> dict[str, Any]:
        """All traits and facts by name."""
        return {name: self[name] for name in self.table.names}

    def events(self) -> pd.DataFrame:
        """The events of this person, in canonical order: one row each."""
        own = self.ledger
        return EventLog(own.events, own.facts, own.currency).to_pandas()

    def __len__(self) -> int:
        return len(self.ledger.events)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Profile):
            return NotImplemented
        return (
            self.id == other.id
            and self.as_of == other.as_of
            and self._traits == other._traits
            and self.ledger == other.ledger
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return card.text(self.table, self.ledger)

    def _repr_html_(self) -> str:
        return card.html(self.table, self.ledger)

    @property
    def currency(self) -> str | None:
        """The currency of this person's amounts, if the log named one."""
        return self._base.currency


def _own(base: Ledger | Unread, position: int, customer: str) -> Ledger:
    """One person's ledger."""
    return base.ledger if isinstance(base, Unread) else _alone(base, position, customer)


def _alone(ledger: Ledger, position: int, customer: str) -> Ledger:
    """One person's part of a ledger, with vocabularies of their own: small, whatever the rest."""
    if position < 0:  # a newcomer: nothing is known, in the same columns
        here = there = slice(0, 0)
    else:
        here = slice(*ledger.offsets[position : position + 2].tolist())
        there = slice(*ledger.fact_offsets[position : position + 2].tolist())
    events, facts = ledger.events.take(here), ledger.facts.take(there)
    older = ledger.older
    if older is not None:
        older = older.take(np.flatnonzero(older.array("customer") == position)).compact()
    people = [customer] if len(events) or len(facts) or (older is not None and len(older)) else []
    return Ledger(
        Vocab(np.array(people, dtype=object)),
        np.array([0, len(events)][: len(people) + 1]),
        events.compact(),
        np.array([0, len(facts)][: len(people) + 1]),
        facts.compact().replace(name=facts.coded("name")),  # others are missing here, not unknown
        ledger.currency,
        ledger.keep,
        ledger.horizon,
        older,
    )
