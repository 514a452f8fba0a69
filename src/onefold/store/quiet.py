"""Quiet: new bundles of which it is plain whose they are, so that no component is settled.

Either all of a bundle's identifiers came together before, and are one customer's within all
limits; or nobody has seen any of them, in no other bundle either:

    c1 views; c1 clicks                no link is new: c1's customer, if not before c1 was seen
    c7 ann views; ann c7 clicks        both new: the customer ann, whoever else there is
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations
from typing import TypeAlias

import attrs
from sqlalchemy import func, select

from onefold.identity.policy import IdentityPolicy
from onefold.store.database import Among, Query, Session
from onefold.store.placing import Place, Whose, is_one
from onefold.store.schema import CALM, evidence, members, places

Name: TypeAlias = tuple[int, str]  # position of the type, normal value

_FIRST = select(func.min(members.c.bundle)).where(members.c.node == places.c.node).scalar_subquery()
KNOWN = Query(
    select(places.c.node, places.c.person, places.c.flags, evidence.c.first, evidence.c.flags)
    .select_from(places.outerjoin(evidence, evidence.c.bundle == _FIRST))
    .where(Among(places.c.node, "nodes"))
)
_OTHER = members.alias("other")
TOGETHER = Query(
    select(members.c.node, _OTHER.c.node)
    .select_from(members.join(evidence, evidence.c.bundle == members.c.bundle))
    .join(_OTHER, _OTHER.c.bundle == members.c.bundle)
    .where(Among(members.c.node, "nodes"), _OTHER.c.node > members.c.node)
    .distinct()
)


@attrs.frozen(eq=False)
class Quiet:
    """What is plain.

    Args:
        places: Of identifiers that are new.
        whose: Of bundles that are new.
    """

    places: Mapping[int, Place]
    whose: Mapping[int, Whose]


@attrs.frozen(eq=False)
class New:
    """A bundle that is new.

    Args:
        nodes: The numbers of its identifiers, the strongest first.
        names: The same as they are.
        kind: The kind of event; None: a fact.
        first: The least `seen` of its rows, in microseconds.
    """

    nodes: Sequence[int]
    names: Sequence[Name]
    kind: str | None
    first: int


def quiet(session: Session, policy: IdentityPolicy, new: Mapping[int, New]) -> Quiet:
    """Of which new bundles it is plain whose they are.

    Args:
        session: A transaction in which they and their identifiers are written; they have no
            evidence, and new identifiers no place.
        policy: The limits.
        new: All bundles that are new, by number.
    """
    near = {node for one in new.values() for node in one.nodes}
    told = {row[0]: row[1:] for row in session.all(KNOWN, nodes=session.several(near))}
    placed, whose = _unseen(policy, new, told.keys())
    calm: dict[int, New] = {}
    for number, one in new.items():
        held = [told.get(node) for node in one.nodes]
        if held and all(_is_calm(node, one.first) for node in held):
            calm[number] = one
    pairs = _pairs(session, policy, calm)
    for number, one in calm.items():
        if all(pair in pairs for pair in combinations(sorted(one.nodes), 2)):
            whose[number] = one.first, told[one.nodes[0]][0], CALM
    return Quiet(placed, whose)


def _is_calm(held: Sequence[int | None] | None, first: int) -> bool:
    """Whether an identifier's customer is one within all limits, and it was seen before."""
    if held is None:
        return False
    _, flags, since, marks = held
    return flags == 0 and since is not None and bool(marks and marks & CALM) and since <= first


def _pairs(
    session: Session, policy: IdentityPolicy, calm: Mapping[int, New]
) -> set[tuple[int, int]]:
    """Which identifiers of some bundles came together before."""
    several = {node for one in calm.values() if len(one.nodes) > 1 for node in one.nodes}
    if not several or policy.not_evidence:  # by which nobody is linked
        return set()
    return {(a, b) for a, b in session.all(TOGETHER, nodes=session.several(several))}


def _unseen(
    policy: IdentityPolicy, new: Mapping[int, New], seen: AbstractSet[int]
) -> tuple[dict[int, Place], dict[int, Whose]]:
    """The places of identifiers that came in bundles of nothing else, and whose these are."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, one in new.items():
        groups.setdefault(tuple(one.nodes), []).append(number)
    several, once = set[int](), set[int]()
    for nodes in groups:
        several |= once.intersection(nodes)
        once.update(nodes)
    placed: dict[int, Place] = {}
    whose: dict[int, Whose] = {}
    for nodes, numbers in groups.items():
        if not nodes or not seen.isdisjoint(nodes) or not several.isdisjoint(nodes):
            continue
        if not all(is_one(new[n].names, new[n].kind, policy) for n in numbers):
            continue
        placed.update((node, (min(nodes), nodes[0], 0)) for node in nodes)
        whose.update((n, (new[n].first, nodes[0], CALM)) for n in numbers)
    return placed, whose
