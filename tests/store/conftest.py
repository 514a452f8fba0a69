"""Databases for the tests of the store: SQLite in a file and in memory, and a real PostgreSQL.

url       each of the three, a new one for each test
    lasting   those that stay when a process ends: SQLite in a file, and PostgreSQL
    several   as many of the latter as a test wants: `with several() as url:`
    opened    opens stores, and closes them in the end
"""

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.store.server import NoServer, database, emptied, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server, one for each process of tests."""
    try:
        made = server()
    except NoServer as reason:
        pytest.skip(str(reason))
    try:
        yield made.url
    finally:
        made.stop()


@pytest.fixture(scope="session")
def free(postgres: str) -> Iterator[Callable[[], Any]]:
    """Gives databases of PostgreSQL, each for a `with`; those given back are emptied."""
    with ExitStack() as stack:
        there: list[str] = []

        @contextmanager
        def make() -> Iterator[str]:
            url = there.pop() if there else stack.enter_context(database(postgres))
            try:
                yield url
            finally:
                emptied(url)
                there.append(url)

        yield make


def _new(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if kind == "memory":
        yield "sqlite://"
    elif kind == "sqlite":
        yield f"sqlite:///{folder / 'store.db'}"
    else:
        with request.getfixturevalue("free")() as made:
            yield made


@pytest.fixture(params=["sqlite", "memory", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of each kind."""
    yield from _new(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of each kind that outlives its process."""
    yield from _new(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def several(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Any]:
    """Makes new databases, each for a `with`."""
    count = itertools.count()

    @contextmanager
    def make() -> Iterator[str]:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        yield from _new(request.param, request, folder)
        shutil.rmtree(folder)

    return make


@pytest.fixture
def opened() -> Iterator[Callable[..., Any]]:
    """Opens stores; those that are open still are closed in the end."""
    from onefold import Store

    several: list[Any] = []

    def make(*args: Any, **settings: Any) -> Any:
        several.append(Store(*args, **settings))
        return several[-1]

    yield make
    for store in several:
        store.close()
