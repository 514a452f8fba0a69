"""Conditions on events: Kleene's logic beside brute force, and what they are as values."""

import pickle
import zoneinfo
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold import field
from onefold.errors import ArgumentError
from onefold.traits.match import EventAnd, EventCompare, EventNot, EventOr
from tests.strategies import CATALOG, CATEGORIES, EPOCH, Raw, Row, raws

ATOMS = [
    field("value") >= 2.5,
    field("value") == 0,
    field("value").between(-1, 4.01),
    field("value").isin([1, 2.5, 7.77]),
    field("quantity") != 1,
    field("quantity").known(),
    field("event") == "purchase",
    field("event").isin(["view", "click"]),
    field("item") != "tea",
    field("item").isin(["tea", "🍎", "no such"]),
    field("channel") == "web",
    field("channel") == "phone",
    field("channel").known(),
    field("basket") == "b1",
    field("category") == "grain",
    field("colour") != "red",
    field("size") > 1.5,
    field("size") == 0,
    field("hour") < 2,
    field("weekday") == "Sun",
]


def conditions() -> st.SearchStrategy[Any]:
    """Comparisons, joined at random."""
    return st.recursive(
        st.sampled_from(ATOMS),
        lambda inner: st.one_of(
            st.builds(lambda a, b: a & b, inner, inner),
            st.builds(lambda a, b: a | b, inner, inner),
            st.builds(lambda a: ~a, inner),
        ),
        max_leaves=6,
    )


def truth(c: Any, row: Row) -> bool | None:
    """The answer for one event, by Kleene's tables; None is unknown."""
    if isinstance(c, EventAnd | EventOr):
        answers = [truth(p, row) for p in c.parts]
        settles = isinstance(c, EventOr)
        return settles if settles in answers else None if None in answers else not settles
    if isinstance(c, EventNot):
        inner = truth(c.part, row)
        return None if inner is None else not inner
    v, w = value(c.name, row), c.value
    if isinstance(v, Decimal):
        w = tuple(Decimal(str(x)) for x in w) if isinstance(w, tuple) else Decimal(str(w))
    if c.op == "known":
        return v is not None
    if v is None:
        return None
    tests = {
        "==": lambda: v == w,
        "!=": lambda: v != w,
        "<": lambda: v < w,
        ">": lambda: v > w,
        ">=": lambda: v >= w,
        "in": lambda: v in w,
        "between": lambda: w[0] <= v <= w[1],
    }
    return bool(tests[c.op]())


def value(name: str, row: Row) -> Any:
    if name == "category":
        return CATEGORIES.get(row["item"])
    if name in ("hour", "weekday"):
        if row["zone"] is None:
            return None
        local = row["time"].astimezone(zoneinfo.ZoneInfo(row["zone"]))
        return local.hour if name == "hour" else f"{local:%a}"
    return row[name]


# A row with each word and number, so that the type of each column is told by a value.
WHOLE = {
    "customer": "a",
    "time": EPOCH,
    "event": "purchase",
    "item": "tea",
    "channel": "web",
    "value": Decimal("2.5"),
    "quantity": 1.0,
    "basket": "b1",
    "id": None,
    "source": None,
    "zone": "UTC",
    "colour": "red",
    "size": 1.5,
}


@given(raws(ids=False), conditions())
def test_every_event_beside_brute_force(raw: Raw, condition: Any) -> None:
    rows = [row for row in (*raw.rows, WHOLE) if row["customer"]]
    for row in rows:  # one at a time: the order of ties does not matter here
        history = of.fold(Raw((row,)).log(), catalog=CATALOG).history
        assert condition.mask(history).tolist() == [truth(condition, row) is True]
    history = of.fold(Raw(tuple(rows)).log(), catalog=CATALOG).history
    assert condition.mask(history).sum() == sum(truth(condition, row) is True for row in rows)
    assert (~condition).mask(history).sum() == sum(truth(condition, r) is False for r in rows)
    assert ((~~condition).mask(history) == condition.mask(history)).all()


@given(conditions(), conditions())
def test_values(a: Any, b: Any) -> None:
    assert eval(repr(a), {"field": field}) == a
    assert hash(eval(repr(a), {"field": field})) == hash(a)
    assert pickle.loads(pickle.dumps(a)) == a
    assert (a == b) == (repr(a) == repr(b))
    assert str(a)


def test_and_or_are_flat_and_english_keeps_the_brackets() -> None:
    a, b, c = field("value") >= 1000, field("channel") == "web", field("size").known()
    assert (a & b) & c == a & (b & c) == EventAnd((a, b, c))
    assert (a | b) | c == EventOr((a, b, c))
    assert str(a & (b | ~c)) == (
        "value is at least 1,000 and (channel is 'web' or not (size is known))"
    )
    assert str((a & b) | c) == "(value is at least 1,000 and channel is 'web') or size is known"


def test_no_truth_of_its_own() -> None:
    a = field("value") >= 20
    with pytest.raises(ArgumentError, match=r"only for an event.*& \| ~.*between"):
        bool(a)
    with pytest.raises(ArgumentError, match="between"):
        5 <= field("value") <= 9  # noqa: B015
    for other in (5, "web", field("value"), of.trait("recency") < 3):
        with pytest.raises(ArgumentError, match=r"made with field\(.*brackets"):
            a & other  # type: ignore[operator]
    with pytest.raises(ArgumentError, match="two or more"):
        EventAnd((a,))
    with pytest.raises(ArgumentError, match="EventCompare: op is '~'; allowed"):
        EventCompare("value", "~", 3)
