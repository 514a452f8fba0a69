"""Epochs: of whom a customer's events were, as of many moments.

A row asks for a customer of today as of a moment. Where nothing has changed since in the lump of
identifiers that the customer belongs to, that is the same person. Elsewhere a person is made for
each epoch that is asked for, of the events of those who had the identifier by which the customer
is named; after that a table of moments is read from all of them as from any others:

    (ann, March 1), (ann, March 9), (ann, May 1)  ->  cookie c1 alone, c1 with her e-mail, ann
"""

from collections.abc import Iterator

import attrs
import numpy as np

from onefold._columns import Coded, Columns, stacked
from onefold._types import Bools, Ints, Times
from onefold._vocab import Vocab
from onefold.events.log import EventLog
from onefold.events.tables import EVIDENCE
from onefold.identity.consent import overruled
from onefold.ledger import Ledger, bisect, ranges
from onefold.profiles.lumps import Epochs, Lumps
from onefold.profiles.refold import Folded

AT_ONCE = 2_000_000  # rows of evidence that are resolved together


def people_then(held: Folded, lumps: Lumps, *, people: Ints, moments: Times) -> tuple[Ledger, Ints]:
    """A ledger with a person for each epoch that is asked for, and the person (m,) of each row.

    Args:
        held: The events by who is who today.
        lumps: What ever came together.
        people: (m,) the customer of each row, -1 for nobody.
        moments: (m,) as of when each is asked for.

    Returns:
        A ledger, and the position (m,) in it of whom the identifier that names the customer was;
        -1 where it had not been seen yet, or had no profile.
    """
    node, shared = _anchors(held)
    asked = np.flatnonzero(people >= 0)
    lump = lumps.lump[node[people[asked]]]
    epoch, todays = lumps.epochs(lump, moments[asked])
    past, lump, epoch = asked[~todays], lump[~todays], epoch[~todays]
    if not len(past):
        return held.ledger, people
    _, first, group = np.unique(
        lump * (int(epoch.max()) + 1) + epoch, return_index=True, return_inverse=True
    )
    until = np.full(len(first), np.iinfo(np.int64).min)
    np.maximum.at(until, group, moments[past].view(np.int64))
    events, facts = _Placed.events(held, lumps), _Placed.facts(held, lumps)
    then, lump = until.view("datetime64[us]"), lump[first]
    found, count = np.full(len(past), -1), 0
    done: list[tuple[Ints, Ints]] = []
    stated: list[tuple[Ints, Ints]] = []
    for start, stop in _chunks(lumps.sizes(lump, then)):
        mine = np.flatnonzero((group >= start) & (group < stop))
        made = lumps.resolved(lump[start:stop], then[start:stop])
        did = events.of(made, lumps, lump[start:stop], then[start:stop])
        said = facts.of(made, lumps, lump[start:stop], then[start:stop])
        said = said.only(~said.overruled(made, facts.table, held))
        who = people[past[mine]]
        target = _targets(
            made, node[who], group[mine] - start, shared=shared[who], held=(did, said)
        )
        wanted = np.unique(target[target >= 0])
        done.append(did.wanted(wanted, count))
        stated.append(said.wanted(wanted, count))
        found[mine] = np.where(target < 0, -1, count + np.searchsorted(wanted, target))
        count += len(wanted)
    stacked_facts = attrs.evolve(held, apart=EventLog(held.apart.events, facts.table))
    return _together(stacked_facts, people, past, found=found, count=count, rows=(done, stated))


@attrs.frozen(eq=False)
class _Copied:
    """Rows (q,) of a table in copies of lumps, where in their evidence, and whose they were."""

    row: Ints
    at: Ints
    owner: Ints

    def only(self, rows: Bools) -> "_Copied":
        return _Copied(self.row[rows], self.at[rows], self.owner[rows])

    def overruled(self, made: Epochs, table: Columns, held: Folded) -> Bools:
        """Which facts were outweighed by a no."""
        return overruled(
            table.take(self.row),
            self.at,
            owners=self.owner,
            seen=made.seen,
            who=made.who,
            policy=held.identities.policy,
        )

    def wanted(self, people: Ints, first: int) -> tuple[Ints, Ints]:
        """The rows of some people, and who they are of, counted from `first`."""
        if not len(people):
            return self.row[:0], self.owner[:0]
        near = np.minimum(np.searchsorted(people, self.owner), len(people) - 1)
        kept = np.flatnonzero(people[near] == self.owner)
        return self.row[kept], first + near[kept]


