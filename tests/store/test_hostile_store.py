"""Ids that want to be something else: they are text, go in as they are, and come out the same."""

from collections.abc import Callable
from typing import Any

import pytest

import onefold as of
from onefold.errors import ArgumentError
from tests.store.shop import MINUTE, START, consistent

HOSTILE = {
    "quote": "'; DROP TABLE log; --",
    "or": '" OR 1=1 --',
    "parameter": ":name %s %(name)s ? $1 {0}",
    "html": "<script>alert(1)</script>&amp;<img src=x onerror=y>",
    "path": "../../etc/passwd",
    "json": '{"a": [1, "\\u0000"]}',
    "controls": "a\x00b\x01\x1b[31m\x7f\r\n\t\x85",
    "nul": "\x00",
    "escaped": "\\x00 \\0 \\u0000 \x1a0 \ue000 \uf8ff",
    "unit": "a\x1fb\x1ec",
    "emoji": "👩‍👩‍👧‍👦🏴‍☠️🦊",
    "right to left": "\u202eevil\u202c شلوم",
    "combining": "e\u0301" + "\u0300" * 50,
    "noncharacter": "\ufffe\uffff\U0010ffff",
    "bom": "\ufeffx",
    "spaces": " \u00a0\u2003x ",
    "wild": "100%_*?[a-z]",
    "long": "x" * 1_000_000,
    "long wide": "🦊" * 50_000,
    "number": "1e400",
    "nan": "NaN",
}
OF_TWO = [("a", "a\x00"), ("A", "a"), ("é", "e\u0301"), ("1", "1.0"), ("x", "x ")]

Open = Callable[..., Any]


def hostile(text: str) -> list[of.Event]:
    """Events that hold a text wherever there can be one."""
    common = {"item": text, "channel": text, "basket": text, "source": text}
    who = {"customer": None, "identifiers": {"user_id": text, "cookie": ["c1", text]}}
    return [
        of.Event(text, text, START, id=text, properties={"note": text}, **common),
        of.Event(time=START + MINUTE, event="view", id=f"{text}2", **who, **common),
        of.Event("plain", "view", START + 2 * MINUTE, id=f"{text}3", properties={text: 1.5}),
    ]


def test_a_text_is_kept_as_it_is(url: str, opened: Open) -> None:
    store = opened(url, key="k")
    events = [event for text in HOSTILE.values() for event in hostile(text)]
    for event in events:
        store.observe(event)
    assert store.observe_all(events).repeated == len(events)  # once more changes nothing
    kept, plain = store.log().to_pandas(), of.EventLog.from_events(events).to_pandas()
    assert kept[sorted(map(str, kept))].equals(plain[sorted(map(str, plain))])
    log = of.EventLog.from_events(events)
    who = of.resolve(log)
    folded = of.fold(log, identities=who)
    assert store.profiles().ledger == folded.ledger
    for text in HOSTILE.values():
        customer = who.customer_of(("customer", text))
        if customer is not None:
            assert store.profile(("customer", text)) == folded[customer]
    consistent(store)


@pytest.mark.parametrize("name", ["quote", "parameter", "html", "json"])
def test_a_text_is_forgotten_as_it_is(lasting: str, opened: Open, name: str) -> None:
    text = HOSTILE[name]
    store = opened(lasting, key="k")
    events = [*hostile(text), of.Event("x", "view", START, id="x")]
    store.observe_all(events)
    store.export(("customer", text)).to_json()
    store.forget(("customer", text))
    store.forget(("user_id", text))
    assert store.observe_all(events).suppressed == 2
    assert store.log().to_pandas()["customer"].tolist() == ["plain", "x"]
    consistent(store)


@pytest.mark.parametrize("pair", OF_TWO)
def test_texts_that_look_alike_are_two(url: str, opened: Open, pair: tuple[str, str]) -> None:
    store = opened(url)
    events = [of.Event(text, "view", START, item=text, id=text) for text in pair]
    store.observe_all(events)
    for event in events:
        store.observe(event)
    log = of.EventLog.from_events(events)
    assert store.log().to_pandas().equals(log.to_pandas())
    assert len(store.profiles()) == len(of.fold(log, identities=of.resolve(log)))


@pytest.mark.parametrize("text", ["\ud800", "a\udcffb", "\udfff\ud800"])
def test_half_a_character_is_refused(url: str, opened: Open, text: str) -> None:
    store = opened(url)
    with pytest.raises(ArgumentError, match="not valid Unicode"):
        store.observe(of.Event(text, "view", START))
    for who in (text, ("user_id", text), ("email", text)):
        with pytest.raises(of.errors.OnefoldError):
            store.profile(who)
    assert len(store) == 0


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_an_error_shows_a_text_in_quotes_and_cut(opened: Open, text: str) -> None:
    store = opened()
    asked = [text, ("user_id", text), (text, "x"), ("user_id", f"{text}2"), text[:300]]
    store.observe(of.Event("ann", "view", START))
    for _ in range(2):
        for who in asked:
            with pytest.raises(of.errors.OnefoldError) as told:
                store.profile(who)
            said = str(told.value)
            assert said.isprintable() and len(said) < 1000
        # Known to the store, as another identifier, or of a customer without an event that counts.
        store.observe(of.Event("ann", "view", START, id="e"))
        names = {"user_id": f"{text}2", "cookie": text[:300]}
        store.observe(of.Event(None, "view", START + MINUTE, id="e", identifiers=names))


@pytest.mark.parametrize(
    "who", ["", "p", "p" * 21, "p0'; --", ("user_id", ""), ("nope", "x"), 5, None, (), ("a",), b"p"]
)
def test_whoever_is_asked_for_wrongly(url: str, opened: Open, who: Any) -> None:
    store = opened(url, key="k")
    store.observe(of.Event("ann", "view", START))
    for call in (store.profile, store.forget, store.export, store.restrict):
        with pytest.raises(of.errors.OnefoldError):
            call(who)
    assert len(store) == 1
