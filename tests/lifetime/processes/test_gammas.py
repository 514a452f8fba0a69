"""The gamma function's ratios against the sums that they are for whole x."""

import numpy as np
import pytest

from onefold.lifetime.processes.gammas import rising


@pytest.mark.parametrize("p", [1e-6, 0.3, 7.0, 999.0, 1001.0, 1e5, 1e9, 1e13])
@pytest.mark.parametrize("x", [0, 1, 2, 17, 3000])
def test_rising_is_a_sum_of_logarithms(p: float, x: int) -> None:
    value, first, second = rising(np.array([p]), np.array([float(x)]))
    steps = p + np.arange(x)
    assert value[0] == pytest.approx(np.log(steps).sum(), rel=1e-11, abs=1e-14)
    assert first[0] == pytest.approx(p * (1 / steps).sum(), rel=1e-9)
    # p / (p + i) - p^2 / (p + i)^2, added up
    bend = (p * np.arange(x) / steps**2).sum()
    assert second[0] == pytest.approx(bend, rel=1e-9, abs=1e-9 * (1 + x))


def test_one_p_for_many_x_and_many_p_for_one() -> None:
    x, p = np.array([0.0, 1, 2]), np.array([0.5, 2e3, 3e6])
    for many in (rising(np.array([2e3]), x), rising(p, np.array(1.0))):
        assert [part.shape for part in many] == [(3,)] * 3
    np.testing.assert_allclose(rising(p, np.ones(3))[0], np.log(p))
