"""Everybody's profiles: five events of three people and two facts, worked by hand.

ann   buys tea and jam on one receipt (8.40), then tea a week later (5.00)
bob   buys jam (3.50) once, and lives in the north
cat   looked at tea, and has 2 children
"""

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold._types import NO_MONEY
from onefold.errors import ArgumentError, OnefoldError, UnknownCustomer, UnknownName

EVENTS = [
    of.Event("ann", "purchase", "2024-03-01", item="tea", value=4.9, basket="r1", channel="web"),
    of.Event("ann", "purchase", "2024-03-01", item="jam", value=3.5, basket="r1", channel="web"),
    of.Event("ann", "purchase", "2024-03-08", item="tea", value=5, id="e3", channel="store"),
    of.Event("bob", "purchase", "2024-03-05", item="jam", value=3.5, channel="store"),
    of.Event("cat", "view", "2024-03-06", item="tea"),
]
FACTS = of.EventLog.from_facts(
    pd.DataFrame({"who": ["bob", "cat"], "region": ["north", None], "children": [None, 2]}),
    customer="who",
    time="2024-03-01",
    facts=["region", "children"],
)
LOG = of.EventLog.from_events(EVENTS) + FACTS
END = "2024-03-10"
PLAIN: list[traits.Trait] = [traits.Frequency(), traits.Monetary(), traits.Latest()]
PROFILES = of.fold(LOG, [*PLAIN, traits.Share(name="channels")], as_of=END)


def lines(profiles: of.Profiles) -> dict[str, list[str]]:
    """The rows of what is printed, by trait."""
    rows = [line.split("  ") for line in repr(profiles).splitlines()]
    return {cells[0]: [c.strip() for c in cells[1:] if c.strip()] for cells in rows if cells[0]}


# ------------------------------------------------------------------------ what is shown


def test_repr_sums_up_each_trait() -> None:
    shown = repr(PROFILES).splitlines()
    assert shown[0] == "Profiles(3 customers, as of 2024-03-10 UTC)"
    rows = lines(PROFILES)
    assert rows["frequency"] == ["100%", "0", "0.500", "1", "1.50", "2", "███"]  # of 0, 1, 2
    assert rows["monetary"][:6] == ["66.7%", "3.50", "5.97", "8.45", "10.9", "13.4"]
    assert rows["latest"] == ["66.7%", "2", "tea 50.0%, jam 50.0%"]
    assert rows["channels"] == ["66.7%", "2", "store 66.7%, web 33.3%"]  # (1/3 + 1) / 2 and 1/3
    assert rows["children"] == ["33.3%", "2", "2", "2", "2", "2", "█"]
    assert rows["region"] == ["33.3%", "1", "north 100%"]


def test_repr_has_units_and_the_currency() -> None:
    frame = pd.DataFrame({"who": ["a"], "at": pd.to_datetime(["2024-01-01"]), "paid": [2.5]})
    log = of.EventLog.from_frame(
        frame, customer="who", time="at", event="purchase", value="paid", currency="EUR", tz="UTC"
    )
    assert {"monetary, EUR", "recency, days", "frequency"} <= set(lines(of.fold(log)))


def test_html_is_escaped_and_says_of_whom_and_when() -> None:
    html = PROFILES._repr_html_()
    assert "3 customers</h3>" in html and "as of 2024-03-10 UTC" in html
    evil = of.EventLog.from_events([of.Event("a", "purchase", "2024-01-01", item="<i>")])
    assert "<i>" not in of.fold(evil, [traits.Latest()])._repr_html_()


def test_of_nobody_there_is_no_data() -> None:
    nobody = PROFILES.select([])
    assert len(nobody) == 0
    assert list(nobody) == []
    assert repr(nobody).startswith("Profiles(0 customers")
    assert repr(nobody).endswith("no events\n\nno data: frequency, monetary, latest, channels")
    assert nobody.to_pandas().shape[0] == 0


# ------------------------------------------------------------------------ one, some, groups


def test_reading_one_by_id() -> None:
    assert list(PROFILES.ids) == ["ann", "bob", "cat"]
    assert [profile.id for profile in PROFILES] == ["ann", "bob", "cat"]
    assert PROFILES["ann"].to_dict() == {
        "frequency": 2.0,
        "monetary": 13.4,
        "latest": "tea",
        "channels": {"web": pytest.approx(2 / 3), "store": pytest.approx(1 / 3)},
    }
    assert PROFILES["ann"]["region"] is None  # known of others
    assert PROFILES["cat"]["children"] == 2
    assert "bob" in PROFILES
    assert "zoe" not in PROFILES
    with pytest.raises(UnknownCustomer, match=r"no customer 'bobb' among 3. Did you mean 'bob'"):
        PROFILES["bobb"]


def test_numbers_are_ids_too() -> None:
    profiles = of.fold(of.EventLog.from_events([of.Event(7, "view", "2024-01-01")]))
    assert 7 in profiles
    assert profiles[7] == profiles["7"]
    assert list(profiles.select([7]).ids) == ["7"]


