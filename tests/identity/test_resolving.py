"""Who is who against the plain rules.

The long run takes as many examples as are asked for:

    ONEFOLD_EXAMPLES=10000 pytest tests/identity/test_resolving.py
"""

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold import Event, EventLog
from onefold.errors import ArgumentError
from onefold.identity import DEFAULT, IdentifierType, IdentityPolicy, Links, resolve
from tests.identity.plain import Plain
from tests.identity.worlds import worlds

EXAMPLES = max(int(os.environ.get("ONEFOLD_EXAMPLES", "0")), 60)


@settings(max_examples=EXAMPLES, deadline=None)
@given(worlds())
def test_identities_are_those_of_the_plain_rules(world):
    found = resolve(world.log(), world.policy, links=world.told())
    plain = Plain(world.plain(), world.policy, world.links)
    table = found.to_pandas()
    nodes = list(zip(table["type"], table["value"], strict=True))
    assert nodes == plain.nodes
    held: dict = {}
    for node, customer in zip(nodes, table["customer"], strict=True):
        held.setdefault(customer, set()).add(node)
    assert {frozenset(v) for v in held.values()} == set(plain.people())
    who = found.partition
    names = [who.nodes.name(i) for i in range(len(nodes))]
    assert {names[i] for i in np.flatnonzero(who.demoted)} == plain.demoted
    assert {names[i] for i in np.flatnonzero(who.giant)} == plain.giant
    assert {(names[who.edges.strong[i]], names[who.edges.weak[i]]) for i in who.cut} == plain.cut
    assert {names[i] for i in np.flatnonzero(who.contested)} == plain.contested
    assert sorted(names[i] for i in who.anchor) == sorted(plain.people().values())
    customer = dict(zip(nodes, table["customer"], strict=True))
    for at, mine in enumerate(found.customers(world.log()).tolist()):
        said = plain.owner(at)
        if said is None:
            assert mine is None
        elif said[0] == "p":
            assert mine in {customer[n] for n in nodes if plain.group[n] == said[1]}
        else:
            assert mine[0] == "s"


