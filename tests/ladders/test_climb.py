"""The ladder: hand-computed metrics, paired steps, one set of resamples, honest windows."""

import math
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold._stats import bootstrap_mean, verdict
from onefold.errors import ArgumentError, ContractError, OnefoldError, UnknownName
from onefold.ladders.climb import ALL, default_rungs, shown
from onefold.levels import LEVELS, Everyone, Individual
from tests.scoring.shops import simulated

AS_OF, HORIZON = "2025-06-01", "30D"


def event(who: str, at: str, item: str, kind: str = "purchase") -> of.Event:
    return of.Event(who, kind, at, item=item, value=1.0)


def tiny() -> of.Profiles:
    """Popular: a (4), b (3), c (2), d (1). The window is [2025-03-01, 2025-03-11)."""
    before = {"ann": "aab", "bob": "abc", "cas": "abcd", "dan": ""}
    events = [
        event(who, f"2025-02-{day:02d}", item)
        for who, items in before.items()
        for day, item in enumerate(items, 1)
    ]
    events += [
        event("dan", "2025-02-01", "a", "view"),  # known, but has chosen nothing yet
        event("ann", "2025-03-01", "b"),  # the first instant is inside
        event("ann", "2025-03-05", "c"),
        event("ann", "2025-03-10T23:59:59.999999", "new"),
        event("bob", "2025-03-02", "a"),
        event("bob", "2025-03-03", "a"),  # twice is one item
        event("cas", "2025-03-11", "a"),  # the end is outside
        event("dan", "2025-03-04", "d"),
        event("eve", "2025-03-04", "a"),  # was not known
        event("bob", "2025-03-06", "b", "view"),
    ]
    return of.fold(of.EventLog.from_events(events), as_of="2025-03-12")


def tiny_ladder(**how) -> of.Ladder:
    levels = (Everyone("10000D"), Individual("10000D"))
    given = {"as_of": "2025-03-01", "horizon": "10D", "n": 2, "levels": levels, "rng": 1}
    return of.ladder(tiny(), segments=Nobody(), **(given | how))


class Nobody:
    """No segments at all."""

    def fit(self, table, *, rng):
        return self

    def assign(self, table):
        return np.full(len(table), None, dtype=object)


def ndcg(ranks: list[int], wanted: int, n: int) -> float:
    ideal = sum(1 / math.log2(r + 1) for r in range(1, min(n, wanted) + 1))
    return sum(1 / math.log2(r + 1) for r in ranks) / ideal


def test_metrics_by_hand() -> None:
    """Everyone's list is a, b; new items for ann: c, d; for bob: d; for dan: a, b."""
    made = tiny_ladder()
    assert made.customers == 3  # ann, bob, dan
    everyone = made.measures[:, made.rungs.index("everyone")]
    nan = [math.nan] * 3
    expected = [
        [  # ann: b, c and an item nobody had chosen before
            [1, 1 / 3, ndcg([2], 3, 2)],
            [1, 1, ndcg([2], 1, 2)],  # of her own, everyone's order is a, b
            [1, 1 / 2, ndcg([1], 2, 2)],
        ],
        [[1, 1, ndcg([1], 1, 2)], [1, 1, ndcg([1], 1, 2)], nan],  # bob: a
        [[0, 0, 0], nan, [0, 0, 0]],  # dan: d
    ]
    assert everyone == pytest.approx(np.array(expected), nan_ok=True)
    table: Any = made.table.set_index(["rung", "items", "metric"])
    row = table.loc[("everyone", "repeat", "recall")]
    assert (row["estimate"], row["customers"]) == (1, 2)
    assert table.loc[("everyone", "all", "hit rate"), "estimate"] == pytest.approx(2 / 3)
    assert table.loc[("everyone", "new", "recall"), "estimate"] == pytest.approx((1 / 2 + 0) / 2)


def test_the_individual_by_hand() -> None:
    """Own items first, the latest before older ones, then everyone's order: a, b, c, d."""
    made = tiny_ladder(n=3)
    own = made.measures[:, made.rungs.index("individual"), 0]
    expected = [
        [1, 2 / 3, ndcg([2, 3], 3, 3)],  # ann: a, b, then c; she chose b, c and something new
        [1, 1, ndcg([3], 1, 3)],  # bob: c, b, a; he chose a
        [0, 0, 0],  # dan has none of his own: a, b, c; he chose d
    ]
    assert own == pytest.approx(np.array(expected))
    last = tiny_ladder(n=1, levels=(Everyone(), Individual(decay=0)))
    own = last.measures[:, last.rungs.index("individual"), 0]
    assert own[0] == pytest.approx(np.array([1, 1 / 3, 1]))  # ann's last visit was b


