"""Compacting: what was erased leaves no trace, not even its room.

After an erasure rows are empty, and keep their numbers. Here they are deleted, and the files are
written anew:

    SQLite       delete, VACUUM, truncate the write-ahead log
    PostgreSQL   delete, VACUUM FULL, the same of what the planner knows of values, and write the
                 write-ahead log through

The last row of a table stays, for its number is never given again.
"""

from typing import Any

import attrs
from sqlalchemy import Column, delete, func, select

from onefold.errors import StoreError
from onefold.store import certificate
from onefold.store.core import Core
from onefold.store.database import Query
from onefold.store.schema import MADE, TRUTH, bundles, decisions, log, nodes

# Of each table that is emptied its number, and a column that only emptied rows lack.
EMPTIED: tuple[tuple[Column[Any], Column[Any]], ...] = (
    (log.c.seq, log.c.bundle),
    (bundles.c.bundle, bundles.c.hash),
    (nodes.c.node, nodes.c.hash),
    (decisions.c.seq, decisions.c.node),
)


def _deleting(number: "Column[Any]", told: "Column[Any]") -> Query:
    table = number.table
    last = select(func.max(number)).scalar_subquery()
    return Query(delete(table).where(told.is_(None)).where(number < last))


_SEGMENTS = "SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' AND name "
_WAITING = _SEGMENTS + "> pg_walfile_name(pg_current_wal_lsn())"
_KEPT = _SEGMENTS + "< (SELECT redo_wal_file FROM pg_control_checkpoint())"
_DELETE = {number.table.name: _deleting(number, told) for number, told in EMPTIED}


@attrs.frozen
class Compacted:
    """What compacting has done.

    Attributes:
        rows: How many empty rows are gone.
        done: Whether nothing of what was erased is left in the files of the database.
        advice: What is to be done where something is.
    """

    rows: int
    done: bool
    advice: str | None = None


def compact(core: Core) -> Compacted:
    """Delete empty rows, and write the files of the database anew.

    It takes time and room as all of the database does, and nobody can write meanwhile. On
    PostgreSQL archives and replicas of the write-ahead log, and backups anywhere, keep what they
    had.

    Raises:
        StoreError: If another connection holds the database for too long.
    """
    with core.writing() as session:
        rows = sum(session.run(query) for query in _DELETE.values())
    done, advice = _lite(core) if core.database.lite else _server(core)
    with core.database.writing() as session:
        certificate.settle(session, done=done, advice=advice)
    return Compacted(rows, done, advice)


def truncated(core: Core) -> str | None:
    """Empty the write-ahead log of SQLite; what is to be done where others still read it."""
    if core.database.in_memory:
        return None
    with core.database.alone() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # waits as long as timeout= says
        busy = cursor.fetchone()[0]
    if not busy:
        return None
    return (
        "another connection reads an older state of the database, so its write-ahead log is still "
        "there; close what reads, and call compact()"
    )


def _lite(core: Core) -> tuple[bool, str | None]:
    with core.database.alone() as cursor:
        cursor.execute("VACUUM")
    advice = truncated(core)
    return advice is None, advice


def _server(core: Core) -> tuple[bool, str | None]:
    tables = [table.name for meta in (TRUTH, MADE) for table in meta.sorted_tables]
    with core.database.alone() as cursor:
        for name in tables:
            cursor.execute(f"VACUUM (FULL, ANALYZE) {name}")
        try:
            cursor.execute("VACUUM FULL pg_catalog.pg_statistic")  # it holds the commonest values
            kept = _overwritten(cursor)
        except Exception as error:
            if getattr(error, "sqlstate", None) != "42501":  # insufficient_privilege
                raise StoreError(
                    f"Store: the server did not write a checkpoint: {error}"
                ) from error
            return False, (
                "this user may not write the server's write-ahead log through, in which it is "
                "still: call compact() as a superuser, and let archives of the log expire"
            )
    if not kept:
        return True, None
    return False, (
        f"the server keeps {kept:,} older segments of its write-ahead log, for replicas, archives "
        "or wal_keep_size; let them go, and call compact()"
    )


def _overwritten(cursor: Any) -> int:
    """Write the write-ahead log through; how many older segments the server keeps all the same.

    A checkpoint does not delete old segments: it gives them new names, to be used again, with
    what is in them. So each of those that wait is used, up to its end.
    """
    cursor.execute("SELECT pg_switch_wal()")
    cursor.execute("CHECKPOINT")
    cursor.execute(_WAITING)
    for _ in range(cursor.fetchone()[0] + 1):  # some, of 16 MB each
        cursor.execute("SELECT pg_logical_emit_message(false, 'onefold', '')")
        cursor.execute("SELECT pg_switch_wal()")
    cursor.execute("CHECKPOINT")
    cursor.execute(_KEPT)
    kept: int = cursor.fetchone()[0]
    return kept
