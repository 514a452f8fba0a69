"""Spliced customers: another customer's past, then one's own last visits.

    stranger  v v v v v                 moved by whole days, so that it ends where
    own             o o | o o           what is replaced ended (|, two visits are kept)
    spliced   v v v v v | o o

What a programme would hold if interests changed from one visit to the next: all it believes
comes from somebody else. Splicing is done with events and facts, so that whatever is read of
them (traits, segments, personas, choices of any kind) is that of one consistent history.
"""

import attrs
import numpy as np

from onefold._columns import Coded, Columns, stacked
from onefold._types import Array, Bools, Ints, Times
from onefold._vocab import Vocab
from onefold.ledger import Ledger, ranges
from onefold.profiles import Profiles

DAY = np.timedelta64(86_400_000_000, "us")
INSTANT = np.timedelta64(1, "us")
FEWEST = 20  # others from whom a stranger is drawn, where so few have as many visits
BEFORE = "before: "  # of baskets: those of two customers may have one name


def last_visits(profiles: Profiles, kept: Ints, *, target: str) -> Profiles:
    """The same customers as if they had come with the first of their last visits.

    Args:
        profiles: Profiles of n customers.
        kept: How many of the last visits (n,) are kept; all, where there are fewer.
        target: Kind of event that makes a visit. Other events, and facts, are kept from the first
            kept visit on.
    """
    cut = _Cut.of(profiles, kept, target)
    ledger = profiles.ledger
    told = ledger.facts.array("time") >= cut.join[ledger.facts.array("customer")]
    events = ledger.events.take(np.flatnonzero(cut.kept))
    facts = ledger.facts.take(np.flatnonzero(told))
    return _of(profiles, ledger.people, events, facts)


def spliced(
    profiles: Profiles, strangers: Profiles, who: Ints, kept: Ints, *, target: str
) -> Profiles:
    """The same customers with a stranger's past before their own last visits.

    The stranger's events keep their hours and the times between them: all are moved by the same
    number of whole days, so that the last one comes no later than the customer's own last visit
    that is replaced (a day before the first kept one, where none is).

    Args:
        profiles: Profiles of n customers.
        strangers: Whose pasts are put before; with at least one event each.
        who: Position (n,) among `strangers` of each one's.
        kept: How many of the own last visits (n,) are kept; all, where there are fewer.
        target: Kind of event that makes a visit.
    """
    own, cut = last_visits(profiles, kept, target=target), _Cut.of(profiles, kept, target)
    past = strangers.ledger
    ends = past.events.array("time")[past.offsets[1:][who] - 1]
    days = (cut.end - ends).astype(np.int64) // DAY.astype(np.int64)
    shift = days * DAY
    events = _moved(past.events, past.offsets, who, shift, profiles)
    events = events.replace(basket=_renamed(events.coded("basket")))
    facts = _moved(past.facts, past.fact_offsets, who, shift, profiles)
    # A stranger may have stated a fact after the last event: it is still of the time before.
    latest = (cut.join - INSTANT)[facts.array("customer")]
    facts = facts.replace(time=np.minimum(facts.array("time"), latest))
    events, facts = _before(events, own.ledger.events), _before(facts, own.ledger.facts)
    return _of(profiles, profiles.ledger.people, events, facts)


def drawn(visits: Ints, rows: Ints, rng: np.random.Generator) -> Ints:
    """A stranger (r,) for each of some rows: another one with at least as many visits.

    Where fewer than 20 others have as many, one of the 20 with the most.

    Args:
        visits: Visits (n,) of everybody, at least two of them.
        rows: Positions (r,) of those who need a stranger.
        rng: Source of chance.
    """
    order = np.argsort(-visits, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    as_many = np.searchsorted(-visits[order], -visits[rows], side="right")
    others = np.minimum(np.maximum(as_many - 1, FEWEST), len(order) - 1)
    found = (rng.random(len(rows)) * others).astype(np.int64)
    return order[found + (found >= place[rows])]


@attrs.frozen(eq=False)
class _Cut:
    """Where the histories of n customers are cut.

    `kept` (m,) marks the events that stay, `join` (n,) is when the first kept visit began, and
    `end` (n,) the last instant that what comes before may have.
    """

    kept: Bools
    join: Times
    end: Times

    @classmethod
    def of(cls, profiles: Profiles, kept: Ints, target: str) -> "_Cut":
        h = profiles.history.where(target)
        visit, bounds = h.visits
        start = np.zeros(int(bounds[-1]), dtype=np.int64)
        start[visit[::-1]] = np.arange(len(visit))[::-1]  # the first event of each visit
        began = np.append(h.time[start], profiles.as_of)
        first = bounds[1:] - np.minimum(kept, np.diff(bounds))
        join = np.where(first < bounds[1:], began[first], profiles.as_of)
        replaced = np.where(first > bounds[:-1], began[first - 1], join - DAY)
        events = profiles.ledger.events
        stay = events.array("time") >= join[events.array("customer")]
        # A basket that goes on after the next one has begun is still of its own time.
        late = np.flatnonzero(visit < first[h.row])
        stay[late if h.rows is None else h.rows[late]] = False
        return cls(stay, join, np.minimum(replaced, join - INSTANT))


def _moved(table: Columns, offsets: Ints, who: Ints, shift: Array, profiles: Profiles) -> Columns:
    """The rows of some people, one after another, moved in time and under the profiles' names."""
    rows, bounds = ranges(offsets[:-1][who], offsets[1:][who])
    owner = np.repeat(np.arange(len(who), dtype=np.int32), np.diff(bounds))
    taken = table.take(rows)
    times = {
        name: taken.array(name) + shift[owner] for name in ("time", "received") if name in taken
    }
    return taken.replace(customer=Coded(owner, profiles.ledger.people), **times)


def _before(early: Columns, late: Columns) -> Columns:
    """The rows of both tables by customer, the early ones before the late ones."""
    owner = np.concatenate([early.array("customer"), late.array("customer")])
    place = np.empty(len(owner), dtype=np.int64)
    place[np.argsort(owner, kind="stable")] = np.arange(len(owner))
    return stacked([early, late], (place[: len(early)], place[len(early) :]))


def _renamed(baskets: Coded) -> Coded:
    """The same baskets under other names, in the same order."""
    held = baskets.compact()
    words = [BEFORE + word for word in held.vocab]
    return Coded(held.codes, Vocab(np.array(words, dtype=object)))


def _of(profiles: Profiles, people: Vocab, events: Columns, facts: Columns) -> Profiles:
    """Profiles of some people with other events; people without any stay."""
    events, facts = events.compact(), facts.compact()
    whose = [table.coded("customer").within(people) for table in (events, facts)]
    offsets, fact_offsets = (
        np.append(0, np.cumsum(np.bincount(who.codes, minlength=len(people)))) for who in whose
    )
    ledger = Ledger(
        people,
        offsets,
        events.replace(customer=whose[0]),
        fact_offsets,
        facts.replace(customer=whose[1]),
        profiles.ledger.currency,
    )
    return Profiles(ledger, profiles.traits, profiles.catalog, profiles.as_of)
