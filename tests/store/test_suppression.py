"""Marks of who was erased are those of `Forgotten`, are found again, and need the key."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import Event, EventLog
from onefold.errors import ArgumentError
from onefold.identity import IdentifierType, IdentityPolicy
from onefold.identity.heard import key_of, shortened
from onefold.store import suppression
from onefold.store.core import Core
from onefold.store.rows import event_row, identity_key
from tests.store.erasures import KEY, opened

USER = IdentifierType("user", rank=1, limit=1)
MAIL = IdentifierType("mail", rank=2, normalise="email")
NUMBER = IdentifierType("number", rank=3, per_source=True)
POLICY = IdentityPolicy([USER, MAIL, NUMBER])
NAMES = [(USER, "ann"), (MAIL, "ann@x.org"), (NUMBER, "web:7")]


def event(minute: int = 0, *, source: str | None = None, **names: str) -> Event:
    time = np.datetime64("2024-03-01T00:00") + np.timedelta64(minute, "m")
    return Event(None, "view", time, source=source, identifiers=names)


EVENTS = [
    event(user="ann"),
    event(user="Ann"),
    event(mail=" ANN@x.org", user="ben"),
    event(number="7", source="web"),
    event(number="7", source="app"),
    event(number="7"),
    event(user="x" * 2000),
]


def asked(core: Core, events: list[Event]) -> list[bool]:
    with core.database.reading() as session:
        return [
            suppression.refused(session, core, shortened(key_of(one)), event_row(one)[1])
            for one in events
        ]


def asked_at_once(core: Core, events: list[Event]) -> list[bool]:
    pairs = [event_row(one) for one in events]
    heard = [identity_key(key) for key, _ in pairs]
    keys = [None if key is None else shortened(key) for key in heard]
    with core.database.reading() as session:
        rows = [row for _, row in pairs]
        which = np.arange(len(rows))
        return suppression.refused_rows(session, core, keys, which=which, rows=rows).tolist()


def test_it_is_what_forgotten_says() -> None:
    core = opened(POLICY)
    assert asked(core, EVENTS) == asked_at_once(core, EVENTS) == [False] * len(EVENTS)
    with core.database.writing() as session:
        assert suppression.forgotten(session, core) is None
        assert suppression.suppress(session, core, NAMES) == 3
        assert suppression.suppress(session, core, NAMES[:1]) == 1  # once
        held = suppression.forgotten(session, core)
    assert held == of.identity.Forgotten.of(NAMES, key=KEY)
    said = held.rows(EventLog.from_events(EVENTS).events, call="test").tolist()
    assert said == [True, False, True, True, False, False, False]
    assert asked(core, EVENTS) == asked_at_once(core, EVENTS) == said


def test_another_policy_forgets_the_same() -> None:
    core = opened(POLICY)
    with core.database.writing() as session:
        suppression.suppress(session, core, NAMES)
    exact = [USER, IdentifierType("mail", rank=2), NUMBER]
    assert asked(core.under(IdentityPolicy(exact)), EVENTS)[2]


def test_many_are_asked_for_at_once() -> None:
    core = opened(POLICY)
    names = [(USER, f"u{at}") for at in range(0, 2000, 3)]
    with core.database.writing() as session:
        suppression.suppress(session, core, names)
    events = [event(user=f"u{at}") for at in range(2000)]
    assert asked_at_once(core, events) == [at % 3 == 0 for at in range(2000)]


@pytest.mark.parametrize("more", [{}, {"id": "e1"}])
def test_an_event_is_known_by_its_id_or_by_all_of_it(more: dict[str, Any]) -> None:
    core = opened(POLICY)

    def made(minute: int, item: str, **names: str) -> Event:
        time = np.datetime64("2024-03-01T00:00") + np.timedelta64(minute, "m")
        return Event(None, "view", time, item=item, identifiers=names, **more)

    one = made(0, "tea", user="kiosk")
    key, row = event_row(one)
    heard = identity_key(key)
    assert heard is not None
    with core.database.writing() as session:
        assert suppression.suppress_events(session, core, [(heard, row)]) == 1
    others = [one, made(0, "pen", user="kiosk"), made(1, "tea", user="kiosk")]
    others.append(made(0, "tea", user="other"))
    known = [True, bool(more), bool(more), False]
    assert asked(core, others) == asked_at_once(core, others) == known


def test_the_key_is_needed_and_the_same(tmp_path: Path) -> None:
    with of.Store() as store:
        store.observe(Event("ann", "view", "2024-03-01"))
        with pytest.raises(ArgumentError, match="Store: no key"):
            store.forget(("customer", "ann"))
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with of.Store(url, key="one") as store:
        store.observe(Event("ann", "view", "2024-03-01"))
        store.forget(("customer", "ann"))
    with pytest.raises(ArgumentError, match="key is not the one"):
        of.Store(url, key="two").close()
    with of.Store(url) as store, pytest.raises(ArgumentError, match="Store: no key"):
        store.observe(Event("ann", "view", "2024-03-01"))
    with of.Store(url, key="one") as store:
        assert store.observe(Event("ann", "view", "2024-03-01")) is None and len(store) == 0


def test_who_was_erased_says_nothing_of_types(tmp_path: Path) -> None:
    """A property that only came with somebody who is gone is of no type yet."""

    def told(who: str, size: float | str, day: int = 1) -> Event:
        return Event(who, "view", f"2024-03-0{day}", properties={"size": size})

    with of.Store(f"sqlite:///{tmp_path / 'a.db'}", key=KEY) as store:
        store.observe(Event("ann", "view", "2024-03-01"))
        store.forget(("customer", "ann"))
        assert store.observe(told("ann", 1.0)) is None
        frame = pd.DataFrame({"who": ["ann"], "age": [7.0]})
        facts = EventLog.from_facts(frame, customer="who", time="2024-03-01", facts=["age"])
        assert store.observe_all([told("ann", 2.0, 2)]).suppressed == 1
        assert store.observe_all(facts).suppressed == 1
        assert store.observe_all(EventLog.from_events([told("ann", 3.0, 3)])).suppressed == 1
        # of a batch only what is kept says something
        both = EventLog.from_events([told("ann", 4.0, 4), Event("ben", "view", "2024-03-01")])
        assert (made := store.observe_all(both)).suppressed == made.new == 1
        assert store.observe(told("ben", "large")) is not None
        frame = pd.DataFrame({"who": ["ben", "ann"], "age": ["young", "old"]})
        facts = EventLog.from_facts(frame, customer="who", time="2024-03-01", facts=["age"])
        assert (made := store.observe_all(facts)).suppressed == made.new == 1
        frame = pd.DataFrame({"who": ["cid"], "age": [7.0]})
        facts = EventLog.from_facts(frame, customer="who", time="2024-03-01", facts=["age"])
        with pytest.raises(ArgumentError, match="age"):
            store.observe_all(facts)


def test_who_was_erased_says_nothing_of_the_currency() -> None:
    def sold(who: str, currency: str) -> EventLog:
        time = pd.to_datetime(["2024-03-01"], utc=True)
        frame = pd.DataFrame({"who": [who], "time": time, "value": [2.5]})
        return EventLog.from_frame(
            frame, customer="who", time="time", event="purchase", value="value", currency=currency
        )

    with of.Store(key=KEY) as store:
        store.observe(Event("ann", "view", "2024-03-01"))
        store.forget(("customer", "ann"))
        assert store.observe_all(sold("ann", "EUR")).suppressed == 1
        assert store.observe_all(sold("ben", "USD")).new == 1
        with pytest.raises(ArgumentError, match="currency"):
            store.observe_all(sold("cid", "EUR"))
