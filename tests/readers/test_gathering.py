"""Gathering: money in one currency, facts once, rows in order, long files in blocks."""

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import readers
from onefold.readers import gathering
from onefold.readers.gathering import shown
from onefold.readers.values import Refused

TIME = "2024-03-01T00:00:00Z"


def order(who: str, price: Any, currency: str | None, **more: Any) -> dict[str, Any]:
    told = {"currency": currency, "products": [{"sku": "a", "price": price}]}
    call = {"type": "track", "event": "Order Completed", "userId": who, "timestamp": TIME}
    return {**call, "properties": told, **more}


def test_the_currency_that_most_amounts_are_in() -> None:
    calls = [order("u", 1, "USD"), order("u", 2, "EUR"), order("u", 3, "eur"), order("u", 4, None)]
    read = readers.segment(calls)
    assert read.log.currency == "EUR"
    assert read.log.to_pandas()["value"].tolist() == [2, 3, 4]
    assert read.rejected[["row", "reason"]].values.tolist() == [[1, "amount not in EUR"]]
    assert read.rejected["text"][0] == "customer u, kind purchase, item a, currency USD"
    last = readers.segment(calls[::-1])
    assert last.log.currency == "EUR" and "'currency': 'USD'" in last.rejected["text"][0]


def test_as_many_of_both_is_decided_by_the_alphabet() -> None:
    for calls in ([order("u", 1, "USD"), order("u", 2, "CHF")],) * 2:
        assert readers.segment(calls).log.currency == "CHF"
        assert readers.segment(calls[::-1]).log.currency == "CHF"


def test_a_given_currency() -> None:
    calls = [order("u", 1, "USD"), order("u", 2, "EUR"), order("u", 3, "EUR")]
    read = readers.segment(calls, currency="usd")
    assert read.log.currency == "USD" and dict(read.reasons) == {"amount not in USD": 2}


def test_facts_of_a_rejected_record_are_not_kept() -> None:
    rows = [
        {"specversion": "1.0", "id": str(i), "source": "s", "type": "purchase", "time": TIME}
        | {"data": {"user_id": "u", "value": 1, "currency": c, "traits": {"last": c}}}
        for i, c in enumerate(["EUR", "EUR", "USD"])
    ]
    read = readers.cloudevents(rows)
    assert read.accepted == 2 and of.fold(read.log)["u"]["last"] == "EUR"


def test_a_currency_without_an_amount_says_nothing() -> None:
    view = order("u", 1, "USD") | {"event": "Product Viewed"}
    read = readers.segment([view, view, order("u", 1, "EUR")])
    assert read.accepted == 3 and read.log.currency == "EUR"


@settings(max_examples=40)
@given(st.lists(st.decimals(-(10**9), 10**9, places=6), min_size=1, max_size=30))
def test_money_is_exact(prices: list[Decimal]) -> None:
    lines = [
        json.dumps(order("u", "PRICE", "EUR")).replace('"PRICE"', f"{price:f}") for price in prices
    ]
    for source in (lines, [order("u", str(p), "EUR") for p in prices]):
        log = readers.segment(source).log
        total = int(log.events.array("value").sum())
        assert total == int(sum(prices) * 10**6)


def test_a_fact_that_is_said_again_and_again_is_kept_once() -> None:
    def told(value: Any, time: str) -> dict[str, Any]:
        return {"type": "identify", "userId": "u", "timestamp": time, "traits": {"plan": value}}

    calls = [told("a", TIME), told("a", TIME), told("b", "2024-03-02T00:00:00Z")]
    read = readers.segment(calls)
    assert len(read.log.facts) == 2 and read.accepted == 3
    assert of.fold(read.log)["u"]["plan"] == "b"
    assert of.fold(read.log, as_of="2024-03-02")["u"]["plan"] == "a"


def test_a_fact_of_numbers_and_text_is_text() -> None:
    calls = [
        {"type": "identify", "userId": u, "timestamp": TIME, "traits": {"size": v, "n": i}}
        for i, (u, v) in enumerate([("a", 42), ("b", "XL"), ("c", 1.5)])
    ]
    profiles = of.fold(readers.segment(calls).log)
    assert [profiles[u]["size"] for u in "abc"] == ["42", "XL", "1.5"]
    assert [profiles[u]["n"] for u in "abc"] == [0.0, 1.0, 2.0]


def test_facts_are_known_from_when_they_were_received() -> None:
    call = {"type": "identify", "userId": "u", "timestamp": TIME, "traits": {"plan": "a"}}
    log = readers.segment([call | {"receivedAt": "2024-03-05T00:00:00Z"}]).log
    assert len(log.known_at("2024-03-05").facts) == 0 and len(log.known_at("2024-03-06").facts) == 1


def test_very_many_names_of_facts() -> None:
    traits = {f"t{i}": i for i in range(1500)}
    call = {"type": "identify", "userId": "u", "timestamp": TIME, "traits": traits}
    read = readers.segment([call])
    assert len(read.log.facts) == 1000
    assert dict(read.notes) == {"fact beyond 1,000 names: not kept": 500}


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    path = readers.example("segment")
    whole = readers.segment(path, properties={"name": "event"})
    monkeypatch.setattr(gathering, "BLOCK", 2)
    parts = readers.segment(path, properties={"name": "event"})
    assert parts.log == whole.log and len(parts) == len(whole)
    assert parts.rejected.equals(whole.rejected)


def test_what_was_rejected_is_shown_shortly() -> None:
    bomb: Any = []
    for _ in range(100_000):
        bomb = [bomb]
    for held in ("x" * 10**6, b"\xff" * 10**6, {"a": "y" * 10**6}, bomb, 10**1000, object()):
        assert 0 < len(shown(held)) <= 200
    assert shown("a\ud800") == "a\\ud800"
    assert shown(Refused("why")) == ""
    while bomb:  # taken apart by hand, for Python would do it by recursion
        bomb = bomb[0]


def test_the_log_is_that_of_from_events() -> None:
    """A made-up log, written as calls and read again, is the same log."""
    rng = np.random.default_rng(3)
    events, calls = [], []
    for i in range(200):
        kind = rng.choice(["Order Completed", "Product Viewed"])
        bought = kind == "Order Completed"
        cents, item, who = int(rng.integers(1, 5000)), f"i{rng.integers(9)}", f"u{rng.integers(9)}"
        time = f"2024-03-{rng.integers(1, 29):02d}T{rng.integers(24):02d}:00:00Z"
        told = {"product_id": item, "order_id": f"o{i}" if bought else None, "currency": "EUR"}
        told["price"] = f"{cents / 100:.2f}"
        calls.append(
            {"type": "track", "event": kind, "userId": who, "timestamp": time, "messageId": f"m{i}"}
            | {"channel": "web", "context": {"timezone": "Europe/Berlin"}, "properties": told}
        )
        events.append(
            of.Event(
                who,
                "purchase" if bought else "view",
                time,
                item=item,
                channel="web",
                value=Decimal(cents) / 100 if bought else None,
                basket=f"o{i}" if bought else None,
                id=f"m{i}",
                source="segment",
                zone="Europe/Berlin",
                properties={"user_id": who},
            )
        )
    expected = of.EventLog.from_events(events)
    read = readers.segment([json.dumps(call) for call in calls])
    assert read.log.events.equals(expected.events)
    assert read.log.currency == "EUR"
