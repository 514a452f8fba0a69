"""Splicing: histories are cut and joined exactly."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.levels.protocol import Choices
from onefold.scoring.splice import FEWEST, _Cut, _of, drawn, last_visits, spliced
from tests.scoring.shops import simulated

DAY = np.timedelta64(1, "D")
START = pd.Timestamp("2024-01-01", tz="UTC")

# One event: customer, half-day, item, kind, basket (several events may share one, also at a
# distance, and customers use the same names).
EVENTS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 40),
        st.sampled_from(["x", "y", "z", None]),
        st.sampled_from(["purchase", "purchase", "view"]),
        st.sampled_from([None, "1", "2", "3"]),
    ),
    min_size=1,
    max_size=25,
)


def log_of(events: Any) -> of.EventLog:
    return of.EventLog.from_events(
        [
            of.Event(who, kind, START + pd.Timedelta(hours=12 * at), item=item, basket=basket)
            for who, at, item, kind, basket in events
        ]
    )


def folded(events: Any) -> of.Profiles:
    return of.fold(log_of(events), as_of="2024-03-01")


def choices(profiles: of.Profiles) -> Choices:
    items = of.Catalog.from_frame(pd.DataFrame({"i": ["x", "y", "z"]}), item="i").items
    moments = np.full(len(profiles), profiles.as_of)
    return Choices.of(profiles.history, items, target="purchase", moments=moments)


def cells(c: Choices, row: int) -> list[tuple]:
    here = slice(c.offsets[row], c.offsets[row + 1])
    return list(zip(c.item[here].tolist(), c.time[here], c.age[here].tolist(), strict=True))


def visits(profiles: of.Profiles) -> np.ndarray:
    return np.diff(profiles.history.where("purchase").visits[1])


@settings(max_examples=40, deadline=None)
@given(EVENTS, st.integers(0, 4))
def test_the_last_visits_are_those_of_brute_force(events: Any, k: int) -> None:
    profiles = folded(events)
    held = choices(last_visits(profiles, np.full(len(profiles), k), target="purchase"))
    whole = choices(profiles)
    assert held.visits.tolist() == np.minimum(whole.visits, k).tolist()
    for row in range(len(profiles)):
        assert cells(held, row) == [cell for cell in cells(whole, row) if cell[2] < k]


def the_rest(profiles: of.Profiles, kept: np.ndarray) -> of.Profiles:
    """What `last_visits` leaves out."""
    cut, ledger = _Cut.of(profiles, kept, "purchase"), profiles.ledger
    early = ledger.facts.array("time") < cut.join[ledger.facts.array("customer")]
    events = ledger.events.take(np.flatnonzero(~cut.kept))
    return _of(profiles, ledger.people, events, ledger.facts.take(np.flatnonzero(early)))


@settings(max_examples=50, deadline=None)
@given(EVENTS, st.integers(0, 4))
def test_ones_own_past_changes_nothing_but_its_time(events: Any, k: int) -> None:
    """What was before, then the last k visits: the same choices; whole days are between."""
    profiles = folded(events)
    some = profiles.ids[visits(profiles) > k]
    if not len(some):
        return
    mine = profiles.select(some)
    who, kept = np.arange(len(mine)), np.full(len(mine), k)
    made = choices(spliced(mine, the_rest(mine, kept), who, kept, target="purchase"))
    whole = choices(mine)
    for name in ("offsets", "item", "visit", "age", "visits"):
        assert getattr(made, name).tolist() == getattr(whole, name).tolist(), name
    moved, late = whole.time - made.time, whole.age < k
    assert not moved[late].astype(int).any()
    for row in range(len(mine)):
        days = np.unique((moved / DAY)[(whole.row == row) & ~late])
        assert len(days) <= 1 and (days % 1 == 0).all() and (days >= 0).all()


def test_with_purchases_only_nothing_changes_at_all() -> None:
    profiles = simulated().select(of.did("purchase").count() > 2)
    bare = of.fold(log_of_purchases(profiles), as_of=profiles.as_of)
    who, kept = np.arange(len(bare)), np.full(len(bare), 2)
    made = spliced(bare, the_rest(bare, kept), who, kept, target="purchase")
    a, b = made.ledger.events, bare.ledger.events
    for name in ("customer", "time", "item", "kind", "value"):
        assert (a.array(name) == b.array(name)).all(), name


def log_of_purchases(profiles: of.Profiles) -> of.EventLog:
    frames = [profiles[who].events().assign(who=who) for who in profiles.ids]
    frame = pd.concat(frames).query("event == 'purchase'")
    return of.EventLog.from_frame(
        frame, customer="who", time="time", event="event", item="item", value="value"
    )


@settings(max_examples=40, deadline=None)
@given(EVENTS, EVENTS, st.integers(0, 3))
def test_a_strangers_past_comes_before(events: Any, others: Any, k: int) -> None:
    """The stranger's visits, k own ones; ages go on, times ascend, nothing is after the join."""
    mine, strangers = folded(events), folded(others)
    who = np.arange(len(mine)) % len(strangers)
    kept = np.full(len(mine), k)
    made = choices(spliced(mine, strangers, who, kept, target="purchase"))
    own = choices(last_visits(mine, kept, target="purchase"))
    theirs = choices(strangers)
    join = _Cut.of(mine, kept, "purchase").join
    assert made.visits.tolist() == (theirs.visits[who] + own.visits).tolist()
    for row in range(len(mine)):
        held = cells(made, row)
        early = len(held) - len(cells(own, row))
        assert held[early:] == cells(own, row)
        before = [(i, a + int(own.visits[row])) for i, _, a in cells(theirs, who[row])]
        assert [(i, a) for i, _, a in held[:early]] == before
        times = [t for _, t, _ in held]
        assert times == sorted(times)
        assert all(t < join[row] for t in times[:early])


