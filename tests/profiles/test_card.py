"""The card of one profile: newcomers, one event, a million, and any text at all."""

import time

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold._display.words import wide
from tests.profiles.test_summary import HOSTILE, Page

GOODS = pd.DataFrame(
    {"sku": ["tea", "jam"], "name": ["Earl Grey", None], "aisle": ["hot", "sweet"]}
)
CATALOG = of.Catalog.from_frame(GOODS, item="sku", text="name", category="aisle")
LOG = of.EventLog.from_events(
    [
        of.Event(
            "ann", "purchase", f"2024-0{month}-01 17:30+00:00", item=item, value=value,
            channel="web", zone="Europe/Berlin",
        )
        for month, item, value in [(1, "tea", 4.9), (2, "jam", 3.5), (4, "tea", 1200)]
    ]
    + [of.Event("ann", "view", "2024-04-02", item="jam"), of.Event("bob", "view", "2024-03-03")]
) + of.EventLog.from_facts(
    pd.DataFrame(
        {"who": ["ann", "ann"], "at": pd.to_datetime(["2023-01-01", "2024-02-01"]),
         "region": ["north", "south"], "children": [None, 2]}
    ),
    customer="who",
    time="at",
    facts=["region", "children"],
    tz="UTC",
)  # fmt: skip
PROFILES = of.fold(LOG, catalog=CATALOG, as_of="2024-12-01")


def card(profile: of.Profile) -> Page:
    return Page(profile._repr_html_())


def squeezed(text: str) -> str:
    return " ".join(text.split())


# ------------------------------------------------------------------------ what it says


def test_who_since_when_and_as_of_when() -> None:
    shown = squeezed(card(PROFILES["ann"]).text)
    assert shown.startswith("Customer ann as of 2024-12-01 UTC; 4 events from 2024-01-01 to")
    assert "to 2024-04-02 UTC, the last 243 days before" in shown


def test_numbers_have_units_and_labels_bars() -> None:
    page = card(PROFILES["ann"])
    shown = squeezed(page.text)
    for said in ("recency 243 days", "frequency 3", "monetary 1,208", "channels", "web100%"):
        assert said in shown
    assert "Events by month, highest bar 2" in shown
    assert "2024-04: 2 events, purchase 1, view 1" in shown
    assert "no data: rhythm" not in shown
    assert "Mon 18:00–19:00: 1" in shown  # of the local clock, an hour or two ahead of UTC
    assert page.tags.count("svg") == 2 + 3  # timeline and week; channels, categories, items


def test_the_latest_events_are_named_and_facts_dated() -> None:
    shown = squeezed(card(PROFILES["ann"]).text)
    assert "Latest events (UTC) time event item channel amount 2024-04-02 view jam" in shown
    assert "Hours of the week (local time)" in shown
    assert "2024-04-01 17:30:00 purchase Earl Grey (tea) web 1,200" in shown
    assert "Facts, since 2024-02-01 UTC children 2 region south" in shown
    early = squeezed(card(PROFILES.at("2024-01-15")["ann"]).text)
    assert "region north since 2023-01-01 UTC" in early
    assert "amount" in early and "Facts region" in early


def test_currency_stands_with_money_and_a_unit_in_the_heading_of_bars() -> None:
    frame = pd.DataFrame(
        {"who": ["a", "a"], "at": pd.to_datetime(["2024-01-01"] * 2), "paid": [2.5, 3],
         "what": ["x", "y"]}
    )  # fmt: skip
    log = of.EventLog.from_frame(
        frame, customer="who", time="at", event="purchase", value="paid", item="what",
        currency="EUR", tz="UTC",
    )  # fmt: skip

    class Spend:
        name, unit, labels = "spend", "money", ("x", "y", "back")

        def read(self, history: traits.History, *, as_of: object) -> object:
            return np.array([[2.5, 3.0, np.nan]])

    shown = squeezed(card(of.fold(log, [traits.Monetary(), Spend()])["a"]).text)
    assert "monetary 5.50 EUR" in shown and "2.50 EUR" in shown
    assert "spend, EUR" in shown and "back" not in shown
    assert "no data: the local clock is not known" in shown


def test_text_fits_and_says_the_same() -> None:
    lines = repr(PROFILES["ann"]).splitlines()
    assert lines[:3] == [
        "Profile('ann', 4 events, as of 2024-12-01 UTC)",
        "4 events from 2024-01-01 to 2024-04-02 UTC: purchase 3, view 1",
        "by month, 2024-01 to 2024-11: ▄▄·█·······",
    ]
    said = dict(line.split(None, 1) for line in lines if len(line.split(None, 1)) == 2)
    assert said["recency"] == "243 days"
    assert said["latest"] == "Earl Grey (tea)"
    assert said["items"] == "Earl Grey (tea) 66.7%, jam 33.3%"
    assert said["region"] == "south"
    assert lines[-1] == "no data: day_part, weekdays"


def test_numbers_beyond_the_tiles_and_labels_beyond_the_bars_are_listed() -> None:
    many = [traits.Count(name=f"count {i:02d}") for i in range(40)]
    wide_ones = [traits.Share("item", name=f"share {i:02d}") for i in range(40)]
    page = card(of.fold(LOG, [*many, *wide_ones])["ann"])
    shown = squeezed(page.text)
    assert "More traits count 09" in shown
    assert "share 39 tea 50.0%, jam 50.0%" in shown or "share 39 jam 50.0%, tea 50.0%" in shown
    assert page.tags.count("svg") == 2 + 6


