"""History: whose events are whose, up to when, and what labels them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.errors import UnknownName
from onefold.ledger import Ledger
from onefold.traits import History

CATALOG = of.Catalog.from_frame(
    pd.DataFrame({"sku": ["tea", "jam"], "aisle": ["drinks", None], "brand": ["x", "y"]}),
    item="sku",
    category="aisle",
    attributes=["brand"],
)
RED = {"colour": "red", "size": 1.5}
LOG = of.EventLog.from_events(
    [
        of.Event("ann", "view", "2024-03-01", item="tea", channel="web", properties=RED),
        of.Event("ann", "purchase", "2024-03-02", item="jam", value=3.5, quantity=2, basket="r"),
        of.Event("bob", "purchase", "2024-03-03", item="tea", zone="Asia/Tokyo"),
        of.Event("cat", "view", "2024-03-04"),
    ]
) + of.EventLog.from_facts(
    pd.DataFrame({"who": ["ann", "bob"], "region": ["north", None], "children": [None, 2]}),
    customer="who",
    time="2024-03-02",
    facts=["region", "children"],
)
HISTORY = of.fold(LOG, catalog=CATALOG).history


def said(history: History) -> list[list[str | None]]:
    """The items of each row."""
    items = history.items.decode(history.item)
    return [list(part) for part in np.split(items, history.offsets[1:-1])]


def before(people: list[int], moments: list[str], log: of.EventLog = LOG) -> History:
    return History.before(
        Ledger.from_log(log), np.array(people), moments=np.array(moments, dtype="datetime64[us]")
    )


def test_columns_row_by_row() -> None:
    assert len(HISTORY) == 3
    assert HISTORY.offsets.tolist() == [0, 2, 3, 4]
    assert HISTORY.counts.tolist() == [2, 1, 1]
    assert HISTORY.row.tolist() == [0, 0, 1, 2]
    assert said(HISTORY) == [["tea", "jam"], ["tea"], [None]]
    assert HISTORY.kinds.decode(HISTORY.kind).tolist() == ["view", "purchase", "purchase", "view"]
    assert HISTORY.channels.decode(HISTORY.channel).tolist() == ["web", None, None, None]
    assert HISTORY.baskets.decode(HISTORY.basket).tolist() == [None, "r", None, None]
    none = HISTORY.missing_value
    assert HISTORY.value.tolist() == [none, 3_500_000, none, none]
    np.testing.assert_array_equal(HISTORY.quantity, [np.nan, 2, np.nan, np.nan])
    assert HISTORY.local[2] == 9 * 3600
    assert HISTORY.local[0] == -(2**31)
    assert HISTORY.time[0] == np.datetime64("2024-03-01")


def test_rows_are_people_as_of_moments() -> None:
    """One person may have several rows; -1 is nobody; the moment itself is excluded."""
    table = before([0, 0, 1, -1], ["2024-03-02", "2024-03-03", "2024-03-03", "2024-03-09"])
    assert table.counts.tolist() == [1, 2, 0, 0]
    assert said(table) == [["tea"], ["tea", "jam"], [], []]
    words, _ = table.fact("region")  # stated on the second
    assert words.tolist() == [None, "north", None, None]
    assert table.facts == ("children", "region")
    _, number = table.fact("children")
    np.testing.assert_array_equal(number, [np.nan, np.nan, 2, np.nan])
    assert before([-1], ["2024-03-09"], of.EventLog.from_events([])).counts.tolist() == [0]


def test_between_takes_rows() -> None:
    some = HISTORY.between(1, 3)
    assert said(some) == [["tea"], [None]]
    assert some.row.tolist() == [0, 1]
    assert some.facts == ("children",)
    again = before([0, 1, 0], ["2024-03-09"] * 3).between(1, 3).between(1, 2)
    assert said(again) == [["tea", "jam"]]
    assert len(HISTORY.between(2, 2)) == 0


def test_where_keeps_rows_and_facts_and_only_one_kind() -> None:
    bought = HISTORY.where("purchase")
    assert said(bought) == [["jam"], ["tea"], []]
    assert bought.fact("region")[0].tolist() == ["north", None, None]
    assert HISTORY.where("purchase") is bought
    assert HISTORY.where(None) is HISTORY
    assert HISTORY.where("never").counts.tolist() == [0, 0, 0]
    assert bought.where("view").counts.tolist() == [0, 0, 0]
    assert bought.where("purchase") is bought
    assert before([0], ["2024-03-09"]).where("purchase").time[0] == np.datetime64("2024-03-02")


@pytest.mark.parametrize(
    ("baskets", "times", "visits"),
    [
        ("--", "12", [0, 1]),
        ("--", "11", [0, 0]),
        ("rr", "12", [0, 0]),
        ("rs", "11", [0, 1]),
        ("r-r", "123", [0, 1, 0]),
        ("rsrs", "1234", [0, 1, 0, 1]),
        ("-r-", "123", [0, 1, 2]),
    ],
)
def test_visits_are_baskets_or_instants(baskets: str, times: str, visits: list[int]) -> None:
    log = of.EventLog.from_events(
        of.Event(who, "purchase", f"2024-01-0{time}", basket=None if basket == "-" else basket)
        for who in ("ann", "bob")
        for basket, time in zip(baskets, times, strict=True)
    )
    found, offsets = of.fold(log).history.visits
    one = max(visits) + 1
    assert sorted(found[: len(visits)].tolist()) == sorted(visits)
    if len(set(times)) == len(times):  # else the order is that of the contents
        assert found.tolist() == visits + [visit + one for visit in visits]
    assert offsets.tolist() == [0, one, 2 * one]


def test_words_label_events() -> None:
    def words(of: str) -> list[str | None]:
        return HISTORY.words(of).decode().tolist()

    assert words("kind") == ["view", "purchase", "purchase", "view"]
    assert words("basket") == [None, "r", None, None]
    assert words("colour") == ["red", None, None, None]
    assert words("category") == ["drinks", None, "drinks", None]
    assert words("brand") == ["x", "y", "x", None]
    assert HISTORY.words("brand") is HISTORY.words("brand")


def test_an_unknown_label_is_offered_all_there_are() -> None:
    labels = "'kind', 'item', 'channel', 'basket', 'colour', 'category', 'text', 'brand'"
    with pytest.raises(UnknownName, match=f"no label 'chanel'; .*Labels: {labels}.*'channel'"):
        HISTORY.words("chanel")
    for label in labels.replace("'", "").split(", "):
        assert len(HISTORY.words(label)) == 4


def test_without_a_catalogue_there_are_no_categories() -> None:
    bare = of.fold(LOG).history
    assert bare.words("category").decode().tolist() == [None] * 4
    with pytest.raises(
        UnknownName, match=r"no label 'brand'; there is no catalogue.*'basket', 'colour'"
    ):
        bare.words("brand")


def test_further_columns() -> None:
    assert HISTORY.properties == ("colour", "size")
    np.testing.assert_array_equal(HISTORY.extra("size"), [1.5, np.nan, np.nan, np.nan])
    part = before([1, 0], ["2024-03-09"] * 2)
    np.testing.assert_array_equal(part.extra("size"), [np.nan, 1.5, np.nan])
    colour: Any = part.extra("colour")
    assert colour.decode().tolist() == [None, "red", None]
    with pytest.raises(UnknownName, match=r"no property 'color'. .* Did you mean 'colour'"):
        HISTORY.extra("color")
    with pytest.raises(UnknownName, match="'size' holds numbers"):
        HISTORY.words("size")


def test_the_latest_fact_and_one_that_nobody_knows() -> None:
    words, number = HISTORY.fact("region")
    assert words.tolist() == ["north", None, None]
    assert np.isnan(number).all()
    words, number = HISTORY.fact("shoe size")
    assert words.tolist() == [None] * 3
    assert np.isnan(number).all()
