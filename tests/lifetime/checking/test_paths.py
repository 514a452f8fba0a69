"""Simulated paths: their means and counts are those of the process."""

import numpy as np
import pytest

from onefold.lifetime.checking.paths import paths
from onefold.lifetime.processes.bgbb import BetaBernoulli
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.processes.paretonbd import Pareto
from tests.lifetime import cdnow

N = 40_000
CASES = [
    (BetaGeometric(False), cdnow.BGNBD_PARAMS),
    (BetaGeometric(True), cdnow.MBGNBD_PARAMS),
    (Pareto(), cdnow.PARETO_PARAMS),
    (BetaBernoulli(), (1.204, 0.750, 0.657, 2.783)),
]


@pytest.mark.parametrize(("process", "letters"), CASES, ids=lambda c: type(c).__name__)
def test_paths_are_those_of_the_process(process, letters):
    params = np.array(letters)[:, None]
    edges = np.array([0.0, 0.0, 2.0, 10.0, 30.0, 60.0])
    ages = np.tile(edges, (N, 1))
    ages[::2] = np.maximum(ages[::2] - 4.0, 0.0)  # half of them began later
    drawn = paths(process, params, ages, split=4, rng=np.random.default_rng(3))
    for half in (slice(0, None, 2), slice(1, None, 2)):
        expected = np.diff(process.newcomer(params, ages[half][0]))
        made = drawn.made[half]
        assert (np.abs(made.mean(axis=0) - expected) < 5 * made.std(axis=0) / 140 + 1e-12).all()
    T = np.full(1, 30.0)
    chances = process.counts(params, T, 3)[0]
    x = drawn.seen.x[1::2]
    assert np.allclose([(x == i).mean() for i in range(4)], chances, atol=0.015)
    assert (drawn.seen.x == drawn.made[:, :4].sum(axis=1)).all()
    assert (drawn.seen.t_x <= drawn.seen.T).all()
    assert ((drawn.seen.t_x > 0) == (drawn.seen.x > 0)).all()
    score = process.curve(params, drawn.seen).gradient  # 0 on average where the model is true
    assert (np.abs(score.mean(axis=1)) < 5 * score.std(axis=1) / 200).all()


def test_another_process_has_none():
    assert paths(object(), np.ones((1, 1)), np.ones((1, 2)), split=1, rng=None) is None
