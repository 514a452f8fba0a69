"""Lumps: who was who in some lumps of identifiers, each as of a moment of its own.

A lump is what ever came together, in events or in links. Who is who in it as of a moment depends
on nothing outside, so many lumps as of many moments are resolved in one go, as copies:

    (lump, t), (lump, u), (other, t)  ->  one set of evidence in which no two copies touch

In a lump in which nothing can ever have been contested, only a bundle that was not seen before
changes anything; elsewhere every row of evidence may, even if all is settled by now. The stretches
between are epochs, the last of them today's.
"""

import attrs
import numpy as np
import pyarrow as pa

from onefold._types import Array, Bools, Floats, Ints, Times
from onefold._vocab import Vocab
from onefold.identity.attribution import owners_of_rows
from onefold.identity.bundles import NOBODY, Nodes, Seen
from onefold.identity.graph import components
from onefold.identity.identities import Identities
from onefold.identity.linked import Pairs
from onefold.identity.links import CANNOT, MUST, WEAK
from onefold.identity.partition import Partition, partition, vouched
from onefold.ledger import bisect, ranges

EARLIEST = np.iinfo(np.int64).min


@attrs.frozen(eq=False)
class Told:
    """Links (l,) between nodes, of one kind each, and the instant from which each is known."""

    kind: Ints
    strong: Ints
    weak: Ints
    probability: Floats
    time: Ints

    @classmethod
    def of(cls, who: Identities) -> "Told":
        """The links of identities whose ends are identifiers."""
        links, none = who.links, np.zeros(0, dtype=np.int64)
        if links is None or not len(links):
            return cls(none, none, none, np.zeros(0), none)
        ends = who.ends
        names = [kind.name for kind in who.nodes.kinds]
        pairs = zip(ends.type.tolist(), ends.value, strict=True)
        node = [-1 if v is None else who.nodes.find(names[at], v) for at, v in pairs]
        both = np.array(node, dtype=np.int64).reshape(2, -1)
        kind = links.kinds.astype(np.int64)
        strong, weak = both.min(axis=0), both.max(axis=0)
        known = np.flatnonzero((strong >= 0) & ((kind == CANNOT) | (strong != weak)))
        time = np.where(np.isnat(links.time), EARLIEST, links.time.view(np.int64))
        return cls(kind[known], strong[known], weak[known], links.probability[known], time[known])


@attrs.frozen(eq=False)
class Lumps:
    """What ever came together, and what happened in it.

    Args:
        who: Who is who today.
        links: Its links.
        lump: (n,) the lump of each identifier.
        offsets: (lumps + 1,) where what happened in each begins.
        row: (q,) rows of evidence by lump and time; -1 where a link became known.
        time: (q,) from when each is known.
        begun: (q + 1,) how many of those before each began an epoch.
        rank: (m,) the place in the lump of each row of evidence.
    """

    who: Identities
    links: Told
    lump: Ints
    offsets: Ints
    row: Ints
    time: Times
    begun: Ints
    rank: Ints

    @classmethod
    def of(cls, who: Identities) -> "Lumps":
        """The lumps of all evidence and all links."""
        seen, n, links = who.seen, len(who.nodes), Told.of(who)
        members = seen.members.astype(np.int64)
        a, b = [links.strong], [links.weak]
        for column in range(1, members.shape[1]):
            here = np.flatnonzero(members[:, column] != NOBODY)
            a.append(members[here, 0])
            b.append(members[here, column])
        lump = components(n, (np.concatenate(a), np.concatenate(b))).astype(np.int64)
        rows = np.flatnonzero(seen.row >= 0)
        late = links.time > EARLIEST
        row = np.concatenate([rows, np.full(int(late.sum()), -1)])
        whose = np.concatenate([lump[members[seen.row[rows], 0]], lump[links.strong[late]]])
        time = np.concatenate([who.evidence.known_from[rows].view(np.int64), links.time[late]])
        order = np.lexsort((time, whose))
        row, whose, time = row[order], whose[order], time[order]
        count = int(lump.max(initial=-1)) + 1
        offsets = np.append(0, np.cumsum(np.bincount(whose, minlength=count))).astype(np.int64)
        begins = _unsettled(who, lump, links, count)[whose] | (row < 0)
        bundle = seen.row[np.maximum(row, 0)]
        first = np.full(len(members) + 1, len(row))
        np.minimum.at(first, np.where(row >= 0, bundle, len(members)), np.arange(len(row)))
        begins |= first[bundle] == np.arange(len(row))
        rank = np.full(len(seen.row), -1)
        there = np.flatnonzero(row >= 0)
        rank[row[there]] = there - offsets[whose[there]]
        begun = np.append(0, np.cumsum(begins))
        return cls(who, links, lump, offsets, row, time.view("datetime64[us]"), begun, rank)

    def epochs(self, lump: Ints, moments: Times) -> tuple[Ints, Bools]:
        """The epoch (m,) of each lump as of a moment, and whether it is the last."""
        stop = self._until(lump, moments)
        last = self.begun[self.offsets[lump + 1]]
        return self.begun[stop], self.begun[stop] == last

    def _until(self, lump: Ints, moments: Times) -> Ints:
        """Where in the lump (m,) what happened from its moment on begins."""
        return bisect(self.time, self.offsets[lump], self.offsets[lump + 1], moments)

    def sizes(self, lump: Ints, moments: Times) -> Ints:
        """How many rows of evidence (g,) each lump has before its moment."""
        return self._until(lump, moments) - self.offsets[lump]

    def resolved(self, lump: Ints, moments: Times) -> "Epochs":
        """Who was who in some lumps (g,), each as of its moment."""
        return _resolved(self, lump, moments)


