"""A log taken in batch by batch: what is stored follows from the rows, and is known as a whole."""

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError
from onefold.store.bulk import Taken
from onefold.store.store import Store
from tests.examples import few
from tests.store.derived import same_as_resolved
from tests.store.programs import Fact, cases, log_of

DAY = np.timedelta64(1, "D")
LAW = settings(max_examples=few(15), deadline=None, suppress_health_check=list(HealthCheck))


def event(day, kind="view", id=None, **names):
    held = {k: v for k, v in names.items() if k not in ("item", "received", "properties", "value")}
    more = {k: v for k, v in names.items() if k not in held}
    return of.Event(None, kind, f"2024-03-{day:02d}", id=id, identifiers=held, **more)


def taken(policy, parts):
    """A store in memory into which parts were taken, each with a size of its batches."""
    store = Store(policy=policy)
    for rows, batch in parts:
        for source in (rows,) if isinstance(rows, of.EventLog) else _sources(rows):
            store.observe_all(source, batch=batch)
    return store


def _sources(rows):
    """Events as they are, and facts as logs."""
    events = [row for row in rows if isinstance(row, of.Event)]
    return [events, *(row.log() for row in rows if isinstance(row, Fact))]


@LAW
@given(cases(), st.data())
def test_any_order_cuts_and_repeats_give_what_resolve_gives(case, data) -> None:
    rows = _distinct(case.rows)
    order = data.draw(st.permutations(range(len(rows))))
    cut = data.draw(st.integers(0, len(rows)))
    again = [n for n in order if getattr(rows[n], "id", "") is not None]
    several = data.draw(st.lists(st.sampled_from(again), max_size=4)) if again else []
    size = st.integers(1, 5)
    parts = [
        ([rows[n] for n in order[:cut]], data.draw(size)),
        (
            [rows[n] for n in [*several, *order[cut:]] if n in order[cut:] or n in order[:cut]],
            data.draw(size),
        ),
    ]
    whole = log_of(rows)
    with taken(case.policy, parts) as store, taken(case.policy, [(whole, 10_000)]) as other:
        assert len(store) == len(rows)
        same_as_resolved(store, whole)
        same_as_resolved(other, whole)
        digest = store.digest()
        assert not store.rebuild()
        assert store.digest() == digest == other.digest()
        assert not other.rebuild()


def _distinct(rows):
    out = []
    for row in rows:
        if row not in out:
            out.append(row)
    return out


def test_what_is_there_is_not_taken_again() -> None:
    log = of.EventLog.from_events([event(1, id="e1", cookie="c1"), event(2, id="e2", cookie="c1")])
    with Store() as store:
        assert store.observe_all(log) == Taken(2, 0, 0)
        assert store.observe_all(log, batch=1) == Taken(0, 2, 0)
        assert store.observe_all([event(3, id="e2", cookie="c1")]) == Taken(1, 0, 0)
        assert len(store) == 3


def test_events_without_an_id_are_each_their_own() -> None:
    with Store() as store:
        assert store.observe_all([event(1, cookie="c1")] * 2, batch=1) == Taken(2, 0, 0)
        assert store.observe_all(iter([event(1, cookie="c1")])) == Taken(1, 0, 0)


def test_one_delivery_of_an_event_counts() -> None:
    several = [event(d, id="e1", cookie="c1") for d in (3, 1, 2)]
    digests = set()
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        with Store() as store:
            for n in order:
                store.observe_all([several[n]])
            digests.add(store.digest())
            assert store.rebuild().differed["superseded"] == 0
            assert counted(store) == ["2024-03-01"]
    assert len(digests) == 1


def counted(store):
    from sqlalchemy import select

    from onefold.store.database import Query
    from onefold.store.schema import log, superseded

    with store._core.database.reading() as session:
        rows = session.all(
            Query(
                select(log.c.time)
                .outerjoin(superseded, superseded.c.seq == log.c.seq)
                .where(superseded.c.seq.is_(None))
            )
        )
    return [str(np.datetime64(time, "us").astype("M8[D]")) for (time,) in rows]


