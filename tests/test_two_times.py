"""Two times: when it happened, and when it was received.

fold(log, as_of=t, known_at=s) == fold(the rows that were received before s, as_of=t)
"""

import datetime as dt
import functools
import itertools
import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.events import EventLog
from tests import oracle, packed
from tests.packed import log_of
from tests.strategies import CATALOG, END, EPOCH, Raw, Row, event_of

HOUR, US = dt.timedelta(hours=1), dt.timedelta(microseconds=1)
TRAITS = (traits.Count(), traits.Monetary(None), traits.Recency(None), traits.Share("channel"))
LATE = (None, US, HOUR, 3 * HOUR, 24 * 40 * HOUR, -HOUR)  # received so long after it happened
THEN = (*range(-1, 8), 24 * 7, 24 * 50)  # hours at which to ask what was known


def moments() -> st.SearchStrategy[dt.datetime]:
    """Instants of receipt, and a microsecond to each side."""
    return st.builds(
        lambda h, us: EPOCH + h * HOUR + us * US, st.sampled_from(THEN), st.integers(-1, 2)
    )


@st.composite
def told(draw: st.DrawFn, *, clash: bool = True) -> Raw:
    """Events and facts with receipts, each delivery with one of its own."""
    raw = draw(packed.raws(clash=clash))
    late = iter(draw(st.binary(min_size=40, max_size=40)))

    def received(row: Row) -> Row:
        after = LATE[next(late) % len(LATE)]
        return row | {"received": None if after is None else row["time"] + after}

    again = draw(st.lists(st.sampled_from(raw.facts), max_size=3)) if raw.facts else []
    return Raw(tuple(map(received, raw.rows)), tuple(map(received, [*raw.facts, *again])))


def known(rows: Sequence[Row], s: dt.datetime) -> tuple[Row, ...]:
    """The rows that were received before s; what tells no receipt was so when it happened."""
    return tuple(row for row in rows if (row["received"] or row["time"]) < s)


def as_known(raw: Raw, s: dt.datetime) -> Raw:
    return Raw(known(raw.rows, s), known(raw.facts, s))


def fold(log: Any, t: dt.datetime = END, s: dt.datetime | None = None) -> of.Profiles:
    return of.fold(log, TRAITS, catalog=CATALOG, as_of=t, known_at=s)


@given(told(), packed.moments(), moments())
def test_as_known_then_is_the_fold_of_what_was_received(
    raw: Raw, t: dt.datetime, s: dt.datetime
) -> None:
    log, then = log_of(raw), log_of(as_known(raw, s))
    assert log.known_at(s) == then
    found, expected = fold(log, t, s), fold(then, t)
    assert found == expected
    assert found.to_pandas(wide=99).equals(expected.to_pandas(wide=99))
    assert found == fold(log, s=s).at(t) == fold(log.before(t), t, s)


@given(told(clash=False), packed.moments(), moments())
def test_plain_python_says_the_same(raw: Raw, t: dt.datetime, s: dt.datetime) -> None:
    then = as_known(raw, s)
    profiles = fold(log_of(raw), t, s)
    assert profiles.ids.tolist() == oracle.people(then, t)
    for profile in profiles:
        mine = oracle.events(then, profile.id, t)
        assert profile["count"] == len(mine)
        assert profile["monetary"] == oracle.monetary(mine, t)
        assert profile["recency"] == oracle.recency(mine, t)
        for fact in {fact["name"] for fact in then.facts}:
            known = profile[fact] if fact in profile.table.names else None
            assert known in oracle.fact(then, profile.id, fact, t)


