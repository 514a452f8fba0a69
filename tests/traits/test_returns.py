"""Returns: lines and amounts sent back, in each of the ways in which they are recorded."""

from typing import Any

import pytest
from hypothesis import given, settings

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError
from tests.cases_shopping import CASES
from tests.crowded import agrees, crowded
from tests.strategies import Raw

Line = tuple[str, float | None]


def read(trait: traits.Trait, *lines: Line, quantity: float | None = None) -> Any:
    events = [
        of.Event("ann", kind, f"2024-03-{day:02d}", value=value, quantity=quantity)
        for day, (kind, value) in enumerate(lines, start=1)
    ]
    log = of.EventLog.from_events([of.Event("ann", "view", "2024-03-01", value=99), *events])
    return of.fold(log, [trait])["ann"][trait.name]


BOUGHT = [("purchase", 80.0), ("purchase", 20.0)]


@settings(max_examples=40)
@given(raw=crowded())
def test_brute_force_of_crowded_histories(raw: Raw) -> None:
    agrees([c for c in CASES if isinstance(c.trait, traits.ReturnShare)], raw)


@pytest.mark.parametrize("back", [("return", 20.0), ("return", -20.0), ("purchase", -20.0)])
def test_three_ways_to_write_a_return_say_the_same(back: Line) -> None:
    assert read(traits.ReturnShare(), *BOUGHT, back) == 0.5
    assert read(traits.ReturnShare(by="value"), *BOUGHT, back) == 0.2


def test_negative_lines_may_be_something_else() -> None:
    deposit = ("purchase", -20.0)
    assert read(traits.ReturnShare(negative=False), *BOUGHT, deposit) == 0
    both = [*BOUGHT, deposit, ("return", 20.0)]
    assert read(traits.ReturnShare(negative=False), *both) == pytest.approx(1 / 3)
    assert read(traits.ReturnShare(negative=False, by="value"), *both) == 0.25  # of 80


def test_a_negative_quantity_is_a_return_whatever_its_amount() -> None:
    assert read(traits.ReturnShare(), *BOUGHT, quantity=-1) is None  # and nothing was bought
    trait = traits.ReturnShare(by="value")
    assert read(trait, *BOUGHT, quantity=-1) is None
    assert read(trait, *BOUGHT, quantity=1) == 0


def test_missing_is_not_nothing() -> None:
    both = [traits.ReturnShare(), traits.ReturnShare(by="value")]
    for trait in both:
        assert read(trait) is None
        assert read(trait, ("return", 5.0)) is None
        assert read(trait, *BOUGHT) == 0
    by_value = both[1]
    assert read(by_value, ("purchase", None), ("return", 5.0)) is None
    assert read(by_value, ("purchase", 0.0)) is None
    assert read(by_value, *BOUGHT, ("return", None)) is None
    assert read(by_value, *BOUGHT, ("return", None), ("return", 10.0)) == 0.1
    assert read(both[0], *BOUGHT, ("return", None)) == 0.5


def test_more_may_come_back_than_was_seen() -> None:
    assert read(traits.ReturnShare(), ("purchase", 5.0), ("return", 5.0), ("return", 7.0)) == 2


def test_other_kinds_have_other_names() -> None:
    trait = traits.ReturnShare("refund", "order", name="refunds")
    assert read(trait, ("order", 5.0), ("refund", 5.0), ("return", 5.0)) == 1


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"event": None}, "ReturnShare: event is None; it takes a string"),
        ({"of": ""}, "ReturnShare: of is ''"),
        ({"of": "return"}, "of is 'return', and so is event. Give two kinds"),
        ({"by": "price"}, "ReturnShare: by is 'price'; allowed: 'events', 'value'"),
        ({"negative": 1}, "ReturnShare: negative is a int; it takes bool"),
    ],
)
def test_settings_are_checked(how: dict[str, Any], says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        traits.ReturnShare(**how)
