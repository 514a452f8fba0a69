"""One event at a time: what is stored is what `resolve` says of the same events."""

import threading
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold import Event
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.identity import IdentifierType, IdentityPolicy
from onefold.store.store import Store
from onefold.store.writing import observe
from tests.examples import few
from tests.identity.worlds import HOUR, START, policies, rows
from tests.store.telling import of_log, of_store, opened, told


@st.composite
def streams(draw, most=16):
    """Events in any order, few bundles at many hours, received late or early; and some again."""
    kinds = draw(st.lists(rows(), min_size=1, max_size=7))
    out: list[Any] = []
    for number in range(draw(st.integers(1, most))):
        _, kind, source, names = draw(st.sampled_from(kinds))
        time = np.datetime64(START + draw(st.integers(0, 12)) * HOUR, "us")
        late = draw(st.sampled_from([None, None, -1, 2]))
        received = None if late is None else time + np.timedelta64(late, "h")
        id = draw(st.sampled_from([None, f"e{number}"]))
        out.append(
            Event(None, kind, time, source=source, id=id, received=received, identifiers=names)
        )
    known = [e for e in out if e.id]
    return out, draw(st.lists(st.sampled_from(known), max_size=3)) if known else []


@st.composite
def quarrels(draw):
    """Few bundles that want the same identifier, again and again: what is never calm."""
    values = st.sampled_from(["u1", "u2", "u3"])
    kinds = [("view", {"user": (name,), "cookie": ("c1",)}) for name in ("u1", "u2")]
    for _ in range(draw(st.integers(0, 2))):
        names = {"cookie": (draw(st.sampled_from(["c1", "c2"])),), "user": (draw(values),)}
        weaker = draw(st.sampled_from(["user", "cookie", None]))
        names = {name: held for name, held in names.items() if name != weaker}
        kinds.append((draw(st.sampled_from(["view", "login", "gift"])), names))
    out: list[Any] = []
    hour = 0
    for at in draw(st.lists(st.integers(0, len(kinds) - 1), min_size=4, max_size=12)):
        hour += draw(st.sampled_from([1, 1, 1, 0, -2]))
        time = np.datetime64(START + hour * HOUR, "us")
        kind, names = kinds[at]
        out.append(Event(None, kind, time, id=f"e{len(out)}", identifiers=names))
    return out, []


@settings(max_examples=few(40), deadline=None)
@given(stream=st.one_of(quarrels(), streams()), policy=policies())
def test_a_stream_is_the_batch(stream, policy) -> None:
    core = opened(policy)
    events, again = stream
    for at, event in enumerate(events, 1):
        observe(core, event)
        if at % 4 == 0:
            assert of_store(core) == of_log(events[:at], policy)
    for event in again:
        observe(core, event)
    assert of_store(core) == of_log(events, policy)
    core.database.close()


HOURS = [np.datetime64(START + h * HOUR, "us") for h in range(200)]
TWO = IdentityPolicy(
    [
        IdentifierType("user", rank=1, limit=1),
        IdentifierType("cookie", rank=2, limit=3, max_owners=2),
    ],
    logins=["login"],
    not_evidence=["gift"],
    giant=8,
)


def event(hour, kind="view", id=None, **names):
    return Event(None, kind, HOURS[hour], id=id, identifiers=names)


def same(events, policy=TWO, url="sqlite://"):
    """Takes in events one by one; after each the store says what the batch says."""
    core = opened(policy, url)
    for at, one in enumerate(events, 1):
        observe(core, one)
        assert of_store(core) == of_log(events[:at], policy)
    return core


def test_a_cookie_goes_to_who_used_it_last_again_and_again() -> None:
    ann, ben = {"user": "ann", "cookie": "c"}, {"user": "ben", "cookie": "c"}
    core = same([event(at, **(ann, ben)[at % 2]) for at in range(6)] + [event(7, **ann)])
    assert {row for (row,) in told(core, "SELECT flags & 1 FROM evidence")} == {0}


def test_limits_with_a_period_are_never_calm_above_the_limit() -> None:
    cookie = IdentifierType("cookie", rank=2, limit=1, period="3h")
    policy = attrs.evolve(TWO, types=[TWO.types[0], cookie])
    both = {"user": "ann", "cookie": "c1"}
    events = [event(0, **both), event(9, user="ann", cookie="c2"), event(8, **both)]
    same([*events, event(9, **both)], policy)


def test_one_that_becomes_shared_frees_the_others() -> None:
    events = [event(h, user=f"u{h}", cookie="kiosk") for h in range(4)]
    events += [
        event(5, cookie="kiosk"),
        event(6, user="u0", cookie="mine"),
        event(7, cookie="mine"),
    ]
    core = same(events)
    assert len(set(told(core, "SELECT lump FROM places"))) == 5


