"""Facts as traits: the latest statement before a moment, and the age that follows from one."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError


def stated(name: str, **by_customer: Any) -> of.EventLog:
    """One statement about each customer, all on 1 January 2000."""
    frame = pd.DataFrame({"who": list(by_customer), name: list(by_customer.values())})
    return of.EventLog.from_facts(frame, customer="who", time="2000-01-01", facts=[name])


def moved(when: str, name: str, value: Any) -> of.EventLog:
    frame = pd.DataFrame({"who": ["ann"], name: [value]})
    return of.EventLog.from_facts(frame, customer="who", time=when, facts=[name])


def age(born: Any, as_of: str) -> float | None:
    held = of.fold(stated("birth_date", ann=born), [traits.Age()], as_of=as_of)["ann"]["age"]
    return None if held is None else float(held)


@pytest.mark.parametrize("order", [1, -1])
def test_the_latest_statement_before_as_of_holds(order: int) -> None:
    first, then = moved("2024-01-01", "region", "north"), moved("2024-06-01", "region", "south")
    log = (first + then) if order == 1 else (then + first)
    for as_of, region in (("2024-06-01", "north"), ("2024-06-01 00:00:00.000001", "south")):
        assert of.fold(log, as_of=as_of)["ann"]["region"] == region


def test_numbers_stay_numbers_and_words_words() -> None:
    table = of.fold(stated("children", ann=2, bob=0) + stated("region", bob="north")).table
    assert table.read(traits.Fact("children")).tolist() == [2, 0]
    assert table.read(traits.Fact("children")).dtype == np.float64
    assert table.read(traits.Fact("region")).tolist() == [None, "north"]


def test_a_fact_that_nobody_stated_is_missing() -> None:
    table = of.fold(stated("children", ann=2)).table
    assert np.isnan(table.read(traits.Fact("shoe_size"))).tolist() == [True]


def test_a_fact_is_text_for_everybody_or_a_number_for_everybody() -> None:
    words, number = stated("size", ann="large", bob="small"), moved("2024-01-01", "size", 40)
    says = "fact 'size' is text on one side and a number on the other; give it one type"
    with pytest.raises(ArgumentError, match=f"log . log: {says}"):
        words + number
    with pytest.raises(ArgumentError, match=f"profiles.merge: {says}"):
        of.fold(number).update(words)
    with pytest.raises(ArgumentError, match=f"profiles.merge: {says}"):
        of.fold(words).merge(of.fold(number))
    other = stated("shoe size", ann=40)
    assert of.fold(words + other + other)["ann"].to_dict()["shoe size"] == 40
    assert len((words + words).facts) == 4


def test_a_fact_takes_its_own_name_or_another() -> None:
    assert traits.Fact("region").name == "region"
    profiles = of.fold(stated("region", ann="north"), [traits.Fact("region", name="home")])
    assert profiles["ann"].to_dict() == {"home": "north", "region": "north"}


@pytest.mark.parametrize(
    ("born", "as_of", "years"),
    [
        ("1980-05-17", "2024-05-16 23:59", 43),
        ("1980-05-17", "2024-05-17", 44),
        ("1980-05-17", "2024-06-01", 44),
        ("1980-05-17T09:30:00", "2024-05-17", 44),
        ("2000-02-29", "2001-02-28", 0),
        ("2000-02-29", "2001-03-01", 1),
        ("2000-02-29", "2004-02-28", 3),
        ("2000-02-29", "2004-02-29", 4),
        ("1999-12-31", "2000-12-30", 0),
        ("1912-01-31", "2012-01-31", 100),  # over the epoch
        ("2024-05-17", "2024-05-17", 0),
        ("2024-05-18", "2024-05-17", None),  # lies ahead
        ("17 May 1980", "2024-05-17", None),
        ("2001-02-29", "2024-05-17", None),  # no such day
        (1980, "2024-05-17", None),  # a number is no date
    ],
)
def test_completed_years(born: Any, as_of: str, years: float | None) -> None:
    assert age(born, as_of) == years


def test_age_reads_dates_of_the_frame_and_another_fact() -> None:
    log = stated("born", ann=pd.Timestamp("1990-03-04"), bob=None)
    log = log + of.EventLog.from_events([of.Event("bob", "view", "2020-01-01")])
    trait = traits.Age("born", name="years")
    table = of.fold(log, [trait], as_of="2020-03-04").table
    np.testing.assert_array_equal(table["years"], [30, np.nan])
    assert np.isnan(table.read(traits.Age())).all()  # there is no birth_date


def test_settings_are_names() -> None:
    with pytest.raises(ArgumentError, match="Fact: fact is ''"):
        traits.Fact("")
    with pytest.raises(ArgumentError, match="Age: fact is None"):
        traits.Age(None)
