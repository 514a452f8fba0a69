"""Reasons: of one item and of a whole ranking they are the same, and claim what is so."""

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError, ContractError, UnknownCustomer, UnknownName
from onefold.levels import LEVELS, Everyone, Individual, Neighbours, Persona, Segment
from onefold.scoring import fitted as fitted_module
from tests.levels.plain import shops
from tests.scoring.shops import Flat, Next, Parity, Unsaid, fitted, simulated

LOW = (Neighbours(buyers=1), *(level for level in LEVELS if level.name != "neighbours"))


class Says(Next):
    """A plug-in that says why itself."""

    name = "says"

    def because(self, rows, row, items):
        return [f"{len(rows)} rows: after {rows.items[int(i) - 1]}" for i in items]


class Mute(Says):
    def because(self, rows, row, items):
        return []


def shop(kind: str = "purchase", **columns) -> of.Profiles:
    """Ann chose tea on days 1, 11 and 21; four chose tea and next jam; today is day 33."""
    days = {"ann": {1: "tea", 11: "tea", 21: "tea"}}
    days |= {who: {5: "tea", 6: "jam"} for who in ("bob", "cas", "dan", "eva")}
    events = [
        of.Event(who, kind, np.datetime64("2025-01-01T08:00") + np.timedelta64(d - 1, "D"), item=i)
        for who, items in days.items()
        for d, i in items.items()
    ]
    return of.fold(of.EventLog.from_events(events), as_of="2025-02-02T08:00", **columns)


def of_levels(profiles: of.Profiles, *levels, target: str = "purchase", segments=None):
    """A scorer of these levels, all of the same weight."""
    return of.Scorer(target, levels=levels, segments=segments, minimum=2).fit(profiles, rng=1)


# ---------------------------------------------------------------- the law


@settings(max_examples=12)
@given(
    shops(least=4),
    st.sampled_from(
        [
            of.Scorer(segments=Parity(), levels=LOW, minimum=2),
            of.Scorer(segments=Parity(), levels=(*LOW[1:], Flat(), Says(), Unsaid()), minimum=2),
        ]
    ),
)
def test_a_ranking_has_the_reasons_of_its_explanations(profiles, wanted) -> None:
    scorer = wanted.fit(profiles, rng=1)
    ranked = scorer.rank(profiles, n=4)
    told = iter(scorer.reasons(profiles, ranked))
    for customer, items in ranked:
        for item in items:
            one = scorer.explain(profiles[customer], item)
            assert next(told).replace(f"{len(profiles)} rows", "1 rows") == one.reason != ""
            assert sum(story.share for story in one.stories) == pytest.approx(1)
            shares = [story.share for story in one.stories]
            assert shares == sorted(shares, reverse=True)
    assert next(told, None) is None


def test_reasons_are_told_chunk_by_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, profiles = fitted(), simulated()
    ranked = scorer.rank(profiles, n=3)
    whole = scorer.reasons(profiles, ranked)
    assert len(whole) == len(ranked.to_pandas())
    monkeypatch.setattr(fitted_module, "CHUNK", 70)
    assert scorer.reasons(profiles, ranked) == whole
    some = scorer.rank(profiles.select(profiles.ids[40:90:3]), n=3)
    by_customer = dict(zip(ranked.customers, np.reshape(whole, (-1, 3)).tolist(), strict=True))
    assert scorer.reasons(profiles, some) == [
        text for c in some.customers for text in by_customer[c]
    ]
    assert (
        scorer.reasons(profiles[profiles.ids[40]], scorer.rank(profiles[profiles.ids[40]], 3))
        == (by_customer[profiles.ids[40]])
    )
    assert scorer.reasons(profiles, scorer.rank(profiles.select([]), n=3)) == []


# ---------------------------------------------------------------- the stories


def test_own_choices_are_one_story() -> None:
    profiles = shop()
    own = (Individual("30D", name="a"), Individual(decay=0.0, name="b"))
    made = of_levels(profiles, Everyone(), *own).explain(profiles["ann"], "tea")
    share = made.table["share"][1:].sum()
    assert made.stories[0].share == pytest.approx(share)
    assert made.reason == "bought 3 times, last 12 days ago"
    assert made.words().startswith("because you bought tea 3 times, last 12 days ago (")
    assert made.words(address="they").startswith("because they bought tea 3 times")
    with pytest.raises(ArgumentError, match=r"Explanation\.words: address is 'we'"):
        made.words(address="we")


