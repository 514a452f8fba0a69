"""The suppression list of one store, taken into another that was restored."""

from typing import Any

import pytest

import onefold as of
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.store import Suppressed

KEY = "a secret"


def event(what: str, time: str, **identifiers: str) -> of.Event:
    return of.Event(None, what, time, identifiers=identifiers, id=f"{what} {time}", source="web")


PAST = [
    event("login", "2024-03-01 09:00", user_id="ann", email="ann@x.org", device="tablet"),
    event("view", "2024-03-01 09:05", device="tablet"),
    event("login", "2024-03-02 20:00", user_id="ben", email="ben@x.org", device="tablet"),
    event("view", "2024-03-02 20:05", device="tablet"),
    event("purchase", "2024-03-05 12:00", email="ben@x.org"),
    event("view", "2024-03-06 12:00", user_id="cid"),
]


def test_who_was_forgotten_goes_from_a_backup_too(url: str, opened: Any) -> None:
    lost, restored = opened(key=KEY), opened(url, key=KEY)
    for store in (lost, restored):
        store.observe_all(PAST)
    restored.record(_list(restored), time="2024-03-07")
    for who in ("ben", "cid"):
        lost.forget(("user_id", who))
    said = Suppressed.from_json(lost.forgotten().to_json())
    assert said == lost.forgotten() and KEY not in said.to_json() and "ben" not in said.to_json()
    made = restored.suppress(said, time="2024-04-01")
    assert sorted(one.count("log") for one in made) == [1, 3]
    assert restored.certificates() == made and all(len(one.to_json()) for one in made)
    assert restored.log() == lost.log() and restored.forgotten() == lost.forgotten()
    before = restored.digest()
    restored.rebuild()
    assert restored.digest() == before
    with pytest.raises(UnknownCustomer):
        restored.profile(("user_id", "ben"))
    assert restored.decisions()["customer"].unique().tolist() == [
        restored.profile(("user_id", "ann")).id
    ]
    assert restored.suppress(said) == ()  # again: nobody is left
    assert restored.observe_all(PAST).suppressed == 4


def _list(store: of.Store) -> Any:
    import pandas as pd

    return pd.DataFrame({"customer": store.profiles().ids, "item": "tea"})


def test_rows_that_nothing_gives_away_go_by_themselves(url: str, opened: Any) -> None:
    lost, restored = opened(key=KEY), opened(url, key=KEY)
    lost.observe_all(PAST)
    restored.observe_all([PAST[0], PAST[1], PAST[3]])  # the tablet is Ann's alone here
    lost.forget(("user_id", "ben"))
    (made,) = restored.suppress(lost.forgotten())
    assert made.count("log") == 1 and len(restored) == 2
    before = restored.digest()
    restored.rebuild()
    assert restored.digest() == before
    assert len(restored.profile(("user_id", "ann"))) == 2


def test_it_is_as_if_they_had_never_come(url: str, opened: Any) -> None:
    """Whatever is forgotten: the restored store is one that knew the list from the beginning."""
    lost, restored, first = opened(key=KEY), opened(url, key=KEY), opened(key=KEY)
    for store in (lost, restored):
        store.observe_all(of.datasets.simulate_identities(60, days=40, rng=2).log)
    for who in list(lost.profiles().ids)[:3]:
        lost.forget(who)
    restored.suppress(lost.forgotten())
    before = restored.digest()
    restored.rebuild()
    assert restored.digest() == before
    first.suppress(lost.forgotten())
    assert first.observe_all(restored.log()).suppressed == 0
    assert first.observe_all(lost.log()).suppressed == 0


def test_another_key_is_refused(opened: Any) -> None:
    lost, restored, bare = opened(key=KEY), opened(key="another"), opened()
    for store in (lost, restored):
        store.observe_all(PAST)
    lost.forget(("user_id", "ben"))
    with pytest.raises(ArgumentError, match="another key"):
        restored.suppress(lost.forgotten())
    assert len(restored) == len(PAST)
    with pytest.raises(ArgumentError, match="no key"):
        bare.suppress(lost.forgotten())
    with pytest.raises(ArgumentError, match="no key"):
        bare.forgotten()
    with pytest.raises(ArgumentError, match=r"store\.forgotten"):
        restored.suppress("list")


def test_what_is_no_list_is_not_read() -> None:
    for wrong in ("", "{}", "[]", '{"rules": [1], "identifiers": [], "events": []}'):
        with pytest.raises(ArgumentError, match="from_json"):
            Suppressed.from_json(wrong)
