"""Erasing: a person goes, and the store is as if their rows had never come.

Whose identifiers are whose says which rows go; what they leave behind is settled anew:

    {ann, kiosk} {kiosk}: ann's    {ben, kiosk}     forget(ann)     {ben, kiosk}
    suppressed: ann                                                 erased: the event at the kiosk

Rows are emptied, and keep their numbers until the store is compacted: what is deleted from the
middle of a table may leave copies behind, and what was put at its end and is emptied does not.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from sqlalchemy import bindparam, delete, literal_column, null, select, update

from onefold import _time
from onefold._check import shown
from onefold.errors import ArgumentError, StoreError
from onefold.identity.heard import Key, shortened
from onefold.store import certificate
from onefold.store.certificate import Certificate
from onefold.store.closure import slice_of, write
from onefold.store.compacting import truncated
from onefold.store.core import Core
from onefold.store.database import Among, Query, Session
from onefold.store.digesting import digests
from onefold.store.escaping import unescaped
from onefold.store.finding import found
from onefold.store.loose import rows_of_person
from onefold.store.placing_batch import by_either
from onefold.store.recounting import no_longer_shared, recount
from onefold.store.restricting import own_nodes, persons_nodes
from onefold.store.rows import SELECTED, identity_key
from onefold.store.schema import (
    CONTESTED,
    MIXED,
    SHARED,
    bundles,
    decisions,
    evidence,
    log,
    members,
    nodes,
    places,
    restricted,
    superseded,
)
from onefold.store.suppression import secret, spare, spared, suppress, suppress_events
from onefold.store.twins import twins

AT = {column: at for at, column in enumerate(SELECTED)}
_COLUMNS = [column.name for column in log.c]
WAITING = "it was just erased, and the files are still to be cleared: call compact()"
DUE = (
    "PostgreSQL keeps what was erased in its files and its write-ahead log for a while: call "
    "compact(), and let archives and backups expire"
)

FAILED = "it was erased, and the files are not cleared yet ({}) Then call compact()"

_TOUCHING = Query(select(members.c.bundle).where(Among(members.c.node, "which")).distinct())
_IN = Query(select(members.c.node).where(Among(members.c.bundle, "which")).distinct())
_MIXED = Query(
    select(evidence.c.bundle)
    .where(evidence.c.person == bindparam("person"))
    .where(evidence.c.flags.op("&")(literal_column(str(MIXED))) != literal_column("0"))
)
_ROWS = Query(select(log.c.seq, log.c.key).where(Among(log.c.bundle, "which")))
_FULL = Query(
    select(*SELECTED)
    .join(bundles, bundles.c.bundle == log.c.bundle)
    .where(Among(log.c.seq, "which"))
)
_GIVEN = Query(
    select(
        bundles.c.bundle,
        bundles.c.customer,
        bundles.c.kind,
        bundles.c.source,
        bundles.c.given,
    ).where(Among(bundles.c.bundle, "which"))
)
_SAME = Query(
    select(log.c.seq).where(log.c.key == bindparam("key"), log.c.bundle == bindparam("bundle"))
)
_LEFT = Query(select(log.c.bundle).where(Among(log.c.bundle, "which")).distinct())
_HELD = Query(select(members.c.node).where(Among(members.c.node, "which")).distinct())
_LUMPS = Query(select(places.c.lump).where(Among(places.c.node, "which")).distinct())
_TOGETHER = Query(select(places.c.node).where(Among(places.c.lump, "which")))
_FLAGS = Query(select(places.c.node, places.c.flags).where(Among(places.c.node, "which")))
_NAMES = Query(select(nodes.c.type, nodes.c.value).where(Among(nodes.c.node, "which")))


def _emptying(number: Any, which: Any) -> Query:
    table = number.table
    empty = {column.name: null() for column in table.c if column is not number}
    return Query(update(table).where(Among(which, "which")).values(empty))


_EMPTY_ROWS = _emptying(log.c.seq, log.c.seq)
_EMPTY_BUNDLES = _emptying(bundles.c.bundle, bundles.c.bundle)
_EMPTY_NODES = _emptying(nodes.c.node, nodes.c.node)
_EMPTY_DECISIONS = _emptying(decisions.c.seq, decisions.c.node)
_DELETE = {
    "members": Query(delete(members).where(Among(members.c.bundle, "which"))),
    "evidence": Query(delete(evidence).where(Among(evidence.c.bundle, "which"))),
    "places": Query(delete(places).where(Among(places.c.node, "which"))),
    "restricted": Query(delete(restricted).where(Among(restricted.c.node, "which"))),
    "superseded": Query(delete(superseded).where(Among(superseded.c.seq, "which"))),
}


@attrs.frozen
class Going:
    """What goes of a person.

    Args:
        own: Their identifiers that are nobody else's.
        alone: Those of these that never were anybody else's, by type and value.
        shared: Identifiers that came with theirs, and are other people's too, by type and value.
        named: All of their identifiers.
        bundles: Those with one of their own.
        rows: All rows of the log that go.
        loose: Of these the ones that no identifier gives away: `SELECTED`.
        unnamed: Rows of `bundles` with nothing of `alone`: `SELECTED`.
        beside: The bundles of loose rows.
        keys: Of events that go, by which other deliveries of them are known.
    """

    own: Sequence[int]
    alone: Sequence[tuple[int, str]]
    shared: Sequence[tuple[int, str]]
    named: Sequence[int]
    bundles: Sequence[int]
    rows: Sequence[int]
    loose: Sequence[Any]
    unnamed: Sequence[Any]
    beside: Sequence[int]
    keys: Sequence[int]


def forget(core: Core, who: Any, *, time: Any = None, digest: bool = False) -> Certificate:
    """Erase a customer: their events and facts, identifiers and decisions, for good.

    What came with an identifier that is theirs alone goes, and what came with shared ones and was
    theirs by the rule of attribution. None of it is taken in again, from wherever it comes: a
    keyed hash of each identifier is kept, and of each event without one. Others who shared
    something with them stay as they are.

    Args:
        core: The store, opened with a key.
        who: An id, an alias, or an identifier: a pair of type and value.
        time: When it was done; it is kept in the certificate.
        digest: Whether the certificate tells a digest of all else that the store holds
            afterwards; all of it is read.

    Returns:
        What was done, and what is left to do.

    Raises:
        ArgumentError: If the store has no key, or all identifiers of the customer are shared.
        UnknownCustomer: If there is no such customer.
        StoreError: If the database refuses; nobody is erased then.
    """
    moment = None if time is None else _time.instant(time, "Store.forget: time")
    secret(core)
    with core.writing() as session:
        held = erased(session, core, _going(session, core, who), time=moment)
    return cleared(core, held, digest=digest)


def erased(
    session: Session, core: Core, going: Going, *, time: np.datetime64 | None
) -> Certificate:
    """Put on the list what is to go, and take it away; the certificate, which is kept."""
    kinds = core.policy.types
    spare(session, core, [(kinds[at], value) for at, value in going.shared])
    marks = suppress(session, core, [(kinds[at], value) for at, value in going.alone])
    events = suppress_events(session, core, map(_told, [*going.loose, *going.unnamed]))
    counts = _gone(session, core, going)
    number, first = certificate.number(session), min(going.rows, default=None)
    held = Certificate(
        erasure=number,
        time=time,
        counts=counts,
        identifiers=marks,
        events=events,
        first=first,
        stale=certificate.stale(session, number, first),
        done=False,
        advice=WAITING if session.lite else DUE,
    )
    certificate.keep(session, held)
    return held


def cleared(core: Core, held: Certificate, *, digest: bool = False) -> Certificate:
    """The certificate when the files are cleared, as far as they can be.

    They are erased by now; a database that refuses more is told of, and no error.
    """
    try:
        if core.database.lite:
            advice = truncated(core)
            held = attrs.evolve(held, done=advice is None, advice=advice)
        elif not digest:
            return held
        return _signed(core, held, digest=digest)
    except StoreError as error:
        return attrs.evolve(held, done=False, advice=FAILED.format(error))


def _signed(core: Core, held: Certificate, *, digest: bool) -> Certificate:
    """Keep a certificate as it is now, with a digest where one is wanted."""
    if digest:
        said = {name: one for name, one in digests(core).items() if name != "erasures"}
        made = hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=32)
        held = attrs.evolve(held, digest=made.hexdigest())
    with core.database.writing() as session:
        certificate.change(session, held)
    return held


def _going(session: Session, core: Core, who: Any) -> Going:
    """Find all that is a person's."""
    meant = found(session, core, who, call="Store.forget")
    own = [] if meant.shared else own_nodes(session, meant.node)
    if not own:
        raise ArgumentError(
            f"Store.forget: who is {shown(who)}, a customer without an identifier that is not "
            "other people's too, so no mark is left by which to forget them."
        )
    return going_of(session, core, meant.node, own)


