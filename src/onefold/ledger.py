"""The ledger: the events of all people, sorted by person and time. This is the state.

Union is the only operation on it. A person's events are a *set*: the order in which they
came does not matter, and one with an id counts once however often it is delivered.

    a | b == b | a      (a | b) | c == a | (b | c)      a | nothing == a      with ids: a | a == a

Rows are sorted by (person, time, key), where the key is the hash of the event's id or, where
it has none, of its contents: the order is a property of the set, not of its delivery. The
vocabularies hold the strings that occur and no others.
"""

import functools
from collections.abc import Iterable, Sequence

import attrs
import numpy as np

from onefold._columns import Coded, Columns, frozen, stacked
from onefold._random import mix64
from onefold._types import Array, Bools, Codes, Ints
from onefold._vocab import Vocab, united
from onefold.events.log import EventLog
from onefold.events.order import canonical, counted
from onefold.events.tables import KEY, no_events, no_facts, one_type, same_currency


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
        return cls.from_logs([log])

    @classmethod
    def from_logs(cls, logs: Iterable[EventLog], *, threads: int = 1) -> "Ledger":
        """The ledger of all rows of several logs; those without a customer are left out."""
        held = list(logs) or [EventLog(no_events(), no_facts(), None)]
        currency = functools.reduce(
            lambda a, b: same_currency(a, b, "fold: log"), (log.currency for log in held)
        )
        facts = one_type(stacked([log.facts for log in held]), "fold: log")
        return _ledger([log.events for log in held], [facts], currency, threads)

    @classmethod
    def empty(cls) -> "Ledger":
        """The ledger of nobody."""
        return _ledger([no_events()], [no_facts()], None)

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
        if not len(other) and currency == self.currency and other._columns <= self._columns:
            return self
        if not len(self) and currency == other.currency and self._columns <= other._columns:
            return other
        stated = one_type(self.facts.above(other.facts), "profiles.merge")
        return _ledger([self.events, other.events], [stated], currency)

    @property
    def _columns(self) -> set[str]:
        return set(self.events.data)

    def before(self, t: np.datetime64) -> "Ledger":
        """What was known before the instant t; people of whom nothing was are gone."""
        early, stated = self.events.array("time") < t, self.facts.array("time") < t
        return self if early.all() and stated.all() else self._only(early, stated)

    def of(self, people: Ints) -> "Ledger":
        """The ledger of some people, by position; their order stays that of their ids."""
        chosen = np.zeros(len(self) + 1, dtype=bool)
        chosen[people] = True
        kept = self._only(
            chosen[self.events.array("customer")], chosen[self.facts.array("customer")]
        )
        return attrs.evolve(kept, facts=_all_names(kept.facts, self.facts))

    def _only(self, events: Bools, facts: Bools) -> "Ledger":
        """Some rows, in the order they have; vocabularies hold only what still occurs."""
        kept = self.events.take(np.flatnonzero(events)).compact()
        stated = self.facts.take(np.flatnonzero(facts)).compact()
        people = kept.coded("customer").vocab.union(stated.coded("customer").vocab)
        return _counted(people, _within(kept, people), _within(stated, people), self.currency)

    def named(self, names: Coded) -> "Ledger":
        """The same events under other people's names (n,): how composites are made.

        An id is known within its customer, so it goes on being told apart by whose it was.
        """
        whose = self.people.hashes

        def renamed(table: Columns) -> Columns:
            who = table.array("customer")
            own = mix64(whose[who], table.array(KEY))
            told = table.array("has_id") if "has_id" in table else np.ones(len(who), dtype=bool)
            key = np.where(told, own, np.uint64(0))
            return table.replace(customer=names.take(who), key=frozen(key))

        return _ledger([renamed(self.events)], [renamed(self.facts)], self.currency)

    @property
    def end(self) -> np.datetime64 | None:
        """Just after the last event or fact; None if there is none."""
        ends = [t.array("time").max() for t in (self.events, self.facts) if len(t)]
        return max(ends) + np.timedelta64(1, "us") if ends else None


def _all_names(few: Columns, all_of_them: Columns) -> Columns:
    """Facts of a few people, with the names of all: what nobody here has stated is missing."""
    names = all_of_them.coded("name").vocab
    return few.replace(name=few.coded("name").within(names))


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


def _ledger(
    events: Sequence[Columns], facts: Sequence[Columns], currency: str | None, threads: int = 1
) -> Ledger:
    """All rows in canonical order, repeated deliveries dropped, counted by person."""
    done, offsets = canonical(events, threads=threads)
    stated, fact_offsets = canonical(facts)
    vocabs = [table.coded("customer").vocab for table in (done, stated)]
    people, (to, fact_to) = united(vocabs)
    return Ledger(
        people,
        _spread(offsets, to, len(people)),
        _within(done, people),
        _spread(fact_offsets, fact_to, len(people)),
        _within(stated, people),
        currency,
    )


def _spread(offsets: Ints, to: Codes, n: int) -> Ints:
    """The offsets (n + 1,) among more people, of whom the others have no rows."""
    if len(to) == n:
        return offsets
    counts = np.zeros(n, dtype=np.int64)
    counts[to] = np.diff(offsets)
    return np.append(0, np.cumsum(counts))


def _counted(people: Vocab, events: Columns, facts: Columns, currency: str | None) -> Ledger:
    return Ledger(
        people,
        counted(events.array("customer"), len(people)),
        events,
        counted(facts.array("customer"), len(people)),
        facts,
        currency,
    )


def _within(table: Columns, people: Vocab) -> Columns:
    return table.replace(customer=table.coded("customer").within(people))