def test_a_fact_that_is_said_again_counts_once() -> None:
    frame = pd.DataFrame({"who": ["c1"], "at": pd.to_datetime(["2024-03-01"], utc=True), "x": "a"})

    def facts(**more):
        return of.EventLog.from_facts(
            frame.assign(**more),
            time="at",
            facts=["x"],
            identifiers={"cookie": "who"},
            **({"received": "known"} if more else {}),
        )

    late = pd.to_datetime(["2024-03-05"], utc=True)
    with Store() as store:
        assert store.observe_all(facts()) == Taken(1, 0, 0)
        assert store.observe_all(facts()) == Taken(0, 1, 0)
        assert store.observe_all(facts(known=late)) == Taken(1, 0, 0)
        assert counted(store) == ["2024-03-01"]
        assert not store.rebuild()


def test_a_bad_row_keeps_its_batch_out_and_no_other() -> None:
    rows = [event(1, id="a", cookie="c1"), event(2, id="b", cookie="c2"), event(3, id="c", fax="1")]
    with Store() as store:
        with pytest.raises(ArgumentError, match="'fax'"):
            store.observe_all(rows, batch=2)
        assert len(store) == 2
        with pytest.raises(ArgumentError, match="'fax'"):
            store.observe_all([event(4, id="d", cookie="c3"), rows[2]])
        assert len(store) == 2
        assert not store.rebuild()


def test_another_currency_is_refused() -> None:
    def log(currency):
        frame = pd.DataFrame({"at": pd.to_datetime(["2024-03-01"], utc=True), "v": 1.0, "c": "c1"})
        return of.EventLog.from_frame(
            frame,
            time="at",
            event="purchase",
            value="v",
            currency=currency,
            identifiers={"cookie": "c"},
        )

    with Store() as store:
        store.observe_all(log("EUR"))
        with pytest.raises(ArgumentError, match="USD"):
            store.observe_all([event(1, cookie="c9"), log("USD")])
        assert len(store) == 2


@pytest.mark.parametrize("source", [None, 3, "log.csv", {"a": 1}, [3], [None]])
def test_what_is_no_log_is_refused(source) -> None:
    with Store() as store, pytest.raises(ArgumentError, match=r"Store\.observe_all: events "):
        store.observe_all(source)


def test_a_frame_is_told_how_it_becomes_a_log() -> None:
    frame = pd.DataFrame({"who": ["ann"], "at": ["2024-03-01"]})
    for wrong in (frame, [frame]):
        with Store() as store, pytest.raises(ArgumentError, match=r"a DataFrame.*from_frame\("):
            store.observe_all(wrong)


def test_a_batch_has_rows() -> None:
    with Store() as store, pytest.raises(ArgumentError, match=r"Store\.observe_all: batch"):
        store.observe_all([], batch=0)


def test_logs_and_events_may_come_in_one_stream() -> None:
    several = [event(d, id=f"e{d}", cookie=f"c{d}") for d in range(1, 7)]
    log = of.EventLog.from_events(several[2:4])
    with Store() as store:
        mixed = [several[0], several[1], log, several[4], several[5], log]
        assert store.observe_all(mixed, batch=3) == Taken(6, 2, 0)


def test_a_batch_on_each_database(url, opened) -> None:
    rows = [event(d, id=f"e{d}", cookie=f"c{d % 3}", email=f"a{d % 2}@x.org") for d in range(1, 9)]
    rows += [attrs.evolve(rows[3], time=rows[3].time - DAY), event(9, "a\0b", cookie="\0c")]
    store = opened(url)
    assert store.observe_all(rows[::-1], batch=4) == Taken(10, 0, 0)
    assert store.observe_all(rows[:9]) == Taken(0, 9, 0)
    same_as_resolved(store, of.EventLog.from_events(rows))
    assert not store.rebuild()
    with Store() as other:
        other.observe_all(rows)
        assert other.digest() == store.digest()
