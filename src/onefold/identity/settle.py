"""Settle: who is who where the evidence contradicts itself.

Links are taken one by one, the most credible first, and each is accepted unless the two sides
together would break a limit or a cannot-link:

    ann - cookie (yesterday)  accepted        ben - cookie (last year)  would join ann and ben: cut

Links of types that don't vouch come after those that do: a device joins no two e-mail addresses.
What would be broken by a union is broken by every larger one. So the outcome has three properties
that the resolver of streams rests on: an accepted link that becomes more credible, a link within a
cluster, and a link between clusters that fit together change nothing else.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import final

from onefold.identity.kinds import IdentifierType

BITS = 32  # of one type's count among those of a cluster, which are one whole number
HIGH = 1 << (BITS - 1)


@final
class Guards:
    """Limits as sums of whole numbers: each type has `BITS` bits, the highest of which tells."""

    __slots__ = ("_told", "bias", "hard", "high", "limits", "once", "periods", "units")

    def __init__(self, kinds: Sequence[IdentifierType], *, narrow: bool = False) -> None:
        """The limits of types; with `narrow` those of links that don't vouch."""
        self.units = [1 << (BITS * i) for i in range(len(kinds))]
        # What counts once for each cluster of links that vouch, of which a customer has one.
        self.once = [narrow and k.vouches and k.limit is not None for k in kinds]
        self.limits = [1 if once else k.limit for k, once in zip(kinds, self.once, strict=True)]
        self.periods = [
            None if k.period is None or once else int(k.period.astype("m8[us]").astype(int))
            for k, once in zip(kinds, self.once, strict=True)
        ]
        limited = [i for i, limit in enumerate(self.limits) if limit is not None]
        self.bias = sum((HIGH - 1 - (self.limits[i] or 0)) << (BITS * i) for i in limited)
        self.high = sum(HIGH << (BITS * i) for i in limited)
        self._told: dict[int, list[int]] = {}
        # Beyond these it need not be asked when the values were in use.
        self.hard = sum(HIGH << (BITS * i) for i in limited if self.periods[i] is None)

    def counted(self, count: int) -> int:
        """A cluster's count from here on: what counts once, once."""
        for once, unit in zip(self.once, self.units, strict=True):
            held = count & (unit * ((1 << BITS) - 1))
            if once and held:
                count += unit - held
        return count

    def broken(self, count: int) -> list[int]:
        """Positions of the types of which a sum of counts is above the limit."""
        over = (count + self.bias) & self.high
        if over not in self._told:
            self._told[over] = [i for i, unit in enumerate(self.units) if over & (unit * HIGH)]
        return self._told[over]


