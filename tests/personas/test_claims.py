"""Every claim re-derives from its condition, and the counts add up (law 7)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold._stats import fisher, wilson
from onefold.conditions import trait
from onefold.personas import FACETS, Personas, portray
from onefold.personas.claims import predicate
from onefold.segments import RFM, By, Rules, segment
from tests.personas import shops


def everything(personas: Personas) -> list:
    return [(p, c) for p in personas for c in p.claims]


def rederived(personas: Personas, segmentation) -> None:
    """Compare each claim with its condition's mask, and the mask with itself over segments."""
    profiles, assignment = segmentation.profiles, segmentation.assignment
    for persona, claim in everything(personas):
        mask = claim.condition.mask(profiles)
        here = assignment.codes == assignment.names.index(persona.name)
        yes, known = mask == 1, mask >= 0
        assert claim.k == (yes & here).sum(), claim
        assert claim.n == (known & here).sum(), claim
        assert claim.k_elsewhere == (yes & ~here).sum(), claim
        assert claim.n_elsewhere == (known & ~here).sum(), claim


@pytest.mark.parametrize(
    "strategy",
    [
        shops.Halves(),
        RFM(),
        By("home"),
        By("income", bins=3),
        Rules({"web": trait("channels", "web") >= 0.6, "big": trait("household") >= 4}),
    ],
    ids=lambda s: type(s).__name__,
)
def test_claims_re_derive_from_their_conditions(strategy) -> None:
    segmentation = segment(shops.profiles(shops.events(), shops.facts()), strategy)
    personas = portray(segmentation, minimum=5)
    assert len(personas) >= 2
    assert {c.facet for _, c in everything(personas)} >= {
        "demographics",
        "buying behaviour",
        "preferences",
        "a day in their life",
    }
    rederived(personas, segmentation)