def test_a_lump_becomes_giant_and_gifts_reach_into_it() -> None:
    events = [event(h, user="ann", cookie=f"c{h}") for h in range(8)]
    events.insert(2, event(1, "gift", user="ben", cookie="c0"))
    core = same([*events, event(20, "gift", user="ben", cookie="c0"), event(3, cookie="c3")])
    assert {flags for (flags,) in told(core, "SELECT flags FROM places WHERE node = 1")} == {4}


def test_most_events_of_one_customer_are_calm() -> None:
    events = [event(h, k, user="ann", cookie="c") for h, k in enumerate(["view", "login"] * 3)]
    core = same([*events, event(3, cookie="c"), event(2, cookie="c")])
    assert told(core, "SELECT count(*) FROM evidence WHERE flags & 1 = 0") == [(0,)]


HOSTILE = (
    "'; DROP TABLE log; --",
    '<script>alert("x")</script>',
    "\x00\x01\x1f\x7f",
    "a\x100b",
    "\U0001f600\u202e",
    "x" * 1_000_000,
    "%s%(a)s:name?",
    "{}",
    " ",
)


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_text(word) -> None:
    core = opened(TWO)
    events = [
        Event(None, word, HOURS[0], item=word, id=word, source=word, identifiers={"cookie": word}),
        event(1, user="ann", cookie=(word, "c")),
        event(2, user=word),
    ]
    for one in events * 2:
        observe(core, one)
    kept = [*events, *events[1:]]  # without an id each is an event of its own
    assert of_store(core) == of_log(kept, TWO)


def test_of_several_deliveries_the_earliest_counts() -> None:
    core = opened(TWO)
    late = np.timedelta64(1, "h")
    several = [
        event(5, id="e", cookie="c"),
        event(4, id="e", cookie="c"),
        attrs.evolve(event(4, id="e", cookie="c"), received=HOURS[4] + late),
        event(4, id="e", cookie="c"),
        attrs.evolve(event(1, id="e", cookie="c"), source="another"),
        event(9, id="e", user="ann"),
    ]
    gone = []
    for one in several:
        observe(core, one)
        gone.append([seq for (seq,) in told(core, "SELECT seq FROM superseded ORDER BY seq")])
    assert gone == [[], [1], [1, 2], [1, 2], [1, 2], [1, 2, 5]]


def test_whose_event_counts_as_somebody_elses_is_not_told() -> None:
    with Store(policy=TWO) as store:
        assert len(store.observe(event(1, id="e", user="ann"))) == 1
        assert store.observe(event(2, id="e", user="ben")) is None
        with pytest.raises(UnknownCustomer):
            store.profile(("user", "ben"))
        assert len(store.observe(event(3, user="ben"))) == 1
        assert len(store.observe(event(2, id="e", user="ben"))) == 1  # of what is theirs


def test_a_delivery_without_an_identifier_left_takes_nothing_away() -> None:
    core = opened(TWO)
    observe(core, event(1, id="e", cookie="null"))
    observe(core, event(2, id="e", cookie="c"))
    assert told(core, "SELECT seq FROM superseded") == []
    assert told(core, "SELECT count(*) FROM log") == [(2,)]


def test_what_is_no_event_or_of_an_unknown_type_is_refused() -> None:
    core = opened(TWO)
    with pytest.raises(ArgumentError, match=r"Store\.observe: event"):
        observe(core, "view")
    with pytest.raises(ArgumentError, match="'mail'"):
        observe(core, event(1, mail="ann@x.org"))
    assert told(core, "SELECT count(*) FROM log") == [(0,)]


def crowd(n):
    """Events of few people with few cookies, at any hours."""
    rng = np.random.default_rng(n)
    out: list[Any] = []
    for at in range(n):
        names = {"cookie": f"c{rng.integers(6)}"}
        if rng.random() < 0.4:
            names["user"] = f"u{rng.integers(4)}"
        kind = ("view", "login", "gift")[rng.integers(3)]
        out.append(event(int(rng.integers(12)), kind, id=f"e{at}", **names))
    return out


def test_every_database_says_what_the_batch_says(url) -> None:
    core = same(crowd(25), url=url)
    core.database.close()


def test_several_write_at_once(lasting) -> None:
    events, failed = crowd(60), []
    core = opened(TWO, lasting)

    def write(seed):
        try:
            for at in np.random.default_rng(seed).permutation(len(events)):
                observe(core, events[at])
        except BaseException as error:
            failed.append(error)
            raise

    several = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for one in several:
        one.start()
    for one in several:
        one.join()
    assert not failed
    assert told(core, "SELECT count(*), count(DISTINCT key) FROM log") == [(60, 60)]
    assert of_store(core) == of_log(events, TWO)
    core.database.close()


def test_a_row_follows_those_of_a_batch(lasting) -> None:
    store = Store(lasting, policy=TWO, durable="process")
    events = crowd(9)
    store.observe(events[0])
    store.observe_all(events[1:8])
    store.observe(events[8])
    store.observe(attrs.evolve(events[8], id="another"))
    assert sorted(told(store._core, "SELECT seq FROM log")) == [(at,) for at in range(1, 11)]
    store.close()
