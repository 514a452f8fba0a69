"""The log: windows, sums, repeated deliveries, facts."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import OnefoldError
from onefold.events import EventLog
from tests.strategies import END, Raw, event_of, events_of, instants, raws


@given(raws(), instants())
@settings(max_examples=30)
def test_windows_are_half_open_and_complete(raw: Raw, t) -> None:
    log = raw.log()
    early, late = log.before(t), log.between(t, END)
    assert len(early) + len(late) == len(log)
    assert len(early.facts) + len(late.facts) == len(log.facts)
    assert of.fold(early + late, as_of=END) == of.fold(log, as_of=END)
    assert log.between(t, t) == log.before("1700-01-01")


@given(raws(nobody=False))
@settings(max_examples=30)
def test_events_and_frames_are_the_same_log(raw: Raw) -> None:
    assert EventLog.from_events([event_of(r) for r in raw.rows]) == events_of(raw.rows)


@given(raws(), st.integers(0, 12))
@settings(max_examples=30)
def test_deduplicate(raw: Raw, cut: int) -> None:
    log = raw.log()
    once = log.deduplicate()
    assert once.deduplicate() == once
    assert (once + once).deduplicate().events.array("has_id").sum() == once.events.array(
        "has_id"
    ).sum()
    assert once.quality()["duplicates"] == 0
    assert len(log) - len(once) == log.quality()["duplicates"]


def test_to_pandas_and_back() -> None:
    log = EventLog.from_events(
        [of.Event("a", "buy", "2024-01-01", item="tea", value=4.9, channel="web", basket="b")]
    )
    frame = log.to_pandas()
    again = EventLog.from_frame(
        frame,
        customer="customer",
        time="time",
        event="event",
        item="item",
        channel="channel",
        value="value",
        quantity="quantity",
        basket="basket",
    )
    assert again == log
    assert repr(log) == "EventLog(1 events, 0 facts, 1 customer)"


def test_facts() -> None:
    frame = pd.DataFrame(
        {
            "who": ["a", "a", "b", None],
            "at": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-01-01", "2024-01-01"]),
            "where": ["north", "south", None, "west"],
            "kids": [2, None, 0, 1],
        }
    )
    log = EventLog.from_facts(
        frame, customer="who", time="at", facts={"region": "where", "kids": "kids"}, tz="UTC"
    )
    assert len(log) == 0
    assert len(log.facts) == 6
    profiles = of.fold(log)
    assert list(profiles.ids) == ["a", "b"]
    assert profiles["a"].to_dict()["region"] == "south"
    assert profiles["a"]["kids"] == 2
    assert profiles["b"]["region"] is None
    assert profiles["b"]["kids"] == 0
    assert profiles.at("2024-01-15")["a"]["region"] == "north"
    assert of.fold(log + log) == profiles
    assert len((log + log).deduplicate().facts) == 6


@pytest.mark.parametrize(
    ("facts", "time", "says"),
    [
        ("region", "2024-01-01", r"it takes a list of columns: \['region'\]"),
        ([], "2024-01-01", "facts is empty"),
        (["age"], "2024-01-01", "no column 'age'"),
        ([3], "2024-01-01", "facts holds 3"),
        (3, "2024-01-01", r"facts is 3; it takes a list"),
        ({3: "region"}, "2024-01-01", "facts has the name 3"),
        ({"time": "region"}, "2024-01-01", r"the name 'time', .*facts=\{'time_told': 'region'\}"),
        (["customer"], "2024-01-01", r"the name 'customer', .*'customer_told': 'customer'"),
        (["region"], "whenever", "time is 'whenever'"),
        (["region"], 3, "time is 3"),
    ],
)
def test_facts_that_are_refused(facts, time, says) -> None:
    frame = pd.DataFrame({"who": ["a"], "region": ["north"]})
    with pytest.raises(OnefoldError, match=f"EventLog.from_facts: .*{says}"):
        EventLog.from_facts(frame, customer="who", time=time, facts=facts)


def test_adding_what_is_no_log() -> None:
    with pytest.raises(TypeError):
        EventLog.from_events([]) + 3
