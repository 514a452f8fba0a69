"""Identifiers: how they come into a log, and what is refused."""

import copy
import pickle
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold._columns import Columns
from onefold.errors import ArgumentError, OnefoldError
from onefold.events import Event, EventLog
from onefold.events.identifiers import (
    IDENTIFIER,
    SOURCE,
    column_name,
    identified,
    identifier_columns,
    place_of,
    type_of,
)
from onefold.events.tables import nothing, whose
from onefold.ledger import Ledger

AT = pd.to_datetime(["2024-03-01", "2024-03-02", "2024-03-03"], utc=True)
FRAME = pd.DataFrame(
    {
        "at": AT,
        "who": ["ann", None, ""],
        "mail": ["a@x.org", "", None],
        "mail2": [None, "b@x.org", None],
        "cid": [1, 2, 2],
        "system": ["web", "web", "shop"],
        "region": ["north", "south", "north"],
        "share": [0.5, 1.0, 2.0],
    }
)


def of_frame(**given: Any) -> EventLog:
    return EventLog.from_frame(FRAME, **{"time": "at", "event": "view", **given})


def told(table: Columns, name: str) -> list[str | None]:
    return list(table.coded(name).decode())


def test_columns_by_type() -> None:
    log = of_frame(identifiers={"email": ["mail", "mail2"], "cookie": "cid"}, source="system")
    assert told(log.events, "customer") == [None, None, None]
    assert told(log.events, "identifier:email") == ["a@x.org", None, None]
    assert told(log.events, "identifier:email:2") == [None, "b@x.org", None]
    assert told(log.events, "identifier:cookie") == ["1", "2", "2"]
    assert told(log.events, SOURCE) == ["web", "web", "shop"]
    assert identifier_columns(log.events) == {
        "cookie": ["identifier:cookie"],
        "email": ["identifier:email", "identifier:email:2"],
    }
    assert identifier_columns(log.facts) == {}
    assert list(identified(log.events)) == [True, True, True]


def test_a_list_names_types_by_columns() -> None:
    log = of_frame(identifiers=["mail", "cid"], customer="who")
    assert identifier_columns(log.events) == {
        "cid": ["identifier:cid"],
        "mail": ["identifier:mail"],
    }
    assert told(log.events, "customer") == ["ann", None, None]
    assert SOURCE not in log.events


def test_without_identifiers_nothing_changes() -> None:
    plain = of_frame(customer="who", source="system")
    assert not identifier_columns(plain.events)
    assert SOURCE not in plain.events
    assert repr(plain) == "EventLog(3 events, 0 facts, 1 customer)"


def test_types_with_many_columns_keep_their_order() -> None:
    table = Columns({column_name("email", place): nothing(1) for place in range(12, 0, -1)})
    names = identifier_columns(table)["email"]
    assert [place_of(name) for name in names] == list(range(1, 13))
    assert names[0] == IDENTIFIER + "email"
    assert {type_of(name) for name in names} == {"email"}
    assert type_of("customer") == "customer"


def test_facts_by_identifiers() -> None:
    log = EventLog.from_facts(
        FRAME, time="at", facts=["region"], identifiers={"email": "mail"}, source="system"
    )
    assert told(log.facts, "customer") == [None, None, None]
    assert told(log.facts, "identifier:email") == ["a@x.org", None, None]
    assert told(log.facts, SOURCE) == ["web", "web", "shop"]
    assert list(identified(log.facts)) == [True, False, False]


def test_the_key_of_a_fact_is_of_what_it_says() -> None:
    given: dict[str, Any] = {"time": "at", "facts": ["region"]}
    plain = EventLog.from_facts(FRAME, customer="who", **given)
    named = EventLog.from_facts(FRAME, customer="who", identifiers=["cid"], source="web", **given)
    assert list(plain.facts.array("key")) == list(named.facts.array("key"))


