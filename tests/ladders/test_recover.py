"""Recovery: measured by hand, honest about the window, and the same for the same chance."""

import functools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.errors import ArgumentError, OnefoldError, UnknownName
from onefold.ladders.metrics import Truth
from onefold.ladders.recover import _Asked
from onefold.levels import Everyone, Individual, Neighbours
from onefold.scoring.splice import last_visits, spliced
from tests.scoring.shops import simulated

AS_OF = "2025-06-01"
QUICK = (Everyone(), Neighbours(), Individual("180D", name="long"), Individual(decay=0.0))


@functools.cache
def made(**how: Any) -> of.Recovery:
    return of.recovery(
        simulated(), as_of=AS_OF, scorer=of.Scorer(levels=QUICK), draws=200, rng=3, **how
    )


def event(who: str, at: str, item: str) -> of.Event:
    return of.Event(who, "purchase", at, item=item, value=1.0)


def tiny() -> of.Profiles:
    """Popular: a (6), b (3), c (1). Ann's stranger can only be Bob, and the other way round."""
    before = {"ann": "aab", "bob": "aaaabbc"}
    events = [
        event(who, f"2025-02-{day:02d}", item)
        for who, items in before.items()
        for day, item in enumerate(items, 1)
    ]
    later = [event("ann", "2025-03-02", "b"), event("bob", "2025-03-02", "c")]
    return of.fold(of.EventLog.from_events(events + later), as_of="2025-03-11")


def test_by_hand() -> None:
    """Own items by their number, then everyone's order: a, b, c."""
    scorer = of.Scorer(levels=[Everyone("10000D"), Individual("10000D")], segments=None)
    found = of.recovery(
        tiny(),
        as_of="2025-03-01",
        horizon="10D",
        visits=[3, 1],
        n=2,
        scorer=scorer,
        alone=["individual"],
        draws=100,
        rng=1,
    )
    assert found.visits == (1, 3) and found.customers == 2
    alone = found.scorers.index("individual alone")
    second = 1 / math.log2(3)
    # Ann wants b, Bob c. One own visit alone: b, a and c, a. With the other's past before it: Ann
    # has a 4, b 3, and Bob a 2, then c and b once, the latest first. Three own visits: aab, and
    # bbc; with the other's past a 6, b 4, c 1, and b 3, a 2, c 1.
    expected = [
        [[[1, 1], [1, second]], [[1, second], [1, second]]],
        [[[1, 1], [1, second]], [[1, second], [0, 0]]],
    ]
    assert found.changed[:, alone] == pytest.approx(np.array(expected))
    whole = [[1, second], [0, 0]]  # a 2, b 1; a 4, b 2
    assert found.steady[:, alone, 1] == pytest.approx(np.array(whole))
    assert found.steady[:, alone, 0] == pytest.approx(np.array(whole))  # everyone: a, b
    table: Any = found.table.set_index(["scorer", "visits", "metric"])
    row = table.loc[("individual alone", 1, "NDCG")]
    assert (row["own"], row["spliced"], row["customers"]) == (1.0, pytest.approx(second), 2)
    assert row["recovery"] == pytest.approx(second)
    row = table.loc[("individual alone", 3, "NDCG")]
    assert row["recovery"] == pytest.approx(second / (2 * second))


def test_without_a_change_it_is_the_ladder() -> None:
    ladder = of.ladder(simulated(), as_of=AS_OF, levels=QUICK, draws=200, rng=3)
    found = of.recovery(
        simulated(), as_of=AS_OF, scorer=of.Scorer(levels=QUICK), alone=[], draws=200, rng=3
    )
    top = ladder.table.query("rung == 'all together' and items == 'all'").set_index("metric")
    mine = found.price.set_index("metric")
    assert found.customers == ladder.customers
    for metric in ("recall", "NDCG"):
        assert mine.loc[metric, "whole"] == pytest.approx(top.loc[metric, "estimate"], rel=0.1)


