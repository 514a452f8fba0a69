"""Canonical order beside a plain sort: any rows, in any pieces, on any number of threads."""

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold._columns import Coded, Columns, stacked
from onefold.events import EventLog, order
from onefold.events.order import ascending, canonical, counted
from onefold.events.tables import KEY, KEYS, PLACE, known_from, no_events

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
MICRO = dt.timedelta(microseconds=1)
Made = dict[str, Any]


@pytest.fixture(autouse=True, params=["as it is", "small"])
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "small":
        monkeypatch.setattr(order, "PIECE", 3)
        monkeypatch.setattr(order, "CHUNK", 2)


@st.composite
def made(draw: st.DrawFn) -> Made:
    """What one event is made of: few of everything, so that much coincides."""
    step = MICRO * draw(st.sampled_from([1, 10**6, 86_400 * 10**9]))
    time = START + draw(st.integers(0, 4)) * step
    out: Made = {
        "customer": draw(st.sampled_from(["a", "a", "b", "é", "10", "9"])),
        "event": draw(st.sampled_from(["buy", "view"])),
        "time": time,
        "item": draw(st.sampled_from([None, "tea", "jam"])),
        "id": draw(st.sampled_from([None, None, "1", "2", "3"])),
        "source": draw(st.sampled_from([None, "till"])),
    }
    late = draw(st.sampled_from([None, None, -1, 1, 2, 3 * 10**11]))
    if late is not None:
        out["received"] = time + late * MICRO
    if draw(st.booleans()):
        out["properties"] = {"colour": draw(st.sampled_from(["red", "blue"]))}
    return out


def table_of(rows: Sequence[Made]) -> Columns:
    return EventLog.from_events([of.Event(**row) for row in rows]).events


def listed(table: Columns) -> list[tuple[Any, ...]]:
    """The rows of a table, in plain Python."""
    said = [
        column.decode().tolist() if isinstance(column, Coded) else column.astype(object).tolist()
        for column in (table.data[name] for name in ("customer", "time", "kind", "item", KEY))
    ]
    known = known_from(table).tolist()
    colour = "property:colour"
    extra = table.coded(colour).decode().tolist() if colour in table else [None] * len(table)
    return list(zip(*said, known, extra, strict=True))


def plainly(table: Columns) -> list[tuple[Any, ...]]:
    """One of each delivery, the earliest and of these the last received, sorted: row by row."""
    rows = listed(table)
    told = table.array("has_id").tolist()
    content = table.content(leave_out=(*KEYS, *PLACE)).tolist()
    bare = table.content(leave_out=(*KEYS, *PLACE)).tolist()
    first: dict[Any, tuple[Any, ...]] = {}
    receipts = [0] * len(table)
    if "received" in table:
        receipts = table.array("received").view("int64").tolist()
    for i, (who, when, _, _, key, _, _) in enumerate(rows):
        name = (who, key) if told[i] else i
        mine = (when, -receipts[i], content[i], i)
        first[name] = min(mine, first.get(name, mine))
    kept = [i for *_, i in first.values()]

    def place(i: int) -> Any:
        who, when, _, _, key, known, _ = rows[i]
        return who, when, key if told[i] else bare[i], known

    return [rows[i] for i in sorted(kept, key=place)]


@st.composite
def cut(draw: st.DrawFn) -> list[list[Made]]:
    """Rows in pieces, some of them empty."""
    rows = draw(st.lists(made(), max_size=20))
    again = draw(st.lists(st.sampled_from(rows), max_size=6)) if rows else []
    rows = draw(st.permutations([*rows, *again]))
    edges = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    bounds = [0, *edges, len(rows)]
    return [rows[a:b] for a, b in itertools.pairwise(bounds)]


@pytest.mark.parametrize("threads", [1, 2])
@settings(max_examples=80)
@given(cut())
@example([[]])
@example([[], []])
def test_canonical_is_a_plain_sort(threads: int, pieces: list[list[Made]]) -> None:
    tables = [table_of(rows) for rows in pieces]
    whole = stacked(tables)
    done, offsets = canonical(tables, threads=threads)
    assert listed(done) == plainly(whole)
    who = done.coded("customer")
    assert who.decode().tolist() == sorted(who.decode().tolist())
    assert list(who.vocab) == sorted(set(who.decode().tolist()))
    assert offsets.tolist() == counted(who.codes, len(who.vocab)).tolist()
    assert not any(map(_writable, done.without(["has_id"]).data.values()))
    again, _ = canonical([done])
    assert again.equals(done)


def _writable(column: Any) -> bool:
    return bool((column.codes if isinstance(column, Coded) else column).flags.writeable)


@settings(max_examples=40)
@given(st.lists(made(), max_size=14), st.data())
def test_one_piece_or_many(rows: list[Made], data: st.DataObject) -> None:
    whole, offsets = canonical([table_of(rows)])
    turned = data.draw(st.permutations(rows))
    ones, others = canonical([no_events(), *(table_of([row]) for row in turned), no_events()])
    assert ones.equals(whole)
    assert offsets.tolist() == others.tolist()


def test_rows_of_nobody_are_left_out() -> None:
    log = EventLog.from_events([of.Event(c, "view", "2024-01-01") for c in "bab"])
    who = Coded(np.array([0, -1, 1], dtype=np.int32), log.events.coded("customer").vocab)
    done, offsets = canonical([log.events.replace(customer=who)])
    assert done.coded("customer").decode().tolist() == ["a", "b"]
    assert offsets.tolist() == [0, 1, 2]
    nobody = Coded(np.full(3, -1, dtype=np.int32), who.vocab)
    done, offsets = canonical([log.events.replace(customer=nobody)] * 2)
    assert len(done) == 0
    assert offsets.tolist() == [0]


@pytest.mark.parametrize("people", [1, 3, 70_000])
def test_many_rows(people: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """More customers than sixteen bits count, and times that need all of sixty."""
    monkeypatch.setattr(order, "PIECE", 50_000)
    generator = np.random.default_rng(people)
    n = 130_000
    table = EventLog.from_events([of.Event("0", "view", "2024-01-01")]).events
    table = table.take(np.zeros(n, dtype=np.int64))
    who = generator.integers(0, people, n)
    names = np.array([f"{k:05d}" for k in range(people)], dtype=object)
    times = generator.integers(-8 * 10**15, 7 * 10**15, n) // 10 ** generator.integers(0, 16, n)
    vocab = type(table.coded("customer").vocab)(names)
    table = table.replace(
        customer=Coded(who.astype(np.int32), vocab),
        time=times.astype("datetime64[us]"),
        quantity=generator.random(n),
    )
    done, offsets = canonical([table], threads=2)
    first = np.lexsort((times, who))
    assert np.array_equal(done.array("time").astype(np.int64), times[first])
    found = done.coded("customer").decode()
    assert np.array_equal(found, names[who[first]])
    assert np.array_equal(np.diff(offsets), np.unique(who, return_counts=True)[1])
    assert set(zip(found, done.array("time"), done.array("quantity"), strict=True)) == set(
        zip(names[who], table.array("time"), table.array("quantity"), strict=True)
    )


def test_counted_and_ascending() -> None:
    assert counted(np.array([0, 2, 2]), 4).tolist() == [0, 1, 1, 3, 3]
    assert counted(np.array([], dtype=np.int64), 0).tolist() == [0]
    assert ascending(np.array([1, 1, 2]))
    assert not ascending(np.array([1, 3, 2]))
    assert ascending(np.array([]))
