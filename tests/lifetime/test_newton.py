"""Newton's search: maxima that are known, ridges, edges, saddles, and where nothing can be had."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold.lifetime.newton import BOX, maximise

ABOUT = {"rtol": 0, "atol": 1e-6}


def quadratic(top, bend):
    """-(x - top)' bend (x - top) / 2."""
    top, bend = np.asarray(top, dtype=float), np.asarray(bend, dtype=float)

    def function(x, second):
        apart = x - top
        return -apart @ bend @ apart / 2, -bend @ apart, -bend

    return function


@given(
    st.lists(st.floats(-10, 10), min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
    st.floats(-3, 3),
)
def test_a_concave_quadratic_is_climbed_from_anywhere(top, seed, size):
    rng = np.random.default_rng(seed)
    k = len(top)
    root = rng.normal(size=(k, k))
    bend = 10**size * (root @ root.T + 0.1 * np.eye(k))
    found = maximise(quadratic(top, bend), rng.uniform(-BOX, BOX, k))
    assert found.converged and not found.edges.any()
    assert -1e-9 <= found.value <= 0
    # Each step is at most 2 long, and never longer than what is left.
    assert found.steps <= 200


def test_one_step_is_enough_nearby():
    found = maximise(quadratic([1, 2], [[2, 1], [1, 3]]), np.array([0.5, 1.0]))
    assert found.steps == 1 and np.allclose(found.point, [1, 2], **ABOUT)
    assert np.allclose(found.hessian, [[-2, -1], [-1, -3]])


def banana(x, second):
    """-(1 - x)^2 - 100 (y - x^2)^2: a bent ridge, its top at (1, 1)."""
    a, b = x
    bow = b - a * a
    gradient = np.array([2 * (1 - a) + 400 * a * bow, -200 * bow])
    hessian = np.array([[-2 + 400 * bow - 800 * a * a, 400 * a], [400 * a, -200.0]])
    return -((1 - a) ** 2) - 100 * bow**2, gradient, hessian


@pytest.mark.parametrize("start", [(-1.2, 1.0), (3.0, -4.0), (-6.0, 9.0), (0.0, 13.0)])
def test_a_bent_ridge_is_followed_to_its_top(start):
    found = maximise(banana, np.array(start))
    assert found.converged
    assert np.allclose(found.point, [1, 1], atol=1e-4)


def test_a_flat_ridge_is_a_maximum_wherever_it_is_reached():
    found = maximise(quadratic([1, -1], [[1, 1], [1, 1]]), np.array([5.0, 5.0]))
    assert found.converged and not found.edges.any()
    assert found.point.sum() == pytest.approx(0, abs=1e-4)


def test_what_rises_to_infinity_ends_at_the_edge_and_says_so():
    def function(x, second):  # its height is 0, at x = infinity; y is told
        up = np.exp(-x[0])
        return (
            -1e3 * up - (x[1] - 2) ** 2,
            np.array([1e3 * up, -2 * (x[1] - 2)]),
            np.diag([-1e3 * up, -2.0]),
        )

    found = maximise(function, np.array([0.0, 0.0]), np.array([12.0, 12.0]))
    assert found.converged
    assert found.edges.tolist() == [True, False]
    assert found.point == pytest.approx([12, 2])


def test_a_maximum_outside_the_box_is_looked_for_along_its_edge():
    bend = np.array([[2.0, 1.0], [1.0, 3.0]])
    found = maximise(quadratic([5, 2], bend), np.zeros(2), np.array([3.0, 10.0]))
    # With x held at 3 the best y is 2 + bend_xy / bend_yy * (5 - 3).
    assert found.converged and found.edges.tolist() == [True, False]
    assert np.allclose(found.point, [3, 2 + 2 / 3], **ABOUT)


def test_an_edge_is_left_again_when_the_rest_has_moved():
    bend = np.array([[1.0, -0.9], [-0.9, 1.0]])
    found = maximise(quadratic([-2, -2.5], bend), np.array([3.0, 3.0]), np.array([3.0, 3.0]))
    assert found.converged and not found.edges.any()
    assert np.allclose(found.point, [-2, -2.5], **ABOUT)


def test_a_saddle_is_left_uphill():
    def function(x, second):  # tops at (+-1, 0), a saddle at 0
        a, b = x
        return (
            a * a / 2 - a**4 / 4 - b * b,
            np.array([a - a**3, -2 * b]),
            np.diag([1 - 3 * a * a, -2.0]),
        )

    found = maximise(function, np.array([1e-3, 1.0]))
    assert found.converged and found.value == pytest.approx(0.25)
    assert np.allclose(found.point, [1, 0], **ABOUT)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["value", "derivatives"])
def test_regions_without_a_value_are_not_entered(bad, where):
    def function(x, second):  # log x - x: the first whole step from 3 leads below 0
        if x[0] <= 0:
            if where == "value":
                return bad, np.array([bad]), np.array([[bad]])
            return 1e6, np.array([bad]), np.array([[bad]])
        return np.log(x[0]) - x[0], np.array([1 / x[0] - 1]), np.array([[-1 / x[0] ** 2]])

    found = maximise(function, np.array([3.0]))
    assert found.converged and found.point == pytest.approx([1.0], abs=1e-4)


def test_a_start_without_a_value_is_said_not_to_converge():
    def function(x, second):
        return np.nan, np.full(2, np.nan), np.full((2, 2), np.nan)

    found = maximise(function, np.zeros(2))
    assert not found.converged and found.steps == 0 and not found.edges.any()


def test_a_gradient_that_lies_is_said_not_to_converge():
    def function(x, second):  # it claims to rise with x, and falls
        return -float(x[0]), np.array([1.0]), np.array([[-1.0]])

    assert not maximise(function, np.zeros(1)).converged


def test_shorter_steps_ask_for_values_alone():
    asked = []

    def function(x, second):
        asked.append(second)
        return banana(x, second)

    found = maximise(function, np.array([-1.2, 1.0]))
    assert found.converged and False in asked
    # Derivatives at the start, at each whole step, and where a shorter one has ended.
    assert asked.count(True) <= 1 + 2 * found.steps
