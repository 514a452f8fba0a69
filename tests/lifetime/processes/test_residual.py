"""Discounted time as a customer, against dense sums and the special functions it is."""

import numpy as np
import pytest
from scipy.special import exp1, expn, hyperu

from onefold._types import Floats
from onefold.lifetime.processes.residual import stay, undiscounted


def dense(s: float, z: float, y: float) -> float:
    """The integral in log(1 + w), by 20 nodes in each of 800 panels, short where it falls fast."""
    t, weight = np.polynomial.legendre.leggauss(20)
    end = min(np.log1p(800 / z), np.log1p(y))
    soon = min(end, 60 / max(s - 1 + z, 1e-9))
    edges = np.unique(np.r_[np.linspace(0, soon, 401), np.linspace(0, end, 401)])
    low, high = edges[:-1, None], edges[1:, None]
    v = (low + high) / 2 + (high - low) / 2 * t
    return float((np.exp((1 - s) * v - z * np.expm1(v)) * weight * (high - low) / 2).sum())


class TestStay:
    def test_for_s_and_z_of_every_size(self) -> None:
        rng = np.random.default_rng(1)
        m = 400
        s, z = 10 ** rng.uniform(-3, 3, m), 10 ** rng.uniform(-8, 3, m)
        s[:50] = 1 + rng.choice([0.0, 1e-9, -1e-6, 1e-3], 50)
        y = np.where(rng.random(m) < 0.5, np.inf, 10 ** rng.uniform(-4, 5, m))
        expect = [dense(*each) for each in zip(s, z, y, strict=True)]
        np.testing.assert_allclose(stay(s, z, y), expect, rtol=1e-11)

    @pytest.mark.parametrize("s", [0.1, 0.6, 1.4, 2.5])
    def test_tricomi(self, s: float) -> None:
        # Seven figures are what scipy has of it.
        z = np.array([1.0, 3.0, 10.0])
        expect = z ** (s - 1) * hyperu(s, s, z)
        np.testing.assert_allclose(stay(np.array([s]), z, np.full(3, np.inf)), expect, rtol=1e-6)

    def test_whole_s_are_exponential_integrals(self) -> None:
        z = np.array([1e-8, 1e-3, 0.5, 20.0])
        ever = np.full(4, np.inf)
        for s in (1, 2, 5):
            expect = np.exp(z) * expn(s, z)
            np.testing.assert_allclose(stay(np.array([float(s)]), z, ever), expect, rtol=1e-11)
        np.testing.assert_allclose(stay(np.ones(1), z, ever), np.exp(z) * exp1(z), rtol=1e-11)

    def test_no_discount(self) -> None:
        y = np.array([1e-6, 0.1, 10.0, 1e5])
        for s in (1e-3, 0.6, 1.0, 1 + 1e-10, 30.0):
            many: Floats = undiscounted(np.array([s]), y)
            np.testing.assert_allclose(stay(np.array([s]), np.zeros(4), y), many, rtol=1e-11)
            if abs(s - 1) > 0.1:
                np.testing.assert_allclose(many, (1 - (1 + y) ** (1 - s)) / (s - 1), rtol=1e-9)
