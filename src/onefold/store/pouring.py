"""Pouring: many new rows into a table at once.

SQLite       one prepared INSERT, run for each row
PostgreSQL   COPY: the rows as one stream, without an answer for each
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.dialects import postgresql, sqlite

from onefold.store.database import Session

FEW = 16  # rows of a list, which are sent together: a stream is one more turn
_POSTGRESQL: Any = postgresql.dialect(paramstyle="format")  # type: ignore[no-untyped-call]


def pour(session: Session, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Add rows, of values in the order of the table's columns."""
    cursor = session.connection.connection.cursor()
    try:
        if session.lite:
            cursor.executemany(_inserting(table), rows)
            return
        if isinstance(rows, list) and len(rows) <= FEW:
            if rows:
                cursor.executemany(_valuing(table), rows)
            return
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        with cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
    finally:
        cursor.close()


@cache
def _valuing(table: Table) -> str:
    return str(insert(table).compile(dialect=_POSTGRESQL))


@cache
def _inserting(table: Table) -> str:
    return str(insert(table).compile(dialect=sqlite.dialect(paramstyle="qmark")))
