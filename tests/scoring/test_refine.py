import functools

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
import onefold.scoring.scorer as scoring
from onefold.scoring.heads import Heads, heads_of
from onefold.scoring.refine import LEAST, Refinement, refinement
from tests.levels.plain import shops
from tests.scoring.shops import Flat, Next, Parity, fitted, simulated


def any_refinement(levels: int, rng: np.random.Generator) -> Refinement:
    return Refinement(
        everyone=0,
        mean=rng.normal(size=levels),
        scale=rng.uniform(0.5, 2, levels),
        weights=rng.normal(size=levels),
        had=rng.normal(size=levels + 1),
        ridge=0.01,
        gain=0.1,
    )


@functools.cache
def refined(seed: int = 0) -> of.FittedScorer:
    scorer = fitted()
    made = any_refinement(len(scorer.views.names), np.random.default_rng(seed))
    return attrs.evolve(scorer, refined=made)


@settings(max_examples=25)
@given(
    shops(least=4, most=40),
    st.integers(0, 2**32 - 1),
    st.integers(1, 12),
    st.booleans(),
    st.sets(st.sampled_from(["tea", "jam", "oat", "no such"])),
    st.booleans(),
)
def test_lists_are_those_of_dense_probabilities(
    profiles: of.Profiles, seed: int, n: int, repeats: bool, named: set, inside: bool
) -> None:
    """With a refinement: exact, sums to one, single equals batch, whatever is left out."""
    wanted = of.Scorer(segments=Parity(), levels=(*of.levels.LEVELS, Next(), Flat()), minimum=2)
    plain = wanted.fit(profiles, rng=1)
    made = any_refinement(len(plain.views.names), np.random.default_rng(seed))
    scorer = attrs.evolve(plain, refined=made)
    dense = scorer.dense(profiles)
    assert dense.sum(axis=1) == pytest.approx(1)
    limits = {"among" if inside else "exclude": named} if named else {}
    found = scorer.rank(profiles, n=n, repeats=repeats, **limits)
    for i, profile in enumerate(profiles):
        may = np.ones(len(scorer.items), dtype=bool)
        if named:
            may = np.isin(scorer.items.values.astype(str), list(named)) == inside
        if not repeats:
            events = profile.events()
            had = set(events.item[events.event == "purchase"].dropna())
            may &= ~np.isin(scorer.items.values.astype(str), list(had))
        scores = np.where(may, dense[i], 0.0)
        best = np.lexsort((np.arange(len(scores)), -scores))[:n]
        expected = [scorer.items[int(k)] for k in best if scores[k] > 0]
        mine = found.of(i)
        assert [dense[i][scorer.items.code(x)] for x in mine] == pytest.approx(
            [dense[i][scorer.items.code(x)] for x in expected], rel=1e-9
        )
        assert scorer.rank(profile, n=n, repeats=repeats, **limits).of(0) == mine


def test_a_head_keeps_its_mass() -> None:
    scorer, profiles = refined(), simulated()
    choices = scorer.groups.choices(profiles.table, scorer.items, "purchase")
    held = scorer._weights_of(choices, scorer.weights)
    own, bases = scorer.views.own(choices, held), scorer._bases(choices, held, None, {})
    heads = heads_of(scorer.views, choices, own, bases, depth=5)
    after = heads.mass * scorer.refined.factors(heads)
    for i in range(len(heads)):
        here = slice(heads.offsets[i], heads.offsets[i + 1])
        assert after[here].sum() == pytest.approx(heads.mass[here].sum())
        assert heads.had[here].sum() <= 5
        assert (~heads.had[here]).sum() == 5


def test_parts_of_an_explanation_add_up_to_the_refined_score() -> None:
    scorer, profiles = refined(), simulated()
    for profile in list(profiles)[:10]:
        item = scorer.rank(profile, n=3).of(0)[2]
        found = scorer.explain(profile, item)
        assert found.score == pytest.approx(scorer.score(profile, [item])[0])
        assert found.to_pandas()["part"].sum() == pytest.approx(found.score)
        assert found.to_pandas()["share"].sum() == pytest.approx(1)
        assert found.factor != 1
        assert "refined" in repr(found)


def made_heads(n: int, rng: np.random.Generator, slope: float) -> tuple[Heads, np.ndarray]:
    """Customers with six items each, who choose by m times p_1 to the power of the slope."""
    foreseen = rng.dirichlet(np.ones(6), size=(n, 3)).transpose(0, 2, 1)
    mass = foreseen.mean(axis=2)
    odds = mass * (foreseen[:, :, 1] + 0.05 * foreseen[:, :, 0] + 1e-9) ** slope
    odds /= odds.sum(axis=1, keepdims=True)
    chosen = np.array([rng.choice(6, p=row) for row in odds])
    counts = np.zeros((n, 6))
    counts[np.arange(n), chosen] = 1
    flat = foreseen.reshape(-1, 3)
    codes = np.tile(np.arange(6), n)
    heads = Heads(np.arange(n + 1) * 6, codes, mass.ravel(), codes < 3, flat)
    return heads, counts.ravel()


def test_the_slope_is_found() -> None:
    heads, chosen = made_heads(8000, np.random.default_rng(1), 0.7)
    found = refinement(heads, chosen, everyone=0, ridges=(0.01, 0.001))
    assert found is not None
    assert found.gain > 0.01
    assert (found.weights / found.scale)[1] == pytest.approx(0.7, abs=0.1)
    assert (found.weights / found.scale)[[0, 2]] == pytest.approx([0, 0], abs=0.1)


def test_where_the_mixture_is_right_or_customers_are_few_it_is_kept() -> None:
    kept = 0
    for seed in range(20):
        found = refinement(*made_heads(400, np.random.default_rng(seed), 0.0), everyone=0)
        kept += found is None
        assert found is None or found.gain < 0.01
    assert kept >= 8
    few = made_heads(LEAST - 1, np.random.default_rng(1), 2.0)
    assert refinement(*few, everyone=0) is None
    heads, _ = made_heads(LEAST, np.random.default_rng(1), 2.0)
    assert refinement(heads, np.zeros(len(heads.mass)), everyone=0) is None


def test_of_many_customers_some_stand_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The heads are of some by chance; what they chose goes with them."""
    every = of.Scorer()._learn(simulated(), 1)[1]
    monkeypatch.setattr(scoring, "HEADS", 50)
    some = of.Scorer()._learn(simulated(), 1)[1]
    assert (len(every.choices), len(some.choices)) == (every.part.customers, 50)
    assert some.rows.max() < 50
    told = {
        (tuple(some.choices.item[a:b].tolist()), some.choices.items[int(item)])
        for row, item in zip(some.rows, some.items, strict=True)
        for a, b in [some.choices.offsets[row : row + 2]]
        if item >= 0
    }
    known = {
        (tuple(every.choices.item[a:b].tolist()), every.choices.items[int(item)])
        for row, item in zip(every.rows, every.items, strict=True)
        for a, b in [every.choices.offsets[row : row + 2]]
        if item >= 0
    }
    assert told < known
