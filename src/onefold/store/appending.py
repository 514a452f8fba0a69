"""Appending: one more row of the log, once.

An event with an id is known by it in the whole log, a fact by what it says. The same row is not
stored again; another one of the same id is, and the library's rule says which of them count:

    (shop, e1) of 9:00    (shop, e1) of 9:00    nothing
                          (shop, e1) of 9:05    a row that is superseded

On PostgreSQL several may append at once. Numbers come from a sequence, and who brings an event
with an id takes the lock of this id first, the only one besides that of the database.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, text
from sqlalchemy.dialects import postgresql

from onefold.store.core import Core
from onefold.store.database import Among, Query, Row, Session
from onefold.store.rows import CONTENT, SELECTED, BundleKey
from onefold.store.schema import NUMBERS, bundles, evidence, log, superseded
from onefold.store.superseding import superseded_events, superseded_facts
from onefold.store.twins import twins

IDS = 0x0F01E  # the first number of the locks of ids; the second is that of the id
AT = {column.name: at for at, column in enumerate(log.c)}
WIDTH = len(SELECTED)  # behind which is told of whom a row is, and whether it is superseded

_KNOWN = select(*SELECTED, evidence.c.bundle, superseded.c.seq).select_from(
    log.join(bundles, bundles.c.bundle == log.c.bundle)
    .outerjoin(evidence, evidence.c.bundle == log.c.bundle)
    .outerjoin(superseded, superseded.c.seq == log.c.seq)
)
DELIVERIES = Query(_KNOWN.where(log.c.key == bindparam("of")))
STATED = Query(
    _KNOWN.where(
        Among(log.c.bundle, "bundles"),
        log.c.seen <= bindparam("at"),  # by the index of bundles:
        log.c.time + literal_column("0") == bindparam("at"),  # many may be of one instant
        log.c.name == bindparam("called"),
    )
)
LAST = Query(select(func.max(log.c.seq)))
NEXT = Query(select(NUMBERS.next_value()))
AHEAD = Query(
    select(
        func.setval(
            literal_column(f"'{NUMBERS.name}'"),
            func.greatest(func.max(log.c.seq), NUMBERS.next_value()),
        )
    )
)
UP_TO = Query(  # what bulk has counted without the sequence; never back
    text(
        f"SELECT setval('{NUMBERS.name}', greatest(:last, (SELECT last_value FROM {NUMBERS.name})))"
    )
)
ADD = Query(insert(log))
ADD_SHARED = Query(postgresql.insert(log).on_conflict_do_nothing())
ALONE = Query(select(func.pg_advisory_xact_lock(bindparam("space"), bindparam("number"))))
MARK = Query(insert(superseded))
UNMARK = Query(delete(superseded).where(superseded.c.seq == bindparam("of")))


def append(
    session: Session,
    core: Core,
    bundle: int,
    *,
    key: BundleKey,
    row: Mapping[str, Any],
    whose: bool,
) -> tuple[int, bool]:
    """Add a row to the log, if it is not there.

    Args:
        session: A transaction that writes.
        core: The store.
        bundle: The number of its bundle.
        key: The same as text.
        row: Its columns.
        whose: Whether an identifier of it is left.

    Returns:
        Its number, and whether it is new.
    """
    known = _known(session, core, bundle, key=key, row=row)
    content = tuple(row[name] for name in CONTENT)
    for other in known:
        if other[AT["bundle"]] == bundle and _content(other) == content:
            return other[AT["seq"]], False
    seq = _added(session, bundle, row)
    if whose and known:
        _superseded(session, known, (seq, bundle, *(row[n] for n in list(AT)[2:]), *key))
    return seq, True


def _known(
    session: Session, core: Core, bundle: int, *, key: BundleKey, row: Mapping[str, Any]
) -> list[Row]:
    """Rows that may be the same, or of which one may supersede the other."""
    if row["key"] is not None:
        if not session.lite:
            session.one(ALONE, space=IDS, number=_folded(row["key"]))
        return session.all(DELIVERIES, of=row["key"])
    if key[1] is not None:
        return []
    several = [bundle, *twins(session, core, {bundle: key}).values()]
    said = session.several(several)
    return session.all(STATED, bundles=said, at=row["time"], called=row["name"])


def _added(session: Session, bundle: int, row: Mapping[str, Any]) -> int:
    if session.lite:
        last = session.one(LAST)
        seq: int = 1 if last is None or last[0] is None else last[0] + 1
        session.run(ADD, seq=seq, bundle=bundle, **row)
        return seq
    (seq,) = session.all(NEXT)[0]
    while not session.run(ADD_SHARED, seq=seq, bundle=bundle, **row):
        (seq,) = session.all(AHEAD)[0]  # who was alone has counted on without the sequence
        (seq,) = session.all(NEXT)[0]
    return seq


def _superseded(session: Session, known: Sequence[Row], new: Row) -> None:
    """Mark which of some rows of one id, or one statement, don't count."""
    rows = [row for row in known if row[WIDTH] is not None]
    if not rows:
        return
    rule = superseded_facts if new[AT["key"]] is None else superseded_events
    gone = rule([*(row[:WIDTH] for row in rows), new])
    was = {row[AT["seq"]] for row in rows if row[WIDTH + 1] is not None}
    session.many(MARK, [{"seq": seq} for seq in sorted(gone - was)])
    session.many(UNMARK, [{"of": seq} for seq in sorted(was - gone)])


def _content(row: Row) -> tuple[Any, ...]:
    return tuple(row[AT[name]] for name in CONTENT)


def _folded(key: int) -> int:
    """An id's number of 32 bits: a lock that two have in common is held a little longer."""
    low = (key ^ (key >> 32)) & 0xFFFFFFFF
    return low - 2**32 if low >> 31 else low
