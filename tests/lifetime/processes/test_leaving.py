"""The integral over the time of leaving, and its moments, against a great many nodes."""

import numpy as np
import pytest
from scipy.integrate import quad

from onefold._types import Floats
from onefold.lifetime.processes.leaving import PAIRS, left, left_moments
from onefold.lifetime.rows import Rows


def wild(m: int) -> tuple[Floats, Rows]:
    rng = np.random.default_rng(4)
    x = np.floor(10 ** rng.uniform(-0.5, 2.5, m))
    T = 10 ** rng.uniform(-1, 3, m)
    rows = Rows.of(x, np.where(x > 0, T * rng.random(m), 0), T)
    return 10 ** rng.uniform(-2, 2, (4, m)), rows


def features(params: Floats, rows: Rows, u: Floats) -> list[Floats]:
    _, alpha, _, beta = params
    return [
        np.ones_like(u),
        np.log((alpha + u) / (alpha + rows.t_x)),
        alpha / (alpha + u),
        np.log((beta + u) / (beta + rows.t_x)),
        beta / (beta + u),
    ]


class TestLeft:
    def test_an_integral_by_quad(self) -> None:
        params, rows = np.array([[0.55], [10.6], [0.6], [11.7]]), np.array([2.0, 30.43, 38.86])
        k, alpha, s, beta = 2.55, 10.6, 0.6, 11.7
        inner = quad(lambda u: (alpha + u) ** -k * (beta + u) ** -(s + 1), rows[1], rows[2])[0]
        expect = s * (beta + rows[1]) ** s * (alpha + rows[1]) ** k * inner
        assert left(params, Rows.of(*rows[:, None]))[0] == pytest.approx(expect, rel=1e-12)

    def test_no_time_to_leave_in(self) -> None:
        rows = Rows.of(np.array([3.0]), np.array([7.0]), np.array([7.0]))
        assert left(np.array([[0.5], [1.0], [0.5], [2.0]]), rows)[0] == 0


class TestMoments:
    @pytest.mark.parametrize("near", ["alpha", "beta", "both", "same"])
    def test_as_by_a_great_many_nodes(self, near: str) -> None:
        params, rows = wild(300)
        low, high = np.minimum(params[1], params[3]), np.maximum(params[1], params[3])
        if near in ("alpha", "beta"):
            params[1], params[3] = (low, high) if near == "alpha" else (high, low)
        if near == "same":
            params[3] = params[1]
        r, alpha, s, beta = params
        t, w = np.polynomial.legendre.leggauss(20)
        edges = np.r_[0, np.geomspace(1e-9, 1, 80)]
        y = ((edges[:-1] + edges[1:])[:, None] + np.diff(edges)[:, None] * t).reshape(-1, 1) / 2
        weight = (np.diff(edges)[:, None] * w).reshape(-1, 1) / 2
        c = np.minimum(alpha, beta) + rows.t_x
        whole = np.log1p((rows.T - rows.t_x) / c)
        u = c * np.expm1(whole * y) + rows.t_x
        f = features(params, rows, u)
        density = weight * whole * s * c * np.exp(whole * y) / (beta + u)
        density = density * np.exp(-(r + rows.x) * f[1] - s * f[3])
        found = left_moments(params, rows)
        np.testing.assert_allclose(found[0], left(params, rows), rtol=1e-13)
        for n, (i, j) in enumerate(PAIRS):
            expect = (density * f[i] * f[j]).sum(axis=0)
            np.testing.assert_allclose(found[n], expect, rtol=1e-8, atol=1e-10 * found[0].max())
