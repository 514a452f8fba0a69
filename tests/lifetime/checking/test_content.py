"""Results of checks are values: equal by content, kept as they were found, saved and loaded."""

import attrs
import numpy as np
import pandas as pd
import pytest

from onefold import load, save
from onefold.lifetime.checking.frequencies import frequency_check
from onefold.lifetime.checking.holdout import holdout_check
from onefold.lifetime.checking.tracking import tracking
from tests.lifetime.checking import test_holdout, test_tracking


def frequencies(**more):
    return frequency_check(test_holdout.FITTED, **more)


def holdout(**more):
    return holdout_check(test_holdout.FITTED, test_holdout.FRAME, draws=100, **more)


def tracked(**more):
    moments = {"split": test_tracking.SPLIT, "end": test_tracking.END}
    return tracking(test_tracking.FITTED, test_tracking.LOG, period="M", **moments, **more)


FRAMES = {
    frequencies: ["table"],
    holdout: ["table", "by_frequency"],
    tracked: ["table", "totals"],
}


@pytest.mark.parametrize("made", FRAMES)
def test_equal_by_content(made):
    found = made()
    assert found == made()
    assert found != made(level=0.9) and found != 3
    with pytest.raises(TypeError, match="unhashable"):
        hash(found)


@pytest.mark.parametrize(("made", "name"), [(m, n) for m, names in FRAMES.items() for n in names])
def test_every_frame_counts(made, name):
    found = made()
    frame = getattr(found, name)
    assert attrs.evolve(found, **{name: frame}) == found
    assert attrs.evolve(found, **{name: frame[:-1]}) != found


@pytest.mark.parametrize("made", FRAMES)
def test_nobody_changes_a_result_in_place(made):
    found = made()
    said = repr(found)
    for name in (*FRAMES[made], "to_pandas"):
        held = getattr(found, name)
        held = held() if name == "to_pandas" else held
        before = held.copy()
        held.iloc[:, :] = held.iloc[::-1].to_numpy()
        held["more"] = 1
        again = getattr(found, name)
        pd.testing.assert_frame_equal(again() if name == "to_pandas" else again, before)
    assert found == made() and repr(found) == said
    pd.testing.assert_frame_equal(found.to_pandas(), found.table)


def test_nor_the_frame_that_it_was_made_from():
    found = frequencies()
    given = found.table
    other = type(found)(given, *(getattr(found, n) for n in REST))
    given.loc[0, "observed"] = 7
    assert other == found


REST = ("model", "n", "statistic", "df", "p", "draws", "level", "method")


def test_what_is_missing_is_as_missing():
    found = frequencies()
    rest = {n: getattr(found, n) for n in REST} | {"p": float("nan")}
    one, other = (type(found)(found.table, **rest) for _ in range(2))
    assert one == other and one != found
    empty = test_holdout.FRAME.assign(frequency_holdout=0)
    nobody = [holdout_check(test_holdout.FITTED, empty, draws=100) for _ in range(2)]
    assert np.isnan(nobody[0].table["model"][0]) and nobody[0] == nobody[1]


@pytest.mark.parametrize("made", FRAMES)
def test_saved_and_loaded(made, tmp_path):
    found = made()
    save(found, tmp_path / "result.onefold")
    again = load(tmp_path / "result.onefold")
    assert again == found and type(again) is type(found)
    assert repr(again) == repr(found)
