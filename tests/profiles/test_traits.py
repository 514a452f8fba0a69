"""The table of traits: numbers, words and labels by name, and any trait that is asked for."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, ContractError, OnefoldError, UnknownName

LOG = of.EventLog.from_events(
    [
        of.Event("ann", "purchase", "2024-03-01", item="tea", value=4, channel="web"),
        of.Event("ann", "purchase", "2024-03-08", item="jam", value=3, channel="store"),
        of.Event("bob", "view", "2024-03-05", channel="web"),
        of.Event("cat", "view", "2024-03-05"),
    ]
) + of.EventLog.from_facts(
    pd.DataFrame({"who": ["ann", "bob"], "region": ["north", None], "children": [None, 2]}),
    customer="who",
    time="2024-03-02",
    facts=["region", "children"],
)


class Pair:
    """A plug-in with two columns that counts how often it is read."""

    name = "pair"

    def __init__(self, **more: Any) -> None:
        self.reads = 0
        self.__dict__.update(more)

    def read(self, history: Any, *, as_of: Any) -> Any:
        self.reads += 1
        return np.stack([history.counts, -history.counts], axis=1)


CHOSEN = [
    traits.Monetary(),
    traits.Latest(),
    traits.Share(name="channels"),
    Pair(labels=["+", "-"]),
]
TABLE = of.fold(LOG, CHOSEN).table


def test_names_are_the_traits_then_the_facts() -> None:
    assert TABLE.names == ("monetary", "latest", "channels", "pair", "children", "region")
    assert "region" in TABLE
    assert "recency" not in TABLE
    assert len(TABLE) == 3


def test_numbers_words_and_labels() -> None:
    np.testing.assert_array_equal(TABLE["monetary"], [7.0, np.nan, np.nan])
    assert TABLE["latest"].tolist() == ["jam", None, None]
    np.testing.assert_array_equal(TABLE["channels"], [[0.5, 0.5], [0, 1], [np.nan, np.nan]])
    assert TABLE["pair"].tolist() == [[2, -2], [1, -1], [1, -1]]
    assert TABLE["pair"].dtype == np.float64
    assert TABLE["region"].tolist() == ["north", None, None]
    np.testing.assert_array_equal(TABLE["children"], [np.nan, 2, np.nan])


def test_one_column_of_several() -> None:
    np.testing.assert_array_equal(TABLE.column("channels", "web"), [0.5, 1, np.nan])
    np.testing.assert_array_equal(TABLE.column("channels", "app"), [0, 0, np.nan])  # nobody's
    assert TABLE.column("pair", "-").tolist() == [-2, -1, -1]
    assert TABLE.column("latest") is TABLE["latest"]
    assert TABLE.labels("channels") == ["store", "web"]
    assert TABLE.labels("pair") == ["+", "-"]
    assert TABLE.labels("monetary") == []


@pytest.mark.parametrize("labels", [None, ["one"], lambda: ["a", "b"]])
def test_columns_without_labels_are_numbered(labels: Any) -> None:
    assert of.fold(LOG, [Pair(labels=labels)]).table.labels("pair") == ["0", "1"]


def test_each_trait_is_read_once() -> None:
    pair = Pair()
    table = of.fold(LOG, [pair]).table
    assert table["pair"] is table.column("pair", "0").base
    assert table.read(pair) is table["pair"]
    assert pair.reads == 1


def test_any_trait_can_be_read_also_one_that_is_not_carried() -> None:
    assert TABLE.read(traits.Count()).tolist() == [2, 1, 1]
    assert TABLE.read(traits.Share("kind")).row(0) == {"purchase": 1.0}
    with pytest.raises(ContractError, match=r"table.read holds 'recency', which is not a trait"):
        TABLE.read("recency")


def test_rows_are_a_table_of_their_own() -> None:
    some = TABLE.rows(1, 3)
    assert list(some.ids) == ["bob", "cat"]
    np.testing.assert_array_equal(some.column("channels", "web"), [1, np.nan])
    assert some.names[-1] == "children"  # nobody here has stated a region
    assert np.isnan(some["region"]).all()
    assert len(TABLE.rows(1, 1)) == 0


def test_of_one_profile_it_has_one_row() -> None:
    bob = of.fold(LOG, CHOSEN)["bob"].table
    assert list(bob.ids) == ["bob"]
    assert bob["pair"].tolist() == [[1, -1]]
    assert bob.wide("channels").row(0) == {"web": 1.0}


REFUSED: list[tuple[type[OnefoldError], Any, str]] = [
    (UnknownName, lambda: TABLE["monetry"], "'monetry'. There are: .*Did you mean 'monetary'"),
    (UnknownName, lambda: TABLE.column("pair", "x"), r"no label 'x'. Labels: '\+', '-'"),
    (UnknownName, lambda: TABLE.column("pair"), "'pair': no label None"),
    (ArgumentError, lambda: TABLE.column("channels"), r"has labels \('store', 'web'\)"),
    (ArgumentError, lambda: TABLE.column("latest", "tea"), "leave out label='tea'"),
    (ArgumentError, lambda: TABLE.wide("pair"), r"'pair' has no labels; .*table\['pair'\]"),
]


@pytest.mark.parametrize(("kind", "call", "says"), REFUSED, ids=[r[2] for r in REFUSED])
def test_refusals(kind: type[OnefoldError], call: Any, says: str) -> None:
    with pytest.raises(kind, match=says):
        call()
