"""Address: where a database is, read from what a caller gives, with nothing secret in an error.

    "sqlite:///shop.db"  ->  a file        "shop.db"  ->  did you mean 'sqlite:///shop.db'?

Two drivers are known, those of the extra: SQLite's own, and psycopg for PostgreSQL.
"""

import importlib
import os
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError as UrlError

from onefold.errors import ArgumentError, MissingExtra

LITE, SERVER = "sqlite", "postgresql"
DRIVERS = {"sqlite": LITE, "sqlite+pysqlite": LITE, "postgresql+psycopg": SERVER}
FORMS = "'sqlite:///shop.db', or 'postgresql+psycopg://user@host/name'"
_SECRET = "@=:;"  # signs of an address that may have a password in it


def read(url: Any) -> URL:
    """The address of a database.

    Args:
        url: A text, what SQLAlchemy made of one, or None for one in memory.

    Raises:
        ArgumentError: If it is none, or of a database or driver that isn't known.
        MissingExtra: If the driver is not installed.
    """
    if not isinstance(url, (str, URL, type(None))):
        raise ArgumentError(f"Store: url is a {type(url).__name__}; it takes {FORMS}.{_meant(url)}")
    if isinstance(url, str) and "://" not in url:
        where = repr(url) if _plain(url) else "a text without '://'"
        raise ArgumentError(f"Store: url is {where}; it takes {FORMS}.{_meant(url)}")
    try:
        made = make_url("sqlite://" if url is None else url)
        named, options = made.drivername, dict(made.query)
    except (UrlError, ValueError) as error:
        raise ArgumentError(
            f"Store: url is {_beginning(url)}, which can't be read ({type(error).__name__}). Give "
            f"{FORMS}; a port is a number, and signs such as @ and / in a password are written as "
            "%40 and %2F."
        ) from None
    if named not in DRIVERS:
        raise ArgumentError(f"Store: url is {_beginning(named)}; {_other(named)}")
    if DRIVERS[named] == LITE:
        _file(made, options)
    else:
        _driver()
    return made


def _file(made: URL, options: dict[str, Any]) -> None:
    if options:
        raise ArgumentError(
            f"Store: url has the options {', '.join(map(repr, sorted(options)))}, and that of a "
            "SQLite file has none here; a store is opened for reading and writing. Leave what "
            "begins at the ? out."
        )
    if made.host or made.port or made.username:
        raise ArgumentError(
            "Store: url is of a SQLite database on a host, and SQLite knows files alone. A file "
            f"beside you has three slashes: 'sqlite:///{made.host or 'shop.db'}', an absolute "
            "path four."
        )


def _driver() -> None:
    try:
        importlib.import_module("psycopg")
    except ImportError:
        raise MissingExtra(
            "Store: PostgreSQL needs psycopg, which is not installed: pip install 'onefold[store]'."
        ) from None


def _other(named: str) -> str:
    """What to write in place of an address of another database or driver."""
    if named.split("+", maxsplit=1)[0] in ("postgres", "postgresql", "psql"):
        return (
            "write 'postgresql+psycopg://user@host/name': psycopg (version 3) is its driver here."
        )
    if named.startswith("sqlite"):
        return "write 'sqlite:///shop.db': Python's own driver is taken."
    return f"SQLite and PostgreSQL are known: {FORMS}."


def _meant(url: Any) -> str:
    """A path was given, perhaps."""
    if isinstance(url, os.PathLike):
        url = os.fspath(url)
    if not isinstance(url, str) or not url or not _plain(url):
        return ""
    return f" Did you mean {f'sqlite:///{url}'!r}?"


def _plain(url: str) -> bool:
    return not any(sign in url for sign in _SECRET)


def _beginning(url: Any) -> str:
    """An address without what may be secret in it."""
    return f"{str(url).split(':')[0]!r}:..." if isinstance(url, str) else f"a {type(url).__name__}"