def test_only_what_came_before_is_fitted() -> None:
    made = tiny_ladder()
    assert made.scorer.as_of == np.datetime64("2025-03-01")
    assert made.scorer.items.values.tolist() == ["a", "b", "c", "d"]
    changed = tiny().update(
        of.EventLog.from_events([event("cas", "2025-03-01", "d")]), as_of="2025-03-12"
    )
    later = of.ladder(
        changed,
        as_of="2025-03-01",
        horizon="10D",
        n=2,
        levels=(Everyone("10000D"), Individual("10000D")),
        segments=Nobody(),
        rng=1,
    )
    assert later.customers == 4
    assert later.scorer.weights.tolist() == made.scorer.weights.tolist()
    tables = [m.scorer.views.shared[0][2].tolist() for m in (made, later)]
    assert tables[0] == tables[1]


@pytest.fixture(scope="module")
def made() -> of.Ladder:
    return of.ladder(simulated(), as_of=AS_OF, horizon=HORIZON, rng=5)


def test_steps_are_paired_differences(made: of.Ladder) -> None:
    wide: Any = made.table.pivot(index=["items", "metric"], columns="rung", values="estimate")
    assert list(dict.fromkeys(made.steps["rung"])) == list(made.rungs[1:])
    for step in made.steps.itertuples():
        expected = wide.loc[(step.items, step.metric)]
        assert step.difference == pytest.approx(expected[step.rung] - expected[step.below])
        # Said only where the interval keeps clear of zero, by more than its own noise.
        assert step.shown in ("not shown", verdict(step.low, step.high))
        wide_enough = min(abs(step.low), abs(step.high)) > 0.1 * (step.high - step.low)
        if wide_enough and step.low * step.high > 0:
            assert step.shown != "not shown"
        assert step.low <= step.difference <= step.high


def test_all_intervals_come_from_the_same_resamples(made: of.Ladder) -> None:
    """The whole table again, from the measures alone, with one seed for all columns."""
    stack = made.measures
    seed = _seed(made)
    flat = stack.reshape(len(stack), -1)
    again = bootstrap_mean(flat, rng=seed, draws=10_000)
    assert made.table["low"].to_numpy() == pytest.approx(again.low, nan_ok=True)
    assert made.table["high"].to_numpy() == pytest.approx(again.high, nan_ok=True)
    steps = (stack[:, 1:] - stack[:, :-1]).reshape(len(stack), -1)
    again = bootstrap_mean(steps, rng=seed, draws=10_000)
    assert made.steps["low"].to_numpy() == pytest.approx(again.low, nan_ok=True)


def _seed(made: of.Ladder) -> int:
    """The seed of the bootstrap: what the source of chance gives after the fit."""
    source = np.random.default_rng(5)
    of.Scorer().fit(simulated().at(AS_OF), rng=source)
    return int(source.integers(2**63))


def test_compare_any_two_rungs(made: of.Ladder) -> None:
    for upper, lower in (("individual", "everyone"), ("everyone", "individual")):
        for items in ("all", "repeat", "new"):
            found = made.compare(upper, lower, metric="recall", items=items)
            at = ["all", "repeat", "new"].index(items)
            a, b = (made.measures[:, made.rungs.index(r), at, 1] for r in (upper, lower))
            assert found.estimate == pytest.approx(np.nanmean(a - b))
    step = made.step("individual", metric="recall")
    neighbour = made.compare("individual", step["below"], metric="recall")
    assert neighbour.estimate == pytest.approx(step["difference"])
    assert abs(float(neighbour.low) - step["low"]) < 0.02
    assert made.compare("segment", "segment").high == 0


def test_by_evidence(made: of.Ladder) -> None:
    held = made.by_evidence
    assert (held["customers"] >= 20).all()
    assert held["customers"].sum() / len(made.rungs) <= made.customers
    assert set(held["rung"]) == set(made.rungs)
    past = simulated().at(AS_OF)
    who = past.ids[_who(made)]
    visits = past.select(who).table["frequency"]
    inside = (visits >= 8) & (visits <= 15)
    row = held[(held["visits"] == "8 to 15") & (held["rung"] == "individual")].iloc[0]
    assert row["customers"] == inside.sum()
    ndcg_of = made.measures[:, made.rungs.index("individual"), 0, 2]
    assert row["estimate"] == pytest.approx(ndcg_of[inside].mean())