@given(told(), moments(), st.data())
def test_order_chunks_and_updates(raw: Raw, s: dt.datetime, data: st.DataObject) -> None:
    """However the deliveries come: shuffled, in pieces, merged, or as an update."""
    log = log_of(raw)
    rows = data.draw(st.permutations(range(len(log))))
    facts = data.draw(st.permutations(range(len(log.facts))))
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=2))), len(rows)]
    logs = [
        packed.some_of(log, rows[a:b], facts[k::2] if k < 2 else [])
        for k, (a, b) in enumerate(itertools.pairwise(cuts))
    ]
    logs.append(packed.some_of(log, [], facts))
    for moment in (s, None):
        whole = fold(log, s=moment)
        assert fold(functools.reduce(operator.add, logs), s=moment) == whole
        assert fold(iter(logs), s=moment) == whole
        parts = [fold(some, s=moment) for some in logs]
        assert functools.reduce(of.Profiles.merge, parts) == whole
        profiles = parts[0]
        for some in logs[1:]:
            new = some if moment is None else some.known_at(moment)
            profiles = profiles.update(new, as_of=END)
        assert profiles == whole


@given(told(), moments())
def test_what_one_knew_and_then_the_rest(raw: Raw, s: dt.datetime) -> None:
    then = as_known(raw, s)
    rest = Raw(
        tuple(row for row in raw.rows if row not in then.rows),
        tuple(fact for fact in raw.facts if fact not in then.facts),
    )
    log = log_of(raw)
    assert fold(log, s=s).update(log_of(rest), as_of=END) == fold(log)
    assert fold(log_of(rest)).merge(fold(log, s=s)) == fold(log)


@given(told(clash=False), st.data())
def test_of_deliveries_of_one_event_the_one_received_last_stays(
    raw: Raw, data: st.DataObject
) -> None:
    """The earliest in time stays; of those of one instant what has no receipt gives way."""
    best: dict[Any, Any] = {}
    for row in raw.rows:
        if row["id"] is not None and row["customer"]:
            key = (row["customer"], row["source"], row["id"])
            known = row["received"] is not None
            rank = (END - row["time"], known, row["received"] if known else END)
            best[key] = max(best.get(key, (rank, row)), (rank, row), key=lambda held: held[0])
    rows = data.draw(st.permutations(raw.rows))
    profiles = fold(log_of(Raw(tuple(rows))), max([END, *(row["time"] + US for row in rows)]))
    for profile in profiles:
        events = profile.events()[profile.ledger.events.array("has_id")]
        found = [
            (row.time.to_pydatetime(), None if pd.isna(row.received) else row.received)
            for row in events.assign(received=events.get("received", pd.NaT)).itertuples()
        ]
        left = [held[1] for key, held in best.items() if key[0] == profile.id]
        expected = [
            (row["time"], row["received"] and pd.Timestamp(row["received"])) for row in left
        ]
        assert sorted(found, key=str) == sorted(expected, key=str)


@given(told(), packed.moments(), moments())
@settings(max_examples=30)
def test_a_repeated_event_is_known_from_its_first_receipt(
    raw: Raw, t: dt.datetime, s: dt.datetime
) -> None:
    """All again, much later: nothing of what was known before changes."""
    ids = [(row["customer"], row["source"], row["id"]) for row in raw.rows]
    told = tuple(
        row | {"received": END}
        for row, key in zip(raw.rows, ids, strict=True)
        if row["id"] is not None and ids.count(key) == 1
    )
    facts = tuple(fact | {"received": END} for fact in raw.facts)
    again = Raw(raw.rows + told, raw.facts + facts)
    assert fold(log_of(again), t, s) == fold(log_of(raw), t, s)
    twice, once = fold(log_of(again), t), fold(log_of(raw), t)
    pd.testing.assert_frame_equal(twice.to_pandas(), once.to_pandas())


