"""Placing of many at once: who is who among nodes and bundles, by the batch code of `identity`.

It says of a slice what settling it one bundle at a time says, and of the whole store what
`resolve` says of the whole log:

    bundles (0: ann c1)  (1: c1)  (2: ben c1)    ->    c1 is of ben, who was seen with it last:
    lump 0 0 0    person ann, ben, ben    c1 is contested, so that rows of bundle 1 are loose

A row of evidence is read by the first and the last instant of its bundle alone.
"""

from collections.abc import Sequence

import attrs
import numpy as np
import pyarrow as pa

from onefold import _text
from onefold._types import Bools, Codes, Ints
from onefold._vocab import EMPTY, Vocab
from onefold.identity.bundles import NOBODY, Nodes, Seen
from onefold.identity.graph import components
from onefold.identity.linked import Pairs
from onefold.identity.partition import Partition, partition
from onefold.identity.policy import IdentityPolicy
from onefold.store.placing import Placed, Slice, by_graph, is_plain
from onefold.store.schema import CALM, CONTESTED, GIANT, MIXED, SHARED

MANY = 200  # bundles that contradict each other: arrays take as long as the graph
_NONE = np.zeros(0, dtype=np.int64)
UNLINKED = Pairs(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE, np.zeros(0))


@attrs.frozen(eq=False)
class Ground:
    """n nodes and b bundles with m memberships.

    Nodes *beside* are in some of the bundles, and are settled elsewhere.

    Args:
        type: (n,) position of each node's type in the policy.
        value: (n,) normal forms, an array of Arrow's.
        beside: (n,) which are beside.
        flags: (n,) the flags of those beside; what is shared counts for what it came with.
        calm: (n,) whether one more row of their lump's bundles changes nothing.
        first: (b,) the least `seen` of each bundle, in microseconds.
        last: (b,) the greatest.
        kind: (b,) kind of event of each, None of facts.
        node: (m,) places of nodes.
        bundle: (m,) places of the bundles that they are in.
    """

    type: Ints
    value: pa.Array
    beside: Bools
    flags: Ints
    calm: Bools
    first: Ints
    last: Ints
    kind: Sequence[str | None]
    node: Ints
    bundle: Ints


@attrs.frozen(eq=False)
class Settled:
    """Who is who, by places in the ground; of nodes beside nothing is told.

    Args:
        lump: (n,) the first node of each node's component.
        person: (n,) the anchor of each node's customer.
        flags: (n,) SHARED, CONTESTED, GIANT.
        owner: (b,) the node that says whose each bundle is, -1 where it is asked for each row.
        marks: (b,) CALM, MIXED.
    """

    lump: Ints
    person: Ints
    flags: Ints
    owner: Ints
    marks: Ints


def settled(ground: Ground, policy: IdentityPolicy) -> Settled:
    """Who is who of some nodes, all of whose bundles are there."""
    nodes, rank = _nodes(ground, policy)
    order = np.argsort(rank)  # the place in the ground of each node of `identity`
    beside, flags = ground.beside[order], ground.flags[order]
    members = _members(ground, rank)
    shared = beside & (flags & SHARED > 0)
    seen = _seen(ground, policy, nodes, _without(members, beside & ~shared))
    who = partition(seen, UNLINKED, policy, known=shared)
    lump = lumps(who)
    calm = np.where(beside, ground.calm[order], is_calm(who, lump))
    unsaid = np.where(beside, flags & CONTESTED > 0, who.contested)
    owner, marks = owners(members, unsaid, calm)
    return Settled(
        least(lump, order)[rank],
        order[who.anchor[who.person]][rank] if len(order) else _NONE,
        flags_of(who)[rank],
        np.append(order, -1)[owner],
        marks,
    )


def by_batch(held: Slice, policy: IdentityPolicy) -> Placed:
    """Place the nodes of a slice, as `placing.by_graph` does: for slices of many nodes."""
    numbers, bundles = sorted(held.names), sorted(held.bundles)
    where = {node: at for at, node in enumerate(numbers)}
    away = [node not in held.inside for node in numbers]
    stored = [held.places[n] if no else (0, 0, 0) for n, no in zip(numbers, away, strict=True)]
    came = [held.bundles[bundle] for bundle in bundles]
    sizes = [len(one.nodes) for one in came]
    ground = Ground(
        np.array([held.names[n][0] for n in numbers], dtype=np.int64),
        pa.array([held.names[n][1] for n in numbers], type=pa.large_string()),
        np.array(away, dtype=bool),
        np.array([flags for _, _, flags in stored], dtype=np.int64),
        np.array([no and held.calm[p[0]] for p, no in zip(stored, away, strict=True)], dtype=bool),
        np.array([one.first for one in came], dtype=np.int64),
        np.array([one.last for one in came], dtype=np.int64),
        [one.kind for one in came],
        np.array([where[n] for one in came for n in one.nodes], dtype=np.int64),
        np.repeat(np.arange(len(came)), sizes),
    )
    made = settled(ground, policy)
    inside = np.flatnonzero(~ground.beside)
    number = np.array(numbers, dtype=np.int64)
    anchors = np.where(ground.beside, [p[1] for p in stored], number[made.person])
    told = (number, number[made.lump], anchors, made.flags)
    owner = np.append(anchors, -1)[made.owner]
    whose = (np.array(bundles, dtype=np.int64), ground.first, owner, made.marks)
    return Placed(
        {
            n: (lump, who, f)
            for n, lump, who, f in zip(*(c[inside].tolist() for c in told), strict=True)
        },
        {
            b: (first, None if who < 0 else who, marks)
            for b, first, who, marks in zip(*(c.tolist() for c in whose), strict=True)
        },
    )