def test_batches_are_the_frame() -> None:
    given: dict[str, Any] = {"time": "at", "event": "view", "source": "system"}
    names = {"email": ["mail", "mail2"], "cookie": "cid"}
    whole = EventLog.from_frame(FRAME, identifiers=names, **given)
    one, two = EventLog.batches([FRAME], rows=2, identifiers=names, **given)
    assert one + two == whole
    listed = EventLog.batches([FRAME], rows=2, identifiers=(c for c in ["mail", "cid"]), **given)
    assert [len(identifier_columns(log.events)) for log in listed] == [2, 2]


def test_batches_of_parquet_read_the_columns_of_identifiers(tmp_path: Any) -> None:
    path = tmp_path / "events.parquet"
    pa.parquet.write_table(pa.Table.from_pandas(FRAME.assign(mail=FRAME["mail2"])), path)
    given: dict[str, Any] = {"time": "at", "event": "view", "identifiers": {"email": ["mail2"]}}
    (log,) = EventLog.batches(path, **given)
    assert log == EventLog.from_frame(FRAME, **given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "neither customer= nor identifiers= is given"),
        ({"identifiers": {}}, "identifiers is empty"),
        ({"identifiers": []}, "identifiers is empty"),
        ({"identifiers": {"email": []}}, "name at least one column"),
        ({"identifiers": "mail"}, "takes a list of columns"),
        ({"identifiers": {"e mail": "mail"}}, "the type 'e mail'; a type is named by letters"),
        ({"identifiers": {"é": "mail"}}, "the type 'é'"),
        ({"identifiers": {"a:b": "mail"}}, "the type 'a:b'"),
        ({"identifiers": {"": "mail"}}, "the type ''"),
        ({"identifiers": {1: "mail"}}, "the type 1;"),
        ({"identifiers": {"email": ["mail", "mail"]}}, "names the column 'mail' twice"),
        ({"identifiers": ["mail", "mail"]}, "names the column 'mail' twice"),
        ({"identifiers": {"email": 3}}, "holds 3; it takes names of columns"),
        ({"identifiers": {"email": None}}, "holds None; it takes names of columns"),
        ({"identifiers": [["mail"]]}, "holds \\['mail'\\]; it takes names of columns"),
        ({"identifiers": {"email": [AT, AT]}}, "it takes names of columns"),
        ({"identifiers": 7}, "identifiers is 7; it takes a list"),
        ({"identifiers": [None]}, "holds None; it takes names"),
        ({"identifiers": {"email": "mial"}}, "no column 'mial' .identifiers=.*Did you mean 'mail'"),
        ({"identifiers": {"cookie": "share"}}, "holds decimals, which lose digits"),
        ({"identifiers": {"cookie": "at"}}, "identifiers=. is of type timestamp"),
        ({"customer": "who", "identifiers": {"customer": "mail"}}, "a customer is given too"),
    ],
)
def test_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(OnefoldError, match=says):
        of_frame(**given)
    with pytest.raises(OnefoldError, match=says):
        EventLog.from_facts(FRAME, time="at", facts=["region"], **given)


def test_customers_by_that_name_among_identifiers() -> None:
    log = of_frame(identifiers={"customer": "who"})
    assert told(log.events, "customer") == [None, None, None]
    assert told(log.events, "identifier:customer") == ["ann", None, None]


def test_an_event_with_identifiers() -> None:
    event = Event(None, "view", "2024-03-01", identifiers={"email": ("b", "a", "b"), "cookie": 7})
    assert dict(event.identifiers) == {"cookie": ("7",), "email": ("a", "b")}
    same = Event(None, "view", "2024-03-01", identifiers={"cookie": ["7", None], "email": "ab"})
    assert event != same
    assert hash(event) == hash(same)
    assert pickle.loads(pickle.dumps(event)) == event == copy.deepcopy(event)
    with pytest.raises(TypeError):
        event.identifiers["email"] = ()  # type: ignore[index]