def going_of(session: Session, core: Core, person: int | None, own: Sequence[int]) -> Going:
    """All that goes with some identifiers, and what else was theirs if they are a person's own."""
    which = _numbers(session, _TOUCHING, own)
    rows = session.all(_ROWS, which=session.several(which))
    seqs = {seq for seq, _ in rows}
    keys = {key for _, key in rows if key is not None}
    loose: set[int] = set()
    if person is not None:
        mixed = [bundle for (bundle,) in session.all(_MIXED, person=person)]
        loose = set(rows_of_person(session, core, person, mixed)) - seqs
    told = _rows(session, loose)
    for row in told:  # of one event all that came with the same identifiers
        if row[AT[log.c.key]] is not None:
            same = session.all(_SAME, key=row[AT[log.c.key]], bundle=row[AT[log.c.bundle]])
            loose.update(seq for (seq,) in same)
            keys.add(row[AT[log.c.key]])
    told = _rows(session, loose)
    beside = sorted({row[AT[log.c.bundle]] for row in told})
    alone, unnamed = _alone(session, core, own, which, seqs)
    near = _numbers(session, _IN, [*which, *beside])
    flags = session.all(_FLAGS, which=session.several(near))
    shared = _named(session, [node for node, flag in flags if flag & CONTESTED])
    return Going(
        own,
        alone,
        shared,
        own if person is None else persons_nodes(session, person),
        which,
        sorted(seqs | loose),
        told,
        unnamed,
        beside,
        sorted(keys),
    )


