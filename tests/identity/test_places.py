"""Where rows of evidence are among others, and what a moment leaves out."""

import numpy as np

import onefold as of
from onefold.identity.evidence import Evidence
from onefold.identity.places import alike, places

EVENTS = [
    of.Event(None, "view", "2024-03-02", identifiers={"cookie": "c2"}),
    of.Event(None, "view", "2024-03-01", identifiers={"cookie": "c1", "email": "b@x.org"}),
    of.Event("ann", "login", "2024-03-01", identifiers={"cookie": "c1"}),
    of.Event(None, "view", "2024-03-02", identifiers={"cookie": "c2"}),
]


def test_rows_are_found_in_any_order() -> None:
    held = Evidence.of(of.EventLog.from_events(EVENTS))
    assert places(held, held).tolist() == [0, 1, 2, 3]
    again = Evidence.of(of.EventLog.from_events(EVENTS[::-1]))
    assert places(again, held).tolist() == [0, 2, 1, 0]
    other = [of.Event(None, "view", "2024-03-02", identifiers={"cookie": "c1"}), EVENTS[2]]
    assert places(Evidence.of(of.EventLog.from_events(other)), held).tolist() == [-1, 2]
    assert alike(held.table).tolist() == [0, 1, 2, 0]
    none = Evidence.of(of.EventLog.from_events([]))
    assert places(none, held).tolist() == []
    assert places(held, none).tolist() == [-1] * 4


def test_a_clock_that_is_ahead_does_not_bring_a_row_forward() -> None:
    """It counts from when it was received, once the time that it tells is there."""
    ahead = of.Event(
        None, "view", "2024-03-05", received="2024-03-02", identifiers={"cookie": "c1"}
    )
    log = of.EventLog.from_events([ahead, EVENTS[1]])
    held = Evidence.of(log)
    assert held.time[0] == np.datetime64("2024-03-02")
    t = np.datetime64("2024-03-03", "us")
    assert held.before(t) == Evidence.of(log.before(t))
    whole = of.resolve(log)
    assert whole.at(t) == of.resolve(log, as_of=t)