def _who(made: of.Ladder) -> np.ndarray:
    """Customers known before who bought in the window, by brute force."""
    events = simulated()
    start, stop = pd.Timestamp(AS_OF, tz="UTC"), pd.Timestamp(AS_OF, tz="UTC") + pd.Timedelta("30D")
    bought = set()
    for profile in events:
        frame = profile.events()
        inside = (frame["time"] >= start) & (frame["time"] < stop) & frame["item"].notna()
        if (inside & (frame["event"] == "purchase")).any():
            bought.add(profile.id)
    known = events.at(AS_OF).ids
    assert made.customers == len(bought & set(known))
    return np.flatnonzero(np.isin(known, sorted(bought)))


def test_the_same_seed_gives_the_same_ladder(made: of.Ladder) -> None:
    again = of.ladder(simulated(), as_of=AS_OF, horizon=HORIZON, rng=5)
    assert again.table.equals(made.table)
    assert again.steps.equals(made.steps)
    assert again.by_evidence.equals(made.by_evidence)


def test_rungs_of_ones_own() -> None:
    rungs = {"popular": ["everyone"], "own": ["long", "last"], "whole": [x.name for x in LEVELS]}
    own = of.ladder(simulated(), as_of=AS_OF, horizon=HORIZON, rungs=rungs, rng=5, draws=100)
    assert own.rungs == ("popular", "own", "whole")
    usual = of.ladder(simulated(), as_of=AS_OF, horizon=HORIZON, rng=5, draws=100)
    for mine, theirs in (("popular", "everyone"), ("whole", ALL)):
        a = own.measures[:, own.rungs.index(mine)]
        assert np.array_equal(a, usual.measures[:, usual.rungs.index(theirs)], equal_nan=True)
    named = of.ladder(
        simulated(), as_of=AS_OF, horizon=HORIZON, rungs={ALL: ["everyone"]}, rng=5, draws=100
    )
    assert len(named.steps) == 0  # one rung has no step
    assert np.array_equal(named.measures[:, 0], own.measures[:, 0], equal_nan=True)
    assert "popular" not in repr(named)


def test_rungs_that_there_are() -> None:
    assert list(default_rungs(LEVELS)) == ["everyone", "persona", "segment", "individual", ALL]
    own = ("long", "recent", "last", "due", "considered", "looked at")
    assert default_rungs(LEVELS)["individual"] == own
    assert list(default_rungs([Everyone()])) == ["everyone", ALL]


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"as_of": "2025-07-10"}, ArgumentError, "is not over"),
        ({"horizon": "90D"}, ArgumentError, "is not over"),
        ({"as_of": "2024-01-01"}, ArgumentError, "nothing is known of anybody before 2024-01-01"),
        ({"horizon": "1us"}, ArgumentError, "it takes two at least"),
        ({"target": "buy"}, ArgumentError, "no event of kind 'buy'"),
        ({"as_of": "soon"}, ArgumentError, "ladder: as_of"),
        ({"horizon": 30}, ArgumentError, "ladder: horizon"),
        ({"horizon": "-3D"}, ArgumentError, "ladder: horizon"),
        ({"n": 0}, ArgumentError, "ladder: n"),
        ({"target": ""}, ArgumentError, "target"),
        ({"draws": 10}, ArgumentError, "ladder: draws"),
        ({"draws": "many"}, ArgumentError, "ladder: draws"),
        ({"rng": "x"}, ArgumentError, "ladder: rng"),
        ({"levels": "everyone"}, ContractError, "levels"),
        ({"segments": "rfm"}, ContractError, "segments"),
        ({"rungs": {}}, ArgumentError, "ladder: rungs"),
        ({"rungs": ["everyone"]}, ArgumentError, "ladder: rungs"),
        ({"rungs": {"a": "everyone"}}, ArgumentError, "ladder: rungs"),
        ({"rungs": {"a": []}}, ArgumentError, "ladder: rungs"),
        ({"rungs": {"": ["everyone"]}}, ArgumentError, "ladder: rungs"),
        ({"rungs": {"a": ["everybody"]}}, UnknownName, "Did you mean 'everyone'"),
    ],
)
def test_bad_arguments_are_named(how: dict, error: type, said: str) -> None:
    with pytest.raises(OnefoldError, match=said) as caught:
        of.ladder(simulated(), **({"as_of": AS_OF, "horizon": HORIZON, "rng": 1} | how))
    assert isinstance(caught.value, error)


def test_profiles_are_asked_for() -> None:
    with pytest.raises(ArgumentError, match="ladder: profiles is a str"):
        of.ladder("profiles", as_of=AS_OF)


# ---------------------------------------------------------------- futures that are strangers'


