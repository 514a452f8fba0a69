"""Who and when: figures of a ledger, and timelines whose steps suit their length."""

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.ledger import Ledger
from onefold.profiles.overview import STEPS, Overview
from onefold.profiles.overview_page import heading, legend, lines, notes, span, stacks


def overview(*events: of.Event, as_of: str) -> Overview:
    ledger = Ledger.from_log(of.EventLog.from_events(events))
    return Overview.of(ledger, np.datetime64(as_of, "us"))


def views(*times: str, kind: str = "view") -> list[of.Event]:
    return [of.Event("ann", kind, time) for time in times]


@pytest.mark.parametrize(
    ("last", "step", "starts"),
    [
        ("2024-01-01", "day", ["2024-01-01"]),
        ("2024-02-09", "day", ["2024-01-01", "2024-02-09"]),
        ("2024-02-10", "week", ["2024-01-01", "2024-02-05"]),  # Mondays
        ("2024-10-06", "week", ["2024-01-01", "2024-09-30"]),
        ("2024-10-07", "month", ["2024-01", "2024-10"]),
        ("2027-04-30", "month", ["2024-01", "2027-04"]),
        ("2027-05-01", "quarter", ["2024 Q1", "2027 Q2"]),
        ("2033-12-31", "quarter", ["2024 Q1", "2033 Q4"]),
        ("2034-01-01", "year", ["2024", "2034"]),
        ("2063-12-31", "year", ["2024", "2063"]),
        ("2064-01-01", "decade", ["2020s", "2060s"]),
        ("2199-12-31", "decade", ["2020s", "2190s"]),
    ],
)
def test_steps_are_the_finest_of_which_forty_will_do(
    last: str, step: str, starts: list[str]
) -> None:
    timeline = overview(*views("2024-01-01", last), as_of="2199-12-31T23:59").timeline
    assert timeline is not None and timeline.step == "decade"  # silence is shown too
    timeline = overview(*views("2024-01-01", last), as_of=f"{last}T00:00:00.000001").timeline
    assert timeline is not None
    assert timeline.step == step
    assert [timeline.starts[0], timeline.starts[-1]] == [starts[0], starts[-1]]
    assert len(timeline.starts) <= STEPS
    assert timeline.counts.sum() == 2 and timeline.counts[0] > 0 and timeline.counts[-1] > 0


def test_times_before_1970_are_placed_as_well() -> None:
    timeline = overview(*views("1966-12-31", "1967-01-01"), as_of="1976-01-01").timeline
    assert timeline is not None
    assert dict(zip(timeline.starts, timeline.counts[:, 0].tolist(), strict=True))["1967 Q1"] == 1
    assert timeline.starts[0] == "1966 Q4"


def test_the_most_frequent_kinds_are_told_apart_and_the_rest_is_one() -> None:
    events = [e for i in range(6) for e in views(*["2024-01-01"] * (i + 1), kind=f"kind {i}")]
    held = overview(*events, as_of="2024-01-03")
    assert held.kinds[0] == ("kind 5", 6) and len(held.kinds) == 6
    timeline = held.timeline
    assert timeline is not None
    assert timeline.kinds == ("kind 5", "kind 4", "kind 3", "kind 2", "others")
    assert timeline.counts.tolist() == [[6, 5, 4, 3, 3], [0, 0, 0, 0, 0]]
    assert heading(timeline) == "events by day, highest bar 21"
    assert "2024-01-01: 21 events, kind 5 6, kind 4 5" in stacks(timeline)
    colours = [colour for colour, _, _ in legend(held)]
    assert len(set(colours)) == 5 and colours[4] == colours[5]
    many = [e for i in range(20) for e in views("2024-01-01", kind=f"kind {i:02d}")]
    assert legend(overview(*many, as_of="2024-01-03"))[-1][1] == "8 other kinds"
    assert "8 other kinds" in "\n".join(lines(overview(*many, as_of="2024-01-03")))


def test_what_events_lack_is_said() -> None:
    held = overview(
        of.Event("ann", "view", "2024-01-01", item="tea", zone="UTC"),
        of.Event("ann", "view", "2024-01-02", zone="UTC"),
        as_of="2024-01-03",
    )
    assert dict(held.untold) == {"item": 0.5, "channel": 1, "amount": 1, "basket": 1}
    assert notes(held) == ["events without item 50.0%", "no channel", "no amount", "no basket"]


def test_in_words_one_is_singular_and_nothing_is_no_events() -> None:
    one = overview(*views("2024-01-01 12:30"), as_of="2024-01-02")
    assert span(one) == "1 event on 2024-01-01 UTC"
    assert lines(one)[1] == "by day, 2024-01-01: █"
    assert span(overview(*views("2024-01-01", "2024-01-03"), as_of="2024-01-04")) == (
        "2 events from 2024-01-01 to 2024-01-03 UTC"
    )
    nothing = Overview.of(Ledger.empty(), np.datetime64("2024-01-01", "us"))
    assert lines(nothing) == ["no events"]
    assert notes(nothing) == [] and legend(nothing) == []


def test_lines_fit() -> None:
    events = [e for i in range(30) for e in views("2024-01-01", kind=f"{'<long>' * 8}{i}")]
    assert max(map(len, lines(overview(*events, as_of="2034-01-01")))) <= 100


def test_chunks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    times = pd.date_range("2024-01-01", periods=50, freq="7h").astype(str)
    whole = overview(*views(*times), as_of="2024-02-01").timeline
    monkeypatch.setattr("onefold.profiles.overview.CHUNK", 7)
    parts = overview(*views(*times), as_of="2024-02-01").timeline
    assert whole is not None and parts is not None
    assert whole.counts.tolist() == parts.counts.tolist()
