"""Joined identifiers and B-cubed against brute force, item by item."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from onefold.datasets.agreement import Items, measured
from onefold.datasets.clusters import b_cubed, joined, main_parts

ITEMS = st.lists(
    st.tuples(st.integers(-1, 4), st.integers(0, 4), st.booleans()), min_size=1, max_size=25
)
ROWS = st.lists(st.tuples(*[st.integers(-1, 7)] * 3), min_size=1, max_size=15)


def by_definition(found, person, i, among):
    """Bagga and Baldwin 1998: the share of right items in i's customer, and in i's person."""
    alone = found[i] < 0
    mine = [j for j in among if j == i or (not alone and found[j] == found[i])]
    theirs = [j for j in among if person[j] == person[i]]
    right = len(set(mine) & set(theirs))
    return right / len(mine), right / len(theirs)


@given(ITEMS)
def test_b_cubed_by_its_definition(items):
    found, person, _ = map(np.array, zip(*items, strict=True))
    precision, recall = b_cubed(found, person)
    for i in range(len(items)):
        assert (precision[i], recall[i]) == by_definition(found, person, i, range(len(items)))


def test_b_cubed_of_a_worked_case():
    # Two people of three and two events; one event of the second is in the first one's customer.
    precision, recall = b_cubed(np.array([7, 7, 7, 7, 8]), np.array([0, 0, 0, 1, 1]))
    assert precision.tolist() == [3 / 4, 3 / 4, 3 / 4, 1 / 4, 1]
    assert recall.tolist() == [1, 1, 1, 1 / 2, 1 / 2]


@given(ITEMS)
def test_measures_by_their_definitions(items):
    found, person, knowable = map(np.array, zip(*items, strict=True))
    table = measured(Items(found, person, knowable), np.random.default_rng(1))
    got = table.set_index("measure")["estimate"]
    n, held = range(len(items)), [i for i in range(len(items)) if found[i] >= 0]
    known = [i for i in n if knowable[i]]

    def mean(values):
        return np.mean(values) if len(values) else np.nan

    both = [i for i in known if i in held]
    precision = mean([by_definition(found, person, i, n)[0] for i in held])
    recall = mean([by_definition(found, person, i, n)[1] for i in n])
    want = {
        "precision": precision,
        "recall": recall,
        "knowable recall": mean([by_definition(found, person, i, known)[1] for i in known]),
        "knowable precision": mean([by_definition(found, person, i, known)[0] for i in both]),
        "f1": 2 * precision * recall / (precision + recall),
    }
    people = {c: {person[i] for i in held if found[i] == c} for c in {found[i] for i in held}}
    for name, some in (("split", held), ("knowable split", [i for i in held if knowable[i]])):
        cells = {p: {found[i] for i in some if person[i] == p} for p in {person[i] for i in some}}
        want[name] = mean([len(c) > 1 for c in cells.values()])
    want["over-merged"] = mean([len(p) > 1 for p in people.values()])
    there = {person[i] for i in held}
    want["glued"] = mean(
        [any(p in others and len(others) > 1 for others in people.values()) for p in there]
    )
    for name, value in want.items():
        np.testing.assert_allclose(got[name], value, rtol=1e-12, err_msg=name)


@given(ITEMS)
def test_intervals_hold_what_they_are_of(items):
    found, person, knowable = map(np.array, zip(*items, strict=True))
    table = measured(Items(found, person, knowable), np.random.default_rng(1))
    told = table[table["low"].notna()]
    assert (told["low"] <= told["high"]).all()
    assert told["low"].ge(-1e-12).all()
    assert told["high"].le(1 + 1e-12).all()


def test_an_interval_covers_as_often_as_it_says():
    # Of 60 people one in five is split: two customers of four and one events.
    rng, covered, times = np.random.default_rng(5), 0, 100
    for _ in range(times):
        split = rng.random(60) < 0.2
        person = np.repeat(np.arange(60), 5)
        found = 2 * person + ((np.arange(300) % 5 == 4) & split[person])
        row = measured(Items(found, person, np.ones(300, dtype=bool)), rng).set_index("measure")
        true = 1 - 0.2 * (1 - (4 / 5 * 4 / 5 + 1 / 5 * 1 / 5))
        low, high = row.loc["recall", ["low", "high"]].astype(float)
        covered += bool(low <= true <= high)
    assert 0.88 <= covered / times <= 0.99


def reached(rows, start):
    """All identifiers that a chain of rows leads to from one, by search."""
    here, new = set(), {start}
    while new:
        here |= new
        new = {i for row in rows if here & set(row) for i in row if i >= 0} - here
    return here


@given(ROWS)
def test_joined_are_those_reached(rows):
    numbers = np.array(rows)
    labels = joined(numbers, 8)
    for i in range(8):
        same = {j for j in range(8) if labels[j] == labels[i]}
        assert same == (reached(rows, i) | {i})


@given(ROWS, st.data())
def test_main_parts_join_only_what_the_person_did(rows, data):
    people = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
    part, main = main_parts(np.array(people), np.array(rows))
    for i, (row, who) in enumerate(zip(rows, people, strict=True)):
        mine = [r for r, p in zip(rows, people, strict=True) if p == who]
        first = next((v for v in row if v >= 0), None)
        if first is None:
            assert (part[i], main[i]) == (-1, 0)
            continue
        near = reached(mine, first)
        same = {j for j in range(len(rows)) if part[j] == part[i]}
        assert same == {
            j for j in range(len(rows)) if people[j] == who and near & set(rows[j]) - {-1}
        }
    for who in set(people):
        sizes = pd.Series(part[(np.array(people) == who) & (part >= 0)]).value_counts()
        chosen = set(part[(np.array(people) == who) & (main > 0)])
        assert len(chosen) == min(len(sizes), 1)
        assert all(sizes.loc[c] == sizes.max() for c in chosen)