def swapped(seed: int, *, customers: int = 250) -> of.Profiles:
    """Simulated customers; what they do from `AS_OF` on is given to another one, at random."""
    data = of.datasets.simulate(customers, days=200, items=60, rng=seed)
    frame = data.log.to_pandas()
    ids = np.unique(frame["customer"])
    other = dict(zip(ids, np.random.default_rng(seed).permutation(ids), strict=True))
    late = frame["time"] >= pd.Timestamp(AS_OF, tz="UTC")
    frame.loc[late, "customer"] = frame.loc[late, "customer"].map(other)
    frame["id"] = np.arange(len(frame))
    log = of.EventLog.from_frame(
        frame,
        customer="customer",
        time="time",
        event="event",
        item="item",
        value="value",
        basket="basket",
        id="id",
    )
    return of.fold(log, catalog=data.catalog)


def falsely_shown(runs: int) -> dict[str, int]:
    """How often a gain of knowing more is said to be better, where nothing can be known.

    Persona and segment are put beside everyone: a stranger's portrait is worse than none, so a
    stranger's segment, which bends less, may well be better than the portrait.
    """
    pairs = [("persona", "everyone"), ("segment", "everyone"), ("individual", "segment")]
    said = dict.fromkeys([*pairs, ("all together", "everyone")], 0)
    for seed in range(runs):
        made = of.ladder(swapped(seed), as_of=AS_OF, horizon=HORIZON, draws=400, rng=seed)
        for upper, lower in said:
            found = made.compare(upper, lower, draws=400, rng=seed)
            said[upper, lower] += verdict(found.low, found.high) == "better"
    return {f"{upper} over {lower}": n for (upper, lower), n in said.items()}


def test_of_strangers_futures_nothing_is_known() -> None:
    assert max(falsely_shown(20).values()) <= 3


@pytest.mark.slow
def test_of_strangers_futures_nothing_is_known_in_a_hundred_runs() -> None:
    assert max(falsely_shown(100).values()) <= 5


class Numbered:
    """Segments by whole numbers, as a clustering gives them."""

    def fit(self, table, *, rng):
        return self

    def assign(self, table):
        return (table["frequency"] > 8).astype(int)


class Named(Numbered):
    def assign(self, table):
        return np.where(table["frequency"] > 8, "1", "0").astype(object)


def test_segments_may_be_whole_numbers() -> None:
    tables = [
        of.ladder(simulated(), as_of=AS_OF, segments=s, draws=200, rng=3).table
        for s in (Numbered(), Named())
    ]
    pd.testing.assert_frame_equal(*tables)


def test_without_segments_there_are_no_such_rungs() -> None:
    made = of.ladder(simulated(), as_of=AS_OF, segments=None, draws=200, rng=3)
    assert made.rungs == ("everyone", "individual", "all together")


def test_an_item_that_can_no_longer_be_had_is_not_served() -> None:
    """The best seller has expired: the lists that are measured are those that rank serves."""
    data = simulated()
    past = data.at(AS_OF)
    best = str(of.Scorer().fit(past, rng=3).rank(past.new("nobody"), n=1).of(0)[0])
    frame = pd.DataFrame({"item": [best], "gone": [pd.Timestamp(AS_OF, tz="UTC")]})
    expired = of.Catalog.from_frame(frame, item="item", valid_until="gone")
    made = of.ladder(
        attrs.evolve(data, catalog=expired), as_of=AS_OF, n=1, draws=200, segments=None, rng=3
    )
    served = made.scorer.rank(attrs.evolve(past, catalog=expired), n=1).to_pandas()
    assert best not in set(served["item"])
    scores = made.table.set_index(["rung", "items", "metric"])["estimate"]
    second = made.scorer.rank(past.new("nobody"), n=1, exclude=[best]).of(0)[0]
    start = pd.Timestamp(AS_OF, tz="UTC")
    hits = []
    for who in past.ids:
        frame = data[who].events().query("event == 'purchase'")
        frame = frame[(frame["time"] >= start) & (frame["time"] < start + pd.Timedelta("30D"))]
        if len(frame):
            hits.append(second in set(frame["item"]))
    assert scores["everyone", "all", "hit rate"] == pytest.approx(np.mean(hits))


def test_of_few_customers_nothing_is_shown() -> None:
    assert shown(0.1, 0.2, customers=19, draws=10_000) == "not shown"
    assert shown(0.1, 0.2, customers=20, draws=10_000) == "better"
    assert shown(-0.2, -0.1, customers=20, draws=10_000) == "worse"
    assert shown(0.0001, 0.2, customers=500, draws=10_000) == "not shown"  # within the noise
    assert shown(np.nan, np.nan, customers=500, draws=10_000) == "not shown"


def test_of_their_own_futures_much_is_known(made: of.Ladder) -> None:
    assert made.step("individual")["shown"] == "better"
