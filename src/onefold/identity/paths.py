"""Paths: the shortest chain of links from one customer or identifier to another.

Of chains between two customers that with the fewest links that don't hold; of these that which
runs through the fewest identifiers that don't vouch, for no device has made two people one; of
these the shortest; of these the one whose weakest link is the most credible, then the second:

    cost = (links that don't hold, steps that don't vouch, links, credibility from the weakest on)

No two links are equally credible, so one chain is the best, in either direction.
"""

import attrs
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from onefold._types import Bools, Floats, Ints
from onefold.identity.graph import LATE, components
from onefold.identity.partition import Partition, credible

MUST, EVENT, WEAK = 0, 1, 2
Label = tuple[tuple[int, ...], int, int]  # ranks from the weakest link on, the node before, link


@attrs.frozen(eq=False)
class Chains:
    """All links (k,) between nodes, in the order in which they are believed.

    Args:
        strong: (k,) the stronger ends.
        weak: (k,) the weaker ends.
        kind: (k,) `MUST`, `EVENT` or `WEAK`.
        first: (k,) the first instant of an event's, in microseconds.
        last: (k,) the last.
        login: (k,) whether it was at a login.
        probability: (k,) of a weak link, else NaN.
        holds: (k,) whether it joins.
    """

    strong: Ints
    weak: Ints
    kind: Ints
    first: Ints
    last: Ints
    login: Bools
    probability: Floats
    holds: Bools

    def only(self, rows: Bools | Ints) -> "Chains":
        """Some of the links."""
        return Chains(*(getattr(self, field.name)[rows] for field in attrs.fields(Chains)))


def chains(who: Partition) -> Chains:
    """All links, those that hold and those that don't."""
    links, edges = who.links, who.edges.only(credible(who.edges, who.nodes.type))
    must = np.lexsort((links.must_weak, links.must_strong))
    weak = np.lexsort((links.weak_weak, links.weak_strong, -links.probability))
    strong = np.concatenate([links.must_strong[must], edges.strong, links.weak_strong[weak]])
    other = np.concatenate([links.must_weak[must], edges.weak, links.weak_weak[weak]])
    sizes = [len(must), len(edges), len(weak)]
    kind = np.repeat([MUST, EVENT, WEAK], sizes)
    before, after = np.full(len(must), LATE), np.full(len(weak), LATE)
    silent = who.demoted | who.giant
    believed = (kind == MUST) | ~(silent[strong] | silent[other])
    return Chains(
        strong,
        other,
        kind,
        np.concatenate([before, edges.first, after]),
        np.concatenate([before, edges.last, after]),
        np.concatenate([before < 0, edges.login, after < 0]),
        np.concatenate(
            [np.full(sizes[0] + sizes[1], np.nan), links.probability[weak]],
        ),
        believed & (who.person[strong] == who.person[other]),
    )


def shortest(who: Partition, a: Ints, b: Ints) -> tuple[Chains, list[tuple[int, int]]] | None:
    """The best chain from one of the nodes a to one of the nodes b; None if there is none.

    Returns:
        Its links, and for each the nodes from which and to which it leads.
    """
    everything = chains(who)
    if who.person[a[0]] == who.person[b[0]]:
        inside = who.person == who.person[a[0]]
        held = everything.only(inside[everything.strong] & everything.holds)
    else:
        lump = components(len(who.nodes), (everything.strong, everything.weak))
        if not np.isin(lump[b], lump[a]).any():
            return None
        inside = np.isin(lump, np.intersect1d(lump[a], lump[b]))
        held = everything.only(inside[everything.strong])
    nodes = np.flatnonzero(inside)
    place = np.full(len(who.nodes), -1, dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    start, goal = place[a[inside[a]]], place[b[inside[b]]]
    best = _best(held, place)
    mute = np.array([not kind.vouches for kind in who.nodes.kinds])[who.nodes.type[nodes]]
    mute[start] = mute[goal] = False  # an end joins nothing
    found = _walked(held.only(best), place, start, goal, mute=mute)
    if found is None:
        return None
    at, steps = found
    return held.only(best[at]), [(int(nodes[x]), int(nodes[y])) for x, y in steps]


def _best(held: Chains, place: Ints) -> Ints:
    """Of several links between the same nodes the most credible; if any holds, that one does."""
    pair = place[held.strong] * (len(place) + 1) + place[held.weak]
    order = np.argsort(pair, kind="stable")
    new = np.ones(len(order), dtype=bool)
    new[1:] = pair[order][1:] != pair[order][:-1]
    return np.sort(order[new])


def _walked(
    held: Chains, place: Ints, start: Ints, goal: Ints, *, mute: Bools
) -> tuple[list[int], list[tuple[int, int]]] | None:
    """Positions of the links of the best chain, and the places that each joins."""
    n, links = len(mute), np.arange(len(held.strong))
    x, y = place[held.strong], place[held.weak]
    u, v = np.concatenate([x, y]), np.concatenate([y, x])
    silent = mute * float(n + 1)  # a chain has fewer than n links
    broken = (n + 1.0) * (mute.sum() + 1.0)  # whole numbers, and so sums of them are exact
    length = np.where(held.holds, 1.0, broken)
    link, length = np.concatenate([links, links]), np.concatenate([length, length])
    cost = length + silent[u]  # of leaving u for v
    # Older releases of scipy look for ways in indices of 32 bits alone.
    graph = csr_array((cost, (u.astype(np.int32), v.astype(np.int32))), shape=(n, n))
    there = dijkstra(graph, indices=start, min_only=True)
    back = dijkstra(graph, indices=goal, min_only=True)
    whole = there[goal].min()
    if not np.isfinite(whole):
        return None
    tight = (there[u] + cost + silent[v] + back[v] == whole) & (there[u] + cost == there[v])
    order = np.argsort(there[u[tight]], kind="stable")
    labels: dict[int, Label] = {s: ((), -1, -1) for s in start.tolist() if there[s] == 0}
    rows = zip(*(part[tight][order].tolist() for part in (u, v, link)), strict=True)
    for one, other, by in rows:  # only links of shortest chains
        ranks = tuple(sorted((*labels[one][0], by), reverse=True))
        if other not in labels or ranks < labels[other][0]:
            labels[other] = (ranks, one, by)
    ends = [g for g in goal.tolist() if there[g] == whole]
    at = min(ends, key=lambda g: labels[g][0])
    steps: list[tuple[int, int]] = []
    taken: list[int] = []
    while labels[at][1] >= 0:
        _, before, by = labels[at]
        steps.append((before, at))
        taken.append(by)
        at = before
    return taken[::-1], steps[::-1]