def test_who_is_measured() -> None:
    found = made()
    held = found.table.query("scorer == 'scorer' and metric == 'NDCG'").set_index("visits")
    past = simulated().at(AS_OF)
    visits = dict(zip(past.ids, np.diff(past.history.where("purchase").visits[1]), strict=True))
    start, stop = (pd.Timestamp(t, tz="UTC") for t in (AS_OF, "2025-07-01"))
    counts = []
    for who in past.ids:
        frame = simulated()[who].events().query("event == 'purchase'")
        if len(frame[(frame["time"] >= start) & (frame["time"] < stop)]):
            counts.append(visits[who])
    assert found.customers == len(counts)
    for k in found.visits:
        assert held.loc[k, "customers"] == sum(c >= k for c in counts)
        measured = ~np.isnan(found.changed[:, 0, found.visits.index(k)]).any(axis=(1, 2))
        assert measured.tolist() == [c >= k for c in counts]


def test_lists_are_those_of_rank() -> None:
    """The arms are what `rank` says of histories cut and spliced, one customer at a time."""
    profiles, rows = simulated().at(AS_OF), np.array([4, 9, 30])
    scorer = of.Scorer(levels=QUICK).fit(profiles, rng=1)
    stranger, kept = np.array([50, 51, 52]), np.array([2, 2, 2])
    some = profiles.select(profiles.ids[rows])
    together = scorer.rank(spliced(some, profiles, stranger, kept, target="purchase"), n=5)
    for i, row in enumerate(rows):
        one = profiles.select([profiles.ids[row]])
        alone = spliced(one, profiles, stranger[[i]], kept[[i]], target="purchase")
        assert scorer.rank(alone, n=5).of(0) == together.of(i)
        last = last_visits(one, kept[[i]], target="purchase")
        assert len(last[str(one.ids[0])].events().query("event == 'purchase'")) >= 2


def test_the_last_visit_alone_recovers_at_once() -> None:
    held = made().table.query("scorer == 'individual alone'")
    assert (held["recovery"] == 1).all() and (held["low"] == 1).all()


def test_a_long_memory_recovers_late() -> None:
    held = made().table.query("scorer == 'long alone' and metric == 'NDCG'")
    assert (held["high"] < 1).all()


def test_the_same_chance_says_the_same() -> None:
    again = of.recovery(simulated(), as_of=AS_OF, scorer=of.Scorer(levels=QUICK), draws=200, rng=3)
    pd.testing.assert_frame_equal(again.table, made().table)
    pd.testing.assert_frame_equal(again.price, made().price)
    other = of.recovery(simulated(), as_of=AS_OF, scorer=of.Scorer(levels=QUICK), draws=200, rng=4)
    assert not np.array_equal(other.changed, made().changed, equal_nan=True)
    assert np.array_equal(other.steady[:, 2:], made().steady[:, 2:])  # no stranger is in these


def test_scorers_get_the_same_strangers() -> None:
    both = {name: of.Scorer(levels=QUICK) for name in ("one", "other")}
    found = of.recovery(simulated(), as_of=AS_OF, scorer=both, alone=(), draws=200, rng=3)
    assert found.scorers == ("one", "other")
    assert np.array_equal(found.changed[:, 0], found.changed[:, 1], equal_nan=True)
    for k in (None, 1):
        assert found.compare("other", "one", visits=k).estimate == 0


def test_the_option_raises_what_is_recovered() -> None:
    """Simulated customers, everybody's taste their own: a wrong past is worth forgetting."""
    data = of.datasets.simulate(700, days=200, items=200, weights=(0, 0.1, 0.9), change=0, rng=2)
    both = {
        name: of.Scorer(levels=QUICK, changes=c) for name, c in (("as it is", 0), ("ready", 0.5))
    }
    found = of.recovery(
        of.fold(data.log), as_of=AS_OF, visits=[2, 5], scorer=both, alone=(), draws=1000, rng=3
    )
    assert found.compare("ready", "as it is", visits=5, draws=1000).low > 0


