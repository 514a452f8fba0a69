"""Rebuilding: all that is made of the log, made anew in one transaction, and what differed.

    rebuild(store).differed  ==  {nodes: 0, members: 0, places: 0, evidence: 0, superseded: 0}

Others read the old state until it commits. Identifiers keep their numbers, by which decisions
and restrictions name customers.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, bindparam, delete, exists, func, insert, select, union, update

from onefold._types import Ints
from onefold.store import remaking
from onefold.store.core import Core
from onefold.store.database import Among, Query, Row, Session
from onefold.store.escaping import unescaped
from onefold.store.pouring import pour
from onefold.store.remaking import Read
from onefold.store.schema import (
    decisions,
    evidence,
    log,
    members,
    nodes,
    places,
    restricted,
    superseded,
)

MADE = (nodes, members, places, evidence, superseded)
ALL = {table.name: Query(select(*table.c)) for table in MADE}
ALL["nodes"] = Query(select(*nodes.c).where(nodes.c.value.isnot(None)))  # without emptied ones
NODES = Query(select(nodes.c.node, nodes.c.type, nodes.c.value).where(nodes.c.value.isnot(None)))
ROWS = Query(select(func.count()).select_from(log).where(log.c.bundle.isnot(None)))
LAST = Query(select(func.max(nodes.c.node)))
EMPTY = Query(insert(nodes).values(node=bindparam("node")))
_NAMED = select(decisions.c.node).where(decisions.c.node.isnot(None))
NAMED = Query(union(_NAMED, select(restricted.c.node)))
CAME = Query(
    select(members.c.node, func.min(members.c.bundle))
    .where(Among(members.c.node, "nodes"))
    .group_by(members.c.node)
)
POINT = Query(
    update(decisions).where(decisions.c.node == bindparam("at")).values(node=bindparam("now"))
)
_NOW = bindparam("now", type_=BigInteger)
_THERE = restricted.alias("there")
RESTRICT = Query(
    insert(restricted).from_select(
        ["node", "time"],
        select(_NOW, restricted.c.time)
        .where(restricted.c.node == bindparam("at"))
        .where(~exists(select(_THERE.c.node).where(_THERE.c.node == _NOW))),
    )
)
RELEASE = Query(delete(restricted).where(restricted.c.node == bindparam("at")))


def _counts(value: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(value))


@attrs.frozen(eq=False)
class Rebuilt:
    """What was made anew.

    Args:
        rows: Rows of the log from which it was made.
        identifiers: How many they name.
        differed: By table, how many rows were missing, wrong or too many before: none, if all was
            right.
    """

    rows: int
    identifiers: int
    differed: Mapping[str, int] = attrs.field(converter=_counts)

    def __bool__(self) -> bool:
        """Whether anything had to be mended."""
        return any(self.differed.values())


def rebuild(core: Core) -> Rebuilt:
    """Drop all that is made of the log, and make it anew."""
    with core.writing() as session:
        held = remaking.read(session, core.policy, call="Store.rebuild")
        return remade(core, session, held)


def remake(core: Core, session: Session) -> None:
    """Make all that is made of the log anew, in a transaction."""
    remade(core, session, remaking.read(session, core.policy, call="Store"))


def remade(core: Core, session: Session, held: Read, *, before: Core | None = None) -> Rebuilt:
    """Drop what is made of the log, and make it anew.

    Args:
        core: The store, with the policy under which it is made.
        session: A transaction.
        held: The bundles, as this policy reads them.
        before: The store with the policy under which it was made; left out, the same one.
    """
    number = _numbers(session, before or core, held)
    lost = _lost(session, held, number)
    old = {table.name: _hashes(session, ALL[table.name]) for table in MADE}
    last = (session.one(LAST) or (None,))[0]
    remaking.drop(session)
    differed = {}
    for table, rows in remaking.filled(session, core, held, number):
        new = array("q")
        pour(session, table, _marked(rows, new))
        differed[table.name] = _differ(old.pop(table.name), np.frombuffer(new, dtype=np.int64))
    _point(session, lost)
    if last is not None and last > ((session.one(LAST) or (0,))[0] or 0):
        session.run(EMPTY, node=last)  # a number is never given again
    row = session.one(ROWS)
    return Rebuilt(0 if row is None else row[0], len(number), differed)


def _numbers(session: Session, before: Core, held: Read) -> Ints:
    """The number (n,) of each identifier: what it had, or else in order of arrival."""
    nodes_now = held.seen.nodes
    known = _known(session, before)
    out = np.zeros(len(nodes_now), dtype=np.int64)
    offsets = nodes_now.offsets.tolist()
    for position, (kind, vocab) in enumerate(zip(nodes_now.kinds, nodes_now.values, strict=True)):
        if kind.name in known and len(vocab):
            values, numbers = known[kind.name]
            at = pc.fill_null(pc.index_in(vocab.text, value_set=values), -1).to_numpy()
            here = slice(offsets[position], offsets[position + 1])
            out[here] = np.append(numbers, 0)[at]
    new = np.flatnonzero(out == 0)
    row = session.one(LAST)
    start = 1 if row is None or row[0] is None else row[0] + 1
    out[new[np.lexsort((new, _arrival(held)[new]))]] = np.arange(start, start + len(new))
    return out


def _known(session: Session, core: Core) -> dict[str, tuple[pa.Array, Ints]]:
    """Values and numbers of the identifiers that are there, by the name of their type."""
    pieces: dict[str, list[tuple[pa.Array, Ints]]] = {}
    names = core.policy.names
    for rows in session.each(NODES):
        by_type: dict[int, list[Row]] = {}
        for row in rows:
            by_type.setdefault(row[1], []).append(row)
        for at, some in by_type.items():
            values = pa.array([unescaped(row[2]) for row in some], type=pa.large_string())
            piece = values, np.array([row[0] for row in some], dtype=np.int64)
            pieces.setdefault(names[at], []).append(piece)
    return {
        name: (pa.concat_arrays([v for v, _ in held]), np.concatenate([n for _, n in held]))
        for name, held in pieces.items()
    }


def _arrival(held: Read) -> Ints:
    """The place (n,) of the first bundle of each identifier."""
    seen, n = held.seen, len(held.bundle)
    first = np.full(len(seen.members) + 1, n, dtype=np.int64)
    np.minimum.at(first, seen.row, np.arange(n))
    out = np.full(len(seen.nodes) + 1, n, dtype=np.int64)
    for column in seen.members.T:
        np.minimum.at(out, np.minimum(column, len(out) - 1), first[:-1])
    return out[:-1]


def _lost(session: Session, held: Read, number: Ints) -> dict[int, int]:
    """Identifiers by which somebody is named and that are none any more; those in their place.

    That is the strongest one that is left of the first bundle in which they came.
    """
    named = [row[0] for row in session.all(NAMED)]
    gone = np.setdiff1d(np.array(named, dtype=np.int64), number)
    out: dict[int, int] = {}
    for node, bundle in session.all(CAME, nodes=session.several(gone.tolist())):
        at = held.seen.row[np.searchsorted(held.bundle, bundle)]
        if at >= 0:
            out[node] = int(number[held.seen.members[at, 0]])
    return out


def _point(session: Session, lost: Mapping[int, int]) -> None:
    """Let decisions and restrictions name customers by identifiers that there are."""
    rows = [{"at": old, "now": new} for old, new in lost.items()]
    session.many(POINT, rows)
    session.many(RESTRICT, rows)
    session.many(RELEASE, rows)


def _marked(rows: Iterable[Row], marks: "array[int]") -> Iterator[Row]:
    for row in rows:
        marks.append(hash(row))
        yield row


def _hashes(session: Session, query: Query) -> Ints:
    out = array("q")
    for rows in session.each(query):
        out.extend(map(hash, map(tuple, rows)))
    return np.frombuffer(out, dtype=np.int64)


def _differ(old: Ints, new: Ints) -> int:
    """How many rows of either are not among the others."""
    both, sides = np.concatenate([old, new]), np.repeat([1, -1], [len(old), len(new)])
    _, at = np.unique(both, return_inverse=True)
    left = np.bincount(at, weights=sides)
    return int(max(left[left > 0].sum(), -left[left < 0].sum()))
