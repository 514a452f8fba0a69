"""Means over beta distributed chances against closed forms and known moments."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import hyp2f1

from onefold.lifetime.processes.betas import nodes


@given(
    a=st.floats(-5, 5).map(np.exp), b=st.floats(-5, 9).map(np.exp), z=st.floats(-8, 14).map(np.exp)
)
def test_moments(a: float, b: float, z: float) -> None:
    p, weight = nodes(np.array([a]), np.array([b]), np.array([z]))
    assert weight.sum() == pytest.approx(1)
    mean = a / (a + b)
    assert (weight * p).sum() == pytest.approx(mean, rel=1e-8, abs=1e-11 / (1 + z))
    assert (weight * p * (1 - p)).sum() == pytest.approx(
        mean * b / (a + b + 1), rel=1e-8, abs=1e-11 / (1 + z)
    )


@given(
    a=st.floats(-4, 2.5).map(np.exp),
    b=st.floats(-3, 2.5).map(np.exp),
    k=st.floats(-3, 2).map(np.exp),
    z=st.floats(-8, 9).map(np.exp),
)
def test_powers(a: float, b: float, k: float, z: float) -> None:
    """E (1 + p z)^-k is a hypergeometric function, which scipy gets right for small arguments.

    But not where k - a is nearly whole: there it loses half of its digits.
    """
    assume(abs(k - a - round(k - a)) > 1e-3)
    p, weight = nodes(np.array([a]), np.array([b]), np.array([(1 + k) * (1 + z)]))
    found = (weight * (1 + p * z) ** -k).sum()
    closed = (1 + z) ** -a * hyp2f1(a, a + b - k, a + b, z / (1 + z))
    assert found == pytest.approx(closed, rel=1e-9, abs=1e-12)


def test_rows_are_apart() -> None:
    a, b, z = np.array([0.1, 3.0, 40.0]), np.array([2.0, 1e4, 0.2]), np.array([10.0, 1.0, 1e6])
    p, weight = nodes(a, b, z)
    for i in range(3):
        q, own = nodes(a[i : i + 1], b[i : i + 1], z[i : i + 1])
        both = [(w / (1 + r)).sum() for w, r in ((weight[i], p[i]), (own, q))]
        assert both[0] == pytest.approx(both[1], rel=1e-11)