def test_the_rhythm_is_told_where_due_has_a_part() -> None:
    profiles = shop()
    scorer = of_levels(profiles, Everyone(), of.levels.Due())
    assert scorer.explain(profiles["ann"], "tea").reason == (
        "bought 3 times, last 12 days ago, about every 10 days"
    )
    assert "they bought tea once, 28 days ago (" in scorer.explain(profiles["bob"], "tea").words(
        address="they"
    )


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("view", "looked at tea"),
        ("click", "clicked tea"),
        ("purchase", "bought tea"),
        ("x", "chose tea"),
    ],
)
def test_verbs_by_kind(kind: str, said: str) -> None:
    profiles = shop(kind)
    made = of_levels(profiles, Everyone(), Individual("9D"), target=kind)
    told = made.explain(profiles["ann"], "tea")
    assert f"because you {said} 3 times" in told.words()
    assert told.reason.startswith("chosen" if kind == "x" else said.removesuffix(" tea"))


def test_neighbours_name_the_strongest_source() -> None:
    profiles = shop()
    both = of_levels(
        profiles, Everyone("1D"), Neighbours(buyers=1), Neighbours(buyers=1, together=2, name="n")
    )
    jam = both.explain(profiles["ann"], "jam")
    assert "people who bought tea next choose this" in jam.words()
    also = of_levels(profiles, Everyone("1D"), Neighbours(buyers=1, together=2))
    assert "people who bought tea also choose this" in also.explain(profiles["ann"], "jam").words()
    again = of_levels(profiles, Everyone("1D"), Neighbours(buyers=1))
    assert "people who bought it choose it again" in again.explain(profiles["ann"], "tea").words()


def test_names_come_from_the_catalogue_and_are_escaped_in_html() -> None:
    frame = pd.DataFrame({"sku": ["tea"], "name": ["<b>Earl</b> & {Grey}"]})
    profiles = shop(catalog=of.Catalog.from_frame(frame, item="sku", text="name"))
    made = of_levels(profiles, Everyone(), Individual("30D")).explain(profiles["ann"], "tea")
    assert "you bought <b>Earl</b> & {Grey} 3 times" in made.words()
    assert "<b>Earl" not in made._repr_html_()
    assert "&lt;b&gt;Earl&lt;/b&gt; &amp; {Grey}" in made._repr_html_()
    assert made.words(address="they") in repr(made)


def test_this_week_is_said_only_of_a_week() -> None:
    profiles = shop()

    def told(*levels, who=profiles) -> str:
        return of_levels(profiles, *levels).explain(who["bob"], "tea").stories[0].short

    assert told(Everyone("7D")) == "popular with everyone this week"
    assert told(Everyone("10D")) == "popular with everyone"
    assert told(Everyone("3D")) == "popular with everyone"
    assert told(Everyone("30D"), Everyone("7D", name="lately")).startswith("popular with everyone")
    later = profiles.at("2025-02-02T08:00").update(
        of.EventLog.from_events([of.Event("z", "view", "2025-02-20")])
    )
    assert told(Everyone("7D"), who=later) == "popular with everyone"  # of another week


def test_the_week_must_say_most_of_it() -> None:
    profiles = shop()
    scorer = of_levels(profiles, Everyone("30D"), Everyone("7D", name="lately"))
    for weight, said in ((0.1, ""), (0.9, " this week")):
        weights = np.tile([1 - weight, weight], (len(scorer.weights), 1))
        held = attrs.evolve(scorer, weights=weights)
        assert held.explain(profiles["bob"], "tea").reason == f"popular with everyone{said}"


def test_what_is_rare_is_not_called_popular() -> None:
    events = [of.Event(f"c{i}", "purchase", "2025-01-01", item="tea") for i in range(20)]
    events.append(of.Event("ann", "purchase", "2025-01-01", item="rare"))
    profiles = of.fold(of.EventLog.from_events(events))
    scorer = of_levels(profiles, Everyone())
    assert scorer.explain(profiles["c1"], "rare").reason == "bought here before"
    assert scorer.explain(profiles["c1"], "tea").reason == "popular with everyone"


# ---------------------------------------------------------------- groups


