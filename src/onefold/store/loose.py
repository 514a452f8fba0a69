"""Loose rows: events that came with shared identifiers alone, and whose they are.

Whose they are depends on what happened with the first of these identifiers before and after. All
of that is read, and `identity.attribution` says whose each row is, as it does of a whole log:

    tablet: login of ann 9:00, view 9:05        the view has only the tablet: ann's
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import attrs
import numpy as np
from sqlalchemy import bindparam, exists, func, select

from onefold._types import Bools, Ints
from onefold._vocab import Vocab
from onefold.identity.attribution import owners_of_rows
from onefold.identity.bundles import NOBODY, Nodes, Seen
from onefold.store.core import Core
from onefold.store.database import Among, Query, Session
from onefold.store.escaping import maybe_unescaped
from onefold.store.schema import CONTESTED, MIXED, bundles, evidence, log, members, nodes, places

CONTESTED_OF = Query(
    select(members.c.node, places.c.flags)
    .select_from(members.join(places, places.c.node == members.c.node))
    .where(Among(members.c.bundle, "bundles"))
    .distinct()
)
LOOSE_AT = Query(
    select(
        exists(members.c.bundle)
        .where(evidence.c.bundle == members.c.bundle)
        # From the identifiers: there may be many loose bundles elsewhere, found by their index.
        .where(Among(members.c.node, "nodes"), func.coalesce(evidence.c.person, 0) == 0)
    )
)
MIXED_OF = Query(
    select(evidence.c.bundle).where(
        evidence.c.person == bindparam("person"),
        evidence.c.flags.bitwise_and(bindparam("mixed")) != 0,
    )
)
BUNDLES_AT = Query(
    select(bundles.c.bundle, bundles.c.kind).where(
        bundles.c.bundle.in_(select(members.c.bundle).where(Among(members.c.node, "nodes")))
    )
)
MEMBERS_OF = Query(
    select(
        members.c.bundle,
        nodes.c.node,
        nodes.c.type,
        nodes.c.value,
        places.c.person,
        places.c.flags,
    )
    .select_from(
        members.join(nodes, nodes.c.node == members.c.node).join(
            places, places.c.node == members.c.node
        )
    )
    .where(Among(members.c.bundle, "bundles"))
)
INSTANTS_OF = Query(
    select(log.c.bundle, log.c.seq, log.c.seen).where(Among(log.c.bundle, "bundles"))
)


@attrs.frozen(eq=False)
class Some:
    """Some nodes, and whose they are: as a partition tells it of all.

    Args:
        nodes: The k identifiers.
        person: (k,) the customer of each, 0 to c - 1.
        contested: (k,) whether each does not tell whose an event is.
        anchors: (c,) the number in the store of the anchor of each customer.
        numbers: (k,) the number in the store of each node.
    """

    nodes: Nodes
    person: Ints
    contested: Bools
    anchors: Ints
    numbers: Ints

    def __len__(self) -> int:
        return len(self.anchors)


def rows_of_person(session: Session, core: Core, person: int, mixed: Collection[int]) -> list[int]:
    """The loose rows, by number, that are of a customer.

    Args:
        session: A transaction.
        core: The store.
        person: The anchor.
        mixed: The customer's bundles with a shared identifier: without one no row is theirs.
    """
    if core.policy.attribution == "strict" or not mixed:
        return []
    told = session.all(CONTESTED_OF, bundles=session.several(mixed))
    shared = [node for node, flags in told if flags & CONTESTED]
    if not shared:
        return []
    held = session.one(LOOSE_AT, nodes=session.several(shared))
    if held is None or not held[0]:
        return []
    return [seq for seq, node, own in _owned(session, core, shared) if own and node == person]


def rows_of_people(session: Session, core: Core, people: Iterable[int]) -> frozenset[int]:
    """The loose rows, by number, that are of some customers, by their anchors: of a few."""
    out: set[int] = set()
    for person in people:
        mixed = [bundle for (bundle,) in session.all(MIXED_OF, person=person, mixed=MIXED)]
        out.update(rows_of_person(session, core, person, mixed))
    return frozenset(out)


def rows_of_shared(session: Session, core: Core, node: int) -> list[int]:
    """The loose rows, by number, that are of a shared identifier itself: nobody else's."""
    return [seq for seq, owner, own in _owned(session, core, [node]) if not own and owner == node]


