"""The most frequent label, and its ties, worked by hand; devices and platforms."""

import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, UnknownName


def read(trait: traits.Trait, *events: of.Event) -> list[str | None]:
    """What a trait says of each customer, sorted by id, as a table and one by one."""
    profiles = of.fold(of.EventLog.from_events(events), [trait], as_of="2025-01-01")
    column: list[str | None] = profiles.table[trait.name].tolist()
    assert [profile[trait.name] for profile in profiles] == column
    return column


def views(who: str, *items: str | None, same: bool = False) -> list[of.Event]:
    """One a day, or all at one instant."""
    return [
        of.Event(who, "view", f"2024-03-{1 if same else i:02d}", item=item)
        for i, item in enumerate(items, start=1)
    ]


@pytest.mark.parametrize(
    ("items", "best"),
    [
        (["tea"], "tea"),
        (["tea", "tea", "jam"], "tea"),
        (["tea", "jam"], "jam"),  # a tie: the later
        (["jam", "tea"], "tea"),
        (["tea", "jam", "jam", "tea", "rye"], "tea"),  # two each: tea came last
        ([None, None, "rye"], "rye"),
        ([None], None),
    ],
)
def test_most_events_then_the_latest(items: list[str | None], best: str | None) -> None:
    assert read(traits.MostFrequent(), *views("ann", *items)) == [best]


def test_at_one_instant_the_first_in_the_alphabet() -> None:
    assert read(traits.MostFrequent(), *views("ann", "tea", "jam", "rye", same=True)) == ["jam"]
    assert read(traits.MostFrequent(), *views("ann", "rye", "Rye", same=True)) == ["Rye"]


def test_customers_are_apart_and_nobody_is_nobody() -> None:
    log = [*views("ann", "tea", "tea", "jam"), *views("bob", "jam"), *views("cat", None)]
    assert read(traits.MostFrequent(), *log) == ["tea", "jam", None]
    assert read(traits.MostFrequent(event="purchase"), *log) == [None, None, None]
    assert read(traits.MostFrequent()) == []


def test_of_ten_years_the_most_counts_and_not_the_newest() -> None:
    old = [of.Event("ann", "view", f"2014-0{m}-01", item="tea") for m in (1, 2)]
    assert read(traits.MostFrequent(), *old, of.Event("ann", "view", "2024-01-01", item="jam")) == [
        "tea"
    ]


def test_device_and_platform_are_text_properties() -> None:
    used = {
        "ann": [("phone", "ios"), ("laptop", "mac"), ("phone", "ios")],
        "bob": [("tv", "tizen")],
    }
    log = [
        of.Event(who, "view", f"2024-03-0{i}", properties={"device": device, "platform": platform})
        for who, uses in used.items()
        for i, (device, platform) in enumerate(uses, start=1)
    ]
    log.append(of.Event("cat", "view", "2024-03-01"))
    assert read(traits.MostFrequent("device"), *log) == ["phone", "tv", None]
    shares = of.fold(of.EventLog.from_events(log), [traits.Share("platform", name="platforms")])
    assert shares["ann"]["platforms"] == {"ios": 2 / 3, "mac": 1 / 3}
    assert shares["cat"]["platforms"] is None


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownName, match="no label 'devise'"):
        read(traits.MostFrequent("devise"), *views("ann", "tea"))
    with pytest.raises(ArgumentError, match="MostFrequent: of"):
        traits.MostFrequent("")
