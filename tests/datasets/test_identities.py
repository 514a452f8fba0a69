"""Simulated identities: what the log shows is what the truth says, and scores see mistakes."""

import numpy as np
import pandas as pd
import pytest

from onefold.datasets import (
    FAILURES,
    IdentitySimulation,
    failure,
    simulate_identities,
    union_find,
)
from onefold.errors import ArgumentError


@pytest.fixture(scope="module")
def sim() -> IdentitySimulation:
    return simulate_identities(600, shared_devices=0.1, rng=3)


@pytest.fixture(scope="module")
def frame(sim: IdentitySimulation) -> pd.DataFrame:
    """The events as they are seen, with whose they are."""
    return sim.frame.join(sim.truth.events[["person", "named", "knowable", "shared"]])


def test_same_seed_same_stream():
    a, b, c = (simulate_identities(100, days=60, rng=seed) for seed in (5, 5, 6))
    assert a.log == b.log
    assert a.truth == b.truth
    assert a.log != c.log


def test_the_frame_is_the_log(sim):
    told = sim.log.to_pandas()
    assert len(told) == len(sim.frame) == len(sim.truth.events)
    assert (told["time"].to_numpy() == sim.frame["time"].to_numpy()).all()
    assert (told["event"].to_numpy() == sim.frame["event"].to_numpy()).all()


def test_what_each_event_shows(frame):
    shown = frame.groupby("source")[["user_id", "email", "cookie", "device"]].count()
    assert (shown.loc["pos"] == 0).all()
    assert shown.loc["mail", ["user_id", "cookie", "device"]].sum() == 0
    assert shown.loc["mail", "email"] == (frame["source"] == "mail").sum()
    assert shown.loc["app", "device"] == (frame["source"] == "app").sum()
    assert shown.loc["web", "cookie"] == (frame["source"] == "web").sum()
    store = frame[frame["source"] == "pos"]
    assert 0.3 < store["loyalty_card"].notna().mean() < 0.65
    online = frame[(frame["event"] == "purchase") & (frame["source"] != "pos")]
    assert online["email"].notna().all()


def test_there_is_anonymous_browsing_before_logins(frame):
    web = frame[frame["source"] == "web"]
    first = web[web["user_id"].notna()].groupby("cookie")["time"].min()
    before = web[web["user_id"].isna() & (web["time"] < web["cookie"].map(first))]
    assert len(before) > 0.05 * len(web)


def test_half_of_the_visits_on_shared_devices_are_by_others(sim, frame):
    there = frame[frame["shared"]].drop_duplicates("basket")
    key = there["device"].fillna(there["cookie"])
    main = there.groupby(key)["person"].agg(lambda p: p.value_counts().iloc[0])
    # The busiest of two users makes half of the visits on average, up to chance in few visits.
    assert 0.45 < main.sum() / len(there) < 0.85
    ids = sim.truth.identifiers
    several = ids[ids.duplicated(["type", "value"], keep=False)]
    assert set(several["type"]) <= {"device", "cookie"}
    assert len(several) > 20


def test_cookies_churn(frame):
    days = pd.Timedelta(60, "D")
    ends = frame.dropna(subset=["cookie"]).groupby("cookie")["time"].agg(["min", "max"])
    lives = ends["max"] - ends["min"]
    assert lives.mean() < days
    assert lives.max() > 2 * days  # exponential, not all alike
    owners = frame.dropna(subset=["cookie"]).groupby("person")["cookie"].nunique()
    assert owners.mean() > 3


def test_whose_an_account_is_does_not_depend_on_who_uses_it(sim, frame):
    ids = sim.truth.identifiers.set_index(["type", "value"])["person"]
    users = frame.dropna(subset=["user_id"])
    owner = users["user_id"].str.replace("u", "p")
    assert (ids.loc["user_id"].reindex(users["user_id"]).to_numpy() == owner.to_numpy()).all()
    assert (owner != users["person"]).any()  # somebody acts in the owner's name
    assert (owner != users["person"]).mean() < 0.02


def test_scores_of_the_truth_are_perfect(sim):
    scores = sim.scores(sim.truth.events["person"], rng=1)
    for measure in ("precision", "recall", "knowable recall", "f1"):
        assert scores.of(measure) == 1
    for measure in ("over-merged", "glued", "split"):
        assert scores.of(measure) == 0
    with pytest.raises(ArgumentError, match="over"):
        scores.of("precision", over="identifiers")


def test_union_find_loses_nothing_that_can_be_known(sim):
    scores = sim.scores(union_find(sim.log), rng=1)
    for over in ("events", "identifiers"):
        assert scores.of("knowable recall", over=over) == 1
        assert scores.of("precision", over=over) < 0.97
        assert scores.of("knowable split", over=over) == 0
    t = scores.to_pandas()
    assert t[t["resolver"] == "found"]["estimate"].equals(
        t[t["resolver"] == "union-find"]["estimate"].reset_index(drop=True)
    )
    said = repr(scores)
    assert "union-find" in said
    assert all(len(line) < 200 for line in said.splitlines())
    assert "<table" in scores._repr_html_()


def test_repeated_deliveries_are_judged_once():
    sim = failure("duplicate_delivery", rng=1)
    counts = sim.scores(union_find(sim.log), rng=1).counts["found"]
    assert len(sim.log) == 12
    assert counts["events"] == 6


def test_failures_can_be_added():
    sim = simulate_identities(50, days=30, failures=["shared_kiosk", "gift_order"], rng=1)
    assert list(sim.failures) == ["shared_kiosk", "gift_order"]
    people = sim.truth.events["person"]
    assert people.str.startswith("shared_kiosk:").sum() == len(sim.failures["shared_kiosk"].frame)
    assert (~people.str.contains(":")).sum() > 100


@pytest.mark.parametrize("name", list(FAILURES))
def test_failures_are_told_the_same_way_whatever_the_chance(name):
    a, b = failure(name, rng=1), failure(name, rng=2)
    assert a.log != b.log
    assert (a.truth.events["person"] == b.truth.events["person"]).all()
    told = a.failures[name]
    assert told.meaning.endswith(".")
    assert told.right.endswith(".")
    assert name in repr(told)
    owned = set(zip(a.truth.identifiers["type"], a.truth.identifiers["value"], strict=True))
    assert set(told.owners) <= owned


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"customers": 0}, "customers"),
        ({"days": 3}, "days"),
        ({"visits": -1}, "visits"),
        ({"visits": True}, "visits"),
        ({"cookie_life": 0}, "cookie_life"),
        ({"private": 2}, "private"),
        ({"shared_devices": 0.7}, "shared_devices"),
        ({"failures": "shared_kiosk"}, "several names"),
        ({"failures": ["shared_kiosks"]}, "shared_kiosk"),
        ({"zone": "Mars"}, "zone"),
        ({"rng": "x"}, "rng"),
    ],
)
def test_bad_arguments(arguments, said):
    with pytest.raises(ArgumentError, match=said):
        simulate_identities(**{"customers": 10, "days": 10, **arguments})


def test_bad_names_and_shapes(sim):
    with pytest.raises(ArgumentError, match="failure: name"):
        failure("kiosk")
    with pytest.raises(ArgumentError, match="customer of each"):
        sim.scores(["a", "b"])
    with pytest.raises(ArgumentError, match="union_find: log"):
        union_find(sim.frame)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_people(n):
    sim = simulate_identities(n, days=30, shared_devices=0.5, rng=4)
    scores = sim.scores(union_find(sim.log), rng=1)
    assert np.isfinite(scores.of("recall")) or not len(sim.log)