def test_segments_and_personas_are_told_by_name_where_they_make_more_of_it() -> None:
    scorer, profiles = fitted(), simulated()
    names, cards = scorer.views.names, scorer.groups.cards
    assert cards is not None
    only = {}
    for level in ("segment", "persona"):
        weights = np.zeros_like(scorer.weights)
        weights[:, names.index(level)] = 1
        only[level] = attrs.evolve(scorer, weights=weights, refined=None)
    choices = scorer.groups.choices(profiles.table, scorer.items, "purchase")
    tables = {names[at]: held for at, held in scorer.views.shared.items()}
    seen = set()
    for i in range(0, 60, 11):
        for code, item in enumerate(scorer.items.values[::6]):
            code *= 6
            for level, alone in only.items():
                _, groups, table = tables[level]
                group = choices.groups[level][i]
                if level == "segment":
                    more = group >= 0 and table[group, code] > table[-1, code]
                else:
                    card = cards[groups[group]] if group >= 0 else None
                    more = card is not None and (
                        card.lifts(scorer.items, scorer.catalog)[code] > 1
                        and table[group, code] > table[-1, code]
                    )
                found = alone.explain(profiles[profiles.ids[i]], item).reason
                seen.add((level, bool(more)))
                assert (groups[group] in found) == bool(more), (found, level)
                assert found.startswith("suits") == (bool(more) and level == "persona")
    assert len(seen) == 4


def test_a_segment_and_its_persona_tell_one_story() -> None:
    scorer, profiles = fitted(), simulated()
    choices = scorer.groups.choices(profiles.table, scorer.items, "purchase")
    seg, per = (
        np.array([*choices.names[by], None])[choices.groups[by]] for by in ("segment", "persona")
    )
    joined = apart = 0
    for i in range(30):
        for item in scorer.rank(profiles[profiles.ids[i]], n=2).of():
            made = scorer.explain(profiles[profiles.ids[i]], item)
            said = [story.short for story in made.stories]
            suits = any(text.startswith("suits") for text in said)
            by_segment = any(
                ("popular with" in t and "everyone" not in t) or "more by" in t for t in said
            )
            joined += by_segment and not suits
            apart += by_segment and suits
            if by_segment and suits:
                assert seg[i] != per[i]
    assert joined
    assert apart or (seg[:30] == per[:30]).all()


def test_nothing_to_say_is_everyones() -> None:
    scorer, profiles = fitted(), simulated()
    made = scorer.explain(profiles.new("nobody"), scorer.rank(profiles.new("nobody"), n=1).of()[0])
    assert all("bought once" not in s.short and "people who" not in s.short for s in made.stories)


# ---------------------------------------------------------------- plug-ins


def test_plug_ins_say_it_themselves_or_are_named() -> None:
    profiles = shop()
    says = of_levels(profiles, Everyone("1D"), Says()).explain(profiles["bob"], "tea")
    assert "1 rows: after jam" in says.words()
    mute = of_levels(profiles, Everyone("1D"), Next()).explain(profiles["bob"], "tea")
    assert "what was done before, by the level 'next'" in mute.words()
    with pytest.raises(ContractError, match="level 'says': because returned 0 texts for 1"):
        of_levels(profiles, Everyone("1D"), Mute()).explain(profiles["bob"], "tea")


# ---------------------------------------------------------------- bad input


def test_bad_arguments_are_named() -> None:
    scorer, profiles = fitted(), simulated()
    ranked = scorer.rank(profiles, n=2)
    with pytest.raises(ArgumentError, match="reasons: who is a list"):
        scorer.reasons([], ranked)
    with pytest.raises(ArgumentError, match="reasons: ranking is a list"):
        scorer.reasons(profiles, list(ranked))
    with pytest.raises(UnknownCustomer, match="reasons: 294 customers of the ranking"):
        scorer.reasons(profiles.select(profiles.ids[:1]), ranked)
    other = shop()
    foreign = of_levels(other, Everyone()).rank(other, n=1)
    with pytest.raises((UnknownName, UnknownCustomer)):
        scorer.reasons(other, foreign)
    mine = attrs.evolve(foreign, customers=profiles.ids[:5])
    with pytest.raises(UnknownName, match="reasons: this scorer knows no item"):
        scorer.reasons(profiles, mine)


def test_segment_and_persona_levels_of_a_week() -> None:
    """A segment's own half-life is what counts, and a persona's is its base's."""
    profiles = simulated()
    levels = (Everyone(), Segment("7D", base=Everyone("7D")), Persona(Everyone("7D")))
    scorer = of.Scorer(levels=levels).fit(profiles, rng=1)
    weights = np.tile([0.0, 1.0, 0.0], (len(scorer.weights), 1))
    alone = attrs.evolve(scorer, weights=weights, refined=None)
    told = set(alone.reasons(profiles, alone.rank(profiles, n=5)))
    assert any(text.endswith("this week") and "everyone" not in text for text in told)
