"""Loaded: the live graph of what a batch has found out, from which a stream goes on.

loaded(resolve(log))  then  saw(event)   ==   resolve(log + event)
"""

import numpy as np

from onefold._types import Ints
from onefold.identity.bundles import NOBODY
from onefold.identity.graph import components
from onefold.identity.identities import Identities
from onefold.identity.live import Graph
from onefold.identity.partition import Partition, vouched
from onefold.identity.parts import Bundle, Group, Lump
from onefold.identity.settle import Clusters


def loaded(identities: Identities) -> tuple[Graph, list[Bundle | None]]:
    """The graph, and the bundle of each row of the evidence (None where nothing is left)."""
    who, seen = identities.partition, identities.seen
    graph = Graph(identities.policy)
    for position, vocab in enumerate(who.nodes.values):
        for value in vocab.values.tolist():
            graph.node_of(position, value)
    graph.first, graph.last = who.first.tolist(), who.last.tolist()
    graph.shared = who.demoted.tolist()
    _edges(graph, who)
    _links(graph, who)
    graph.contested = who.contested.tolist()
    graph.giant = who.giant.tolist()
    lumps = _lumps(graph, who)
    _cores(graph, who)
    _groups(graph, who)
    for lump in lumps:
        # Where all is one customer every link was accepted; else it must be known which vouched.
        several = any(graph.group[n] is not graph.group[lump.members[0]] for n in lump.members)
        if several or lump.weak:
            graph.settle(lump, False)
    graph.changes()
    out: list[Bundle | None] = []
    members = [[n for n in row if n != NOBODY] for row in seen.members.tolist()]
    columns = (seen.row, seen.tells, seen.login, seen.logout, seen.time.view(np.int64))
    for row, tells, login, logout, time in zip(*(c.tolist() for c in columns), strict=True):
        bundle = graph.bundle(members[row], tells, login, logout) if row >= 0 else None
        if bundle is not None:
            bundle.first, bundle.last = min(bundle.first, time), max(bundle.last, time)
        out.append(bundle)
    return graph, out


def _edges(graph: Graph, who: Partition) -> None:
    e = who.edges
    columns = (e.strong, e.weak, e.first, e.last, e.login)
    for a, b, first, last, login in zip(*(c.tolist() for c in columns), strict=True):
        edge = graph.edge(a, b)
        edge.first, edge.last, edge.login = first, last, login
        graph.serves(edge)


def _links(graph: Graph, who: Partition) -> None:
    """Links in their order, by node; and what counts as one."""
    held = who.links
    graph.must = _pairs(held.must_strong, held.must_weak)
    graph.cannot = _pairs(held.cannot_strong, held.cannot_weak)
    graph.weak = [
        (a, b, p)
        for (a, b), p in zip(
            _pairs(held.weak_strong, held.weak_weak), held.probability.tolist(), strict=True
        )
    ]
    weak = [(a, b) for a, b, _ in graph.weak]
    for kind, pairs in ((1, graph.must), (0, weak), (-1, graph.cannot)):
        for at, pair in enumerate(pairs):
            for node in dict.fromkeys(pair):
                graph.linked.setdefault(node, []).append((kind, at))
    if graph.must:
        n = len(who.nodes)
        one = Clusters(graph.guards, graph.type, first=[0] * n, last=[0] * n, cannot=graph.cannot)
        one.must(graph.must)
        ends = {node for pair in graph.must for node in pair}
        graph.unit = {node: one.find(node) for node in ends}


def _pairs(a: Ints, b: Ints) -> list[tuple[int, int]]:
    return list(zip(a.tolist(), b.tolist(), strict=True))


def _lumps(graph: Graph, who: Partition) -> list[Lump]:
    e, held, shared = who.edges, who.links, who.demoted
    believed = ~(shared[e.strong] | shared[e.weak])
    free = ~(shared[held.weak_strong] | shared[held.weak_weak])
    label = components(
        len(who.nodes),
        (e.strong[believed], e.weak[believed]),
        (held.must_strong, held.must_weak),
        (held.weak_strong[free], held.weak_weak[free]),
    )
    lumps = [Lump([]) for _ in range(int(label.max(initial=-1)) + 1)]
    for node, at in enumerate(label.tolist()):
        lumps[at].members.append(node)
        graph.lump[node] = lumps[at]
    for at in label[held.weak_strong[free]].tolist():
        lumps[at].weak = True
    return lumps


def _cores(graph: Graph, who: Partition) -> None:
    """Of which core each node is, where every link is accepted."""
    e, held, shared = who.edges, who.links, who.demoted
    sure = vouched(who.nodes, e) & ~(shared[e.strong] | shared[e.weak])
    label = components(
        len(who.nodes), (e.strong[sure], e.weak[sure]), (held.must_strong, held.must_weak)
    )
    _, root = np.unique(label, return_index=True)
    graph.cored(range(len(label)), root[label].tolist())


def _groups(graph: Graph, who: Partition) -> None:
    groups = [Group([], 0, anchor) for anchor in who.anchor.tolist()]
    for node, person in enumerate(who.person.tolist()):
        groups[person].members.append(node)
        graph.group[node] = groups[person]
    graph.touched.clear()
    for group in groups:
        graph.tell(group)
        graph.touched[group] = [(None, 0)]
