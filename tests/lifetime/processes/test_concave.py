"""The window of a concave logarithm: nothing lost, nothing idle."""

import numpy as np

from onefold._types import Floats
from onefold.lifetime.processes.concave import FALL, cut


def parabola(v: Floats) -> tuple[Floats, Floats]:
    """A bell about 3, 0 at v = 0."""
    return (9 - (v - 3) ** 2) / 2, 3 - v


class TestCut:
    def test_ends_where_it_has_fallen_far_enough(self) -> None:
        end, fall = cut(parabola, top=np.array([3.0]), end=np.array([1e6]))
        assert FALL <= fall[0] <= FALL + 1
        assert end[0] >= 3 + np.sqrt(2 * FALL)

    def test_leaves_short_windows_alone(self) -> None:
        end, fall = cut(parabola, top=np.array([3.0, 1.0]), end=np.array([4.0, 1.0]))
        np.testing.assert_array_equal(end, [4, 1])
        np.testing.assert_allclose(fall, [4.5, 2.5])

    def test_what_falls_steadily_is_cut_at_once(self) -> None:
        slopes = np.array([-1.0, -1e3])
        end, _ = cut(lambda v: (slopes * v, slopes), top=np.zeros(2), end=np.full(2, 1e3))
        np.testing.assert_allclose(end, [FALL, FALL / 1e3])
