"""Columns under one comparison, worked by hand: money to the last millionth, missing is neither."""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold._columns import Coded
from onefold._types import NO_MONEY
from onefold._vocab import EMPTY, Vocab
from onefold.errors import ArgumentError, UnknownName
from onefold.traits.columns import Money, column, settled

NUMBERS = np.array([1.0, np.nan, 3.0, np.inf])
MONEY = Money(np.array([1, NO_MONEY, 3, 2_500_000]) * np.array([1_000_000, 1, 1_000_000, 1]))
WORDS = Coded(np.array([0, -1, 1, 2], dtype=np.int32), Vocab.of(["a", "b", "c"]))


@pytest.mark.parametrize("held", [NUMBERS, MONEY], ids=["numbers", "money"])
@pytest.mark.parametrize(
    ("op", "value", "true"),
    [
        ("==", 3, [0, 0, 1, 0]),
        ("!=", 3, [1, 0, 0, 1]),
        ("<", 3, [1, 0, 0, None]),
        ("<=", 3, [1, 0, 1, None]),
        (">", 1, [0, 0, 1, 1]),
        (">=", 3, [0, 0, 1, None]),
        ("in", (1, 7), [1, 0, 0, 0]),
        ("in", (7,), [0, 0, 0, 0]),
        ("between", (1, 3), [1, 0, 1, None]),
        ("known", None, [1, 0, 1, 1]),
    ],
)
def test_numbers_and_money(held: Any, op: str, value: Any, true: list[int | None]) -> None:
    yes = settled(held, op, value, to=True, of="x").tolist()
    no = settled(held, op, value, to=False, of="x").tolist()
    for got, against, expected in zip(yes, no, true, strict=True):
        assert expected is None or got == bool(expected)
        assert not (got and against)
    assert [a or b for a, b in zip(yes, no, strict=True)] == [True, op == "known", True, True]


@pytest.mark.parametrize(
    ("op", "value", "true"),
    [
        ("==", "b", [0, 0, 1, 0]),
        ("==", "z", [0, 0, 0, 0]),
        ("!=", "b", [1, 0, 0, 1]),
        ("!=", "z", [1, 0, 1, 1]),
        ("in", ("a", "c", "z"), [1, 0, 0, 1]),
        ("in", ("c", "z"), [0, 0, 0, 1]),
        ("known", None, [1, 0, 1, 1]),
    ],
)
def test_text(op: str, value: Any, true: list[int]) -> None:
    yes = settled(WORDS, op, value, to=True, of="x")
    no = settled(WORDS, op, value, to=False, of="x")
    assert yes.astype(int).tolist() == true
    assert (yes ^ no).tolist() == [True, op == "known", True, True]


OPS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@given(
    st.lists(st.integers(-(10**15), 10**15), min_size=1),
    st.sampled_from(list(OPS)),
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    st.data(),
)
def test_money_is_compared_as_decimals(
    micros: list[int], op: str, bound: float, data: st.DataObject
) -> None:
    near = data.draw(st.sampled_from([bound, micros[0] / 1_000_000, (micros[0] + 0.5) / 1e6]))
    yes = settled(Money(np.array(micros)), op, near, to=True, of="x")
    exact = Decimal(repr(near))
    assert yes.tolist() == [OPS[op](Decimal(m).scaleb(-6), exact) for m in micros]


@pytest.mark.parametrize("bound", [1e300, -1e300, 10**40, 9223372036854.775807, -9223372036854.775])
def test_bounds_beyond_any_amount(bound: float) -> None:
    ends = Money(np.array([2**63 - 1, NO_MONEY, -(2**63) + 1]))
    for op, compare in OPS.items():
        amounts = [Decimal(int(m)).scaleb(-6) for m in ends.micros]
        expected = [compare(amount, Decimal(repr(bound))) for amount in amounts]
        expected[1] = False
        assert settled(ends, op, bound, to=True, of="x").tolist() == expected


