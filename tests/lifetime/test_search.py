"""The search: not content with the next hill, and indifferent to units and to steep penalties."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from onefold.errors import FitWarning
from onefold.lifetime import BGNBD, MBGNBD, ParetoNBD
from onefold.lifetime.fitting import Design, _find, search
from onefold.lifetime.processes.bgbb import BetaBernoulli
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.processes.paretonbd import Pareto
from onefold.lifetime.rows import Rows
from tests.lifetime import cdnow

TRUTHS: list[tuple[Any, tuple[float, ...]]] = [
    (BetaGeometric(False), cdnow.BGNBD_PARAMS),
    (BetaGeometric(True), cdnow.MBGNBD_PARAMS),
    (Pareto(), cdnow.PARETO_PARAMS),
    (BetaBernoulli(), (1.204, 0.75, 0.657, 2.783)),
]


def test_a_hill_that_is_not_the_highest_is_left():
    """From the first start alone a and b run off to infinity, 4.7 of log likelihood too low."""
    rng = np.random.default_rng(7)
    T = rng.uniform(27, 39, 500)
    truth = np.array((0.525, 6.183, 0.891, 1.614))[:, None]
    x, t_x = BetaGeometric(True).draw(truth, T, rng)
    fit = MBGNBD().fit(pd.DataFrame({"frequency": x, "recency": t_x, "T": T}))
    assert fit.log_likelihood == pytest.approx(-1824.123, abs=0.001)
    assert not fit.untold and fit.params["b"] < 1


@pytest.mark.parametrize(("process", "truth"), TRUTHS, ids=["BG", "MBG", "Pareto", "BGBB"])
def test_no_random_start_leads_higher(process, truth):
    rng = np.random.default_rng(3)
    for _ in range(6):
        T = np.full(200, 6.0) if process.discrete else rng.uniform(27, 39, 200)
        x, t_x = process.draw(np.array(truth)[:, None], T, rng)
        rows = Rows.of(x, t_x, T).compressed()
        design = Design(process.letters, {}, {}, {}, 0.0, process.timed, float(T.mean()))
        found = search(process, design, rows)
        base = np.log(process.starts(rows)[0])
        for _ in range(4):
            other = _find(process, design, rows, base + rng.normal(0, 1.5, len(base)))
            assert other.value < found.value + 1e-3


@pytest.mark.parametrize("model", [BGNBD(), MBGNBD(), ParetoNBD()], ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("unit", [1e-3, 604_800.0, 604_800_000.0])
def test_no_unit_of_time_is_too_small_or_too_large(model, unit):
    process, truth = TRUTHS[[BGNBD(), MBGNBD(), ParetoNBD()].index(model)]
    drawn = cdnow.drawn(process, truth, 800, seed=2)
    scaled = drawn.assign(recency=drawn["recency"] * unit, T=drawn["T"] * unit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        weeks, other = model.fit(drawn), model.fit(scaled)
    expected = weeks.expected_purchases(drawn, horizon=8)
    assert other.expected_purchases(scaled, horizon=8 * unit) == pytest.approx(expected, rel=1e-3)
    assert other.untold == weeks.untold
    letters = [name for name in weeks.params if name not in weeks.untold]
    bounds = weeks.intervals().set_index("param").loc[letters, ["low", "high"]].to_numpy()
    again = other.intervals().set_index("param").loc[letters, ["low", "high"]].to_numpy()
    factor = np.array([[unit if name in process.timed else 1.0] for name in letters])
    assert again == pytest.approx(bounds * factor, rel=2e-3)


@pytest.mark.parametrize("l2", [1e6, 1e12, 1e30, 1e300])
def test_a_steep_penalty_hides_no_other_parameter(l2):
    drawn = cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 800, seed=2)
    drawn["z"] = np.random.default_rng(1).normal(size=len(drawn))
    held = BGNBD(purchase=["z"], l2=l2).fit(drawn)
    assert held.converged and abs(held.params["alpha:z"]) < 1e-5
    assert held.log_likelihood == pytest.approx(BGNBD().fit(drawn).log_likelihood, abs=1e-4)
