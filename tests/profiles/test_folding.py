"""Fold: who gets a profile, and as of when."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, ContractError

EARLY = of.Event("ann", "purchase", "2024-03-01", item="tea", value=4.9)
LATE = of.Event("bob", "purchase", "2024-03-08T12:00+02:00", item="jam", value=3.5)
LOG = of.EventLog.from_events([LATE, EARLY])


def test_left_out_as_of_is_just_after_the_last_event_of_a_customer() -> None:
    assert of.fold(LOG).as_of == np.datetime64("2024-03-08T10:00:00.000001")
    told = pd.DataFrame({"who": ["cat", None], "region": ["north", "south"]})
    at = pd.to_datetime(["2024-04-01", "2024-05-01"], utc=True)
    facts = of.EventLog.from_facts(told.assign(at=at), customer="who", time="at", facts=["region"])
    assert of.fold(LOG + facts).as_of == np.datetime64("2024-04-01T00:00:00.000001")


def test_who_has_an_event_or_a_fact_before_as_of() -> None:
    told = pd.DataFrame({"who": ["cat"], "region": ["north"]})
    facts = of.EventLog.from_facts(told, customer="who", time="2024-03-02", facts=["region"])
    for as_of, people in (
        ("2024-03-01", []),
        ("2024-03-01 00:00:00.000001", ["ann"]),
        ("2024-03-05", ["ann", "cat"]),
        ("2024-03-08 12:00", ["ann", "bob", "cat"]),
        ("2024-03-08T12:00+02:00", ["ann", "cat"]),
    ):
        assert list(of.fold(LOG + facts, as_of=as_of).ids) == people


def test_rows_without_a_customer_are_left_out() -> None:
    frame = pd.DataFrame({"who": ["ann", None, ""], "at": pd.to_datetime(["2024-01-01"] * 3)})
    log = of.EventLog.from_frame(frame, customer="who", time="at", event="view", tz="UTC")
    assert len(log) == 3
    profiles = of.fold(log, [traits.Count(name="views")])
    assert profiles.to_pandas()["views"].to_dict() == {"ann": 1.0}


def test_the_traits_asked_for_in_their_order_and_facts_after_them() -> None:
    told = pd.DataFrame({"who": ["ann"], "tenure": [3], "region": ["north"]})
    facts = of.EventLog.from_facts(
        told, customer="who", time="2024-01-01", facts=["tenure", "region"]
    )
    profiles = of.fold(LOG + facts, [traits.Tenure(), traits.Recency()], as_of="2024-03-11")
    assert profiles.table.names == ("tenure", "recency", "region")
    assert profiles["ann"]["tenure"] == 10.0  # a trait hides the fact of its name
    assert of.fold(LOG + facts, [])["ann"].to_dict() == {"region": "north", "tenure": 3.0}


def test_a_catalogue_makes_tastes() -> None:
    frame = pd.DataFrame({"sku": ["tea"], "aisle": ["drinks"]})
    catalog = of.Catalog.from_frame(frame, item="sku", category="aisle")
    profiles = of.fold(LOG, catalog=catalog)
    assert profiles.catalog is catalog
    assert profiles["ann"]["categories"] == {"drinks": 1.0}
    assert profiles["bob"]["categories"] is None  # jam is not in the catalogue
    assert of.fold(LOG)["ann"]["categories"] is None


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match=r"fold: log is a DataFrame; .*EventLog.from_frame"):
        of.fold(pd.DataFrame())
    with pytest.raises(ArgumentError, match=r"fold: catalog is a DataFrame; .*Catalog.from_frame"):
        of.fold(LOG, catalog=pd.DataFrame())
    with pytest.raises(ContractError, match=r"fold: traits holds <class.*Recency.*not a trait"):
        of.fold(LOG, [cast("Any", traits.Recency)])
    with pytest.raises(ArgumentError, match=r"the name 'gap' twice; .*another name="):
        of.fold(LOG, [traits.Gap(), traits.Recency(name="gap")])
    for name in ("customer", "time"):  # the keys of a point-in-time table
        with pytest.raises(ArgumentError, match=f"traits has the name '{name}', .*another name="):
            of.fold(LOG, [traits.Recency(name=name)])
