"""Rows go to the part of their customer, and come back as they were."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold._columns import Columns, stacked
from onefold._random import hash64
from onefold.events import EventLog
from onefold.profiles.parts import spill
from tests.profiles.parts.some import event
from tests.strategies import Raw, raws


@settings(max_examples=20)
@given(raws(nobody=False), st.integers(1, 9))
def test_each_row_is_in_the_part_of_its_customer(raw: Raw, parts: int) -> None:
    for table in (raw.log().events, raw.log().facts):
        found = dict(spill.split(table, parts))
        for number, some in found.items():
            who = some.coded("customer").decode()
            assert len(who) and (hash64(who) % np.uint64(parts) == number).all()
            here = np.isin(table.coded("customer").decode(), who)
            assert some.equals(table.take(here))
        assert sum(map(len, found.values())) == len(table)


def test_rows_come_back_in_their_types(tmp_path: Path) -> None:
    rows = [
        event("ann", value=1.5, quantity=2, id="1", properties={"p": "q"}, received="2024-05-01"),
        event("bob", 2, item="🍎", zone="UTC", properties={"n": -0.0}),
    ]
    for some in (rows, rows[:1], rows[1:], [rows[0]] * 3):
        log = EventLog.from_events(some)
        there = spill.Spill(tmp_path / str(len(list(tmp_path.iterdir()))), 1)
        there.folder.mkdir()
        for _ in range(2):
            there.add(log)
        found = there.logs(0)
        assert [len(part) for part in found] == [len(log)] * 2
        both: Columns = stacked([found[0].events, found[1].events])
        assert both.equals((log + log).events)
        kinds = {name: found[0].events.array(name).dtype for name in found[0].events.data}
        assert kinds == {name: log.events.array(name).dtype for name in kinds}
        there.drop(0)
        assert 0 not in there and list(there.folder.iterdir()) == []


def test_small_logs_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    real = spill.Spill.add

    def add(self: spill.Spill, log: EventLog) -> None:
        written.append(len(log))
        real(self, log)

    monkeypatch.setattr(spill.Spill, "add", add)
    logs = [EventLog.from_events([event(f"c{i}", value=i)]) for i in range(50)]
    made = of.Partitions.fold(iter(logs), tmp_path / "parts", parts=2)
    assert written == [50] and made.profiles() == of.fold(logs)
