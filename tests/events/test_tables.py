"""The two tables of a log: which of several deliveries stays, and what orders ties."""

import numpy as np
import pytest

import onefold as of
from onefold._columns import Coded, Columns
from onefold._random import hash64, mix64
from onefold._types import NO_MONEY
from onefold._vocab import Vocab
from onefold.errors import ArgumentError
from onefold.events import tables


def events(*rows: of.Event) -> Columns:
    return of.EventLog.from_events(rows).events


def one(who: str, day: int, id: str | None = "1", **more: object) -> of.Event:
    return of.Event(who, "buy", f"2024-01-{day:02d}", id=id, **more)  # type: ignore[arg-type]


def test_first_deliveries_keeps_the_earliest_in_its_place() -> None:
    late, other, early, again = one("a", 3), one("b", 1), one("a", 1), one("a", 1)
    assert tables.first_deliveries(events(late, other, early, again)).tolist() == [1, 2]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [one("a", 1), one("a", 1, id="2"), one("b", 1), one("a", 1, source="till")],
        [one("a", 1, id=None)] * 3,
    ],
    ids=["none", "other ids", "no ids"],
)
def test_first_deliveries_keeps_what_is_not_known_to_be_one(rows: list[of.Event]) -> None:
    assert tables.first_deliveries(events(*rows)).tolist() == list(range(len(rows)))


def test_ties_are_ordered_by_id_or_contents_alone() -> None:
    """Another customer, or another instant, gives the same keys."""
    here = tables.tie_keys(events(one("a", 1), one("a", 1, id=None, item="tea")))
    there = tables.tie_keys(events(one("z", 9), one("z", 9, id=None, item="tea")))
    assert here.tolist() == there.tolist()
    assert here[0] == mix64(np.zeros(1, np.uint64), hash64(["1"]))[0]  # no source
    jam = tables.tie_keys(events(one("a", 1, item="jam"), one("a", 1, id=None, item="jam")))
    assert jam[0] == here[0]  # the id decides, whatever it holds
    assert jam[1] != here[1]


def test_repeats_compares_with_the_row_before() -> None:
    who, time = np.array([1, 1, 1, 2]), np.array([5, 5, 6, 6])
    assert tables.repeats(who, time).tolist() == [False, True, False, False]
    assert tables.repeats(who).tolist() == [False, True, True, False]
    assert tables.repeats(who[:0]).tolist() == []


def test_one_currency() -> None:
    assert tables.same_currency("EUR", "EUR", "call") == "EUR"
    assert tables.same_currency(None, "EUR", "call") == "EUR"
    assert tables.same_currency("EUR", None, "call") == "EUR"
    assert tables.same_currency(None, None, "call") is None
    with pytest.raises(ArgumentError, match="call: one side is in 'EUR', the other in 'USD'"):
        tables.same_currency("EUR", "USD", "call")


def test_keys_are_of_source_and_id_and_none_without_an_id() -> None:
    told = np.array([True, False])
    plain = tables.keyed({"n": np.arange(2)}, (hash64(["1", "2"]), told), None)
    assert plain.array("has_id").tolist() == [True, False]
    assert plain.array("key")[1] == 0
    vocab = Vocab.of(["till"])
    till = Coded(np.array([0, -1], dtype=np.int32), vocab)
    sourced = tables.keyed({"n": np.arange(2)}, (hash64(["1", "1"]), told | True), till)
    assert sourced.array("key")[0] != plain.array("key")[0]
    assert sourced.array("key")[1] == plain.array("key")[0]  # the same id without a source
    assert not tables.keyed({"n": np.arange(2)}, None, None).array("has_id").any()


def test_hashes_of_a_column() -> None:
    column = Coded(np.array([1, -1, 0, 1], dtype=np.int32), Vocab.of(["jam", "tea"]))
    jam, tea = hash64(["jam", "tea"]).tolist()
    assert tables.hashed(column, 4).tolist() == [tea, 0, jam, tea]
    assert tables.hashed(column.take([2, 0]), 2).tolist() == [jam, tea]
    assert tables.hashed(None, 2).tolist() == [0, 0]


def test_empty_tables_have_the_columns_of_full_ones() -> None:
    held = one("a", 1, value=1, item="tea", channel="web", quantity=1, basket="b", zone="UTC")
    full = events(held)
    assert set(tables.no_events().data) == set(full.data)
    assert tables.no_events().above(full).equals(full)
    assert len(tables.no_facts()) == 0
    assert tables.nothing(2).decode().tolist() == [None, None]
    assert tables.no_money(2).tolist() == [NO_MONEY, NO_MONEY]
