import threading
import tracemalloc

import pandas as pd
import pytest
from sqlalchemy import bindparam, insert, null, update

from onefold import Event, EventLog
from onefold.errors import ArgumentError, StoreError
from onefold.events.several import one_log
from onefold.store import logs as reading
from onefold.store.database import Query
from onefold.store.logs import Position
from onefold.store.rows import bundle_hash, event_row
from onefold.store.schema import erasures
from onefold.store.schema import log as log_table
from tests.store.filled import BUNDLE, ROW, fill, said

DAYS = pd.date_range("2024-01-01", periods=20, tz="UTC")
EMPTIED = Query(
    update(log_table)
    .where(log_table.c.seq == bindparam("which"))
    .values({c.name: null() for c in log_table.c if c.name != "seq"})
)
ERASED = Query(insert(erasures).values(erasure=bindparam("erasure")))


def log_of(days, who="ann"):
    return EventLog.from_events([Event(who, "view", day, item="tea") for day in days])


def erase(store, seq, erasure=1):
    with store._core.database.writing() as session:
        session.run(EMPTIED, which=seq)
        session.run(ERASED, erasure=erasure)


def test_an_empty_store_is_an_empty_log(url, opened):
    store = opened(url)
    assert len(store) == len(store.log()) == 0
    assert list(store.logs()) == []
    assert store.position() == Position(0, 0)
    assert store.checkpoints().empty
    assert list(store.checkpoints()) == ["name", "position", "behind", "stale"]


@pytest.mark.parametrize("piece", [1, 3, 100])
def test_pieces_put_together_are_the_whole(url, opened, monkeypatch, piece):
    monkeypatch.setattr(reading, "PIECE", piece)
    store = opened(url)
    log = log_of(DAYS)
    fill(store, log)
    assert store.log() == log
    for rows in (1, 7, 20, 21):
        several = list(store.logs(rows))
        assert [len(some) for some in several[:-1]] == [rows] * (len(several) - 1)
        assert 0 < len(several[-1]) <= rows
        assert one_log(several, "test") == log


def test_what_came_after_a_position_and_up_to_another(url, opened):
    store = opened(url)
    parts, at = [log_of(DAYS[:5]), log_of(DAYS[5:8], "bob"), log_of(DAYS[8:])], [Position(0, 0)]
    for part in parts:
        fill(store, part)
        at.append(store.position())
    for i in range(3):
        assert store.log(after=at[i], until=at[i + 1]) == parts[i]
        assert one_log(list(store.logs(2, after=at[i], until=at[i + 1])), "test") == parts[i]
    assert store.log(after=at[1]) == parts[1] + parts[2]
    assert store.log(until=at[1]) == parts[0]
    assert len(store.log(after=at[3])) == len(store.log(after=at[2], until=at[1])) == 0


def test_a_stream_holds_nothing_and_ends_where_it_began(url, opened):
    store = opened(url)
    fill(store, log_of(DAYS[:6]))
    read = []
    for some in store.logs(2):
        read.append(some)
        fill(store, log_of(DAYS[6:7], "late"))  # who reads may write, and is not told of it
    assert one_log(read, "test") == log_of(DAYS[:6])
    assert len(store) == 9


def test_a_position_is_taken_when_the_stream_is_asked_for(url, opened):
    store = opened(url)
    fill(store, log_of(DAYS[:2]))
    stream = store.logs()
    fill(store, log_of(DAYS[2:4]))
    assert sum(map(len, stream)) == 2


def test_erased_rows_are_not_read(url, opened):
    store = opened(url)
    fill(store, log_of(DAYS[:5]))
    erase(store, 2)
    assert store.log() == log_of([DAYS[0], *DAYS[2:5]])
    assert len(store) == 4
    assert store.position() == Position(5, 1)
    assert [len(some) for some in store.logs(2)] == [2, 2]


def test_a_log_has_the_currency_of_the_store(url, opened):
    store = opened(url)
    frame = pd.DataFrame({"who": ["ann"], "t": DAYS[:1], "paid": [4.9]})
    log = EventLog.from_frame(
        frame, customer="who", time="t", event="buy", value="paid", currency="EUR"
    )
    fill(store, log)
    assert store.log() == log
    assert store.log(after=store.position()).currency == "EUR"
    assert next(store.logs()).currency == "EUR"


def test_restricted_people_are_left_out(url, opened):
    store = opened(url)
    parts = [log_of(DAYS[2 * at : 2 * at + 2], who) for at, who in enumerate(["ann", "bob", "eve"])]
    parts.append(EventLog.from_events([Event(None, "view", DAYS[9], identifiers={"cookie": "k"})]))
    for part in parts:
        store.observe_all(part)
    store.restrict(("customer", "bob"))
    assert store.log() == parts[0] + parts[2] + parts[3]
    for rows in (1, 2, 100):
        several = list(store.logs(rows))
        assert all(len(some) for some in several)
        assert one_log(several, "test") == parts[0] + parts[2] + parts[3]
    store.restrict(("cookie", "k"))
    assert store.log() == parts[0] + parts[2]
    store.release(("customer", "bob"))
    assert store.log() == parts[0] + parts[1] + parts[2]


