import numpy as np
import pytest

from onefold.conditions import trait
from onefold.errors import ArgumentError


def test_operators_from_both_sides():
    assert (30 >= trait("recency")) == (trait("recency") <= 30)  # noqa: SIM300
    assert ("north" == trait("region")) == (trait("region") == "north")  # noqa: SIM300
    assert str(3 < trait("frequency")) == "frequency is above 3"  # noqa: SIM300


def test_numbers_are_plain():
    assert (trait("recency") <= np.float64(30)) == (trait("recency") <= 30)
    assert repr(trait("recency") <= np.int64(30)) == "trait('recency') <= 30"
    assert hash(trait("recency") <= 30.0) == hash(trait("recency") <= 30)


def test_isin_is_a_set():
    some = trait("region").isin(["b", "a", "b"])
    assert some == trait("region").isin(np.array(["a", "b"]))
    assert repr(some) == "trait('region').isin(['a', 'b'])"


def test_labels():
    assert repr(trait("channels", "web") > 0.5) == "trait('channels', 'web') > 0.5"
    assert str(trait("channels", "web").known()) == "channels: web is known"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda t: t < "a", "Text can be asked for with =="),
        (lambda t: t == None, "known"),  # noqa: E711
        (lambda t: t > -np.inf + np.inf, "known"),
        (lambda t: t > float("inf"), "finite"),
        (lambda t: t == True, "'yes' or 'no'"),  # noqa: E712
        (lambda t: t == np.True_, "'yes' or 'no'"),
        (lambda t: t == trait("y"), "takes text or a finite number"),
        (lambda t: t.isin("abc"), "list of values"),
        (lambda t: t.isin(5), "list of values"),
        (lambda t: t.isin([]), "at least one"),
        (lambda t: t.isin([1, "a"]), "all of them text"),
        (lambda t: t.between(3, 1), "Swap"),
        (lambda t: t.between("a", "b"), "finite number"),
        (bool, "not a condition yet"),
        (lambda t: ~t, "brackets"),
    ],
)
def test_refusals_name_the_trait(make, says):
    with pytest.raises(ArgumentError, match=says) as caught:
        make(trait("x"))
    assert "trait('x')" in str(caught.value)


@pytest.mark.parametrize("name", ["", None, 5])
def test_names_are_text(name):
    with pytest.raises(ArgumentError, match="trait: name"):
        trait(name)
    with pytest.raises(ArgumentError, match="trait: label"):
        trait("x", 5)  # type: ignore[arg-type]
