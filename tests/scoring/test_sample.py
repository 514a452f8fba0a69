"""Sampling: the propensities are those of what is drawn, and a draw is the customer's own."""

import functools
import itertools
import math
from collections import Counter
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import chisquare

import onefold as of
from onefold._random import hash64
from onefold._vocab import Vocab
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.scoring import DECISION_SCHEMA, FittedThompson, sample
from onefold.scoring.luce import Urn, propensities
from onefold.scoring.policy import policy_of
from tests.scoring.shops import Even, fitted, simulated

AMONG = ["i01", "i02", "i03", "i04", "i05"]
TIMES = 1500


@functools.cache
def alike() -> of.Profiles:
    """Many customers with the same history: many draws of one decision."""
    events = [
        of.Event(f"t{i:04d}", "purchase", f"2025-06-0{day}", item=item)
        for i in range(TIMES)
        for day, item in ((1, "i01"), (2, "i02"), (2, "i07"))
    ]
    return of.fold(of.EventLog.from_events(events), as_of="2025-06-05")


@functools.cache
def cold() -> FittedThompson:
    return of.Thompson(0.3, few=60, most=25).fit(simulated())


def lists(drawn: of.Decisions) -> list[tuple]:
    return [tuple(made) for _, made in drawn]


def p_value(counts: Counter, expected: dict[tuple, float], n: int) -> float:
    """Of a chi-squared test; lists with few expected are put together."""
    big = [one for one, p in expected.items() if n * p >= 5]
    seen, said = [counts.get(one, 0) for one in big], [n * expected[one] for one in big]
    seen, said = [*seen, n - sum(seen)], [*said, max(n - sum(said), 1e-9)]
    if said[-1] < 5:
        seen[-2:], said[-2:] = [sum(seen[-2:])], [sum(said[-2:])]
    return float(chisquare(seen, np.array(said) * (sum(seen) / sum(said))).pvalue)


@pytest.mark.parametrize("share", [None, 0.5])
@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_lists_come_as_often_as_their_propensities_say(
    share: float | None, temperature: float
) -> None:
    """All 60 lists of three of five items: enumerated they sum to 1; drawn, they are as told."""
    scorer, kw = fitted(), {"among": AMONG, "temperature": temperature}
    if share is not None:
        held = of.Thompson(share, few=10_000, most=1000).fit(simulated())
        even = np.full(len(held), 1 / len(held))  # two urns in which each item may come first
        kw["cold"] = attrs.evolve(held, chance=even)
    drawn = scorer.sample(alike(), 3, rng=5, **kw)
    expected: dict[tuple, float] = {}
    for one, p in zip(lists(drawn), np.exp(drawn.log_list), strict=True):
        assert expected.setdefault(one, p) == pytest.approx(p, rel=1e-12)
    profile = alike()["t0000"]
    for one in itertools.permutations(AMONG, 3):
        if one not in expected:  # not drawn: what would it have been?
            made = with_list(scorer.sample(profile, 3, rng=1, **kw), one)
            told = scorer.propensities(made, profile, **kw)
            expected[one] = float(np.exp(told.log_list[0]))
    assert len(expected) == 60
    assert sum(expected.values()) == pytest.approx(1, abs=1e-9)
    assert p_value(Counter(lists(drawn)), expected, TIMES) > 1e-3


def with_list(decisions: of.Decisions, items: tuple) -> of.Decisions:
    """The same decision with another list."""
    codes = decisions.ranking.items.codes(items)
    return attrs.evolve(decisions, ranking=attrs.evolve(decisions.ranking, codes=codes))


