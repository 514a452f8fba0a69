"""Live: the graph of identifiers and its customers, kept up to date one bundle at a time.

All of it is a cache of the evidence. What one more bundle changes is known beforehand in all but
a few cases, by what `settle` says of unions:

    a link within a customer, or between two that fit together      at most these two become one
    a link between two that don't fit together                      the component is settled anew
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import final

from onefold.identity.changes import Change, Identifier, rearranged, united
from onefold.identity.graph import LATE
from onefold.identity.kinds import IdentifierType
from onefold.identity.people import named
from onefold.identity.policy import IdentityPolicy
from onefold.identity.settle import BITS, Clusters, Crowd, Guards


@final
class Edge:
    """Two nodes that were seen together; `a` is the stronger one."""

    __slots__ = ("a", "b", "first", "last", "login")

    def __init__(self, a: int, b: int) -> None:
        self.a, self.b = a, b
        self.first, self.last, self.login = LATE, -LATE, False


@final
class Group:
    """The nodes of one customer."""

    __slots__ = ("anchor", "count", "crowds", "foes", "members", "name")

    def __init__(self, members: list[int], count: int, anchor: int) -> None:
        self.members, self.count, self.anchor = members, count, anchor
        self.foes: list[int] = []
        self.crowds: dict[int, Crowd] = {}
        self.name: str | None = None


@final
class Lump:
    """The nodes of one component."""

    __slots__ = ("giant", "members")

    def __init__(self, members: list[int], giant: bool = False) -> None:
        self.members, self.giant = members, giant


@final
class Bundle:
    """Identifiers that came together at events of one kind, the strongest first."""

    __slots__ = ("edges", "first", "last", "login", "logout", "nodes", "tells")

    def __init__(self, nodes: tuple[int, ...], tells: bool, login: bool, logout: bool) -> None:
        self.nodes, self.tells, self.login, self.logout = nodes, tells, login, logout
        self.first, self.last = LATE, -LATE
        self.edges: list[Edge] | None = None


@final
class Graph:
    """Nodes, edges, components and customers; a node's number is its place in order of arrival."""

    def __init__(self, policy: IdentityPolicy) -> None:
        kinds: Sequence[IdentifierType] = policy.types
        self.policy, self.kinds, self.guards = policy, kinds, Guards(kinds)
        self.most = [k.max_owners for k in kinds]
        self.node: dict[tuple[int, str], int] = {}
        self.key: list[tuple[int, str]] = []  # type's position, normal value: the order of nodes
        self.type: list[int] = []
        self.first: list[int] = []
        self.last: list[int] = []
        self.edges: list[dict[int, Edge]] = []  # of each node by its neighbour
        self.seen: list[dict[int, int] | None] = []  # how many of each stronger type came with it
        self.bundles: list[list[Bundle]] = []  # in which it was seen
        self.known: dict[tuple[tuple[int, ...], bool, bool, bool], Bundle] = {}
        self.shared: list[bool] = []
        self.cuts: list[int] = []  # edges to others of a stronger type
        self.lump: list[Lump] = []
        self.group: list[Group] = []
        self.ids: list[str | None] = []
        self.must: list[tuple[int, int]] = []
        self.cannot: list[tuple[int, int]] = []
        self.weak: list[tuple[int, int, float]] = []
        self.linked: dict[int, list[tuple[int, int]]] = {}  # of a node: kind and place of its links
        self.unit: dict[int, int] = {}  # what a node counts as, where it was declared another's
        self.touched: dict[Group, list[tuple[str | None, int]]] = {}
        self.before: dict[str, list[int]] = {}
        self.found: list[int] = []

    # What an event brings.

    def saw(self, bundle: Bundle, time: int) -> None:
        """Take in that a bundle was seen; `changes` tells afterwards what came of it."""
        if bundle.first <= time <= bundle.last:
            return
        bundle.first, bundle.last = min(bundle.first, time), max(bundle.last, time)
        dirty: dict[Lump, None] = {}
        for node in bundle.nodes:
            self._stretch(node, time, dirty)
        if not bundle.tells or len(bundle.nodes) < 2:
            self._finish(dirty, [])
            return
        if bundle.edges is None:
            bundle.edges, new = self._edges(bundle.nodes)
        else:
            new = []
        moved = [edge for edge in bundle.edges if _moves(edge, time, bundle.login)]
        fallen: list[int] = []
        for edge in new:
            if self.serves(edge) and not self.shared[edge.b]:
                self.shared[edge.b] = True
                fallen.append(edge.b)
        for node in fallen:
            dirty[self.lump[node]] = None
        shared, group = self.shared, self.group
        for edge in moved:
            a, b = edge.a, edge.b
            if group[a] is not group[b] and not (shared[a] or shared[b]):
                self._meet(a, b, dirty)
        self._finish(dirty, new)

    def bundle(self, nodes: Iterable[int], tells: bool, login: bool, logout: bool) -> Bundle:
        """The bundle of some nodes at events of such a kind, which may be new."""
        held = tuple(sorted(set(nodes), key=self.key.__getitem__))
        found = self.known.get((held, tells, login, logout))
        if found is None:
            found = self.known[held, tells, login, logout] = Bundle(held, tells, login, logout)
            for node in held:
                self.bundles[node].append(found)
        return found

    def node_of(self, kind: int, value: str) -> int:
        """The number of a node, which may be new."""
        found = self.node.get((kind, value))
        if found is not None:
            return found
        n = self.node[kind, value] = len(self.key)
        self.key.append((kind, value))
        self.type.append(kind)
        self.first.append(LATE)
        self.last.append(-LATE)
        self.edges.append({})
        self.bundles.append([])
        self.seen.append(None)
        self.shared.append(False)
        self.cuts.append(0)
        self.lump.append(Lump([n]))
        group = Group([n], self.guards.units[kind], n)
        self.group.append(group)
        self.ids.append(None)
        self.touched[group] = [(None, 0)]
        self.found.append(n)
        return n

    def contested(self, node: int) -> bool:
        """Whether it does not tell whose an event is."""
        return self.shared[node] or self.cuts[node] > 0

    def id(self, node: int) -> str:
        """The id of a node's customer."""
        return self._named(self.group[node].anchor)

    def _named(self, node: int) -> str:
        held = self.ids[node]
        if held is None:
            kind, value = self.key[node]
            held = named(self.kinds[kind].name, [value], key=self.policy.key)[0]
            self.ids[node] = held
        return held

    def _stretch(self, node: int, time: int, dirty: dict[Lump, None]) -> None:
        """A node is in use for longer than was known."""
        first, last = self.first[node], self.last[node]
        if time < first:
            self.first[node] = time
        if time > last:
            self.last[node] = time
        group = self.group[node]
        if time < first and self._order(node) < self._order(group.anchor):
            self._touch(group)
            group.anchor = node
        kind = self.type[node]
        period = self.guards.periods[kind]
        if period is None or not (time < first or time > last):
            return
        crowd = group.crowds.get(kind)
        if crowd is not None:
            if node in self.unit or first > last:
                del group.crowds[kind]
            else:
                crowd.stretch((first, last), (min(first, time), max(last, time)))
        limit = self.guards.limits[kind]
        assert limit is not None
        over = (group.count >> (BITS * kind)) & ((1 << BITS) - 1)
        if over <= limit or self.lump[node].giant:
            return
        if self._crowd(group, kind).most_within(self.first[node], self.last[node]) > limit:
            dirty[self.lump[node]] = None

    def _edges(self, nodes: Sequence[int]) -> tuple[list[Edge], list[Edge]]:
        """The edges of a bundle, and those that are new."""
        out, new = [], []
        for at, a in enumerate(nodes):
            for b in nodes[at + 1 :]:
                edge = self.edges[a].get(b)
                if edge is None:
                    edge = self.edges[a][b] = self.edges[b][a] = Edge(a, b)
                    new.append(edge)
                out.append(edge)
        return out, new

    def serves(self, edge: Edge) -> bool:
        """Count a stronger node that came with a weaker one; whether it now serves too many."""
        strong, b = self.type[edge.a], edge.b
        limit = self.guards.limits[strong]
        if strong == self.type[b] or limit is None:
            return False
        seen = self.seen[b]
        if seen is None:
            seen = self.seen[b] = {}
        seen[strong] = seen.get(strong, 0) + 1
        most = self.most[self.type[b]]
        return most is not None and -(-seen[strong] // limit) > most

    def changes(self) -> tuple[list[Change], list[tuple[Identifier, str]]]:
        """What has changed since this was asked last, and the nodes that are new."""
        changes: list[Change] = []
        for group, pieces in self.touched.items():
            now = group.name = self._named(group.anchor)
            if len(pieces) > 1 or pieces[0][0] != now:
                changes += united((name for name, _ in pieces), now)
        self.touched.clear()
        if self.before:
            who = {n: self.id(n) for nodes in self.before.values() for n in nodes}
            changes += rearranged(self.before, who, {n: self.identifier(n) for n in who})
            self.before = {}
        found = [(self.identifier(n), self.id(n)) for n in self.found]
        self.found = []
        return changes, found

    def identifier(self, node: int) -> Identifier:
        """Type and normal value."""
        kind, value = self.key[node]
        return self.kinds[kind].name, value

    # Unions.

    def _meet(self, a: int, b: int, dirty: dict[Lump, None]) -> None:
        """A link that is new or more credible, between two customers."""
        lump = self._lumped(a, b, dirty)
        if lump.giant or lump in dirty:
            return
        x, y = self.group[a], self.group[b]
        if self._fits(x, y):
            self._join(x, y)
        else:
            dirty[lump] = None

    def _lumped(self, a: int, b: int, dirty: dict[Lump, None]) -> Lump:
        """The component of two nodes, which is one from now on."""
        x, y = self.lump[a], self.lump[b]
        if x is y:
            return x
        if len(x.members) < len(y.members):
            x, y = y, x
        for node in y.members:
            self.lump[node] = x
        x.members += y.members
        x.giant = x.giant or len(x.members) > self.policy.giant
        if x.giant or y in dirty:
            dirty.pop(y, None)
            dirty[x] = None
        return x

    def _fits(self, x: Group, y: Group) -> bool:
        both = x.count + y.count
        if (both + self.guards.bias) & self.guards.high:
            for kind in self.guards.broken(both):
                limit = self.guards.limits[kind]
                assert limit is not None
                if self.guards.periods[kind] is None:
                    return False
                if self._crowd(x, kind).with_other(self._crowd(y, kind)) > limit:
                    return False
        if len(x.foes) > len(y.foes):
            x, y = y, x
        return not any(self.group[foe] is y for foe in x.foes)

    def _crowd(self, group: Group, kind: int) -> Crowd:
        if kind not in group.crowds:
            used: dict[int, tuple[int, int]] = {}
            for node in group.members:
                if self.type[node] == kind:
                    unit = self.unit.get(node, node)
                    first, last = used.get(unit, (LATE, -LATE))
                    used[unit] = min(first, self.first[node]), max(last, self.last[node])
            spans = [(first, last) for first, last in used.values() if first <= last]
            group.crowds[kind] = Crowd(spans, self.guards.periods[kind] or 0)
        return group.crowds[kind]

    def _join(self, x: Group, y: Group) -> None:
        if len(x.members) < len(y.members):
            x, y = y, x
        was = self.touched.setdefault(x, [(x.name, 0)])
        k = len(x.members)
        was += [(name, start + k) for name, start in self.touched.pop(y, [(y.name, 0)])]
        for node in y.members:
            self.group[node] = x
        for kind in list(x.crowds):
            x.crowds[kind].add(self._crowd(y, kind))
        x.members += y.members
        x.foes += y.foes
        x.count += y.count
        if self._order(y.anchor) < self._order(x.anchor):
            x.anchor = y.anchor

    def _order(self, node: int) -> tuple[bool, int, tuple[int, str]]:
        """Among the nodes of a customer the least is its anchor."""
        return self.shared[node] or self.cuts[node] > 0, self.first[node], self.key[node]

    def _touch(self, group: Group) -> None:
        self.touched.setdefault(group, [(group.name, 0)])

    # Settling anew.

    def _finish(self, dirty: dict[Lump, None], new: Iterable[Edge]) -> None:
        """Settle what must be settled anew, and count the new edges that are cut."""
        settled: set[Lump] = set()
        for lump in dirty:
            settled.update(self._settle(lump.members))
        for edge in new:
            b = edge.b
            if self.lump[b] not in settled and self._is_cut(edge):
                self.cuts[b] += 1
                group = self.group[b]
                if self.cuts[b] == 1 and group.anchor == b and len(group.members) > 1:
                    self._touch(group)
                    group.anchor = min(group.members, key=self._order)

    def _is_cut(self, edge: Edge) -> bool:
        """Whether an edge contests its weaker node."""
        a, b = edge.a, edge.b
        return (
            self.group[a] is not self.group[b]
            and self.type[a] < self.type[b]
            and not (self.shared[a] or self.shared[b] or self.lump[a].giant)
        )

    def _settle(self, nodes: list[int]) -> list[Lump]:
        """Components and customers of the nodes of a component that was."""
        self._leave(nodes)
        lumps = []
        for members in self._components(nodes):
            lump = Lump(members, len(members) > self.policy.giant)
            for node in members:
                self.lump[node] = lump
            self._regroup(lump)
            lumps.append(lump)
        self._named_anew(nodes)
        return lumps

    def _leave(self, nodes: list[int]) -> None:
        """Note whose the nodes were, all of those customers."""
        for group in {id(self.group[n]): self.group[n] for n in nodes}.values():
            pieces = self.touched.pop(group, [(group.name, 0)])
            ends = [start for _, start in pieces[1:]] + [len(group.members)]
            for (name, start), end in zip(pieces, ends, strict=True):
                if name is not None:
                    self.before.setdefault(name, []).extend(group.members[start:end])

    def _named_anew(self, nodes: list[int]) -> None:
        """Who is contested and who is the anchor, in customers that are new."""
        for node in nodes:
            self.cuts[node] = sum(self._is_cut(e) for e in self.edges[node].values() if e.b == node)
        for group in {id(self.group[n]): self.group[n] for n in nodes}.values():
            group.anchor = min(group.members, key=self._order)
            self._touch(group)

    def _components(self, nodes: list[int]) -> Iterator[list[int]]:
        left = dict.fromkeys(nodes)
        while left:
            start, _ = left.popitem()
            members, k = [start], 0
            while k < len(members):
                for other in self._beside(members[k]):
                    if other in left:
                        del left[other]
                        members.append(other)
                k += 1
            yield members

    def _beside(self, node: int) -> Iterator[int]:
        """Those to whom a node is linked."""
        if not self.shared[node]:
            for other in self.edges[node]:
                if not self.shared[other]:
                    yield other
        for kind, at in self.linked.get(node, ()):
            if kind > 0:
                a, b = self.must[at]
            elif kind == 0:
                a, b, _ = self.weak[at]
                if self.shared[a] or self.shared[b]:
                    continue
            else:
                continue
            yield b if a == node else a

    def _regroup(self, lump: Lump) -> None:
        """The customers of one component, its links taken one by one."""
        nodes = sorted(lump.members, key=self.key.__getitem__)
        place = {node: at for at, node in enumerate(nodes)}
        links = sorted({link for n in nodes for link in self.linked.get(n, ())})
        of = {k: [at for kind, at in links if kind == k] for k in (-1, 0, 1)}
        clusters = Clusters(
            self.guards,
            [self.type[n] for n in nodes],
            spans=[(self.first[n], self.last[n]) for n in nodes],
            cannot=_local(place, (self.cannot[at] for at in of[-1])),
        )
        clusters.must(_local(place, (self.must[at] for at in of[1])))
        if not lump.giant:
            clusters.take((place[e.a], place[e.b]) for e in self._credible(nodes))
            weak = [self.weak[at] for at in of[0]]
            free = [w for w in weak if not (self.shared[w[0]] or self.shared[w[1]])]
            free.sort(key=lambda w: (-w[2], place[w[0]], place[w[1]]))
            clusters.take((place[a], place[b]) for a, b, _ in free)
        held: dict[int, list[int]] = {}
        for at, node in enumerate(nodes):
            held.setdefault(clusters.find(at), []).append(node)
        for members in held.values():
            group = Group(members, 0, members[0])
            self.tell(group)
            for node in members:
                self.group[node] = group

    def tell(self, group: Group) -> None:
        """What a customer counts, and from whom it must be kept apart."""
        one = self.unit
        counted = {
            (self.type[n], one.get(n, n)) if one else (self.type[n], n) for n in group.members
        }
        group.count = sum(self.guards.units[kind] for kind, _ in counted)
        group.foes = []
        if self.cannot:
            for node in group.members:
                for kind, at in self.linked.get(node, ()):
                    if kind < 0:
                        a, b = self.cannot[at]
                        group.foes.append(b if a == node else a)

    def _credible(self, nodes: Sequence[int]) -> list[Edge]:
        """The edges among nodes, the most credible first."""
        kind, shared, key = self.type, self.shared, self.key
        held = [
            edge
            for node in nodes
            if not shared[node]
            for edge in self.edges[node].values()
            if edge.b == node and not shared[edge.a]
        ]
        held.sort(
            key=lambda e: (
                kind[e.b], kind[e.a], not e.login, -e.last, e.first, key[e.a], key[e.b]
            )
        )  # fmt: skip
        return held


def _moves(edge: Edge, time: int, login: bool) -> bool:
    """Take in that an edge was seen; whether it is more credible than before."""
    moved = False
    if time > edge.last:
        edge.last, moved = time, True
    if time < edge.first:
        edge.first, moved = time, True
    if login and not edge.login:
        edge.login, moved = True, True
    return moved


def _local(place: dict[int, int], pairs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    return ((place[a], place[b]) for a, b in pairs if a in place and b in place)
