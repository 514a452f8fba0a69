import pytest

from onefold import Event, EventLog, fold
from onefold.conditions import trait
from onefold.errors import ArgumentError, UnknownName
from onefold.segments import Rules, segment


@pytest.fixture
def people():
    """Ann has a gap and an amount, bob neither, cas no amount."""
    return fold(
        EventLog.from_events(
            [
                Event("ann", "purchase", "2024-03-01", value=9),
                Event("ann", "purchase", "2024-03-05", value=9),
                Event("bob", "purchase", "2024-03-09"),
                Event("cas", "purchase", "2024-03-01"),
                Event("cas", "purchase", "2024-03-02"),
            ]
        ),
        as_of="2024-03-10",
    )


def groups(people, rules):
    return segment(people, Rules(rules)).assignment.by_customer()


def test_the_first_that_is_true_decides(people):
    rules = {"recent": trait("recency") <= 6, "often": trait("frequency") >= 2}
    assert groups(people, rules) == {"ann": "recent", "bob": "recent", "cas": "often"}
    backwards = dict(reversed(rules.items()))
    assert groups(people, backwards) == {"ann": "often", "bob": "recent", "cas": "often"}


def test_unknown_is_not_rest(people):
    rules = {"quick": trait("gap") < 3, "rich": trait("monetary") > 100}
    assert groups(people, rules) == {"ann": "rest", "bob": None, "cas": "quick"}
    assert groups(people, {"rich": trait("monetary").known()}) == {
        "ann": "rich",
        "bob": "rest",
        "cas": "rest",
    }


def test_an_unknown_rule_does_not_hide_a_later_one(people):
    rules = {"rich": trait("monetary") > 100, "all": trait("frequency") >= 1}
    assert groups(people, rules) == {"ann": "all", "bob": "all", "cas": "all"}


def test_a_value():
    rules = {"a": trait("gap") < 3, "b": trait("gap") >= 3}
    assert Rules(rules) == Rules(list(rules.items()))
    assert hash(Rules(rules)) == hash(Rules(rules))
    assert Rules(rules) != Rules(dict(reversed(rules.items())))


def test_what_is_refused(people):
    with pytest.raises(UnknownName, match="recncy"):
        segment(people, Rules({"a": trait("recncy") > 3}))
    with pytest.raises(ArgumentError, match="holds numbers"):
        segment(people, Rules({"a": trait("recency") == "x"}))
    for name in ("rest", "unknown"):
        with pytest.raises(ArgumentError, match="Choose another"):
            Rules({name: trait("recency") > 3})
    with pytest.raises(ArgumentError, match="one or more"):
        Rules({})
    with pytest.raises(ArgumentError, match="takes a condition"):
        Rules({"a": trait("recency")})  # type: ignore[dict-item]
    with pytest.raises(ArgumentError, match="a name"):
        Rules({"": trait("recency") > 3})
    with pytest.raises(ArgumentError, match="each its own"):
        Rules([("a", trait("recency") > 3), ("a", trait("recency") > 5)])