def _alone(
    session: Session, core: Core, own: Sequence[int], which: Sequence[int], seqs: set[int]
) -> tuple[list[tuple[int, str]], list[Any]]:
    """Identifiers that are one person's and always were; and the rows that have none of them.

    What was shared with somebody who was erased before is the last one's alone, until it is handed
    on: suppressed, it would keep away whoever has it next.
    """
    names = _named(session, own)
    told = {number: _key(row) for number, *row in _bundles_of(session, which)}
    not_theirs = spared(session, core, told.values()).intersection(names)
    alone = [name for name in names if name not in not_theirs]
    if not not_theirs:
        return alone, []
    known = set(alone)
    lack = {n for n, key in told.items() if known.isdisjoint(core.naming.identifiers(key))}
    rows = _rows(session, seqs)
    return alone, [row for row in rows if row[AT[log.c.bundle]] in lack]


def _named(session: Session, which: Sequence[int]) -> list[tuple[int, str]]:
    held = session.all(_NAMES, which=session.several(which)) if which else []
    return [(kind, unescaped(value)) for kind, value in held]


def _bundles_of(session: Session, which: Sequence[int]) -> list[Any]:
    return session.all(_GIVEN, which=session.several(which)) if which else []


def going_rows(session: Session, rows: Sequence[Any]) -> Going:
    """Some rows, `SELECTED`, that no identifier gives away, without a person."""
    return Going(
        own=(),
        alone=(),
        shared=(),
        named=(),
        bundles=(),
        rows=sorted({int(row[AT[log.c.seq]]) for row in rows}),
        loose=rows,
        unnamed=(),
        beside=sorted({int(row[AT[log.c.bundle]]) for row in rows}),
        keys=sorted({int(r[AT[log.c.key]]) for r in rows if r[AT[log.c.key]] is not None}),
    )


