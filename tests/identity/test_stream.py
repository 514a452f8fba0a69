"""The resolver of streams: its errors, each change once, and what is hostile to it."""

import attrs
import numpy as np
import pytest

import onefold as of
from onefold import Event, EventLog, resolve
from onefold.errors import ArgumentError
from onefold.identity import Aliased, IdentifierType, Links, Merged, Resolver, Split
from tests.identity.streams import Table, same

USER = IdentifierType("user_id", rank=1, limit=1)
COOKIE = IdentifierType("cookie", rank=2)
SIMPLE = of.IdentityPolicy([USER, COOKIE])


def event(day, kind="view", **names):
    return Event(None, kind, f"2024-03-{day:02d}", identifiers=names)


def run(events, policy=SIMPLE, links=None):
    """What each event changed; after each, the stream is the batch."""
    resolver = Resolver(policy, links=links)
    table, out = Table(resolver), []
    for at, one in enumerate(events, 1):
        observed = resolver.observe(one)
        table.take(observed)
        table.same(same(resolver, events[:at], links))
        out.append(observed)
    return resolver, out


def test_two_cookies_of_one_user_are_merged() -> None:
    _, seen = run([event(1, cookie="c1"), event(2, cookie="c2"), event(3, cookie=("c1", "c2"))])
    (change,) = seen[-1].changes
    assert change == Merged(into=seen[0].customer, was=seen[1].customer)
    assert seen[-1].customer == seen[0].customer


def test_a_cookie_goes_to_who_used_it_last() -> None:
    events = [
        event(1, user_id="ann", cookie="c1"),
        event(2, user_id="ben", cookie="c2"),
        event(3, user_id="ben", cookie="c1"),
    ]
    _, seen = run(events)
    assert seen[-1].changes == (Split(seen[0].customer, seen[1].customer, (("cookie", "c1"),)),)


def test_a_late_event_gives_another_anchor_and_another_id() -> None:
    events = [
        event(5, user_id="ann", cookie="c1"),
        event(6, cookie="c2"),
        event(7, user_id="ann", cookie="c2"),
        event(2, cookie="c2"),  # late
    ]
    _, seen = run(events)
    (change,) = seen[-1].changes
    assert change == Aliased(seen[0].customer, seen[-1].customer)
    assert change.new == seen[1].customer  # the id that the cookie had alone


def test_what_was_cut_off_is_nobody_else_s_when_the_cut_one_is_contested() -> None:
    tight = of.IdentityPolicy(
        [USER, IdentifierType("email", rank=2), IdentifierType("cookie", rank=3, limit=1)]
    )
    events = [
        event(1, user_id="ann", email="x@x.org"),
        event(2, user_id="ben", email="x@x.org"),
        event(3, user_id="ann", cookie="c1"),
        event(4, email="x@x.org", cookie="c1"),
        event(5, user_id="ann", email="x@x.org"),
    ]
    resolver, _ = run(events, tight)
    graph = resolver._graph
    assert graph.contested[graph.node[1, "x@x.org"]]
    assert not graph.contested[graph.node[2, "c1"]]


def test_a_device_joins_no_two_cores() -> None:
    policy = of.IdentityPolicy(
        [IdentifierType("email", rank=1, limit=5), attrs.evolve(COOKIE, vouches=False)]
    )
    events = [
        event(1, email="a@x.org", cookie="c1"),
        event(2, email="b@x.org", cookie="c1"),
        event(3, email=("a@x.org", "b@x.org")),
    ]
    resolver, seen = run(events, policy)
    assert seen[0].customer != seen[1].customer and len(resolver) == 1
    assert [type(change) for change in seen[2].changes] == [Merged]


def test_a_lump_that_becomes_giant_is_taken_apart_and_grows() -> None:
    policy = attrs.evolve(SIMPLE, giant=3)
    links = Links.must(("cookie", "c1"), ("cookie", "c2"))
    events = [event(d, user_id="ann", cookie=f"c{d}") for d in (1, 2, 3, 4, 5)]
    resolver, seen = run(events, policy, links)
    assert len(resolver) == 5  # the two of the must-link are one
    assert any(isinstance(change, Split) for change in seen[2].changes)


def test_what_comes_again_changes_nothing() -> None:
    events = [event(1, user_id="ann", cookie="c1"), event(2, user_id="ben", cookie="c1")]
    resolver, _ = run(events)
    before = resolver.snapshot()
    for one in events * 2:
        again = resolver.observe(one)
        assert again.changes == () == again.found
    assert resolver.snapshot() == before


def test_an_event_goes_into_its_profile() -> None:
    events = [event(1, user_id="ann", cookie="c1"), event(2, user_id="ann", cookie="c2")]
    resolver, _ = run(events)
    profiles = of.fold(EventLog.from_events(events), identities=resolver.identities())
    seen = resolver.observe(event(3, kind="purchase", user_id="ann", cookie="c1"))
    assert seen.event is not None and seen.customer in profiles.ids
    profile = profiles[seen.customer].after(seen.event)
    assert profile.id == seen.customer and profile.as_of > np.datetime64("2024-03-03")


