"""Cells equal a loop over the events; as a cache they change nothing."""

import datetime as dt
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import onefold as of
from onefold import cells as module
from onefold._types import NO_MONEY
from onefold._vocab import Vocab
from onefold.errors import ArgumentError, UnknownName
from tests import oracle
from tests.strategies import END, Raw, instants, raws

HALF_LIVES = (dt.timedelta(hours=3), dt.timedelta(days=90))


@pytest.mark.parametrize("events", [3, 2_000_000])
@given(raw=raws(clash=False, most=20), t=instants())
@settings(max_examples=40)
def test_cells_equal_brute_force(events: int, raw: Raw, t: dt.datetime) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "EVENTS", events)  # in chunks of people, or all at once
        profiles = of.fold(raw.log(), as_of=t)
        cells = profiles.cells(event="purchase", half_lives=HALF_LIVES)
    found = {}
    for at, person in enumerate(cells.person):
        key = (profiles.ids[person], cells.items[int(cells.item[at])])
        found[key] = at
    expected: defaultdict[Any, list[Any]] = defaultdict(list)
    for who in profiles.ids:
        for row in oracle.events(raw, who, t, "purchase"):
            if row["item"] is not None:
                expected[who, row["item"]].append(row)
    assert list(found) == sorted(expected)
    for key, mine in expected.items():
        at = found[key]
        assert cells.count[at] == len(mine)
        assert cells.first[at] == np.datetime64(mine[0]["time"].replace(tzinfo=None))
        last = mine[-1]["time"]
        assert cells.last[at] == np.datetime64(last.replace(tzinfo=None))
        paid = [row["value"] for row in mine if row["value"] is not None]
        assert cells.value[at] == (sum(paid) * 1_000_000 if paid else NO_MONEY)
        for k, half_life in enumerate(HALF_LIVES):
            weight = sum(0.5 ** ((last - row["time"]) / half_life) for row in mine)
            assert cells.weights[k, at] == pytest.approx(weight, rel=1e-12)
            later = cells.decayed(half_life, at=END)[at]
            assert later == pytest.approx(weight * 0.5 ** ((END - last) / half_life), rel=1e-9)


def test_cells_are_kept_and_are_only_a_cache() -> None:
    log = of.EventLog.from_events(
        of.Event("a", "purchase", f"2024-01-0{d}", item="tea", value=2) for d in range(1, 6)
    )
    profiles = of.fold(log)
    made = profiles.cells(half_lives=["30D"])
    assert profiles.cells(half_lives=["30D"]) is made
    assert profiles.cells(half_lives=["1D"]) is not made
    profiles._cache.clear()
    again = profiles.cells(half_lives=["30D"])
    assert again is not made
    assert profiles == of.fold(log)
    for name in ("item", "count", "first", "last", "value", "weights", "offsets"):
        np.testing.assert_array_equal(getattr(again, name), getattr(made, name))
    assert repr(made) == "Cells(1 of 1 people and 1 items)"


def test_weights_of_a_hundred_years_stay_finite() -> None:
    log = of.EventLog.from_events(
        of.Event("a", "purchase", f"{year}-01-01", item=item)
        for year in (1900, 2000)
        for item in ("tea", str(year))
    )
    cells = of.fold(log, as_of="2100-01-01").cells(half_lives=["1h"])
    assert cells.weights.tolist() == [[1.0, 1.0, 1.0]]
    assert cells.decayed("1h", at="2100-01-01").tolist() == [0.0, 0.0, 0.0]


def test_nobody_and_nothing() -> None:
    empty = of.fold(of.EventLog.from_events([]), as_of="2024-01-01").cells(half_lives=["1D", "2D"])
    assert len(empty) == 0
    assert empty.weights.shape == (2, 0)


def test_refusals() -> None:
    profiles = of.fold(of.EventLog.from_events([of.Event("a", "buy", "2024-01-01", item="tea")]))
    with pytest.raises(ArgumentError, match="half_lives is '30'"):
        profiles.cells(half_lives=["30"])
    cells = profiles.cells(event="buy")
    with pytest.raises(UnknownName, match="half_life is '1D'"):
        cells.decayed("1D", at=profiles.as_of)
    with pytest.raises(ArgumentError, match="events after it"):
        cells.decayed("90D", at="2023-01-01")
    with pytest.raises(ArgumentError, match="larger unit"):
        module.cells(
            np.zeros(3, np.int32),
            time=np.full(3, np.datetime64("2024-01-01", "us")),
            value=np.full(3, 2**61),
            offsets=np.array([0, 3]),
            items=Vocab.of(["tea"]),
        )
