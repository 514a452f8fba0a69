"""Database: transactions on SQLite and PostgreSQL, by one set of statements.

SQLAlchemy makes the engine, the tables and the text of each statement, once for each database; the
driver runs it. One writer at a time may change who is who; those who only append share the lock:

    writing()            SQLite: BEGIN IMMEDIATE      PostgreSQL: an advisory lock, exclusive
    writing(shared=True) the same                     the same lock, shared
    reading()            one consistent snapshot of all tables
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any, Literal, TypeAlias, final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Engine,
    bindparam,
    create_engine,
    event,
    literal_column,
    null,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.visitors import replacement_traverse

from onefold.errors import ArgumentError, StoreError
from onefold.store import address

LOCK = 0x0F01D  # the number of the advisory lock
COMMITTED = "BEGIN ISOLATION LEVEL READ COMMITTED"  # whatever is the default of the user
AT_ONCE = 64  # connections: one for each thread that is busy; who finds none waits
KEPT = 16  # of these when nobody needs them
LOG_PAGES = 16384  # of SQLite's log of writes, 64 MiB, before it is copied into the database
Durable: TypeAlias = Literal["disk", "process"]
Value: TypeAlias = int | float | str | bytes | None
Row: TypeAlias = tuple[Any, ...]


class Among(ColumnElement[bool]):
    """A column holds one of many whole numbers, which are one parameter: `Session.several`."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column: ColumnElement[Any] = column
        self.parameter: BindParameter[Any] = bindparam(name)


@compiles(Among, "sqlite")
def _sqlite(element: Among, compiler: Any, **kw: Any) -> str:
    column, many = compiler.process(element.column, **kw), compiler.process(element.parameter, **kw)
    return f"{column} IN (SELECT value FROM json_each({many}))"


@compiles(Among, "postgresql")
def _postgresql(element: Among, compiler: Any, **kw: Any) -> str:
    column, many = compiler.process(element.column, **kw), compiler.process(element.parameter, **kw)
    return f"{column} = ANY(CAST({many} AS BIGINT[]))"


@final
class Query:
    """A statement whose parameters are named by `bindparam`; its text is made once a dialect.

    What stands in the statement itself becomes a part of the text: whole numbers, text and NULL.

    Raises:
        ArgumentError: If something else stands there, or a parameter has no name of its own.
    """

    __slots__ = ("_made", "statement")

    def __init__(self, statement: ClauseElement) -> None:
        self.statement: Any = replacement_traverse(statement, {}, _in_words)
        self._made = dict[str, str]()

    def text(self, dialect: Any) -> str:
        """The statement in the words of a database."""
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = str(self.statement.compile(dialect=dialect))
        return made


