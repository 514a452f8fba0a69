"""Conversion: views that became purchases, and those that did not."""

from typing import Any

import pytest
from hypothesis import given, settings

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError
from tests.cases_shopping import CASES
from tests.crowded import agrees, crowded
from tests.strategies import Raw

Step = tuple[str, str, str | None]  # clock, kind, item
TWO = (traits.Conversion, traits.ViewedNotBought)


def read(trait: traits.Trait, *steps: Step, basket: str | None = None) -> Any:
    events = [
        of.Event("ann", kind, f"2024-03-01 {clock}", item=item, basket=basket)
        for clock, kind, item in steps
    ]
    log = of.EventLog.from_events([of.Event("ann", "click", "2024-03-01"), *events])
    return of.fold(log, [trait], as_of="2025-01-01")["ann"][trait.name]


TEA, JAM = ("09:00", "view", "tea"), ("09:30", "view", "jam")


@settings(max_examples=60)
@given(raw=crowded())
def test_brute_force_of_crowded_histories(raw: Raw) -> None:
    agrees([c for c in CASES if isinstance(c.trait, TWO)], raw)


@pytest.mark.parametrize(
    ("clock", "within", "share"),
    [
        ("08:59:59.999999", None, 0),
        ("09:00", None, 0.5),  # at the same instant is after
        ("23:00", None, 0.5),
        ("09:00", "1h", 0.5),
        ("09:59:59.999999", "1h", 0.5),
        ("10:00", "1h", 0),  # the end is not in it
        ("10:00", "61min", 0.5),
    ],
)
def test_conversion_at_the_edges(clock: str, within: str | None, share: float) -> None:
    trait = traits.Conversion(within=within)
    assert read(trait, TEA, JAM, (clock, "purchase", "tea")) == share


def test_conversion_counts_items_once() -> None:
    trait = traits.Conversion()
    again = ("12:00", "view", "tea")
    assert read(trait, TEA, JAM, again, ("13:00", "purchase", "tea")) == 0.5
    assert read(trait, TEA, ("13:00", "purchase", "tea"), again) == 1  # once is enough
    assert read(trait, TEA, ("13:00", "purchase", "oat")) == 0
    assert read(trait, ("13:00", "purchase", "tea")) is None
    assert read(trait, ("09:00", "view", None), ("13:00", "purchase", None)) is None


def test_within_counts_from_any_start() -> None:
    trait = traits.Conversion(within="1h")
    bought = ("12:30", "purchase", "tea")
    assert read(trait, TEA, bought) == 0
    assert read(trait, TEA, ("12:00", "view", "tea"), bought) == 1


def test_conversion_by_visit() -> None:
    trait = traits.Conversion(by="visit")
    order = [("09:00", "purchase", "oat"), TEA]
    assert read(trait, TEA, JAM, ("13:00", "purchase", "oat"), basket="b") == 1
    assert read(trait, TEA, JAM, ("13:00", "purchase", "oat")) == 0  # no basket: three visits
    assert read(trait, *order, JAM) == 0.5  # one instant is one visit
    assert read(trait, ("13:00", "purchase", "oat"), basket="b") is None
    log = [
        of.Event("ann", kind, f"2024-03-0{day}", basket=basket)
        for day, kind, basket in ((1, "view", "x"), (2, "view", "y"), (3, "purchase", "x"))
    ]
    assert of.fold(of.EventLog.from_events(log), [trait])["ann"]["conversion"] == 0.5


def test_what_was_viewed_and_not_bought_since() -> None:
    trait = traits.ViewedNotBought()
    bought = ("10:00", "purchase", "tea")
    assert read(trait, TEA, JAM, ("09:40", "view", "jam")) == {"jam": 2, "tea": 1}
    assert read(trait, TEA, bought, JAM) == {"jam": 1}
    assert read(trait, TEA, bought, ("10:00:00.000001", "view", "tea")) == {"tea": 1}
    assert read(trait, TEA, bought, ("10:00", "view", "tea")) == {}
    assert read(trait, bought) is None
    assert read(trait, ("09:00", "view", None)) is None


def test_rows_keep_apart() -> None:
    steps = [("ann", "view"), ("bob", "purchase"), ("cat", "view"), ("cat", "purchase")]
    log = of.EventLog.from_events(
        [of.Event(who, kind, f"2024-03-0{d}", item="tea") for d, (who, kind) in enumerate(steps, 1)]
    )
    profiles = of.fold(log, [traits.Conversion(), traits.ViewedNotBought()])
    shares, left = profiles.table["conversion"], profiles.table.wide("viewed_not_bought")
    assert shares.tolist() == [0, pytest.approx(float("nan"), nan_ok=True), 1]
    assert [left.row(i) for i in range(3)] == [{"tea": 1}, {}, {}]
    assert left.known.tolist() == [True, False, True]
    assert [p.id for p in profiles.select(of.trait("viewed_not_bought", "tea") >= 1)] == ["ann"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: traits.Conversion("a", "a"), "Conversion: to is 'a', and so is start"),
        (lambda: traits.Conversion(None), "Conversion: start is None"),
        (lambda: traits.Conversion(within=7), "Conversion: within is 7, which is not a length"),
        (lambda: traits.Conversion(by="day"), "Conversion: by is 'day'; allowed: 'item', 'visit'"),
        (lambda: traits.Conversion(by="visit", within="1h"), "within is given, and by is 'visit'"),
        (lambda: traits.ViewedNotBought(buy="view"), "ViewedNotBought: buy is 'view', and so is"),
        (lambda: traits.ViewedNotBought(""), "ViewedNotBought: view is ''"),
    ],
)
def test_settings_are_checked(make: Any, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        make()
