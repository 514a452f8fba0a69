"""Closure: all that can tell who is who of some identifiers, and what has changed of it.

Links are of one component, so a component is settled without looking at any other one:

    nodes -> their lumps -> all nodes of these -> their bundles -> the other nodes of these

Shared nodes link nobody. What came with them is not followed: a kiosk has been everywhere.
"""

from collections.abc import Iterable

import attrs
from sqlalchemy import bindparam, func, insert, select, update

from onefold.store.core import Core
from onefold.store.database import Among, Query, Row, Session
from onefold.store.escaping import maybe_unescaped, unescaped
from onefold.store.placing import Came, Place, Placed, Slice, calm_of
from onefold.store.pouring import pour
from onefold.store.schema import SHARED, bundles, evidence, log, members, nodes, places

_NODE = (nodes.c.node, nodes.c.type, nodes.c.value, places.c.lump, places.c.person, places.c.flags)
_PLACED = nodes.outerjoin(places, places.c.node == nodes.c.node)
NAMED = Query(select(*_NODE).select_from(_PLACED).where(Among(nodes.c.node, "nodes")))
TOGETHER = Query(
    select(*_NODE)
    .select_from(places.join(nodes, places.c.node == nodes.c.node))
    .where(Among(places.c.lump, "lumps"))
)
TOUCHING = Query(select(members.c.bundle).where(Among(members.c.node, "nodes")))
CAME = Query(
    select(
        bundles.c.bundle,
        bundles.c.kind,
        evidence.c.first,
        evidence.c.person,
        evidence.c.flags,
        select(func.min(log.c.seen)).where(log.c.bundle == bundles.c.bundle).scalar_subquery(),
        select(func.max(log.c.seen)).where(log.c.bundle == bundles.c.bundle).scalar_subquery(),
    )
    .select_from(bundles.outerjoin(evidence, evidence.c.bundle == bundles.c.bundle))
    .where(Among(bundles.c.bundle, "bundles"))
)
IN = Query(select(members.c.bundle, members.c.node).where(Among(members.c.bundle, "bundles")))
PLACE = Query(insert(places))
MOVE = Query(
    update(places)
    .where(places.c.node == bindparam("at"))
    .values(lump=bindparam("lump"), person=bindparam("person"), flags=bindparam("flags"))
)
GIVE = Query(insert(evidence))
CHANGE = Query(
    update(evidence)
    .where(evidence.c.bundle == bindparam("at"))
    .values(first=bindparam("first"), person=bindparam("person"), flags=bindparam("flags"))
)


def slice_of(
    session: Session,
    core: Core,
    touched: Iterable[int],
    *,
    several: Iterable[int] = (),
    anew: bool = False,
) -> Slice:
    """The components of some nodes, with all bundles that touch them.

    Args:
        session: A transaction, in which rows of `nodes`, `members`, `bundles` and `log` are written
            already.
        core: The store.
        touched: Nodes; new ones have no place yet.
        several: Bundles of which it is asked whose they are, besides those found; their nodes are
            among those touched.
        anew: Ask again whether the shared nodes among those touched are shared, as where some of
            what they came with is gone.
    """
    held = _Held({}, {}, set())
    first = session.all(NAMED, nodes=session.several(touched))
    held.take(first)
    free = [row for row in first if anew or row[5] is None or not row[5] & SHARED]
    if anew:
        again = [row[0] for row in first if row[5] is not None and row[5] & SHARED]
        if again:  # with all that they came with, to which they may be linked
            found = _numbers(session, TOUCHING, nodes=again)
            near = {row[1] for row in session.all(IN, bundles=session.several(found))}
            rows = session.all(NAMED, nodes=session.several(near - held.names.keys()))
            held.take(rows)
            free += [row for row in rows if row[5] is None or not row[5] & SHARED]
    held.inside.update(row[0] for row in free)
    lumps = {row[3] for row in free if row[3] is not None}
    if lumps:
        rows = session.all(TOGETHER, lumps=session.several(lumps))
        held.take(rows)
        held.inside.update(row[0] for row in rows)
    which = set(several)
    if held.inside:
        which |= _numbers(session, TOUCHING, nodes=held.inside)
    return _with_bundles(session, core, held, which)


def write(session: Session, held: Slice, placed: Placed) -> None:
    """Store what is not stored so already."""
    new, moved = [], []
    for node, (lump, person, flags) in placed.places.items():
        was = held.places.get(node)
        if was is None:
            new.append((node, lump, person, flags))
        elif was != (lump, person, flags):
            moved.append({"at": node, "lump": lump, "person": person, "flags": flags})
    pour(session, places, new)
    session.many(MOVE, moved)
    given, changed = [], []
    for bundle, (first, owner, flags) in placed.whose.items():
        said = held.whose.get(bundle)
        if said is None:
            given.append((bundle, first, owner, flags))
        elif said != (first, owner, flags):
            changed.append({"at": bundle, "first": first, "person": owner, "flags": flags})
    pour(session, evidence, given)
    session.many(CHANGE, changed)


@attrs.define
class _Held:
    """What has been read so far."""

    names: dict[int, tuple[int, str]]
    places: dict[int, Place]
    inside: set[int]

    def take(self, rows: Iterable[Row]) -> None:
        for node, kind, value, lump, person, flags in rows:
            self.names[node] = kind, unescaped(value)
            if lump is not None:
                self.places[node] = lump, person, flags


def _with_bundles(session: Session, core: Core, held: _Held, which: set[int]) -> Slice:
    nodes_of: dict[int, list[int]] = {}
    said = session.several(which)
    for bundle, node in session.all(IN, bundles=said):
        nodes_of.setdefault(bundle, []).append(node)
    beside = {node for several in nodes_of.values() for node in several} - held.names.keys()
    if beside:
        held.take(session.all(NAMED, nodes=session.several(beside)))
    out, whose = {}, {}
    for bundle, kind, first, person, flags, least, last in session.all(CAME, bundles=said):
        if bundle in nodes_of and least is not None:
            out[bundle] = Came(tuple(nodes_of[bundle]), maybe_unescaped(kind), least, last)
            if flags is not None:
                whose[bundle] = first, person, flags
    calm = _calm(session, core, held)
    return Slice(held.names, frozenset(held.inside), out, held.places, whose, calm)


def _calm(session: Session, core: Core, held: _Held) -> dict[int, bool]:
    """Of lumps beside: few bundles that are no evidence reach into another one."""
    away = {node: place for node, place in held.places.items() if node not in held.inside}
    out = {place[0]: True for place in away.values() if place[2] & SHARED}
    lumps = {place[0] for place in away.values()} - out.keys()
    if lumps:
        rows = session.all(TOGETHER, lumps=session.several(lumps))
        out |= calm_of(((row[0], row[1], (row[3], row[4], row[5])) for row in rows), core.policy)
    return out


def _numbers(session: Session, query: Query, **many: Iterable[int]) -> set[int]:
    said = {name: session.several(numbers) for name, numbers in many.items()}
    return {row[0] for row in session.all(query, **said)}
