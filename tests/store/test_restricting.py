"""Who is restricted is kept and not used, whoever they turn out to be."""

import pandas as pd
import pytest

import onefold as of
from onefold import Event
from onefold.errors import ArgumentError, Restricted, UnknownCustomer

ANN, COOKIE = ("user_id", "ann"), ("cookie", "c1")


def seen(store: of.Store, at: str, **identifiers: str) -> None:
    store.observe(Event(None, "view", at, item="tea", identifiers=identifiers))


def test_who_is_restricted_is_in_nothing_until_released() -> None:
    with of.Store() as store:
        seen(store, "2024-03-01", user_id="ann")
        seen(store, "2024-03-01", user_id="ben")
        ann = store.profile(ANN).id
        assert store.restrict(ANN, time="2024-03-02") == 1 and store.restrict(ANN) == 0
        with pytest.raises(Restricted, match="kept and not used"):
            store.profile(ANN)
        assert ann not in list(store.profiles().ids) and len(store.profiles()) == 1
        assert len(store.log()) == 1 and sum(map(len, store.logs())) == 1
        seen(store, "2024-03-03", user_id="ann")
        assert len(store) == 3
        assert store.release(ANN) == 1 and store.release(ANN) == 0
        assert len(store.log()) == 3 and ann in list(store.profiles().ids)


def test_nothing_is_decided_for_who_is_restricted() -> None:
    with of.Store() as store:
        for name in ("ann", "ben"):
            seen(store, "2024-03-01", user_id=name)
        ids = [store.profile(("user_id", name)).id for name in ("ann", "ben")]
        shown = pd.DataFrame({"customer": ids, "item": ["tea", "tea"]})
        assert store.record(shown) == 2
        store.restrict(ANN)
        assert store.record(shown.assign(item="jam")) == 1
        assert store.decisions()["customer"].tolist() == [ids[1]] * 2
        with pytest.raises(Restricted):
            store.decisions(ANN)
        assert len(store.export(ANN).decisions) == 1
        store.release(ANN)
        assert len(store.decisions()) == 3 and len(store.decisions(ANN)) == 1


def test_it_stays_where_people_merge() -> None:
    with of.Store() as store:
        seen(store, "2024-03-01", cookie="c1")
        store.restrict(COOKIE)
        seen(store, "2024-03-02", user_id="ann", cookie="c1")
        for who in (ANN, COOKIE):
            with pytest.raises(Restricted):
                store.profile(who)
        assert len(store.log()) == 0
        assert store.release(ANN) == 1


def test_who_shares_with_others_is_restricted_alone() -> None:
    with of.Store() as store:
        for name in ("ann", "ben", "cid", "dan"):
            seen(store, "2024-03-01", user_id=name, device="kiosk")
        store.restrict(ANN)
        assert store.profile(("user_id", "ben")) is not None
        assert len(store.log()) == 3


def test_nobody_is_restricted_by_what_others_share() -> None:
    with of.Store() as store:
        with pytest.raises(UnknownCustomer):
            store.restrict(ANN)
        for name in ("ann", "ben", "cid", "dan"):
            seen(store, "2024-03-01", user_id=name, device="kiosk")
        with pytest.raises(ArgumentError, match="is shared by 4 people"):
            store.restrict(("device", "kiosk"))
