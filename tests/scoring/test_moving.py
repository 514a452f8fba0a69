"""Update: the levels of a new fit, the weights of the old one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError
from onefold.levels import LEVELS, Neighbours
from tests.levels.plain import shops
from tests.scoring.shops import Next, Parity, fitted, simulated

LOW = (Neighbours(buyers=1), *(level for level in LEVELS if level.name != "neighbours"))


def assert_same_levels(
    a: of.FittedScorer, b: of.FittedScorer, profiles, *, but: tuple = ()
) -> None:
    """Each level says the same: what is shared to each group, what is own of each customer."""
    assert a.items == b.items
    assert (a.as_of, a.views.everyone, a.views.names) == (b.as_of, b.views.everyone, b.views.names)
    assert list(a.views.shared) == list(b.views.shared)
    for at, (by, names, table) in a.views.shared.items():
        if a.views.names[at] not in but:
            assert (by, names) == b.views.shared[at][:2]
            assert np.array_equal(table, b.views.shared[at][2])
    choices = a.groups.choices(profiles.table, a.items, a.settings.target)
    other = b.groups.choices(profiles.table, b.items, b.settings.target)
    mine, others = a.views.each(choices), b.views.each(other)
    assert list(mine) == list(others)
    for at, matrix in mine.items():
        assert np.array_equal(matrix.toarray(), others[at].toarray())


@settings(max_examples=15)
@given(shops(least=4), st.sampled_from([0.3, 0.6, 1.0]), st.booleans())
def test_updated_levels_are_those_of_a_new_fit(profiles, share: float, regroup: bool) -> None:
    """A part of the history is fitted; then all of it is known."""
    times = np.sort(profiles.history.time)
    past = profiles.at(times[int(share * (len(times) - 1))] + np.timedelta64(1, "us"))
    wanted = of.Scorer(segments=Parity(), levels=(*LOW, Next()), minimum=2)
    try:
        old = wanted.fit(past, rng=1)
    except ArgumentError:
        return  # nobody had chosen anything by then
    new, fresh = old.update(profiles, regroup=regroup, rng=1), wanted.fit(profiles, rng=1)
    groups = old.groups.names != fresh.groups.names  # a segment that nobody was in by then
    but = () if regroup else ("persona", "segment") if groups else ("persona",)
    assert_same_levels(new, fresh, profiles, but=but)
    assert new.weights is old.weights
    assert new.refined is old.refined
    assert new.part is old.part
    assert new.dense(profiles).sum(axis=1) == pytest.approx(np.ones(len(profiles)))


@pytest.fixture(scope="module")
def halves() -> tuple[of.FittedScorer, of.Profiles]:
    profiles = simulated()
    return of.Scorer().fit(profiles.at("2025-05-01"), rng=1), profiles


def test_with_everything_regrouped_only_the_weights_are_old(halves) -> None:
    old, profiles = halves
    fresh = fitted()
    assert_same_levels(old.update(profiles, regroup=True, rng=1), fresh, profiles)
    kept = old.update(profiles, rng=1)
    assert_same_levels(kept, fresh, profiles, but=("persona", "segment"))
    assert kept.groups is old.groups
    assert old.as_of < kept.as_of == profiles.as_of  # the old one stays as it was


def test_a_chain_of_updates_is_one_update(halves) -> None:
    old, profiles = halves
    chain = old
    for day in ("2025-05-20", "2025-05-20", "2025-06-30"):
        chain = chain.update(profiles.at(day), rng=1)
    chain, once = chain.update(profiles, rng=1), old.update(profiles, rng=1)
    assert_same_levels(chain, once, profiles)
    assert chain.rank(profiles, n=5) == once.rank(profiles, n=5)


def test_an_update_to_the_same_moment_changes_nothing() -> None:
    scorer, profiles = fitted(), simulated()
    again = scorer.update(profiles, rng=1)
    assert_same_levels(again, scorer, profiles)
    assert again.rank(profiles, n=5) == scorer.rank(profiles, n=5)


def test_new_items_come_in(halves) -> None:
    old, profiles = halves
    new = [
        of.Event(who, "purchase", "2025-07-20", item="a novelty", value=1.0)
        for who in profiles.ids[:40]
    ]
    later = profiles.update(of.EventLog.from_events(new))
    updated = old.update(later)
    assert "a novelty" not in old.items
    assert "a novelty" in updated.rank(later[profiles.ids[3]], n=40).of()
    assert updated.reasons(later, updated.rank(later.select(profiles.ids[:1]), n=1))
    assert old.score(later[profiles.ids[3]], ["a novelty"]).tolist() == [0.0]
    new_one = updated.explain(later[profiles.ids[3]], "a novelty")
    assert "you bought a novelty once, less than a day ago" in new_one.words()


def test_what_was_updated_is_saved(halves, tmp_path) -> None:
    old, profiles = halves
    updated = old.update(profiles)
    of.save(updated, tmp_path / "s")
    assert of.load(tmp_path / "s").rank(profiles, n=3) == updated.rank(profiles, n=3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda s, p: s.update(p.at("2025-04-01")), "profiles are as of 2025-04-01"),
        (lambda s, p: s.update([p]), "update: profiles is a list"),
        (lambda s, p: s.update(p[p.ids[0]]), "update: profiles is a Profile;"),
        (lambda s, p: s.update(p, regroup="yes"), "update: regroup is 'yes'"),
        (lambda s, p: s.update(p, rng="x"), r"FittedScorer\.update: rng is 'x'"),
    ],
)
def test_bad_arguments_are_named(halves, call, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        call(*halves)


def test_profiles_of_another_shop_have_no_choices(halves) -> None:
    views = of.fold(of.EventLog.from_events([of.Event("a", "view", "2026-01-01", item="i")]))
    with pytest.raises(ArgumentError, match=r"update: no event of kind 'purchase'.*Kinds: 'view'"):
        halves[0].update(views)
