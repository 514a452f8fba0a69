"""What was erased is in no file of a PostgreSQL server: its tables, statistics and logs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import onefold as of
from tests.store.server import connected, database

WHO = "user-7-of-the-shop"
WORDS = [b"user-7-of-the-shop", b"seven@kunde.sim", b"note of seven", b"item-of-seven"]


def traces(folder: Path) -> list[str]:
    """Files in which something of the person is."""
    found = []
    for file in folder.rglob("*"):
        held = file.read_bytes() if file.is_file() else b""
        found += [file.name for word in WORDS if word in held]
    return found


def event(n: int, user: str, mail: str, note: str, item: str) -> of.Event:
    named = {"user_id": user, "email": mail}
    return of.Event(
        None,
        "login",
        f"2024-03-01 09:{n:02}",
        id=f"e{n}",
        source="web",
        item=item,
        identifiers=named,
        properties={"note": note},
    )


def test_nothing_is_left(postgres: str, opened: Callable[..., Any]) -> None:
    with database(postgres) as url:
        store = opened(url, key="a secret")
        others = [
            event(n, f"user-{n}", f"{n}@kunde.sim", f"note {n}", "tea") for n in range(30, 60)
        ]
        its = [event(n, WHO, "Seven@kunde.sim", "note of seven", "item-of-seven") for n in range(5)]
        store.observe_all([*others, *its])
        store.observe(event(9, WHO, "seven@kunde.sim", "note of seven", "item-of-seven"))
        with connected(url) as other:
            folder = Path(other.execute("SHOW data_directory").fetchone()[0])
            other.execute("ANALYZE")
            other.execute("CHECKPOINT")
        try:
            assert traces(folder)
        except OSError as reason:
            pytest.skip(f"the files of the server are not here: {reason}")
        assert not store.forget(("user_id", WHO)).done
        done = store.compact()
        assert (done.done, done.advice) == (True, None)
        assert traces(folder) == []
