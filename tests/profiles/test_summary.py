"""The summary: figures worked by hand, what is shown of them, and any text is only text."""

import html.parser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold._display.words import wide

HOSTILE = "<script>alert('x')</script>\"&\x00\x1b[31m\n\u202e\u0645\u0631\u062d\U0001f600"
LOG = of.EventLog.from_events(
    [
        of.Event("ann", "purchase", "2024-03-01", item="tea", value=4.9, channel="web"),
        of.Event("ann", "purchase", "2024-03-08", item="jam", value=5.1, channel="store"),
        of.Event("bob", "purchase", "2024-03-05", item="tea", value=30, channel="web"),
        of.Event("cat", "view", "2024-03-06", item="tea", channel="web"),
    ]
) + of.EventLog.from_facts(
    pd.DataFrame({"who": ["ann", "bob"], "region": ["north", "south"], "age": [30, None]}),
    customer="who",
    time="2024-01-01",
    facts=["region", "age"],
)
TRAITS: list[traits.Trait] = [traits.Recency(), traits.Monetary(), traits.Share(name="channels")]
PROFILES = of.fold(LOG, [*TRAITS, traits.LastItems(2), traits.Gap("never")], as_of="2024-03-10")


class Page(html.parser.HTMLParser):
    """What a browser would make of it; tags that are never closed are an error."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(markup)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


# ------------------------------------------------------------------------ figures


def test_figures_are_those_of_the_table() -> None:
    frame = PROFILES.summary().to_pandas()
    assert list(frame.index) == [
        "recency", "monetary", "channels", "last_items", "gap", "age", "region",
    ]  # fmt: skip
    assert list(frame.columns) == [
        "of", "unit", "known", "missing", "lowest", "lower quarter", "median", "upper quarter",
        "highest", "mean", "different", "largest",
    ]  # fmt: skip
    assert frame["of"].tolist() == ["trait"] * 5 + ["fact"] * 2
    assert frame["missing"].tolist() == [1, 1, 0, 1, 3, 2, 1]
    recency = frame.loc["recency"]
    assert recency[["lowest", "median", "highest", "mean"]].tolist() == [2, 3.5, 5, 3.5]
    assert frame.loc["channels", "largest"] == {
        "web": pytest.approx(2.5 / 3),
        "store": pytest.approx(0.5 / 3),
    }
    assert frame.loc["last_items", "largest"] == {"jam": 0.5, "tea": 1.0}
    assert frame.loc["gap", "known"] == 0 and np.isnan(frame.loc["gap", "mean"])
    assert frame.loc["region", ["known", "different"]].tolist() == [2 / 3, 2]


def test_a_frame_is_the_callers_own() -> None:
    summary = PROFILES.summary()
    frame = summary.to_pandas()
    frame.loc["recency", "median"] = -1
    assert summary.to_pandas().loc["recency", "median"] == 3.5
    assert PROFILES.summary() is summary  # made once


def test_quarters_are_those_of_numpy() -> None:
    data = of.datasets.simulate(200, rng=5)
    profiles = of.fold(data.log, catalog=data.catalog)
    frame = profiles.summary().to_pandas()
    held = profiles.table["monetary"]
    held = held[~np.isnan(held)]
    row = frame.loc["monetary"]
    assert row["lower quarter"] == pytest.approx(np.quantile(held, 0.25))
    assert row["mean"] == pytest.approx(held.mean())
    assert row["known"] == pytest.approx(len(held) / len(profiles))


# ------------------------------------------------------------------------ text


def test_text_says_who_and_when_and_what() -> None:
    assert repr(PROFILES.summary()).splitlines() == [
        "Profiles(3 customers, as of 2024-03-10 UTC)",
        "4 events from 2024-03-01 to 2024-03-08 UTC: purchase 3, view 1",
        "by day, 2024-03-01 to 2024-03-09: █···██·█·",
        "3 facts, events without amount 25.0%, no basket, no local hour",
        "",
        "trait          known  lowest   25%  median   75%  highest  customers",
        "-------------  -----  ------  ----  ------  ----  -------  ----------------",
        "recency, days  66.7%       2  2.75    3.50  4.25        5  █··█",
        "monetary       66.7%      10    15      20    25       30  █··············█",
        "",
        "trait       known  different  largest",
        "----------  -----  ---------  ----------------------",
        "channels     100%          2  web 83.3%, store 16.7%",
        "last_items  66.7%          2  tea 100%, jam 50.0%",
        "",
        "fact  known  lowest  25%  median  75%  highest  customers",
        "----  -----  ------  ---  ------  ---  -------  ---------",
        "age   33.3%      30   30      30   30       30  █",
        "",
        "fact    known  different  largest",
        "------  -----  ---------  ------------------------",
        "region  66.7%          2  north 50.0%, south 50.0%",
        "",
        "no data: gap",
        "",
        "no event of kind 'never' here: gap",
    ]


def test_one_is_singular() -> None:
    one = PROFILES.select(["cat"])
    assert repr(one).startswith("Profiles(1 customer, as of 2024-03-10 UTC)\n1 event on 2024-03-06")
    assert "1 customer</h3>" in one._repr_html_()


def test_items_are_called_what_the_catalogue_calls_them() -> None:
    goods = pd.DataFrame({"sku": ["tea", "jam"], "name": ["Earl Grey, 100 g", None]})
    catalog = of.Catalog.from_frame(goods, item="sku", text="name")
    inner = traits.Over(traits.Share("item", name="items"), last="30D", name="items")
    profiles = of.fold(LOG, [inner], catalog=catalog, as_of="2024-03-10")
    assert "Earl Grey, 100 g (tea) 83.3%, jam 16.7%" in repr(profiles)
    held: Any = profiles.summary().to_pandas().loc["items", "largest"]
    assert held == {"tea": pytest.approx(5 / 6), "jam": pytest.approx(1 / 6)}


def test_items_that_were_viewed_and_not_bought_are_called_by_name_as_well() -> None:
    goods = pd.DataFrame({"sku": ["tea"], "name": ["Earl Grey"]})
    catalog = of.Catalog.from_frame(goods, item="sku", text="name")
    left = traits.ViewedNotBought(name="left")
    chosen = [left, traits.Over(left, last="30D"), traits.Over(traits.Over(left), last="1D")]
    profiles = of.fold(LOG, chosen, catalog=catalog, as_of="2024-03-10")
    assert repr(profiles).count("Earl Grey (tea) 1") == 2
    assert repr(profiles["cat"]).count("Earl Grey (tea) 1") == 2
    assert profiles._repr_html_().count("Earl Grey (tea)</bdi>") == 2


def test_profiles_show_the_first_and_say_how_many_more_there_are() -> None:
    many = [traits.Count("view", name=f"count {i}") for i in range(50)]
    profiles = of.fold(LOG, many, as_of="2024-03-10")
    assert repr(profiles).endswith("and 30 more: profiles.summary()")
    assert "and 30 more: profiles.summary()" in profiles._repr_html_()
    assert "count 19" in repr(profiles) and "count 20" not in repr(profiles)
    assert "count 49" in repr(profiles.summary())
    assert "region" in repr(profiles)
    read = set(profiles.table._cache)
    profiles = of.fold(LOG, many, as_of="2024-03-10")
    repr(profiles)
    assert len(profiles.table._cache) < len(read)  # the rest is not even read


def test_the_documentation_shows_what_is_printed() -> None:
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs/how-to/look-at-profiles.md").read_text(encoding="utf-8")
    data = of.datasets.simulate(500, rng=7)
    chosen: list[traits.Trait] = [traits.Recency(), traits.Frequency(), traits.Monetary()]
    share = traits.Share("channel", name="channels")
    profiles = of.fold(data.log, [*chosen, share], catalog=data.catalog)
    assert page.partition("```text\n")[2].partition("```")[0].rstrip() == repr(profiles)


# ------------------------------------------------------------------------ what was let go

OLD = of.EventLog.from_events(
    [of.Event("ann", "view", f"2023-0{month}-01", item="tea") for month in range(1, 8)]
    + [of.Event("old", "purchase", "2023-02-01", item="jam", value=2)]
)
KEPT = [*TRAITS, traits.Gap(), traits.Over(traits.Gap(), last="30D")]


def kept() -> of.Profiles:
    return of.fold(LOG + OLD, KEPT, as_of="2024-03-10", keep="30D")


def test_what_cannot_be_read_of_what_is_kept_is_not_called_missing() -> None:
    summary = kept().summary()
    assert repr(summary).endswith("\n\nbeyond keep=: gap")
    page = Page(summary._repr_html_()).text
    assert "beyond keep=: gap" in page and "no data" not in page
    frame = summary.to_pandas()
    assert frame.loc["gap", ["known", "missing", "different", "mean"]].isna().all()
    assert frame.loc["gap", "largest"] == {}
    assert frame.loc["gap 30D", ["known", "missing"]].tolist() == [0.25, 3]
    both = of.fold(LOG + OLD, [traits.Gap(), traits.Gap("never", name="n")], as_of="2024-03-10")
    assert repr(both.summary()).endswith("\n\nno data: n\n\nno event of kind 'never' here: n")


def test_kinds_are_those_of_the_events_that_are_kept() -> None:
    assert repr(kept()).splitlines()[:4] == [
        "Profiles(4 customers, as of 2024-03-10 UTC)",
        "4 events from 2024-03-01 to 2024-03-08 UTC: purchase 3, view 1",
        "8 older events are kept as sums",
        "by day, 2024-03-01 to 2024-03-09: █···██·█·",
    ]
    page = " ".join(Page(kept()._repr_html_()).text.split())
    assert "4 events from 2024-03-01 to 2024-03-08 UTC; 8 older events are kept as sums;" in page


def test_whoever_only_came_earlier_has_older_events() -> None:
    old = kept()["old"]
    assert repr(old).splitlines()[:3] == [
        "Profile('old', 0 events and 1 older, as of 2024-03-10 UTC)",
        "no events since 2024-02-09 UTC",
        "1 older event is kept as sums",
    ]
    page = " ".join(Page(old._repr_html_()).text.split())
    assert "no events since 2024-02-09 UTC; 1 older event is kept as sums" in page
    assert "7 older events" in repr(kept()["ann"]) and "older" not in repr(kept()["bob"])
    both = kept().select(["old"])
    assert "no events since 2024-02-09 UTC\n1 older event is kept as sums\n" in repr(both)


# ------------------------------------------------------------------------ HTML, and any text


def test_html_has_a_row_for_each_and_a_picture_in_it() -> None:
    page = Page(PROFILES.summary()._repr_html_())
    assert page.tags.count("tr") == 6 + 2  # known traits and facts, and two headings
    assert page.tags.count("svg") == 6 + 1  # and the timeline
    for said in ("Traits", "Facts", "83.3%", "1 without", "no data: gap", "equal\nratios"):
        assert said.replace("\n", " ") in page.text.replace("\n", " ")
    assert "2 to 3" not in page.text and "2: 1 customer, 50.0%" in page.text


def test_bins_are_said_in_words() -> None:
    held = np.concatenate([np.zeros(20), np.geomspace(1, 1000, 180)])
    frame = pd.DataFrame({"who": np.arange(200), "spend": held, "height": 150 + held / 20})
    log = of.EventLog.from_facts(
        frame, customer="who", time="2024-01-01", facts=["spend", "height"]
    )
    page = Page(of.fold(log, [])._repr_html_()).text
    assert "0: 20 customers, 10.0%" in page
    assert "log" in page and " or more: " in page and "below 15" in page
    assert "no events" in page and "400 facts" in page


@pytest.mark.parametrize("text", [HOSTILE, "x" * 1_000_000, "\U0001f468\u200d\U0001f469" * 40])
def test_any_text_is_only_text(text: str) -> None:
    event = of.Event(text.replace("\x00", "0"), text, "2024-03-01", item=text, channel=text)
    log = of.EventLog.from_events([event]) + of.EventLog.from_facts(
        pd.DataFrame({"who": ["ann"], text: [text]}),
        customer="who",
        time="2024-01-01",
        facts={text[:5000]: text},
    )
    own = [traits.Share(name=text), traits.Latest(event=None), traits.Count(name="n")]
    profiles = of.fold(log, own)
    for markup in (profiles._repr_html_(), profiles.summary()._repr_html_()):
        page = Page(markup)
        assert "script" not in page.tags
        assert len(markup) < 60_000
        assert "\u202e" not in markup and "\x1b" not in markup
    assert max(map(wide, repr(profiles.summary()).splitlines())) <= 100
    assert repr(profiles).isprintable() or set(repr(profiles)) >= {"\n"}


def test_of_nobody_and_of_nothing() -> None:
    nobody = PROFILES.select([])
    assert "no events" in Page(nobody._repr_html_()).text
    assert nobody.summary().to_pandas()["known"].isna().all()
    facts = of.fold(LOG, [], as_of="2024-02-01")
    assert "no events" in repr(facts) and "3 facts" in repr(facts)
    assert Page(facts._repr_html_()).tags.count("svg") == 2
