"""The ledger: the events of all people, sorted by person and time. This is the state.

Union is the only operation on it. A person's events are a *set*: the order in which they
came does not matter, and one with an id counts once however often it is delivered.

    a | b == b | a      (a | b) | c == a | (b | c)      a | nothing == a      with ids: a | a == a

Rows are sorted by (person, time, key), where the key is the hash of the event's id or, where
it has none, of its contents: the order is a property of the set, not of its delivery. The
vocabularies hold the strings that occur and no others.
"""

from collections.abc import Iterable, Iterator, Sequence

import attrs
import numpy as np

from onefold import _time
from onefold._columns import Coded, Columns, frozen, stacked
from onefold._random import mix64
from onefold._types import Array, Bools, Codes, Ints
from onefold._vocab import Vocab, united
from onefold.errors import ArgumentError, BeyondKept
from onefold.events.log import EventLog
from onefold.events.older import added, cells, no_cells
from onefold.events.order import canonical, counted, together
from onefold.events.tables import EVIDENCE, KEY, no_events, no_facts, one_type, same_currency

AT_ONCE = 1 << 15  # ranges that are bisected together


@attrs.frozen(eq=False, repr=False)
class Ledger:
    """Events and facts by person, in canonical order.

    `offsets[i] : offsets[i + 1]` are the rows of `events` of person i, `fact_offsets` those
    of `facts`; both tables have their customer column coded by `people`. With `keep`, events
    before the `horizon` were let go, and `older` holds their cells.
    """

    people: Vocab
    offsets: Ints = attrs.field(converter=frozen)
    events: Columns
    fact_offsets: Ints = attrs.field(converter=frozen)
    facts: Columns
    currency: str | None = None
    keep: np.timedelta64 | None = None
    horizon: np.datetime64 | None = None
    older: Columns | None = None

    @classmethod
    def from_log(cls, log: EventLog) -> "Ledger":
        """The ledger of a log; rows without a customer are left out."""
        return cls.from_logs([log])

    @classmethod
    def from_logs(cls, logs: Iterable[EventLog], *, threads: int = 1) -> "Ledger":
        """The ledger of all rows of several logs; those without a customer are left out."""
        currency, stated = None, [no_facts()]

        def events() -> Iterator[Columns]:  # each log is let go when its events are sorted
            nonlocal currency
            for log in logs:
                currency = same_currency(currency, log.currency, "fold: log")
                stated.append(log.facts)
                yield log.events

        ordered = canonical(events(), threads=threads)
        return _ledger(ordered, [one_type(stacked(stated), "fold: log")], currency)

    @classmethod
    def from_events(cls, events: Columns, facts: Columns, currency: str | None) -> "Ledger":
        """The ledger of a table of events and one of facts."""
        return _ledger(canonical([events]), [facts], currency)

    @classmethod
    def empty(cls) -> "Ledger":
        """The ledger of nobody."""
        return _ledger(canonical([no_events()]), [no_facts()], None)

    def __len__(self) -> int:
        return len(self.people)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ledger):
            return NotImplemented
        return (
            self.people == other.people
            and self.currency == other.currency
            and _told(self.events).equals(_told(other.events))
            and _told(self.facts).equals(_told(other.facts))
            and (self.keep, self.horizon) == (other.keep, other.horizon)
            and self.cells.equals(other.cells)
        )

    __hash__ = None  # type: ignore[assignment]

    def __or__(self, other: "Ledger") -> "Ledger":
        """The union of both sets of events and facts.

        Raises:
            BeyondKept: If a side has let events go that the other may have too.
        """
        currency = same_currency(self.currency, other.currency, "profiles.merge")
        if self.horizon is not None or other.horizon is not None:
            return self._joined(other, currency)
        if not len(other) and currency == self.currency and other._columns <= self._columns:
            return self
        if not len(self) and currency == other.currency and self._columns <= other._columns:
            return other
        stated = one_type(self.facts.above(other.facts), "profiles.merge")
        return _ledger(canonical([self.events, other.events]), [stated], currency)

    def _joined(self, other: "Ledger", currency: str | None) -> "Ledger":
        """The union where events were let go: only of what can't hold an event twice."""
        _refuse_unknown_repeats(self, other)
        stated = one_type(self.facts.above(other.facts), "profiles.merge")
        whole = _ledger(canonical([self.events, other.events]), [stated], currency)
        horizon = max(h for h in (self.horizon, other.horizon) if h is not None)
        older = added([self.cells, other.cells])
        people = whole.people.union(older.coded("customer").vocab)
        kept = _counted(people, _within(whole.events, people), _within(whole.facts, people), None)
        both = attrs.evolve(
            kept,
            currency=currency,
            keep=self.keep if self.keep is not None else other.keep,
            older=_within(older, people),
        )
        return both._let_go(horizon)

    @property
    def cells(self) -> Columns:
        """The cells of the events that were let go; none, if none were."""
        return no_cells(self.events) if self.older is None else self.older

    def aged(self, as_of: np.datetime64) -> "Ledger":
        """What is kept at a moment: without the events that are older than `keep`."""
        if self.keep is None:
            return self
        horizon = as_of - self.keep
        late = self.horizon is None or self.horizon < horizon
        return self._let_go(horizon) if late else self

    def _let_go(self, horizon: np.datetime64) -> "Ledger":
        old = self.events.array("time") < horizon
        held = [self.cells, cells(self.events.take(np.flatnonzero(old)))]
        events = self.events.take(np.flatnonzero(~old)).compact()
        kept = _counted(self.people, _within(events, self.people), self.facts, self.currency)
        older = _within(added(held), self.people)
        return attrs.evolve(kept, keep=self.keep, horizon=horizon, older=older)

    @property
    def _columns(self) -> set[str]:
        return set(self.events.data)

    def before(self, t: np.datetime64) -> "Ledger":
        """What was known before the instant t; people of whom nothing was are gone.

        Raises:
            BeyondKept: If events before t were let go.
        """
        if self.horizon is not None and t < self.horizon:
            raise BeyondKept(
                f"profiles: {_time.show(t)} lies before {_time.show(self.horizon)}; what happened "
                "earlier was let go by keep= and can't be told apart. Fold with a longer keep=."
            )
        early, stated = self.events.array("time") < t, self.facts.array("time") < t
        return self if early.all() and stated.all() else self._only(early, stated)

    def of(self, people: Ints) -> "Ledger":
        """The ledger of some people, by position; their order stays that of their ids."""
        chosen = np.zeros(len(self) + 1, dtype=bool)
        chosen[people] = True
        kept = self._only(
            chosen[self.events.array("customer")],
            chosen[self.facts.array("customer")],
            chosen[self.cells.array("customer")],
        )
        return attrs.evolve(kept, facts=_all_names(kept.facts, self.facts))

    def _only(self, events: Bools, facts: Bools, older: Bools | None = None) -> "Ledger":
        """Some rows, in the order they have; vocabularies hold only what still occurs."""
        kept = self.events.take(np.flatnonzero(events)).compact()
        stated = self.facts.take(np.flatnonzero(facts)).compact()
        people = kept.coded("customer").vocab.union(stated.coded("customer").vocab)
        if self.older is None:
            return attrs.evolve(
                _counted(people, _within(kept, people), _within(stated, people), self.currency),
                keep=self.keep,
            )
        rest = self.older if older is None else self.older.take(np.flatnonzero(older)).compact()
        people = people.union(rest.coded("customer").vocab)
        return attrs.evolve(
            _counted(people, _within(kept, people), _within(stated, people), self.currency),
            keep=self.keep,
            horizon=self.horizon,
            older=_within(rest, people),
        )

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

        whole = _ledger(canonical([renamed(self.events)]), [renamed(self.facts)], self.currency)
        if self.older is None:
            return attrs.evolve(whole, keep=self.keep)
        who = names.take(self.older.array("customer"))
        rest = self.older.replace(customer=who).take(np.flatnonzero(who.codes >= 0))
        older = added([rest])
        people = whole.people.union(older.coded("customer").vocab)
        return attrs.evolve(
            _counted(people, _within(whole.events, people), _within(whole.facts, people), None),
            currency=self.currency,
            keep=self.keep,
            horizon=self.horizon,
            older=_within(older, people),
        )

    def moved(self, events: Coded, facts: Coded, more: EventLog) -> "Ledger":
        """The same rows under other people, and more of them: only who is touched is sorted anew.

        Args:
            events: (n,) whose each event is now; missing: it is left out.
            facts: The same of facts.
            more: Further rows, with customers, of which none repeats another or one that is here.
        """
        currency = same_currency(self.currency, more.currency, "profiles.update")
        tables = ((self.events, events, more.events), (self.facts, facts, more.facts))
        to = [events.vocab.translation(self.people)]
        to.append(to[0] if facts.vocab is events.vocab else facts.vocab.translation(self.people))
        moves = [i.codes != _others(t, table) for t, (table, i, _) in zip(to, tables, strict=True)]
        if not any(m.any() for m in moves) and not len(more.events) and not len(more.facts):
            return attrs.evolve(self, currency=currency)
        touched = np.zeros(len(self) + 1, dtype=bool)
        for (table, ids, new), moving in zip(tables, moves, strict=True):
            touched[table.array("customer")[moving]] = True
            for whose in (ids.take(np.flatnonzero(moving)), new.coded("customer")):
                touched[self.people.codes(whose.compact().vocab)] = True
        touched[-1] = False  # of people who were not here
        here = [touched[table.array("customer")] for table, _, _ in tables]
        anew = [
            _above(table.take(some := np.flatnonzero(h)).replace(customer=ids.take(some)), new)
            for (table, ids, new), h in zip(tables, here, strict=True)
        ]
        others = _ledger(canonical([anew[0]]), [anew[1]], currency)
        within = _beside(self.people, touched[:-1], others.people)
        done, stated = (
            together([table.take(np.flatnonzero(~h)), rest], within=within)
            for (table, _, _), h, rest in zip(
                tables, here, (others.events, others.facts), strict=True
            )
        )
        if any((ids.codes < 0).any() for _, ids, _ in tables):  # what only they held is gone
            done, stated = (_compact(*held) for held in (done, stated))
        return _united(done, stated, currency)

    @property
    def end(self) -> np.datetime64 | None:
        """Just after the last event or fact; None if there is none."""
        ends = [t.array("time").max() for t in (self.events, self.facts) if len(t)]
        return max(ends) + np.timedelta64(1, "us") if ends else None


