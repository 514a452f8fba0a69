"""What is portrayed, what is not, and what personas say of themselves."""

import json

import attrs
import pytest

from onefold import Event, EventLog, fold
from onefold.conditions import trait
from onefold.errors import ArgumentError, UnknownName
from onefold.personas import FACETS, Personas, portray
from onefold.personas.portraying import made_from
from onefold.segments import RFM, By, Rules, segment
from onefold.traits import Recency
from tests.personas import shops


@pytest.fixture(scope="module")
def personas() -> Personas:
    return portray(shops.halves(small=12))


def test_personas_are_a_collection_by_name(personas) -> None:
    assert len(personas) == 2 and [p.name for p in personas] == ["even", "odd"]
    assert personas["even"].name == "even" and "even" in personas and "few" not in personas
    with pytest.raises(UnknownName, match="Did you mean 'even'"):
        personas["evn"]


def test_small_segments_are_listed_and_not_portrayed(personas) -> None:
    assert personas.too_small == {"few": 12}
    with pytest.raises(UnknownName, match="12 members, fewer than minimum=20"):
        personas["few"]
    assert "few" in portray(shops.halves(small=12), minimum=12)


def test_unknown_is_elsewhere_and_no_persona(personas) -> None:
    claim = next(c for c in personas["even"].claims if c.condition.name == "frequency")
    assert claim.n + claim.n_elsewhere == personas.customers == 200
    assert sum(p.size for p in personas) + 12 < 200


def test_known_tastes_hours_and_facts_are_found(personas) -> None:
    found = {c.condition for c in personas["even"].findings}
    assert (trait("home") == "town") in found
    assert (trait("channels", "web") >= 0.5) in found
    assert any(c.name == "day_part" and c.label == "evening" for c in found)
    assert any(c.name == "categories" and c.label == "tea" for c in found)
    covers = {c.covers for c in personas["even"].findings}
    assert ("category", "tea") in covers and ("brand", "own") in covers
    assert {c.covers for c in personas["even"].claims} >= {("item", "i0")}


def test_facets_without_data_say_no_data(personas) -> None:
    facets = personas["even"].facets
    assert set(facets) == {"name and portrait", *FACETS}
    for name in ("job and career path", "goals and challenges", "values and fears"):
        assert facets[name] == "no data"
    log = EventLog.from_events([Event(f"c{i}", "view", "2024-01-01") for i in range(30)])
    bare = next(iter(portray(segment(fold(log), Rules({"all": trait("frequency") >= 0})))))
    assert bare.facets["demographics"] == "no data"
    assert bare.facets["a day in their life"] == "no data"
    assert bare.facets["preferences"] == "no data"
    assert "no data" in bare.facets["name and portrait"] and not any(bare.hours)
    for card in (bare._repr_html_(), bare.to_markdown(), repr(bare)):
        assert card.count("no data") >= 3


def test_facts_go_where_they_are_put() -> None:
    made = portray(shops.halves(), facets={"dream": "goals and challenges"})
    goals = made["odd"].facets["goals and challenges"]
    assert {c.condition.name for c in goals} == {"dream"}
    assert {c.origin for c in goals} == {"declared"}
    assert all(c.condition.name != "dream" for c in made["odd"].facets["demographics"])


def test_ages_stand_for_birth_dates(personas) -> None:
    names = {c.condition.name for c in personas["even"].claims if c.facet == "demographics"}
    assert names == {"home", "household", "income", "age", "dream"}
    texts = [c.text for c in personas["even"].claims if c.condition.name == "age"]
    assert len(texts) == 3 and all("or younger" in t or "old" in t for t in texts)


def test_values_of_few_customers_are_not_asked_for() -> None:
    stated = shops.facts()
    stated.loc[:4, "home"] = "castle"
    made = portray(segment(shops.profiles(shops.events(), stated), shops.Halves()))
    assert all(c.condition != (trait("home") == "castle") for p in made for c in p.claims)
    assert "castle" not in made.to_json()


@pytest.mark.parametrize(
    ("strategy", "names"),
    [
        (RFM(), {"recency", "frequency", "monetary"}),
        (RFM(frequency="breadth"), {"recency", "breadth", "monetary"}),
        (By("home"), {"home"}),
        (By("channels", "web"), {"channels"}),
        (By(Recency()), {"recency"}),
        (Rules({"a": (trait("gap") > 3) & ~(trait("home") == "town")}), {"gap", "home"}),
        (shops.Halves(), set()),
    ],
)
def test_what_a_segmentation_was_made_from_is_definition(strategy, names) -> None:
    segmentation = segment(shops.profiles(shops.events(), shops.facts()), strategy)
    assert made_from(strategy, segmentation.profiles.table.names) == names
    for persona in portray(segmentation, minimum=10):
        assert {c.condition.name for c in persona.claims if c.defining} == names
        assert all(c.defining for c in persona.definition)
        assert not any(c.defining for c in persona.findings)


def test_a_strategy_may_name_its_traits() -> None:
    class Own(shops.Halves):
        traits = ("gap", Recency())

    assert made_from(Own(), ["gap", "recency", "tenure"]) == {"gap", "recency"}


def test_json_round_trip_is_strict_and_whole(personas) -> None:
    text = personas.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    again = Personas.from_json(text)
    assert again == personas and again.to_json() == text
    assert again["even"].claims[0].condition == personas["even"].claims[0].condition


def test_json_of_nobody_known_and_of_infinite_lifts() -> None:
    segmentation = segment(shops.profiles(shops.events(), shops.facts()), By("home"))
    personas = portray(segmentation, minimum=1)
    assert any(c.lift == float("inf") for p in personas for c in p.claims)
    assert Personas.from_json(personas.to_json()) == personas
    stated = shops.facts()
    stated.loc[::2, "household"] = float("nan")
    odd = portray(segment(shops.profiles(shops.events(), stated), shops.Halves()))
    assert any(c.n == 0 for c in odd["even"].claims)
    assert Personas.from_json(odd.to_json()) == odd


def test_personas_are_values(personas) -> None:
    assert portray(shops.halves(small=12)) == personas
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        personas.minimum = 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: portray(s.profiles), "segmentation is a Profiles"),
        (lambda s: portray(s, minimum=0), "portray: minimum is 0"),
        (lambda s: portray(s, catalog=3), "catalog is a int"),
        (lambda s: portray(s, facets={"home": "values"}), "facets.'home'. is 'values'"),
        (lambda s: Personas.from_json("{}"), "no format"),
        (lambda s: Personas.from_json("<"), "not JSON"),
    ],
)
def test_bad_arguments_are_named(call, message) -> None:
    with pytest.raises(ArgumentError, match=message):
        call(shops.halves(40))


def test_nobody_to_portray() -> None:
    none = portray(shops.halves(30), minimum=500)
    assert len(none) == 0 and set(none.too_small) == {"even", "odd"}
    assert Personas.from_json(none.to_json()) == none
    assert none.fit_scores(shops.halves(30).profiles.table).shape == (30, 0)
    assert (none.closest(shops.halves(30).profiles.table) == -1).all()
    assert "Not portrayed" in repr(none) and "Not portrayed" in none._repr_html_()
