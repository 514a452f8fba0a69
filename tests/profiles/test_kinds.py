"""Kinds that no event has are said aloud, with the kind that may be meant."""

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold._display.words import wide
from onefold.ledger import Ledger
from onefold.profiles.kinds import asked_for, unheard
from onefold.traits.measure import Chosen, Measure
from tests.profiles.test_summary import HOSTILE, Page

LOG = of.EventLog.from_events(
    [
        of.Event("ann", "purchase", "2024-03-01", item="tea"),
        of.Event("ann", "view", "2023-03-01", item="tea"),
        of.Event("bob", "view", "2024-03-02", item="jam"),
    ]
)
TYPO = traits.Count("purchas")


@pytest.mark.parametrize(
    ("trait", "kinds"),
    [
        (TYPO, ["purchas"]), (traits.Count(None), []), (traits.Age(), []),
        (traits.Over(traits.Over(TYPO), last="7D"), ["purchas"]),
        (traits.Conversion(), ["view", "purchase"]),
        (traits.Over(traits.ViewedNotBought("look", "buy")), ["look", "buy"]),
        (traits.ReturnShare(), ["return", "purchase"]),
        (traits.DiscountShare(of="off"), ["purchase"]),
        (Measure(Chosen("click"), "count"), ["click"]),
    ],
)  # fmt: skip
def test_what_a_trait_asks_for(trait: object, kinds: list[str]) -> None:
    assert asked_for(trait) == kinds


def test_the_summary_says_which_kind_no_event_has() -> None:
    over = traits.Over(TYPO, last="30D")
    profiles = of.fold(LOG, [TYPO, over, traits.Gap("mailing"), traits.Recency()])
    meant = "no event of kind 'purchas' here (did you mean 'purchase'?): count, count 30D"
    other = "no event of kind 'mailing' here: gap"
    assert repr(profiles).splitlines()[-3::2] == [meant, other]
    assert repr(profiles.summary()) == repr(profiles)
    page = Page(profiles._repr_html_()).text
    assert meant in page and other in page
    assert "no event" not in repr(of.fold(LOG, [traits.Recency()]))
    assert "no event of kind 'purchase' here: recency" in repr(profiles.select(["bob"]))


def test_kinds_of_events_that_were_let_go_are_kinds_too() -> None:
    log = of.EventLog.from_events([of.Event("ann", "click", "2022-03-01")]) + LOG
    profiles = of.fold(log, [traits.Count("click", name="n"), TYPO], keep="30D")
    assert "kind 'click'" not in repr(profiles) and "kind 'purchas'" in repr(profiles)
    later = of.fold(log, [traits.Count("clik")], as_of="2026-01-01", keep="30D")
    assert repr(later).endswith("no event of kind 'clik' here (did you mean 'click'?): count")


def test_without_events_nothing_is_said() -> None:
    facts = of.EventLog.from_facts(
        pd.DataFrame({"who": ["a"], "age": [3]}), customer="who", time="2024-01-01", facts=["age"]
    )
    assert unheard([TYPO], Ledger.from_log(facts)) == ()
    assert "no event of" not in repr(of.fold(facts, [TYPO]))


def test_only_the_traits_that_are_shown_are_named() -> None:
    many = [traits.Count("x", name=f"count {i:02d}") for i in range(30)]
    profiles = of.fold(LOG, many)
    told = repr(profiles).partition("no event of kind 'x' here: ")[2]
    assert "count 19" in told and "count 20" not in told
    assert "count 29" in repr(profiles.summary()).partition("no event of")[2]


@pytest.mark.parametrize("text", [HOSTILE, "x" * 1_000_000, "\u65e5\u672c" * 100])
def test_any_text_is_only_text(text: str) -> None:
    log = LOG + of.EventLog.from_events([of.Event("ann", f"{text}!", "2024-03-01")])
    profiles = of.fold(log, [traits.Count(text, name="n")], as_of=np.datetime64("2024-04-01"))
    assert "script" not in Page(profiles._repr_html_()).tags
    assert not {"\u202e", "\x1b", "\x00"} & set(profiles._repr_html_())
    assert max(map(wide, repr(profiles).splitlines())) <= 100
