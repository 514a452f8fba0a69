"""Sum, mean, min, max, first and last, worked by hand."""

import math
from typing import Any

import attrs
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, UnknownName

DAY = "2024-03-0"
AMOUNTS = (traits.Sum, traits.Mean, traits.Min, traits.Max)
ENDS = (traits.First, traits.Last)


def read(trait: traits.Trait, *events: of.Event) -> list[Any]:
    """What a trait says of each customer, sorted by id, as a table and one by one."""
    profiles = of.fold(of.EventLog.from_events(events), [trait], as_of="2035-01-01")
    column = profiles.table[trait.name].tolist()
    whole = [None if isinstance(x, float) and math.isnan(x) else x for x in column]
    assert [profile[trait.name] for profile in profiles] == whole
    return whole


def buy(who: str, time: str, **what: Any) -> of.Event:
    return of.Event(who, "purchase", time, **what)


LOG = [
    buy("ann", DAY + "1", item="tea", value=4.9, quantity=2, properties={"kg": 0.1}),
    buy("ann", DAY + "2", item="jam", value=-4.9, quantity=1, properties={"kg": 0.2}),
    buy("ann", DAY + "3", value=3.5, properties={"kg": 0.3}),
    buy("ann", DAY + "4"),
    of.Event("ann", "view", DAY + "5", item="oat", value=99, quantity=9),
    of.Event("bob", "view", DAY + "1", item="rye", value=1),
]


@pytest.mark.parametrize(
    ("trait", "ann"),
    [
        (traits.Sum(), 3.5),
        (traits.Sum("quantity"), 3),
        (traits.Sum("kg"), 0.6),  # 0.1 + 0.2 + 0.3 is 0.6000000000000001 in floats
        (traits.Mean(), 3.5 / 3),
        (traits.Mean("quantity"), 1.5),
        (traits.Min(), -4.9),
        (traits.Min("quantity"), 1),
        (traits.Max(), 4.9),
        (traits.Max("kg"), 0.3),
        (traits.First(), "tea"),
        (traits.First("value"), 4.9),
        (traits.First("kg"), 0.1),
        (traits.Last(), "jam"),
        (traits.Last("value"), 3.5),
        (traits.Last("quantity"), 1),
    ],
    ids=repr,
)
def test_by_hand(trait: traits.Trait, ann: Any) -> None:
    assert read(trait, *LOG) == [ann, None]


def test_every_kind_and_a_kind_that_never_was() -> None:
    assert read(traits.Sum(event=None), *LOG) == [102.5, 1]
    assert read(traits.Max("quantity", None), *LOG) == [9, None]
    assert read(traits.First("item", "view"), *LOG) == ["oat", "rye"]
    assert read(traits.Last("item", None), *LOG) == ["oat", "rye"]
    for make in (*AMOUNTS, *ENDS):
        assert read(make("value", "never"), *LOG) == [None, None]
        assert read(make("quantity", "never"), *LOG) == [None, None]
    assert read(traits.First("item", "never"), *LOG) == [None, None]


def test_nobody_has_a_column_without_rows() -> None:
    for make in (*AMOUNTS, *ENDS):
        assert read(make("value")) == []


def test_one_event_is_all_of_them() -> None:
    one = buy("ann", DAY + "1", value=2.5)
    assert [read(make("value"), one) for make in (*AMOUNTS, *ENDS)] == [[2.5]] * 6


def test_zero_is_an_amount() -> None:
    free = [buy("ann", DAY + "1", value=0), buy("bob", DAY + "1")]
    assert [read(make("value"), *free) for make in (*AMOUNTS, *ENDS)] == [[0, None]] * 6


def test_huge_amounts_are_exact() -> None:
    most = 9_000_000_000_000
    huge = [buy("a", DAY + d, value=v) for d, v in zip("1234", [most, most, 1, -most], strict=True)]
    huge.append(buy("b", DAY + "1", value=0.000001))
    assert read(traits.Sum(), *huge) == [most + 1, 1e-6]
    assert read(traits.Mean(), *huge) == [(most + 1) / 4, 1e-6]
    assert read(traits.Min(), *huge) == [-most, 1e-6]
    assert read(traits.Max(), *huge) == [most, 1e-6]
    assert read(traits.Sum(), *huge[:2]) == [2 * most]


def test_first_and_last_are_by_time_and_ten_years_apart() -> None:
    far = [buy("ann", "2034-03-01", value=2), buy("ann", "2024-03-01", value=1)]
    assert read(traits.First("value"), *far) == [1]
    assert read(traits.Last("value"), *far) == [2]


def test_at_one_instant_the_order_of_delivery_does_not_matter() -> None:
    tied = [buy("ann", DAY + "1", item=i, value=v) for i, v in (("tea", 1), ("jam", 2), ("rye", 3))]
    for make in ENDS:
        labels = {read(make("item"), *log)[0] for log in (tied, tied[::-1])}
        amounts = {read(make("value"), *log)[0] for log in (tied, tied[::-1])}
        assert len(labels) == len(amounts) == 1


def test_the_last_label_is_the_latest() -> None:
    latest = read(traits.Latest(), *LOG, *(attrs.evolve(e, customer="cat") for e in LOG[::-1]))
    last = read(traits.Last(), *LOG, *(attrs.evolve(e, customer="cat") for e in LOG[::-1]))
    assert last == latest


def test_an_event_at_as_of_has_not_happened() -> None:
    log = of.EventLog.from_events(LOG)
    for as_of, total in ((DAY + "3", 0), (DAY + "3 00:00:00.000001", 3.5)):
        assert of.fold(log, [traits.Sum()], as_of=as_of)["ann"]["sum"] == total


def test_money_has_a_unit_and_other_numbers_do_not() -> None:
    for make in (*AMOUNTS, *ENDS):
        assert make("value").unit == "money"
        assert make("quantity").unit == ""


def test_what_is_not_there_is_refused() -> None:
    for make in AMOUNTS:
        with pytest.raises(UnknownName, match="'channel' is no amount and no property"):
            read(make("channel"), *LOG)
        with pytest.raises(ArgumentError, match=f"{make.__name__}: of is ''"):
            make("")
        with pytest.raises(ArgumentError, match=f"{make.__name__}: event is 3"):
            make(event=3)
    for end in ENDS:
        with pytest.raises(UnknownName, match="no label 'colour'"):
            read(end("colour"), *LOG)
        with pytest.raises(ArgumentError, match=f"{end.__name__}: name is None"):
            end(name=None)
