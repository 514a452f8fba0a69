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
