"""Who fits a card, told by its claims alone: the same as claim by claim, and fast."""

import attrs
import numpy as np
import pytest

from onefold import Event
from onefold._vocab import Vocab
from onefold.personas import Persona, Personas, portray
from onefold.segments import RFM, By, segment
from tests.personas import shops


def claim_by_claim(personas, table):
    out = np.zeros((len(table), len(personas)))
    for j, persona in enumerate(personas):
        for c in persona.claims:
            if c.supported:
                a, b = (c.k + 0.5) / (c.n + 1), (c.k_elsewhere + 0.5) / (c.n_elsewhere + 1)
                mask = c.condition.mask(table)
                out[mask == 1, j] += np.log(a / b)
                out[mask == 0, j] += np.log((1 - a) / (1 - b))
    return out


@pytest.mark.parametrize("strategy", [shops.Halves(), RFM(), By("home")])
def test_scores_equal_the_claims_one_by_one(strategy) -> None:
    segmentation = segment(shops.profiles(shops.events(), shops.facts()), strategy)
    personas = portray(segmentation, minimum=10)
    table = segmentation.profiles.table
    assert sum(c.supported for p in personas for c in p.claims) >= 4
    np.testing.assert_allclose(
        personas.fit_scores(table), claim_by_claim(personas, table), atol=1e-9
    )
    assert (personas.closest(table) == personas.fit_scores(table).argmax(axis=1)).all()


def test_two_questions_on_one_label() -> None:
    segmentation = shops.halves()
    made = portray(segmentation)
    even = made["even"]
    share = next(c for c in even.claims if c.condition.name == "channels" and c.supported)
    more = [
        attrs.evolve(share, condition=attrs.evolve(share.condition, op=op, value=value))
        for op, value in ((">", 0.0), ("<=", 0.7), ("between", (0.0, 0.2)), ("==", 0.0))
    ]
    personas = attrs.evolve(made, personas=(attrs.evolve(even, claims=(share, *more)),))
    table = segmentation.profiles.table
    np.testing.assert_allclose(
        personas.fit_scores(table), claim_by_claim(personas, table), atol=1e-9
    )


def test_one_profile_equals_its_row_in_the_batch() -> None:
    segmentation = shops.halves(80)
    personas, profiles = portray(segmentation, minimum=5), segmentation.profiles
    whole = personas.fit_scores(profiles.table)
    for i, profile in enumerate(profiles):
        np.testing.assert_allclose(personas.fit_scores(profile.table)[0], whole[i], atol=1e-9)
    newcomer = profiles.new("nobody")
    assert personas.fit_scores(newcomer.table).shape == (1, 2)
    after = newcomer.after(Event("nobody", "purchase", "2024-04-02", item="i0", channel="web"))
    assert np.isfinite(personas.fit_scores(after.table)).all()


def test_members_mostly_fit_their_own_card() -> None:
    segmentation = shops.halves(400)
    personas = portray(segmentation)
    told = personas.closest(segmentation.profiles.table)
    codes = segmentation.assignment.codes
    assert (told == codes)[codes >= 0].mean() > 0.85


def test_cards_read_back_from_json_fit_the_same() -> None:
    segmentation = shops.halves()
    personas, table = portray(segmentation), segmentation.profiles.table
    again = Personas.from_json(personas.to_json())
    assert (again.fit_scores(table) == personas.fit_scores(table)).all()


def test_lifts_follow_the_claims_that_cover_an_item() -> None:
    segmentation = shops.halves()
    even = portray(segmentation)["even"]
    catalog, items = shops.catalog(), Vocab.of(["i0", "i1", "i2", "i3", "unheard of"])
    by_cover = {c.covers: c for c in even.claims if c.supported and c.covers}

    def log_lift(c):
        return np.log(((c.k + 0.5) / (c.n + 1)) / ((c.k_elsewhere + 0.5) / (c.n_elsewhere + 1)))

    def factor(*covers):
        out = 0.0
        for cover in covers:
            c = by_cover.get(cover)
            if c is not None:
                alike = [
                    log_lift(d)
                    for d in even.claims
                    if d.covers and d.covers[0] == cover[0] and d.condition.op == c.condition.op
                ]
                out += log_lift(c) - np.median(alike)
        return min(max(np.exp(out / 2), 0.1), 10.0)

    lifts = even.lifts(items, catalog)
    for i, item in enumerate(items):
        known = catalog[item] if item != "unheard of" else {}
        covers = [("item", item)] + [(n, known[n]) for n in ("category", "brand") if n in known]
        assert lifts[i] == pytest.approx(factor(*covers))
    assert lifts[0] > 1.3 and lifts[4] == 1.0
    assert np.clip(even.lifts(items, catalog, strength=0.25) ** 2, 0.1, 10) == pytest.approx(lifts)
    assert even.lifts(items)[0] == pytest.approx(factor(("item", "i0")))


def evolved(claim, k, k_elsewhere, label):
    counts = {"n": 1000, "k": k, "n_elsewhere": 1000, "k_elsewhere": k_elsewhere}
    return attrs.evolve(claim, covers=("category", label), supported=True, **counts)


def test_lifts_are_bounded_and_count_a_label_once() -> None:
    even = portray(shops.halves())["even"]
    claim = next(c for c in even.claims if c.covers == ("category", "tea"))
    strong = evolved(claim, 1000, 0, "tea")
    even_ones = [evolved(claim, 500, 500, label) for label in ("jam", "nuts")]
    items = Vocab.of(["i0", "i1"])

    def lifts(*claims):
        return Persona("x", 1, 0.1, claims, (0.0,) * 24).lifts(items, shops.catalog()).tolist()

    assert lifts(strong, *even_ones) == [10.0, 1.0]
    mild = evolved(claim, 600, 300, "tea")
    assert lifts(mild, *even_ones) == lifts(mild, mild, *even_ones, *even_ones)
    assert lifts(mild, *even_ones)[0] == pytest.approx((600.5 / 300.5) ** 0.5)


def test_buying_more_of_everything_is_no_taste() -> None:
    even = portray(shops.halves())["even"]
    claim = next(c for c in even.claims if c.covers == ("category", "tea"))
    more = tuple(evolved(claim, 600, 300, label) for label in ("tea", "jam", "nuts"))
    items = Vocab.of(["i0", "i1", "i2"])
    lifts = Persona("x", 1, 0.1, more, (0.0,) * 24).lifts(items, shops.catalog())
    assert lifts == pytest.approx([1.0, 1.0, 1.0])