def test_who_has_never_chosen_has_no_stranger() -> None:
    past = simulated().at(AS_OF)
    scorer = of.Scorer(levels=QUICK).fit(past, rng=1)
    counts = np.diff(past.history.where("purchase").visits[1])
    who = np.concatenate([np.flatnonzero(counts == 0)[:2], np.flatnonzero(counts > 0)[:3]])
    truth = Truth(np.sort(who), np.arange(6), np.zeros(5, dtype=np.int32))
    asked = _Asked.of(past, truth, scorer)
    found = asked.strangers(np.random.default_rng(1))
    assert (found[counts[truth.who] == 0] == -1).all()
    assert (counts[found[counts[truth.who] > 0]] > 0).all()


def test_each_has_the_same_stranger_after_any_number_of_visits() -> None:
    past = simulated().at(AS_OF)
    scorer = of.Scorer(levels=QUICK).fit(past, rng=1)
    who = np.arange(0, len(past), 3)
    truth = Truth(who, np.arange(len(who) + 1), np.zeros(len(who), dtype=np.int32))
    asked = _Asked.of(past, truth, scorer)
    strangers = asked.strangers(np.random.default_rng(1))
    for k in (1, 4):
        (own, rows), (mixed, _) = asked.with_change(k, strangers)
        assert rows.tolist() == np.flatnonzero(asked.visits >= k).tolist() != list(range(len(who)))
        counts = [np.diff(p.history.where("purchase").visits[1]) for p in (own, mixed)]
        assert (counts[0] == k).all()
        assert (counts[1] == asked.every[strangers[rows]] + k).all()


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"as_of": "2025-07-10"}, ArgumentError, "is not over"),
        ({"as_of": "2024-01-01"}, ArgumentError, "nothing is known of anybody before 2024-01-01"),
        ({"horizon": "1us"}, ArgumentError, "it takes two at least"),
        ({"as_of": "soon"}, ArgumentError, "recovery: as_of"),
        ({"horizon": 30}, ArgumentError, "recovery: horizon"),
        ({"n": 0}, ArgumentError, "recovery: n"),
        ({"draws": 10}, ArgumentError, "recovery: draws"),
        ({"rng": "x"}, ArgumentError, "recovery: rng"),
        ({"visits": 3}, ArgumentError, "recovery: visits is 3"),
        ({"visits": []}, ArgumentError, "recovery: visits"),
        ({"visits": [0]}, ArgumentError, "recovery: visits is 0"),
        ({"visits": [1.5]}, ArgumentError, "recovery: visits is 1.5"),
        ({"scorer": "best"}, ArgumentError, "recovery: scorer is 'best'"),
        ({"scorer": {}}, ArgumentError, "recovery: scorer"),
        ({"scorer": {"": of.Scorer()}}, ArgumentError, "recovery: scorer"),
        ({"scorer": {"a": "best"}}, ArgumentError, r"recovery: scorer\['a'\] is a str"),
        (
            {"scorer": {"a": of.Scorer(), "b": of.Scorer("view")}},
            ArgumentError,
            "several targets, 'purchase', 'view'",
        ),
        ({"alone": "long"}, ArgumentError, "recovery: alone is 'long'"),
        ({"alone": ["lang"]}, UnknownName, "Did you mean 'long'"),
    ],
)
def test_bad_arguments_are_named(how: dict, error: type, said: str) -> None:
    with pytest.raises(OnefoldError, match=said) as caught:
        of.recovery(simulated(), **({"as_of": AS_OF, "rng": 1} | how))
    assert isinstance(caught.value, error)


def test_profiles_are_asked_for() -> None:
    with pytest.raises(ArgumentError, match="recovery: profiles is a str"):
        of.recovery("profiles", as_of=AS_OF)


def test_a_fitted_scorer_is_refused() -> None:
    fitted = of.Scorer(levels=QUICK).fit(simulated(), rng=1)
    with pytest.raises(ArgumentError, match=r"it takes a Scorer"):
        of.recovery(simulated(), as_of=AS_OF, scorer=fitted)
