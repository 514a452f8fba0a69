"""The partition: which identifiers are one customer's.

Everything is joined that was seen together, and nothing is looked at twice but where that breaks
a limit: there the links are settled one by one (`settle`).

    ann - phone - ben    ->    two user ids, limit 1    ->    the phone is of who used it last

It is a function of the set of evidence, so that shuffling, repeating or dividing it changes
nothing.
"""

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._types import Bools, Codes, Ints
from onefold.identity.bundles import Nodes, Seen
from onefold.identity.graph import LATE, Edges, components, demoted, edges_of, owners, spans
from onefold.identity.linked import Pairs
from onefold.identity.policy import IdentityPolicy
from onefold.identity.settle import Clusters, Guards, settled


@attrs.frozen(eq=False)
class Partition:
    """n identifiers in c customers.

    Args:
        nodes: The identifiers.
        person: (n,) which customer each belongs to, 0 to c - 1.
        anchor: (c,) the node by which each customer is named, ascending: of those that are not
            contested, if there are any, the one seen earliest, of several the strongest.
        first: (n,) when each was seen first, in microseconds.
        last: (n,) when last.
        owners: (n,) how many people each serves at least.
        demoted: (n,) whether it serves too many, and links nobody.
        giant: (n,) whether it is in quarantine.
        edges: All that was seen together.
        links: Links as pairs of nodes.
    """

    nodes: Nodes
    person: Ints = attrs.field(converter=frozen)
    anchor: Ints = attrs.field(converter=frozen)
    first: Ints = attrs.field(converter=frozen)
    last: Ints = attrs.field(converter=frozen)
    owners: Ints = attrs.field(converter=frozen)
    demoted: Bools = attrs.field(converter=frozen)
    giant: Bools = attrs.field(converter=frozen)
    edges: Edges
    links: Pairs

    def __len__(self) -> int:
        return len(self.anchor)

    @property
    def cut(self) -> Ints:
        """Positions of the edges between two customers that no quarantine and no demotion cut."""
        return cut(self.edges, self.person, self.demoted | self.giant)

    @property
    def contested(self) -> Bools:
        """Which nodes (n,) don't tell whose an event is: demoted, or cut from a stronger one."""
        return contested(self.nodes, self.edges, self.cut, self.demoted)


def partition(
    seen: Seen, links: Pairs, policy: IdentityPolicy, *, known: Bools | None = None
) -> Partition:
    """Who is who, by evidence and links under a policy.

    Args:
        seen: The evidence.
        links: What is known besides.
        policy: What is believed of identifiers.
        known: Nodes (n,) that are demoted by evidence that is not among this one.
    """
    nodes, edges = seen.nodes, edges_of(seen)
    first, last = spans(seen)
    served = owners(nodes, edges)
    shared = demoted(nodes, served) if known is None else demoted(nodes, served) | known
    held = edges.only(~(shared[edges.strong] | shared[edges.weak]))
    free = ~(shared[links.weak_strong] | shared[links.weak_weak])
    sure = (held.strong, held.weak), (links.must_strong, links.must_weak)
    lump = components(len(nodes), *sure)
    giant = _above(lump, policy.giant)
    bare = _unvouched(nodes, held, links, lump)
    if free.any():
        lump = components(len(nodes), *sure, (links.weak_strong[free], links.weak_weak[free]))
    broken = _broken(nodes, lump, links, bare) | _above(lump, policy.giant)
    label = lump.astype(np.int64)
    rows = np.flatnonzero(broken)
    if len(rows):
        label = label + len(nodes)  # apart from those that follow
        most = policy.giant
        label[rows] = _settled(rows, nodes, held, links, free, giant, most, first=first, last=last)
    apart = cut(edges, label, shared | giant)
    person, anchor = _numbered(label, first, contested(nodes, edges, apart, shared))
    return Partition(nodes, person, anchor, first, last, served, shared, giant, edges, links)


def _above(lump: Codes, most: int) -> Bools:
    """Which nodes (n,) lie in a lump of more than `most`."""
    large: Bools = np.bincount(lump, minlength=1)[lump] > most
    return large


def vouched(nodes: Nodes, edges: Edges) -> Bools:
    """Which edges (e,) can show that two identifiers of another type are one person's."""
    able = np.array([kind.vouches for kind in nodes.kinds])
    kind = nodes.type
    both: Bools = able[kind[edges.strong]] & able[kind[edges.weak]]
    return both


def _unvouched(nodes: Nodes, edges: Edges, links: Pairs, lump: Codes) -> Bools:
    """Which nodes (n,) lie in a lump where a type is in two parts that nothing vouches for."""
    sure = edges.only(vouched(nodes, edges))
    if len(sure) == len(edges):
        return np.zeros(len(nodes), dtype=bool)
    core = components(len(nodes), (sure.strong, sure.weak), (links.must_strong, links.must_weak))
    bad = np.zeros(len(nodes), dtype=bool)
    offsets = nodes.offsets
    for position, kind in enumerate(nodes.kinds):
        if kind.limit is None or not kind.vouches:
            continue
        here = slice(int(offsets[position]), int(offsets[position + 1]))
        one = np.full(len(nodes), -1, dtype=np.int64)
        one[lump[here]] = core[here]  # some part of each lump; another one differs
        bad[lump[here][one[lump[here]] != core[here]]] = True
    return bad[lump]


