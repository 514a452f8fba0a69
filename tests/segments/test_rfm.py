import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold import Event, EventLog, fold
from onefold.errors import ArgumentError, ContractError, UnknownName
from onefold.segments import RFM, RFM_GRID, segment
from onefold.segments.rfm import NAMES, _beaten, _cuts, _grade
from onefold.traits import Count


def test_grid_is_a_partition_with_all_eleven_names():
    assert set(RFM_GRID) == {(r, fm) for r in range(1, 6) for fm in range(1, 6)}
    assert set(RFM_GRID.values()) == set(NAMES)
    assert len(NAMES) == 11
    assert Counter(RFM_GRID.values()) == {
        "champions": 2,
        "loyal customers": 4,
        "potential loyalists": 4,
        "new customers": 1,
        "promising": 1,
        "need attention": 1,
        "about to sleep": 2,
        "at risk": 4,
        "can't lose them": 2,
        "hibernating": 2,
        "lost": 2,
    }
    with pytest.raises(TypeError):
        RFM_GRID[1, 1] = "won"  # type: ignore[index]


@given(st.lists(st.integers(-3, 9).map(float), min_size=1), st.integers(2, 9))
def test_scores_by_counting(values, bins):
    """Brute force: the k-th cut is the least value with at least k/bins of all at or below it."""
    ordered = sorted(values)
    n = len(values)
    if ordered[0] == ordered[-1]:
        expected = [1 + (bins - 1) // 2] * n
    else:
        cuts = [ordered[math.ceil(k * n / bins) - 1] for k in range(1, bins)]
        expected = [1 + sum(cut < v for cut in cuts) for v in values]
    found = _beaten(np.array(values), _cuts(np.array(values), bins)).tolist()
    assert found == expected
    assert len(_cuts(np.array(values), bins)) == bins - 1
    assert all(1 <= f <= bins for f in found)


def test_without_ties_the_scores_are_fifths():
    values = np.random.default_rng(3).permutation(100).astype(float)
    scores = _beaten(values, _cuts(values, 5))
    assert (scores == values // 20 + 1).all()


def test_a_constant_has_the_middle_score_and_tells_others_apart():
    cuts = _cuts(np.full(9, 4.0), 5)
    assert _beaten(np.array([3.0, 4.0, 5.0]), cuts).tolist() == [1, 3, 5]


def test_other_numbers_of_scores_are_spread_evenly():
    def grades(bins):
        return _grade(np.arange(1, bins + 1), bins).tolist()

    assert grades(5) == [1, 2, 3, 4, 5]
    assert grades(10) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert grades(3) == [1, 3, 5]
    assert grades(2) == [1, 5]
    assert grades(4) == [1, 2, 4, 5]


@pytest.fixture
def people():
    """Customer i of 25 bought last 25 - i days ago, i // 5 + 1 times, for i in all."""
    events = [
        Event(f"c{i:02}", "purchase", np.datetime64("2024-03-01T00", "us") - visit * hour - day * i)
        for i in range(25)
        for visit in range(i // 5 + 1)
        for day, hour in [(np.timedelta64(1, "D"), np.timedelta64(1, "m"))]
    ]
    log = EventLog.from_events([*events, Event("zoe", "view", "2024-02-01")])
    return fold(log, as_of="2024-03-02")


def test_whole(people):
    made = segment(people, RFM(monetary=Count("purchase")))
    scores = made.fitted.scores(people.table)
    assert scores.index.tolist() == people.ids.tolist()
    # c00 was the last to buy, once; c24 the first, five times.
    assert scores.loc["c00"].tolist() == [5, 1, 1]
    assert scores.loc["c24"].tolist() == [1, 5, 5]
    assert scores.loc["zoe"].isna().all()
    groups = made.assignment.by_customer()
    assert groups["c00"] == "new customers"
    assert groups["c24"] == "can't lose them"
    assert groups["c12"] == "need attention"
    assert groups["zoe"] is None
    for i, (r, f, m) in enumerate(scores.iloc[:25].astype(int).itertuples(index=False)):
        assert groups[f"c{i:02}"] == RFM_GRID[r, math.floor((f + m) / 2 + 0.5)]
    assert made.assignment.names == NAMES


def test_the_mean_of_f_and_m_is_rounded_up():
    """Two visits and the least money against one visit and the most."""
    log = EventLog.from_events(
        [
            Event("ann", "purchase", "2024-01-01", value=1),
            Event("ann", "purchase", "2024-01-02", value=1),
            Event("bob", "purchase", "2024-01-02", value=9),
        ]
    )
    made = segment(fold(log), RFM(bins=2))
    assert made.fitted.scores(made.profiles.table).to_numpy().tolist() == [[1, 2, 1], [1, 1, 2]]
    # All bought last on one day: the middle of two scores is 1. F and M are 5 and 1, so FM is 3.
    assert set(made.assignment.by_customer().values()) == {"at risk"}


def test_cuts_stay(people):
    made = segment(people, RFM(monetary=Count("purchase")))
    assert made.fitted.frequency_cuts == (1.0, 2.0, 3.0, 4.0)
    assert made.fitted.recency_cuts == (21.0, 16.0, 11.0, 6.0)
    week = people.at("2024-03-09")
    later = segment(week, RFM(monetary=Count("purchase")))
    assert made.assign(week) != later.assignment
    assert made.of(week["c24"]) == "can't lose them"


def test_what_is_refused(people):
    with pytest.raises(ArgumentError, match=r"missing: \{.*'monetary': 26"):
        segment(people, RFM())
    with pytest.raises(ArgumentError, match=r"latest.*not numbers"):
        segment(
            fold(EventLog.from_events([Event("a", "purchase", "2024-01-01", item="x")])),
            RFM(monetary="latest"),
        )
    with pytest.raises(UnknownName, match="spend"):
        segment(people, RFM(monetary="spend"))
    with pytest.raises(ArgumentError, match="name one"):
        segment(people, RFM(monetary=people.traits[-1]))
    with pytest.raises(ArgumentError, match="bins"):
        RFM(bins=1)
    with pytest.raises(ContractError, match="RFM: a trait"):
        RFM(recency=5)  # type: ignore[arg-type]