def test_where_a_stranger_is_put() -> None:
    """Hours stay; the last event comes no later than the own visit that is replaced."""
    own = [("a", 2 * day, "x", "purchase", None) for day in (20, 27)]
    theirs = [("b", 1, "y", "purchase", None), ("b", 9, "z", "purchase", None)]
    profiles = folded([*own, *theirs])
    one = profiles.select(["a"])
    made = spliced(one, profiles, np.array([1]), np.array([1]), target="purchase")["a"].events()
    times = made["time"].dt.tz_convert("UTC") - START
    assert [t / pd.Timedelta("1D") for t in times] == [15.5, 19.5, 27]
    made = spliced(one, profiles, np.array([1]), np.array([2]), target="purchase")["a"].events()
    times = made["time"].dt.tz_convert("UTC") - START
    assert [t / pd.Timedelta("1D") for t in times] == [14.5, 18.5, 20, 27]  # a day before


def test_baskets_of_one_name_stay_apart() -> None:
    own = [("a", 20, "x", "purchase", "1"), ("a", 30, "y", "purchase", "2")]
    theirs = [("b", 1, "x", "purchase", "1"), ("b", 3, "y", "purchase", "2")]
    profiles = folded([*own, *theirs])
    one = profiles.select(["a"])
    made = choices(spliced(one, profiles, np.array([1]), np.array([1]), target="purchase"))
    assert made.visits.tolist() == [3]


def test_facts_are_cut_and_joined_too() -> None:
    facts = [("a", "2024-01-01", "old"), ("a", "2024-02-10", "new"), ("b", "2024-02-20", "theirs")]
    events = [
        *(of.Event("a", "purchase", f"2024-02-{d:02d}", item="x") for d in (1, 9)),
        of.Event("b", "purchase", "2024-01-05", item="y"),
    ]
    frame = pd.DataFrame(facts, columns=["customer", "time", "place"])
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    told = of.EventLog.from_facts(frame, customer="customer", time="time", facts=["place"])
    profiles = of.fold(of.EventLog.from_events(events) + told, as_of="2024-03-01")
    one = profiles.select(["a"])

    def places(made: of.Profiles, at: str) -> Any:
        return made.at(at)["a"].table.history.fact("place")[0][0]

    made = spliced(one, profiles, np.array([1]), np.array([1]), target="purchase")
    assert places(made, "2024-02-09") == "theirs"
    assert places(made, "2024-03-01") == "new"
    kept = last_visits(one, np.array([1]), target="purchase")
    assert kept["a"].table.history.fact("place")[0].tolist() == ["new"]


def test_strangers_have_as_many_visits_and_are_others() -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(1, 60, 300)
    rows = np.flatnonzero(counts > 3)
    most = np.sort(counts)[-FEWEST - 1]
    seen = np.zeros(300, dtype=bool)
    for seed in range(60):
        found = drawn(counts, rows, np.random.default_rng(seed))
        assert (found != rows).all()
        assert (counts[found] >= np.minimum(counts[rows], most)).all()
        seen[found] = True
    assert seen[rows].mean() > 0.9  # of the least, hardly anybody's stranger, some are missed
    again = [drawn(counts, rows, np.random.default_rng(5)) for _ in range(2)]
    assert (again[0] == again[1]).all()
    assert drawn(np.array([4, 1]), np.array([0, 1]), rng).tolist() == [1, 0]
