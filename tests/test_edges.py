"""Sizes at their edges: nothing, one event, a million of one customer, a million customers, ties.

The oracle is numpy over the plain columns, or a loop in Python.
"""

import datetime as dt
import math
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import onefold as of
from onefold import traits
from onefold._group import distinct
from onefold.errors import ArgumentError
from onefold.events import EventLog

DAY_MICROS = 86_400 * 10**6
START = np.datetime64("2020-01-01", "us")
END = np.datetime64("2025-01-01", "us")
KINDS = np.array(["click", "purchase", "view"])
CHOSEN = (
    traits.Count(None),
    traits.Recency(None),
    traits.Tenure(None),
    traits.Frequency(None),
    traits.Monetary(None),
    traits.Breadth(None),
    traits.Gap(None),
    traits.Count("purchase", name="purchases"),
    traits.Over(traits.Count(None), last="30D", name="late"),
    traits.Share("item", None, name="items"),
    traits.Regularity(None),
    traits.Streak(None, period="1D", name="streak"),
)


def columns_of(n: int, people: int, *, seed: int = 0, of_items: int = 50) -> dict[str, Any]:
    """Columns of n events in no order; with as many people as events, one each."""
    generator = np.random.default_rng(seed)
    who = generator.permutation(n) if people == n else generator.integers(0, people, n)
    return {
        "who": who,
        "time": START + generator.integers(0, int((END - START).astype(np.int64)), n),
        "kind": generator.integers(0, 3, n),
        "item": generator.integers(0, of_items, n),
        "cents": generator.integers(-500, 5000, n),
    }


def log_of(columns: dict[str, Any]) -> EventLog:
    words = {
        "who": pa.array(columns["who"]),
        "at": pa.array(columns["time"], type=pa.timestamp("us", tz="UTC")),
        "kind": pa.DictionaryArray.from_arrays(pa.array(columns["kind"]), pa.array(KINDS)),
        "item": pa.array(columns["item"]),
        "paid": pa.array(columns["cents"] / 100),
    }
    return EventLog.from_frame(
        pa.table(words), customer="who", time="at", event="kind", item="item", value="paid"
    )