def _gone(session: Session, core: Core, going: Going) -> dict[str, int]:
    """Take it all away, and settle what it leaves behind; how many rows of each table went."""
    near = set(_numbers(session, _IN, [*going.bundles, *going.beside]))
    lumps = set(_numbers(session, _LUMPS, sorted(going.own or near)))
    near.update(_numbers(session, _TOGETHER, sorted(lumps)))
    facts = twins(session, core, {r[AT[log.c.bundle]]: r[len(_COLUMNS) :] for r in going.loose})
    counts = {"log": session.run(_EMPTY_ROWS, which=session.several(going.rows))}
    left = set(_numbers(session, _LEFT, going.beside))
    gone = [*going.bundles, *sorted(set(going.beside) - left)]
    counts["bundles"] = session.run(_EMPTY_BUNDLES, which=session.several(gone))
    for name in ("members", "evidence"):
        counts[name] = session.run(_DELETE[name], which=session.several(gone))
    counts["superseded"] = session.run(_DELETE["superseded"], which=session.several(going.rows))
    lost = sorted(near - set(_numbers(session, _HELD, sorted(near))))
    named = session.several(sorted({*lost, *going.named}))
    counts["decisions"] = session.run(_EMPTY_DECISIONS, which=named)
    counts["restricted"] = session.run(_DELETE["restricted"], which=named)
    counts["places"] = session.run(_DELETE["places"], which=session.several(lost))
    counts["nodes"] = session.run(_EMPTY_NODES, which=session.several(lost))
    _settle(session, core, sorted(near.difference(lost)), several=sorted(left))
    recount(session, going.keys, sorted({*left, *facts.values()}))
    return counts


def _settle(session: Session, core: Core, stay: Sequence[int], *, several: Sequence[int]) -> None:
    """Who is who of the nodes that stay, and whose the bundles are of which rows went."""
    flags: dict[int, int] = dict(session.all(_FLAGS, which=session.several(stay)))
    shared = [node for node in stay if flags.get(node, 0) & SHARED]
    freed = no_longer_shared(session, core, shared)
    plain = [node for node in stay if not flags.get(node, 0) & SHARED]
    beside = _numbers(session, _IN, several)
    for touched, anew in ((freed, True), (sorted({*plain, *beside}), False)):
        if touched:
            held = slice_of(session, core, touched, several=several, anew=anew)
            write(session, held, by_either(held, core.policy))


def _told(row: Any) -> tuple[Key, dict[str, Any]]:
    """The identifiers of a row, and its columns."""
    return _key(row[len(_COLUMNS) :]), dict(zip(_COLUMNS, row, strict=False))


def _key(row: Sequence[Any]) -> Key:
    customer, kind, source, given = row
    read = identity_key((customer, kind, source, given))
    key = None if read is None else shortened(read)
    assert key is not None, "a row that is somebody's has an identifier"
    return key


def _rows(session: Session, which: set[int]) -> list[Any]:
    return session.all(_FULL, which=session.several(sorted(which))) if which else []


def _numbers(session: Session, query: Query, which: Sequence[int] = (), **values: int) -> list[int]:
    if not values:
        return [n for (n,) in session.all(query, which=session.several(which))] if which else []
    return [n for (n,) in session.all(query, **values)]