def _broken(nodes: Nodes, lump: Codes, links: Pairs, bare: Bools) -> Bools:
    """Which nodes (n,) lie in a lump that may break a limit, or breaks a cannot-link."""
    bad = np.zeros(len(nodes) + 1, dtype=bool)
    bad[lump[bare]] = True
    offsets = nodes.offsets
    for position, kind in enumerate(nodes.kinds):
        if kind.limit is None:
            continue
        held = lump[offsets[position] : offsets[position + 1]]
        bad[:-1] |= np.bincount(held, minlength=len(nodes)) > kind.limit
    a, b = lump[links.cannot_strong], lump[links.cannot_weak]
    bad[a[a == b]] = True
    return bad[lump]


def _settled(
    rows: Ints,
    nodes: Nodes,
    edges: Edges,
    links: Pairs,
    free: Bools,
    giant: Bools,
    most: int,
    *,
    first: Ints,
    last: Ints,
) -> Ints:
    """The label of each of some nodes, their links taken one by one.

    What weak links join has at most `most` nodes: they make nothing giant.
    """
    place = np.full(len(nodes), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    kind = nodes.type

    def local(a: Ints, b: Ints) -> list[tuple[int, int]]:
        here = (place[a] >= 0) & (place[b] >= 0)
        return list(zip(place[a[here]].tolist(), place[b[here]].tolist(), strict=True))

    clusters = Clusters(
        Guards(nodes.kinds),
        kind[rows].tolist(),
        first=first[rows].tolist(),
        last=last[rows].tolist(),
        cannot=local(links.cannot_strong, links.cannot_weak),
    )
    order = np.lexsort((links.must_weak, links.must_strong))
    must = local(links.must_strong[order], links.must_weak[order])
    believed = edges.only((place[edges.strong] >= 0) & ~giant[edges.strong])
    believed = believed.only(credible(believed, kind))
    sure = vouched(nodes, believed)
    maybe = free & ~(giant[links.weak_strong] | giant[links.weak_weak])
    a, b, p = links.weak_strong[maybe], links.weak_weak[maybe], links.probability[maybe]
    order = np.lexsort((b, a, -p))
    settled(
        clusters,
        must,
        local(believed.strong[sure], believed.weak[sure]),
        local(believed.strong[~sure], believed.weak[~sure]),
        local(a[order], b[order]),
        narrow=Guards(nodes.kinds, narrow=True),
        most=most,
    )
    return np.array([clusters.find(i) for i in range(len(rows))], dtype=np.int64)


def credible(edges: Edges, kind: Ints) -> Ints:
    """The order in which links are believed: strong types first, logins, then the latest."""
    return np.lexsort(
        (
            edges.weak,
            edges.strong,
            edges.first,
            -edges.last,
            ~edges.login,
            kind[edges.strong],
            kind[edges.weak],
        )
    )


def cut(edges: Edges, person: Ints, silent: Bools) -> Ints:
    """Positions of the edges between two customers, but for those of silent nodes."""
    a, b = edges.strong, edges.weak
    return np.flatnonzero((person[a] != person[b]) & ~(silent[a] | silent[b]))


def contested(nodes: Nodes, edges: Edges, apart: Ints, demoted: Bools) -> Bools:
    """Which nodes (n,) are demoted, or cut from one of a stronger type that tells whose it is."""
    out = demoted.copy()
    kind = nodes.type
    a, b = edges.strong[apart], edges.weak[apart]
    for position in range(1, len(nodes.kinds)):
        here = (kind[b] == position) & (kind[a] < position)
        out[b[here & ~out[a]]] = True
    return out


def _numbered(label: Ints, first: Ints, shared: Bools) -> tuple[Ints, Ints]:
    """Customers numbered by their anchors, and the anchors (c,).

    One that is shared is an anchor only where there is no other: an id that it gave would go from
    one customer to another with it.
    """
    size = int(label.max(initial=-1)) + 1
    has_own = np.zeros(size, dtype=bool)
    has_own[label[~shared]] = True
    able = np.flatnonzero(~shared | ~has_own[label])
    earliest = np.full(size, LATE)
    np.minimum.at(earliest, label[able], first[able])
    best = able[first[able] == earliest[label[able]]][::-1]
    named = np.zeros(size, dtype=np.int64)
    named[label[best]] = best  # of one instant the stronger, which is written last
    anchors = np.zeros(len(label), dtype=bool)
    anchors[named[label]] = True
    number = np.cumsum(anchors) - 1
    return number[named[label]], np.flatnonzero(anchors)
