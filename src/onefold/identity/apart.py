"""Apart: why two customers are two, read from the outcome.

What a union would have broken when its link was looked at, the union of what both sides became
breaks too (`settle`). So the reason need not be remembered:

    ann's customer + ben's customer = 2 user_id, and 1 is the limit
"""

from collections.abc import Iterable
from typing import final

import numpy as np

from onefold._display import span
from onefold._types import Ints
from onefold.identity.graph import components
from onefold.identity.kinds import IdentifierType
from onefold.identity.known import Known, called
from onefold.identity.links import CANNOT
from onefold.identity.partition import Partition
from onefold.identity.settle import Clusters, Guards

TOLD = 3  # values of a type that are named


@final
class Apart:
    """Reasons why some customers are not one; each pair is looked at once."""

    def __init__(self, known: Known, customers: Iterable[int]) -> None:
        who = known.partition
        self._known, self._who = known, who
        self._kind = who.nodes.type
        chosen = np.unique(np.fromiter(customers, dtype=np.int64))
        picked = np.zeros(len(who), dtype=bool)
        picked[chosen] = True
        self._rows = np.flatnonzero(picked[who.person])
        self._place = np.full(len(who.nodes), -1, dtype=np.int64)
        self._place[self._rows] = np.arange(len(self._rows))
        self._clusters = self._as_settled(who)
        self._unit = components(len(who.nodes), self._must())
        order = np.argsort(who.person[self._rows], kind="stable")
        self._by_person = self._rows[order]
        self._people = who.person[self._by_person]
        self._told: dict[tuple[int, int], tuple[str, ...]] = {}

    def reasons(self, x: int, y: int) -> tuple[str, ...]:
        """What the union of two customers would break, in words; nothing if it would not."""
        pair = (min(x, y), max(x, y))
        if pair not in self._told:
            self._told[pair] = tuple(self._reasons(*pair))
        return self._told[pair]

    def _as_settled(self, who: Partition) -> Clusters:
        """The clusters as the rules left them: parts of what fits together fit together."""
        rows, anchor = self._rows, who.anchor[who.person[self._rows]]
        clusters = Clusters(
            Guards(who.nodes.kinds),
            self._kind[rows].tolist(),
            first=who.first[rows].tolist(),
            last=who.last[rows].tolist(),
            cannot=self._local(who.links.cannot_strong, who.links.cannot_weak),
        )
        clusters.must(self._local(*self._must()))
        clusters.take(self._local(anchor, rows))
        return clusters

    def _must(self) -> tuple[Ints, Ints]:
        """Must-links that hold: one that a cannot-link forbids does not."""
        person, links = self._who.person, self._who.links
        held = person[links.must_strong] == person[links.must_weak]
        return links.must_strong[held], links.must_weak[held]

    def _local(self, a: Ints, b: Ints) -> list[tuple[int, int]]:
        a, b = self._place[a], self._place[b]
        here = (a >= 0) & (b >= 0)
        return list(zip(a[here].tolist(), b[here].tolist(), strict=True))

    def _reasons(self, x: int, y: int) -> list[str]:
        anchor, find = self._who.anchor, self._clusters.find
        kinds, hostile = self._clusters.why(
            find(int(self._place[anchor[x]])), find(int(self._place[anchor[y]]))
        )
        out = [forbidden(self._known, x, y)] if hostile else []
        out += [self._crowded(x, y, kind) for kind in kinds]
        most, n = self._known.policy.giant, len(self._members(x)) + len(self._members(y))
        if not out and n > most:  # what evidence joins would be in quarantine
            out.append(f"together they would have {n:,} identifiers; weak links join {most:,}")
        return out or self._unvouched(x, y)

    def _unvouched(self, x: int, y: int) -> list[str]:
        """What both have, where nothing but links that don't vouch would make it one person's."""
        out = []
        for position, kind in enumerate(self._who.nodes.kinds):
            sides = [m[self._kind[m] == position] for m in (self._members(x), self._members(y))]
            if kind.vouches and kind.limit is not None and all(map(len, sides)):
                names = named(self._known, np.sort(np.concatenate(sides)))
                out.append(
                    f"both have {kind.name} ({names}), and nothing that vouches shows that they "
                    "are one person's"
                )
        return out

    def _crowded(self, x: int, y: int, position: int) -> str:
        kind = self._who.nodes.kinds[position]
        nodes = np.concatenate([self._members(x), self._members(y)])
        nodes = np.sort(nodes[self._kind[nodes] == position])
        return over(kind, self._different(nodes), named(self._known, nodes))

    def _different(self, nodes: Ints) -> int:
        return len(np.unique(self._unit[nodes]))

    def _members(self, x: int) -> Ints:
        begin, end = np.searchsorted(self._people, [x, x + 1])
        return self._by_person[begin:end]


def forbidden(known: Known, x: int, y: int) -> str:
    """The cannot-link between two customers, in words; "" if there is none."""
    who, links = known.partition, known.links
    if links is None:
        return ""
    ends = known.ends.nodes(who.nodes)
    between = (links.kinds == CANNOT) & (ends >= 0).all(axis=0)
    sides = np.sort(who.person[np.maximum(ends, 0)], axis=0)
    between &= (sides[0] == min(x, y)) & (sides[1] == max(x, y))
    if not between.any():
        return ""
    first = int(np.flatnonzero(between)[0])
    (why,) = links.reason.take(slice(first, first + 1)).decode()
    pair = " and ".join(called(who.nodes, node) for node in np.sort(ends[:, first]).tolist())
    return f"a cannot-link keeps {pair} apart{f': {why}' if why else ''}"


def over(kind: IdentifierType, n: int, names: str) -> str:
    """Words for a limit that a union would break."""
    if kind.period is None:
        return f"together they would have {n:,} {kind.name} ({names}); the limit is {kind.limit:,}"
    return (
        f"together they would have more than {kind.limit:,} {kind.name} in use within "
        f"{span(kind.period)} ({n:,} in all: {names})"
    )


def named(known: Known, nodes: Ints) -> str:
    """The first values of some nodes of one type, and how many more."""
    held = known.partition.nodes
    told = [held.name(node)[1] for node in nodes[:TOLD].tolist()]
    told = [value if len(value) <= 60 else value[:59] + "…" for value in told]
    more = len(nodes) - len(told)
    return ", ".join(told) + (f" and {more:,} more" if more else "")
