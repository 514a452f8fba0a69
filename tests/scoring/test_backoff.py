import numpy as np
import pytest

import onefold as of
from onefold.scoring.backoff import FEW, Backoff, used
from onefold.scoring.weights import Slice
from tests.scoring.shops import fitted, simulated

DAY = np.datetime64("2025-01-01", "us")


def test_what_is_passed_down_is_counted_with_everyone() -> None:
    """Level 1 is own: silent in both choices of bucket 0 and in one of four of bucket 1."""
    foreseen = [[0.2, 0.2], [0.1, 0.1], [0.3, 0.3], [0.1, 0.4], [0.1, 0.4], [0.1, 0.0]]
    part = Slice(
        DAY,
        DAY,
        np.array(foreseen),
        np.array([0, 0, 1, 1, 1, 1]),
        np.array([1, 1, 2, 1, 1, 1.0]),
        customers=6,
        unforeseen=0,
    )
    weights = np.array([[0.5, 0.5], [0.4, 0.6], [0.3, 0.7]])
    found = used(part, weights, 0, [1])
    assert found == pytest.approx(np.array([[1, 0], [0.4 + 0.6 * 0.4, 0.36], [0.3, 0.7]]))
    assert weights[0, 1] == 0.5  # not changed


def test_backoff_of_a_scorer() -> None:
    made = fitted().backoff
    frame = made.to_pandas()
    assert frame.drop(columns="choices").sum(axis=1).tolist() == pytest.approx([1] * len(frame))
    assert frame["choices"].sum() == len(fitted().part.foreseen)
    assert frame.index[:4].tolist() == ["0", "1", "2 to 3", "4 to 7"]
    assert frame.loc["0", ["neighbours", "long", "recent", "last"]].tolist() == [0] * 4
    visits = simulated().table["frequency"].max()
    low, _, high = frame.index[-1].partition(" to ")
    assert int(low) <= visits <= int(high)


def test_rows_with_few_choices_are_marked() -> None:
    made = Backoff(
        levels=("everyone", "own"),
        evidence=("0", "1", "2 to 3"),
        weights=np.array([[1, 0], [0.5, 0.5], [0.2, 0.8]]),
        choices=np.array([0, FEW - 1, FEW]),
        start=DAY,
        end=DAY,
        customers=9,
    )
    assert made.few.tolist() == [True, True, False]
    said = repr(made)
    assert [line.count("*") for line in said.splitlines()[3:]] == [1, 1, 0, 1]
    assert f"fewer than {FEW} choices" in said
    assert f"fewer than {FEW} choices" in made._repr_html_()
    many = Backoff(("everyone",), ("1",), np.ones((1, 1)), np.array([99]), DAY, DAY, 9)
    assert "*" not in repr(many)


def test_a_level_alone_has_all_the_weight() -> None:
    frame = of.Scorer(segments=None, levels=[of.levels.Everyone()]).fit(simulated()).backoff
    assert frame.to_pandas()["everyone"].tolist() == [1] * len(frame.evidence)
