"""The comparison of accuracy: metrics and peers against their formulas, written out in loops."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
NOW, HORIZON = np.datetime64("2024-03-01", "us"), np.timedelta64(30, "D")

if not (BENCHMARKS / "accuracy").exists():
    pytest.skip("the benchmarks are not here", allow_module_level=True)


@pytest.fixture(autouse=True)
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])


def events(seed: int, n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    who, day = rng.integers(0, 12, n), rng.integers(0, 90, n)
    return pd.DataFrame(
        {
            "customer": [f"c{i:02d}" for i in who],
            "time": np.datetime64("2024-01-01", "us") + day.astype("timedelta64[D]"),
            "item": [f"i{i:02d}" for i in (rng.zipf(1.5, n) - 1) % 20],
            "basket": [f"c{i:02d} {d}" for i, d in zip(who, day, strict=True)],
        }
    )


def baskets(past: Any, user: int) -> list[set[int]]:
    """The baskets of a user, the oldest first."""
    mine = past.basket[past.user == user]
    return [
        set(past.item[(past.user == user) & (past.basket == b)].tolist()) for b in np.unique(mine)
    ]


def dense(past: Any, peer: Any, repeats: bool = True, **settings: object) -> np.ndarray:
    """All items of all users, as the peer ranks them."""
    everyone = np.arange(len(past.users))
    found: np.ndarray = peer.lists(past, everyone, len(past.items), repeats, **settings)
    return found


def same_order(lists: np.ndarray, scores: np.ndarray) -> None:
    """Lists go down in score, and leave nothing out."""
    assert (np.sort(lists, axis=1) == np.arange(scores.shape[1])).all()
    ranked = np.take_along_axis(scores, lists, axis=1)
    assert (np.diff(ranked, axis=1) <= 1e-6 * (1 + np.abs(ranked[:, :1]))).all()


def test_a_past_knows_nothing_of_what_comes_after() -> None:
    from accuracy.past import Past

    held = events(1)
    whole, cut = Past.of(held, NOW), Past.of(held[held["time"] < NOW], NOW)
    for name in ("users", "items", "user", "item", "basket", "age", "back"):
        assert (getattr(whole, name) == getattr(cut, name)).all()
    assert whole.age.min() > 0
    for user in range(len(whole.users)):
        mine = whole.user == user
        assert whole.back[mine].min() == 0
        assert whole.back[mine].max() == len(baskets(whole, user)) - 1


@pytest.mark.parametrize("repeats", [True, False])
def test_metrics_are_what_they_say(repeats: bool) -> None:
    from accuracy.protocol import Task

    held = events(2)
    task = Task.of(held, NOW, HORIZON, repeats)
    rng = np.random.default_rng(3)
    lists = np.array([rng.permutation(len(task.past.items)) for _ in task.who])
    lists = np.pad(lists, ((0, 0), (0, 5)), constant_values=-1)[:, :20]
    found = task.measured(lists)
    for i, user in enumerate(task.who):
        rows = held[held["customer"] == task.past.users[user]]
        later = set(rows.loc[(rows["time"] >= NOW) & (rows["time"] < NOW + HORIZON), "item"])
        if not repeats:
            later -= set(rows.loc[rows["time"] < NOW, "item"])
        given = [task.past.items[k] for k in lists[i] if k >= 0]
        hits = [item in later for item in given]
        gain = sum(1 / np.log2(k + 2) for k, hit in enumerate(hits[:10]) if hit)
        ideal = sum(1 / np.log2(k + 2) for k in range(min(10, len(later))))
        wanted = [sum(hits[:10]) / len(later), sum(hits[:20]) / len(later), gain / ideal]
        assert found[i] == pytest.approx(wanted)


def test_items_that_nobody_knew_stay_in_the_truth() -> None:
    from accuracy.protocol import Task

    held = events(4)
    new = held[held["time"] >= NOW].head(1).assign(item="unheard of")
    task = Task.of(pd.concat([held, new]), NOW, HORIZON, True)
    without = Task.of(held, NOW, HORIZON, True)
    assert task.counts.sum() == without.counts.sum() + 1
    assert (task.truth < 0).sum() == (without.truth < 0).sum() + 1


def test_intervals_are_those_of_a_mean() -> None:
    from accuracy.protocol import intervals

    values = np.random.default_rng(5).normal(size=(400, 2))
    low, high = intervals(values)
    error = values.std(axis=0) / np.sqrt(len(values))
    assert low == pytest.approx(values.mean(axis=0) - 1.96 * error, abs=0.2 * error.max())
    assert high == pytest.approx(values.mean(axis=0) + 1.96 * error, abs=0.2 * error.max())


@pytest.mark.parametrize("half_life", [7.0, None])
def test_personal_and_popular(half_life: float | None) -> None:
    from accuracy.past import Past
    from accuracy.peers import personal, popularity

    past = Past.of(events(6), NOW)
    mine = np.zeros(past.shape)
    weight = np.ones(len(past.age)) if half_life is None else 2 ** (-past.age / half_life)
    np.add.at(mine, (past.user, past.item), weight)
    score = mine.sum(axis=0)
    same_order(dense(past, popularity, half_life=half_life), np.tile(score, (len(mine), 1)))
    lists = dense(past, personal, own=half_life, everyone=half_life, fill=0.3)
    same_order(lists, mine + 0.3 * score / score.max())


@pytest.mark.parametrize("m", [1, 2, 3])
def test_tifu_knn_is_that_of_the_paper(m: int) -> None:
    from accuracy.past import Past
    from accuracy.peers import tifu_knn

    past = Past.of(events(7), NOW)
    n, (users, items) = 4, past.shape
    vectors = np.zeros((users, items))
    for user in range(users):
        mine = baskets(past, user)
        groups = [mine[max(0, b - m) : b] for b in range(len(mine), 0, -m)][::-1]
        for k, group in enumerate(groups):
            for j, basket in enumerate(group):
                weight = 0.9 ** (len(group) - 1 - j) / len(group)
                vectors[user, list(basket)] += weight * 0.7 ** (len(groups) - 1 - k) / len(groups)
    away = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    np.fill_diagonal(away, np.inf)
    near = np.argsort(away, axis=1)[:, :n]
    scores = 0.4 * vectors + 0.6 * vectors[near].mean(axis=1)
    same_order(dense(past, tifu_knn, m=m, r_b=0.9, r_g=0.7, n=n, alpha=0.4), scores)


@pytest.mark.parametrize("r", [2, None])
def test_up_cf_is_that_of_the_paper(r: int | None) -> None:
    from accuracy.past import Past
    from accuracy.peers import up_cf

    past = Past.of(events(8), NOW)
    users, items = past.shape
    popular = np.zeros((users, items))
    had: list[set[int]] = [set() for _ in range(users)]
    for user in range(users):
        mine = baskets(past, user)
        recent = mine if r is None else mine[-r:]
        had[user] = set().union(*mine)
        for basket in recent:
            popular[user, list(basket)] += 1 / len(recent)
    scores = np.zeros((users, items))
    for u in range(users):
        for v in range(users):
            both = len(had[u] & had[v]) / (len(had[u]) ** 0.75 * len(had[v]) ** 0.25)
            scores[u] += both**5 * popular[v]
    same_order(dense(past, up_cf, r=r, q=5, a=0.75), scores)


def test_ease_is_the_closed_form() -> None:
    from accuracy.past import Past
    from accuracy.peers import ease

    past = Past.of(events(9), NOW)
    had = past.binary().toarray()
    inverse = np.linalg.inv(had.T @ had + 3 * np.eye(past.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    found, top = ease.fitted(past, 3.0, 1000)
    assert found == pytest.approx(weights, abs=1e-4)
    assert (top == np.arange(past.shape[1])).all()
    lists = dense(past, ease, penalty=3.0, half_life=None, own=0.0)
    ranked = np.take_along_axis(had @ weights, lists, axis=1)
    assert (np.diff(ranked, axis=1) <= 1e-4).all()


@pytest.mark.parametrize("both", [True, False])
def test_transitions_are_counted_as_told(both: bool) -> None:
    from accuracy.past import Past
    from accuracy.peers import transitions

    past = Past.of(events(10), NOW)
    items = past.shape[1]
    pairs = np.zeros((items, items))
    for user in range(past.shape[0]):
        mine = baskets(past, user)
        for a, earlier in enumerate(mine):
            for b in range(a + 1, min(a + 9, len(mine))):
                for i in earlier:
                    for j in mine[b]:
                        pairs[i, j] += np.exp(-(b - a - 1) / 3)
    if both:
        pairs = pairs + pairs.T / 2
        for user in range(past.shape[0]):
            for basket in baskets(past, user):
                for i in basket:
                    for j in basket - {i}:
                        pairs[i, j] += 0.3
    assert transitions.counted(past, both).toarray() == pytest.approx(pairs, abs=1e-4)


def test_lists_of_new_items_hold_nothing_that_was_had() -> None:
    from accuracy.past import Past
    from accuracy.peers import tifu_knn

    past = Past.of(events(11), NOW)
    lists = dense(past, tifu_knn, False, m=3, r_b=0.9, r_g=0.7, n=4, alpha=0.4)
    had = past.binary().toarray() > 0
    for user, row in enumerate(lists):
        given = row[row >= 0]
        assert not had[user, given].any()
        assert len(given) == (~had[user]).sum()