def test_both_urns_are_drawn_from_independently() -> None:
    """With many draws: noise that both urns shared would show in what follows the first item."""
    n, share = 60_000, 0.5
    held = attrs.evolve(cold(), settings=of.Thompson(share, few=60, most=25))
    kw: dict[str, Any] = {"among": None, "exclude": None, "repeats": True, "pool": None}
    policy = policy_of(fitted(), "test", temperature=1.0, cold=held, **kw)
    codes = np.tile(np.arange(4, dtype=np.int32), (n, 1))
    first = Urn(codes, np.tile([3.0, 1.5, 0.0, -1.5], (n, 1)))
    second = Urn(codes, np.tile([-1.5, 0.0, 1.5, 3.0], (n, 1)))
    urns = sample.Urns(first, np.zeros(codes.shape), second, np.zeros(codes.shape))
    state, noise = hash64([f"c{i}" for i in range(n)]), fitted().items.hashes
    shown, _ = sample._lists(policy, urns, state, noise, 2)
    every = np.array(list(itertools.permutations(range(4), 2)), dtype=np.int32)
    few = Urn(first.codes[: len(every)], first.log[: len(every)])
    other = Urn(few.codes, second.log[: len(every)])
    log, _ = propensities(few, other, every, share)
    expected = dict(zip(map(tuple, every.tolist()), np.exp(log.sum(axis=1)), strict=True))
    assert sum(expected.values()) == pytest.approx(1)
    assert p_value(Counter(map(tuple, shown.tolist())), expected, n) > 1e-3


def test_propensities_by_hand() -> None:
    """p^(1/tau) over what is left, of the scores that the scorer gives."""
    scorer, profile = fitted(), alike()["t0000"]
    for tau in (0.3, 1.0, 7.0):
        drawn = scorer.sample(profile, 4, rng=2, temperature=tau, pool=12).to_pandas()
        pool = scorer.rank(profile, 12).to_pandas().set_index("item")["score"]
        assert drawn["pool"].tolist() == [12] * 4
        np.testing.assert_array_equal(drawn["score"], pool[drawn["item"]])
        weights, told = pool ** (1 / tau), np.float64(1.0)
        row: Any
        for row in drawn.itertuples():
            assert row.propensity == pytest.approx(weights[row.item] / weights.sum())
            first = pool[row.item] ** (1 / tau) / (pool ** (1 / tau)).sum()
            assert row.first_propensity == pytest.approx(first)
            told *= row.propensity
            weights = weights.drop(row.item)
        assert drawn["list_propensity"].to_numpy() == pytest.approx(np.full(4, told))


def test_at_temperature_zero_it_is_the_best_list() -> None:
    scorer, people = fitted(), simulated()
    for kw in ({}, {"repeats": False}, {"among": AMONG}, {"exclude": AMONG}):
        drawn = scorer.sample(people, 6, rng=1, temperature=0, **kw)
        assert drawn.ranking == scorer.rank(people, 6, **kw)
        frame = drawn.to_pandas()
        assert (frame["propensity"] == 1).all() and (frame["list_propensity"] == 1).all()
        assert (frame["first_propensity"] == (frame["rank"] == 1)).all()
    same = scorer.sample(people, 3, rng=1, temperature=0.001).ranking.to_pandas()
    best = scorer.rank(people, 3).to_pandas()
    assert (same["item"] == best["item"]).mean() > 0.95


def test_a_high_temperature_draws_evenly_from_the_pool() -> None:
    drawn = fitted().sample(simulated(), 2, rng=1, temperature=1000, pool=10)
    frame = drawn.to_pandas()
    np.testing.assert_allclose(frame["first_propensity"], 0.1, rtol=0.01)
    best = fitted().rank(simulated(), 10)
    for customer, items in drawn:
        assert set(items) <= set(best.of(customer))  # what is outside is never shown


def test_ties_are_drawn_evenly_and_at_zero_go_by_name() -> None:
    scorer = of.Scorer(levels=[Even()], segments=None).fit(simulated(), rng=1)
    drawn = scorer.sample(alike(), 1, rng=3, among=AMONG, temperature=0.01)
    counts = Counter(lists(drawn))
    assert p_value(counts, {(item,): 0.2 for item in AMONG}, TIMES) > 1e-3
    np.testing.assert_allclose(drawn.to_pandas()["propensity"], 0.2)
    assert set(lists(scorer.sample(alike(), 1, rng=3, among=AMONG, temperature=0))) == {("i01",)}