def test_a_question_that_does_not_fit_is_told_by_a_value() -> None:
    with pytest.raises(ArgumentError, match=r"x holds text, such as 'a'; .* asked for > 3\."):
        settled(WORDS, ">", 3, to=True, of="x")
    with pytest.raises(ArgumentError, match=r"x holds text, such as 'a'; .* asked for == 3\."):
        settled(WORDS, "==", 3, to=True, of="x")
    with pytest.raises(ArgumentError, match=r"x holds numbers, such as 1.0; .* asked for == 'a'"):
        settled(MONEY, "==", "a", to=True, of="x")
    with pytest.raises(ArgumentError, match=r"x holds numbers, such as 1.0"):
        settled(NUMBERS, "in", ("a", "b"), to=True, of="x")
    nothing = Coded(np.full(2, -1, dtype=np.int32), EMPTY)
    for held in (nothing, np.full(2, np.nan), Money(np.full(2, NO_MONEY))):
        for op, value in ((">", 3), ("==", "a"), ("in", (1, 2)), ("between", (1, 2))):
            for to in (True, False):
                assert settled(held, op, value, to=to, of="x").tolist() == [False, False]


SHELF = of.Catalog.from_frame(
    pd.DataFrame({"sku": ["tea", "jam"], "aisle": ["drinks", None], "eur": [2.5, None]}).assign(
        brand=["Assam", "Own"]
    ),
    item="sku",
    category="aisle",
    price="eur",
    attributes=["brand"],
)


def history(**more: Any) -> of.traits.History:
    events = [
        of.Event("ann", "purchase", "2024-03-01T23:30Z", item="tea", zone="Europe/Berlin", **more),
        of.Event("ann", "view", "2024-03-02", item="jam"),
        of.Event("ann", "view", "2024-03-03", item="no such"),
        of.Event("ann", "view", "2024-03-04"),
    ]
    return of.fold(of.EventLog.from_events(events), catalog=SHELF).history


def said(h: of.traits.History, name: str) -> list[Any]:
    held = column(h, name)
    if isinstance(held, Coded):
        return held.decode().tolist()
    if isinstance(held, Money):
        return [None if m == NO_MONEY else m / 1_000_000 for m in held.micros.tolist()]
    return [None if np.isnan(x) else x for x in held.tolist()]


def test_every_column_has_a_name() -> None:
    h = history(
        value=3, quantity=2, channel="web", basket="b", properties={"size": 4.5, "colour": "red"}
    )
    empty = [None, None, None]
    assert said(h, "event") == said(h, "kind") == ["purchase", "view", "view", "view"]
    assert said(h, "item") == ["tea", "jam", "no such", None]
    assert said(h, "channel") == ["web", *empty]
    assert said(h, "basket") == ["b", *empty]
    assert said(h, "value") == [3, *empty]
    assert said(h, "quantity") == [2, *empty]
    assert said(h, "size") == [4.5, *empty]
    assert said(h, "colour") == ["red", *empty]
    assert said(h, "category") == ["drinks", *empty]
    assert said(h, "price") == [2.5, *empty]
    assert said(h, "brand") == ["Assam", "Own", None, None]
    assert said(h, "hour") == [0, *empty]
    assert said(h, "weekday") == ["Sat", *empty]


def test_a_property_comes_before_what_is_derived() -> None:
    h = history(properties={"price": 1.25, "hour": "late", "category": "gifts"})
    assert [said(h, name)[0] for name in ("price", "hour", "category")] == [1.25, "late", "gifts"]


def test_without_a_catalogue_its_columns_are_unknown() -> None:
    log = of.EventLog.from_events([of.Event("ann", "view", "2024-03-01", item="tea")])
    h = of.fold(log).history
    assert said(h, "price") == said(h, "category") == [None]
    with pytest.raises(UnknownName, match=r"no column 'brnd'.*Columns: 'value', .*'weekday'"):
        column(h, "brnd")
    with pytest.raises(UnknownName, match="Did you mean 'brand'"):
        column(history(), "brnd")