@pytest.mark.parametrize(
    "who",
    [["bob", "ann"], ("ann", "bob", "ann"), {"bob": 1, "ann": 2}, np.array(["ann", "bob"])],
    ids=["list", "twice", "mapping", "array"],
)
def test_select_by_ids_is_sorted_and_each_once(who: Any) -> None:
    some = PROFILES.select(who)
    assert list(some.ids) == ["ann", "bob"]
    assert some["ann"] == PROFILES["ann"]
    assert some.as_of == PROFILES.as_of


def test_select_by_a_series_of_ids() -> None:
    """A Series has a method named `mask`, as a condition has."""
    assert list(PROFILES.select(pd.Series(["cat", "ann"])).ids) == ["ann", "cat"]


def test_select_by_condition_takes_only_those_for_whom_it_holds() -> None:
    assert list(PROFILES.select(of.trait("monetary") > 5).ids) == ["ann"]
    assert list(PROFILES.select(~(of.trait("monetary") > 5)).ids) == ["bob"]  # cat: unknown
    assert list(PROFILES.select(of.trait("channels", "web") == 0).ids) == ["bob"]
    north = PROFILES.select(of.trait("region") == "north")
    assert list(north.ids) == ["bob"]
    assert list(north.select(of.trait("children") == 2).ids) == []  # of nobody here, still a fact
    with pytest.raises(UnknownName, match="'monetry'"):
        PROFILES.select(of.trait("monetry") > 5)


def test_combine_is_as_if_all_were_one() -> None:
    pair = PROFILES.combine({"ann": "pair", "bob": "pair", "zoe": "ghost"})
    assert list(pair.ids) == ["pair"]
    assert pair["pair"]["frequency"] == 3
    assert pair["pair"]["monetary"] == 16.9
    assert pair["pair"]["channels"] == {"store": 0.5, "web": 0.5}
    assert "region" not in pair.table.names  # a group lives nowhere
    assert pair.as_of == PROFILES.as_of


@pytest.mark.parametrize("unknown", [None, float("nan"), pd.NA, np.nan])
def test_combine_leaves_out_whose_group_is_not_known(unknown: Any) -> None:
    assert list(PROFILES.combine({"ann": "x", "bob": unknown}).ids) == ["x"]


def test_combine_takes_an_assignment() -> None:
    found = of.segment(PROFILES, of.Rules({"north": of.trait("region") == "north"}))
    groups = PROFILES.combine(found.assignment)
    assert groups["north"]["monetary"] == 3.5


# ------------------------------------------------------------------------ more, merged, as of


def test_update_moves_as_of_past_what_came() -> None:
    late = of.EventLog.from_events([of.Event("bob", "purchase", "2024-03-02", value=1.5)])
    assert PROFILES.update(late).as_of == PROFILES.as_of
    assert PROFILES.update(late)["bob"]["monetary"] == 5.0
    assert PROFILES["bob"]["monetary"] == 3.5  # a value: what was is as it was
    new = of.EventLog.from_events([of.Event("zoe", "purchase", "2024-03-20", value=1)])
    later = PROFILES.update(new)
    assert later.as_of == np.datetime64("2024-03-20T00:00:00.000001")
    assert list(later.ids) == ["ann", "bob", "cat", "zoe"]
    before = PROFILES.update(new, as_of="2024-03-20")  # as_of itself is excluded
    assert "zoe" not in before
    assert before.as_of == np.datetime64("2024-03-20")
    again = of.EventLog.from_events([EVENTS[2]])
    assert PROFILES.update(again) == PROFILES  # it has an id


def test_merge_takes_the_later_as_of_and_the_catalogue() -> None:
    aisle = of.Catalog.from_frame(
        pd.DataFrame({"sku": ["tea"], "aisle": ["drinks"]}), item="sku", category="aisle"
    )
    ann = of.fold(of.EventLog.from_events(EVENTS[:2]), catalog=aisle, as_of="2024-03-02")
    rest = of.fold(of.EventLog.from_events(EVENTS[2:]), as_of=END)
    for both in (ann.merge(rest), rest.merge(ann)):
        assert both.as_of == np.datetime64(END)
        assert both["ann"]["categories"] == {"drinks": 1.0}  # jam is in no aisle
        assert both["ann"]["frequency"] == 2
    other = of.Catalog.from_frame(pd.DataFrame({"sku": ["tea"]}), item="sku")
    with pytest.raises(ArgumentError, match="different catalogues"):
        ann.merge(of.fold(of.EventLog.from_events(EVENTS[2:]), catalog=other))


def test_at_forgets_what_came_later_and_who() -> None:
    early = PROFILES.at("2024-03-05")
    assert list(early.ids) == ["ann", "bob", "cat"]  # bob and cat by their facts
    assert early["ann"]["frequency"] == 1
    assert early["bob"]["frequency"] == 0
    assert list(PROFILES.at("2024-02-01").ids) == []


