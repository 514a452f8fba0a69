"""The bootstrap's intervals are quantiles of what the statistic returned, the same in each tail."""

import numpy as np
import pytest

from onefold.lifetime import BGNBD
from onefold.lifetime.processes.bgnbd import BetaGeometric
from tests.lifetime import cdnow


@pytest.mark.parametrize("level", [0.9, 0.5])
def test_low_and_high_are_the_quantiles_of_the_draws(level):
    fit = BGNBD().fit(cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 600, seed=3))
    returned = []

    def expected(again):
        returned.append(float(again.expected_purchases_new_customer(39.0)))
        return returned[-1]

    table = fit.bootstrap(expected, level=level, rng=1)
    estimate, *drawn = returned
    assert table["estimate"].tolist() == [estimate]
    assert table["draws"].tolist() == [len(drawn)]
    tail = {0.9: 0.05, 0.5: 0.25}[level]
    assert table["low"][0] == pytest.approx(np.quantile(drawn, tail))
    assert table["high"][0] == pytest.approx(np.quantile(drawn, 1 - tail))