def _refuse_unknown_repeats(a: Ledger, b: Ledger) -> None:
    """Raise where an event of one side may be among those that the other has let go."""
    if a.keep is not None and b.keep is not None and a.keep != b.keep:
        raise ArgumentError(
            f"profiles.merge: one side keeps {a.keep / _time.DAY:g} days, the other "
            f"{b.keep / _time.DAY:g}. Fold both with the same keep=."
        )
    for one, other in ((a, b), (b, a)):
        if other.horizon is None:
            continue
        old = one.events.array("time") < other.horizon
        who = np.append(one.events.array("customer")[old], one.cells.array("customer"))
        again = other.people.translation(one.people)[who] >= 0
        if again.any():
            example = one.people[int(who[again][0])]
            raise BeyondKept(
                f"profiles: {int(again.sum()):,} events or cells of customers that are known, such "
                f"as {example!r}, lie before {_time.show(other.horizon)}. What happened earlier "
                "was let go by keep=, so it can't be told whether they are new or repeated. Leave "
                "them out with log.between(...), or fold everything anew with a longer keep=."
            )


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
    out = np.empty(len(starts), dtype=np.int64)
    for begin in range(0, len(starts), AT_ONCE):  # so that what is made of them stays in the cache
        some = slice(begin, begin + AT_ONCE)
        out[some] = _bisect(times, starts[some], stops[some], moments[some])
    return out


