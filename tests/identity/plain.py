"""Who is who in plain Python, straight from the rules: the oracle of the tests.

Nothing here is fast, and nothing is shared with the library but the reading of one spelling.
"""

import itertools
import math

import numpy as np

from onefold.identity import IdentityPolicy
from onefold.identity.bundles import reader

MUST, WEAK, CANNOT = 1, 0, -1


class Plain:
    """The rules, one after another.

    `rows` are (time in microseconds, kind or None, source or None, [(type, value), ...]); `links`
    are (kind, a, b, probability) with a and b in their normal form.
    """

    def __init__(self, rows, policy: IdentityPolicy, links=()):
        self.policy = policy
        self.place = {k.name: i for i, k in enumerate(policy.types)}
        self.read = {k.name: reader(k, policy) for k in policy.types}
        self.rows = [(t, kind, self.bundle(several, source)) for t, kind, source, several in rows]
        self.links = [x for x in links if x[1] != x[2] or x[0] == CANNOT]
        self.nodes = sorted(
            {n for _, _, b in self.rows for n in b} | {e for x in self.links for e in x[1:3]},
            key=self.order,
        )
        self.spans = dict.fromkeys(self.nodes, (math.inf, -math.inf))
        for t, _, bundle in self.rows:
            for n in bundle:
                a, b = self.spans[n]
                self.spans[n] = min(a, t), max(b, t)
        self.edges = self._edges()
        self.owners = {n: self._owners(n) for n in self.nodes}
        self.demoted = {
            n for n in self.nodes if self.owners[n] > (self.kind(n).max_owners or math.inf)
        }
        self.group = self._partition()

    def kind(self, node):
        return self.policy.type(node[0])

    def rank(self, node):
        return self.place[node[0]]

    def order(self, node):
        return self.rank(node), node[1]

    def bundle(self, several, source):
        out = set()
        for name, value in several:
            made = self.read[name](value)
            if made is not None:
                if self.policy.type(name).per_source:
                    made = f"{source or ''}:{made}"
                out.add((name, made))
        return sorted(out, key=self.order)

    def _edges(self):
        held: dict = {}
        for t, kind, bundle in self.rows:
            if kind in self.policy.not_evidence:
                continue
            for pair in itertools.combinations(bundle, 2):
                first, last, login = held.get(pair, (math.inf, -math.inf, False))
                login = login or kind in self.policy.logins
                held[pair] = min(first, t), max(last, t), login
        return held

    def _owners(self, node):
        most = 0
        for kind in self.policy.types:
            if kind.limit is None or self.place[kind.name] >= self.rank(node):
                continue
            seen = {a for a, b in self.edges if b == node and a[0] == kind.name}
            most = max(most, math.ceil(len(seen) / kind.limit))
        return most

    def _partition(self):
        believed = {
            pair: e for pair, e in self.edges.items() if not self.demoted.intersection(pair)
        }
        weak = [
            (p, a, b)
            for kind, a, b, p in self.links
            if kind == WEAK and not self.demoted.intersection((a, b))
        ]
        must = [(a, b) for kind, a, b, _ in self.links if kind == MUST]
        lumps = Sets(self.nodes)
        for a, b in [*believed, *must]:
            lumps.join(a, b)
        sizes: dict = {}
        for n in self.nodes:
            sizes[lumps.find(n)] = sizes.get(lumps.find(n), 0) + 1
        self.giant = {n for n in self.nodes if sizes[lumps.find(n)] > self.policy.giant}
        self.cannot = [(a, b) for kind, a, b, _ in self.links if kind == CANNOT]

        def pair_order(a, b):
            return tuple(sorted((a, b), key=self.order))

        out = Sets(self.nodes)
        for a, b in sorted(
            (pair_order(a, b) for a, b in must), key=lambda p: tuple(map(self.order, p))
        ):
            if not self.hostile(out, a, b):
                out.join(a, b)
        self.unit = {n: out.find(n) for n in self.nodes}
        key = {
            (a, b): (
                self.rank(b),
                self.rank(a),
                not login,
                -last,
                first,
                self.order(a),
                self.order(b),
            )
            for (a, b), (first, last, login) in believed.items()
        }
        for a, b in sorted(key, key=key.__getitem__):
            if a not in self.giant and self.fits(out, a, b):
                out.join(a, b)
        ordered = [(-p, *map(self.order, pair_order(a, b)), a, b) for p, a, b in weak]
        for *_, a, b in sorted(ordered):
            whole = out.held[a] | out.held[b]
            small = len(whole) <= self.policy.giant or out.find(a) == out.find(b)
            if not self.giant.intersection((a, b)) and small and self.fits(out, a, b):
                out.join(a, b)
        return {n: out.find(n) for n in self.nodes}

    def hostile(self, sets, a, b):
        x, y = sets.find(a), sets.find(b)
        return x != y and any({sets.find(c), sets.find(d)} == {x, y} for c, d in self.cannot)

    def fits(self, sets, a, b):
        x, y = sets.find(a), sets.find(b)
        if x == y:
            return True
        both = [n for n in self.nodes if sets.find(n) in (x, y)]
        return not self.hostile(sets, a, b) and not self.over(both)

    def over(self, nodes):
        """Types of which one customer would have too many."""
        out = []
        for kind in self.policy.types:
            if kind.limit is None:
                continue
            units: dict = {}
            for n in nodes:
                if n[0] == kind.name:
                    a, b = units.get(self.unit[n], (math.inf, -math.inf))
                    units[self.unit[n]] = min(a, self.spans[n][0]), max(b, self.spans[n][1])
            most = len(units)
            if kind.period is not None:
                period = int(kind.period / np.timedelta64(1, "us"))
                most = max(
                    (
                        sum(a <= t < b + period for a, b in units.values())
                        for t, _ in units.values()
                    ),
                    default=0,
                )
            if most > kind.limit:
                out.append(kind.name)
        return out

    @property
    def cut(self):
        silent = self.demoted | self.giant
        return {
            pair
            for pair in self.edges
            if self.group[pair[0]] != self.group[pair[1]] and not silent.intersection(pair)
        }

    @property
    def contested(self):
        return self.demoted | {b for a, b in self.cut if self.rank(a) < self.rank(b)}

    def people(self):
        """The members of each customer, and its anchor."""
        out: dict = {}
        contested = self.contested
        for n in self.nodes:
            out.setdefault(self.group[n], []).append(n)

        def anchor(n):
            return n in contested, self.spans[n][0], self.order(n)

        return {frozenset(held): min(held, key=anchor) for held in out.values()}

    def owner(self, at):
        """Whose row `at` is: ("p", group), ("s", node) or None."""
        t, _, bundle = self.rows[at]
        contested = self.contested
        clear = [n for n in bundle if n not in contested]
        if not bundle:
            return None
        if clear:
            return "p", self.group[clear[0]]
        v = bundle[0]
        said = self._claims(v)
        if self.policy.attribution == "last_login":
            before = [s for s in said if s[0] <= t and s[1] != "seen"]
            found = before[-1] if before else None
        elif self.policy.attribution == "session":
            found = self._in_session(said, t)
        else:
            found = None
        if found is None or found[1] != "claim":
            return "s", v
        return "p", self.group[found[2]]

    def _claims(self, v):
        """What happened with a node: (time, "claim", node), logouts and the rest, in order."""
        out, contested = [], self.contested
        for t, kind, bundle in self.rows:
            if v not in bundle:
                continue
            clear = [n for n in bundle if n not in contested]
            asks = not clear and bundle[0] == v
            stronger = bool(clear) and self.rank(clear[0]) < self.rank(v)
            if kind in self.policy.logouts and not asks:
                out.append((t, 1, (0,), "logout", None))
            elif stronger and kind not in self.policy.not_evidence:
                minus = tuple(-x for x in (self.nodes.index(clear[0]),))
                out.append((t, 0, minus, "claim", clear[0]))
            elif asks:
                out.append((t, 2, (0,), "seen", None))
            else:
                out.append((t, 0, (math.inf,), "seen", None))
        return [(t, what, node) for t, _, _, what, node in sorted(out, key=lambda x: x[:3])]

    def _in_session(self, said, t):
        pause = int(self.policy.session / np.timedelta64(1, "us"))
        sessions: list = []
        last = None
        for s in said:
            if last is None or s[0] - last[0] >= pause or last[1] == "logout":
                sessions.append([])
            sessions[-1].append(s)
            last = s
        # A row that asks comes after logins and logouts of its instant.
        mine = next(x for x in reversed(sessions) if any(s[0] == t and s[1] == "seen" for s in x))
        before = [s for s in mine if s[0] <= t and s[1] == "claim"]
        after = [s for s in mine if s[0] > t and s[1] == "claim"]
        return before[-1] if before else after[0] if after else None


class Sets:
    """Plain sets that are joined."""

    def __init__(self, nodes):
        self.held = {n: {n} for n in nodes}

    def find(self, node):
        return id(self.held[node])

    def join(self, a, b):
        if self.held[a] is not self.held[b]:
            both = self.held[a] | self.held[b]
            for n in both:
                self.held[n] = both
