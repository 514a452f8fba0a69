import json
import time
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from onefold import Event, EventLog
from onefold._random import hash64
from onefold.events.several import one_log
from onefold.identity.heard import key_of
from onefold.store.decoding import FEW
from onefold.store.escaping import escaped, unescaped
from onefold.store.hashing import bundle_hash, event_key, hash_one, node_hash
from onefold.store.rows import (
    CONTENT,
    NOTHING,
    SELECTED,
    event_row,
    event_types,
    identity_key,
    log_rows,
    log_types,
    to_log,
)
from tests.examples import few
from tests.store.filled import fill, wipe
from tests.strategies import instants, logs, maybe

HOSTILE = [
    "ann",
    "a\0",
    "\0",
    "\x10",
    "\x10\x30",
    "\x10\x31\0",
    "'; DROP TABLE log; --",
    "<script>alert(1)</script>",
    "🦊é\u202e\ufeff",
    '"\\\n\t{}[]%(name)s:name',
    "x" * 3000,
]
words = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=("Cs",)), min_size=1, max_size=5
)
names = st.sampled_from(["colour", "size", 'a"\0b', "é"])


@st.composite
def events(draw):
    types = st.sampled_from(["email", "cookie", "device"])
    values = st.lists(words, min_size=1, max_size=3)
    given_ = draw(st.dictionaries(types, values, max_size=2))
    numbers = st.sampled_from([1.5, -0.0, 1e300, 0.1, 3.0])
    return Event(
        draw(words if not given_ else maybe(words)),
        draw(words),
        draw(instants()),
        item=draw(maybe(words)),
        channel=draw(maybe(words)),
        value=draw(maybe(st.sampled_from([4.9, Decimal("0.000001"), -3, 9e12, 0]))),
        quantity=draw(maybe(numbers)),
        basket=draw(maybe(words)),
        id=draw(maybe(words)),
        source=draw(maybe(words)),
        zone=draw(maybe(st.sampled_from(["Europe/Berlin", "Asia/Kolkata"]))),
        received=draw(maybe(instants())),
        identifiers=given_,
        properties={
            **draw(st.dictionaries(names.map("text ".__add__), words | st.just(""), max_size=2)),
            **draw(st.dictionaries(names.map("number ".__add__), numbers, max_size=2)),
        },
    )


@st.composite
def stated(draw):
    """Facts of people who are known by identifiers."""
    several = draw(st.lists(st.tuples(words, maybe(words), words, instants()), max_size=4))
    log = EventLog.from_events([])
    for mail, region, source, when in several:
        frame = pd.DataFrame(
            {"mail": [mail], "regi\0on": [region], "children": [2.5], "src": [source]}
        ).assign(at=pd.to_datetime([when], utc=True))
        log = log + EventLog.from_facts(
            frame,
            time="at",
            facts=["regi\0on", "children"],
            source="src",
            received="at",
            identifiers={"email": "mail"},
        )
    return log


def selected(log):
    """The rows of a log as a database would give them."""
    keys, which, rows = log_rows(log)
    return [
        (at, of, *row.values(), *keys[of])
        for at, (of, row) in enumerate(zip(which.tolist(), rows, strict=True), 1)
    ]


def test_selected_is_what_the_tests_give():
    assert [c.name for c in SELECTED] == [
        *("seq", "bundle", *NOTHING),
        *("customer", "kind", "source", "given"),
    ]


@settings(max_examples=few(20))
@given(st.lists(events(), max_size=5), stated(), logs())
def test_rows_of_a_log_give_the_log_again(several, facts, plain):
    log = EventLog.from_events(several) + facts
    assert to_log(selected(log), currency=None) == log
    both = log + plain
    again = to_log(selected(both), currency="EUR")
    assert again == EventLog(both.events, both.facts, "EUR")
    assert again.events.array("has_id").tolist() == both.events.array("has_id").tolist()


