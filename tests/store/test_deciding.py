"""What was decided is read by the customer of today, and goes with whom it was about."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import Event
from onefold._vocab import Vocab
from onefold.errors import ArgumentError, ColumnError, UnknownCustomer
from onefold.scoring import DECISION_SCHEMA, Decisions, Ranking


def shop() -> of.Store:
    store = of.Store(key="k")
    for name in ("ann", "ben"):
        store.observe(Event(None, "view", "2024-03-01", identifiers={"user_id": name}))
    store.observe(Event(None, "view", "2024-03-02", identifiers={"cookie": "c1"}))
    return store


def name(store: of.Store, *who: str) -> str:
    return store.profile(who).id


def listed(customers: list[str]) -> Ranking:
    n = len(customers)
    return Ranking(
        np.array(customers, dtype=object),
        np.arange(n + 1) * 2,
        np.tile(np.array([1, 0], dtype=np.int32), n),
        np.tile([0.5, 0.25], n),
        Vocab(np.array(["pen", "tea"], dtype=object)),
        2,
    )


def drawn(customers: list[str]) -> Decisions:
    n = len(customers)
    return Decisions(
        listed(customers),
        "v1",
        1.0,
        np.full(n, np.datetime64("2024-03-03", "us")),
        np.arange(n, dtype=np.uint64),
        np.full(n, 2),
        np.log(np.full(2 * n, 0.5)),
        np.log(np.full(2 * n, 0.5)),
        np.zeros(2 * n, dtype=bool),
    )


def test_lists_are_written_down_and_read() -> None:
    with shop() as store:
        ann, ben = name(store, "user_id", "ann"), name(store, "user_id", "ben")
        assert store.record(listed([ann, ben]), time="2024-03-03", channel="mail") == 4
        frame = store.decisions(("user_id", "ann"))
        assert frame["customer"].tolist() == [ann, ann]
        assert frame["item"].tolist() == ["tea", "pen"] and frame["rank"].tolist() == [1, 2]
        assert frame["channel"].tolist() == ["mail"] * 2
        assert frame["time"].tolist() == [pd.Timestamp("2024-03-03", tz="UTC")] * 2
        assert len(store.decisions()) == 4 and np.isnan(frame["propensity"]).all()
        store.record(listed([ann]))
        latest = store.decisions(ann)["time"].iloc[-1]
        assert latest == pd.Timestamp("2024-03-02 00:00:00.000001", tz="UTC")


def test_decisions_come_back_as_they_were_and_once() -> None:
    with shop() as store:
        made = drawn([name(store, "user_id", "ann"), name(store, "user_id", "ben")])
        assert store.record(made) == 4 and store.record(made) == 0
        columns = DECISION_SCHEMA.names
        given = made.to_pandas()[columns].astype(object)
        pd.testing.assert_frame_equal(store.decisions()[columns].astype(object), given)
        with pytest.raises(ArgumentError, match="leave time= out"):
            store.record(made, time="2024-03-03")


def test_a_campaign_is_written_down() -> None:
    with shop() as store:
        frame = pd.DataFrame(
            {
                "customer": [name(store, "user_id", "ann"), "p" + "0" * 20],
                "slot": [1, 1],
                "item": ["tea", "pen"],
                "why": ["often", None],
                "holdout": [False, True],
            }
        )
        assert store.record(frame) == 1  # who is not there is left out
        told = store.decisions()
        assert told[["item", "rank", "why", "holdout"]].to_numpy().tolist() == [
            ["tea", 1, "often", False]
        ]
        with pytest.raises(UnknownCustomer, match="none of the 1 customers"):
            store.record(frame[1:])
        with pytest.raises(ColumnError, match="'item'"):
            store.record(frame[["customer"]])
        with pytest.raises(ArgumentError, match="is a list"):
            store.record(["tea"])


def test_who_merges_brings_decisions_along() -> None:
    with shop() as store:
        store.record(listed([name(store, "cookie", "c1")]))
        both = {"user_id": "ann", "cookie": "c1"}
        store.observe(Event(None, "login", "2024-03-04", identifiers=both))
        ann = name(store, "user_id", "ann")
        assert store.decisions(("user_id", "ann"))["customer"].tolist() == [ann, ann]
        assert store.decisions()["customer"].tolist() == [ann, ann]


def test_who_is_erased_takes_decisions_along() -> None:
    with shop() as store:
        ben = name(store, "user_id", "ben")
        store.record(drawn([name(store, "user_id", "ann"), ben]))
        made = store.forget(("user_id", "ann"))
        assert made.count("decisions") == 2
        assert store.decisions()["customer"].tolist() == [ben, ben]
        assert store.record(listed([ben])) == 2


def test_customers_as_they_were_given_are_known_by_that(url: str) -> None:
    log = of.EventLog.from_events(
        [Event("c1", "buy", "2024-03-01", item="tea"), Event("c2", "buy", "2024-03-01", item="pen")]
    )
    with of.Store(url) as store:
        store.observe_all(log)
        assert store.record(listed(["c1", "c2", "gone"]), time="2024-03-03") == 4
        c1 = name(store, "customer", "c1")
        assert store.decisions(c1)["item"].tolist() == ["tea", "pen"]
        assert store.decisions({"customer": "c1"}).equals(store.decisions(c1))
        assert store.record(listed([c1]), time="2024-03-03") == 2  # under another name


def test_the_same_list_of_one_moment_is_kept_once(url: str) -> None:
    with of.Store(url) as store:
        store.observe(Event(None, "view", "2024-03-01", identifiers={"user_id": "ann"}))
        ann = name(store, "user_id", "ann")
        assert store.record(listed([ann]), time="2024-03-03") == 2
        assert store.record(listed([ann]), time="2024-03-03") == 0
        assert store.record(listed([ann]), time="2024-03-04") == 2
        assert store.record(listed([ann]), time="2024-03-03", channel="mail") == 2
        assert store.decisions()["decision"].nunique() == 3
        some = pd.DataFrame({"customer": [ann, ann], "item": ["tea", "pen"]})  # without a rank
        assert [store.record(some, time="2024-03-03") for _ in range(2)] == [2, 0]


WRONG: list[tuple[str, Any]] = [
    ("item", "half \ud800"),
    ("note", "half \ud800"),
    ("policy", "half \udfff"),
    ("rank", float("inf")),
    ("rank", 2**63),
    ("rank", 10**400),
    ("rank", 1.5),
    ("score", 10**400),
    ("propensity", 10**400),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_no_database_holds_is_refused_in_our_words(name: str, value: Any) -> None:
    held = pd.Series([value], dtype=object)
    frame = pd.DataFrame({"customer": ["ann"], "item": ["tea"]}).assign(**{name: held})
    with of.Store() as store:
        store.observe(of.Event("ann", "view", "2024-03-01"))
        with pytest.raises(ArgumentError, match=name):
            store.record(frame)
        with pytest.raises(ArgumentError, match="channel"):
            store.record(frame[["customer", "item"]], channel="\ud800")
        assert len(store.decisions()) == 0


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT])
def test_what_is_missing_in_any_way_is_missing(nothing: Any) -> None:
    held = pd.Series([nothing], dtype=object)
    frame = pd.DataFrame({"customer": ["ann"], "item": held, "note": held, "score": [np.nan]})
    with of.Store() as store:
        store.observe(of.Event("ann", "view", "2024-03-01"))
        assert store.record(frame) == 1
        (row,) = store.decisions().to_dict("records")
        assert row["item"] is None and np.isnan(row["score"]) and "note" not in row