def test_large_are_numbers_of_short_names_and_first_those_of_no_window() -> None:
    spent = traits.Over(traits.Monetary(), last="999D", name="spent")
    long = traits.Over(spent, where=of.field("channel") == "web")
    plain = [traits.Count(name=f"count {i}") for i in range(8)]
    shown = squeezed(card(of.fold(LOG, [long, spent, *plain])["ann"]).text)
    assert "before count 0 4 count 1 4" in shown or "UTC count 0 4 count 1 4" in shown
    assert "count 7 4 spent 1,208 Events by" in shown
    assert "More traits spent where channel is 'web' 1,208" in shown
    plain = [traits.Count(name=f"count {i}") for i in range(9)]
    assert "count 8 4 Events by" in squeezed(card(of.fold(LOG, [spent, *plain])["ann"]).text)


def test_pictures_are_no_wider_than_the_page() -> None:
    markup = PROFILES["ann"]._repr_html_()
    assert markup.count("<svg") == markup.count("max-width:100%;height:auto") == 5


def test_negative_labels_are_words_not_bars() -> None:
    class Change:
        name, labels = "change", ("up", "down")

        def read(self, history: traits.History, *, as_of: object) -> object:
            return np.array([[2.0, -3.0]] * len(history))

    page = card(of.fold(LOG, [Change()])["bob"])
    assert "up 2, down -3" in page.text
    assert page.tags.count("svg") == 1


# ------------------------------------------------------------------------ what was let go


def test_what_cannot_be_read_of_what_is_kept_is_not_called_missing() -> None:
    chosen: list[traits.Trait] = [
        traits.Gap(),
        traits.Gap("never", name="never 1D"),
        traits.Monetary(),
    ]
    kept = of.fold(LOG, [*chosen, traits.Age()], as_of="2024-04-03", keep="30D")["ann"]
    said = ["no data: age", "beyond keep=: gap, never 1D"]
    assert repr(kept).splitlines()[-3::2] == said
    assert squeezed(card(kept).text).endswith(" ".join(said))


# ------------------------------------------------------------------------ few and many


def test_a_newcomer() -> None:
    new = PROFILES.new("zoe")
    shown = squeezed(card(new).text)
    assert shown.startswith("Customer zoe as of 2024-12-01 UTC; no events frequency 0 breadth 0")
    assert "Latest events" not in shown and "Facts" not in shown and "Hours" not in shown
    assert shown.endswith("rhythm, day_part, weekdays, items")
    assert repr(new).startswith("Profile('zoe', 0 events, as of 2024-12-01 UTC)\n\ntrait")


def test_one_event_is_singular() -> None:
    shown = squeezed(card(PROFILES["bob"]).text)
    assert "1 event on 2024-03-03 UTC" in shown and "earlier" not in shown
    later = PROFILES.new("zoe").after(of.Event("zoe", "view", "2025-01-05"))
    assert "as of just after 2025-01-05 UTC; 1 event on 2025-01-05 UTC" in squeezed(
        card(later).text
    )
    assert "the last" not in card(later).text


def test_earlier_events_are_counted() -> None:
    events = [of.Event("ann", "view", f"2024-03-{day:02d}") for day in range(1, 11)]
    log = of.EventLog.from_events(events)
    assert "2 earlier events:" in squeezed(card(of.fold(log)["ann"]).text)
    nine = of.EventLog.from_events(events[:9])
    assert "1 earlier event:" in squeezed(card(of.fold(nine)["ann"]).text)


def test_a_million_events_are_drawn_at_once_and_small() -> None:
    rng = np.random.default_rng(3)
    n = 1_000_000
    frame = pd.DataFrame(
        {"at": pd.Timestamp("1990-01-01") + pd.to_timedelta(rng.integers(0, 10**9, n), unit="s"),
         "kind": rng.integers(0, 300, n).astype(str), "item": rng.integers(0, 10**5, n)}
    )  # fmt: skip
    log = of.EventLog.from_frame(
        frame.assign(who="ann"), customer="who", time="at", event="kind", item="item", tz="UTC",
        zone="UTC",
    )  # fmt: skip
    profile = of.fold(log)["ann"]
    profile.to_dict()  # what is timed is the card, not the traits
    start = time.perf_counter()
    markup = profile._repr_html_()
    assert time.perf_counter() - start < 5
    assert len(markup) < 80_000
    assert "999,992 earlier events" in markup and "288 other kinds" in markup


# ------------------------------------------------------------------------ any text


@pytest.mark.parametrize("text", [HOSTILE, "x" * 1_000_000, "\U0001f468\u200d\U0001f469" * 40])
def test_any_text_is_only_text(text: str) -> None:
    who = text.replace("\x00", "0")
    events = [
        of.Event(who, f"{text}{i}", f"2024-03-{i + 1:02d}", item=text, channel=text, zone="UTC")
        for i in range(12)
    ]
    facts = of.EventLog.from_facts(
        pd.DataFrame({"who": [who], "told": [text]}),
        customer="who",
        time="2024-01-01",
        facts={text[:5000]: "told"},
    )
    own = [traits.Share(name=text), traits.Latest(event=None), traits.Count(name="n")]
    profile = of.fold(of.EventLog.from_events(events) + facts, own)[who]
    markup = profile._repr_html_()
    page = Page(markup)
    assert "script" not in page.tags
    assert len(markup) < 60_000
    assert not {"\u202e", "\x1b", "\x00"} & set(markup)
    assert max(map(wide, repr(profile).splitlines())) <= 100
