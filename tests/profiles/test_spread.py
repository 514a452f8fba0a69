"""What a trait looks like over many: known shares, bins by the stated rule, the largest labels."""

from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import onefold as of
from onefold.profiles.spread import BINS, Labels, Spread, bins, called, spread
from onefold.traits import Wide

LOG = of.EventLog.from_events([of.Event(f"c{i:03d}", "view", "2024-03-01") for i in range(4)])


@attrs.frozen
class Told:
    """A plug-in that says what it is told, to four customers."""

    held: Any = attrs.field(eq=False)
    name: str = "told"
    labels: tuple[str, ...] = ()

    def read(self, history: of.traits.History, *, as_of: Any) -> Any:
        return self.held


def of_four(held: Any, *, unit: str = "", labels: tuple[str, ...] = ()) -> Spread:
    table = of.fold(LOG, [Told(held, labels=labels)]).table
    return spread(table, "told", unit=unit, fact=False)


def largest(held: Spread) -> list[tuple[str, Any]]:
    assert held.labels is not None
    return [(name, pytest.approx(size)) for name, size in called(held)]


# ------------------------------------------------------------------------ bins


def test_whole_numbers_near_each_other_have_a_bar_each() -> None:
    held = bins(np.array([2.0, 2, 3, 5]))
    assert (held.scale, held.counts.tolist(), held.edges.tolist()) == (
        "whole",
        [2, 1, 0, 1],
        [2, 3, 4, 5, 6],
    )


def test_skewed_numbers_have_bins_of_equal_ratios_and_zero_a_bar_of_its_own() -> None:
    money = np.sort(np.concatenate([np.zeros(50), np.geomspace(0.5, 5000, 950)]))
    held = bins(money)
    assert held.scale == "log" and len(held.counts) == BINS
    assert held.counts[0] == 50 and held.edges[0] == 0
    ratios = held.edges[2:] / held.edges[1:-1]
    assert np.allclose(ratios, ratios[0])
    assert held.counts[1:].max() <= 1.3 * held.counts[1:].min()  # even on a log scale


def test_a_log_scale_spans_four_powers_of_ten_at_most() -> None:
    held = bins(np.array([1e-11, 1, 2, 30, 1000]))
    assert held.scale == "log"
    assert held.edges[0] == pytest.approx(0.1)
    assert held.counts.sum() == 5


def test_counts_on_a_log_scale_begin_at_whole_numbers() -> None:
    held = bins(np.sort(np.random.default_rng(7).geometric(0.1, 1000) ** 2).astype(float))
    assert held.scale == "log"
    assert (held.edges == np.floor(held.edges)).all()


def test_all_else_has_even_bins_and_one_odd_number_does_not_flatten_them() -> None:
    held = bins(np.sort(np.append(np.linspace(-50, 50, 999), 1e9)))
    assert held.scale == "even"
    assert np.allclose(np.diff(held.edges), np.diff(held.edges)[0])
    assert held.edges[-1] < 60
    assert held.counts.min() > 50


@example([3.6e307])
@example([-1.7e308, 1.7e308])
@example([1.7976931348623157e308])
@example([-1.7976931348623157e308])
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=300))
def test_every_number_is_in_one_bin(numbers: list[float]) -> None:
    held = bins(np.sort(np.array(numbers)))
    assert held.counts.sum() == len(numbers)
    assert 1 <= len(held.counts) <= BINS
    assert len(held.edges) == len(held.counts) + 1
    assert (np.diff(held.edges) > 0).all()
    assert np.isfinite(held.edges).all()


# ------------------------------------------------------------------------ numbers


def test_figures_are_of_those_who_are_known() -> None:
    held = of_four(np.array([1.0, np.nan, 3, 8]))
    assert (held.rows, held.known, held.share) == (4, 3, 0.75)
    assert held.figures is not None and held.labels is None
    assert attrs.astuple(held.figures)[:6] == (1, 2, 3, 5.5, 8, 4)


def test_infinite_numbers_are_known_but_in_no_bar() -> None:
    held = of_four(np.array([1.0, 2, 3, np.inf]))
    assert held.figures is not None
    assert (held.known, held.figures.median, held.figures.highest) == (4, 2, np.inf)
    assert held.figures.bars.counts.tolist() == [1, 1, 1]


def test_of_nobody_nothing_is_known() -> None:
    held = of_four(np.full(4, np.nan))
    assert (held.known, held.figures, held.labels, held.share) == (0, None, None, 0)
    nobody = of.fold(LOG).select([]).table
    assert np.isnan(spread(nobody, "recency", unit="days", fact=False).share)
    assert called(held) == []


# ------------------------------------------------------------------------ labels and texts


def test_labels_are_told_by_their_mean_over_those_who_are_known() -> None:
    wide = Wide(
        np.array(["app", "web"], dtype=object),
        np.array([0, 2, 3, 3, 3]),
        np.array([0, 1, 1], dtype=np.int32),
        np.array([0.25, 0.75, 1]),
        np.array([True, True, True, False]),
    )
    held = of_four(wide, unit="share")
    assert (held.known, largest(held)) == (3, [("web", 1.75 / 3), ("app", 0.25 / 3)])
    assert held.labels is not None and held.labels.different == 2 and not held.labels.texts


def test_columns_are_labels_too_and_a_missing_one_is_not_zero() -> None:
    held = of_four(
        np.array([[1, np.nan, 5], [3, np.nan, np.nan], [np.nan] * 3, [np.nan] * 3]),
        labels=("a", "b", "c"),
    )
    assert (held.known, largest(held)) == (2, [("c", 5), ("a", 2)])


def test_texts_are_told_by_the_share_of_those_who_have_them() -> None:
    held = of_four(np.array(["tea", None, "jam", "tea"], dtype=object))
    assert (held.known, largest(held)) == (3, [("tea", 2 / 3), ("jam", 1 / 3)])
    assert held.labels is not None and held.labels.texts


def test_several_texts_each_count_once_for_a_customer() -> None:
    rows = [["tea", "tea"], ["jam", None], [None, None], ["tea", "jam"]]
    held = of_four(np.array(rows, dtype=object))
    assert (held.known, largest(held)) == (3, [("tea", 2 / 3), ("jam", 2 / 3)])


def test_a_plug_ins_own_objects_are_told_as_text() -> None:
    listed = np.empty(4, dtype=object)
    listed[:] = [[1], [1], [2], None]
    assert largest(of_four(listed)) == [("[1]", 2 / 3), ("[2]", 1 / 3)]


def test_labels_of_a_clock_stand_in_its_order() -> None:
    days = np.array([[0.0, 1], [0, 1], [1, 0], [0, 1]])
    held = of_four(days, labels=("Sun", "Mon"))
    assert held.labels is not None
    assert held.labels.names == ("Mon", "Sun")
    assert dict(held.labels.clock) == {
        "Mon": 0.75, "Tue": 0, "Wed": 0, "Thu": 0, "Fri": 0, "Sat": 0, "Sun": 0.25,
    }  # fmt: skip
    assert next(iter(dict(held.labels.clock))) == "Mon"


def test_at_most_sixteen_are_named() -> None:
    held = of_four(np.arange(400.0).reshape(4, 100))
    assert held.labels is not None
    assert (held.labels.different, len(held.labels.names), held.labels.names[0]) == (100, 16, "99")
    named = attrs.evolve(held, labels=Labels(1, ("7",), (0.5,), texts=True, called=("tea",)))
    assert called(named) == [("tea", 0.5)]
