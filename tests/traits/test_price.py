"""Price: ranks within a category, what is premium, what was paid below list."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, ColumnError, UnknownName
from onefold.testing import check_trait
from onefold.traits.price import price_ranks
from tests import oracle
from tests.case import same
from tests.cases_shopping import CASES, negative
from tests.crowded import agrees, crowded
from tests.strategies import END, ITEMS, Raw, Row, event_of, events_of, instants, raws, rows

Shelf = dict[str, tuple[str | None, Decimal | None]]  # category and price of each item

LAW = settings(max_examples=25)
PRICES = [None, *map(Decimal, ("0", "1", "2.5", "2.5", "10"))]
PAID = [None, *map(Decimal, ("-1", "0", "0.99", "1", "2", "2.48", "2.5", "4", "8", "10", "20"))]
ALL: list[traits.Trait] = [
    traits.PriceLevel(),
    traits.PriceLevel(None, name="any level"),
    traits.PremiumShare(),
    traits.PremiumShare(above=0.5, name="upper half"),
    traits.PremiumShare(above=0.75, name="upper quarter"),
    traits.DiscountShare(),
    traits.DiscountShare(None, least=0.2, name="a fifth off"),
]


@st.composite
def shelves(draw: st.DrawFn) -> Shelf:
    """What a shop has, some of it without a price or a category."""
    listed = draw(st.lists(st.sampled_from([*ITEMS, *"uvwxyz"]), unique=True))
    aisle = st.sampled_from(["drinks", "drinks", "grain", None])
    return {item: (draw(aisle), draw(st.sampled_from(PRICES))) for item in listed}


@st.composite
def bought(draw: st.DrawFn, **how: Any) -> Raw:
    """Random logs with amounts that are at, near and below the prices."""
    raw = draw(raws(clash=False, **how))
    paid: dict[Any, Any] = {}
    for row in raw.rows:  # one delivery of an event says the same as another
        paid.setdefault(_key(row), draw(st.sampled_from(PAID)))
    return attrs.evolve(raw, rows=tuple(row | {"value": paid[_key(row)]} for row in raw.rows))


def _key(row: Row) -> Any:
    return (row["customer"], row["source"], row["id"], row["time"]) if row["id"] else id(row)


def catalog_of(shelf: Shelf) -> of.Catalog:
    frame = pd.DataFrame(
        {
            "sku": pd.Series(list(shelf), dtype=object),
            "aisle": pd.Series([aisle for aisle, _ in shelf.values()], dtype=object),
            "price": [np.nan if p is None else float(p) for _, p in shelf.values()],
        }
    )
    return of.Catalog.from_frame(frame, item="sku", category="aisle", price="price")


def fold(raw: Raw, shelf: Shelf, as_of: Any = END) -> of.Profiles:
    return of.fold(raw.log(), ALL, catalog=catalog_of(shelf), as_of=as_of)


# -------------------------------------------------------------------------------- brute force


def rank(item: str | None, shelf: Shelf) -> Fraction | None:
    aisle, price = shelf.get(str(item), (None, None))
    if aisle is None or price is None:
        return None
    beside = [p for a, p in shelf.values() if a == aisle and p is not None]
    cheaper, same_price = (sum(p < price for p in beside), sum(p == price for p in beside))
    return (cheaper + Fraction(same_price, 2)) / len(beside)


def ranks(mine: Sequence[Row], shelf: Shelf) -> list[Fraction]:
    held = [rank(row["item"], shelf) for row in mine if not negative(row)]
    return [r for r in held if r is not None]


def below(mine: Sequence[Row], shelf: Shelf, least: str) -> list[bool]:
    out = []
    for row in mine:
        _, price = shelf.get(str(row["item"]), (None, None))
        if row["value"] is not None and price and not negative(row):
            pieces = Decimal(1 if row["quantity"] is None else row["quantity"])
            out.append(row["value"] <= price * pieces * (1 - Decimal(least)))
    return out


def mean(values: Sequence[Any]) -> float | None:
    return float(sum(map(Fraction, values)) / len(values)) if values else None


def expected(mine: Sequence[Row], shelf: Shelf) -> dict[str, float | None]:
    own = [row for row in mine if row["event"] == "purchase"]
    held = ranks(own, shelf)
    return {
        "price_level": mean(held),
        "any level": mean(ranks(mine, shelf)),
        "premium_share": mean([r >= Fraction(4, 5) for r in held]),
        "upper half": mean([r >= Fraction(1, 2) for r in held]),
        "upper quarter": mean([r >= Fraction(3, 4) for r in held]),
        "discount_share": mean(below(own, shelf, "0.01")),
        "a fifth off": mean(below(mine, shelf, "0.2")),
    }


def assert_same(a: of.Profiles, b: of.Profiles) -> None:
    assert list(a.ids) == list(b.ids)
    for one, other in zip(a, b, strict=True):
        for name, held in one.to_dict().items():
            assert same(held, other[name]), (one.id, name)


# --------------------------------------------------------------------------------------- laws


@LAW
@given(raw=bought(), shelf=shelves(), t=instants())
def test_brute_force_says_the_same_of_rows_and_profiles(
    raw: Raw, shelf: Shelf, t: dt.datetime
) -> None:
    profiles = fold(raw, shelf, t)
    for i, profile in enumerate(profiles):
        told = expected(oracle.events(raw, profile.id, t), shelf)
        for name, answer in told.items():
            column = profiles.table[name]
            row = None if np.isnan(column[i]) else float(column[i])
            assert same(profile[name], answer) and same(row, answer), (profile.id, name)


@LAW
@given(raw=bought(), shelf=shelves(), t=instants())
def test_at_is_fold_of_what_was_before(raw: Raw, shelf: Shelf, t: dt.datetime) -> None:
    before = of.fold(raw.log().before(t), ALL, catalog=catalog_of(shelf), as_of=t)
    assert_same(fold(raw, shelf).at(t), before)


@LAW
@given(
    raw=bought(),
    shelf=shelves(),
    more=st.lists(rows(customers=["a"], nobody=False), min_size=1, max_size=4),
)
def test_after_is_fold(raw: Raw, shelf: Shelf, more: list[Row]) -> None:
    known = fold(raw, shelf)
    profile, log = known["a"] if "a" in known else known.new("a"), raw.log()
    for row in more:
        profile, log = profile.after(event_of(row)), log + events_of([row])
    again = of.fold(log, ALL, catalog=known.catalog, as_of=profile.as_of)["a"]
    for trait in ALL:
        assert same(profile[trait.name], again[trait.name]), trait


@LAW
@given(raw=bought(ids=False), shelf=shelves(), data=st.data())
def test_order_and_merges(raw: Raw, shelf: Shelf, data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(raw.rows))
    cut = data.draw(st.integers(0, len(mixed)))
    parts = [fold(Raw(tuple(part), raw.facts), shelf) for part in (mixed[:cut], mixed[cut:])]
    assert_same(parts[0].merge(parts[1]), fold(raw, shelf))


@given(shelf=shelves())
def test_ranks_of_a_catalogue(shelf: Shelf) -> None:
    """Of all items at once, and of one alone; they average to one half in each category."""
    catalog = catalog_of(shelf)
    codes = np.arange(len(catalog), dtype=np.int32)
    found = price_ranks(catalog, codes, within="category")
    for code in codes:
        told = rank(catalog.items[int(code)], shelf)
        alone = price_ranks(catalog, codes[code : code + 1], within="category")[0]
        assert (None if np.isnan(found[code]) else found[code]) == (
            None if told is None else float(told)
        )
        np.testing.assert_equal(alone, found[code])
    for aisle in ("drinks", "grain"):
        of_aisle = found[catalog.category.decode() == aisle]
        held = of_aisle[~np.isnan(of_aisle)]
        assert not len(held) or held.mean() == pytest.approx(0.5)


@LAW
@given(raw=crowded())
def test_brute_force_of_crowded_histories(raw: Raw) -> None:
    agrees([c for c in CASES if isinstance(c.trait, traits.DiscountShare)], raw)


@pytest.mark.parametrize("trait", ALL, ids=lambda t: t.name)
def test_each_keeps_the_contract(trait: traits.Trait) -> None:
    check_trait(trait)  # the simulated shop has prices


# -------------------------------------------------------------------------------- by hand


SHELF: Shelf = {
    "1": ("tea", Decimal("1")),
    "2a": ("tea", Decimal("2")),
    "2b": ("tea", Decimal("2")),
    "9": ("tea", Decimal("9")),
    "salt": ("salt", Decimal("0.5")),
    "no price": ("tea", None),
    "no aisle": (None, Decimal("3")),
}


def read(trait: traits.Trait, *lines: tuple[str | None, Any, Any], **how: Any) -> Any:
    events = [
        of.Event("ann", "purchase", f"2024-03-{d:02d}", item=i, value=v, quantity=q, **how)
        for d, (i, v, q) in enumerate(lines, start=1)
    ]
    log = of.EventLog.from_events([of.Event("ann", "view", "2024-03-01"), *events])
    return of.fold(log, [trait], catalog=catalog_of(SHELF))["ann"][trait.name]


def test_ranks_by_hand() -> None:
    level = traits.PriceLevel()
    ranked = {"1": 1 / 8, "2a": 1 / 2, "2b": 1 / 2, "9": 7 / 8, "salt": 1 / 2}
    assert {item: read(level, (item, 1, 1)) for item in ranked} == ranked
    assert read(level, ("1", 1, 5), ("9", 9, 1)) == 1 / 2  # five pieces are one decision
    for nothing in ("no price", "no aisle", "not listed", None):
        assert read(level, (nothing, 1, 1)) is None
        assert read(level, (nothing, 1, 1), ("9", 9, 1)) == 7 / 8
    assert read(level, ("9", 9, 1), ("1", -1, 1), ("1", 1, -1)) == 7 / 8  # these went back
    assert read(level) is None


def test_premium_by_hand() -> None:
    lines = [("1", 1, 1), ("2a", 2, 1), ("9", 9, 1), ("no price", 3, 1)]
    assert read(traits.PremiumShare(), *lines) == pytest.approx(1 / 3)
    assert read(traits.PremiumShare(above=7 / 8), *lines) == pytest.approx(1 / 3)
    assert read(traits.PremiumShare(above=0.88), *lines) == 0
    assert read(traits.PremiumShare(above=0.5), *lines) == pytest.approx(2 / 3)
    assert read(traits.PremiumShare(), ("no price", 3, 1)) is None


@pytest.mark.parametrize(
    ("line", "share"),
    [
        (("9", 9, 1), 0),
        (("9", 8.92, None), 0),  # less than a hundredth off
        (("9", 8.91, None), 1),
        (("9", 17.82, 2), 1),
        (("9", 17.83, 2), 0),
        (("9", 0, 1), 1),  # free
        (("no aisle", 2, 1), 1),  # a price will do
        (("9", None, 1), None),
        (("9", 4, 0), None),
        (("9", -4, 1), None),
        (("no price", 4, 1), None),
        ((None, 4, 1), None),
    ],
)
def test_discounts_by_hand(line: Any, share: float | None) -> None:
    assert read(traits.DiscountShare(), line) == share


def test_a_discount_of_exactly_the_least_counts() -> None:
    for least in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.5, 0.7):
        paid = 9 * (1 - Decimal(str(least)))
        assert read(traits.DiscountShare(least=least), ("9", paid, 1)) == 1
        assert read(traits.DiscountShare(least=least), ("9", paid + Decimal("1e-6"), 1)) == 0


def test_discounts_that_are_stated() -> None:
    trait = traits.DiscountShare(of="off")
    off = [("1", 1, 1)]
    assert read(trait, *off, properties={"off": 0.1}) == 1
    assert read(trait, *off, properties={"off": 0}) == 0
    assert read(trait, ("1", -1, 1), properties={"off": 0.1}) is None
    with pytest.raises(ArgumentError, match="DiscountShare: of is 'off', which holds text"):
        read(trait, *off, properties={"off": "a lot"})
    with pytest.raises(UnknownName, match="no property 'off'"):
        read(trait, *off)


def test_a_property_that_nobody_has_says_nothing() -> None:
    frame = pd.DataFrame({"who": ["ann"], "at": pd.to_datetime(["2024-03-01"]), "off": [None]})
    log = of.EventLog.from_frame(
        frame, customer="who", time="at", event="purchase", properties=["off"], tz="UTC"
    )
    assert of.fold(log, [traits.DiscountShare(of="off")])["ann"]["discount_share"] is None


def test_within_another_column_of_the_catalogue() -> None:
    frame = pd.DataFrame(
        {"sku": ["can", "crate"], "aisle": "beer", "size": ["s", "l"], "price": [1, 12]}
    )
    catalog = of.Catalog.from_frame(
        frame, item="sku", category="aisle", price="price", attributes=["size"]
    )
    log = of.EventLog.from_events([of.Event("ann", "purchase", "2024-03-01", item="crate")])
    both = [traits.PriceLevel(), traits.PriceLevel(within="size", name="of its size")]
    ann = of.fold(log, both, catalog=catalog)["ann"]
    assert (ann["price_level"], ann["of its size"]) == (3 / 4, 1 / 2)
    with pytest.raises(ColumnError, match="no column 'shelf'"):
        _ = of.fold(log, [traits.PremiumShare(within="shelf")], catalog=catalog)["ann"].to_dict()


def test_without_a_catalogue_nothing_is_known() -> None:
    log = of.EventLog.from_events([of.Event("ann", "purchase", "2024-03-01", item="1", value=1)])
    assert all(of.fold(log, ALL)["ann"][trait.name] is None for trait in ALL)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: traits.PremiumShare(above=1), "PremiumShare: above is 1; it takes a number"),
        (lambda: traits.PremiumShare(above="high"), "PremiumShare: above is 'high'"),
        (lambda: traits.DiscountShare(least=0), "DiscountShare: least is 0; it takes a number"),
        (lambda: traits.DiscountShare(of=""), "DiscountShare: of is ''"),
        (lambda: traits.PriceLevel(within=3), "PriceLevel: within is 3"),
        (lambda: traits.PriceLevel(7), "PriceLevel: event is 7"),
    ],
)
def test_settings_are_checked(make: Any, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        make()
