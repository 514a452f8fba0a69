from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError
from onefold.levels import Ease, ease
from tests.levels.plain import choices_of, few, items_of, log_of, shops, visits_of


def by_definition(profiles: of.Profiles, items: Any, level: Ease) -> np.ndarray[Any, Any]:
    """B by the closed form, its negative part and all but the top of each row set to 0."""
    X = np.zeros((len(profiles), len(items)))
    for u, profile in enumerate(profiles):
        for _, chosen in visits_of(profile, items):
            X[u, [items.code(i) for i in chosen]] = 1
    P = np.linalg.inv(X.T @ X + level.ridge * np.eye(len(items)))
    B = np.eye(len(items)) - P / np.diag(P)[None, :]
    B = np.where(B > 1e-12, B, 0.0)
    np.fill_diagonal(B, 0.0)
    return B


@few
@given(shops(least=6), st.sampled_from([0.5, 3.0]), st.sampled_from([3, 40, 1 << 24]))
def test_the_closed_form(profiles: of.Profiles, ridge: float, block: int) -> None:
    items, level = items_of(profiles), Ease(ridge=ridge, tau=1.5)
    choices = choices_of(profiles, items)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ease, "BLOCK", block)
        fitted = level.fit(choices, as_of=None, rng=None)
    B = by_definition(profiles, items, level)
    held = fitted.table.toarray()
    assert np.where(held > 1e-12, held, 0.0) == pytest.approx(B, rel=1e-6, abs=1e-9)
    own = fitted.own(choices).toarray()
    for row, profile in zip(own, profiles, strict=True):
        asked, visits = np.zeros(len(items)), visits_of(profile, items)
        while visits and not visits[-1][1]:  # from the last one with a known item
            visits.pop()
        for ago, (_, chosen) in enumerate(reversed(visits)):
            asked[[items.code(i) for i in chosen]] += np.exp(-ago / 1.5)
        said = asked @ B
        expected = said / said.sum() if said.sum() > 1e-9 else said * 0
        if said.sum() > 1e-6:  # below that what is left is rounding
            assert row == pytest.approx(expected, abs=1e-6)


@few
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_by_customers_and_by_items_are_one(people: int, goods: int, seed: int) -> None:
    from scipy.sparse import csr_matrix

    X = csr_matrix((np.random.default_rng(seed).random((people, goods)) < 0.4) * 1.0)
    P = np.linalg.inv((X.T @ X).toarray() + 2 * np.eye(goods))
    off = ~np.eye(goods, dtype=bool)
    for way in (ease._by_items, ease._by_customers):
        rows, diagonal = way(X, 2.0)
        assert rows(0, goods)[off] == pytest.approx(P[off])
        assert diagonal == pytest.approx(np.diag(P))
        assert rows(goods - 1, goods)[0, : goods - 1] == pytest.approx(P[-1, :-1])


def test_single_precision_says_the_same() -> None:
    data = of.datasets.simulate(150, days=120, items=40, rng=3)
    profiles = of.fold(data.log)
    choices = choices_of(profiles, items_of(profiles))
    exact = Ease(ridge=20.0).fit(choices, as_of=None, rng=None).own(choices).toarray()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ease, "EXACT", 0)
        rough = Ease(ridge=20.0).fit(choices, as_of=None, rng=None).own(choices).toarray()
    assert (exact.sum(axis=1) > 0).sum() > 50
    assert rough == pytest.approx(exact, abs=1e-4)


def test_few_items_and_few_neighbours() -> None:
    data = of.datasets.simulate(80, days=120, items=30, rng=5)
    profiles = of.fold(data.log)
    items = items_of(profiles)
    choices = choices_of(profiles, items)
    whole = Ease(ridge=5.0).fit(choices, as_of=None, rng=None).table
    some = Ease(ridge=5.0, top=3).fit(choices, as_of=None, rng=None).table
    for j in range(len(items)):
        best = np.sort(whole[j].data)[::-1][:3]
        assert np.sort(some[j].data)[::-1] == pytest.approx(best)
    popular = Ease(ridge=5.0, most=10).fit(choices, as_of=None, rng=None).table
    buyers = np.bincount(np.unique(choices.row * len(items) + choices.item) % len(items))
    kept = np.argsort(-buyers, kind="stable")[:10]
    assert set(popular.indices) | set(np.flatnonzero(np.diff(popular.indptr))) <= set(kept.tolist())


def test_what_excludes_each_other_is_not_said() -> None:
    rows = [(f"c{k}", 1 + k, "purchase", "tea" if k % 2 else "jam", None) for k in range(40)]
    rows += [(f"c{k}", 50 + k, "purchase", "oat" if k % 2 else "rye", None) for k in range(40)]
    profiles = of.fold(log_of(rows))
    items = items_of(profiles)
    table = Ease(ridge=1.0).fit(choices_of(profiles, items), as_of=None, rng=None).table.toarray()
    assert table[items.code("tea"), items.code("oat")] > 0.9
    assert table[items.code("tea"), items.code("rye")] == 0


def test_nobody_and_nothing() -> None:
    profiles = of.fold(of.EventLog.from_events([of.Event("a", "view", "2024-01-01", item="tea")]))
    choices = choices_of(profiles, items_of(profiles))
    assert Ease().fit(choices, as_of=None, rng=None).own(choices).shape == (1, 0)


def test_of_a_larger_catalogue_nothing_is_said() -> None:
    rows = [(w, h, "purchase", i, None) for w in "ab" for h, i in ((1, "tea"), (99, "jam"))]
    profiles = of.fold(log_of(rows))
    choices = choices_of(profiles, items_of(profiles))
    for within, silent in ((None, False), (2, False), (1, True)):
        fitted = Ease(ridge=0.5, within=within).fit(choices, as_of=None, rng=None)
        assert fitted.silent == silent
        assert (fitted.own(choices).nnz == 0) == silent


@pytest.mark.parametrize(
    "wrong", [{"within": 0}, {"most": 20_001}, {"most": 0}, {"ridge": 0.0}, {"top": 1.5}]
)
def test_settings(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=f"Ease: {next(iter(wrong))} is"):
        Ease(**wrong)