@pytest.mark.parametrize("of_facts", [False, True])
@pytest.mark.parametrize("us", [-1, 0, 1])
def test_what_is_received_at_that_very_moment_is_not_known_yet(of_facts: bool, us: int) -> None:
    s = EPOCH + us * US
    if of_facts:
        frame = pd.DataFrame({"who": ["a"], "at": [EPOCH - HOUR], "x": ["y"], "got": [EPOCH]})
        log = EventLog.from_facts(frame, customer="who", time="at", facts=["x"], received="got")
    else:
        log = EventLog.from_events([of.Event("a", "view", EPOCH - HOUR, received=EPOCH)])
    assert len(of.fold(log, as_of=END, known_at=s)) == (us > 0)
    assert len(of.fold(log, as_of=s)) == 1  # what happened is there, whenever it was received
    assert len(of.fold(log, as_of=EPOCH - HOUR, known_at=END)) == 0


def test_receipts_of_frames_of_events_and_of_files(tmp_path: Path) -> None:
    when = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])
    got = pd.to_datetime(["2024-02-01 12:00", None, "2024-02-03 12:00"])
    frame = pd.DataFrame({"who": ["a", "a", "b"], "at": when, "got": got})
    columns: dict[str, Any] = {"customer": "who", "time": "at", "event": "view", "received": "got"}
    columns["tz"] = "Europe/Berlin"
    log = EventLog.from_frame(frame, **columns)
    berlin = "Europe/Berlin"
    receipts = [None if pd.isna(x) else x.tz_localize(berlin) for x in got]
    single = [
        of.Event(who, "view", at.tz_localize(berlin), received=at_last)
        for who, at, at_last in zip(frame["who"], when, receipts, strict=True)
    ]
    assert log == EventLog.from_events(single)
    assert log.to_pandas()["received"].tolist()[0] == pd.Timestamp("2024-02-01 11:00", tz="UTC")
    frame.to_parquet(tmp_path / "events.parquet")
    batches = EventLog.batches(tmp_path, rows=2, **columns)
    then = {"as_of": END, "known_at": "2024-02-03"}
    profiles = of.fold(log, **then)
    assert of.fold(batches, **then) == profiles
    assert profiles.ids.tolist() == ["a"]
    of.save(profiles, tmp_path / "profiles.onefold")
    assert of.load(tmp_path / "profiles.onefold") == profiles


@given(told(clash=False))
@settings(max_examples=30)
def test_one_profile_keeps_receipts(raw: Raw) -> None:
    rows = [row for row in raw.rows if row["customer"]]
    profiles = fold(log_of(Raw(tuple(rows))))
    for who in profiles.ids:
        profile = fold(log_of(Raw())).new(who)
        for row in rows:
            if row["customer"] == who:
                event = event_of({k: v for k, v in row.items() if k != "received"})
                profile = profile.after(attrs.evolve(event, received=row["received"]))
        assert profile.ledger == profiles[who].ledger


@pytest.mark.parametrize("id", [None, "1"])
def test_a_receipt_at_once_is_as_none(id: str | None) -> None:
    at_once = of.Event("a", "view", EPOCH, id=id, received=EPOCH)
    untold = of.Event("a", "view", EPOCH, id=id)
    late = of.Event("a", "view", EPOCH + HOUR, received=END)
    one, other = [at_once, untold, late], [untold, at_once, late]
    assert of.fold(EventLog.from_events(one)) == of.fold(EventLog.from_events(other))


def fact(received: dt.datetime) -> Row:
    return {
        "customer": "a",
        "time": EPOCH,
        "name": "region",
        "value": "north",
        "received": received,
    }


@given(told(), moments())
def test_a_log_without_repeats_folds_to_the_same(raw: Raw, s: dt.datetime) -> None:
    log = log_of(attrs.evolve(raw, facts=()))
    assert fold(log.deduplicate()) == fold(log)
    assert fold(log.known_at(s).deduplicate()) == fold(log, s=s)


@given(told())
@example(Raw((), (fact(EPOCH + 3 * HOUR), fact(EPOCH + HOUR))))
def test_facts_without_repeats_fold_to_the_same(raw: Raw) -> None:
    log = log_of(attrs.evolve(raw, rows=()))
    assert fold(log.deduplicate()) == fold(log)