@pytest.mark.parametrize("with_cold", [False, True])
def test_one_profile_equals_its_row_in_the_batch(
    with_cold: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer, people = fitted(), simulated()
    kw: dict[str, Any] = {"rng": 11, "temperature": 0.7, "cold": cold() if with_cold else None}
    batch = scorer.sample(people, 5, **kw)
    frame = batch.to_pandas()
    for customer in people.ids[::40]:
        alone = scorer.sample(people[customer], 5, **kw).to_pandas()
        pd.testing.assert_frame_equal(
            alone, frame[frame["customer"] == customer].reset_index(drop=True), rtol=1e-12
        )
    half = scorer.sample(people.select(people.ids[::2]), 5, **kw)
    assert [batch.of(c) for c in half.ranking.customers] == [made for _, made in half]
    monkeypatch.setattr(sample, "CELLS", 700)
    pd.testing.assert_frame_equal(scorer.sample(people, 5, **kw).to_pandas(), frame, rtol=1e-12)


def test_a_short_list_is_the_head_of_a_long_one() -> None:
    scorer, people = fitted(), simulated()
    long = scorer.sample(people, 9, rng=4, cold=cold())
    short = scorer.sample(people, 4, rng=4, cold=cold())
    assert short.policy == long.policy
    for customer, items in short:
        assert items == long.of(customer)[:4]
    both = long.to_pandas().query("rank <= 4").reset_index(drop=True)
    columns = ["decision", "propensity", "first_propensity", "cold", "pool"]
    pd.testing.assert_frame_equal(both[columns], short.to_pandas()[columns])


def test_seed_customer_and_moment_make_the_draw() -> None:
    scorer, people = fitted(), simulated()
    one = scorer.sample(people, 5, rng=4)
    assert scorer.sample(people, 5, rng=4) == one
    assert scorer.sample(people, 5, rng=np.random.default_rng(4)) == one
    source = np.random.default_rng(4)
    assert scorer.sample(people, 5, rng=source) == one != scorer.sample(people, 5, rng=source)
    assert scorer.sample(people, 5) != scorer.sample(people, 5)
    later = people.at(people.as_of + np.timedelta64(1, "us"))
    other = scorer.sample(later, 5, rng=4)
    assert np.mean([a == b for a, b in zip(lists(one), lists(other), strict=True)]) < 0.1
    assert not {*one.to_pandas()["decision"]} & {*other.to_pandas()["decision"]}
    assert one.to_pandas()["decision"].nunique() == len(people)
    text = attrs.evolve(scorer, items=Vocab(scorer.items.text))  # the same items, held otherwise
    assert text.sample(people, 5, rng=4) == one


def test_the_policy_names_what_decides_and_nothing_else() -> None:
    scorer, profile = fitted(), simulated()["c001"]
    base: dict[str, Any] = {"rng": 1, "temperature": 1.0}
    changes: list[dict[str, Any]] = [
        {},
        {"temperature": 0.5},
        {"among": AMONG},
        {"exclude": AMONG},
        {"repeats": False},
        {"pool": 50},
        {"pool": None},
        {"cold": cold()},
        {"cold": of.Thompson(0.2, few=60, most=25).fit(simulated())},
    ]
    versions = [scorer.sample(profile, 2, **{**base, **change}).policy for change in changes]
    assert len(set(versions)) == len(versions)
    assert all(version.startswith(scorer.version + "-") for version in versions)
    for same in ({"rng": 2}, {"temperature": 1}, {"pool": np.int64(200)}, {"repeats": np.True_}):
        assert scorer.sample(profile, 3, **{**base, **same}).policy == versions[0]
    mixed = scorer.sample(profile, 2, **base, among=iter([*AMONG[::-1], "i01"]))
    assert mixed.policy == versions[2]
    assert scorer.only("everyone").sample(profile, 2, **base).policy not in versions


def test_the_whole_catalogue_is_the_pool_where_it_is_asked_for() -> None:
    scorer, people = fitted(), simulated()
    every = scorer.sample(people, 3, rng=1, pool=None)
    wide = scorer.sample(people, 3, rng=1, pool=10_000)
    assert every.ranking == wide.ranking
    np.testing.assert_array_equal(every.log, wide.log)
    said = (scorer.dense(people) > 0).sum(axis=1)
    assert every.to_pandas()["pool"].tolist() == np.repeat(said, 3).tolist()


def test_fewer_than_n_and_nobody() -> None:
    scorer, people = fitted(), simulated()
    few = scorer.sample(people, 5, rng=1, among=[*AMONG[:3], "unheard of"])
    assert few.short["given"].unique().tolist() == [3]
    assert few.short["reason"][0] == "no more items to choose from within among="
    last = few.to_pandas().query("rank == 3")
    np.testing.assert_allclose(last["propensity"], 1)  # only one was left
    none = scorer.sample(people, 5, rng=1, among=[])
    assert (len(none), len(none.to_pandas()), len(none.short)) == (len(people), 0, len(people))
    assert none.log_list.tolist() == [0.0] * len(people)  # the empty list is certain
    assert none.to_arrow().schema == DECISION_SCHEMA
    nobody = scorer.sample(people.select([]), 5, rng=1)
    assert (len(nobody), len(nobody.to_pandas())) == (0, 0)
    stranger = scorer.sample(people.new("somebody"), 5, rng=1, cold=cold())
    assert len(stranger.of(0)) == 5


def test_limits_hold_for_cold_items_too() -> None:
    scorer, people, hidden = fitted(), simulated(), list(cold().items)[:3]
    made = scorer.sample(people, 8, rng=1, cold=cold(), repeats=False, exclude=hidden)
    frame = made.to_pandas()
    assert not frame["item"].isin(hidden).any()
    had = {(e.customer, e.item) for e in simulated_purchases().itertuples()}
    assert not had & {*frame[["customer", "item"]].itertuples(index=False, name=None)}
    within = scorer.sample(people, 8, rng=1, cold=cold(), among=AMONG).to_pandas()
    assert set(within["item"]) <= set(AMONG)
    assert frame.loc[frame["cold"], "item"].isin(list(cold().items)).all()
    assert abs(frame["cold"].mean() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / len(frame))
    told = scorer.propensities(made, people, cold=cold(), repeats=False, exclude=hidden)
    np.testing.assert_array_equal(told.log, made.log)


def simulated_purchases() -> pd.DataFrame:
    data = of.datasets.simulate(300, days=200, items=60, rng=1).log.to_pandas()
    return data[data["event"] == "purchase"]


def test_what_nobody_has_chosen_yet_is_shown_where_it_is_cold() -> None:
    log = of.datasets.simulate(300, days=200, items=60, rng=1).log
    items = [*sorted({*log.to_pandas()["item"].dropna()}), "new", "tomorrow"]
    since = [*[None] * (len(items) - 2), simulated().as_of - np.timedelta64(3, "D"), None]
    until = [*[None] * (len(items) - 1), simulated().as_of]
    frame = pd.DataFrame({"sku": items, "from": since, "until": until})
    for column in ("from", "until"):
        frame[column] = pd.to_datetime(frame[column])
    catalog = of.Catalog.from_frame(
        frame, item="sku", valid_from="from", valid_until="until", tz="UTC"
    )
    people = of.fold(log, catalog=catalog, as_of=simulated().as_of)
    held = of.Thompson(0.5, few=30).fit(people)
    assert "new" in held.items and "tomorrow" not in held.items
    made = fitted().sample(people, 4, rng=1, cold=held)
    frame = made.to_pandas().query("item == 'new'")
    assert len(frame) > 20 and (frame["score"] == 0).all() and frame["cold"].all()
    later = fitted().sample(people, 4, rng=1, cold=held, exclude=["new"]).to_pandas()
    assert "new" not in set(later["item"])


def test_another_policy_is_judged_from_what_was_logged() -> None:
    """E[weight] = 1, and the mean score of another policy is found from the draws of this one."""
    scorer, people = fitted(), alike()
    logged = scorer.sample(people, 2, rng=8, temperature=2.0, pool=20)
    target = scorer.propensities(logged, people, temperature=1.0, pool=20)
    weight = np.exp(target.log_list - logged.log_list)
    error = weight.std() / math.sqrt(len(weight))
    assert abs(weight.mean() - 1) < 4 * error < 0.2
    direct = scorer.sample(people, 2, rng=9, temperature=1.0, pool=20)
    value = [d.ranking.scores.reshape(-1, 2).sum(axis=1) for d in (logged, direct)]
    told, seen = weight * value[0], value[1]
    gap = math.hypot(told.std(), seen.std()) / math.sqrt(TIMES)
    assert abs(told.mean() - seen.mean()) < 4 * gap
    assert (target.policy, target.temperature) == (direct.policy, 1.0)
    assert target.ranking == logged.ranking
    best = scorer.propensities(logged, people, temperature=0, pool=20).to_pandas()
    assert set(best["propensity"]) <= {0.0, 1.0} and (best["list_propensity"] == 0).any()
    own = scorer.propensities(logged, people, temperature=2.0, pool=20)
    assert own == logged
    narrow = scorer.propensities(logged, people, temperature=2.0, pool=3).to_pandas()
    outside = ~narrow["item"].isin(scorer.rank(people["t0000"], 3).of(0))
    assert (narrow.loc[outside, "propensity"] == 0).all() and outside.any()
    strange = scorer.only("everyone").propensities(logged, people, pool=20)
    assert strange.policy.startswith(scorer.only("everyone").version)


def test_judged_customers_may_come_in_any_number_and_order() -> None:
    scorer, people = fitted(), simulated()
    some = people.select(people.ids[5:25])
    logged = scorer.sample(some, 3, rng=1)
    assert scorer.propensities(logged, people) == logged
    one = people[people.ids[7]]
    assert scorer.propensities(scorer.sample(one, 3, rng=1), one).of(0) == logged.of(one.id)
    with pytest.raises(UnknownCustomer):
        scorer.propensities(logged, people.select(people.ids[6:25]))
    with pytest.raises(UnknownCustomer, match="alone"):
        scorer.propensities(logged, one)
    with pytest.raises(ArgumentError, match="decisions is a Ranking"):
        scorer.propensities(scorer.rank(some, 3), people)


def test_decisions_are_shown_kept_and_compared(tmp_path: Any) -> None:
    made = fitted().sample(simulated(), 3, rng=1, cold=cold())
    table = made.to_arrow()
    assert table.schema == DECISION_SCHEMA
    pq.write_table(table, tmp_path / "decisions.parquet")
    assert pq.read_table(tmp_path / "decisions.parquet").equals(table)
    frame = made.to_pandas()
    assert list(frame.columns) == DECISION_SCHEMA.names
    assert str(frame["time"].dtype) == "datetime64[us, UTC]"
    assert frame["time"].unique().tolist() == [pd.Timestamp(simulated().as_of, tz="UTC")]
    assert frame["decision"].str.fullmatch("[0-9a-f]{16}").all()
    of.save({"made": made, "cold": cold()}, tmp_path / "kept.onefold")
    back = of.load(tmp_path / "kept.onefold")
    assert back["made"] == made and made != "decisions"
    pd.testing.assert_frame_equal(back["cold"].to_pandas(), cold().to_pandas())
    assert fitted().sample(simulated(), 3, rng=1, cold=back["cold"]) == made
    assert "temperature 1" in repr(made) and "rows more" in repr(made)
    assert "<table" in made._repr_html_()
    with pytest.raises(UnknownCustomer):
        made.of("nobody")
    with pytest.raises(TypeError):
        hash(made)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n": 0}, "n is 0"),
        ({"n": 201}, "pool is 200"),
        ({"pool": 2}, "pool is 2; it takes a whole number, at least 3"),
        ({"temperature": -1}, "temperature is -1"),
        ({"temperature": 1e-5}, "temperature is 1e-05; it takes 0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": "hot"}, "temperature is 'hot'"),
        ({"temperature": True}, "temperature is True"),
        ({"among": "i01"}, "among is 'i01'"),
        ({"exclude": 3}, "exclude is 3"),
        ({"repeats": 1}, "repeats is 1"),
        ({"cold": of.Thompson()}, "cold is a Thompson"),
        ({"rng": "x"}, "rng is 'x'"),
    ],
)
def test_arguments_are_checked(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said) as caught:
        fitted().sample(simulated(), **{"n": 3, **wrong})
    assert str(caught.value).startswith("FittedScorer.sample: ")
