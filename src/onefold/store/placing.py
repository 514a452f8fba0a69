"""Placing: who is who of some identifiers, and whose their bundles are.

A slice holds whole components, so that nothing outside of it matters but what is shared already.
They are settled by the graph of streams, all links at once:

    {ann, c1} {c1}     ->  places: ann and c1 in one lump, of the person ann      both bundles ann's

Where a component is one customer within all limits, a bundle that comes again, not earlier than it
was first seen, can change nothing: links are refused for a limit and for nothing else.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs

from onefold.identity.graph import LATE
from onefold.identity.live import Graph
from onefold.identity.parts import Lump
from onefold.identity.policy import IdentityPolicy
from onefold.store.schema import CALM, CONTESTED, GIANT, MIXED, SHARED

Place: TypeAlias = tuple[int, int, int]  # lump, person, flags
Whose: TypeAlias = tuple[int, int | None, int]  # first, person, flags


@attrs.frozen(eq=False)
class Came:
    """A bundle as it came.

    Args:
        nodes: Its distinct nodes, in any order.
        kind: The kind of event; None: a fact.
        first: When it was first seen, in microseconds.
        last: When last.
    """

    nodes: tuple[int, ...]
    kind: str | None
    first: int
    last: int


@attrs.frozen(eq=False)
class Slice:
    """Whole components, and the bundles that touch them.

    Args:
        names: Position of the type and normal value of each node, of those beside too.
        inside: The nodes that are to be placed: all of the components.
        bundles: All bundles in which one of them is, and others of which it is asked whose.
        places: Places as they are stored, of nodes inside, and of those beside that came with them.
        whose: Whose bundles are, as it is stored.
        calm: Whether one more row of them changes nothing, of lumps beside.
    """

    names: Mapping[int, tuple[int, str]]
    inside: frozenset[int]
    bundles: Mapping[int, Came]
    places: Mapping[int, Place]
    whose: Mapping[int, Whose]
    calm: Mapping[int, bool]


@attrs.frozen(eq=False)
class Placed:
    """Where nodes belong, and whose bundles are.

    Args:
        places: (lump, person, flags) of each node inside.
        whose: (first, person or None, flags) of each bundle.
    """

    places: Mapping[int, Place]
    whose: Mapping[int, Whose]


def by_graph(held: Slice, policy: IdentityPolicy) -> Placed:
    """Place the nodes of a slice by the graph of streams: for slices of few nodes."""
    places = _joined(held, policy) if is_plain(held, policy) else _settled(held, policy)
    named = [(node, held.names[node][0], place) for node, place in places.items()]
    return Placed(places, whose_of(held, places, {**held.calm, **calm_of(named, policy)}))


def is_plain(held: Slice, policy: IdentityPolicy) -> bool:
    """Whether no link can break a limit, so that all are believed, and nobody serves too many."""
    if len(held.inside) > policy.giant:
        return False
    for kind, n in Counter(held.names[node][0] for node in held.inside).items():
        told = policy.types[kind]
        if told.limit is not None and n > (1 if told.vouches else told.limit):
            return False
    return all(node in held.inside for came in held.bundles.values() for node in came.nodes)


def _joined(held: Slice, policy: IdentityPolicy) -> dict[int, Place]:
    """The places where all links are believed."""
    first: dict[int, int] = {}
    lump = {node: [node] for node in held.inside}
    for came in held.bundles.values():
        for node in came.nodes:
            first[node] = min(first.get(node, came.first), came.first)
        if came.kind in policy.not_evidence:
            continue
        for node in came.nodes[1:]:
            one, other = lump[came.nodes[0]], lump[node]
            if one is not other:
                one += other
                lump.update(dict.fromkeys(other, one))
    out: dict[int, Place] = {}
    for node, members in lump.items():
        if node not in out:
            anchor = min(members, key=lambda n: (first.get(n, LATE), held.names[n]))
            out.update(dict.fromkeys(members, (min(members), anchor, 0)))
    return out


def _settled(held: Slice, policy: IdentityPolicy) -> dict[int, Place]:
    """The places by the graph, which takes links one by one where that is needed."""
    graph = Graph(policy)
    local: dict[int, int] = {}
    for bundle in held.bundles.values():
        for node in bundle.nodes:
            # Of those beside only the shared ones are linked to what is inside.
            if node not in local and (node in held.inside or held.places[node][2] & SHARED):
                local[node] = graph.node_of(*held.names[node])
                graph.shared[local[node]] = node not in held.inside
        _take(graph, bundle, local, policy)
    for node in held.inside - local.keys():  # which came with nothing that is left
        local[node] = graph.node_of(*held.names[node])
    graph.settle(Lump(list(range(len(graph.key)))), True)
    return _places(graph, held.inside, local)


def whose_of(
    held: Slice, places: Mapping[int, Place], calm: Mapping[int, bool]
) -> dict[int, Whose]:
    """Whose the bundles of a slice are: of whom its strongest node names that is nobody else's.

    Args:
        held: The slice.
        places: Where its nodes inside belong.
        calm: Of all lumps whether one more row changes nothing.
    """
    out: dict[int, Whose] = {}
    for number, bundle in held.bundles.items():
        best: tuple[int, str] | None = None
        person, flags = None, CALM
        for node in bundle.nodes:
            place = places.get(node) or held.places[node]
            if not calm[place[0]]:
                flags &= ~CALM
            if place[2] & CONTESTED:
                flags |= MIXED
            elif best is None or held.names[node] < best:
                best, person = held.names[node], place[1]
        out[number] = bundle.first, person, flags
    return out


def is_one(names: Sequence[tuple[int, str]], kind: str | None, policy: IdentityPolicy) -> bool:
    """Whether identifiers that nobody has seen before are one customer, by one bundle alone."""
    if len(names) == 1:
        return True
    if kind in policy.not_evidence or len(names) > policy.giant:
        return False
    counts = Counter(at for at, _ in names)
    limits = ((policy.types[at].limit, n) for at, n in counts.items())
    return all(limit is None or n <= limit for limit, n in limits)


def calm_of(nodes: Iterable[tuple[int, int, Place]], policy: IdentityPolicy) -> dict[int, bool]:
    """Of lumps whether one more row of a bundle, not before its first, changes nothing.

    So it is where all is one customer within all limits, whatever the period; and where a shared
    node is alone, and stays so.

    Args:
        nodes: All nodes of the lumps, with the position of the type and the place of each.
        policy: The limits.
    """
    limits = [kind.limit for kind in policy.types]
    out: dict[int, bool] = {}
    persons: dict[int, int] = {}
    counts: Counter[tuple[int, int]] = Counter()
    for _, kind, (lump, person, flags) in nodes:
        limit = limits[kind]
        counts[lump, kind] += 1
        one = persons.setdefault(lump, person) == person and not flags & (CONTESTED | GIANT)
        fits = limit is None or counts[lump, kind] <= limit
        out[lump] = bool(flags & SHARED) or (out.get(lump, True) and one and fits)
    return out


def _take(graph: Graph, came: Came, local: Mapping[int, int], policy: IdentityPolicy) -> None:
    """Put a bundle's nodes and edges into the graph."""
    nodes = sorted((local[n] for n in came.nodes if n in local), key=graph.key.__getitem__)
    for node in nodes:
        graph.first[node] = min(graph.first[node], came.first)
        graph.last[node] = max(graph.last[node], came.last)
    if came.kind in policy.not_evidence:
        return
    for at, a in enumerate(nodes):
        for b in nodes[at + 1 :]:
            edge = graph.edges[a].get(b)
            if edge is None:
                edge = graph.edge(a, b)
                if graph.serves(edge):
                    graph.shared[b] = True
            edge.first, edge.last = min(edge.first, came.first), max(edge.last, came.last)
            edge.login = edge.login or came.kind in policy.logins


def _places(graph: Graph, inside: Iterable[int], local: Mapping[int, int]) -> dict[int, Place]:
    number = {at: node for node, at in local.items()}
    least: dict[int, int] = {}  # of each lump by one of its members
    out: dict[int, Place] = {}
    for node in inside:
        at = local[node]
        members = graph.lump[at].members
        lump = least.get(members[0])
        if lump is None:
            lump = least[members[0]] = min(number[member] for member in members)
        flags = (
            SHARED * graph.shared[at] | CONTESTED * graph.contested[at] | GIANT * graph.giant[at]
        )
        out[node] = lump, number[graph.group[at].anchor], flags
    return out
