"""One customer click by click: the list is that of the whole profile."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError
from onefold.levels import LEVELS, Due, Everyone, Individual, Neighbours
from onefold.scoring import fitted as fitted_module
from onefold.scoring import live as live_module
from tests.levels.plain import shops
from tests.scoring.shops import Next, fitted, simulated
from tests.strategies import ITEMS

PLAIN = (Everyone(), Neighbours(buyers=1), Individual("30D"), Individual(decay=0, name="last"))
TIMES = ["2024-01-05", "2025-06-01", "2025-06-01T00:00:01", "2025-06-02", "2026-01-01"]
events = st.builds(
    lambda kind, time, item, basket, name: of.Event(
        "a", kind, time, item=item, basket=basket, id=name, source=None
    ),
    st.sampled_from(["purchase", "purchase", "view"]),
    st.sampled_from(TIMES),
    st.none() | st.sampled_from([*ITEMS, "never seen"]),
    st.none() | st.sampled_from(["b1", "b2", "b3"]),
    st.none() | st.sampled_from(["e1", "e2"]),
)


@settings(max_examples=120, deadline=None)
@given(
    shops(least=4),
    st.lists(events, max_size=5),
    st.sampled_from([(*PLAIN, Due()), (*PLAIN, Next())]),
    st.booleans(),
    st.sets(st.sampled_from(ITEMS), max_size=3),
)
def test_after_events_it_ranks_as_the_whole_profile(profiles, later, levels, repeats, left) -> None:
    scorer = of.Scorer(segments=None, levels=levels).fit(profiles, rng=1)
    profile = profiles["a"]
    live = scorer.live(profile)
    for event in later:
        live, profile = live.after(event), profile.after(event)
        how = {"repeats": repeats, "exclude": left or None}
        mine, its = live.rank(4, **how), scorer.rank(profile, 4, **how)
        assert mine.of(0) == its.of(0)
        assert mine.scores == pytest.approx(its.scores, abs=1e-12)
        assert mine.reason == its.reason


def bought(customer: str, item: int) -> of.Event:
    """A purchase soon after all others."""
    time = simulated().as_of + np.timedelta64(item, "h")
    return of.Event(customer, "purchase", time, item=fitted().items[item])


def test_events_that_are_not_ranked_between_count_too() -> None:
    scorer, profiles = fitted(), simulated()
    customer = profiles.ids[3]
    seen = [bought(customer, d) for d in (1, 2, 3)]
    one_by_one = at_once = scorer.live(profiles[customer])
    for event in seen:
        one_by_one = one_by_one.after(event)
        one_by_one.rank(3)
        at_once = at_once.after(event)
    assert one_by_one.rank(9) == at_once.rank(9)
    assert at_once.rank(9) != scorer.live(profiles[customer]).rank(9)


def test_groups_stay_those_of_the_profile_it_began_with() -> None:
    scorer, profiles = fitted(), simulated()
    for customer in profiles.ids[:20]:
        live = scorer.live(profiles[customer])
        assert live.rank(9) == scorer.rank(profiles[customer], 9)
    event = of.Event(customer, "view", "2031-01-01", item="item01")
    assert live.after(event)._root.columns == live._root.columns


def test_a_value_stays_as_it_is() -> None:
    scorer, profiles = fitted(), simulated()
    live = scorer.live(profiles[profiles.ids[0]])
    before = live.rank(5)
    live.after(bought(live.customer, 0)).rank(5)
    assert live.rank(5) == before
    assert "visits" in repr(live)


def test_what_is_held_of_a_customer_is_small() -> None:
    scorer, profiles = fitted(), simulated()
    live = scorer.live(profiles[profiles.ids[0]])
    cells = len(live._known().item)
    assert live.nbytes == cells * (4 + 4 + 8)
    event = of.Event(live.customer, "view", "2031-01-01", item="item00")
    assert live.after(event).nbytes == live.nbytes
    assert sys.getsizeof(live) < 100


def test_without_the_kernel_the_lists_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, profiles = fitted(), simulated()
    few = profiles.select(profiles.ids[:40])
    live = scorer.live(profiles[profiles.ids[1]])
    event = bought(live.customer, 7)
    hows = [{}, {"repeats": False}, {"among": scorer.items.values[::3].tolist()}]
    fast = [(scorer.rank(few, 8, **how), live.after(event).rank(8, **how)) for how in hows]
    dense = scorer.dense(few)
    for module in (fitted_module, live_module):
        monkeypatch.setattr(module, "compiled", lambda: None)
    for how, lists in zip(hows, fast, strict=True):
        for quick, slow in zip(
            lists, (scorer.rank(few, 8, **how), live.after(event).rank(8, **how)), strict=True
        ):
            assert quick.scores == pytest.approx(slow.scores, rel=1e-9)
            assert (quick.codes == slow.codes).mean() > 0.99  # but for ties in the last digit
    assert scorer.dense(few) == pytest.approx(dense, abs=1e-12)


def test_eight_threads_at_once_get_the_lists_of_one() -> None:
    scorer, profiles = fitted(), simulated()
    parts = [profiles.select(profiles.ids[k::8]) for k in range(8)]
    lives = [scorer.live(profiles[i]) for i in profiles.ids[:40]]
    alone = [scorer.rank(part, 10) for part in parts], [live.rank(10) for live in lives]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert list(pool.map(lambda part: scorer.rank(part, 10), parts)) == alone[0]
            assert list(pool.map(lambda live: live.rank(10), lives)) == alone[1]


def test_bad_arguments_are_named() -> None:
    scorer, profiles = fitted(), simulated()
    live = scorer.live(profiles[profiles.ids[0]])
    stranger = of.Event("somebody else", "purchase", "2031-01-01", item="item00")
    with pytest.raises(ArgumentError, match=r"Live.after: the event is of customer 'somebody"):
        live.after(stranger)
    with pytest.raises(ArgumentError, match=r"Live.after: event is a str"):
        live.after("purchase")
    with pytest.raises(ArgumentError, match=r"Live.rank: n is 0"):
        live.rank(0)
    with pytest.raises(ArgumentError, match=r"repeats is 'no'"):
        live.rank(repeats="no")
    with pytest.raises(ArgumentError, match=r"FittedScorer.live: profile is a Profiles"):
        scorer.live(profiles)


def test_the_default_levels_are_all_known_to_the_kernel() -> None:
    plan = fitted()._plan
    assert len(plan.own) == sum(level.name in fitted().views.names for level in LEVELS) - len(
        plan.views.shared
    )
    assert np.all(plan.pattern[list(plan.views.shared)] == -1)