def by_either(held: Slice, policy: IdentityPolicy) -> Placed:
    """Place the nodes of a slice by whichever is faster; both say the same."""
    plain = len(held.bundles) < MANY or is_plain(held, policy)
    return by_graph(held, policy) if plain else by_batch(held, policy)


def _nodes(ground: Ground, policy: IdentityPolicy) -> tuple[Nodes, Ints]:
    """The nodes as `identity` has them, and the number (n,) of each among these."""
    rank = np.empty(len(ground.type), dtype=np.int64)
    values, begin = [], 0
    for position in range(len(policy.types)):
        here = np.flatnonzero(ground.type == position)
        if not len(here):
            values.append(EMPTY)
            continue
        words = ground.value.take(pa.array(here))
        order = _text.order(words)
        rank[here[order]] = np.arange(begin, begin + len(here))
        begin += len(here)
        values.append(Vocab(words.take(pa.array(order))))
    return Nodes(policy.types, tuple(values)), rank


def _members(ground: Ground, rank: Ints) -> Codes:
    """The nodes (b, k) of each bundle, ascending; `NOBODY` fills up."""
    member = rank[ground.node]
    order = np.lexsort((member, ground.bundle))
    bundle, member = ground.bundle[order], member[order]
    size = np.bincount(bundle, minlength=len(ground.first))
    at = np.arange(len(bundle)) - np.repeat(np.cumsum(size) - size, size)
    shape = len(ground.first), max(int(size.max(initial=0)), 1)
    members = np.full(shape, NOBODY, dtype=np.int32)
    members[bundle, at] = member
    return members


def _without(members: Codes, nodes: Bools) -> Codes:
    """The members of bundles without some nodes."""
    if not nodes.any():
        return members
    gone = np.append(nodes, False)[np.minimum(members, len(nodes))]
    left = np.where(gone, NOBODY, members)
    left.sort(axis=1)
    return left


def _seen(ground: Ground, policy: IdentityPolicy, nodes: Nodes, members: Codes) -> Seen:
    row = np.where(members[:, 0] < NOBODY, np.arange(len(members)), -1)
    kinds = {kind: _kind(kind, policy) for kind in set(ground.kind)}
    told = np.array([kinds[kind] for kind in ground.kind], dtype=bool).reshape(-1, 3)
    tells, login, logout = np.tile(told, (2, 1)).T
    time = np.concatenate([ground.first, ground.last]).view("datetime64[us]")
    return Seen(nodes, members, np.tile(row, 2), time, tells, login, logout)


def _kind(kind: str | None, policy: IdentityPolicy) -> tuple[bool, bool, bool]:
    return kind not in policy.not_evidence, kind in policy.logins, kind in policy.logouts


def lumps(who: Partition) -> Ints:
    """The component (n,) of each node; a shared one is one alone."""
    shared, edges = who.demoted, who.edges
    held = ~(shared[edges.strong] | shared[edges.weak])
    out: Ints = components(len(shared), (edges.strong[held], edges.weak[held])).astype(np.int64)
    return out


def flags_of(who: Partition) -> Ints:
    """The flags (n,) of each node."""
    giant = who.giant & ~who.demoted
    sides = ((who.demoted, SHARED), (who.contested, CONTESTED), (giant, GIANT))
    out = np.zeros(len(giant), dtype=np.int64)
    for held, flag in sides:
        out[held] |= flag
    return out


def least(lump: Ints, order: Ints) -> Ints:
    """The first place in the ground (n,) of the lump of each node."""
    least = np.full(int(lump.max(initial=-1)) + 1, len(order), dtype=np.int64)
    np.minimum.at(least, lump, order)
    return least[lump]


def is_calm(who: Partition, lump: Ints) -> Bools:
    """Which nodes (n,) are shared, or in a lump where the order of instants decides nothing.

    All of it is one customer's then, within the limits whatever their periods: so every link
    holds, and would if it were seen again.
    """
    n, size = len(lump), int(lump.max(initial=-1)) + 1
    one = np.zeros(size, dtype=np.int64)
    one[lump] = who.person
    bad = np.zeros(size, dtype=bool)
    bad[lump[(one[lump] != who.person) | who.giant | who.contested]] = True
    offsets = who.nodes.offsets
    for position, kind in enumerate(who.nodes.kinds):
        if kind.limit is not None:
            held = lump[offsets[position] : offsets[position + 1]]
            bad |= np.bincount(held, minlength=size) > kind.limit
    calm: Bools = ~bad[lump] | who.demoted if n else np.zeros(0, dtype=bool)
    return calm


def owners(members: Codes, contested: Bools, calm: Bools) -> tuple[Ints, Ints]:
    """The node (b,) that says whose each bundle is, n if none does, and its flags."""
    n = len(contested)
    members = np.minimum(members, n)
    unsaid = np.append(contested, True)[members]
    owner = np.where(unsaid, n, members).min(axis=1, initial=n)
    quiet = np.append(calm, True)[members].all(axis=1)
    mixed = (unsaid & (members < n)).any(axis=1)
    marks = np.where(quiet, CALM, 0).astype(np.int64)
    marks[mixed] |= MIXED
    return owner.astype(np.int64), marks