def test_rows_on_a_shared_device_go_with_whom_they_are(url, opened):
    """A tablet that serves four; what was seen on it alone, within a session, is that person's."""
    store = opened(url)
    start, minute = DAYS[0], pd.Timedelta("1min")
    events = []
    for at, who in enumerate(["ann", "bob", "eve", "joe"]):
        when = start + at * pd.Timedelta("5h")
        events.append(Event(who, "login", when, identifiers={"device": "tablet"}))
        events.append(
            Event(None, "view", when + minute, identifiers={"device": "tablet"}, item=who)
        )
    store.observe_all(events)
    assert len(store.profile(("customer", "bob"))) == 2
    store.restrict(("customer", "bob"))
    left = store.log()
    assert len(left) == 6
    assert sorted(set(left.events.coded("item").decode()) - {None}) == ["ann", "eve", "joe"]
    store.release(("customer", "bob"))
    assert len(store.log()) == 8


def test_a_checkpoint_tells_how_far_behind_it_is(url, opened):
    store = opened(url)
    fill(store, log_of(DAYS[:3]))
    first = store.checkpoint("scorer")
    fill(store, log_of(DAYS[3:8]))
    assert store.checkpoint("a\0 table's") == store.position()
    table = store.checkpoints()
    assert table["name"].tolist() == ["a\0 table's", "scorer"]
    assert table["position"].tolist() == [store.position(), first]
    assert table["behind"].tolist() == [0, 5]
    assert table["stale"].tolist() == [False, False]
    assert store.log(after=table["position"][1]) == log_of(DAYS[3:8])
    store.checkpoint("scorer", store.position())
    assert store.checkpoints()["behind"].tolist() == [0, 0]


def test_a_position_from_before_an_erasure_is_stale(url, opened):
    store = opened(url)
    fill(store, log_of(DAYS[:5]))
    before = store.position()
    erase(store, 2)
    fill(store, log_of(DAYS[5:6]))
    store.checkpoint("old", before)
    store.checkpoint("new")
    table = store.checkpoints().set_index("name")
    assert table["stale"].to_dict() == {"new": False, "old": True}
    assert table["behind"].to_dict() == {"new": 0, "old": 1}
    store.checkpoint("old", store.position())
    assert not store.checkpoints()["stale"].any()


def test_what_is_no_position_is_refused(url, opened):
    store = opened(url)
    fill(store, log_of(DAYS[:2]))
    for call in (store.log, store.logs):
        for argument in ("after", "until"):
            with pytest.raises(ArgumentError, match=f"{argument} is a int.*position"):
                call(**{argument: 1})
    with pytest.raises(ArgumentError, match="rows is 0"):
        store.logs(0)
    with pytest.raises(ArgumentError, match="position is a str"):
        store.checkpoint("a", "now")
    with pytest.raises(ArgumentError, match="name is"):
        store.checkpoint("")
    for bad in (Position(3, 0), Position(2, 1)):
        with pytest.raises(ArgumentError, match="the store is at Position"):
            store.checkpoint("a", bad)
    assert store.checkpoints().empty
    for wrong in (-1, 1.5, "1", True):
        with pytest.raises(ArgumentError, match="Position"):
            Position(wrong, 0)


def test_a_position_waits_for_rows_that_have_a_number_and_are_not_there_yet(lasting, opened):
    store, other = opened(lasting), opened(lasting)
    fill(store, log_of(DAYS[:2]))
    key, row = event_row(Event("ann", "view", DAYS[2]))
    core, found = other._core, []
    asker = threading.Thread(target=lambda: found.append(store.position()))
    with core.database.writing(shared=True) as session:
        session.run(BUNDLE, bundle=9, hash=bundle_hash(key, core.salt), **said(key))
        session.run(ROW, seq=3, bundle=9, **row)
        asker.start()
        asker.join(0.3)
        if core.database.lite:  # one writes at a time: none but this one has a number
            assert found == [Position(2, 0)]
        else:
            assert found == []
    asker.join(10)
    assert found == [Position(2 if core.database.lite else 3, 0)]


def test_reading_in_pieces_needs_memory_for_one(opened):
    store = opened()
    fill(store, log_of([DAYS[0]] * 20_000))
    assert _peak(lambda: sum(len(some) for some in store.logs(2_000)) == 20_000) < 4_000_000
    assert _peak(lambda: len(_rows(store)) == 20_000) > 8_000_000


def _rows(store):
    with store._core.database.reading() as session:
        return session.all(reading.SOME, after=0, until=10**9, most=10**9)


def _peak(call):
    """Bytes that a call needs at most."""
    tracemalloc.start()
    try:
        assert call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_log_waits_for_no_writer(lasting, opened):
    store = opened(lasting, timeout=0.2)
    store.observe(Event("ann", "view", "2024-03-01", id="e1"))
    other = opened(lasting)
    with other._core.database.writing():
        assert len(store.log()) == 1
        if lasting.startswith("postgresql"):
            with pytest.raises(StoreError, match="longer timeout"):
                store.position()
    assert len(store.log(after=store.position())) == 0
