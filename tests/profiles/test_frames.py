"""Tables of traits as frames: which labels get a column, and that no later row decides it.

ann      bought twenty items early in the year, one of each
others   bought twenty other items, more of them, half a year later
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, OnefoldError
from onefold.profiles.frames import frame_of, largest

EARLY, LATE = "2024-02-01", "2024-07-01"
LOG = of.EventLog.from_events(
    [of.Event("ann", "purchase", "2024-01-01", item=f"i{k:02d}", channel="web") for k in range(20)]
    + [
        of.Event(who, "purchase", "2024-06-01", item=f"z{k:02d}", channel="store")
        for who in ("bob", "cat", "dan")
        for k in range(20)
    ]
)


class Pair:
    """A trait of two columns."""

    name = "pair"
    labels = ("+", "-")

    def read(self, history: Any, *, as_of: Any) -> Any:
        return np.outer(history.counts, [1.0, -1.0])


TRAITS = [
    traits.Frequency(),
    traits.Share("item", name="items"),
    traits.Share("channel", name="channels"),
    Pair(),
]
PROFILES = of.fold(LOG, TRAITS)


def asked(*rows: tuple[str, str]) -> pd.DataFrame:
    times = pd.to_datetime([time for _, time in rows], utc=True)
    return pd.DataFrame({"customer": pd.Series([w for w, _ in rows], dtype=object), "time": times})


ALONE = asked(("ann", EARLY))
BESIDE = asked(("ann", EARLY), ("bob", LATE), ("cat", LATE), ("dan", LATE))


def test_no_label_of_a_row_is_hidden_by_later_rows() -> None:
    alone, beside = PROFILES.at(ALONE), PROFILES.at(BESIDE)
    assert set(alone.columns) <= set(beside.columns)
    pd.testing.assert_frame_equal(beside.loc[:0, list(alone.columns)], alone)
    added = [column for column in beside if column not in alone]
    assert len([column for column in added if column.startswith("items: z")]) == 20
    assert (beside.loc[0, added] == 0).all()


def test_labels_make_the_columns_the_same_for_any_rows() -> None:
    labels = {"items": ["z00", "i03", "never seen"], "channels": ["web"], "pair": ["-"]}
    alone, beside = PROFILES.at(ALONE, labels=labels), PROFILES.at(BESIDE, labels=labels)
    nobody = PROFILES.at(BESIDE[:0], labels=labels)
    assert list(alone.columns) == [
        *("customer", "time", "frequency", "items: z00", "items: i03", "items: never seen"),
        *("channels: web", "pair: -"),
    ]
    assert list(alone.columns) == list(beside.columns) == list(nobody.columns)
    pd.testing.assert_frame_equal(beside[:1], alone)
    assert alone.iloc[0, 3:].tolist() == [0, 0.05, 0, 1, -20]
    newcomer = PROFILES.at(asked(("zoe", EARLY)), labels=labels)
    assert np.isnan(newcomer["items: i03"][0])
    before = of.fold(LOG.before(LATE), TRAITS).at(BESIDE, labels=labels)
    pd.testing.assert_frame_equal(before, beside)


def test_an_empty_list_leaves_a_trait_out() -> None:
    shown = PROFILES.at(BESIDE, labels={"items": [], "pair": []}, wide=2)
    assert list(shown.columns)[2:] == ["frequency", "channels: store", "channels: web"]


def test_too_many_labels_are_left_out_rather_than_chosen() -> None:
    assert len(PROFILES.at(ALONE, wide=20).columns) == 3 + 20 + 1 + 2
    assert not any(c.startswith("items") for c in PROFILES.at(BESIDE, wide=39).columns)
    some = PROFILES.at(BESIDE, labels={"items": ["i01", "i00"]}, wide=39)
    assert [c for c in some.columns if c.startswith("items")] == ["items: i01", "items: i00"]


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (["web"], r"labels is \['web'\]; it takes a mapping"),
        ({"chanels": ["web"]}, "the name 'chanels', which no trait has.*Did you mean 'channels'"),
        ({"frequency": ["web"]}, "names 'frequency', which has no labels"),
        ({"channels": "web"}, r"\['channels'\] is 'web'; it takes a list: \['web'\]"),
        ({"channels": 3}, r"\['channels'\] is 3; it takes a list"),
        ({"channels": ["web", "web"]}, "it takes different labels"),
        ({"channels": [3]}, "all of them text"),
        ({"pair": ["*"]}, "trait 'pair': no label"),
    ],
)
def test_labels_that_are_refused(labels: Any, says: str) -> None:
    with pytest.raises(OnefoldError, match=says):
        PROFILES.at(ALONE, labels=labels)


def test_other_refusals() -> None:
    with pytest.raises(ArgumentError, match=r"labels is for a frame"):
        PROFILES.at(EARLY, labels={"channels": ["web"]})
    with pytest.raises(ArgumentError, match=r"Profiles.at: wide is -1"):
        PROFILES.at(ALONE, wide=-1)


def test_two_columns_of_one_name_are_refused() -> None:
    told = pd.DataFrame({"who": ["ann"], "channels: web": ["yes"]})
    facts = of.EventLog.from_facts(told, customer="who", time="2024-01-01", facts=["channels: web"])
    with pytest.raises(ArgumentError, match=r"two columns .* called 'channels: web'"):
        of.fold(LOG + facts, TRAITS).to_pandas()


def test_largest_are_chosen_where_one_moment_is_looked_at() -> None:
    shown = frame_of(PROFILES.table, largest(1))
    assert list(shown.columns) == ["frequency", "items: z00", "channels: store", "pair: +"]
    assert shown.index.tolist() == ["ann", "bob", "cat", "dan"]