@settings(max_examples=few(25))
@given(st.lists(events(), max_size=4))
def test_an_event_gives_the_same_row_alone_and_in_a_log(several):
    for event in several:
        log = EventLog.from_events([event])
        (key,), which, (row,) = log_rows(log)
        alone, held = event_row(event)
        assert which.tolist() == [0]
        assert {**held, "id": None} == row
        assert list(held) == list(NOTHING)
        # A log without identifiers does not keep the source.
        assert alone == (key if event.identifiers else (*key[:2], alone[2], key[3]))
        assert event_types(event) == log_types(log)
        assert identity_key(alone) == (*key_of(event)[:4], None)


@settings(max_examples=few(10), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_database_gives_the_log_again(url, opened, data):
    store = _ONE.get(url) or _ONE.setdefault(url, opened(url))
    wipe(store)
    log = EventLog.from_events(data.draw(st.lists(events(), max_size=4))) + data.draw(stated())
    fill(store, log)
    assert store.log() == log
    assert one_log(list(store.logs(rows=1)), "test") == log
    assert len(store) == len(log) + len(log.facts)


_ONE: dict = {}  # the store of each database of a test


@pytest.fixture(autouse=True)
def _none_left():
    yield
    _ONE.clear()


@given(words)
@example("\x10" * 3 + "0\0")
def test_escaping_is_reversible_and_has_no_nul(word):
    said = escaped(word)
    assert "\0" not in said
    assert unescaped(said) == word


@given(words, words)
def test_different_text_is_written_differently(a, b):
    assert (escaped(a) == escaped(b)) == (a == b)


@given(words, maybe(words))
@example("x" * 255, None)
@example("x" * 256, "12345678")
@example("x" * 257, "123456789")
@example("é" * 128, "é" * 129)
def test_one_hash_is_that_of_many(id, source):
    assert hash_one(id) == int(hash64([id])[0])
    log = EventLog.from_events([Event("a", "b", "2024-01-01", id=id, source=source)])
    assert event_key(source, id) == int(log.events.array("key").view(np.int64)[0])


def test_hashes_are_salted_and_tell_places_apart():
    key = ("ann", "view", None, "[]")
    salt, other = b"1" * 16, b"2" * 16
    assert 0 <= bundle_hash(key, salt) < 2**63
    assert bundle_hash(key, salt) == bundle_hash(tuple(key), salt) != bundle_hash(key, other)
    assert bundle_hash(key, salt) != bundle_hash(("ann", None, "view", "[]"), salt)
    assert bundle_hash(key, salt) != bundle_hash((None, "ann", "view", "[]"), salt)
    assert node_hash(1, "1a", salt) != node_hash(11, "a", salt) != node_hash(11, "a", other)


def test_a_page_of_one_person_has_one_customer_and_no_identifiers():
    several = [
        Event(None, "view", "2024-01-01", identifiers={"email": "a@x.org"}, source="web", item="t"),
        Event("old", "buy", "2024-01-02", value=4.9, properties={"size": 2}),
    ]
    page = to_log(selected(EventLog.from_events(several)), currency="EUR", customer="c1")
    want = EventLog.from_events(
        [
            Event("c1", "view", "2024-01-01", item="t"),
            Event("c1", "buy", "2024-01-02", value=4.9, properties={"size": 2}),
        ]
    )
    assert page == EventLog(want.events, want.facts, "EUR")
    assert not any(name.startswith("identifier") for name in page.events.data)
    assert "source" not in page.events


def test_a_frame_with_values_in_any_order_gives_one_bundle():
    frame = pd.DataFrame({"m1": ["b", None, "a"], "m2": ["a", "a", "b"], "t": ["2024"] * 3})
    frame["t"] = pd.to_datetime(frame["t"], utc=True)
    log = EventLog.from_frame(
        frame, time="t", event="view", identifiers={"email": ["m1", "m2"]}, received="t"
    )
    keys, which, _ = log_rows(log)
    assert {keys[at][3] for at in which} == {'[["email",["a","b"]]]', '[["email",["a"]]]'}
    assert json.loads(keys[which[1]][3]) == [["email", ["a"]]]
    assert identity_key(keys[which[0]]) == (None, (("email", ("a", "b")),), "view", None, None)
    again = to_log(selected(log), currency=None).events
    assert again.coded("identifier:email").decode().tolist() == ["a", "a", "a"]


def test_a_row_without_identifiers_among_others_has_none():
    several = [
        Event("ann", "view", "2024-01-01"),
        Event(None, "view", "2024-01-01", identifiers={"email": "a", "cookie": "c"}),
    ]
    keys, which, _ = log_rows(EventLog.from_events(several))
    assert keys[which[0]] == ("ann", "view", None, "[]")
    assert keys[which[1]] == (None, "view", None, '[["cookie",["c"]],["email",["a"]]]')


def test_seen_is_the_earlier_of_both_clocks():
    early = Event("a", "b", "2024-01-02", received="2024-01-01")
    late = Event("a", "b", "2024-01-02", received="2024-01-03")
    for event, at in ((early, early.received), (late, late.time)):
        row = event_row(event)[1]
        assert row["seen"] == int(at.astype(np.int64))
        assert log_rows(EventLog.from_events([event]))[2][0]["seen"] == row["seen"]


def test_the_id_is_kept_as_text_and_is_not_what_makes_rows_one():
    row = event_row(Event("a", "b", "2024-01-01", id="7", source="till"))[1]
    assert row["id"] == "7"
    assert "id" not in CONTENT
    assert {"key", "time", "received", "properties", "number"} <= set(CONTENT)


def test_facts_keep_numbers_and_the_hash_of_their_contents():
    frame = pd.DataFrame({"who": ["ann", "bob"], "children": [2.0, np.nan], "region": ["n", "s"]})
    log = EventLog.from_facts(
        frame, customer="who", time="2024-01-01", facts=["children", "region"]
    )
    rows = selected(log)
    assert all(row[-3] is None for row in rows)  # the kind
    again = to_log(rows, currency=None)
    assert again.facts.array("key").tolist() == log.facts.array("key").tolist()
    assert log_types(log) == {"fact:children": "number", "fact:region": "text"}


@pytest.mark.parametrize("n", [40, FEW + 1])
def test_few_rows_and_many_are_read_alike(n):
    several = [
        Event(
            f"c{i % 7}" if i % 3 else None,
            "view",
            np.datetime64("2024-01-01", "us") + i,
            item=None if i % 5 else "\x10tea\0",
            value=i if i % 2 else None,
            id=str(i) if i % 4 else None,
            properties={"a": float(i)} if i % 6 else {"b": f"x\0{i % 9}"},
            identifiers={"cookie": ["k", f"k{i % 11}"]},
            received="2024-02-01" if i % 8 == 0 else None,
        )
        for i in range(n)
    ]
    log = EventLog.from_events(several)
    assert to_log(selected(log), currency=None) == log


def test_nothing_is_an_empty_log():
    empty = EventLog.from_events([])
    assert to_log([], currency=None) == empty
    assert log_rows(empty)[0] == []
    assert len(log_rows(empty)[1]) == 0
    assert log_rows(empty)[2] == []


@pytest.mark.slow
def test_rows_are_fast():
    many = [
        Event(f"c{i % 500}", "view", "2024-01-01", item=f"i{i % 90}", value=i, id=str(i))
        for i in range(10_000)
    ]
    log = EventLog.from_events(many)
    best = min(_seconds(lambda: log_rows(log)) for _ in range(5))
    assert best < 0.5  # a tenth of it on an idle machine
    page = selected(log)[:40]
    assert min(_seconds(lambda: to_log(page, currency=None)) for _ in range(20)) < 0.005


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