@final
class Clusters:
    """Nodes 0 to n - 1 in clusters that keep to the guards; every one is alone at first."""

    __slots__ = (
        "_count",
        "_crowds",
        "_first",
        "_foes",
        "_guards",
        "_last",
        "_narrow",
        "_next",
        "_size",
        "_types",
        "_unit",
        "parent",
    )

    def __init__(
        self,
        guards: Guards,
        types: Sequence[int],
        *,
        first: Sequence[int],
        last: Sequence[int],
        cannot: Iterable[tuple[int, int]] = (),
    ) -> None:
        n = len(types)
        self._guards, self._types, self._first, self._last = guards, types, first, last
        self.parent = list(range(n))
        self._next = list(range(n))  # of the same cluster, round and round
        self._size = [1] * n
        self._count = [guards.units[t] for t in types]
        self._foes: dict[int, list[int]] = {}
        self._narrow: list[int] | None = None  # counts, while links are taken that don't vouch
        self._crowds: dict[tuple[int, int], Crowd] = {}
        self._unit: list[int] | None = (
            None  # what each node counts as, where some were declared one
        )
        for a, b in cannot:
            self._foes.setdefault(a, []).append(b)
            self._foes.setdefault(b, []).append(a)

    def find(self, node: int) -> int:
        """The root of a node's cluster."""
        parent = self.parent
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    def must(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Join pairs whatever the limits; of what they join each type counts once from then on."""
        several = list(pairs)
        if not several:
            return
        for a, b in several:
            x, y = self.find(a), self.find(b)
            if x != y and not self._hostile(x, y):
                self._join(x, y)
        self._unit = [self.find(i) for i in range(len(self.parent))]
        for root in {self.find(i) for i in range(len(self.parent))}:
            kinds = {self._types[i] for i in self._members(root)}
            self._count[root] = sum(self._guards.units[t] for t in kinds)

    def take(
        self,
        pairs: Iterable[tuple[int, int]],
        *,
        most: int | None = None,
        narrow: Guards | None = None,
    ) -> None:
        """Join each pair, in this order, if both sides fit together, into `most` nodes or fewer.

        With `narrow` guards, what is one cluster now counts once for them, and the other guards
        have nothing to say: what they allow keeps to these.
        """
        parent, count, guards = self.parent, self._count, self._guards
        if narrow is not None:
            seen = {c: narrow.counted(c) for c in set(self._count)}
            guards, count = narrow, [seen[c] for c in self._count]
        self._narrow = None if narrow is None else count
        bias, high, hard = guards.bias, guards.high, guards.hard
        for x, y in pairs:
            while parent[x] != x:  # as `find`, millions of times
                parent[x] = x = parent[parent[x]]
            while parent[y] != y:
                parent[y] = y = parent[parent[y]]
            if x == y:
                continue
            over = (count[x] + count[y] + bias) & high
            if over and (over & hard or self._crowded(guards, count[x] + count[y], x, y)):
                continue
            if self._foes and self._hostile(x, y):
                continue
            if most is not None and self._size[x] + self._size[y] > most:
                continue
            self._join(x, y)
        self._narrow = None

    def parts(self) -> Iterator[list[int]]:
        """The nodes of each cluster."""
        for i, root in enumerate(self.parent):
            if i == root:
                yield self._members(root)

    def _members(self, root: int) -> list[int]:
        out, at = [root], self._next[root]
        while at != root:
            out.append(at)
            at = self._next[at]
        return out

    def why(self, x: int, y: int) -> tuple[list[int], bool]:
        """What keeps the clusters of two roots apart: types beyond their limit, a cannot-link."""
        over = self._guards.broken(self._count[x] + self._count[y])
        kinds = [t for t in over if self._guards.periods[t] is None or self._dense(x, y, t)]
        return kinds, self._hostile(x, y)

    def _crowded(self, guards: Guards, both: int, x: int, y: int) -> bool:
        return any(guards.periods[t] is None or self._dense(x, y, t) for t in guards.broken(both))

    def _hostile(self, x: int, y: int) -> bool:
        one, other = self._foes.get(x, ()), self._foes.get(y, ())
        if len(one) <= len(other):
            return any(self.find(node) == y for node in one)
        return any(self.find(node) == x for node in other)

    def _dense(self, x: int, y: int, kind: int) -> bool:
        """Whether more of a type than may be are in use within one period."""
        limit = self._guards.limits[kind]
        assert limit is not None
        if self._size[x] == 1:
            x, y = y, x
        if self._size[y] == 1:
            return self._crowd(x, kind).full(self._first[y], self._last[y], limit)
        return self._crowd(x, kind).too_many(self._crowd(y, kind), limit)

    def _crowd(self, root: int, kind: int) -> "Crowd":
        if (root, kind) not in self._crowds:
            nodes = [i for i in self._members(root) if self._types[i] == kind]
            self._crowds[root, kind] = Crowd(self._used(nodes), self._guards.periods[kind] or 0)
        return self._crowds[root, kind]

    def _used(self, nodes: list[int]) -> list[tuple[int, int]]:
        """When each value was in use; those that were declared to be one are one."""
        if self._unit is None:
            spans = [(self._first[i], self._last[i]) for i in nodes]
            return [span for span in spans if span[0] <= span[1]]
        whole: dict[int, tuple[int, int]] = {}
        for node in nodes:
            first, last = self._first[node], self._last[node]
            begin, end = whole.get(self._unit[node], (first, last))
            whole[self._unit[node]] = min(begin, first), max(end, last)
        return [span for span in whole.values() if span[0] <= span[1]]

    def _join(self, x: int, y: int) -> None:
        if self._size[x] < self._size[y]:
            x, y = y, x
        for kind, period in enumerate(self._guards.periods):
            if period is not None and (x, kind) in self._crowds:
                self._crowds[x, kind].add(self._crowd(y, kind))
        self.parent[y] = x
        self._size[x] += self._size[y]
        self._next[x], self._next[y] = self._next[y], self._next[x]
        self._count[x] += self._count[y]
        if self._narrow is not None:
            self._narrow[x] += self._narrow[y]
        if y in self._foes:
            self._foes.setdefault(x, []).extend(self._foes.pop(y))


def settled(
    clusters: Clusters,
    must: Iterable[tuple[int, int]],
    sure: Iterable[tuple[int, int]],
    others: Iterable[tuple[int, int]],
    weak: Iterable[tuple[int, int]],
    *,
    narrow: Guards,
    most: int,
) -> list[int]:
    """Take all links, each list in its order; and the core of each node.

    Args:
        clusters: Nodes that are alone; it holds the outcome.
        must: Pairs that are one whatever the limits.
        sure: Pairs whose ends both vouch.
        others: Pairs of which an end does not; they keep to the narrow guards.
        weak: Pairs that may be one.
        narrow: The guards for `others`.
        most: How many nodes weak links may join.
    """
    clusters.must(must)
    clusters.take(sure)
    core = [clusters.find(i) for i in range(len(clusters.parent))]
    clusters.take(others, narrow=narrow)
    clusters.take(weak, most=most)
    return core


@final
class Crowd:
    """Values of one type in use, each from its first instant to a period after its last.

    The most in use within any stretch of one period are the most of these spans at one instant.
    """

    __slots__ = ("_ends", "_period", "_spans", "_starts")

    def __init__(self, spans: Iterable[tuple[int, int]], period: int) -> None:
        self._period = period
        self._spans = [(first, last + period) for first, last in spans]
        self._starts = sorted(start for start, _ in self._spans)
        self._ends = sorted(end for _, end in self._spans)

    def too_many(self, other: "Crowd", limit: int) -> bool:
        """Whether more than `limit` of both are in use at once; each side keeps to it alone."""
        small, large = (other, self) if len(other._spans) < len(self._spans) else (self, other)
        if len(small._spans) + len(large._spans) <= limit:
            return False
        starts, ends = large._starts, large._ends
        alone = len(small._spans) == 1
        for start, end in small._spans:
            low = bisect_right(starts, start)
            begun = low - bisect_right(ends, start) + (1 if alone else small._at(start))
            if begun > limit:
                return True
            high = bisect_right(starts, end - 1, low)
            if alone and begun + high - low <= limit:
                continue
            for at in range(low, high):
                instant = starts[at]
                both = bisect_right(starts, instant) - bisect_right(ends, instant)
                if both + (1 if alone else small._at(instant)) > limit:
                    return True
        return False

    def full(self, first: int, last: int, limit: int) -> bool:
        """Whether `limit` or more are in use at one instant at which another one is."""
        if first > last:
            return False
        starts, ends = self._starts, self._ends
        low = bisect_right(starts, first)
        begun = low - bisect_right(ends, first)
        if begun >= limit:
            return True
        high = bisect_right(starts, last + self._period - 1, low)
        if begun + high - low < limit:
            return False
        for at in range(high - 1, low - 1, -1):
            instant = starts[at]
            if bisect_right(starts, instant) - bisect_right(ends, instant) >= limit:
                return True
        return False

    def most_within(self, first: int, last: int) -> int:
        """The most at one instant at which the one that is in use from first to last is, too."""
        end = last + self._period
        low, high = bisect_right(self._starts, first), bisect_right(self._starts, end - 1)
        return max(self._at(instant) for instant in (first, *self._starts[low:high]))

    def stretch(self, old: tuple[int, int], new: tuple[int, int]) -> None:
        """One that was in use for so long was so for longer."""
        was, now = (old[0], old[1] + self._period), (new[0], new[1] + self._period)
        self._spans[self._spans.index(was)] = now
        for held, out, into in ((self._starts, was[0], now[0]), (self._ends, was[1], now[1])):
            if out != into:
                del held[bisect_left(held, out)]
                insort(held, into)

    def add(self, other: "Crowd") -> None:
        """Take in the spans of another."""
        self._spans += other._spans
        for start, end in other._spans:
            insort(self._starts, start)
            insort(self._ends, end)

    def _at(self, instant: int) -> int:
        return bisect_right(self._starts, instant) - bisect_right(self._ends, instant)
