"""Connections: enough for many threads, mended where the server has left, as durable as told."""

import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import onefold as of
from onefold.errors import ArgumentError, StoreError
from onefold.store import adopting, erasing
from onefold.store import database as module
from onefold.store.schema import log
from tests.store.server import database

Opened = Callable[..., of.Store]
ROWS = module.Query(select(func.count()).select_from(log))


def event(who: str, day: int = 1) -> of.Event:
    time, name = f"2024-03-{day:02d}", {"cookie": who}
    return of.Event(None, "view", time, id=f"{who}-{day}", identifiers=name)


@pytest.fixture
def served(postgres: str) -> Iterator[str]:
    """A new database of a server."""
    with database(postgres) as url:
        yield url


def ask(store: of.Store, said: str) -> Any:
    with store._core.database.alone() as cursor:
        cursor.execute(said)
        return cursor.fetchone()[0]


def leave(store: of.Store) -> None:
    """Let the server leave all connections to this database but one."""
    with store._core.database.alone() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize(("durable", "lite", "server"), [("disk", 2, "on"), ("process", 1, "off")])
def test_every_connection_is_as_durable_as_told(
    lasting: str, opened: Opened, durable: str, lite: int, server: str
) -> None:
    store = opened(lasting, durable=durable)
    held = store._core.database
    said, wanted = (
        ("PRAGMA synchronous", lite) if held.lite else ("SHOW synchronous_commit", server)
    )
    with held.reading(), held.alone() as one, held.alone() as two:  # several at once
        for cursor in (one, two):
            cursor.execute(said)
            assert cursor.fetchone()[0] == wanted
    held.drop()
    held.engine.dispose()
    assert ask(store, said) == wanted


def test_forty_threads_wait_for_one_lock(served: str, opened: Opened) -> None:
    store = opened(served, timeout=20)
    store.observe(event("c0"))
    with ThreadPoolExecutor(40) as pool:
        with store._core.database.writing():
            asked = [pool.submit(store.observe, event(f"c{n % 3}", 2 + n % 20)) for n in range(40)]
            while store._core.database.engine.pool.checkedout() < 41:  # type: ignore[attr-defined]
                assert not any(one.done() for one in asked)
        assert all(one.result() is not None for one in asked)


