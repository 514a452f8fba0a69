"""Recent: the last n labels, each once or as often as it came, and what is made of them."""

import itertools
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, UnknownName
from tests.cases_shopping import CASES
from tests.crowded import agrees, crowded
from tests.strategies import Raw


def buys(who: str, *items: str | None, kind: str = "purchase") -> list[of.Event]:
    days = enumerate(items, start=1)
    return [of.Event(who, kind, f"2024-03-{day:02d}", item=item) for day, item in days]


LOG = of.EventLog.from_events(
    [
        *buys("ann", "oat", "tea", "jam", None, "tea"),
        *buys("bob", "jam"),
        of.Event("cat", "view", "2024-03-01", item="tea"),
    ]
)


def read(*items: str | None, trait: traits.Trait) -> Any:
    return of.fold(of.EventLog.from_events(buys("ann", *items)), [trait])["ann"][trait.name]


@settings(max_examples=40)
@given(raw=crowded())
def test_brute_force_of_crowded_histories(raw: Raw) -> None:
    agrees([c for c in CASES if isinstance(c.trait, traits.LastItems)], raw)


def test_the_latest_comes_first_and_each_once() -> None:
    three = {"1": "tea", "2": "jam", "3": "oat"}
    assert read("oat", "tea", "jam", None, "tea", trait=traits.LastItems(3)) == three
    assert read("oat", "tea", "jam", None, "tea", trait=traits.LastItems(2)) == {
        "1": "tea",
        "2": "jam",
    }
    often = traits.LastItems(4, distinct=False)
    assert list(read("oat", "tea", "jam", None, "tea", trait=often).values()) == [
        "tea",
        "jam",
        "tea",
        "oat",
    ]
    assert list(read("tea", trait=traits.LastItems()).values()) == ["tea", *[None] * 4]
    assert list(read(None, trait=traits.LastItems(2)).values()) == [None, None]


def test_the_first_is_the_latest_also_of_one_instant() -> None:
    for items in itertools.permutations(["tea", "jam", "oat"]):
        log = of.EventLog.from_events(
            [of.Event("ann", "purchase", "2024-03-01", item=item) for item in items]
        )
        ann = of.fold(log, [traits.LastItems(3), traits.Latest()])["ann"]
        assert ann["last_items"]["1"] == ann["latest"]
        assert sorted(ann["last_items"].values()) == ["jam", "oat", "tea"]


def test_other_labels_and_kinds() -> None:
    events = [*buys("ann", "tea"), *buys("ann", "oat", "jam", kind="view")]
    log = of.EventLog.from_events(events)
    two = [traits.LastItems(2, event=None), traits.LastItems(2, "kind", event=None, name="kinds")]
    ann = of.fold(log, two)["ann"]
    assert ann["last_items"]["1"] == "jam"
    assert set(ann["kinds"].values()) == {"view", "purchase"}


# ------------------------------------------------- what is made of a trait with k texts


def test_in_tables(tmp_path: Path) -> None:
    profiles = of.fold(LOG, [traits.LastItems(2)])
    assert profiles.table.labels("last_items") == ["1", "2"]
    assert profiles.table.column("last_items", "2").tolist() == ["jam", None, None]
    assert profiles.table["last_items"].shape == (3, 2)
    with pytest.raises(UnknownName, match=r"no label '3'\. Labels: '1', '2'"):
        profiles.table.column("last_items", "3")
    frame = profiles.to_pandas()
    assert list(frame.columns) == ["last_items: 1", "last_items: 2"]
    assert frame.loc["ann"].tolist() == ["tea", "jam"]
    asked = pd.DataFrame(
        {"customer": ["ann", "ann", "dan"], "time": pd.to_datetime(["2024-03-03"] * 3)}
    )
    past = profiles.at(asked, tz="UTC")
    assert past["last_items: 1"].tolist()[:2] == ["tea", "tea"]
    assert past["last_items: 1"].isna().tolist() == [False, False, True]
    assert list(profiles.at(asked, tz="UTC", labels={"last_items": ["2"]}).columns[2:]) == [
        "last_items: 2"
    ]
    of.save(profiles, tmp_path / "kept")
    again = of.load(tmp_path / "kept")
    assert again == profiles
    assert again["ann"]["last_items"] == {"1": "tea", "2": "jam"}


def test_in_conditions_and_segments() -> None:
    profiles = of.fold(LOG, [traits.LastItems(2)])
    tea = of.trait("last_items", "1") == "tea"
    assert [profile.id for profile in profiles.select(tea)] == ["ann"]
    assert [tea.of(profile) for profile in profiles] == [True, False, None]
    known = of.trait("last_items", "2").known()
    assert [profile.id for profile in profiles.select(known)] == ["ann"]
    by = of.segment(profiles, of.By("last_items", "1"))
    assert by.assignment.by_customer() == {"ann": "tea", "bob": "jam", "cat": None}


def test_in_personas() -> None:
    """No claim is made of them, and they are in nobody's way."""
    sim = of.datasets.simulate(80, days=90, items=10, rng=1)
    with_list = (*traits.TRAITS, traits.LastItems(2), traits.LastItems(1, "kind", name="kinds"))
    told = [
        of.portray(of.segment(of.fold(sim.log, held, catalog=sim.catalog), of.RFM(bins=2)))
        for held in (traits.TRAITS, with_list)
    ]
    assert told[0].names == told[1].names
    assert all(told[0][name].claims == told[1][name].claims for name in told[0].names)


def test_in_what_is_shown() -> None:
    profiles = of.fold(LOG, [traits.LastItems(2)])
    for shown in (*profiles, profiles):
        assert "last_items" in repr(shown) and "last_items" in shown._repr_html_()


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"n": 0}, "LastItems: n is 0; it takes a whole number, 1 to 1000"),
        ({"n": 2.5}, "LastItems: n is 2.5"),
        ({"of": None}, "LastItems: of is None"),
        ({"event": ""}, "LastItems: event is ''"),
        ({"distinct": "yes"}, "LastItems: distinct is a str; it takes bool"),
    ],
)
def test_settings_are_checked(how: dict[str, Any], says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        traits.LastItems(**how)
