"""The ledger: the events of all people, sorted by person and time. This is the state.

Union is the only operation on it. A person's events are a *set*: the order in which they
came does not matter, and one with an id counts once however often it is delivered.

    a | b == b | a      (a | b) | c == a | (b | c)      a | nothing == a      with ids: a | a == a

Rows are sorted by (person, time, key), where the key is the hash of the event's id or, where
it has none, of its contents: the order is a property of the set, not of its delivery.
"""

import attrs
import numpy as np

from onefold._columns import Coded, Columns, frozen
from onefold._types import Array, Ints
from onefold._vocab import Vocab
from onefold.events.log import (
    EventLog,
    first_deliveries,
    no_events,
    no_facts,
    same_currency,
)


@attrs.frozen(eq=False, repr=False)
class Ledger:
    """Events and facts by person, in canonical order.

    `offsets[i] : offsets[i + 1]` are the rows of `events` of person i, `fact_offsets` those
    of `facts`; both tables have their customer column coded by `people`.
    """

    people: Vocab
    offsets: Ints = attrs.field(converter=frozen)
    events: Columns
    fact_offsets: Ints = attrs.field(converter=frozen)
    facts: Columns
    currency: str | None = None

    @classmethod
    def from_log(cls, log: EventLog) -> "Ledger":
        """The ledger of a log; rows without a customer are left out."""
        events, facts = _with_customer(log.events), _with_customer(log.facts)
        return _ledger(events, facts, log.currency)

    @classmethod
    def empty(cls) -> "Ledger":
        """The ledger of nobody."""
        return _ledger(no_events(), no_facts(), None)

    def __len__(self) -> int:
        return len(self.people)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ledger):
            return NotImplemented
        return (
            self.people == other.people
            and self.currency == other.currency
            and self.events.equals(other.events)
            and self.facts.equals(other.facts)
        )

    __hash__ = None  # type: ignore[assignment]

    def __or__(self, other: "Ledger") -> "Ledger":
        """The union of both sets of events and facts."""
        currency = same_currency(self.currency, other.currency, "profiles.merge")
        if not len(other) and other.currency is None:
            return self
        if not len(self) and self.currency is None:
            return other
        return _ledger(self.events.above(other.events), self.facts.above(other.facts), currency)

    def before(self, t: np.datetime64) -> "Ledger":
        """What was known before the instant t; people of whom nothing was are gone."""
        early, stated = self.events.array("time") < t, self.facts.array("time") < t
        if early.all() and stated.all():
            return self
        return _sorted(
            self.events.take(np.flatnonzero(early)),
            self.facts.take(np.flatnonzero(stated)),
            self.currency,
        )

    def of(self, people: Ints) -> "Ledger":
        """The ledger of some people, by position; their order stays that of their ids."""
        chosen = np.zeros(len(self) + 1, dtype=bool)
        chosen[people] = True
        return _sorted(
            self.events.take(np.flatnonzero(chosen[self.events.array("customer")])),
            self.facts.take(np.flatnonzero(chosen[self.facts.array("customer")])),
            self.currency,
        )

    def named(self, names: Coded) -> "Ledger":
        """The same events under other people's names (n,): how composites are made."""
        def renamed(table: Columns) -> Columns:
            return table.replace(customer=names.take(table.array("customer")))

        return _ledger(
            _with_customer(renamed(self.events)), _with_customer(renamed(self.facts)), self.currency
        )

    @property
    def end(self) -> np.datetime64 | None:
        """Just after the last event, or fact where there are no events; None if empty."""
        times = self.events.array("time") if len(self.events) else self.facts.array("time")
        return times.max() + np.timedelta64(1, "us") if len(times) else None


def ranges(starts: Ints, stops: Ints) -> tuple[Ints, Ints]:
    """Positions of all rows of several ranges, one after another, and their offsets (n + 1,)."""
    lengths = np.maximum(stops - starts, 0)
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    rows = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
    return rows, offsets


def bisect(times: Array, starts: Ints, stops: Ints, moments: Array) -> Ints:
    """For each range of ascending `times`, the first position at or after its moment."""
    low, high = starts.astype(np.int64).copy(), stops.astype(np.int64).copy()
    last = max(len(times) - 1, 0)
    while len(times) and (low < high).any():  # as many rounds as the longest range has bits
        middle = (low + high) // 2
        right = (low < high) & (times[np.minimum(middle, last)] < moments)
        low = np.where(right, middle + 1, low)
        high = np.where(right, high, np.minimum(high, middle))
    return low


def _ledger(events: Columns, facts: Columns, currency: str | None) -> Ledger:
    """Sort into canonical order, drop repeated deliveries, and count by person."""
    people = events.coded("customer").compact().vocab.union(
        facts.coded("customer").compact().vocab
    )
    events = _by_person(events, people)
    keep = first_deliveries(events)
    if len(keep) < len(events):
        events = events.take(keep)
    facts = _by_person(facts, people)
    key, who = facts.array("key"), facts.array("customer")
    same = np.zeros(len(facts), dtype=bool)
    same[1:] = (key[1:] == key[:-1]) & (who[1:] == who[:-1])
    if same.any():
        facts = facts.take(np.flatnonzero(~same))
    return _counted(people, events, facts, currency)


def _sorted(events: Columns, facts: Columns, currency: str | None) -> Ledger:
    """A ledger of rows that are in canonical order already."""
    people = events.coded("customer").compact().vocab.union(
        facts.coded("customer").compact().vocab
    )

    def coded(table: Columns) -> Columns:
        return table.replace(customer=table.coded("customer").within(people))

    return _counted(people, coded(events), coded(facts), currency)


def _counted(people: Vocab, events: Columns, facts: Columns, currency: str | None) -> Ledger:
    return Ledger(
        people,
        _offsets(events.array("customer"), len(people)),
        events,
        _offsets(facts.array("customer"), len(people)),
        facts,
        currency,
    )


def _offsets(codes: Array, n: int) -> Ints:
    out = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(codes, minlength=n), out=out[1:])
    return out


def _by_person(table: Columns, people: Vocab) -> Columns:
    table = table.replace(customer=table.coded("customer").within(people))
    who, time, key = table.array("customer"), table.array("time").view(np.int64), table.array("key")
    order = np.argsort(time, kind="stable")
    order = order[np.argsort(who[order], kind="stable")]
    s_who, s_time = who[order], time[order]
    tied = np.zeros(len(order) + 1, dtype=bool)
    tied[1:-1] = (s_who[1:] == s_who[:-1]) & (s_time[1:] == s_time[:-1])
    ties = np.flatnonzero(tied[:-1] | tied[1:])
    if len(ties):  # only rows of one person and instant need the key
        rows = order[ties]
        order[ties] = rows[np.lexsort((key[rows], time[rows], who[rows]))]
    if (order[1:] > order[:-1]).all():
        return table
    return table.take(order)


def _with_customer(table: Columns) -> Columns:
    known = table.array("customer") >= 0
    return table if known.all() else table.take(np.flatnonzero(known))
