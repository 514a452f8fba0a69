import builtins

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold._display.plots import spread
from onefold.errors import MissingExtra
from onefold.scoring.backoff import Backoff
from onefold.scoring.picture import APART
from tests.scoring.shops import fitted

DAY = np.datetime64("2025-01-01", "us")


@given(st.lists(st.floats(0, 1), max_size=15))
def test_names_are_moved_apart_and_stay_in_order(places: list) -> None:
    found = spread(np.sort(np.array(places)), APART)
    assert (np.diff(found) >= APART - 1e-9).all()
    assert (found <= 1).all()
    apart = np.diff(np.sort(places))
    if (apart >= APART).all() and (not places or max(places) <= 1 - APART / 2):
        assert found == pytest.approx(np.sort(places))


def drawn() -> Backoff:
    levels = ("everyone", "persona", "segment", "own")
    weights = np.array([[0.9, 0.005, 0.02, 0.075], [0.5, 0.002, 0.02, 0.478]])
    return Backoff(levels, ("0", "2 to 3"), weights, np.array([3, 400]), DAY, DAY, 90)


def test_the_picture_needs_no_legend() -> None:
    pytest.importorskip("matplotlib")
    axes = drawn().plot()
    texts = [t.get_text() for t in axes.texts]
    assert {"everyone", "segment", "own", "90 %", "50 %", "48 %"} <= set(texts)
    assert "persona" not in texts
    assert "under 1 % everywhere: persona" in axes.get_xlabel()
    assert "pale: few choices" in axes.get_xlabel()
    assert [t.get_text() for t in axes.get_xticklabels()] == ["0\n3 (few)", "2–3\n400"]
    assert [bar.get_alpha() for bar in axes.patches[:2]] == [0.35, 1.0]
    assert axes.get_legend() is None


def test_no_two_texts_of_the_picture_touch() -> None:
    pytest.importorskip("matplotlib")
    axes = fitted().backoff.plot()
    axes.figure.canvas.draw()
    boxes = [t.get_window_extent() for t in (*axes.texts, *axes.get_xticklabels(), axes.title)]
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])


def test_given_axes_are_drawn_on() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.add_subplot()
    assert drawn().plot(axes) is axes


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest, **more):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"onefold\[plot\]"):
        drawn().plot()
