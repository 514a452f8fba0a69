"""Live: the graph of identifiers and its customers, kept up to date one bundle at a time.

All of it is a cache of the evidence. What one more bundle changes is known beforehand in all but
a few cases, by what `settle` says of unions:

    a link within a customer, or between two that fit together      at most these two become one
    a link between two that don't fit together                      the component is settled anew

A *core* is what must-links and links that vouch have joined.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import islice
from typing import final

from onefold.identity.changes import Change, Identifier, rearranged, united
from onefold.identity.graph import LATE
from onefold.identity.kinds import IdentifierType
from onefold.identity.parts import Bundle, Edge, Group, Lump, Order
from onefold.identity.people import named
from onefold.identity.policy import IdentityPolicy
from onefold.identity.settle import BITS, Clusters, Crowd, Guards, settled

SMALL = 8  # a component so small is put into the order of another one edge by edge


@final
class Graph:
    """Nodes, edges, components and customers; a node's number is its place in order of arrival."""

    def __init__(self, policy: IdentityPolicy) -> None:
        kinds: Sequence[IdentifierType] = policy.types
        self.policy, self.kinds, self.guards = policy, kinds, Guards(kinds)
        self.narrow = Guards(kinds, narrow=True)
        self.vouches = [k.vouches for k in kinds]
        self.unique = [
            unit if once else 0
            for unit, once in zip(self.narrow.units, self.narrow.once, strict=True)
        ]
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
        self.giant: list[bool] = []
        self.contested: list[bool] = []
        self.core: list[int] = []  # another node of the same core, or itself
        self.once: list[int] = []  # of such a one the types that count once for it
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
        dirty: dict[Lump, bool] = {}
        for node in bundle.nodes:
            self._stretch(node, time, dirty)
        if not bundle.tells or len(bundle.nodes) < 2:
            self._finish(dirty, [], [])
            return
        new: list[Edge] = []
        if bundle.edges is None:
            bundle.edges, new = self._edges(bundle.nodes)
        moved = [edge for edge in bundle.edges if _moves(edge, time, bundle.login)]
        fallen: list[int] = []
        for edge in new:
            if self.serves(edge) and not self.shared[edge.b]:
                self.shared[edge.b] = True
                fallen.append(edge.b)
        for node in fallen:
            dirty[self.lump[node]] = True
        shared, freed = self.shared, list[int]()
        for edge in moved:
            if not (shared[edge.a] or shared[edge.b]):
                self._meet(edge, dirty, freed)
        self._finish(dirty, new, freed)

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
        self.giant.append(False)
        self.contested.append(False)
        self.core.append(n)
        self.once.append(self.unique[kind])
        self.lump.append(Lump([n]))
        group = Group([n], self.guards.units[kind], n)
        group.once = self.unique[kind]
        self.group.append(group)
        self.ids.append(None)
        self.touched[group] = [(None, 0)]
        self.found.append(n)
        return n

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

    def _stretch(self, node: int, time: int, dirty: dict[Lump, bool]) -> None:
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
        if over <= limit or self.giant[node]:
            return
        first, last = self.first[node], self.last[node]
        if node in self.unit or self._crowd(group, kind).most_within(first, last) > limit:
            dirty[self.lump[node]] = False

    def _edges(self, nodes: Sequence[int]) -> tuple[list[Edge], list[Edge]]:
        """The edges of a bundle, and those that are new."""
        out, new = [], []
        for at, a in enumerate(nodes):
            for b in nodes[at + 1 :]:
                edge = self.edges[a].get(b)
                if edge is None:
                    edge = self.edge(a, b)
                    new.append(edge)
                out.append(edge)
        return out, new

    def edge(self, a: int, b: int) -> Edge:
        """The edge of two nodes that was not there."""
        sure = self.vouches[self.type[a]] and self.vouches[self.type[b]]
        edge = self.edges[a][b] = self.edges[b][a] = Edge(a, b, sure)
        return edge

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

    def _meet(self, edge: Edge, dirty: dict[Lump, bool], freed: list[int]) -> None:
        """A link is new or more credible; `freed` gets the nodes that may not be contested now."""
        a, b = edge.a, edge.b
        lump = self._lumped(a, b, dirty)
        if lump.order is not None:
            self._place(edge, lump.order)
        if lump in dirty or (self.giant[a] and not lump.weak):
            return
        core, other = self._core(a), self._core(b)
        if lump.weak:
            if not edge.sure or core != other:
                dirty[lump] = False
            return
        x, y = self.group[a], self.group[b]
        both = self.once[core] & self.once[other] if edge.sure and core != other else 0
        if x is not y:
            if not self._fits(x, y, both):
                dirty[lump] = False
                return
            if both:  # what kept these apart does so no longer
                freed += [n for n in x.members + y.members if self.contested[n]]
            self._join(x, y, both)
        if edge.sure and core != other:
            self.core[core] = other
            self.once[other] |= self.once[core]

    def _core(self, node: int) -> int:
        """The node by which a core goes."""
        core = self.core
        while core[node] != node:
            core[node] = node = core[core[node]]
        return node

    def _lumped(self, a: int, b: int, dirty: dict[Lump, bool]) -> Lump:
        """The component of two nodes, which is one from now on."""
        x, y = self.lump[a], self.lump[b]
        if x is y:
            return x
        if len(x.members) < len(y.members):
            x, y = y, x
        weak, broke = x.weak or y.weak, dirty.pop(y, None)
        giant = not weak and self.giant[x.members[0]]
        for node in y.members:
            self.lump[node] = x
        x.members += y.members
        x.weak = weak
        if weak or giant or len(y.members) > SMALL:
            x.order = None
        elif x.order is not None:
            for edge in self._edges_of(y.members):
                self._place(edge, x.order)
        if broke is not None or weak:
            dirty[x] = dirty.get(x, False) or bool(broke)
        elif giant and len(y.members) == 1:
            self.giant[y.members[0]] = True
        elif len(x.members) > self.policy.giant:
            dirty.setdefault(x, False)
        return x

    def _fits(self, x: Group, y: Group, shared: int) -> bool:
        """Whether two may be one customer, if two cores become one that both have some types."""
        if (x.once + y.once - shared + self.narrow.bias) & self.narrow.high:
            return False
        both = x.count + y.count
        if (both + self.guards.bias) & self.guards.high:
            for kind in self.guards.broken(both):
                limit = self.guards.limits[kind]
                assert limit is not None
                if self.guards.periods[kind] is None:
                    return False
                if self._crowd(x, kind).too_many(self._crowd(y, kind), limit):
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

    def _join(self, x: Group, y: Group, shared: int) -> None:
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
        x.once += y.once - shared
        if self._order(y.anchor) < self._order(x.anchor):
            x.anchor = y.anchor

    def _order(self, node: int) -> tuple[bool, int, tuple[int, str]]:
        """Among the nodes of a customer the least is its anchor."""
        return self.contested[node], self.first[node], self.key[node]

    def _touch(self, group: Group) -> None:
        self.touched.setdefault(group, [(group.name, 0)])

    # Settling anew.

    def _finish(self, dirty: dict[Lump, bool], new: list[Edge], freed: list[int]) -> None:
        """Settle what must be settled anew, and tell who is contested now."""
        for lump, broke in dirty.items():
            self.settle(lump, broke)
        nodes = [edge.b for edge in new if not self.contested[edge.b] and self._is_cut(edge)]
        if nodes or freed:
            self._contest(nodes + freed)

    def _is_cut(self, edge: Edge) -> bool:
        """Whether an edge contests its weaker node."""
        a, b = edge.a, edge.b
        return (
            self.group[a] is not self.group[b]
            and self.type[a] < self.type[b]
            and not (self.shared[a] or self.shared[b] or self.giant[a] or self.contested[a])
        )

    def _contest(self, nodes: Iterable[int]) -> None:
        """Who is contested of some nodes, and of those that hang on them."""
        left = sorted((self.type[n], n) for n in set(nodes))
        while left:
            _, node = heappop(left)
            now = self.shared[node] or any(
                e.b == node and self._is_cut(e) for e in self.edges[node].values()
            )
            if now == self.contested[node]:
                continue
            self.contested[node] = now
            group = self.group[node]
            if now and group.anchor == node and len(group.members) > 1:
                self._touch(group)
                group.anchor = min(group.members, key=self._order)
            elif not now and self._order(node) < self._order(group.anchor):
                self._touch(group)
                group.anchor = node
            for edge in self.edges[node].values():
                if edge.a == node and self.type[edge.b] > self.type[node]:
                    heappush(left, (self.type[edge.b], edge.b))

    def settle(self, lump: Lump, broke: bool) -> None:
        """Components, if it may be in pieces, and customers of what was a component."""
        lumps = [lump]
        if broke or lump.weak:
            lumps = [Lump(part) for part in self._components(lump.members, weak=True)]
        before = [self.giant[node] for node in lump.members]
        moved = set(lump.members) if broke else set()
        parts = [part for one in lumps for part in self._settle(one, broke or lump.weak)]
        changed = self._regroup(parts, moved)
        for node, giant in zip(lump.members, before, strict=True):
            if self.giant[node] != giant:
                moved.add(node)
        near = {e.b for n in moved for e in self.edges[n].values() if self.type[e.b] > self.type[n]}
        self._contest(near | moved)
        for group in changed:
            group.anchor = min(group.members, key=self._order)

    def _leave(self, group: Group) -> None:
        """Note whose the nodes of a customer were."""
        pieces = self.touched.pop(group, [(group.name, 0)])
        ends = [start for _, start in pieces[1:]] + [len(group.members)]
        for (name, start), end in zip(pieces, ends, strict=True):
            if name is not None:
                self.before.setdefault(name, []).extend(group.members[start:end])

    def _components(self, nodes: Iterable[int], *, weak: bool) -> Iterator[list[int]]:
        left = dict.fromkeys(nodes)
        while left:
            start, _ = left.popitem()
            members, k = [start], 0
            while k < len(members):
                for other in self._beside(members[k], weak):
                    if other in left:
                        del left[other]
                        members.append(other)
                k += 1
            yield members

    def _beside(self, node: int, weak: bool) -> Iterator[int]:
        """Those to whom a node is linked."""
        if not self.shared[node]:
            for other in self.edges[node]:
                if not self.shared[other]:
                    yield other
        for kind, at in self.linked.get(node, ()):
            if kind > 0:
                a, b = self.must[at]
            elif kind == 0 and weak:
                a, b, _ = self.weak[at]
                if self.shared[a] or self.shared[b]:
                    continue
            else:
                continue
            yield b if a == node else a

    def _settle(self, lump: Lump, broke: bool) -> list[list[int]]:
        """The nodes of each customer that may be another, its links taken one by one."""
        nodes = lump.members
        place = {node: at for at, node in enumerate(nodes)}
        links = {link for n in nodes for link in self.linked.get(n, ())} if self.linked else set()
        of = {k: [at for kind, at in links if kind == k] for k in (-1, 0, 1)}
        weak = [w for w in map(self.weak.__getitem__, of[0]) if self._free(w)]
        lump.weak = bool(weak)
        for part in self._components(nodes, weak=False) if weak else [nodes]:
            giant = len(part) > self.policy.giant
            for node in part:
                self.lump[node], self.giant[node] = lump, giant
        key = self.key
        weak = [w for w in weak if not (self.giant[w[0]] or self.giant[w[1]])]
        weak.sort(key=lambda w: (-w[2], key[w[0]], key[w[1]]))
        if lump.weak or self.giant[nodes[0]]:
            order, lump.order = self._ordered(nodes), None
        else:
            order = lump.order = self._ordered(nodes) if lump.order is None else lump.order
        first = bisect_left(order, (True,))
        pairs = ((place[e[8]], place[e[9]]) for e in order)  # many, and gone as soon as read
        types = self.type
        clusters = Clusters(
            self.guards,
            [types[n] for n in nodes],
            first=[self.first[n] for n in nodes],
            last=[self.last[n] for n in nodes],
            cannot=_local(place, [self.cannot[at] for at in of[-1]]),
        )
        must = sorted((self.must[at] for at in of[1]), key=lambda m: (key[m[0]], key[m[1]]))
        core = settled(
            clusters,
            _local(place, must),
            islice(pairs, first),
            pairs,
            _local(place, [w[:2] for w in weak]),
            narrow=self.narrow,
            most=self.policy.giant,
        )
        anew = self._cored(nodes, [nodes[at] for at in core])
        parts = []
        for part in clusters.parts():
            group = self.group[nodes[part[0]]]
            if anew:
                self.tell(group)
            if (
                len(group.members) != len(part)
                or broke
                or any(self.group[nodes[at]] is not group for at in part)
            ):
                parts.append([nodes[at] for at in part])
        return parts

    def _regroup(self, parts: list[list[int]], moved: set[int]) -> list[Group]:
        """Give customers the nodes that they have now, and return those that are others.

        `moved` gets the nodes whose customer is another now.
        """
        group = self.group
        changed: list[Group] = []
        olds = {id(group[n]): group[n] for part in parts for n in part}
        for old in olds.values():
            self._leave(old)
        for part in sorted(parts, key=len, reverse=True):
            found = Counter(id(group[n]) for n in part)
            best = next((k for k, _ in found.most_common() if k in olds), None)
            now = Group([], 0, part[0]) if best is None else olds.pop(best)
            now.members, now.anchor, now.name = part, part[0], None
            now.crowds = {}
            for node in part:
                if group[node] is not now:
                    moved.add(node)
                    group[node] = now
            self.tell(now)
            self._touch(now)
            changed.append(now)
        return changed

    def _free(self, weak: tuple[int, int, float]) -> bool:
        return not (self.shared[weak[0]] or self.shared[weak[1]])

    def _cored(self, nodes: Sequence[int], core: Sequence[int]) -> bool:
        """Take in of which core each of some nodes is; whether that is not as it was."""
        was: dict[int, int] = {}
        cores = zip(core, map(self._core, nodes), strict=True)
        same = all(was.setdefault(root, k) == k for root, k in cores)
        if same and len(set(was.values())) == len(was):
            return False
        self.cored(nodes, core)
        return True

    def cored(self, nodes: Sequence[int], core: Sequence[int]) -> None:
        """Take in of which core each of some nodes is."""
        for root in core:
            self.once[root] = 0
        for node, root in zip(nodes, core, strict=True):
            self.core[node] = root
            self.once[root] |= self.unique[self.type[node]]

    def tell(self, group: Group) -> None:
        """What a customer counts, and from whom it must be kept apart."""
        one = self.unit
        counted = {
            (self.type[n], one.get(n, n)) if one else (self.type[n], n) for n in group.members
        }
        group.count = sum(self.guards.units[kind] for kind, _ in counted)
        group.once = sum(self.once[core] for core in {self._core(n) for n in group.members})
        group.foes = []
        if self.cannot:
            for node in group.members:
                for kind, at in self.linked.get(node, ()):
                    if kind < 0:
                        a, b = self.cannot[at]
                        group.foes.append(b if a == node else a)

    def _edges_of(self, nodes: Iterable[int]) -> Iterator[Edge]:
        """The edges between some nodes and stronger ones of their component."""
        for node in nodes:
            if not self.shared[node]:
                for edge in self.edges[node].values():
                    if edge.b == node and not self.shared[edge.a]:
                        yield edge

    def _ordered(self, nodes: Sequence[int]) -> list[Order]:
        """The edges among nodes, the most credible first."""
        out = []
        for edge in self._edges_of(nodes):
            if not self.giant[edge.a]:
                edge.key = self._credible(edge)
                out.append(edge.key)
        out.sort()
        return out

    def _place(self, edge: Edge, order: list[Order]) -> None:
        """Put an edge where it belongs."""
        if edge.key is not None:
            at = bisect_left(order, edge.key)
            if at < len(order) and order[at] is edge.key:
                del order[at]
        edge.key = self._credible(edge)
        insort(order, edge.key)

    def _credible(self, edge: Edge) -> Order:
        a, b, kind, key = edge.a, edge.b, self.type, self.key
        weak, strong, late = kind[b], kind[a], -edge.last
        return not edge.sure, weak, strong, not edge.login, late, edge.first, key[a], key[b], a, b


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


def _local(place: dict[int, int], pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(place[a], place[b]) for a, b in pairs if a in place and b in place]
