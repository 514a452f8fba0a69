"""Cards: prose first, evidence behind it, and nothing that anybody typed becomes markup."""

import re
from html.parser import HTMLParser

import attrs
import numpy as np
import pytest

from onefold import Catalog
from onefold.conditions import Compare
from onefold.personas import portray
from onefold.personas.card import MOST, prose
from onefold.personas.phrases import about_label
from onefold.personas.portrait import hours_of
from onefold.segments import By, segment
from onefold.traits import Rhythm
from tests.personas import shops

HOSTILE = "<script>alert('x')</script>\"'&|`*[a](b)\n# \x1b[31m\u202e"


@pytest.fixture(scope="module")
def personas():
    return portray(shops.halves(small=12))


@pytest.fixture(scope="module")
def hostile():
    frame, stated = shops.events(), shops.facts()
    stated["home"] = stated["home"].replace("town", HOSTILE)
    frame["channel"] = frame["channel"].replace("web", HOSTILE)
    frame["item"] = frame["item"].replace("i0", HOSTILE)
    profiles = shops.profiles(frame, stated)
    listed = shops.catalog().to_pandas()
    for column in ("item", "category", "text", "brand"):
        listed[column] = listed[column].replace(
            {"i0": HOSTILE, "tea": HOSTILE, "Thing 0": HOSTILE, "own": HOSTILE}
        )
    catalog = Catalog.from_frame(
        listed, item="item", category="category", text="text", attributes=["brand"]
    )
    return portray(segment(attrs.evolve(profiles, catalog=catalog), By("home")))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag, held) -> None:
        self.names.append(tag)
        self.attributes += held


def test_a_card_has_the_portrait_prose_and_folded_evidence(personas) -> None:
    html = personas["even"]._repr_html_()
    assert html.count("<svg") == 1 and html.count("<article") == 1
    assert "against" in html and "<details" in html and "<details open" not in html
    assert "trait(&#x27;home&#x27;) == &#x27;town&#x27;" in html
    before = html.split("<details")[0]
    assert "95% interval" not in before
    assert html.index("<svg") < html.index("even</h3>") < html.index("Demographics")
    assert html == portray(shops.halves(small=12))["even"]._repr_html_()


def test_prose_is_short_and_has_no_repeats(personas) -> None:
    for persona in personas:
        for facet in persona.facets.values():
            if isinstance(facet, tuple):
                told = prose(c for c in facet if c.finding)
                assert len(told) <= MOST
                plain = [c.condition.name for c in told if c.condition.label is None]
                assert len(set(plain)) == len(plain)


def test_definition_is_no_finding_on_the_card() -> None:
    made = portray(segment(shops.profiles(shops.events(), shops.facts()), By("home")))
    town = made["town"]
    assert "By definition" in town._repr_html_() and "by definition" in repr(town)
    text = town.to_markdown()
    sentence = "100% have home “town”, against 0% of others"
    assert text.index("By definition") < text.index(sentence) < text.index("### ")
    assert text.count(sentence) == 1


def test_hostile_names_are_shown_and_do_nothing(hostile) -> None:
    html = hostile._repr_html_()
    tags = Tags()
    tags.feed(html)
    assert set(tags.names) <= {
        *("article", "header", "div", "section", "p", "h3", "h4", "ul", "li", "details"),
        *("summary", "table", "thead", "tbody", "tr", "th", "td", "caption"),
        *("svg", "title", "circle", "line", "text", "path"),
    }
    assert not any(name.startswith("on") for name, _ in tags.attributes)
    assert "&lt;script&gt;" in html
    for raw in (html, hostile.to_markdown(), repr(hostile), repr(next(iter(hostile)))):
        assert "<script" not in raw or raw.startswith(("Persona(", "Personas("))
        assert "\x1b" not in raw and "\u202e" not in raw
    assert HOSTILE in {p.name for p in hostile}


def test_hostile_names_do_not_break_markdown_tables(hostile) -> None:
    lines = hostile.to_markdown().splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert rows and all(len(re.findall(r"(?<!\\)\|", row)) == 8 for row in rows)
    headings = [line for line in lines if re.match(r"##? ", line)]
    assert len(headings) == len(hostile)


def test_hostile_names_survive_json(hostile) -> None:
    assert type(hostile).from_json(hostile.to_json()) == hostile


def test_markdown_has_each_facet_and_the_evidence(personas) -> None:
    text = personas["odd"].to_markdown()
    for facet in personas["odd"].facets:
        if facet != "name and portrait":
            assert f"### {facet.capitalize()}" in text
    assert "| members who | here |" in text and "no data" in text


def test_repr_of_all_names_everybody(personas) -> None:
    text = repr(personas)
    assert "even" in text and "odd" in text and "few (12)" in text


def test_portrait_is_the_mean_of_the_members_hours() -> None:
    segmentation = shops.halves(60)
    table = segmentation.profiles.table
    group = np.where(segmentation.assignment.codes < 0, 2, segmentation.assignment.codes)
    hours = hours_of(table, group.astype(np.int64), 3)
    frame = shops.events(60)
    code = dict(zip(table.ids, group, strict=True))
    for g in range(3):
        own = frame[frame["who"].map(code) == g]
        shares = [
            np.bincount(f["at"].dt.hour, minlength=24) / len(f) for _, f in own.groupby("who")
        ]
        np.testing.assert_allclose(hours[g], np.mean(shares, axis=0))
    even = portray(segmentation)["even"]
    assert even.hours == pytest.approx(hours[0])
    assert even.portrait().startswith("<svg")


def test_text_is_wrapped_and_nothing_is_cut(personas) -> None:
    for persona in personas:
        lines = repr(persona).splitlines()
        assert all(len(line) <= 100 for line in lines)
        flat = " ".join(" ".join(lines).split())
        for name, found in persona.facets.items():
            told = prose(c for c in found if c.finding) if isinstance(found, tuple) else []
            assert all(c.text in flat for c in told), name
        assert any(line.startswith(" " * 20) for line in lines)


def test_evidence_names_the_predicate_alone(personas) -> None:
    rows = [r for r in personas["even"].to_markdown().splitlines() if r.startswith("| ")]
    says = [row.split(" | ")[0].removeprefix("| ") for row in rows[2:]]
    assert says and all(re.match(r"[a-z]", said) for said in says)
    assert not any("of whom it is known" in said or "against" in said for said in says)


def test_hours_are_told_as_what_happened_at_least_once() -> None:
    night = Compare("day_part", "night", ">", 0.0)
    said = about_label(night, Rhythm(by="part", name="day_part"), None)
    assert said == "were active at night (0 to 6 o’clock) at least once"
    sunday = Compare("weekdays", "Sun", ">=", 0.25)
    said = about_label(sunday, Rhythm(by="weekday", name="weekdays"), None)
    assert said == "have 25% or more of their activity on Sundays"
