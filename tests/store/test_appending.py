"""Two who bring one event at once, in bundles of their own: each sees the other's."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import onefold as of
from onefold.store import writing
from onefold.store.rows import event_row
from tests.store.server import database

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def event(who: str, day: int, id: str) -> of.Event:
    return of.Event(None, "view", f"2024-03-{day:02d}", id=id, identifiers={"cookie": who})


def test_one_new_id_in_two_bundles_at_once(postgres: str, opened: Callable[..., Any]) -> None:
    with database(postgres) as url:
        one, two, asker = opened(url), opened(url), opened(url)
        for who in ("c1", "c2"):
            one.observe(event(who, 1, who))
        added, ended = threading.Event(), threading.Event()

        def hold(*_: Any) -> None:
            added.set()
            assert ended.wait(20)

        key, row = event_row(event("c1", 2, "e1"))
        call = {"types": {}, "call": "test", "read": hold}
        first = threading.Thread(target=writing.take, args=(one._core, key, row), kwargs=call)
        second = threading.Thread(target=two.observe, args=(event("c2", 3, "e1"),))
        first.start()
        assert added.wait(20)  # by the shared path: who was alone would keep the other off
        second.start()
        with asker._core.database.alone() as cursor:
            waits = False
            while second.is_alive() and not waits:
                waits = cursor.execute(WAITING).fetchone()[0] > 0
        assert waits, "the second of one id waits for the first"
        ended.set()
        first.join()
        second.join()
        assert len(one) == 4 and len(one.profile(("cookie", "c1"))) == 2
        assert len(one.profile(("cookie", "c2"))) == 1  # the later delivery doesn't count
        assert not one.rebuild()


def test_what_is_older_than_all_of_its_bundle_is_settled(
    url: str, opened: Callable[..., Any]
) -> None:
    """A known bundle whose new row is its first: when it began is told anew."""
    store, fresh = opened(url), opened("sqlite://")
    both = {"user_id": "ann", "cookie": "c1"}
    several = [
        of.Event(None, "login", "2024-03-05", id="a", identifiers=both),
        of.Event(None, "login", "2024-03-02", id="b", identifiers=both),
        of.Event(None, "login", "2024-03-07", id="c", identifiers=both),
        of.Event(None, "login", "2024-03-03", id="d", identifiers=both),
    ]
    for one in several:
        store.observe(one)
    fresh.observe_all(several)
    assert store.digest() == fresh.digest()
    assert not store.rebuild()


@pytest.mark.parametrize("seed", range(3))
def test_the_latest_of_a_contested_bundle_is_settled(
    url: str, opened: Callable[..., Any], seed: int
) -> None:
    """Who has how many of a kind within a month turns on the last time that they came together."""
    month = np.timedelta64(30, "D")
    policy = of.IdentityPolicy(
        [
            of.IdentifierType("user_id", rank=1, limit=1),
            of.IdentifierType("cookie", rank=2, limit=2, period=month),
        ]
    )
    store, rng = opened(url, policy=policy), np.random.default_rng(seed)
    said = []
    for n in range(24):
        day = 4 * n if seed else int(rng.integers(0, 90))
        names = {"user_id": "ann", "cookie": f"c{rng.integers(0, 5)}"}
        time = np.datetime64("2024-03-01") + np.timedelta64(day, "D")
        said.append(of.Event(None, "login", time, id=f"e{n}", identifiers=names))
        store.observe(said[-1])
    fresh = opened("sqlite://", policy=policy)
    fresh.observe_all(said)
    assert fresh.digest() == store.digest()
    assert not store.rebuild()
