"""Turning points: told from items alone, row by row; of who has turned, only what came since."""

import functools
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.errors import ArgumentError
from onefold.levels import Everyone, Individual
from onefold.levels.protocol import Choices
from onefold.scoring.splice import drawn, last_visits, spliced
from onefold.scoring.turning import MOST, Turning, _agreement, _Cells, turning
from tests.scoring.shops import fitted, simulated

START = pd.Timestamp("2024-01-01", tz="UTC")
QUICK = (Everyone(), Individual("180D", name="long"), Individual(decay=0.0, name="last"))


@functools.cache
def shop(seed: int = 5, customers: int = 400) -> tuple[of.Profiles, frozenset[str], pd.DataFrame]:
    """Two types of customers, each with favourites; some became the other type at the last visit.

    Visits are on every third day; the last 5 of 25 are the future.
    """
    rng = np.random.default_rng(seed)
    kind, moved = rng.integers(0, 2, customers), rng.random(customers) < 0.15
    liked = np.arange(20, 0, -1.0) ** 2
    liked /= liked.sum()
    rows = []
    for c in range(customers):
        favourites = {t: rng.choice(40, 20, replace=False) + 40 * t for t in (0, 1)}
        for v in range(25):
            here = 1 - kind[c] if moved[c] and v >= 19 else kind[c]
            for item in rng.choice(favourites[here], 2, replace=False, p=liked):
                at = START + pd.Timedelta(days=3 * v, minutes=c)
                rows.append((f"c{c:03d}", at, "purchase", f"i{item:02d}", f"{c}-{v}"))
    frame = pd.DataFrame(rows, columns=["who", "at", "what", "item", "basket"])
    late = frame["at"] >= START + pd.Timedelta(days=60)
    log = of.EventLog.from_frame(
        frame[~late], customer="who", time="at", event="what", item="item", basket="basket"
    )
    profiles = of.fold(log, as_of=START + pd.Timedelta(days=60))
    return profiles, frozenset(f"c{c:03d}" for c in np.flatnonzero(moved)), frame[late]


@functools.cache
def ready(changes: float = 0.2) -> of.FittedScorer:
    return of.Scorer(levels=QUICK, segments=None, changes=changes).fit(shop()[0], rng=5)


def whole(scorer: of.FittedScorer, profiles: of.Profiles) -> Choices:
    """The choices as they are before anything is cut."""
    groups = attrs.evolve(scorer.groups, turning=None)
    return groups.choices(profiles.table, scorer.items, "purchase")


def test_who_truly_changed_is_told_from_who_did_not() -> None:
    profiles, moved, _ = shop()
    since = ready().groups.turning.since(whole(ready(), profiles))
    changed = np.isin(profiles.ids, list(moved))
    assert (since[changed] > 0).mean() > 0.85 and (since[changed] == 1).mean() > 0.6
    assert (since[~changed] > 0).mean() < 0.05


def test_who_truly_changed_is_followed_sooner() -> None:
    profiles, moved, future = shop()
    wanted: Any = {who: set(items) for who, items in future.groupby("who")["item"]}
    hits: dict[float, Any] = {}
    for share in (0.0, 0.2):
        lists = ready(share).rank(profiles, n=5)
        hits[share] = {who: len(wanted[who] & set(items)) / 5 for who, items in lists}
    gain = np.array([hits[0.2][who] - hits[0.0][who] for who in sorted(moved)])
    rest = np.array([hits[0.2][who] - hits[0.0][who] for who in sorted(set(wanted) - moved)])
    assert len(gain) > 40
    assert gain.mean() > 4 * gain.std() / np.sqrt(len(gain)) > 0
    assert rest.mean() > -0.02


@pytest.mark.parametrize("k", range(1, MOST + 1))
def test_strangers_pasts_are_told_after_any_number_of_visits(k: int) -> None:
    profiles, _, _ = shop(seed=6)
    rng, n = np.random.default_rng(1), len(profiles)
    stranger = drawn(np.full(n, 20), np.arange(n), rng)
    mixed = spliced(profiles, profiles, stranger, np.full(n, k), target="purchase")
    found = ready().groups.turning.since(whole(ready(), mixed))
    assert (found > 0).mean() > 0.5 + 0.05 * k  # half of them are of one's own type


def test_what_is_cut_is_what_the_last_visits_are() -> None:
    profiles, _, _ = shop()
    choices = whole(ready(), profiles)
    told = ready().groups.turning
    since = told.since(choices)
    assert 0 < (since > 0).mean() < 1
    kept = np.where(since > 0, since, 1000)
    made, plain = told.cut(choices), whole(ready(), last_visits(profiles, kept, target="purchase"))
    for name in ("offsets", "item", "time", "age", "visits", "moments"):
        assert getattr(made, name).tolist() == getattr(plain, name).tolist(), name
    assert made.history.counts.tolist() == plain.history.counts.tolist()
    assert np.array_equal(made.history.time, plain.history.time)
    assert made.history.time.shape < choices.history.time.shape


