"""One event: what it takes, and what it refuses."""

import copy
import datetime as dt
import pickle
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold._types import NO_MONEY
from onefold.errors import ArgumentError


def test_instants_in_any_writing() -> None:
    berlin = dt.timezone(dt.timedelta(hours=1))
    same = [
        "2024-03-01 07:30",
        "2024-03-01T08:30+01:00",
        dt.datetime(2024, 3, 1, 8, 30, tzinfo=berlin),
        pd.Timestamp("2024-03-01 08:30", tz="Europe/Berlin"),
        np.datetime64("2024-03-01T07:30"),
    ]
    assert {of.Event("a", "x", t).time for t in same} == {np.datetime64("2024-03-01T07:30", "us")}


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (None, NO_MONEY),
        (4.35, 4_350_000),
        (-2, -2_000_000),
        (np.int32(5000), 5_000_000_000),
        (np.float32(0.5), 500_000),
        (Decimal("0.0000015"), 2),
    ],
)
def test_money(value: Any, micros: int) -> None:
    assert of.Event("a", "x", "2024-01-01", value=value).micros == micros


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"customer": ""}, "customer is ''"),
        ({"customer": None}, "customer is None"),
        ({"customer": 1.0}, "customer is 1.0"),
        ({"customer": True}, "customer is True"),
        ({"event": None}, "event is None"),
        ({"time": None}, "time is"),
        ({"time": "soon"}, "time is 'soon'"),
        ({"time": 3}, "time is 3"),
        ({"time": "1492-10-12"}, "1700 up to 2200"),
        ({"item": ""}, "item is ''"),
        ({"value": "4.90"}, "value is '4.90'"),
        ({"value": True}, "value is True"),
        ({"value": float("nan")}, "value is nan"),
        ({"value": Decimal("Infinity")}, "value is Decimal"),
        ({"value": 1e13}, "up to 9.2e12"),
        ({"value": 1e305}, "up to 9.2e12"),
        ({"value": 10**400}, "value is a whole number of 1,329 bits"),
        ({"value": Decimal("sNaN")}, "value is Decimal"),
        ({"quantity": pd.NA}, "quantity is <NA>"),
        ({"quantity": 10**400}, "quantity is a whole number"),
        ({"quantity": 10**5000}, "quantity is a whole number"),
        ({"zone": "Atlantis"}, "zone is 'Atlantis'"),
        ({"properties": 3}, "properties is 3"),
        ({"properties": {"a": None}}, r"properties\['a'\] is None"),
        ({"properties": {"a": float("inf")}}, r"properties\['a'\] is inf"),
        ({"properties": {"a": 10**400}}, r"properties\['a'\] is a whole number of 1,329 bits"),
        ({"properties": {"a": 1j}}, r"properties\['a'\] is 1j"),
        ({"properties": {1: "x"}}, "the name 1"),
        ({"properties": {"": "x"}}, "the name ''"),
        ({"properties": {"\ud800": "x"}}, "the name of a property holds text that is not valid"),
        ({"properties": {"customer": "x"}}, "the name 'customer', .*Give it another name"),
        ({"properties": {"kind": "x"}}, "the name 'kind', .*Give it another name"),
    ],
)
def test_refusals(change: dict[str, Any], says: str) -> None:
    given = {"customer": "a", "event": "x", "time": "2024-01-01"} | change
    with pytest.raises(ArgumentError, match=f"Event: .*{says}"):
        of.Event(**given)


def test_events_are_values() -> None:
    event = of.Event(7, "x", "2024-01-01", item=np.int64(3), properties={"new": True, "size": 1})
    assert event == of.Event(
        "7", "x", "2024-01-01", item="3", properties={"new": "yes", "size": 1.0}
    )
    assert len({event, of.Event("7", "x", "2024-01-01", item="3")}) == 2
    with pytest.raises(AttributeError):
        event.item = "tea"  # type: ignore[misc]


def test_properties_stay_as_they_are() -> None:
    given: dict[str, Any] = {"colour": "red"}
    event = of.Event("a", "x", "2024-01-01", properties=given)
    profile = of.fold(of.EventLog.from_events([]), as_of="2024-01-01").new("a").after(event)
    given["colour"] = "blue"
    with pytest.raises(TypeError, match="does not support item assignment"):
        event.properties["colour"] = "blue"  # type: ignore[index]
    assert profile.events()["colour"].tolist() == ["red"]
    assert event.properties == {"colour": "red"}
    assert repr(event.properties) == "{'colour': 'red'}"
    for again in (pickle.loads(pickle.dumps(event)), copy.copy(event), copy.deepcopy(event)):
        assert again == event
        assert hash(again) == hash(event)
        assert len(again.properties) == 1
