"""What goes wrong: killed processes, full disks, locks, broken files. Nothing acknowledged is lost.

The suite takes few kills; the long run takes as many as are asked for, of each kind of database:

    ONEFOLD_KILLS=200 pytest tests/store/test_faults.py -k killed
"""

import os
import random
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

import onefold as of
from onefold.errors import OnefoldError, StoreError
from tests.store.producer import killed
from tests.store.server import NoServer, connected, database, server
from tests.store.shop import consistent, event, numbers, once

KILLS = int(os.environ.get("ONEFOLD_KILLS", "3"))
SIZE = 20  # events of a batch

Open = Callable[..., Any]


# ---------------------------------------------------------------- killed


def kill_often(url: str, how: str, kills: int, seed: int) -> tuple[int, int]:
    """Kill producers; each takes up where the last was acknowledged. Returns events, repeats."""
    rng, sure, found = random.Random(seed), 0, 0
    size = 1 if how == "one" else int(how)
    for turn in range(kills):
        after = rng.choice([-1, 0, size, 3 * size, 10 * size, 30 * size])
        pause = rng.uniform(0, 0.004 if how == "one" else 0.02) + (after < 0) * rng.uniform(0, 0.05)
        before = sure
        sure = killed(url, how, sure, sure + 100 * size, after, pause, durable="process")
        assert sure >= before
        with of.Store(url) as store:
            there = numbers(store)
            # All that was acknowledged, each once, and at most one call more: whole, or not at all.
            assert there in (once(range(sure)), once(range(sure + size))), (turn, sure)
            found += len(there) - sure
            if turn % 10 == 9:
                consistent(store)
    return sure, found


@pytest.mark.parametrize("how", ["one", str(SIZE)])
def test_killed_at_any_moment_no_event_is_lost_or_doubled(
    lasting: str, opened: Open, how: str
) -> None:
    sure, more = kill_often(lasting, how, KILLS, seed=KILLS)
    print(f"{KILLS} kills, {how}: {sure:,} events acknowledged, {more:,} were there besides")
    store = opened(lasting)
    stop = sure + (1 if how == "one" else SIZE)
    for number in range(max(sure - 5, 0), stop):  # a retry of what was and what was not there
        store.observe(event(number))
    assert numbers(store) == once(range(stop))
    consistent(store)
    fresh = opened("sqlite://")
    fresh.observe_all([event(n) for n in reversed(range(stop))])
    assert fresh.digest() == store.digest()


def test_a_server_that_is_killed_has_what_was_acknowledged(opened: Open) -> None:
    try:
        own = server(fast=False)
    except NoServer as reason:
        pytest.skip(str(reason))
    if own.folder is None:
        pytest.skip("the server is not our own")
    try:
        with database(own.url) as url:
            store = opened(url)
            for number in range(20):
                store.observe(event(number))
            own.kill()
            with pytest.raises(StoreError):
                store.observe(event(20))
            own.start()
            for _ in range(3):  # connections that are gone may say so once each
                try:
                    store.observe(event(20))
                    break
                except StoreError:
                    continue
            assert numbers(store) == once(range(21))
            consistent(store)
            store.close()
    finally:
        own.stop()


# ---------------------------------------------------------------- full


def fill(store: Any, start: int, *, batch: int | None = None) -> tuple[int, StoreError]:
    """Observe large events until the database refuses; up to which number all are there."""
    number = start
    while number < start + 20_000:
        several = [large(n) for n in range(number, number + (batch or 1))]
        try:
            if batch is None:
                store.observe(several[0])
            else:
                store.observe_all(several, batch=batch)
        except StoreError as error:
            return number, error
        number += batch or 1
    raise AssertionError("the disk is never full")


def large(number: int) -> of.Event:
    """An event of some 4 kB that can't be compressed."""
    noise = random.Random(number).randbytes(2000).hex()
    return attrs.evolve(event(number), basket=f"b{number}-{noise}")


def full_and_then_room(store: Any, batch: int | None, room: Callable[[], None]) -> None:
    sure, error = fill(store, 0, batch=batch)
    assert sure > 0
    assert "Nothing of this call was written" in str(error)
    assert numbers(store) == once(range(sure))
    with pytest.raises(StoreError):  # and once more
        store.observe_all([large(n) for n in range(sure, sure + 200)], batch=200)
    assert numbers(store) == once(range(sure))
    room()
    store.observe_all([large(n) for n in range(sure, sure + 30)])
    store.observe(event(sure + 30))
    assert numbers(store) == once(range(sure + 31))
    consistent(store)


@pytest.mark.parametrize("batch", [None, 10])
def test_a_limit_of_pages(tmp_path: Path, opened: Open, batch: int | None) -> None:
    from sqlalchemy import event as on

    store = opened(f"sqlite:///{tmp_path / 'store.db'}")
    pages = [150]

    def limited(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0]}")

    def room() -> None:
        pages[0] = 100_000
        store._core.database.drop()  # an open connection keeps its limit

    on.listen(store._core.database.engine, "checkout", limited)
    store._core.database.drop()
    full_and_then_room(store, batch, room)


