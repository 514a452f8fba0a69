"""What a person gets is all that is kept of them, and nothing of anybody else."""

import json

import pytest

import onefold as of
from onefold import Event
from onefold.errors import UnknownCustomer

TEA = {"item": "tea", "value": 4.9, "id": "e1", "source": "web", "properties": {"size": 2.0}}


def filled() -> of.Store:
    """Ann and Ben, who share a kiosk; Ann logs in there, and looks at something afterwards."""
    store = of.Store(key="k")
    ann = {"user_id": "ann", "email": "Ann@X.org"}
    events = [
        Event(None, "purchase", "2024-03-01 09:00", identifiers=ann, **TEA),
        Event(None, "purchase", "2024-03-01 09:01", identifiers=ann, **TEA),
        Event(None, "login", "2024-03-01 10:00", identifiers={"user_id": "ann", "device": "k"}),
        Event(None, "view", "2024-03-01 10:01", item="pen\0", identifiers={"device": "k"}),
        Event(None, "login", "2024-03-01 11:00", identifiers={"user_id": "ben", "device": "k"}),
        Event(None, "view", "2024-03-01 11:01", item="ink", identifiers={"device": "k"}),
    ]
    for event in events:
        store.observe(event)
    store.consent(("email", "ann@x.org"), "news", granted=True, time="2024-03-02")
    return store


def test_all_of_one_and_nothing_of_others() -> None:
    with filled() as store:
        mine = store.export(("email", "ann@x.org"))
        assert mine.customer == store.profile(("user_id", "ann")).id
        assert mine.events["item"].tolist() == ["tea", "tea", None, "pen\0"]
        assert mine.events["value"].tolist()[:2] == [4.9, 4.9]
        assert mine.events["counts"].tolist() == [True, False, True, True]
        assert mine.events["properties"][0] == {"size": 2.0}
        assert mine.events["identifiers"][0] == {"email": ["Ann@X.org"], "user_id": ["ann"]}
        assert str(mine.events["time"][0]) == "2024-03-01 09:00:00+00:00"
        found = set(mine.identifiers.itertuples(index=False, name=None))
        assert found == {
            ("user_id", "ann", "own"),
            ("email", "ann@x.org", "own"),
            ("device", "k", "shared"),
        }
        assert mine.consents[["purpose", "said"]].to_numpy().tolist() == [["news", "yes"]]
        assert len(mine.facts) == len(mine.decisions) == 0 and not mine.restricted


def test_what_is_restricted_is_exported() -> None:
    with filled() as store:
        store.restrict(("user_id", "ann"))
        mine = store.export(("user_id", "ann"))
        assert mine.restricted and len(mine.events) == 4


def test_a_machine_reads_it() -> None:
    with filled() as store:
        mine = store.export(("user_id", "ann"))
        held = json.loads(mine.to_json())
        assert held["events"][0]["time"] == "2024-03-01T09:00:00Z"
        assert held["events"][0]["received"] is None and held["events"][2]["item"] is None
        assert held["events"][3]["item"] == "pen\0"
        assert held["customer"] == mine.customer and held["consents"][0]["purpose"] == "news"
        assert "ben" not in mine.to_json() and "events" in repr(mine)


def test_who_is_unknown_has_nothing() -> None:
    with filled() as store, pytest.raises(UnknownCustomer):
        store.export(("user_id", "cid"))
