"""The pictures need no legend: names, numbers and findings are written on them."""

import pandas as pd
import pytest

from onefold.lifetime import BGNBD
from onefold.lifetime.checking.frequencies import frequency_check
from onefold.lifetime.checking.holdout import holdout_check
from onefold.lifetime.checking.tracking import tracking
from tests.lifetime.checking import test_holdout, test_tracking

pytest.importorskip("matplotlib")


def words(axes) -> set[str]:
    """What is written beside lines and bars."""
    assert axes.get_legend() is None
    axes.figure.canvas.draw()
    return {text.get_text().strip() for text in axes.texts}


def test_frequencies():
    found = frequency_check(test_holdout.FITTED, most=4)
    axes = found.plot()
    said = words(axes)
    assert {"customers counted", "what BGNBD gives"} <= said
    assert {f"{n:,}" for n in found.table["observed"]} <= said
    assert "1,500 customers" in axes.get_title(loc="left")
    assert [t.get_text() for t in axes.get_xticklabels()] == ["0", "1", "2", "3", "4+"]


def test_a_count_that_is_off_is_named():
    frame = test_holdout.FRAME
    odd = frame[(frame["frequency"] != 2) | (frame.index % 2 == 0)]
    found = frequency_check(BGNBD().fit(odd))
    assert len(found.outside)
    assert "furthest off at 2" in found.plot().get_title(loc="left")


def test_a_holdout():
    found = holdout_check(test_holdout.FITTED, test_holdout.FRAME)
    axes = found.plot()
    assert {"bought", "expected by BGNBD", "if the past rate went on"} <= words(axes)
    assert "% too" in axes.get_title(loc="left")
    nothing = test_holdout.FRAME.assign(frequency_holdout=0)
    empty = holdout_check(test_holdout.FITTED, nothing).plot()
    assert empty.get_title(loc="left").startswith("Nobody")


@pytest.mark.parametrize("cumulative", [False, True])
def test_tracks(cumulative):
    split, end = test_tracking.SPLIT, test_tracking.END
    found = tracking(test_tracking.FITTED, test_tracking.LOG, split=split, end=end)
    axes = found.plot(cumulative=cumulative)
    assert {"made", "BGNBD", "fitted on this", "not seen by the model"} <= words(axes)
    assert axes.get_title(loc="left").startswith("After the split")
    what = "so far" if cumulative else "a week"
    assert what in axes.yaxis.get_label().get_text()


def test_the_axes_can_be_given():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.add_subplot()
    assert frequency_check(test_holdout.FITTED).plot(axes) is axes
    assert isinstance(frequency_check(test_holdout.FITTED).to_pandas(), pd.DataFrame)


def inside(axes) -> bool:
    """Whether title, labels and names lie within the figure, and names within the axes."""
    axes.figure.draw_without_rendering()
    page, own = axes.figure.bbox, axes.bbox
    around = [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
    boxes = [text.get_window_extent() for text in around if text.get_text()]
    held = all(page.x0 - 1 <= b.x0 and b.x1 <= page.x1 + 1 and b.y1 <= page.y1 + 1 for b in boxes)
    return held and all(t.get_window_extent().x1 <= own.x1 + 2 for t in axes.texts)


def test_small_axes_hold_their_words():
    figure_of = pytest.importorskip("matplotlib.figure").Figure
    split, end = test_tracking.SPLIT, test_tracking.END
    track = tracking(test_tracking.FITTED, test_tracking.LOG, split=split, end=end)
    checks = (
        frequency_check(test_holdout.FITTED, most=20),
        holdout_check(test_holdout.FITTED, test_holdout.FRAME),
        track,
    )
    for found in checks:
        axes = figure_of(figsize=(4, 3), layout="constrained").add_subplot()
        found.plot(axes)
        assert inside(axes), type(found).__name__
        assert "%" not in axes.xaxis.get_label().get_text()  # the foot is for our own figures


def test_names_clear_the_bars():
    axes = frequency_check(test_holdout.FITTED, most=20).plot()
    axes.figure.draw_without_rendering()
    names = [t for t in axes.texts if t.get_text() in ("customers counted", "what BGNBD gives")]
    bars = [bar.get_window_extent() for bar in axes.patches]
    assert len(names) == 2
    for name in names:
        box = name.get_window_extent()
        assert not any(box.overlaps(bar) for bar in bars)


def test_many_periods_are_a_thin_line():
    split, end = test_tracking.SPLIT, test_tracking.END
    made = {
        period: tracking(
            test_tracking.FITTED, test_tracking.LOG, split=split, end=end, period=period
        )
        for period in "DW"
    }
    assert len(made["D"].table) > 120 > len(made["W"].table)
    daily, weekly = (made[period].plot().lines[0] for period in "DW")
    assert daily.get_marker() == "None" and weekly.get_marker() == "o"
    assert daily.get_linewidth() < weekly.get_linewidth()
