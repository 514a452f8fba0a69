"""The term with which conditions on events are made."""

from decimal import Decimal
from typing import Any, cast

import numpy as np
import pytest

import onefold as of
from onefold import field
from onefold.errors import ArgumentError


def test_operators_from_both_sides() -> None:
    assert (30 >= field("value")) == (field("value") <= 30)  # noqa: SIM300
    assert ("web" == field("channel")) == (field("channel") == "web")  # noqa: SIM300
    assert str(3 < field("quantity")) == "quantity is above 3"  # noqa: SIM300
    assert repr(field("value") != Decimal("19.99")) == "field('value') != 19.99"


def test_isin_is_a_set() -> None:
    some = field("item").isin(["b", "a", "b"])
    assert some == field("item").isin(np.array(["a", "b"]))
    assert repr(some) == "field('item').isin(['a', 'b'])"


def test_ids_may_be_whole_numbers() -> None:
    assert (field("item") == 10) == (field("item") == "10")
    assert field("item").isin([9, 10]) == field("item").isin(["9", "10"])
    assert (field("basket") != np.int64(7)) == (field("basket") != "7")
    assert (field("size") == 10).value == 10
    log = of.EventLog.from_events([of.Event("ann", "view", "2024-03-01", item=cast("Any", 10))])
    assert (field("item") == 10).mask(of.fold(log).history).tolist() == [True]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda f: f < "a", "Text can be asked for with =="),
        (lambda f: f == None, "known"),  # noqa: E711
        (lambda f: f > float("inf"), "finite"),
        (lambda f: f == True, "'yes' or 'no'"),  # noqa: E712
        (lambda f: f == field("y"), "takes text or a finite number"),
        (lambda f: f.isin("abc"), "list of values"),
        (lambda f: f.isin([]), "at least one"),
        (lambda f: f.isin([1, "a"]), "all of them text"),
        (lambda f: f.between(3, 1), "Swap"),
        (bool, "not a condition yet"),
        (lambda f: ~f, "brackets"),
        (lambda f: f & (f > 3), "brackets"),
        (lambda f: f > 3 & f, "brackets"),
    ],
)
def test_refusals_name_the_field(make: Any, says: str) -> None:
    with pytest.raises(ArgumentError, match=says) as caught:
        make(field("x"))
    assert "field('x')" in str(caught.value)


@pytest.mark.parametrize("name", ["", None, 5])
def test_names_are_text(name: Any) -> None:
    with pytest.raises(ArgumentError, match="field: name"):
        field(name)
