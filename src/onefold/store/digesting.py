"""Digest: one hash of what a store holds, whatever the order in which it came.

Each row is told by what it means: an identifier by type and value, a bundle by its text, a
customer by their anchor. The hashes of rows are added up, so that no order plays a part:

    digest  =  H(table by table: sum of H(row) over its rows, modulo 2^256)

Numbers are left out, and with them what only they make up: salted hashes, and where readers are.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from sqlalchemy import func, literal_column, or_, select

from onefold._types import Array
from onefold.store.core import Core
from onefold.store.database import Query, Row, Session
from onefold.store.rows import CONTENT
from onefold.store.schema import (
    bundles,
    decisions,
    erased,
    erasures,
    evidence,
    log,
    members,
    meta,
    nodes,
    places,
    restricted,
    superseded,
    suppressed,
)

SIZE = 16  # bytes of the name of a row that others refer to
WIDE = 2**256
SAID: tuple[Any, ...] = literal_column("'policy'"), literal_column("'currency'")  # of `meta`


BUNDLES = Query(
    select(
        bundles.c.bundle, bundles.c.customer, bundles.c.kind, bundles.c.source, bundles.c.given
    ).where(bundles.c.given.isnot(None))
)
NODES = Query(
    select(nodes.c.node, nodes.c.type, nodes.c.value, nodes.c.alias).where(
        nodes.c.value.isnot(None)
    )
)
_CONTENT = [log.c[name] for name in CONTENT]  # the text of an id may come with a repetition
LOG = Query(select(log.c.bundle, *_CONTENT).where(log.c.bundle.isnot(None)))
SUPERSEDED = Query(select(log.c.bundle, *_CONTENT).join(superseded, superseded.c.seq == log.c.seq))
MEMBERS = Query(select(members.c.node, members.c.bundle))
PLACES = Query(select(places.c.node, places.c.lump, places.c.person, places.c.flags))
EVIDENCE = Query(select(evidence.c.bundle, evidence.c.person, evidence.c.first, evidence.c.flags))
DECISIONS = Query(select(*(c for c in decisions.c if c.name != "seq")))
RESTRICTED = Query(select(restricted.c.node, restricted.c.time))
PLAIN = {
    "suppressed": Query(select(suppressed.c.hash)),
    "erased": Query(select(erased.c.hash)),
    "erasures": Query(select(erasures.c.time, erasures.c.counts)),
    "meta": Query(
        select(meta.c.name, meta.c.value).where(or_(*(meta.c.name == name for name in SAID)))
    ),
}
LAST = {t.name: Query(select(func.max(t.c[0]))) for t in (bundles, nodes)}


def digest(core: Core) -> str:
    """A hash of what the store holds and of all that is made of it.

    Two stores to which the same was said under one policy have the same, whatever the order, the
    repetitions and the batches; and so has one that was made anew.
    """
    whole = hashlib.blake2b(digest_size=32)
    for name, part in digests(core).items():
        whole.update(f"{name} {part}\n".encode())
    return whole.hexdigest()


def digests(core: Core) -> dict[str, str]:
    """The same by table."""
    with core.reading() as session:
        return {name: _sum(rows) for name, rows in _tables(session, core)}


def _tables(session: Session, core: Core) -> Iterator[tuple[str, Iterator[bytes]]]:
    bundle, node = _Named(session, "bundles"), _Named(session, "nodes")
    yield "bundles", bundle.named(_each(session, BUNDLES), lambda row: repr(row[1:]))
    names = core.policy.names
    yield "nodes", node.named(_each(session, NODES), lambda row: repr((names[row[1]], *row[2:])))
    for name, query in (("log", LOG), ("superseded", SUPERSEDED)):
        yield name, (bundle[r[0]] + repr(r[1:]).encode() for r in _each(session, query))
    yield "members", (node[a] + bundle[b] for a, b in _each(session, MEMBERS))
    yield "places", _places(session, node)
    yield (
        "evidence",
        (
            bundle[b] + node[person] + repr((first, flags)).encode()
            for b, person, first, flags in _each(session, EVIDENCE)
        ),
    )
    for name, query in (("decisions", DECISIONS), ("restricted", RESTRICTED)):
        yield name, (node[r[0]] + repr(r[1:]).encode() for r in _each(session, query))
    for name, query in PLAIN.items():
        yield name, (repr(tuple(map(_plain, row))).encode() for row in _each(session, query))


def _places(session: Session, node: "_Named") -> Iterator[bytes]:
    """Places, a lump being told by the sum of the names of its nodes."""
    total: dict[int, int] = {}
    for n, lump, _, _ in _each(session, PLACES):
        total[lump] = total.get(lump, 0) + int.from_bytes(node[n], "little")
    for n, lump, person, flags in _each(session, PLACES):
        yield node[n] + node[person] + repr((total[lump], flags)).encode()


def _each(session: Session, query: Query) -> Iterator[Row]:
    for rows in session.each(query):
        yield from map(tuple, rows)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _sum(rows: Iterable[bytes]) -> str:
    total, n = 0, 0
    for row in rows:
        total += int.from_bytes(hashlib.blake2b(row, digest_size=32).digest(), "little")
        n += 1
    return f"{n} {total % WIDE:064x}"


class _Named:
    """The names of the rows of a table, by their numbers: arrays, as there are millions."""

    def __init__(self, session: Session, table: str) -> None:
        row = session.one(LAST[table])
        size = 1 if row is None or row[0] is None else row[0] + 1
        self._held: Array = np.zeros(size, dtype=f"V{SIZE}")

    def named(self, rows: Iterable[Row], say: Callable[[Row], str]) -> Iterator[bytes]:
        """What each row says; its name is kept."""
        for row in rows:
            said = say(row).encode()
            self._held[row[0]] = hashlib.blake2b(said, digest_size=SIZE).digest()
            yield said

    def __getitem__(self, number: int | None) -> bytes:
        if number is None:
            return b""
        return bytes(self._held[number]) if number < len(self._held) else b"?"