def mounted(folder: Path, size: str) -> Iterator[Path]:
    """A small disk in memory."""
    folder.mkdir()
    said = ["mount", "-t", "tmpfs", "-o", f"size={size}", "onefold", str(folder)]
    try:
        done = subprocess.run(said, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no disk can be mounted: {error}")
    if done.returncode:
        pytest.skip(f"no disk can be mounted: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def larger(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=100m", str(folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    yield from mounted(tmp_path / "disk", "1m")


@pytest.mark.parametrize("batch", [None, 10])
def test_a_full_disk(disk: Path, batch: int | None) -> None:
    with of.Store(f"sqlite:///{disk / 'store.db'}") as store:
        full_and_then_room(store, batch, lambda: larger(disk))


def test_a_full_disk_of_a_server(tmp_path: Path) -> None:
    try:
        own = server(fast=False)
    except NoServer as reason:
        pytest.skip(str(reason))
    if own.folder is None:
        pytest.skip("the server is not our own")
    several = mounted(own.folder / "disk", "14m")
    try:
        disk = next(several)
        held = own.folder.stat()
        inside = disk / "space"
        inside.mkdir()
        os.chown(inside, held.st_uid, held.st_gid)
        inside.chmod(0o700)
        with connected(own.url) as said:
            said.execute(f"CREATE TABLESPACE small LOCATION '{inside}'")
            said.execute("CREATE DATABASE small TABLESPACE small")
        with of.Store(own.url.replace("/postgres?", "/small?")) as store:
            full_and_then_room(store, 100, lambda: larger(disk))
    finally:
        own.stop()
        several.close()  # type: ignore[attr-defined]


# ---------------------------------------------------------------- locked


def test_a_locked_database_says_so_and_goes_on(lasting: str, opened: Open) -> None:
    store = opened(lasting, timeout=0.2)
    store.observe(event(0))
    with held(lasting):
        for call in (
            lambda: store.observe(event(1)),
            lambda: store.observe_all([event(n) for n in range(1, 5)]),
            store.rebuild,
        ):
            with pytest.raises(StoreError, match="Another process holds the database"):
                call()
        assert len(store) == 1  # who reads does not wait
    store.observe_all([event(n) for n in range(1, 5)])
    assert numbers(store) == once(range(5))
    consistent(store)


class held:  # noqa: N801 - used like a function
    """Somebody else who writes, and does not end."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> None:
        from onefold.store.database import LOCK

        if self.url.startswith("sqlite"):
            self.other: Any = sqlite3.connect(self.url.removeprefix("sqlite:///"))
            self.other.isolation_level = None
            self.other.execute("BEGIN IMMEDIATE")
        else:
            self.other = connected(self.url)
            self.other.execute(f"SELECT pg_advisory_lock({LOCK})")

    def __exit__(self, *_: object) -> None:
        self.other.close()


# ---------------------------------------------------------------- threads of one store


def test_threads_of_one_store(url: str, opened: Open) -> None:
    store = opened(url)
    failed: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(first, 120, 3):  # each event twice
                if number % 5:
                    store.observe(event(number % 60))
                else:
                    store.observe_all([event(number % 60), event((number + 7) % 60)])
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work, args=[n]) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert numbers(store) == once(range(61)) - once([60]) + once(
        [60] if 60 in numbers(store) else []
    )
    consistent(store)


# ---------------------------------------------------------------- broken files


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    for content in (b"not a database at all\n" * 300, b"\0" * 100, bytes(range(256)) * 40):
        path.write_bytes(content)
        with pytest.raises(StoreError):
            of.Store(f"sqlite:///{path}")
        assert path.read_bytes() == content
    with pytest.raises(StoreError):
        of.Store(f"sqlite:///{tmp_path}")
    with pytest.raises(StoreError):
        of.Store(f"sqlite:///{tmp_path / 'no' / 'folder' / 'store.db'}")


def test_a_database_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE log (a)")
    other.commit()
    other.close()
    with pytest.raises(OnefoldError):
        of.Store(f"sqlite:///{path}")


@pytest.mark.parametrize("seed", range(4))
def test_a_broken_file_says_so_or_is_right(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "store.db"
    with of.Store(f"sqlite:///{path}") as store:
        store.observe_all([event(n) for n in range(200)])
    rng, content = random.Random(seed), bytearray(path.read_bytes())
    if seed % 2:
        del content[rng.randrange(200, len(content)) :]
    else:
        for _ in range(20):
            at = rng.randrange(100, len(content) - 64)
            content[at : at + 64] = rng.randbytes(64)
    path.write_bytes(content)
    try:
        with of.Store(f"sqlite:///{path}") as store:
            store.log()
            store.rebuild()
            store.digest()
            store.observe(event(200))
    except OnefoldError:
        pass  # any of ours; a foreign one fails