@final
class Session:
    """One transaction."""

    __slots__ = ("_cursor", "_dialect", "connection", "lite")

    def __init__(self, connection: Any, dialect: Any, lite: bool) -> None:
        self.connection, self._dialect = connection, dialect
        self.lite = lite
        self._cursor = connection.connection.cursor()

    def all(self, query: Query, **values: Any) -> list[Row]:
        """All rows of an answer."""
        self._cursor.execute(query.text(self._dialect), values)
        rows: list[Row] = self._cursor.fetchall()
        return rows

    def one(self, query: Query, **values: Any) -> Row | None:
        """The first row of an answer, if there is one."""
        self._cursor.execute(query.text(self._dialect), values)
        row: Row | None = self._cursor.fetchone()
        return row

    def each(self, query: Query, *, size: int = 50_000, **values: Any) -> Iterator[list[Row]]:
        """The rows of an answer, some at a time: on PostgreSQL by a cursor of the server."""
        name = None if self.lite else "onefold_each"
        held = self.connection.connection
        cursor = held.cursor() if name is None else held.cursor(name)
        try:
            cursor.execute(query.text(self._dialect), values)
            while rows := cursor.fetchmany(size):
                yield rows
        finally:
            cursor.close()

    def run(self, query: Query, **values: Any) -> int:
        """Run a statement; how many rows it has changed."""
        self._cursor.execute(query.text(self._dialect), values)
        count: int = self._cursor.rowcount
        return count

    def many(self, query: Query, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each of some rows."""
        if rows:
            self._cursor.executemany(query.text(self._dialect), rows)

    def several(self, numbers: Iterable[int]) -> Any:
        """Whole numbers as the one parameter of `Among`."""
        return json.dumps(list(numbers)) if self.lite else list(numbers)


@final
class Database:
    """An engine, its transactions and their locks."""

    def __init__(self, url: Any, *, durable: Durable, timeout: float) -> None:
        self.url = address.read(url)
        self.lite = self.url.get_backend_name() == "sqlite"
        self.in_memory = self.lite and self.url.database in (None, "", ":memory:")
        self.shown = _where(self.url)
        self._closed = False
        self._process = os.getpid()
        self._alone = threading.RLock()  # a database in memory has one connection
        self._idle: list[Any] = []  # connections that are open: to open one costs as much as a row
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._timeout = timeout
        self.engine = _engine(self.url, self.in_memory, timeout)
        # Parameters go by their names, so that the order of a statement's does not matter.
        style = "named" if self.lite else "pyformat"
        made: Any = type(self.engine.dialect)
        self.dialect = made(paramstyle=style)
        self._prepare(durable, timeout)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of all tables."""
        start = "BEGIN" if self.lite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        with self._transaction([start]) as session:
            yield session

    @contextmanager
    def writing(self, *, shared: bool = False) -> Iterator[Session]:
        """A transaction that writes: all of it is durable when the block ends, or none of it is.

        Args:
            shared: Others who share may write at the same time.
        """
        how = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        first = ["BEGIN IMMEDIATE"] if self.lite else [COMMITTED, f"SELECT {how}({LOCK})"]
        with self._transaction(first) as session:
            yield session

    @contextmanager
    def alone(self) -> Iterator[Any]:
        """A driver's cursor outside of any transaction, for what can't be in one.

        Raises:
            StoreError: If the database refuses; what was done before it did stays done.
        """
        with self._connection() as connection:
            cursor = connection.connection.cursor()
            try:
                yield cursor
            except Exception as error:
                told = _told(error, self, "What this call had done before stays done.")
                if told is error:
                    raise
                raise told from error
            finally:
                cursor.close()

    def drop(self) -> None:
        """Let go of the connections that nobody uses."""
        while (kept := self._taken()) is not None:
            kept.close()

    def close(self) -> None:
        """Let go of all connections, for good; what is closed already stays so."""
        self._closed = True
        ours = os.getpid() == self._process  # a child does not close what its parent has open
        if ours:
            self.drop()
        self.engine.dispose(close=ours)

    @contextmanager
    def _transaction(self, first: Sequence[str]) -> Iterator[Session]:
        with self._connection() as connection:
            session = self._begun(connection, first[0])
            try:
                for said in first[1:]:
                    session._cursor.execute(said)
                yield session
                session._cursor.execute("COMMIT")
            except BaseException as error:
                _undone(session)
                told = _told(error, self)
                if told is error:
                    raise
                raise told from error

    def _begun(self, connection: Any, said: str) -> Session:
        """A transaction that has begun, on another connection where the server has left this one.

        That is seen when it begins, so that nothing was asked yet, and all others are as old.
        """
        try:
            try:
                return self._first(connection, said)
            except Exception:
                held = connection.connection.dbapi_connection
                if self.lite or not held.closed:
                    raise
            connection.invalidate()
            connection.rollback()  # of SQLAlchemy's own, which it begins by itself
            self.drop()
            self.engine.dispose()
            return self._first(connection, said)
        except BaseException as error:
            connection.invalidate()  # it may have begun
            told = _told(error, self)
            if told is error:
                raise
            raise told from error

    def _first(self, connection: Any, said: str) -> Session:
        session = Session(connection, self.dialect, self.lite)
        session._cursor.execute(said)
        return session

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        if self._closed:
            gone = "; what was in memory is gone with it" if self.in_memory else ""
            raise StoreError(f"Store: {self.shown} was closed{gone}. Open it anew: Store(url).")
        if os.getpid() != self._process:
            raise StoreError(
                f"Store: {self.shown} was opened by the process of which this one is a fork, and a "
                "connection can't be used by two. Open it in each process: Store(url)."
            )
        try:
            if self.in_memory:
                with self._alone, self.engine.connect() as connection:
                    yield connection
            else:
                with self._one_of_several() as connection:
                    yield connection
        except DBAPIError as error:
            raise _told(error.orig or error, self) from error

    @contextmanager
    def _one_of_several(self) -> Iterator[Any]:
        if not self._room.acquire(timeout=self._timeout):
            raise StoreError(
                f"Store: {AT_ONCE} threads have been busy with the database for {self._timeout} "
                "seconds. Nothing of this call was written. Use fewer threads, or give a longer "
                "timeout=."
            )
        try:
            connection = self._taken() or self.engine.connect()
            try:
                yield connection
            finally:
                if self._closed or connection.invalidated or len(self._idle) >= KEPT:
                    connection.close()
                else:
                    self._idle.append(connection)
        finally:
            self._room.release()

    def _taken(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _prepare(self, durable: Durable, timeout: float) -> None:
        """What every new connection is told."""
        lite, memory = self.lite, self.in_memory

        @event.listens_for(self.engine, "connect")
        def _(connection: Any, _: Any) -> None:
            if not lite:
                connection.autocommit = True  # transactions are begun by name
                cursor = connection.cursor()
                said = "on" if durable == "disk" else "off"
                cursor.execute(f"SET synchronous_commit TO {said}")
                # 0 would be to wait for ever
                cursor.execute(f"SET lock_timeout TO {max(int(timeout * 1000), 1)}")
                cursor.close()
                return
            connection.isolation_level = None  # transactions are begun by name
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
            if not memory:
                _ahead(cursor, timeout)
                cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            cursor.execute(f"PRAGMA synchronous = {'FULL' if durable == 'disk' else 'NORMAL'}")
            cursor.execute("PRAGMA cache_size = -65536")  # KiB: keys come from all over an index
            cursor.execute("PRAGMA secure_delete = ON")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.close()


def _ahead(cursor: Any, timeout: float) -> None:
    """Have SQLite write ahead; while others open the same new file it does not wait by itself."""
    end = monotonic() + timeout
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or monotonic() >= end:
                raise
            sleep(0.005)


def _in_words(element: Any, **_: Any) -> Any:
    """What stands for a whole number of a statement, or for NULL; named parameters stay."""
    if not isinstance(element, BindParameter):
        return None
    if element.required and not element.unique and not element.key.startswith("%("):
        return None
    if element.required:  # SQLAlchemy would make up a name
        raise ArgumentError(
            "Query: statement holds a parameter without a name, so nobody can say its value. Name "
            "it: bindparam('name')."
        )
    held = element.value
    if held is None:
        return null()
    if isinstance(held, str):  # of the code: nothing that was given is put into a statement
        return literal_column("'" + held.replace("'", "''") + "'")
    if isinstance(held, int):
        return literal_column(str(held))
    raise ArgumentError(
        f"Query: statement holds {held!r}, for which there is no word in both databases; a "
        "statement holds whole numbers, text and NULL. Name a parameter: bindparam('name')."
    )


def _engine(url: URL, in_memory: bool, timeout: float) -> Engine:
    if in_memory:
        kept = {"check_same_thread": False}
        return create_engine(url, poolclass=StaticPool, connect_args=kept)
    try:
        return create_engine(url, pool_timeout=timeout, max_overflow=-1, pool_reset_on_return=None)
    except ImportError as error:
        raise ArgumentError(
            f"Store: url is of {url.drivername!r}, whose driver is not installed ({error}). "
            "Install it: pip install 'onefold[store]'."
        ) from None


def _undone(session: Session) -> None:
    """Undo all of a transaction; what can't be undone is not there any more."""
    try:
        session._cursor.execute("ROLLBACK")
    except Exception:  # noqa: BLE001 - whatever a broken connection says
        session.connection.invalidate()  # and so it is not taken again


def _where(url: URL) -> str:
    """A URL without the passwords in it."""
    secret = {name: "***" for name in url.query if "password" in name}
    return url.update_query_dict(secret).render_as_string(hide_password=True)


def _told(
    error: BaseException,
    database: "Database",
    advice: str = "Nothing of this call was written.",
) -> BaseException:
    """A driver's error in words that say what to do; others as they are."""
    module = type(error).__module__.partition(".")[0]
    if module not in ("sqlite3", "psycopg"):
        return error
    said = str(error).strip().partition("\n")[0]
    if password := database.url.password:
        said = said.replace(str(password), "***")
    if "locked" in said or "lock timeout" in said or "LockNotAvailable" in type(error).__name__:
        advice += " Another process holds the database; try again, or give a longer timeout=."
    elif "full" in said or "No space" in said:
        advice += " Make room on the disk, and try again."
    elif "unable to open" in said:
        advice += (
            " Make the folder first, and let this process write in it: SQLite keeps files beside "
            "the database."
        )
    elif "readonly" in said or "read-only" in said:
        advice += " Let this process write the file, and in its folder."
    elif "connection" in said and ("failed" in said or "refused" in said):
        advice += " Look whether the server runs, and whether host, port, name and user are right."
    return StoreError(f"Store: {database.shown} has refused: {said}. {advice}")