@attrs.frozen(eq=False)
class _Placed:
    """The rows of a table by lump and time, and where in the evidence each was seen."""

    table: Columns
    row: Ints
    time: Times
    offsets: Ints
    evidence: Ints

    @classmethod
    def events(cls, held: Folded, lumps: Lumps) -> "_Placed":
        """The events that count."""
        return cls._of(held.ledger.events, lumps)

    @classmethod
    def facts(cls, held: Folded, lumps: Lumps) -> "_Placed":
        """The facts that count, and those that others outweigh today."""
        apart = held.apart.facts
        return cls._of(stacked([held.ledger.facts, apart]), lumps)

    @classmethod
    def _of(cls, table: Columns, lumps: Lumps) -> "_Placed":
        at, seen = table.array(EVIDENCE), lumps.who.seen
        bundle = seen.row[at]
        rows = np.flatnonzero(bundle >= 0)
        lump = lumps.lump[seen.members[bundle[rows], 0]]
        time = table.array("time")[rows]
        order = np.lexsort((time.view(np.int64), lump))
        counts = np.bincount(lump, minlength=len(lumps.offsets) - 1)
        offsets = np.append(0, np.cumsum(counts)).astype(np.int64)
        return cls(table, rows[order], time[order], offsets, at[rows[order]])

    def of(self, made: Epochs, lumps: Lumps, lump: Ints, moments: Times) -> _Copied:
        """The rows of copies of lumps, each before its moment."""
        starts = self.offsets[lump]
        stops = bisect(self.time, starts, self.offsets[lump + 1], moments)
        here, offsets = ranges(starts, stops)
        copy = np.repeat(np.arange(len(lump)), np.diff(offsets))
        at = made.offsets[copy] + lumps.rank[self.evidence[here]]
        return _Copied(self.row[here], at, made.owner[at])


def _anchors(held: Folded) -> tuple[Ints, Bools]:
    """The identifier (n,) by which each customer is named, and whether it is a shared one."""
    ledger, who = held.ledger, held.identities
    at = np.zeros(len(ledger), dtype=np.int64)
    for table in (ledger.facts, ledger.events):
        at[table.array("customer")] = table.array(EVIDENCE)
    owner, c = who.owned.owner[at], len(who.partition)
    shared = owner >= c
    named = who.partition.anchor[np.where(shared, 0, owner)] if c else owner
    return np.where(shared, owner - c, named), shared


def _targets(
    made: Epochs, node: Ints, copy: Ints, *, shared: Bools, held: tuple[_Copied, _Copied]
) -> Ints:
    """Of whom some identifiers (m,) were in their copies, -1 where they had not been seen."""
    there = made.find(node, copy)
    if not len(made.nodes):
        return there
    own = len(made.who) + there
    known = np.unique(np.concatenate([some.owner for some in held]))
    alone = shared & np.isin(own, known)
    return np.where(there < 0, -1, np.where(alone, own, made.who.person[there]))


def _chunks(sizes: Ints) -> Iterator[tuple[int, int]]:
    """Ranges of copies that have some `AT_ONCE` rows of evidence together."""
    chunk = np.cumsum(sizes) // AT_ONCE
    edges = (np.flatnonzero(np.diff(chunk)) + 1).tolist()
    yield from zip([0, *edges], [*edges, len(sizes)], strict=True)


def _together(
    held: Folded,
    people: Ints,
    past: Ints,
    *,
    found: Ints,
    count: int,
    rows: tuple[list[tuple[Ints, Ints]], list[tuple[Ints, Ints]]],
) -> tuple[Ledger, Ints]:
    """One ledger of `count` people of epochs, and then of those of today who are asked for."""
    ledger = held.ledger
    today = np.setdiff1d(np.arange(len(people)), past)
    asked = np.unique(people[today][people[today] >= 0])
    code = np.full(len(ledger) + 1, -1)
    code[asked] = count + np.arange(len(asked))
    names = Vocab(np.array([f"{i:010d}" for i in range(count + len(asked))], dtype=object))
    tables = []
    for table, theirs, several in zip(
        (ledger.events, ledger.facts), (ledger.events, held.apart.facts), rows, strict=True
    ):
        whose = code[table.array("customer")]
        own = np.flatnonzero(whose >= 0)
        row = np.concatenate([r for r, _ in several])
        owner = np.concatenate([o for _, o in several])
        mine = table.take(own).replace(customer=Coded(whose[own].astype(np.int32), names))
        others = theirs.take(row).replace(customer=Coded(owner.astype(np.int32), names))
        tables.append(stacked([mine, others]))
    made = Ledger.from_events(tables[0], tables[1], ledger.currency)
    out = np.full(len(people), -1)
    out[today] = code[people[today]]
    out[past] = found
    place = np.append(made.people.translation(names), -1)
    return made, place[out].astype(np.int64)