# ------------------------------------------------------------------------ frames and cells


def test_to_pandas_has_a_row_a_customer_and_a_column_a_trait() -> None:
    frame = PROFILES.to_pandas()
    assert frame.index.name == "customer"
    expected = ["frequency", "monetary", "latest", "channels: store", "channels: web"]
    assert list(frame.columns) == [*expected, "children", "region"]
    assert frame["frequency"].tolist() == [2, 1, 0]
    assert frame["monetary"].tolist()[:2] == [13.4, 3.5]
    assert np.isnan(frame["monetary"]["cat"])
    assert frame["channels: web"].tolist()[:2] == [pytest.approx(2 / 3), 0]
    assert np.isnan(frame["channels: web"]["cat"])


def test_to_pandas_shows_the_largest_labels_in_their_order() -> None:
    days = itertools.count(1)
    log = of.EventLog.from_events(
        of.Event("a", "view", f"2024-01-{next(days):02d}", channel=channel)
        for channel, times in (("app", 2), ("mail", 1), ("web", 3))
        for _ in range(times)
    )
    profiles = of.fold(log, [traits.Share(name="channels")])
    assert list(profiles.to_pandas(wide=2).columns) == ["channels: app", "channels: web"]
    assert list(profiles.to_pandas(wide=0).columns) == []
    assert profiles.to_pandas().sum(axis=1)["a"] == pytest.approx(1)


class Pair:
    """A plug-in with two columns."""

    name = "pair"
    labels = ("first", "second")

    def read(self, history: Any, *, as_of: Any) -> Any:
        return np.tile([1.0, 2.0], (len(history), 1))


def test_to_pandas_names_the_columns_of_a_plug_in() -> None:
    profiles = of.fold(LOG, [Pair()])
    frame = profiles.to_pandas(wide=1)
    assert list(frame.columns) == ["pair: first", "children", "region"]
    assert profiles.to_pandas()["pair: second"].tolist() == [2, 2, 2]
    assert lines(profiles)["pair"] == ["100%", "2", "second 2, first 1"]


def test_cells_sum_up_each_customer_and_item() -> None:
    cells = PROFILES.cells(half_lives=["7D"])
    assert cells.person.tolist() == [0, 0, 1]
    assert cells.items.decode(cells.item).tolist() == ["jam", "tea", "jam"]
    assert cells.count.tolist() == [1, 2, 1]
    assert cells.value.tolist() == [3_500_000, 9_900_000, 3_500_000]
    assert cells.weights.tolist() == [[1.0, 1.5, 1.0]]  # the first tea is a half-life older
    seen = PROFILES.cells(event="view")
    assert seen.person.tolist() == [2]
    assert seen.value.tolist() == [NO_MONEY]


# ------------------------------------------------------------------------ newcomers, equality


def test_new_reads_the_same_traits_of_nobody_yet() -> None:
    zoe = PROFILES.new("zoe")
    assert zoe["frequency"] == 0
    assert zoe["monetary"] is None
    assert PROFILES.new(5).id == "5"
    assert "zoe" not in PROFILES


def test_equal_by_what_is_known_as_of_when_and_read_how() -> None:
    again = of.fold(LOG, PROFILES.traits, as_of=END)
    assert again == PROFILES
    assert of.fold(LOG, PROFILES.traits, as_of="2024-03-11") != PROFILES
    assert of.fold(LOG, PLAIN, as_of=END) != PROFILES
    assert PROFILES.select(["ann"]) != PROFILES
    assert PROFILES != "profiles"
    with pytest.raises(TypeError, match="unhashable"):
        hash(PROFILES)


REFUSED: list[tuple[Any, str]] = [
    (lambda: PROFILES.to_pandas(wide=-1), "to_pandas: wide is -1; .*at least 0"),
    (lambda: PROFILES.to_pandas(wide="all"), "to_pandas: wide is 'all'"),
    (lambda: PROFILES.select(None), "select: who is None; it takes several ids"),
    (lambda: PROFILES.select(7), r"select: who is 7; .*\[7\]"),
    (lambda: PROFILES.select(["ann", "x", "y"]), "who holds 2 ids that have no .* 'x', 'y'"),
    (lambda: PROFILES.new(""), "new: customer is ''; it takes an id"),
    (lambda: PROFILES.new(None), "new: customer is None"),
    (lambda: PROFILES.combine(["ann"]), "combine: assignment is a list; .*'ann': 'loyal'"),
    (lambda: PROFILES.cells(half_lives=["soon"]), "cells: half_lives is 'soon'"),
    (lambda: PROFILES.update(LOG, as_of="2024-03-09"), "as_of is 2024-03-09"),
    (lambda: PROFILES.at(None), "at: when is"),
]


@pytest.mark.parametrize(("call", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_refusals_are_ours_and_name_the_argument(call: Any, says: str) -> None:
    with pytest.raises(OnefoldError, match=says):
        call()
