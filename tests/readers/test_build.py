"""From blocks of events and facts to a log."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from onefold.readers.build import BLANK, READ, built, event_block, fact_block
from onefold.readers.build import _decimals as decimals

MOST = 10**18


@given(st.lists(st.none() | st.integers(-MOST, MOST), max_size=30), st.integers(0, 30))
def test_millionths_as_decimals(micros: list[int | None], at: int) -> None:
    column = pa.chunked_array([micros[:at], micros[at:]], pa.int64())
    expected = [None if m is None else Decimal(m).scaleb(-6) for m in micros]
    assert decimals(column).to_pylist() == expected


def event(**held: Any) -> dict[str, Any]:
    return {**BLANK, "customer": "u", "time": 0, "kind": "view", "record": 1, **held}


def block(*events: dict[str, Any], chosen: tuple[str, ...] = ()) -> tuple[pa.Table, set[Any]]:
    textual: set[Any] = set()
    picked = [e["chosen"] for e in events]
    return event_block([READ(e) for e in events], picked, chosen, textual), textual


def test_what_nobody_has_is_left_out() -> None:
    table, textual = block(event(browser="Firefox"), event())
    log, rejected = built([table], [], textual, None)
    assert list(log.to_pandas()) == [
        *("customer", "time", "event", "item", "channel", "value", "quantity", "basket"),
        "browser",
    ]
    assert rejected == [] and log.currency is None


def test_properties_are_numbers_where_all_are() -> None:
    held = [{"n": ("1", True), "t": ("1", True)}, {"n": None, "t": ("x", False)}, {}]
    table, textual = block(*[event(chosen=one) for one in held], chosen=("n", "t"))
    frame = built([table], [], textual, None)[0].to_pandas()
    assert frame["n"].fillna(-1).tolist() == [1.0, -1.0, -1.0]
    assert frame["t"].dropna().tolist() == ["1", "x"]


def test_records_in_another_currency_go_as_a_whole() -> None:
    one = event(value=1, currency="EUR", record=1)
    two = [event(value=1, currency=c, record=2, row=7, raw="seven") for c in ("EUR", "USD")]
    facts = fact_block([("u", 0, None, "plan", "pro", record) for record in (1, 2)])
    table, textual = block(one, *two)
    log, rejected = built([table], [facts], textual | {("fact:", "plan")}, None)
    assert rejected == [(2, None, 7, "amount not in EUR", "seven")]
    assert (len(log), len(log.facts), log.currency) == (1, 1, "EUR")


def test_facts_alone() -> None:
    facts = [("u", i, 2 * i, name, str(i), i) for i, name in enumerate("abcab")]
    log, _ = built([], [fact_block(facts)], set(), "EUR")
    assert (len(log), len(log.facts), log.currency) == (0, 5, None)
    assert log.facts.array("number").tolist() == [0.0, 3.0, 1.0, 4.0, 2.0]


def test_nothing() -> None:
    log, rejected = built([], [], set(), None)
    assert (len(log), len(log.facts), rejected) == (0, 0, [])
