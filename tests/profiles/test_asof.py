"""Point-in-time tables: each row knows what was known at its own time, and nothing later."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import onefold as of
from onefold import traits
from onefold.errors import OnefoldError
from onefold.profiles import asof

LOG = of.EventLog.from_events(
    [
        of.Event("ann", "purchase", "2024-03-01", item="tea", value=4, channel="web"),
        of.Event("ann", "purchase", "2024-03-08", item="jam", value=3, channel="store"),
        of.Event("bob", "purchase", "2024-03-05", item="jam", value=2),
    ]
) + of.EventLog.from_facts(
    pd.DataFrame({"who": ["ann", "bob"], "region": ["north", None], "children": [None, 2]}),
    customer="who",
    time="2024-03-02",
    facts=["region", "children"],
)
TRAITS = [
    traits.Recency(),
    traits.Frequency(),
    traits.Monetary(),
    traits.Latest(),
    traits.Share(name="channels"),
]
PROFILES = of.fold(LOG, TRAITS)
ASKED = [
    ("ann", "2024-03-08"),  # the second purchase is at that instant: not yet seen
    ("bob", "2024-03-06"),
    ("ann", "2024-03-10"),
    ("zoe", "2024-03-10"),  # never heard of
    ("ann", "2024-02-01"),  # not yet heard of
    (None, "2024-03-10"),
    ("ann", "2024-03-10"),  # asked twice
]


def frame(asked: list[tuple[str | None, str]] = ASKED) -> pd.DataFrame:
    times = pd.to_datetime([t for _, t in asked], utc=True)
    who = pd.Series([who for who, _ in asked], dtype=object)
    return pd.DataFrame({"time": times, "note": 1, "customer": who})


def column(table: pd.DataFrame, name: str) -> list[Any]:
    return [None if pd.isna(held) else held for held in table[name]]


@pytest.mark.parametrize("events", [1, 2, 4_000_000])
def test_worked_case(events: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in one chunk or in many, to the order of the columns."""
    monkeypatch.setattr(asof, "EVENTS", events)
    table = PROFILES.at(frame())
    assert list(table.columns) == [
        *("customer", "time", "recency", "frequency", "monetary", "latest"),
        *("channels: store", "channels: web", "children", "region"),
    ]
    assert column(table, "customer") == [who for who, _ in ASKED]
    assert str(table["time"].dtype) == "datetime64[us, UTC]"
    assert column(table, "recency") == [7, 1, 2, None, None, None, 2]
    assert column(table, "frequency") == [1, 1, 2, 0, 0, 0, 2]
    assert column(table, "monetary") == [4, 2, 7, None, None, None, 7]
    assert column(table, "latest") == ["tea", "jam", "jam", None, None, None, "jam"]
    assert column(table, "channels: web") == [1, None, 0.5, None, None, None, 0.5]
    assert column(table, "region") == ["north", None, "north", None, None, None, "north"]
    assert column(table, "children") == [None, 2, None, None, None, None, None]


@pytest.mark.parametrize("order", [1, -1])
def test_facts_alone_in_chunks_that_know_different_ones(
    order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk without a trait or a fact has rows all the same."""
    asked = [("ann", "2024-03-10"), ("bob", "2024-03-10"), ("ann", "2024-03-02")][::order]
    profiles = of.fold(LOG, [])
    whole = profiles.at(frame(asked))
    monkeypatch.setattr(asof, "EVENTS", 1)
    pd.testing.assert_frame_equal(profiles.at(frame(asked)), whole)
    assert list(whole.columns) == ["customer", "time", "children", "region"]
    assert len(whole) == 3


def test_naive_times_need_a_zone() -> None:
    naive = frame([("bob", "2024-03-05 00:30"), ("bob", "2024-03-05 01:30")])
    naive["time"] = naive["time"].dt.tz_localize(None)
    with pytest.raises(OnefoldError, match="tz"):
        PROFILES.at(naive)
    assert column(PROFILES.at(naive, tz="UTC"), "frequency") == [1, 1]
    assert column(PROFILES.at(naive, tz="Europe/Berlin"), "frequency") == [0, 1]  # an hour ahead


def test_other_frames_and_none_at_all() -> None:
    pd.testing.assert_frame_equal(PROFILES.at(pl.from_pandas(frame())), PROFILES.at(frame()))
    empty = PROFILES.at(frame([]))
    assert len(empty) == 0
    assert {"customer", "time", "recency", "latest"} <= set(empty.columns)


def test_a_frame_is_left_alone_and_its_index_is_not_read() -> None:
    given = frame()
    given.index = np.arange(len(given))[::-1]
    copy = given.copy(deep=True)
    assert column(PROFILES.at(given), "frequency") == [1, 1, 2, 0, 0, 0, 2]
    pd.testing.assert_frame_equal(given, copy)


def test_refusals_name_the_column() -> None:
    with pytest.raises(OnefoldError, match=r"Profiles.at: no column 'customer'"):
        PROFILES.at(frame().drop(columns="customer"))
    with pytest.raises(OnefoldError, match=r"Profiles.at: .*'time'"):
        PROFILES.at(frame().assign(time="someday"))
