"""The ledger: one of each delivery, the earliest, in canonical order; only words that occur."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings

import onefold as of
from onefold._columns import Coded
from onefold.events import EventLog
from onefold.ledger import Ledger, bisect
from tests.strategies import Raw, instants, raws


def one(day: int, **more: object) -> of.Event:
    return of.Event("a", "buy", f"2024-01-{day:02d}", **{"id": "1"} | more)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [1, -1])
def test_a_repeated_id_counts_once_and_the_earliest_stays(order: int) -> None:
    events = [one(3, item="late"), one(1, item="early"), one(2, item="middle")][::order]
    profile = of.fold(EventLog.from_events(events))["a"]
    assert profile.events()["item"].tolist() == ["early"]
    assert profile.after(one(1, item="early")) == profile
    assert len(profile.after(one(5, item="again"))) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_a_clash_at_one_instant_does_not_depend_on_delivery(order: int) -> None:
    events = [one(1, item=item, value=2) for item in ("tea", "jam", "oat")]
    first = of.fold(EventLog.from_events(events))
    assert of.fold(EventLog.from_events(events[::order])) == first
    parts = [of.fold(EventLog.from_events([e])) for e in events[::order]]
    assert parts[0].merge(parts[1].merge(parts[2])) == first


def test_another_source_or_customer_is_another_event() -> None:
    events = [one(1), one(1, source="till"), one(1, id=None), one(1, id=None)]
    other = of.Event("b", "buy", "2024-01-01", id="1")
    profiles = of.fold(EventLog.from_events([*events, *events[:2], other]))
    assert len(profiles["a"]) == 4
    assert len(profiles["b"]) == 1


@given(raws(), instants())
@settings(max_examples=30)
def test_sorted_and_without_words_that_do_not_occur(raw: Raw, t: dt.datetime) -> None:
    whole = Ledger.from_log(raw.log())
    cut = np.datetime64(t.replace(tzinfo=None), "us")
    for ledger in (whole, whole.before(cut), whole.of(np.arange(len(whole))[::2]), whole | whole):
        for table in (ledger.events, ledger.facts):
            rows = list(
                zip(table.array("customer").tolist(), table.array("time").tolist(), strict=True)
            )
            assert rows == sorted(rows)
            for name, column in table.data.items():
                if isinstance(column, Coded) and name not in ("customer", "name"):
                    used = set(column.codes.tolist()) - {-1}
                    assert used == set(range(len(column.vocab))), name
        people = {*ledger.events.array("customer"), *ledger.facts.array("customer")}
        assert people == set(range(len(ledger)))


def test_bisect_is_searchsorted() -> None:
    generator = np.random.default_rng(1)
    times = np.sort(generator.integers(0, 50, 200).reshape(4, 50), axis=1).ravel()
    moments = generator.integers(-5, 60, 4)
    starts = np.arange(4) * 50
    found = bisect(times, starts, starts + 50, moments)
    expected = [
        s + np.searchsorted(times[s : s + 50], m) for s, m in zip(starts, moments, strict=True)
    ]
    assert found.tolist() == expected
    assert bisect(times[:0], np.zeros(1, int), np.zeros(1, int), moments[:1]).tolist() == [0]
