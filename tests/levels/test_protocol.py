import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

import onefold as of
from onefold.errors import ContractError
from onefold.levels import Choices, Everyone, Individual
from onefold.levels.protocol import (
    SharedLevel,
    checked_names,
    checked_own,
    checked_shared,
    normal,
    normal_rows,
)
from tests.levels.plain import choices_of, few, items_of, shops, stamp, visits_of


@few
@given(shops(), st.integers(0, 2))
def test_choices_are_the_distinct_items_of_visits(profiles: of.Profiles, unknown: int) -> None:
    items = items_of(profiles, without=unknown)
    choices = choices_of(profiles, items)
    assert len(choices) == len(profiles)
    number = 0
    for i, profile in enumerate(profiles):
        visits = visits_of(profile, items)
        here = slice(choices.offsets[i], choices.offsets[i + 1])
        cells = [
            (number + v, start, item, len(visits) - 1 - v)
            for v, (start, chosen) in enumerate(visits)
            for item in sorted(chosen)
        ]
        assert choices.visit[here].tolist() == [v for v, *_ in cells]
        assert [stamp(t) for t in choices.time[here]] == [t for _, t, *_ in cells]
        assert [items[c] for c in choices.item[here]] == [item for *_, item, _ in cells]
        assert choices.age[here].tolist() == [age for *_, age in cells]
        assert choices.visits[i] == len(visits)
        number += len(visits)


@few
@given(shops())
def test_one_profile_has_the_choices_of_its_row(profiles: of.Profiles) -> None:
    items = items_of(profiles)
    every = choices_of(profiles, items)
    for i, profile in enumerate(profiles):
        here = slice(every.offsets[i], every.offsets[i + 1])
        table = profile.table
        one = Choices.of(table.history, items, target="purchase", moments=table.as_of)
        assert one.item.tolist() == every.item[here].tolist()
        assert one.age.tolist() == every.age[here].tolist()
        assert one.time.tolist() == every.time[here].tolist()
        assert one.visits.tolist() == [every.visits[i]]


def test_interleaved_baskets_are_one_visit_each_at_the_time_of_their_first_event() -> None:
    rows = [("b1", 1, "tea"), ("b2", 2, "jam"), ("b1", 3, "oat"), ("b1", 4, "tea"), (None, 5, "x")]
    log = of.EventLog.from_events(
        of.Event("ann", "purchase", f"2024-01-0{day}", item=item, basket=basket)
        for basket, day, item in rows
    )
    profiles = of.fold(log)
    choices = choices_of(profiles, items_of(profiles))
    assert choices.visit.tolist() == [0, 0, 1, 2]
    assert choices.age.tolist() == [2, 2, 1, 0]
    assert [str(t)[:10] for t in choices.time] == ["2024-01-01"] * 2 + ["2024-01-02", "2024-01-05"]


def test_arrays_of_choices_fit_each_other_when_nothing_is_known() -> None:
    profiles = of.fold(of.EventLog.from_events([of.Event("ann", "view", "2024-01-01", item="tea")]))
    choices = choices_of(profiles, items_of(profiles))
    assert (len(choices), len(choices.item), choices.n_items) == (1, 0, 0)
    assert choices.visits.tolist() == [0]


def test_shared_level_falls_back_to_its_last_row() -> None:
    level = SharedLevel("s", "segment", ("a",), np.array([[1.0, 0.0], [0.5, 0.5]]))
    assert level.shared("a").tolist() == [1, 0]
    assert level.shared("b").tolist() == level.shared(None).tolist() == [0.5, 0.5]


def test_normal_leaves_nothing_as_nothing() -> None:
    assert normal(np.array([[1.0, 3.0], [0.0, 0.0]])).tolist() == [[0.25, 0.75], [0, 0]]
    rows = normal_rows(csr_matrix(np.array([[1.0, 3.0], [0.0, 0.0]])))
    assert rows.toarray().tolist() == [[0.25, 0.75], [0, 0]]


@pytest.mark.parametrize(
    "held", [[0.5, 0.4], [1.5, -0.5], [np.nan, 1.0], [1.0], [[0.5, 0.5]], [np.inf, 0]]
)
def test_a_shared_that_is_no_distribution_is_refused(held: list[float]) -> None:
    with pytest.raises(ContractError, match="level 'mine': shared"):
        checked_shared("mine", held, 2)


@pytest.mark.parametrize(
    "held", [[[0.5, 0.4]], [[1.5, -0.5]], [[np.nan, 1.0]], [[1.0]], [[0.5, 0.5], [0, 1]]]
)
def test_an_own_that_is_no_distribution_is_refused(held: list[list[float]]) -> None:
    with pytest.raises(ContractError, match="level 'mine': own"):
        checked_own("mine", csr_matrix(np.array(held)), (1, 2))


def test_zeros_and_repeated_cells_of_a_plug_in_are_cleaned_in_a_copy() -> None:
    theirs = csr_matrix((np.zeros(2), np.array([0, 1]), np.array([0, 2])), shape=(1, 2))
    twice = csr_matrix((np.full(2, 0.5), np.array([1, 1]), np.array([0, 2])), shape=(1, 2))
    assert checked_own("mine", theirs, (1, 2)).nnz == 0
    assert checked_own("mine", twice, (1, 2)).toarray().tolist() == [[0, 1]]
    assert theirs.nnz == twice.nnz == 2


@pytest.mark.parametrize("levels", ["everyone", 3, None, [], [Everyone], ["everyone"], [object()]])
def test_what_is_no_level_is_refused(levels: object) -> None:
    with pytest.raises(ContractError, match="Scorer: levels"):
        of.Scorer(levels=levels)


def test_levels_have_names_that_differ() -> None:
    with pytest.raises(ContractError, match="'everyone' twice"):
        checked_names([Everyone(), Everyone("7D")], "levels")
    names = [level.name for level in checked_names([Everyone(), Individual("7D")], "levels")]
    assert names == ["everyone", "individual"]