def test_what_is_nobody_s_has_no_event_to_go_on_with() -> None:
    seen = Resolver().observe(event(1, email="null"))
    assert seen.customer is None and seen.event is None and seen.found == ()
    assert Resolver().customer(event(1, cookie="x" * 5000)) is None


@pytest.mark.parametrize(
    "value",
    [
        "x" * 1024,
        "x" * 1025,
        "\x00",
        "\x1f",
        "'; drop table",
        "ـ" * 40,
        "\u202eevil",
        " ",
        "\uff10",
    ],
)
def test_hostile_values_are_as_in_the_batch(value: str) -> None:
    run([event(1, user_id=value, cookie=value), event(2, user_id="ann", cookie=value)])


def test_values_that_are_one_in_a_hundred_spellings() -> None:
    names = [f"{'aA'[i % 2]}nn{' ' * (i % 3)}@X.org" for i in range(12)]
    resolver = Resolver()
    events = [event(1 + at, email=name, cookie="c1") for at, name in enumerate(names)]
    for one in events:
        resolver.observe(one)
    same(resolver, events)


@pytest.mark.parametrize("what", [None, "view", {"cookie": "c1"}, EventLog.from_events([])])
def test_what_is_no_event_is_refused(what: object) -> None:
    with pytest.raises(ArgumentError, match=r"Resolver\.observe: event .*Event"):
        Resolver().observe(what)


def test_an_unknown_type_is_refused_and_leaves_no_trace() -> None:
    resolver = Resolver(SIMPLE)
    with pytest.raises(ArgumentError, match=r"'cooky'.*cookie.*with_types"):
        resolver.observe(event(1, cooky="c1", user_id="ann"))
    with pytest.raises(ArgumentError, match=r"Resolver\.observe: .*'customer'"):
        resolver.observe(Event("ann", "view", "2024-03-01"))
    with pytest.raises(ArgumentError, match=r"Resolver\.learn: .*'cooky'"):
        resolver.learn(EventLog.from_events([event(1, cooky="c1")]))
    assert len(resolver) == 0 and resolver.snapshot() == Resolver(SIMPLE).snapshot()


def test_other_wrong_arguments_say_what_to_do() -> None:
    resolver = Resolver(SIMPLE)
    with pytest.raises(ArgumentError, match=r"Resolver\.resume: snapshot"):
        Resolver.resume({"evidence": []})
    other = Resolver()
    other.observe(event(1, email="a@x.org"))
    with pytest.raises(ArgumentError, match=r"Resolver\.resume: .*'email'"):
        Resolver.resume(other.snapshot(), SIMPLE)
    with pytest.raises(ArgumentError, match=r"Resolver\.merge: other has another policy"):
        resolver.merge(Resolver())
    with pytest.raises(ArgumentError, match=r"another links"):
        resolver.merge(Resolver(SIMPLE, links=Links.must(("cookie", "a"), ("cookie", "b"))))
    with pytest.raises(ArgumentError, match=r"give as_of="):
        resolver.identities()
    with pytest.raises(ArgumentError, match=r"Give it to observe"):
        resolver.customer(event(1, cookie="c1"))
    with pytest.raises(ArgumentError, match="Resolver: policy"):
        Resolver("strict")
    with pytest.raises(ArgumentError, match="Resolver: links"):
        Resolver(links=[("cookie", "a")])


def test_a_policy_from_a_file_needs_its_key() -> None:
    with pytest.raises(ArgumentError, match=r"Resolver: .*with_key"):
        Resolver(of.IdentityPolicy(key="a secret").sealed())


def test_a_weak_link_gives_way_to_evidence_that_comes_later() -> None:
    import pandas as pd

    links = Links.weak(
        pd.DataFrame({"x": ["c1"], "y": ["c2"], "p": [0.9]}),
        a_type="cookie",
        a_value="x",
        b_type="cookie",
        b_value="y",
        probability="p",
    )
    events = [event(1, user_id="ann", cookie="c1"), event(2, user_id="ben", cookie="c2")]
    resolver, _ = run([event(1, cookie="c1"), event(1, cookie="c2"), *events], links=links)
    assert len(resolver) == 2
    assert resolver.identities() == resolve(
        EventLog.from_events([event(1, cookie="c1"), event(1, cookie="c2"), *events]),
        SIMPLE,
        links=links,
    )


def test_an_event_that_was_received_before_it_happened_is_as_in_the_batch() -> None:
    wrong = attrs.evolve(event(9, user_id="ann", cookie="c1"), received="2024-03-02")
    events = [event(1, cookie="c1"), wrong, event(2, user_id="ann", cookie="c1"), wrong]
    resolver, _ = run(events)
    again = Resolver.resume(resolver.snapshot(), SIMPLE)
    assert again.snapshot() == resolver.snapshot()
    same(again, events)
    early = resolver.identities(as_of="2024-03-05")
    assert early == resolve(EventLog.from_events(events), SIMPLE, as_of="2024-03-05")


def test_links_with_a_time_are_refused():
    links = Links.must(("email", "ann@x.org"), ("user_id", "ann"), time="2024-03-01")
    with pytest.raises(ArgumentError, match="1 with a time"):
        Resolver(links=links)