def test_a_connection_that_none_is_left_of(
    lasting: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    store = opened(lasting, timeout=0.1)
    with (
        store._core.database.reading(),
        pytest.raises(StoreError, match="1 threads have been busy"),
    ):
        store.observe(event("c1"))
    store.observe(event("c1"))


def test_a_server_that_was_started_again_is_reached_again(served: str, opened: Opened) -> None:
    store, other = opened(served), opened(served)
    held = store._core.database
    with held.reading(), held.reading(), held.reading():
        pass  # three connections wait
    leave(other)
    assert store.observe(event("c1")) is not None
    assert len(store) == len(other) == 1


def test_a_connection_that_breaks_within_is_not_tried_again(served: str, opened: Opened) -> None:
    store, other = opened(served), opened(served)

    def cut() -> None:
        with store._core.writing() as session:
            leave(other)
            session.one(ROWS)

    with pytest.raises(StoreError, match="Nothing of this call was written"):
        cut()
    assert store.observe(event("c1")) is not None


def test_a_users_default_isolation_does_no_harm(served: str, opened: Opened) -> None:
    store = opened(served)
    with store._core.database.alone() as cursor:
        cursor.execute("SELECT current_database()")
        name = cursor.fetchone()[0]
        cursor.execute(
            f'ALTER DATABASE "{name}" SET default_transaction_isolation = "repeatable read"'
        )
    one, two = opened(served), opened(served)
    assert ask(one, "SHOW default_transaction_isolation") == "repeatable read"
    for held in (one, two):
        held.observe(event("c1"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: (one, two)[n % 2].observe(event(f"c{n % 5}", 2)), range(40)))
    assert len(one) == 6
    assert not one.rebuild()


def test_one_reading_sees_one_state(url: str, opened: Opened) -> None:
    store = opened(url)
    store.observe(event("c1"))
    if store._core.database.in_memory:
        return  # one connection, one transaction
    with store._core.reading() as session:
        assert session.one(ROWS) == (1,)
        opened(url).observe(event("c2"))
        assert session.one(ROWS) == (1,)
    assert len(store) == 2


def test_what_is_done_alone_is_refused_in_our_words(url: str, opened: Opened) -> None:
    store = opened(url)
    with pytest.raises(StoreError, match=r"has refused.*before stays done"):
        ask(store, "SELECT nothing FROM nowhere")


def test_compacting_while_somebody_reads(served: str, opened: Opened) -> None:
    store, other = opened(served, timeout=0.2), opened(served)
    store.observe(event("c1"))
    with other._core.reading() as session:
        session.one(ROWS)
        with pytest.raises(StoreError, match=r"stays done.*try again"):
            store.compact()
    assert store.compact().rows == 0


@pytest.fixture
def small_files() -> Iterator[Callable[[int], None]]:
    """Lets files of this process grow up to a size, as if the disk were full then."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_while_compacting(
    tmp_path: Path, opened: Opened, small_files: Callable[[int], None]
) -> None:
    store = opened(f"sqlite:///{tmp_path / 'shop.db'}", key="k")
    store.observe_all([event(f"c{n}") for n in range(300)])
    small_files(65_536)
    with pytest.raises(StoreError, match=r"has refused.*stays done"):
        store.compact()
    small_files(2**30)
    assert store.compact().done and len(store) == 300


def test_who_was_erased_is_erased_though_the_files_are_not_cleared(
    tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(f"sqlite:///{tmp_path / 'shop.db'}", key="k")
    store.observe(event("ann"))
    store.observe(event("ben"))

    def full(core: Any) -> None:
        with core.database.alone() as cursor:
            cursor.execute("PRAGMA no_such_schema.wal_checkpoint(TRUNCATE)")

    monkeypatch.setattr(erasing, "truncated", full)
    made = store.forget(("cookie", "ann"))
    assert not made.done and "compact()" in str(made.advice) and made.count("log") == 1
    monkeypatch.undo()
    assert [one.done for one in store.certificates()] == [False]
    assert len(store) == 1 and store.observe(event("ann", 2)) is None
    assert store.compact().done and store.certificates()[0].done


@pytest.mark.parametrize(
    "driver", ["sqlite+aiosqlite:///x.db", "postgresql+asyncpg://h/x", "postgresql+psycopg2://h/x"]
)
def test_other_drivers_are_refused(driver: str) -> None:
    with pytest.raises(ArgumentError, match="driver"):
        of.Store(driver)


def test_threads_go_on_while_another_adopts(lasting: str, opened: Opened) -> None:
    store, other = opened(lasting), opened(lasting)
    store.observe(event("c0"))
    stop, errors = threading.Event(), list[Exception]()

    def work(name: int) -> None:
        try:
            for day in range(1, 29):
                store.observe(event(f"c{name}", day))
                store.observe_all([event(f"d{name}", day)])
                list(store.logs())
                if stop.is_set():
                    break
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    several = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for one in several:
        one.start()
    policies = [of.IdentityPolicy(giant=n) for n in (50, 60, 70, 80)]
    for policy in policies:
        store.adopt(policy)
    stop.set()
    for one in several:
        one.join()
    assert errors == []
    assert store.policy == policies[-1] and not store.rebuild()
    with pytest.raises(StoreError, match="another policy"):
        other.observe(event("c0"))


def test_who_is_overtaken_waits_for_the_new_policy(
    lasting: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the commit of `adopt` and its end a call of another thread is not refused."""
    store, adopt = opened(lasting), adopting.adopt
    came: list[of.Profile | None] = []
    thread = threading.Thread(target=lambda: came.append(store.observe(event("c1"))))

    def slow(*args: Any) -> Any:
        made = adopt(*args)
        thread.start()
        thread.join(0.5)  # it waits longer than that
        assert thread.is_alive() and not came
        return made

    monkeypatch.setattr(adopting, "adopt", slow)
    store.adopt(of.IdentityPolicy(giant=50))
    thread.join()
    assert len(came) == 1 and came[0] is not None
