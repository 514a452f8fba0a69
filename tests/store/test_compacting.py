"""After an erasure the bytes of the person are in no file of the database."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

import onefold as of
from onefold import Event
from tests.store.server import NoServer, database, server

KINDS = ["user_id", "email", "cookie"]
START = np.datetime64("2024-03-01")


class Crowd:
    """People with names of their own, in several spellings, who share kiosks."""

    def __init__(self, n: int) -> None:
        self.rng, self.left = random.Random(7), list(range(n))
        self.marks = [f"{self.rng.randrange(10**9):09d}x{at:05d}" for at in range(n)]

    def identifiers(self, at: int) -> dict[str, str]:
        mark, pick = self.marks[at], self.rng.random()
        mail = self.rng.choice([f"Mail{mark}@X.org", f" mail{mark}@x.ORG", f"MAIL{mark}@X.ORG"])
        if pick < 0.4:
            return {"cookie": f"Cook{mark}"}
        if pick < 0.7:
            return {"user_id": f"Usr{mark}", "cookie": f"Cook{mark}"}
        if pick < 0.9:
            return {"user_id": f"Usr{mark}", "email": mail}
        return {"user_id": f"Usr{mark}", "device": f"kiosk{at % 7}"}

    def events(self, n: int) -> Iterator[Event]:
        for number in range(n):
            at = self.rng.choice(self.left)
            mark = self.marks[at]
            more: dict[str, Any] = {"item": self.rng.choice(["tea", f"Item{mark}"])}
            if self.rng.random() < 0.5:
                long = self.rng.choice([3, 300, 9000])
                more |= {
                    "properties": {"note": f"Note{mark}" + "y" * long},
                    "id": f"Evt{mark}{number}",
                }
            time = START + np.timedelta64(self.rng.randrange(10**6), "s")
            yield Event(None, "view", time, identifiers=self.identifiers(at), **more)

    def go(self) -> str:
        at = self.left.pop(self.rng.randrange(len(self.left)))
        return self.marks[at]


def forgotten(store: of.Store, mark: str) -> int:
    """Erase all that has a mark: until something has linked them, several people."""
    gone = 0
    for kind, name in zip(KINDS, ("Usr", "Mail", "Cook"), strict=True):
        value = f"{name}{mark}" + ("@x.org" if kind == "email" else "")
        try:
            made = store.forget((kind, value))
        except of.errors.UnknownCustomer:
            continue
        gone += 1
        assert mark not in repr(made) + made.to_json()
    return gone


def worked(store: of.Store, *, people: int, rounds: int, goes: int) -> tuple[list[str], Crowd]:
    """Rounds of events, and of people who go; the marks of these."""
    crowd, gone = Crowd(people), []
    for _ in range(rounds):
        for event in crowd.events(people):
            store.observe(event)
        for _ in range(goes):
            mark = crowd.go()
            if forgotten(store, mark):
                gone.append(mark)
    return gone, crowd


def left(files: list[Path], marks: list[str]) -> list[str]:
    """Those marks of which bytes are in a file, whatever their letters."""
    data = b"\n".join(file.read_bytes().lower() for file in files if file.is_file())
    return [mark for mark in marks if mark.encode() in data]


def test_no_byte_is_left_in_a_file_of_sqlite(tmp_path: Path) -> None:
    with of.Store(f"sqlite:///{tmp_path / 'shop.db'}", key="k", durable="process") as store:
        gone, crowd = worked(store, people=120, rounds=3, goes=25)
        assert len(gone) > 50 and all(made.done for made in store.certificates())
        assert left(list(tmp_path.iterdir()), gone) == []
        assert len(left(list(tmp_path.iterdir()), [crowd.marks[at] for at in crowd.left])) > 30
        rows = len(store)
        done = store.compact()
        assert done.done and done.rows > len(gone) and len(store) == rows
        assert left(list(tmp_path.iterdir()), gone) == []
        store.observe(Event(None, "view", "2024-05-01", identifiers={"user_id": "new"}))
        assert len(store) == rows + 1


def test_who_still_reads_holds_the_log_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with of.Store(url, key="k", timeout=0.2) as store, of.Store(url) as other:
        store.observe(Event("Mark1", "view", "2024-03-01"))
        store.observe(Event("other", "view", "2024-03-01"))
        with other._core.database.engine.connect() as reader:
            reader.connection.execute("BEGIN")  # type: ignore[attr-defined]
            reader.execute(text("SELECT count(*) FROM log")).all()
            made = store.forget(("customer", "Mark1"))
            assert not made.done and "compact()" in str(made.advice)
            assert left(list(tmp_path.iterdir()), ["mark1"])
            reader.connection.execute("ROLLBACK")  # type: ignore[attr-defined]
        assert not store.certificates()[0].done
        assert store.compact().done and store.certificates()[0].done
        assert left(list(tmp_path.iterdir()), ["mark1"]) == []


@pytest.mark.slow
def test_no_byte_is_left_in_a_file_of_postgresql() -> None:
    try:
        made = server()
    except NoServer as reason:
        pytest.skip(str(reason))
    try:
        if made.folder is None:
            pytest.skip("the files of this server are somebody else's")
        with database(made.url) as url, of.Store(url, key="k") as store:
            with store._core.database.alone() as cursor:
                cursor.execute("ALTER SYSTEM SET wal_recycle = off")
                cursor.execute("SELECT pg_reload_conf()")
            gone, crowd = worked(store, people=60, rounds=2, goes=12)
            with store._core.database.alone() as cursor:
                cursor.execute("ANALYZE")
            certificate = store.certificates()[-1]
            assert not certificate.done and "compact()" in str(certificate.advice)
            folder = made.folder / "data"
            assert left(list(folder.rglob("*")), gone) != []
            done = store.compact()
            assert done.done and store.certificates()[-1].done
            assert left(list(folder.rglob("*")), gone) == []
            there = [crowd.marks[at] for at in crowd.left]
            assert len(left(list(folder.rglob("*")), there)) > 20
    finally:
        made.stop()
