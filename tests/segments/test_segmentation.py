import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from onefold import Event, EventLog, fold
from onefold.conditions import trait
from onefold.errors import ArgumentError, ContractError
from onefold.segments import RFM, Assigner, By, Rules, Segmenter, segment
from onefold.traits import Affinity, Count, Monetary, Recency
from tests.conditions.strategies import told
from tests.strategies import event_of, rows

RULES = Rules(
    {
        "northern": (trait("region") == "north") & (trait("frequency") >= 1),
        "web": trait("channels", "web") > 0.5,
        "often": trait("frequency") >= 2,
        "not far": ~(trait("region") != "north") | (trait("children") == 2),
    }
)
STRATEGIES = [
    RFM(),
    RFM(monetary=Count("purchase"), bins=3),
    RFM(recency=Recency(None), frequency="breadth", monetary=Monetary(None)),
    By("region"),
    By("latest", most=2),
    By("recency"),
    By("children", bins=2),
    By("monetary", bins=[0, 2.5]),
    By("channels", "web", bins=3),
    By(Affinity("item", name="tastes"), "tea", bins=4),
    RULES,
]


class Halves:
    """A strategy of somebody else: the house is not imported, labels are numbers."""

    def fit(self, table, *, rng):
        return Halved(rng.uniform(0, 3))


class Halved:
    def __init__(self, cut):
        self.cut = cut

    def assign(self, table):
        return np.where(np.isnan(table["monetary"]), np.nan, table["frequency"] > self.cut)


def fitted(people, strategy):
    """A segmentation, or another example where nobody has what the strategy reads."""
    try:
        return segment(people, strategy, rng=7)
    except ArgumentError as error:
        assume("nobody" not in str(error))
        raise


@given(told(least=3), st.sampled_from([*STRATEGIES, Halves()]), st.data())
def test_law_of_assignments(people, strategy, data):
    made = fitted(people, strategy)
    groups = made.assignment.by_customer()
    assert list(groups) == people.ids.tolist()

    # A partition: each customer is in one group, and sizes add up.
    sizes = made.assignment.sizes()
    assert sizes["customers"].sum() == len(people)
    assert sizes["share"].sum() == pytest.approx(1)
    members = [made.assignment.members(name).tolist() for name in sizes["name"]]
    assert sorted(i for m in members for i in m) == people.ids.tolist()
    assert [len(m) for m in members] == sizes["customers"].tolist()

    # Nothing is fitted anew: all, a subset, and one profile have the same rows.
    assert made.assign(people) == made.assignment
    some = data.draw(st.lists(st.sampled_from(people.ids.tolist()), min_size=1, unique=True))
    part = made.assign(people.select(some))
    assert part.by_customer() == {i: groups[i] for i in sorted(some)}
    assert [made.of(people[i]) for i in some] == [groups[i] for i in some]


@given(told(least=3), st.sampled_from(STRATEGIES), rows(customers=["sure1"], nobody=False))
def test_of_a_profile_after_an_event_is_its_row(people, strategy, row):
    made = fitted(people, strategy)
    event = event_of(row | {"zone": None})
    later = people.update(EventLog.from_events([event]))
    assert made.of(people["sure1"].after(event)) == made.assign(later).by_customer()["sure1"]


@given(told(least=2), st.sampled_from(STRATEGIES))
def test_fitting_is_a_function(people, strategy):
    a, b = fitted(people, strategy), fitted(people, strategy)
    assert a == b
    assert a.fitted == b.fitted


def test_newcomers_are_unknown_or_rest():
    log = EventLog.from_events([Event("ann", "purchase", "2024-03-01", value=3)])
    people = fold(log)
    newcomer = people.new("bob")
    assert segment(people, RFM()).of(newcomer) is None
    assert segment(people, By("recency")).of(newcomer) is None
    assert segment(people, Rules({"buyer": trait("frequency") >= 1})).of(newcomer) == "rest"


