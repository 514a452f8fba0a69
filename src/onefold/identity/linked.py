"""Linked: links between identifiers as links between nodes.

The ends of a link are read as the policy reads a log's identifiers, so that a link may be told in
any spelling; one of which an end is no identifier says nothing (`resolve` refuses it, unless it is
weak).
"""

from urllib.parse import unquote

import attrs
import numpy as np

from onefold._check import hint, quoted, shown
from onefold._columns import Coded
from onefold._types import Bools, Floats, Ints
from onefold.errors import ArgumentError
from onefold.identity.bundles import Nodes, factorized, located, reader
from onefold.identity.links import CANNOT, MUST, WEAK, Links
from onefold.identity.policy import IdentityPolicy


@attrs.frozen(eq=False)
class Ends:
    """The ends (2 n,) of n links, first all a then all b: type's position and normal value."""

    kinds: Ints
    probability: Floats
    type: Ints
    value: list[str | None]

    def values(self, position: int) -> list[str]:
        """The normal values of one type."""
        pairs = zip(self.type.tolist(), self.value, strict=True)
        return [v for at, v in pairs if at == position and v is not None]

    def nodes(self, nodes: Nodes) -> Ints:
        """The nodes (2, n) at both ends of each link, -1 where an end is no identifier."""
        names = [kind.name for kind in nodes.kinds]
        pairs = zip(self.type.tolist(), self.value, strict=True)
        ends = np.array([-1 if v is None else nodes.find(names[at], v) for at, v in pairs])
        return ends.astype(np.int64).reshape(2, -1)

    def pairs(self, nodes: Nodes) -> "Pairs":
        """The links as pairs of nodes."""
        ends = self.nodes(nodes)
        known = (ends >= 0).all(axis=0)
        strong, weak = ends.min(axis=0), ends.max(axis=0)

        def of(kind: int) -> Bools:
            same = kind == CANNOT or strong != weak
            held: Bools = known & (self.kinds == kind) & same
            return held

        by = {kind: of(kind) for kind in (MUST, CANNOT, WEAK)}
        return Pairs(
            strong[by[MUST]],
            weak[by[MUST]],
            strong[by[CANNOT]],
            weak[by[CANNOT]],
            strong[by[WEAK]],
            weak[by[WEAK]],
            self.probability[by[WEAK]],
        )


@attrs.frozen(eq=False)
class Pairs:
    """Links between nodes: of each kind the stronger and the weaker ends."""

    must_strong: Ints
    must_weak: Ints
    cannot_strong: Ints
    cannot_weak: Ints
    weak_strong: Ints
    weak_weak: Ints
    probability: Floats


def ends_of(links: Links | None, policy: IdentityPolicy, *, call: str) -> Ends:
    """The ends of links as a policy reads them.

    Raises:
        ArgumentError: If a type is not the policy's.
    """
    if links is None or not len(links):
        none = np.zeros(0, dtype=np.int64)
        return Ends(none, np.zeros(0), none, [])
    kind = _both(links.a_type, links.b_type)
    value = _both(links.a_value, links.b_value)
    for name in kind.vocab:
        if name not in policy.names:
            raise ArgumentError(
                f"{call}: links name the type {name!r}, and the policy knows "
                f"{quoted(policy.names)}.{hint(name, policy.names)}"
            )
    place = np.array([policy.names.index(name) for name in kind.vocab], dtype=np.int64)
    read = [reader(held, policy) for held in policy.types]
    joint = kind.codes.astype(np.int64) * (len(value.vocab) + 1) + value.codes
    codes, first = factorized(joint)
    normal = [
        _read(read[at], policy.types[at].per_source, word)
        for at, word in zip(
            place[kind.codes[first]].tolist(), value.take(first).decode().tolist(), strict=True
        )
    ]
    words = [normal[code] for code in codes.tolist()]
    return Ends(links.kinds.astype(np.int64), links.probability, place[kind.codes], words)


def void_ends(ends: Ends) -> Bools:
    """Which ends (2, n) of n links are no identifiers."""
    return np.array([value is None for value in ends.value], dtype=bool).reshape(2, -1)


def _both(a: Coded, b: Coded) -> Coded:
    return Coded(np.concatenate([a.codes, b.within(a.vocab).codes]), a.vocab)


def _read(read: object, per_source: bool, word: str) -> str | None:
    assert callable(read)
    if not per_source:
        made: str | None = read(word)
        return made
    source, mark, rest = word.partition(":")
    if not mark:
        raise ArgumentError(
            f"resolve: a link names {shown(word)}, of a type that is known by its source. Give "
            "both, 'source:value'; a colon within the source is written %3A."
        )
    made = read(rest)
    return None if made is None else located(made, unquote(source))