def _unsettled(who: Identities, lump: Ints, links: Told, count: int) -> Bools:
    """Which lumps (count,) may have held what was contested: there each row may change who is who.

    Whether anything is contested today is not asked: what came later may have settled it. Numbers
    of values and of owners only grow, so what they allow today they allowed at any time before.
    """
    held, nodes, policy = who.partition, who.nodes, who.policy
    out: Bools = np.bincount(lump, minlength=count) > policy.giant
    out[lump[held.demoted | held.giant]] = True
    out[lump[links.strong[(links.kind == CANNOT) | (links.time > EARLIEST)]]] = True
    passed_on = np.zeros(count, dtype=bool)  # where something joins that does not vouch
    passed_on[lump[held.edges.weak[~vouched(nodes, held.edges)]]] = True
    offsets = nodes.offsets
    for position, kind in enumerate(nodes.kinds):
        if kind.limit is None:
            continue
        here = lump[offsets[position] : offsets[position + 1]]
        values = np.bincount(here, minlength=count)
        out |= values > kind.limit
        if kind.vouches:
            out |= passed_on & (values > 1)
    return out


@attrs.frozen(eq=False)
class Epochs:
    """Who was who in g copies of lumps.

    Args:
        nodes: (n,) node times g plus copy of each identifier, ascending.
        copies: g.
        offsets: (g + 1,) where the rows of each copy begin.
        owner: (q,) whose each row is: 0 to c - 1, c + v of a shared node v, or -1.
        seen: The evidence of all copies.
        who: Who was who in them.
    """

    nodes: Ints
    copies: int
    offsets: Ints
    owner: Ints
    seen: Seen
    who: Partition

    def find(self, node: Ints, copy: Ints) -> Ints:
        """The identifier (m,) of a copy, -1 where it had not been seen."""
        key = node * self.copies + copy
        at = np.minimum(np.searchsorted(self.nodes, key), max(len(self.nodes) - 1, 0))
        if not len(self.nodes):
            return np.full(len(key), -1)
        return np.where(self.nodes[at] == key, at, -1)


def _resolved(lumps: Lumps, lump: Ints, moments: Times) -> Epochs:
    seen, g = lumps.who.seen, len(lump)
    at, offsets = ranges(lumps.offsets[lump], lumps._until(lump, moments))
    copy = np.repeat(np.arange(g), np.diff(offsets))
    row = lumps.row[at]
    told = row >= 0
    bundle = seen.row[np.maximum(row, 0)]
    keys, place = np.unique(np.where(told, bundle * g + copy, -1), return_inverse=True)
    links = _links(lumps, lump, moments)
    first = int(len(keys) > 0 and keys[0] < 0)  # of links, which are no bundle
    keys = keys[first:]
    held = seen.members[keys // g].astype(np.int64) if g else seen.members[:0].astype(np.int64)
    whole = np.where(held == NOBODY, -1, held * g + (keys % g)[:, None]) if g else held
    strong, weak = links.strong * g + links.copy, links.weak * g + links.copy
    nodes = np.unique(np.concatenate([whole[whole >= 0], strong, weak]))
    members = np.where(whole < 0, NOBODY, np.searchsorted(nodes, whole)).astype(np.int32)
    source = np.maximum(row, 0)
    made = Seen(
        _nodes(lumps.who.nodes, nodes // g if g else nodes),
        members,
        np.where(told, place - first, -1),
        seen.time[source],
        seen.tells[source] & told,
        seen.login[source] & told,
        seen.logout[source] & told,
    )
    pairs = links.pairs(np.searchsorted(nodes, strong), np.searchsorted(nodes, weak))
    who = partition(made, pairs, lumps.who.policy)
    owner = owners_of_rows(made, who, lumps.who.policy)
    return Epochs(nodes, g, offsets, owner, made, who)


def _nodes(nodes: Nodes, which: Ints) -> Nodes:
    """The identifiers of the copies: those of each type by value, and then by copy."""
    begin = nodes.offsets
    values = []
    for position, held in enumerate(nodes.values):
        here = which[(which >= begin[position]) & (which < begin[position + 1])]
        values.append(Vocab(held.text.take(pa.array(here - begin[position]))))
    return Nodes(nodes.kinds, tuple(values))


@attrs.frozen(eq=False)
class _Linked:
    """Links (l,) of copies."""

    kind: Ints
    strong: Ints
    weak: Ints
    probability: Floats
    copy: Ints

    def pairs(self, strong: Ints, weak: Ints) -> Pairs:
        """The same between nodes."""

        def of(kind: int, column: Array) -> Array:
            chosen: Array = column[self.kind == kind]
            return chosen

        return Pairs(
            of(MUST, strong),
            of(MUST, weak),
            of(CANNOT, strong),
            of(CANNOT, weak),
            of(WEAK, strong),
            of(WEAK, weak),
            of(WEAK, self.probability),
        )


def _links(lumps: Lumps, lump: Ints, moments: Times) -> _Linked:
    """The links of each copy that were known before its moment."""
    told = lumps.links
    whose = lumps.lump[told.strong]
    order = np.argsort(whose, kind="stable")
    starts = np.searchsorted(whose[order], lump)
    at, offsets = ranges(starts, np.searchsorted(whose[order], lump, side="right"))
    copy = np.repeat(np.arange(len(lump)), np.diff(offsets))
    at = order[at]
    known = told.time[at] < moments.astype("datetime64[us]").view(np.int64)[copy]
    at, copy = at[known], copy[known]
    return _Linked(told.kind[at], told.strong[at], told.weak[at], told.probability[at], copy)
