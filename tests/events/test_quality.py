"""Each measure of quality, on a log that has exactly that defect."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.errors import UnknownName
from onefold.events import EventLog
from onefold.events.quality import far_after

BASE = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
COUNTED = (
    "missing customer",
    "missing item",
    "without id",
    "duplicates",
    "conflicts",
    "shared event ids",
    "identical rows",
    "far in the future",
    "before 1990",
    "negative value",
    "zero value",
    "negative quantity",
    "without local clock",
    "suspicious ids",
)


def log_of(*changes: dict[str, Any]) -> EventLog:
    """Ten sound events, and one more for each change of a sound event."""
    rows = [
        {
            "who": f"c{i % 4}",
            "at": BASE + dt.timedelta(days=i),
            "sku": "tea",
            "paid": 2.5,
            "n": 1.0,
            "id": f"e{i}",
            "zone": "UTC",
        }
        for i in range(10 + len(changes))
    ]
    for row, change in zip(rows[10:], changes, strict=True):
        row.update(change)
    frame = pd.DataFrame(rows)
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    return EventLog.from_frame(
        frame,
        customer="who",
        time="at",
        event="buy",
        item="sku",
        value="paid",
        quantity="n",
        id="id",
        zone="zone",
    )


AGAIN = {"who": "c2", "at": BASE + dt.timedelta(days=2), "id": "e2"}
DEFECTS: list[tuple[tuple[dict[str, Any], ...], dict[str, int]]] = [
    ((), {}),
    (({"who": None}, {"who": ""}), {"missing customer": 2}),
    (({"sku": None},), {"missing item": 1}),
    (({"id": None},), {"without id": 1}),
    ((AGAIN,), {"duplicates": 1}),
    ((AGAIN | {"paid": 3.0},), {"duplicates": 1, "conflicts": 1}),
    (({"who": "c3", "id": "e2"},), {"shared event ids": 1}),
    (
        ({"who": "a", "at": BASE, "id": None}, {"who": "a", "at": BASE, "id": None}),
        {"without id": 2, "identical rows": 1},
    ),
    (({"at": dt.datetime(2099, 1, 1, tzinfo=dt.UTC)},), {"far in the future": 1}),
    (({"at": dt.datetime(1970, 1, 1, tzinfo=dt.UTC)},), {"before 1990": 1}),
    (({"paid": -1.0},), {"negative value": 1}),
    (({"paid": 0.0},), {"zero value": 1}),
    (({"n": -1.0},), {"negative quantity": 1}),
    (({"zone": None},), {"without local clock": 1}),
    (({"who": "guest"}, {"who": "NULL"}, {"who": "test@test.com"}), {"suspicious ids": 3}),
]


@pytest.mark.parametrize(("changes", "found"), DEFECTS, ids=[" ".join(f) for _, f in DEFECTS])
def test_each_measure(changes: tuple[dict[str, Any], ...], found: dict[str, int]) -> None:
    quality = log_of(*changes).quality()
    counts = {name: quality[name] for name in COUNTED if quality[name]}
    assert counts == found
    assert quality["events"] == 10 + len(changes)


def test_one_id_with_a_large_part_of_all_events() -> None:
    people = [f"c{i}" for i in range(3000)] + ["kiosk"] * 1500
    frame = pd.DataFrame({"who": people, "at": pd.to_datetime(["2024-01-01"] * len(people))})
    log = EventLog.from_frame(frame, customer="who", time="at", event="x", tz="UTC")
    assert log.quality()["suspicious ids"] == 1500
    assert "'kiosk'" in repr(log.quality())


def test_span_kinds_and_people() -> None:
    quality = log_of().quality()
    assert quality["customers"] == 4
    assert quality["kinds"] == 1
    assert quality["first"] == "2024-03-01"
    assert quality["last"] == "2024-03-10"
    table = quality.to_pandas()
    assert list(table.columns) == ["measure", "value", "share", "meaning"]
    table["value"] = 0
    assert quality["events"] == 10
    assert "<table" in quality._repr_html_()
    assert "missing customer" in repr(quality)


def test_an_empty_log_has_a_quality() -> None:
    quality = EventLog.from_events([]).quality()
    assert quality["events"] == 0
    assert quality["first"] == "none"
    assert repr(quality)


def test_an_unknown_measure() -> None:
    with pytest.raises(UnknownName, match=r"no measure 'duplicate'.*Did you mean 'duplicates'"):
        log_of().quality()["duplicate"]


def test_far_after() -> None:
    days = np.arange("2020-01-01", "2024-01-01", dtype="datetime64[D]").astype("datetime64[us]")
    assert far_after(days) == 0
    late = np.append(days, np.array(["2029-01-01"], "datetime64[us]"))
    assert far_after(late) == 1
    assert far_after(np.append(days, np.array(["2027-01-01"], "datetime64[us]"))) == 0
    assert far_after(late[-2:]) == 0  # of two instants five years apart, neither is wrong
    assert far_after(days[:0]) == 0
    profiles = of.fold(
        EventLog.from_events([of.Event("a", "x", f"{y}-01-01") for y in (2015, 2023)])
    )
    assert len(profiles["a"]) == 2