def test_a_fact_that_nobody_here_has_is_unknown():
    log = EventLog.from_events([Event(who, "purchase", "2024-03-01") for who in ("ann", "bob")])
    facts = pd.DataFrame({"who": ["ann"], "region": ["north"]})
    people = fold(
        log + EventLog.from_facts(facts, customer="who", time="2024-01-01", facts=["region"])
    )
    for strategy in (By("region"), Rules({"north": trait("region") == "north"})):
        made = segment(people, strategy)
        assert made.assignment.by_customer() == {"ann": "north", "bob": None}
        assert made.assign(people.select(["bob"])).by_customer() == {"bob": None}
        assert made.of(people["bob"]) is None


class Fixed:
    """Gives the labels it holds, and perhaps names."""

    def __init__(self, labels, **more):
        self.labels = labels
        self.__dict__.update(more)

    def fit(self, table, *, rng):
        return self

    def assign(self, table):
        return self.labels


@pytest.fixture
def three():
    return fold(EventLog.from_events([Event(c, "purchase", "2024-03-01") for c in "abc"]))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["x", None, "y"], ["x", None, "y"]),
        (["x", float("nan"), "unknown"], ["x", None, None]),
        (np.array([2, 0, 1]), ["2", "0", "1"]),
        (np.array([2, np.nan, 1.0]), ["2", None, "1"]),
        (np.array(["a", "b", "a"]), ["a", "b", "a"]),
        (pd.Series(["a", pd.NA, "b"], dtype="string"), ["a", None, "b"]),
        (pd.Categorical(["a", None, "b"]), ["a", None, "b"]),
        ([1, "1", np.int32(1)], ["1", "1", "1"]),
    ],
)
def test_labels_of_others(three, labels, expected):
    assert segment(three, Fixed(labels)).assignment.labels.tolist() == expected


@pytest.mark.parametrize(
    "labels",
    [
        ["x", "y"],
        [["x"], ["y"], ["z"]],
        "xyz",
        None,
        [0.5, 1, 2],
        [True, False, True],
        np.array([True, False, True]),
        ["", "a", "b"],
        [("a",), ("b",), ("c",)],
        np.array(["2024-01-01"] * 3, dtype="datetime64[us]"),
        np.array([1, np.inf, 2]),
    ],
)
def test_labels_that_break_the_contract(three, labels):
    with pytest.raises(ContractError, match="Fixed"):
        segment(three, Fixed(labels))


def test_order_of_names(three):
    labels = ["b", "rest", "a"]
    assert segment(three, Fixed(labels)).assignment.names == ("a", "b", "rest")
    made = segment(three, Fixed(labels, names=["z", "b"]))
    assert made.assignment.names == ("z", "b", "a", "rest")
    made = segment(three, Fixed(["b", "a", "b"]))
    made.fitted.labels = ["b"]
    assert made.assign(three.select(["a"])).names == ("a", "b")
    for names in ("ab", ["a", "a"], [1, 2], [""]):
        with pytest.raises(ContractError, match="names"):
            segment(three, Fixed(labels, names=names))


def test_what_is_refused(three):
    with pytest.raises(ArgumentError, match="fold"):
        segment([], RFM())  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="nobody"):
        segment(three.at("2000-01-01"), RFM())
    with pytest.raises(ContractError, match=r"fit\(table"):
        segment(three, RFM)  # type: ignore[arg-type]
    with pytest.raises(ContractError, match=r"fit\(table"):
        segment(three, "rfm")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="rng"):
        segment(three, By("recency"), rng="x")  # type: ignore[arg-type]
    made = segment(three, By("recency"))
    with pytest.raises(ArgumentError, match=r"\.assign\(profiles\)"):
        made.of(three)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"\.of\(profile\)"):
        made.assign(three["a"])  # type: ignore[arg-type]

    class Broken:
        def fit(self, table, *, rng):
            return None

    with pytest.raises(ContractError, match="without"):
        segment(three, Broken())  # type: ignore[arg-type]


def test_shown(three):
    made = segment(three, By("frequency"))
    assert repr(made).startswith("Segmentation by By(trait='frequency'")
    assert "any frequency" in repr(made)
    assert "by By" in made._repr_html_()
    assert isinstance(By("frequency"), Segmenter)
    assert isinstance(made.fitted, Assigner)