def _bisect(times: Array, starts: Ints, stops: Ints, moments: Array) -> Ints:
    low, high = starts.copy(), np.maximum(starts, stops)
    open_ones = np.flatnonzero(low < high)
    while len(open_ones):  # as many rounds as the longest range has bits
        a, b = low[open_ones], high[open_ones]
        middle = (a + b) >> 1
        right = times[middle] < moments[open_ones]
        a, b = np.where(right, middle + 1, a), np.where(right, b, middle)
        low[open_ones], high[open_ones] = a, b
        open_ones = open_ones[a < b]
    return low


def _ledger(events: tuple[Columns, Ints], facts: Sequence[Columns], currency: str | None) -> Ledger:
    """Events in canonical order with their offsets, and facts, counted by person."""
    return _united(events, canonical(facts), currency)


def _united(
    events: tuple[Columns, Ints], facts: tuple[Columns, Ints], currency: str | None
) -> Ledger:
    (done, offsets), (stated, fact_offsets) = events, facts
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


def _others(to: Codes, table: Columns) -> Codes:
    """The customer (n,) of each row as a code into other ids, -2 where it is not among them."""
    codes: Codes = np.where(to < 0, np.int32(-2), to)[table.array("customer")]
    return codes


def _compact(table: Columns, offsets: Ints) -> tuple[Columns, Ints]:
    """The same without strings that no longer occur; all people stay."""
    return table.compact().replace(customer=table.coded("customer")), offsets


def _above(table: Columns, more: Columns) -> Columns:
    return stacked([table, more]) if len(more) else table


def _beside(people: Vocab, gone: Bools, others: Vocab) -> tuple[Vocab, list[Codes]]:
    """The people who stay and the others, and the codes of both among all of them."""
    stay = np.flatnonzero(~gone)
    held = people.values[stay]
    at = np.searchsorted(held, others.values)
    mine = np.full(len(people), -1, dtype=np.int32)
    mine[stay] = np.arange(len(stay)) + np.searchsorted(at, np.arange(len(stay)), side="right")
    theirs = (at + np.arange(len(at))).astype(np.int32)
    return Vocab(frozen(np.insert(held, at, others.values))), [mine, theirs]


def _told(table: Columns) -> Columns:
    """What a table holds, but for where it was seen."""
    return table.without([EVIDENCE])


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