@settings(max_examples=40, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(world, random):
    events, links = world.events(), world.told()
    found = resolve(EventLog.from_events(events), world.policy, links=links)
    again = [*events, *random.sample(events, len(events) // 2)]
    random.shuffle(again)
    other = resolve(EventLog.from_events(again), world.policy, links=links)
    assert found == other
    pd.testing.assert_frame_equal(found.to_pandas(), other.to_pandas())
    mine = found.customers(EventLog.from_events(events))
    whose = dict(zip([e.id for e in events], mine, strict=True))
    for event, customer in zip(again, other.customers(EventLog.from_events(again)), strict=True):
        assert whose[event.id] == customer


@settings(max_examples=40, deadline=None)
@given(worlds(), st.integers(0, 13))
def test_as_of_a_moment_is_what_had_been_seen(world, hours):
    log, moment = world.log(), np.datetime64(1_700_000_000_000_000 + hours * 3_600_000_000, "us")
    found = resolve(log, world.policy, as_of=moment)
    other = resolve(log.before(moment), world.policy, as_of=moment)
    assert found == other
    pd.testing.assert_frame_equal(found.to_pandas(), other.to_pandas())
    last = resolve(log, world.policy, as_of="2199-01-01")
    pd.testing.assert_frame_equal(last.at(moment).to_pandas(), found.to_pandas())
    assert found.applied(log) == other.applied(log.before(moment))


def at(kind, day, **identifiers):
    return Event(None, kind, f"2024-03-{day:02d}", identifiers=identifiers)


def whose(events, policy=DEFAULT, **more):
    log = EventLog.from_events(events)
    return resolve(log, policy, **more).customers(log).tolist()


def test_what_was_seen_together_is_one_customer():
    one, two, three = whose(
        [
            at("view", 1, cookie="c1"),
            at("login", 2, cookie="c1", email="Ann@X.org"),
            at("view", 3, cookie="c2"),
        ]
    )
    assert one == two != three


def test_an_id_does_not_go_from_one_person_to_another_with_a_cookie():
    ann = at("login", 2, cookie="c1", user_id="ann")
    before = whose([at("view", 1, cookie="c1"), ann])[0]
    after = whose([at("view", 1, cookie="c1"), ann, at("login", 3, cookie="c1", user_id="ben")])
    assert before not in after


def test_a_kiosk_links_nobody():
    people = [at("login", 1 + i, device="kiosk", user_id=f"u{i}") for i in range(5)]
    found = resolve(EventLog.from_events(people))
    assert len(set(whose(people))) == 5
    assert len(found) == 6 and found.partition.demoted.sum() == 1


def test_times_of_receipt_bound_a_clock_that_is_ahead():
    early = Event(
        None,
        "login",
        "2030-01-01",
        received="2024-03-01",
        identifiers={"phone_": "1", "user": "ann"},
    )
    late = Event(None, "login", "2024-03-05", identifiers={"phone_": "1", "user": "ben"})
    policy = IdentityPolicy(
        [IdentifierType("user", rank=1, limit=1), IdentifierType("phone_", rank=2)]
    )
    table = (
        resolve(EventLog.from_events([early, late]), policy, as_of="2031-01-01")
        .to_pandas()
        .set_index(["type", "value"])["customer"]
    )
    assert table["phone_", "1"] == table["user", "ben"] != table["user", "ann"]


def test_links_of_people_go_before_evidence():
    events = [at("login", 1, user_id="ann", email="ann@x.org"), at("view", 2, user_id="ben")]
    must = Links.must(("user_id", "ann"), ("user_id", "ben"))
    assert len(set(whose(events, links=must))) == 1
    both = must + Links.cannot(("user_id", "ann"), ("user_id", "ben"))
    assert len(set(whose(events, links=both))) == 2
    apart = Links.cannot(("user_id", "ann"), ("email", "Ann@X.org"))
    found = resolve(EventLog.from_events(events), links=apart)
    assert len(found) == 3


def test_a_link_holds_from_its_time_on():
    events = [at("view", 1, user_id="ann"), at("view", 5, user_id="ben")]
    must = Links.must(("user_id", "ann"), ("user_id", "ben"), time="2024-03-03")
    log = EventLog.from_events(events)
    assert len(resolve(log, links=must)) == 1
    assert len(resolve(log, links=must, as_of="2024-03-03")) == 1  # only ann was seen
    late = Links.must(("user_id", "ann"), ("user_id", "ben"), time="2024-03-06")
    assert len(resolve(log, links=late, as_of="2024-03-05T12:00")) == 2
    assert len(resolve(log, links=late, as_of="2024-03-07").at("2024-03-05T12:00")) == 2


def test_types_that_the_policy_does_not_know_are_refused():
    log = EventLog.from_events([at("view", 1, fax="1")])
    with pytest.raises(ArgumentError, match=r"'fax'.*with_types"):
        resolve(log)
    with pytest.raises(ArgumentError, match=r"Identities\.at: when"):
        resolve(EventLog.from_events([at("view", 1, cookie="c")])).at("2030-01-01")
    with pytest.raises(ArgumentError, match=r"were not seen.*'d'"):
        resolve(EventLog.from_events([at("view", 1, cookie="c")])).customers(
            EventLog.from_events([at("view", 1, cookie="d")])
        )
    with pytest.raises(ArgumentError, match="no event or fact"):
        resolve(EventLog.from_events([]))
    events = [at("view", 1 + i % 9, cookie="c") for i in range(50)]
    ahead = Event(None, "view", "2090-01-01", identifiers={"cookie": "c"})
    with pytest.raises(ArgumentError, match="wrong clock"):
        resolve(EventLog.from_events([*events, ahead]))


def test_customers_are_identifiers_of_the_type_customer():
    log = EventLog.from_events(
        [Event("7", "view", "2024-03-01", identifiers={"cookie": "c1"}), at("view", 2, cookie="c1")]
    )
    found = resolve(log)
    assert found.to_pandas()[["type", "value"]].values.tolist() == [
        ["customer", "7"],
        ["cookie", "c1"],
    ]
    assert len(set(found.customers(log))) == 1


def test_facts_are_evidence_and_are_of_their_customer():
    events = EventLog.from_events([at("view", 2, email="ann@x.org")])
    frame = pd.DataFrame({"mail": ["ann@x.org"], "card": [17], "region": ["north"]})
    facts = EventLog.from_facts(
        frame,
        time="2024-03-01",
        facts=["region"],
        identifiers={"email": "mail", "loyalty_card": "card"},
    )
    found = resolve(events + facts)
    assert len(found) == 1
    done = found.applied(events + facts)
    assert (
        done.facts.coded("customer").decode().tolist() == found.customers(events + facts).tolist()
    )


def minutes(kind, minute, **identifiers):
    return Event(
        None, kind, f"2024-03-01T{minute // 60:02d}:{minute % 60:02d}", identifiers=identifiers
    )


SHARED = [
    minutes("login", 0, device="tab", user_id="ann"),
    minutes("login", 600, device="tab", user_id="ben"),
]


def test_a_session_ends_with_its_pause():
    inside = whose([*SHARED, minutes("view", 29, device="tab")])
    assert inside[2] == inside[0]
    outside = whose([*SHARED, minutes("view", 30, device="tab")])
    assert outside[2][0] == "s"


def test_what_is_no_evidence_says_not_who_is_there():
    policy = IdentityPolicy(not_evidence=["gift"])
    found = whose(
        [
            *SHARED,
            minutes("gift", 300, device="tab", user_id="eve"),
            minutes("view", 301, device="tab"),
        ],
        policy,
    )
    assert found[3][0] == "s" and found[2] not in (found[0], found[1])


def test_a_demoted_identifier_takes_no_weak_link():
    people = [at("login", 1 + i, device="kiosk", user_id=f"u{i}") for i in range(5)]
    frame = pd.DataFrame({"x": ["u0"], "y": ["kiosk"], "p": [0.99]})
    weak = Links.weak(
        frame, a_type="user_id", a_value="x", b_type="device", b_value="y", probability="p"
    )
    assert len(resolve(EventLog.from_events(people), links=weak)) == 6


def test_links_with_a_time_hold_from_then_on_whenever_it_is_asked():
    events = [at("view", 1, user_id="ann"), at("view", 2, user_id="ben")]
    must = Links.must(("user_id", "ann"), ("user_id", "ben"), time="2024-06-01")
    log = EventLog.from_events(events)
    now = resolve(log, links=must)
    assert len(now) == 2 and now == resolve(log, links=must, as_of=now.as_of)
    assert len(resolve(log, links=must, as_of="2024-07-01")) == 1


def test_a_source_in_a_link_is_read_as_in_the_log():
    policy = IdentityPolicy([IdentifierType("user", rank=1, limit=1, per_source=True)])
    log = EventLog.from_events(
        [
            Event(None, "view", "2024-03-01", source=s, identifiers={"user": "17"})
            for s in ("web shop", "till:2")
        ]
    )
    must = Links.must(("user", "web shop:17"), ("user", "till%3A2:17"))
    assert len(resolve(log, policy, links=must)) == 1
    with pytest.raises(ArgumentError, match="known by its source"):
        resolve(log, policy, links=Links.must(("user", "17"), ("user", "web shop:17")))


def test_what_is_no_log_and_no_policy_is_refused():
    found = resolve(EventLog.from_events([at("view", 1, cookie="c")]))
    for call in (found.customers, found.applied, found.under):
        with pytest.raises(ArgumentError, match="it takes"):
            call(None)


def test_a_key_is_in_no_message():
    with pytest.raises(ArgumentError) as refused:
        IdentityPolicy(key="SECRET\ud800")
    assert "SECRET" not in str(refused.value)
