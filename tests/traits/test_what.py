"""Shares, affinities, the latest: what was it about, worked by hand."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, UnknownName

CATALOG = of.Catalog.from_frame(
    pd.DataFrame({"sku": ["tea", "jam", "oat"], "aisle": ["drinks", "spreads", None]}),
    item="sku",
    category="aisle",
)


def profile(*events: of.Event, trait: traits.Trait, as_of: str = "2025-01-01") -> Any:
    log = of.EventLog.from_events(events)
    return of.fold(log, [trait], catalog=CATALOG, as_of=as_of)["ann"][trait.name]


def buy(day: int, item: str | None, **more: Any) -> of.Event:
    return of.Event("ann", "purchase", f"2024-03-{day:02d}", item=item, **more)


def test_share_is_of_the_events_that_have_a_label() -> None:
    web, none = buy(1, "tea", channel="web"), buy(2, "jam")
    store = [buy(day, "jam", channel="store") for day in (3, 4, 5)]
    view = of.Event("ann", "view", "2024-03-06", channel="app")
    share = traits.Share()
    assert profile(web, none, *store, trait=share) == {"store": 0.75, "web": 0.25}
    assert profile(web, view, trait=share) == {"app": 0.5, "web": 0.5}
    assert profile(web, view, trait=traits.Share(event="purchase")) == {"web": 1.0}
    assert profile(none, trait=share) is None


def test_share_of_what() -> None:
    events = [
        buy(1, "tea", properties={"colour": "red"}),
        buy(2, "oat", properties={"colour": "blue"}),
        of.Event("ann", "view", "2024-03-03", item="unheard of", properties={"size": 2}),
    ]
    third = pytest.approx(1 / 3)
    assert profile(*events, trait=traits.Share("kind")) == {
        "purchase": pytest.approx(2 / 3),
        "view": third,
    }
    assert profile(*events, trait=traits.Share("item"))["oat"] == third
    assert profile(*events, trait=traits.Share("colour")) == {"blue": 0.5, "red": 0.5}
    assert profile(*events, trait=traits.Share("category")) == {"drinks": 1.0}  # oat has no aisle
    with pytest.raises(UnknownName, match="'size' holds numbers; labels are text"):
        profile(*events, trait=traits.Share("size"))
    says = "no label 'brand'; .*Labels: 'kind', 'item', 'channel', 'basket', 'colour', 'category'"
    with pytest.raises(UnknownName, match=says):
        profile(*events, trait=traits.Share("brand"))


def test_affinity_halves_with_each_half_life() -> None:
    """Tea is two half-lives older than jam: 2 * 1/4 to 1."""
    events = [buy(1, "tea"), buy(1, "tea", basket="r"), buy(21, "jam"), buy(22, "oat")]
    trait = traits.Affinity(half_life="10D")
    assert profile(*events, trait=trait) == {
        "spreads": pytest.approx(1 / 1.5),
        "drinks": pytest.approx(0.5 / 1.5),
    }
    later = profile(*events, trait=trait, as_of="2030-01-01")
    assert later == profile(*events, trait=trait)  # as time goes by all fade alike


def test_affinity_of_one_instant_is_the_share() -> None:
    events = [buy(1, "tea", basket=str(i)) for i in range(3)] + [buy(1, "jam")]
    assert profile(*events, trait=traits.Affinity("item")) == {"tea": 0.75, "jam": 0.25}
    views = [of.Event("ann", "view", "2024-03-01", item="tea")]
    assert profile(*views, trait=traits.Affinity("item")) is None
    assert profile(*views, trait=traits.Affinity("item", None)) == {"tea": 1.0}


def test_a_century_of_short_half_lives_does_not_underflow() -> None:
    old = of.Event("ann", "purchase", "1900-01-01", item="tea")
    trait = traits.Affinity("item", half_life=dt.timedelta(hours=1))
    assert profile(old, trait=trait) == {"tea": 1.0}
    assert profile(old, buy(1, "jam"), trait=trait) == {"jam": 1.0, "tea": 0.0}


def test_latest_skips_events_without_a_label() -> None:
    events = [buy(9, "oat", channel="web"), buy(3, "tea", channel="store"), buy(10, None)]
    view = of.Event("ann", "view", "2024-03-20", item="jam")
    assert profile(*events, view, trait=traits.Latest()) == "oat"
    assert profile(*events, view, trait=traits.Latest(event=None)) == "jam"
    assert profile(*events, trait=traits.Latest("category")) == "drinks"
    assert profile(*events, trait=traits.Latest("channel")) == "web"
    assert profile(buy(1, None), trait=traits.Latest()) is None
    assert profile(*events, trait=traits.Latest(), as_of="2024-03-09") == "tea"


def test_latest_keeps_people_apart() -> None:
    log = of.EventLog.from_events(
        [
            buy(1, "tea"),
            of.Event("bob", "view", "2024-03-02"),
            of.Event("cat", "purchase", "2024-03-01", item="jam"),
        ]
    )
    assert of.fold(log).table["latest"].tolist() == ["tea", None, "jam"]


def test_at_one_instant_the_latest_does_not_depend_on_delivery() -> None:
    ties = [buy(1, item) for item in ("tea", "jam", "oat")]
    one = profile(*ties, trait=traits.Latest())
    assert one in ("tea", "jam", "oat")
    assert profile(*ties[::-1], trait=traits.Latest()) == one


@pytest.mark.parametrize("half_life", ["0D", "-1D", "soon", 90, None])
def test_half_life_is_a_length_of_time(half_life: Any) -> None:
    with pytest.raises(ArgumentError, match="Affinity: half_life is"):
        traits.Affinity(half_life=half_life)


def test_settings_are_names() -> None:
    with pytest.raises(ArgumentError, match="Share: of is ''"):
        traits.Share("")
    with pytest.raises(ArgumentError, match="Latest: event is 3"):
        traits.Latest(event=3)