def test_each_row_is_told_by_itself() -> None:
    profiles, moved, _ = shop()
    told = ready().groups.turning
    every = told.since(whole(ready(), profiles))
    for who in [*sorted(moved)[:3], *profiles.ids[:5]]:
        one = told.since(whole(ready(), profiles.select([who])))
        assert one[0] == every[profiles.ids.tolist().index(who)]
    assert len(told.since(whole(ready(), profiles.select([])))) == 0


def test_lists_scores_and_reasons_are_of_one_history() -> None:
    profiles, moved, _ = shop()
    who = sorted(moved)[0]
    scorer, one = ready(), profiles[who]
    lists = scorer.rank(one, n=5).to_pandas()
    assert lists["score"].tolist() == pytest.approx(scorer.score(one, lists["item"]).tolist())
    reasons = scorer.explain(one, lists["item"][0]).to_pandas()
    assert reasons["part"].sum() == pytest.approx(lists["score"][0])
    alone = scorer.rank(last_visits(profiles.select([who]), np.array([1]), target="purchase"), n=5)
    assert alone.of(0) == lists["item"].tolist()


def test_without_the_option_nothing_is_other() -> None:
    made = of.Scorer(changes=0).fit(simulated(), rng=1)
    assert made.groups.turning is None
    assert np.array_equal(made.weights, fitted().weights)
    assert made.rank(simulated()) == fitted().rank(simulated())


def test_of_few_customers_nothing_is_said() -> None:
    profiles = simulated(60)
    made = of.Scorer(levels=QUICK, changes=0.5).fit(profiles, rng=1)
    assert made.groups.turning is None
    some = of.Scorer(levels=QUICK, changes=0.5).fit(simulated(), rng=1).groups.turning
    assert np.isfinite(some.weights[0]).all() and np.isinf(some.weights[-1]).all()
    assert set(np.unique(some.since(whole(fitted(), simulated())))) <= {0, 1, 2, 3}


def test_the_same_chance_learns_the_same() -> None:
    choices = whole(ready(), shop()[0])
    made = [turning(choices, share=0.2, rng=np.random.default_rng(s)) for s in (1, 1, 2)]
    assert np.array_equal(made[0].weights, made[1].weights)
    assert not np.array_equal(made[0].weights, made[2].weights)
    assert turning(choices, share=0.0, rng=np.random.default_rng(1)) is None


def test_the_more_changes_are_expected_the_more_are_seen() -> None:
    choices = whole(ready(), shop()[0])
    seen = [
        turning(choices, share=share, rng=np.random.default_rng(1)).since(choices) > 0
        for share in (0.05, 0.2, 0.5)
    ]
    assert seen[0].sum() < seen[2].sum()
    assert not (seen[0] & ~seen[1]).any() and not (seen[1] & ~seen[2]).any()


def test_agreement_by_hand() -> None:
    """Past a a a b; last a, c: one of two is had. Everybody: a .5, b .25, c .25."""
    popular = np.array([0.5, 0.25, 0.25])
    last = _Cells(np.array([0, 0, 2]), np.array([0, 2, 1]))
    past = _Cells(np.array([0, 0, 0, 0, 1]), np.array([0, 0, 0, 1, 1]))
    found, known = _agreement(last, past, popular, 3)
    assert known.tolist() == [True, False, False]  # no last visit; no past
    s = np.log(0.5 + 0.5 * 0.75 / 0.5) + np.log(0.5)
    e = (1 - np.exp(-4 * 0.5)) + (1 - np.exp(-4 * 0.25))
    beyond, habit = (1 - e) / np.sqrt(2), 0.5
    expected = [s, s / 2, 0.0, np.log(1.5 / (e + 0.5)), beyond, habit, habit * beyond]
    expected += [habit * np.log(3), np.log(3), np.log(5)]
    assert found[0] == pytest.approx(expected)


def test_categories_are_compared_where_the_catalogue_tells_them() -> None:
    made = of.Scorer(levels=QUICK, changes=0.2).fit(simulated(), rng=1).groups.turning
    assert isinstance(made, Turning) and len(made.kinds) == 2
    assert len(ready().groups.turning.kinds) == 1
    assert made.popular.sum(axis=1) == pytest.approx([1, 1], rel=0.05)


@pytest.mark.parametrize("share", [-0.1, 0.6, "much", True, None, float("nan")])
def test_a_share_is_asked_for(share: Any) -> None:
    with pytest.raises(ArgumentError, match="Scorer: changes"):
        of.Scorer(changes=share)


def test_settings_come_back(tmp_path: Any) -> None:
    of.save(ready(), tmp_path / "scorer.onefold")
    back = of.load(tmp_path / "scorer.onefold")
    assert back.settings == ready().settings and back.settings.changes == 0.2
    assert back.rank(shop()[0], n=5) == ready().rank(shop()[0], n=5)