def test_events_become_the_columns_of_a_frame() -> None:
    events = [
        Event("ann", "view", AT[0], identifiers={"email": "a@x.org", "cookie": 1}, source="web"),
        Event(None, "view", AT[1], identifiers={"email": ["b@x.org", ""], "cookie": 2}),
        Event(None, "view", AT[2], identifiers={"email": None, "cookie": 2}),
    ]
    frame = FRAME.assign(mail=FRAME["mail"].where(FRAME["mail"] != "", FRAME["mail2"]))
    frame["system"] = ["web", None, None]
    given: dict[str, Any] = {"customer": "who", "time": "at", "event": "view", "source": "system"}
    log = EventLog.from_frame(frame, identifiers={"email": "mail", "cookie": "cid"}, **given)
    made = EventLog.from_events(events)
    assert made.events.without(["local", "has_id", "key"]).equals(
        log.events.without(["local", "has_id", "key"])
    )


@pytest.mark.parametrize(
    ("customer", "identifiers", "says"),
    [
        (None, {}, "customer is None, and identifiers holds none"),
        (None, {"cookie": None}, "identifiers holds none"),
        (None, {"cookie": ["", None]}, "identifiers holds none"),
        ("ann", "c1", "identifiers is 'c1'; it takes a mapping"),
        ("ann", {"cookie": 1.5}, r"identifiers\['cookie'\] holds 1.5"),
        ("ann", {"cookie": True}, "holds True"),
        ("ann", {"cookie": 10**9999}, "holds a int too long to be shown"),
        ("ann", {"cookie": {"a": 1}}, "holds {'a': 1}"),
        ("ann", {"cookie": "\ud800"}, "not valid Unicode"),
        ("ann", {"my cookie": "c"}, "the type 'my cookie'"),
        ("ann", {"customer": "bob"}, "customer is 'ann', which is that identifier"),
        ("ann", {"cookie": list(range(101))}, "holds 101 values"),
    ],
)
def test_an_event_refuses(customer: str | None, identifiers: Any, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        Event(customer, "view", "2024-03-01", identifiers=identifiers)


def test_hostile_values_are_kept_as_given() -> None:
    values = ("x" * 1_000_000, "\x00\x1b[31m", "🦊", "\u0430dmin", "'; drop table--", "<script>")
    log = EventLog.from_events(
        [of.Event(None, "view", "2024-03-01", identifiers={"cookie": v}) for v in values]
    )
    assert told(log.events, "identifier:cookie") == list(values)


def test_logs_with_and_without() -> None:
    named, plain = of_frame(identifiers=["cid"]), of_frame(customer="who")
    both = named + plain
    assert told(both.events, "identifier:cid") == ["1", "2", "2", None, None, None]
    assert told((plain + named).events, "identifier:cid") == [None, None, None, "1", "2", "2"]
    assert repr(both) == "EventLog(6 events, 0 facts, 1 customer, 3 rows with identifiers)"
    assert named != of_frame(identifiers=["mail"])
    assert both.before(AT[1]).between(AT[0], AT[1]).known_at(AT[1]) == (
        named.before(AT[1]) + plain.before(AT[1])
    )


def test_to_pandas_and_back() -> None:
    log = of_frame(identifiers={"email": ["mail", "mail2"], "cookie": "cid"}, source="system")
    frame = log.to_pandas()
    assert list(frame.columns[-4:]) == ["source", "cookie", "email", "email 2"]
    again = EventLog.from_frame(
        frame,
        customer="customer",
        time="time",
        event="event",
        source="source",
        identifiers={"email": ["email", "email 2"], "cookie": "cookie"},
    )
    assert again.events.without(["local"]).equals(log.events.without(["local"]))


def test_names_in_a_frame_that_are_taken() -> None:
    event = Event(
        None,
        "view",
        "2024-03-01",
        identifiers={"customer": "ann", "email": "a@x.org", "source": "s"},
        properties={"email": 3, "source": "of coffee"},
        source="web",
    )
    row = EventLog.from_events([event]).to_pandas().iloc[0]
    assert row["customer"] is None
    assert row["identifier:customer"] == "ann"
    assert (row["email"], row["identifier:email"]) == (3, "a@x.org")
    assert row["source"] == "of coffee"
    assert {row["identifier:source"], row["identifier:identifier:source"]} == {"web", "s"}


def test_facts_that_differ_in_identifiers_both_stay() -> None:
    given: dict[str, Any] = {"customer": "who", "time": "at", "facts": ["region"]}
    frame = pd.DataFrame(
        {
            "who": ["ann"] * 4,
            "at": AT[:1].repeat(4),
            "region": ["north"] * 4,
            "cid": ["c1", "c2", "c1", None],
        }
    )
    log = EventLog.from_facts(frame, identifiers=["cid"], **given)
    once = log.deduplicate()
    assert told(once.facts, "identifier:cid") == ["c1", "c2", None]
    turned = EventLog.from_facts(frame[::-1], identifiers=["cid"], **given)
    ledgers = [Ledger.from_log(some) for some in (log, once, turned, once + turned)]
    assert len(ledgers[0].facts) == 3
    assert all(ledger == ledgers[0] for ledger in ledgers)
    assert len(EventLog.from_facts(frame, **given).deduplicate().facts) == 1


rows = st.tuples(
    st.sampled_from([None, "ann", "bob"]),
    st.sampled_from(list(AT)),
    st.sampled_from([None, "e1", "e2"]),
    st.sampled_from([None, "c1", "c2"]),
    st.sampled_from([(), ("a",), ("b", "a")]),
    st.sampled_from([None, "web", "shop"]),
    st.sampled_from([None, "tea", "jam"]),
)


def event_of(row: Any, *, named: bool = True) -> Event:
    who, at, key, cookie, mails, source, item = row
    return Event(
        who or ("nobody" if not named else None),
        "view",
        at,
        id=key,
        item=item,
        source=source,
        identifiers={"cookie": cookie, "email": mails, "device": who or "d"} if named else {},
    )


@given(st.lists(rows, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_ledger_does_not_depend_on_the_order_in_which_rows_came(made: Any, rng: Any) -> None:
    events = [event_of(row) for row in made]
    mixed = list(events)
    rng.shuffle(mixed)
    cut = rng.randint(0, len(mixed))
    whole = Ledger.from_log(EventLog.from_events(events))
    parts = [EventLog.from_events(some) for some in (mixed[:cut], mixed[cut:])]
    assert Ledger.from_logs(parts) == whole
    assert Ledger.from_log(parts[1]) | Ledger.from_log(parts[0]) == whole


def test_the_order_of_twins_does_not_depend_on_the_order_of_columns() -> None:
    def log(*bundles: dict[str, str]) -> EventLog:
        return EventLog.from_events([Event("ann", "view", AT[0], identifiers=b) for b in bundles])

    twins = log({"cookie": "a", "device": "y"}, {"cookie": "b", "device": "x"})
    cookie, device = log({"cookie": "c"}), log({"device": "z"})
    one = Ledger.from_logs([cookie, device, twins])
    other = Ledger.from_logs([device, cookie, twins])
    assert list(one.events.data) != list(other.events.data)
    assert one == other


@given(st.lists(rows, max_size=8))
@settings(max_examples=100, deadline=None)
def test_identifiers_change_neither_the_order_nor_what_is_said_of_customers(made: Any) -> None:
    known = [row for row in made if row[0] is not None]
    named = Ledger.from_log(EventLog.from_events([event_of(row) for row in known]))
    plain = Ledger.from_log(EventLog.from_events([event_of(row, named=False) for row in known]))
    assert named.events.without(whose(named.events)).equals(plain.events)


@given(st.lists(rows, max_size=8))
@settings(max_examples=40, deadline=None)
def test_once_is_once(made: Any) -> None:
    log = EventLog.from_events([event_of(row) for row in made])
    once = log.deduplicate()
    assert once.deduplicate() == once
    assert len(log) - len(once) == log.quality()["duplicates"]
    assert log.before(AT[1]) + log.between(AT[1], AT[2]) + log.between(AT[2], "2025-01-01") == (
        EventLog.from_events([event_of(r) for at in AT for r in made if r[1] == at])
    )


def test_saved_and_loaded(tmp_path: Any) -> None:
    facts = EventLog.from_facts(FRAME, time="at", facts=["region"], identifiers=["mail", "cid"])
    log = of_frame(identifiers={"email": ["mail", "mail2"]}, source="system") + facts
    of.save(log, tmp_path / "log.onefold")
    assert of.load(tmp_path / "log.onefold") == log


def test_fold_says_that_customers_are_needed(tmp_path: Any) -> None:
    nobody = of_frame(identifiers=["cid"])
    said = "identifiers in 3 rows and a customer in none.*onefold.resolve"
    with pytest.raises(ArgumentError, match="^fold: log has " + said):
        of.fold(nobody, as_of="2025-01-01")
    with pytest.raises(ArgumentError, match="^Partitions.fold: log has " + said):
        of.Partitions.fold([nobody], tmp_path / "parts", progress=False)
    assert len(of.fold(nobody + of_frame(customer="who"))) == 1
    assert len(of.fold(EventLog.from_events([]), as_of="2025-01-01")) == 0


def test_partitions_carry_identifiers(tmp_path: Any) -> None:
    facts = EventLog.from_facts(
        FRAME, customer="who", time="at", facts=["region"], identifiers={"crm_id": "cid"}
    )
    first = of_frame(customer="who", identifiers={"email": ["mail", "mail2"]}, source="system")
    event = Event(
        "bob",
        "view",
        "2024-03-02",
        identifiers={"cookie": "c"},
        properties={"source": "of coffee", "identifier:cookie": "no"},
    )
    more = EventLog.from_events([event])
    made = of.Partitions.fold([first, facts], tmp_path / "parts", parts=3, progress=False)
    assert made.profiles() == of.fold(first + facts)
    later = made.update(more, progress=False)
    assert later.profiles() == of.fold(first + facts + more)
    assert of.Partitions.open(tmp_path / "parts").profiles() == of.fold(first + facts + more)
    held = later.profiles().ledger
    assert told(held.events, "identifier:email") == ["a@x.org", None]
    assert told(held.facts, "identifier:crm_id") == ["1"]
    assert told(held.events, "property:source") == [None, "of coffee"]


def test_a_profile_goes_on_with_an_event_that_has_identifiers() -> None:
    first = Event("ann", "purchase", AT[0], value=3)
    more = Event("ann", "purchase", AT[1], value=4, identifiers={"cookie": "c"}, source="web")
    whole = of.fold(EventLog.from_events([first, more]))["ann"]
    later = of.fold(EventLog.from_events([first]))["ann"].after(more)
    assert later["monetary"] == whole["monetary"] == 7
    assert later.ledger == whole.ledger
    with pytest.raises(ArgumentError, match="the event is of customer None"):
        later.after(Event(None, "purchase", AT[2], identifiers={"cookie": "c"}))


def test_what_is_let_go_takes_its_identifiers_along() -> None:
    log = of_frame(customer="who", identifiers=["cid"]) + EventLog.from_events(
        [Event("ann", "view", "2024-06-01", identifiers={"cid": 9})]
    )
    profiles = of.fold(log, [of.traits.Count("view", name="views")], keep="30D")
    assert told(profiles.ledger.events, "identifier:cid") == ["9"]
    assert profiles["ann"]["views"] == 2
