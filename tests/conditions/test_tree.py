import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from onefold import Event, EventLog, fold
from onefold.conditions import And, Compare, Counts, Not, Or, trait
from onefold.errors import ArgumentError, UnknownName
from tests.conditions.strategies import ATOMS, conditions, told


@pytest.fixture
def some():
    log = EventLog.from_events(
        [
            Event("ann", "purchase", "2024-03-01", item="tea", channel="web", value=3),
            Event("bob", "purchase", "2024-03-09", item="jam", channel="app"),
        ]
    )
    facts = pd.DataFrame({"who": ["ann"], "region": ["north"], "kids": [2]})
    told = EventLog.from_facts(facts, customer="who", time="2024-01-01", facts=["region", "kids"])
    return fold(log + told, as_of="2024-03-10")


def truth(c, values):
    """The answer by Kleene's tables, one customer at a time; None is unknown."""
    if isinstance(c, And | Or):
        answers = [truth(p, values) for p in c.parts]
        settles = isinstance(c, Or)
        return settles if settles in answers else None if None in answers else not settles
    if isinstance(c, Not):
        inner = truth(c.part, values)
        return None if inner is None else not inner
    v = values(c.name, c.label)
    if c.op == "known":
        return v is not None
    if v is None:
        return None
    return {
        "==": lambda: v == c.value,
        "!=": lambda: v != c.value,
        "<": lambda: v < c.value,
        "<=": lambda: v <= c.value,
        ">": lambda: v > c.value,
        ">=": lambda: v >= c.value,
        "in": lambda: v in c.value,
        "between": lambda: c.value[0] <= v <= c.value[1],
    }[c.op]()


def values_of(profile):
    def value(name, label):
        if name in ("region", "children") and name not in profile.table.names:
            return None
        held = profile[name]
        if label is None or held is None:
            return held
        return held.get(label, 0.0)

    return value


@given(told(), conditions())
def test_table_row_and_brute_force_agree(people, condition):
    mask = condition.mask(people)
    assert mask.dtype == np.int8
    assert mask.shape == (len(people),)
    said = [{1: True, 0: False, -1: None}[m] for m in mask.tolist()]
    assert said == [condition.of(p) for p in people]
    assert said == [truth(condition, values_of(p)) for p in people]
    assert said == [condition.explain(p).answer for p in people]
    counts = condition.counts(people)
    assert counts == Counts(said.count(True), said.count(False), said.count(None))
    assert people.select(condition).ids.tolist() == people.ids[mask == 1].tolist()


@given(conditions(), conditions())
def test_values(a, b):
    assert eval(repr(a), {"trait": trait}) == a
    assert hash(eval(repr(a), {"trait": trait})) == hash(a)
    assert pickle.loads(pickle.dumps(a)) == a
    assert (a == b) == (repr(a) == repr(b))
    assert str(a)


@given(told(), conditions())
def test_not_swaps_true_and_false_and_keeps_unknown(people, condition):
    mask, other = condition.mask(people), (~condition).mask(people)
    assert ((mask == -1) == (other == -1)).all()
    assert ((mask == 1) == (other == 0)).all()
    assert ((~~condition).mask(people) == mask).all()


def test_and_or_are_flat():
    a, b, c = ATOMS[:3]
    assert (a & b) & c == a & (b & c) == And((a, b, c))
    assert (a | b) | c == Or((a, b, c))
    assert (a & b) | c != a & (b | c)
    assert len((a & b & c).parts) == 3


def test_english_keeps_the_brackets():
    a, b, c = trait("recency") <= 30, trait("region") == "north", trait("frequency") >= 1000
    assert str(a & b) == "recency is at most 30 and region is 'north'"
    assert str(a & (b | ~c)) == (
        "recency is at most 30 and (region is 'north' or not (frequency is at least 1,000))"
    )
    assert str((a & b) | c) == (
        "(recency is at most 30 and region is 'north') or frequency is at least 1,000"
    )


def test_unknown_is_not_false(some):
    north = trait("region") == "north"
    assert north.mask(some).tolist() == [1, -1]
    assert (~north).mask(some).tolist() == [0, -1]
    assert (trait("region") != "north").mask(some).tolist() == [0, -1]
    assert (~trait("region").known()).mask(some).tolist() == [0, 1]
    assert (north & (trait("recency") > 99)).mask(some).tolist() == [0, 0]
    assert (north | (trait("recency") < 99)).mask(some).tolist() == [1, 1]


def test_no_truth_of_its_own():
    with pytest.raises(ArgumentError, match=r"& \| ~.*between"):
        bool(trait("recency") <= 30)
    with pytest.raises(ArgumentError, match="between"):
        5 <= trait("recency") <= 9  # noqa: B015
    with pytest.raises(ArgumentError, match="brackets"):
        (trait("recency") <= 30) & 5
    with pytest.raises(ArgumentError, match="brackets"):
        trait("recency") <= 30 & trait("frequency")  # noqa: B015
    with pytest.raises(ArgumentError, match="two or more"):
        And((ATOMS[0],))


def test_values_that_do_not_fit_are_refused(some):
    with pytest.raises(ArgumentError, match=r"trait\('region'\) holds text, such as 'north'"):
        (trait("region") == 5).mask(some)
    with pytest.raises(ArgumentError, match=r"trait\('recency'\) holds numbers, such as 9"):
        (trait("recency") == "x").mask(some)
    with pytest.raises(ArgumentError, match="name one"):
        (trait("channels") > 0.5).mask(some)
    with pytest.raises(ArgumentError, match="leave out label"):
        (trait("recency", "web") > 0.5).mask(some)
    with pytest.raises(UnknownName, match="Did you mean 'recency'"):
        (trait("recncy") > 5).mask(some)
    with pytest.raises(ArgumentError, match="allowed"):
        Compare("recency", None, "~", 3)


def test_a_single_person_knows_no_other_facts(some):
    assert (trait("region") == "north").of(some["bob"]) is None
    assert (trait("region") == "north").of(some.new("cas")) is None
    assert trait("region").known().of(some["bob"]) is False
    with pytest.raises(ArgumentError, match="holds text"):  # refused as of the table
        (trait("region") == 5).of(some["ann"])
    assert (trait("region") == 5).of(some["bob"]) is None  # there is no value to tell it by
    few = some.select(["bob"])
    assert (trait("region") == "north").mask(few, strict=False).tolist() == [-1]


def test_who_is_asked(some):
    with pytest.raises(ArgumentError, match=r"Profiles, a Profile or a\s+TraitTable"):
        ATOMS[0].mask(pd.DataFrame())  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="takes one Profile"):
        ATOMS[0].of(some)
    assert (ATOMS[0].mask(some.table) == ATOMS[0].mask(some)).all()
