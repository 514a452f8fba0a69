"""Splicing: histories are cut and joined exactly, and a fit that is shown changes follows them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError
from onefold.levels.protocol import Choices
from onefold.scoring.scorer import _repeated
from onefold.scoring.splice import FEWEST, _Cut, _of, drawn, last_visits, prepared, spliced
from tests.scoring.shops import fitted, simulated

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


def test_further_rows_of_the_slice() -> None:
    past = simulated()
    people = np.flatnonzero(visits(past) >= 0)[::3]
    able = int((visits(past)[people] > 0).sum())
    rng = np.random.default_rng(3)
    both, owner = prepared(past, people, share=0.5, target="purchase", rng=rng)
    assert len(both) == len(owner) == len(people) + min(round(0.5 * len(people)), able)
    plain = np.flatnonzero(np.isin(both.ids, past.ids))
    assert owner[plain].tolist() == list(range(len(people)))
    same = both.select(both.ids[plain])
    assert same == past.select(past.ids[people])
    changed = np.setdiff1d(np.arange(len(both)), plain)
    assert len(np.unique(owner[changed])) == len(changed)
    made, own = choices_of(both), choices_of(past)
    for row in changed:
        mine = people[owner[row]]
        more = made.visits[row] - np.minimum(own.visits[mine], 5)
        assert more > 0
        last = made.item[made.offsets[row + 1] - 1], made.time[made.offsets[row + 1] - 1]
        assert last == (own.item[own.offsets[mine + 1] - 1], own.time[own.offsets[mine + 1] - 1])
    none, owner = prepared(past, people, share=0.0, target="purchase", rng=rng)
    assert none == past.select(past.ids[people]) and owner.tolist() == list(range(len(people)))


def choices_of(profiles: of.Profiles) -> Choices:
    moments = np.full(len(profiles), profiles.as_of)
    items = simulated().history.items
    return Choices.of(profiles.history, items, target="purchase", moments=moments)


def test_choices_of_customers_in_several_rows() -> None:
    rows, pairs = _repeated(np.array([0, 0, 2]), np.array([2, 0, 1, 0]))
    assert rows.tolist() == [0, 1, 1, 3, 3]
    assert pairs.tolist() == [2, 0, 1, 0, 1]


# ---------------------------------------------------------------- the fit


def test_without_the_option_nothing_is_other() -> None:
    made = of.Scorer(changes=0).fit(simulated(), rng=1)
    assert np.array_equal(made.weights, fitted().weights)
    assert made.rank(simulated()) == fitted().rank(simulated())


def test_the_rows_of_the_fit() -> None:
    made = of.Scorer(changes=0.5).fit(simulated(), rng=1)
    assert made.part.customers == fitted().part.customers
    grown = len(made.part.foreseen) / len(fitted().part.foreseen)
    assert 1.2 < grown < 1.8
    again = of.Scorer(changes=0.5).fit(simulated(), rng=1)
    assert np.array_equal(made.weights, again.weights)
    other = of.Scorer(changes=0.5).fit(simulated(), rng=2)
    assert not np.array_equal(made.weights, other.weights)


@pytest.mark.parametrize("share", [-0.1, 1.5, "much", True, None, float("nan")])
def test_a_share_is_asked_for(share: Any) -> None:
    with pytest.raises(ArgumentError, match="Scorer: changes"):
        of.Scorer(changes=share)


def test_settings_come_back(tmp_path: Any) -> None:
    made = of.Scorer(changes=0.25).fit(simulated(), rng=1)
    of.save(made, tmp_path / "scorer.onefold")
    back = of.load(tmp_path / "scorer.onefold")
    assert back.settings == made.settings and back.settings.changes == 0.25
    assert back.rank(simulated(), n=5) == made.rank(simulated(), n=5)


# ---------------------------------------------------------------- interests that truly change


def movers(customers: int, seed: int) -> tuple[of.Profiles, set[str], pd.DataFrame]:
    """Two types of customers, each with favourites; some became the other type at their last visit.

    Visits are on every third day; the last 5 of 25 are the future.
    """
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 2, customers)
    moved = rng.random(customers) < 0.15
    liked = np.arange(20, 0, -1.0) ** 2
    liked /= liked.sum()
    rows = []
    for c in range(customers):
        favourites = {t: rng.choice(40, 20, replace=False) + 40 * t for t in (0, 1)}
        for v in range(25):
            here = 1 - kind[c] if moved[c] and v >= 19 else kind[c]
            for item in rng.choice(favourites[here], 2, replace=False, p=liked):
                at = START + pd.Timedelta(days=3 * v, minutes=int(c))
                rows.append((f"c{c:03d}", at, "purchase", f"i{item:02d}", f"{c}-{v}"))
    frame = pd.DataFrame(rows, columns=["who", "at", "what", "item", "basket"])
    late = frame["at"] >= START + pd.Timedelta(days=60)
    log = of.EventLog.from_frame(
        frame[~late], customer="who", time="at", event="what", item="item", basket="basket"
    )
    profiles = of.fold(log, as_of=START + pd.Timedelta(days=60))
    return profiles, {f"c{c:03d}" for c in np.flatnonzero(moved)}, frame[late]


def test_who_truly_changed_is_followed_sooner() -> None:
    profiles, moved, future = movers(300, 5)
    wanted = {who: set(items) for who, items in future.groupby("who")["item"]}
    hits: dict[float, dict[str, float]] = {}
    for share in (0.0, 0.5):
        lists = of.Scorer(changes=share, segments=None).fit(profiles, rng=5).rank(profiles, n=5)
        hits[share] = {who: len(wanted[who] & set(items)) / 5 for who, items in lists}
    gain = np.array([hits[0.5][who] - hits[0.0][who] for who in sorted(moved)])
    assert len(gain) > 25
    assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain))