@settings(max_examples=15, deadline=None)
@given(n=st.integers(3, 60), seed=st.integers(0, 10_000), minimum=st.integers(1, 10))
def test_claims_of_random_shops_re_derive_and_add_up(n, seed, minimum) -> None:
    segmentation = shops.halves(n, seed, small=n // 4)
    personas = portray(segmentation, minimum=minimum)
    rederived(personas, segmentation)
    for claims in zip(*(p.claims for p in personas), strict=True):
        # The whole is the size-weighted mean of the segments and of what is in none of them.
        assert len({c.condition for c in claims}) == 1
        assert len({(c.k + c.k_elsewhere, c.n + c.n_elsewhere) for c in claims}) == 1
        assert sum(c.k for c in claims) <= claims[0].k + claims[0].k_elsewhere


def test_size_weighted_mean_of_segments_is_the_whole() -> None:
    segmentation = segment(shops.profiles(shops.events(), shops.facts()), By("dream"))
    personas = portray(segmentation)
    assert sum(p.size for p in personas) == len(segmentation.profiles)
    for claims in zip(*(p.claims for p in personas), strict=True):
        mask = claims[0].condition.mask(segmentation.profiles)
        n = sum(c.n for c in claims)
        assert n == (mask >= 0).sum()
        mean = sum(c.share * c.n for c in claims if c.n) / n
        assert mean == pytest.approx((mask[mask >= 0] == 1).mean())


def test_shares_of_a_facts_values_add_up_to_one() -> None:
    personas = portray(shops.halves(), minimum=1)
    for name in ("home", "dream", "household"):
        for persona in personas:
            held = [c for c in persona.claims if c.condition.name == name]
            assert len(held) >= 2
            assert sum(c.k for c in held) == held[0].n
            assert sum(c.share for c in held) == pytest.approx(1)
    bands = [c for c in personas["even"].claims if c.condition.name == "income"]
    assert [c.condition.op for c in bands] == ["<=", "between", ">="]
    assert sum(c.k for c in bands) == bands[0].n


def test_measures_follow_from_the_counts() -> None:
    for _, c in everything(portray(shops.halves())):
        assert c.share == c.k / c.n and c.share_elsewhere == c.k_elsewhere / c.n_elsewhere
        assert [c.low, c.high] == [float(x) for x in wilson(c.k, c.n)]
        assert c.p == pytest.approx(
            float(fisher(c.k, c.n, k_other=c.k_elsewhere, n_other=c.n_elsewhere))
        )
        assert c.q >= c.p or c.q == pytest.approx(c.p)
        if c.k_elsewhere:
            assert c.lift == pytest.approx(c.share / c.share_elsewhere)
        if c.supported:
            assert c.q <= 0.05 and c.n >= 20
            assert c.lift > 1 or c.facet == "preferences"


def test_conditions_hold_plain_numbers() -> None:
    for _, c in everything(portray(shops.halves())):
        values = c.condition.value if isinstance(c.condition.value, tuple) else (c.condition.value,)
        assert all(type(v) in (float, str) for v in values)
        assert type(c.k) is int and type(c.share) is float and type(c.supported) is bool


def shuffled(frame, rng):
    out = frame.copy()
    columns = ["home", "household", "income", "dream"]
    out[columns] = frame[columns].to_numpy()[rng.permutation(len(frame))]
    return out.astype({"household": float, "income": float})


def test_shuffled_facts_support_no_demographic_claim_in_95_of_100_runs() -> None:
    frame, stated = shops.events(), shops.facts()
    real = portray(segment(shops.profiles(frame, stated), shops.Halves()))
    assert any(c.finding for p in real for c in p.claims if c.facet == "demographics")
    rng = np.random.default_rng(2024)
    runs = 0
    for _ in range(100):
        made = portray(segment(shops.profiles(frame, shuffled(stated, rng)), shops.Halves()))
        runs += any(c.supported for _, c in everything(made) if c.facet == "demographics")
    assert runs <= 5


def test_one_edited_fact_moves_k_by_one() -> None:
    frame, stated = shops.events(), shops.facts()
    member = next(
        i for i, h in enumerate(stated["home"]) if h == "town" and i % 2 == 0 and i % 17 != 3
    )
    edited = stated.copy()
    edited.loc[member, "home"] = "country"

    def found(facts, name, value):
        made = portray(segment(shops.profiles(frame, facts), shops.Halves()))
        return next(
            (c.k, c.n) for c in made[name].claims if c.condition == (trait("home") == value)
        )

    (k, n), (k_after, n_after) = found(stated, "even", "town"), found(edited, "even", "town")
    assert (k_after, n_after) == (k - 1, n)
    (k, n), (k_after, n_after) = found(stated, "even", "country"), found(edited, "even", "country")
    assert (k_after, n_after) == (k + 1, n)
    assert found(stated, "odd", "town") == found(edited, "odd", "town")


def test_what_defines_does_not_carry_other_claims() -> None:
    """The q of a finding is the same whether or not a defining claim stands beside it."""
    profiles = shops.profiles(shops.events(), shops.facts())
    by = portray(segment(profiles, By("home")))
    assert any(c.defining and c.supported for c in by["town"].claims)
    rest = [c for p in by for c in p.claims if c.facet == "demographics" and not c.defining]
    from onefold._stats import adjusted

    assert [c.q for c in rest] == pytest.approx(adjusted([c.p for c in rest]).tolist())


def test_facets_are_families_of_their_own() -> None:
    from onefold._stats import adjusted

    personas = portray(shops.halves(), facets={"dream": "goals and challenges"})
    for facet in FACETS:
        held = [c for _, c in everything(personas) if c.facet == facet]
        assert [c.q for c in held] == pytest.approx(adjusted([c.p for c in held]).tolist())


def test_no_bound_is_at_the_end_of_what_there_can_be() -> None:
    """One purchase each, half of them free: shares are 0 or 1, and gaps are not known."""
    frame = (
        shops.events(80).drop_duplicates("who").assign(paid=lambda f: [0.0, 9.0] * (len(f) // 2))
    )
    personas = portray(segment(shops.profiles(frame, shops.facts(80)), shops.Halves()))
    asked = [c for _, c in everything(personas)]
    assert {c.condition.name for c in asked} >= {"monetary", "items", "channels"}
    for claim in asked:
        value, op = claim.condition.value, claim.condition.op
        if claim.condition.label is not None:
            assert 0 < value < 1 or (op, value) == (">", 0), claim
        elif claim.origin == "observed" and not isinstance(value, str):
            assert value > 0, claim
    assert all(c.n == 0 for c in asked if c.condition.name in ("day_part", "weekdays"))


def test_a_fact_that_is_mostly_zero_is_said_to_be_zero() -> None:
    stated = shops.facts()
    stated["debts"] = np.where(np.arange(200) % 3 < 2, 0.0, np.arange(200))
    personas = portray(segment(shops.profiles(shops.events(), stated), shops.Halves()))
    held = [c for c in personas["even"].claims if c.condition.name == "debts"]
    assert held[0].condition == (trait("debts") == 0) and "have debts 0," in held[0].text
    assert [c.condition.op for c in held] == ["==", ">="]
    assert sum(c.k for c in held) == held[0].n


def test_a_sentence_says_of_how_many_it_is_known() -> None:
    personas = portray(shops.halves())
    partly = 0
    for persona, claim in everything(personas):
        said = f" of the {claim.n:,} of whom it is known "
        assert (said in claim.text) == (0 < claim.n < persona.size), claim
        assert predicate(claim) in claim.text and not predicate(claim)[:1].isdigit()
        partly += said in claim.text
    assert 0 < partly < len(everything(personas))