def owner_of(session: Session, core: Core, bundle: int, seq: int) -> tuple[int, bool] | None:
    """Whose a loose row is: a node, and whether it is that of a customer or a shared one itself."""
    told = session.all(MEMBERS_OF, bundles=session.several([bundle]))
    if not told:
        return None
    lead = min((kind, value, node) for _, node, kind, value, _, _ in told)[2]
    owners = _owned(session, core, [lead])
    return next(((node, own) for row, node, own in owners if row == seq), None)


def _owned(session: Session, core: Core, shared: Iterable[int]) -> Iterable[tuple[int, int, bool]]:
    """The rows that ask some shared identifiers whose they are: row, node, whether of a customer.

    All that was seen with these is read.
    """
    asked = list(shared)
    told = session.all(BUNDLES_AT, nodes=session.several(asked))
    kinds = {bundle: maybe_unescaped(kind) for bundle, kind in told}
    which = session.several(kinds)
    some, lists = _some(core, session.all(MEMBERS_OF, bundles=which))
    instants = session.all(INSTANTS_OF, bundles=which)
    place = {bundle: at for at, bundle in enumerate(lists)}
    seen = _seen(core, some, lists, [(place[b], t, kinds[b]) for b, _, t in instants])
    owner = owners_of_rows(seen, some, core.policy)
    lead = np.append(some.numbers, -1)[np.minimum(seen.members[:, 0], len(some.nodes))]
    open_ones = np.append(some.contested, True)[np.minimum(seen.members, len(some.nodes))]
    asks = open_ones.all(axis=1) & np.isin(lead, asked)
    rows = np.flatnonzero(asks[seen.row])
    for at, number in zip(rows.tolist(), owner[rows].tolist(), strict=True):
        own = number < len(some)
        node = some.anchors[number] if own else some.numbers[number - len(some)]
        yield instants[at][1], int(node), own


def _some(core: Core, told: Sequence[Any]) -> tuple[Some, dict[int, list[int]]]:
    """The nodes of some bundles, sorted by rank and value, and the nodes of each bundle."""
    known = {node: (kind, value, person, flags) for _, node, kind, value, person, flags in told}
    order = sorted(known, key=lambda node: known[node][:2])
    at = {node: place for place, node in enumerate(order)}
    lists: dict[int, list[int]] = {}
    for bundle, node, *_ in told:
        lists.setdefault(bundle, []).append(at[node])
    words: list[list[str]] = [[] for _ in core.policy.types]
    for node in order:
        words[known[node][0]].append(known[node][1])
    vocabs = tuple(Vocab(np.array(several, dtype=object)) for several in words)
    persons = np.array([known[node][2] for node in order], dtype=np.int64)
    anchors, person = np.unique(persons, return_inverse=True)
    contested = np.array([bool(known[node][3] & CONTESTED) for node in order], dtype=bool)
    numbers = np.array(order, dtype=np.int64)
    return Some(Nodes(core.policy.types, vocabs), person, contested, anchors, numbers), lists


def _seen(
    core: Core, some: Some, lists: dict[int, list[int]], rows: list[tuple[int, int, str | None]]
) -> Seen:
    """Rows of a bundle, an instant and a kind as evidence."""
    policy = core.policy
    width = max(map(len, lists.values()))
    members = np.full((len(lists), width), NOBODY, dtype=np.int32)
    for at, held in enumerate(lists.values()):
        members[at, : len(held)] = sorted(held)
    kinds = [kind for _, _, kind in rows]
    return Seen(
        some.nodes,
        members,
        np.array([bundle for bundle, _, _ in rows], dtype=np.int64),
        np.array([time for _, time, _ in rows], dtype="datetime64[us]"),
        ~np.array([kind in policy.not_evidence for kind in kinds], dtype=bool),
        np.array([kind in policy.logins for kind in kinds], dtype=bool),
        np.array([kind in policy.logouts for kind in kinds], dtype=bool),
    )