def plainly(columns: dict[str, Any], end: np.datetime64) -> dict[str, Any]:
    """The numbers of one customer, by numpy, of the events before a moment."""
    some = {name: column[columns["time"] < end] for name, column in columns.items()}
    time = np.sort(some["time"].astype(np.int64))
    moment = int(end.astype(np.int64))
    visits = distinct(time)
    gaps = np.diff(visits)
    days = set(((moment - 1 - time) // DAY_MICROS).tolist())
    items = np.bincount(some["item"])
    return {
        "count": len(time),
        "recency": (moment - time[-1]) / DAY_MICROS,
        "tenure": (moment - time[0]) / DAY_MICROS,
        "frequency": len(visits),
        "monetary": int(some["cents"].sum()) / 100,
        "breadth": int((items > 0).sum()),
        "gap": float(np.mean(gaps)) / DAY_MICROS if len(gaps) else None,
        "purchases": int((some["kind"] == 1).sum()),
        "late": int((time >= moment - 30 * DAY_MICROS).sum()),
        "regularity": float(np.std(gaps, ddof=1) / np.mean(gaps)) if len(gaps) > 1 else None,
        "streak": next(k for k in range(len(days) + 1) if k not in days),
        "items": {str(k): c / len(time) for k, c in enumerate(items.tolist()) if c},
    }


def assert_plain(held: Any, expected: dict[str, Any]) -> None:
    for name, right in expected.items():
        found = held(name)
        assert found == (right if right is None else pytest.approx(right, rel=1e-9)), name


# ------------------------------------------------------------------------- nothing, and one


def test_one_event_in_all() -> None:
    event = of.Event("a", "view", "2024-03-01", item="tea", value=2.5, channel="web")
    log = EventLog.from_events([event])
    profiles = of.fold(log, CHOSEN)
    profile = profiles["a"]
    expected = {
        "count": 1.0,
        "frequency": 1.0,
        "monetary": 2.5,
        "breadth": 1.0,
        "gap": None,
        "purchases": 0.0,
        "late": 1.0,
        "regularity": None,
        "streak": 1.0,
        "items": {"tea": 1.0},
        "recency": 1 / DAY_MICROS,
        "tenure": 1 / DAY_MICROS,
    }
    assert profile.to_dict() == expected
    assert profiles.update(log).at("2024-03-01").ids.tolist() == []
    assert profiles.merge(profiles)["a"]["count"] == 2.0  # without an id, two events
    assert len(profiles.summary().to_pandas()) == len(profiles.to_pandas(wide=9).columns)
    assert repr(profile)
    assert profile._repr_html_()
    assert profiles._repr_html_()
    asked = pd.DataFrame({"customer": ["a", "b"], "time": pd.to_datetime(["2024-03-02"] * 2)})
    table = profiles.at(asked, tz="UTC")
    assert table["count"].tolist() == [1.0, 0.0]
    assert table["items: tea"].tolist()[0] == 1.0
    assert math.isnan(table["monetary"][1])


def test_no_event_at_all() -> None:
    empty = EventLog.from_events([])
    with pytest.raises(ArgumentError, match="as_of="):
        of.fold(empty)
    profiles = of.fold(empty, CHOSEN, as_of="2024-01-01")
    assert len(profiles) == 0
    assert profiles.merge(profiles) == profiles
    assert len(profiles.at("2023-01-01")) == 0
    assert profiles.to_pandas().empty
    assert profiles._repr_html_()
    assert repr(profiles.summary())
    late = profiles.update(EventLog.from_events([of.Event("a", "view", "2024-03-01")]))
    assert late["a"]["count"] == 1.0
    newcomer = profiles.new("a").after(of.Event("a", "view", "2024-03-01"))
    assert newcomer == late["a"]


# ------------------------------------------------------------------------- one with a million


@pytest.mark.parametrize("n", [3000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_one_customer_with_very_many_events(n: int) -> None:
    columns = columns_of(n, 1)
    log = log_of(columns)
    profiles = of.fold(log, CHOSEN, as_of=END)
    profile = profiles["0"]
    assert_plain(profile.__getitem__, plainly(columns, END))
    assert profiles.table["count"].tolist() == [n]
    # As of other moments: one by one, and as a table.
    moments = columns["time"][:: n // 6] + np.arange(len(columns["time"][:: n // 6])) % 2
    for moment in moments:
        if (columns["time"] < moment).any():
            assert_plain(profiles.at(moment)["0"].__getitem__, plainly(columns, moment))
    asked = pd.DataFrame({"customer": "0", "time": pd.to_datetime(moments, utc=True)})
    table = profiles.at(asked)
    for k, moment in enumerate(moments):
        right = plainly(columns, moment)
        shares = right.pop("items")
        assert_plain(lambda name, k=k: table[name][k], right)
        found = {i: table[f"items: {i}"][k] for i in shares}
        assert found == pytest.approx(shares)
    # In pieces, and one click more.
    parts = [
        of.fold(log_of({c: v[k::3] for c, v in columns.items()}), CHOSEN, as_of=END)
        for k in range(3)
    ]
    assert parts[2].merge(parts[0]).merge(parts[1]) == profiles
    clicked = profile.after(of.Event("0", "purchase", "2025-02-01", item="0", value=1))
    assert clicked["count"] == n + 1
    assert clicked["purchases"] == plainly(columns, END)["purchases"] + 1
    summary = profiles.summary().to_pandas()
    assert summary.loc["count", "median"] == n
    assert repr(profile)
    assert profile._repr_html_()


# ------------------------------------------------------------------------- a million customers


@pytest.mark.parametrize("n", [3000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_very_many_customers_with_one_event_each(n: int) -> None:
    columns = columns_of(n, n, seed=1)
    log = log_of(columns)
    profiles = of.fold(log, CHOSEN[:-3], as_of=END, threads=2)
    names = columns["who"].astype(str)
    order = np.argsort(names)
    assert len(profiles) == n
    assert np.array_equal(profiles.ids.astype(str), names[order])
    table, time = profiles.table, columns["time"][order]
    ages = (END - time).astype(np.int64)
    expected = {
        "count": np.ones(n),
        "recency": ages / DAY_MICROS,
        "tenure": ages / DAY_MICROS,
        "frequency": np.ones(n),
        "monetary": columns["cents"][order] / 100,
        "breadth": np.ones(n),
        "gap": np.full(n, np.nan),
        "purchases": (columns["kind"][order] == 1).astype(float),
        "late": (ages <= 30 * DAY_MICROS).astype(float),
    }
    for name, right in expected.items():
        assert np.array_equal(table[name], right, equal_nan=True), name
    half = np.datetime64("2022-07-01", "us")
    early = profiles.at(half)
    assert np.array_equal(early.ids.astype(str), names[order][time < half])
    assert np.array_equal(early.table["monetary"], expected["monetary"][time < half])
    asked = pd.DataFrame(
        {"customer": names[::7], "time": pd.to_datetime(columns["time"][::7], utc=True)}
    )
    asked["customer"] = asked["customer"].astype(object)
    asked["time"] += pd.to_timedelta(np.arange(len(asked)) % 2, unit="us")
    found = profiles.at(asked)
    known = np.arange(len(asked)) % 2 == 1  # a microsecond after, or at that very moment
    assert np.array_equal(found["count"], known.astype(float))
    assert np.array_equal(
        found["monetary"], np.where(known, columns["cents"][::7] / 100, np.nan), equal_nan=True
    )
    cut = [{c: v[k::2] for c, v in columns.items()} for k in range(2)]
    parts = [of.fold(log_of(some), CHOSEN[:-3], as_of=END) for some in cut]
    assert parts[1].merge(parts[0]) == profiles
    summary = profiles.summary().to_pandas()
    assert summary.loc["monetary", "median"] == pytest.approx(np.median(columns["cents"]) / 100)
    one = profiles[names[n // 2]]
    assert one["monetary"] == columns["cents"][n // 2] / 100
    assert len(profiles.select(names[:9].tolist())) == 9


# ------------------------------------------------------------------------- ties


def tied(n: int, ids: str, seed: int) -> list[dict[str, Any]]:
    """Events of one instant; some alike in all they hold, so that nothing tells them apart."""
    generator = np.random.default_rng(seed)
    items = generator.integers(0, 5, n).tolist()
    told = {"none": [None] * n, "all": range(n), "some": [k if k % 2 else None for k in range(n)]}
    return [
        {"item": f"i{item}", "value": item, "id": None if k is None else f"e{k}"}
        for item, k in zip(items, told[ids], strict=True)
    ]


@pytest.mark.parametrize("ids", ["none", "all", "some"])
@pytest.mark.parametrize("n", [2, 50, 4000])
def test_very_many_events_at_one_instant(ids: str, n: int) -> None:
    chosen = (
        *CHOSEN,
        traits.First("item", None, name="first"),
        traits.Last("item", None, name="last"),
        traits.Latest("item", None, name="latest"),
        traits.LastItems(3, event=None, name="recent"),
    )
    rows = tied(n, ids, n)
    at = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
    around = [at - dt.timedelta(microseconds=1), at + dt.timedelta(microseconds=1)]
    others = [of.Event("a", "view", t, item="other", value=100) for t in around]
    single = [of.Event("a", "view", at, **row) for row in rows] + others
    again = [event for event in single if event.id is not None]
    generator = np.random.default_rng(n)
    whole = of.fold(EventLog.from_events(single), chosen, as_of=END)
    for _ in range(3):
        turned = [single[k] for k in generator.permutation(n + 2).tolist()] + again[: n // 3]
        log = EventLog.from_events(turned)
        assert of.fold(log, chosen, as_of=END) == whole
        cut = [log.events.take(slice(k, k + n // 2 + 1)) for k in range(0, len(log), n // 2 + 1)]
        parts = [of.fold(EventLog(c, log.facts), chosen, as_of=END) for c in cut]
        merged = parts[-1]
        for part in parts[:-1]:
            merged = merged.merge(part)
        assert merged == whole
        assert merged["a"].to_dict() == whole["a"].to_dict()
    profile = whole["a"]
    assert profile["count"] == n + 2
    assert profile["frequency"] == 3
    assert profile["monetary"] == sum(row["value"] for row in rows) + 200
    counts = Counter(row["item"] for row in rows) + Counter({"other": 2})
    assert profile["items"] == pytest.approx({i: c / (n + 2) for i, c in counts.items()})
    assert profile["first"] == profile["last"] == "other"
    assert whole.at(at)["a"]["count"] == 1
    assert whole.at(around[1])["a"]["count"] == n + 1
    assert whole.at(around[1])["a"]["last"] in {row["item"] for row in rows}
    live = of.fold(EventLog.from_events(single[:1]), chosen, as_of=END)["a"]
    for event in single[1:200]:
        live = live.after(event)
    few = of.fold(EventLog.from_events(single[:200]), chosen, as_of=END)["a"]
    assert live == few
    assert live.to_dict() == few.to_dict()


def test_ties_of_several_customers_at_the_same_instants() -> None:
    generator = np.random.default_rng(3)
    n = 2000
    columns = columns_of(n, 7, seed=3) | {
        "time": START + generator.integers(0, 3, n) * np.timedelta64(1, "us")
    }
    whole = of.fold(log_of(columns), CHOSEN, as_of=END)
    turned = generator.permutation(n)
    again = of.fold(log_of({c: v[turned] for c, v in columns.items()}), CHOSEN, as_of=END)
    assert again == whole
    for who in whole.ids.tolist():
        mine = {c: v[columns["who"] == int(who)] for c, v in columns.items()}
        assert_plain(whole[who].__getitem__, plainly(mine, END))
