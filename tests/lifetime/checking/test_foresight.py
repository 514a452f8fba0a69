"""Intervals of what was foreseen, beside the normal ones of means."""

import numpy as np
import pytest

from onefold.lifetime.checking.foresight import foresight

RNG = np.random.default_rng(4)
EXPECTED = RNG.gamma(2.0, 1.0, 5000)
NAIVE = EXPECTED * RNG.uniform(0.5, 1.5, 5000)
ACTUAL = RNG.poisson(EXPECTED).astype(float)


# A bound with the chance of both tails outside lies .3 or .4 standard errors further in.
@pytest.mark.parametrize(("level", "z"), [(0.95, 1.96), (0.8, 1.2816)])
def test_bounds_lie_where_the_standard_error_says(level, z):
    bins = (np.arange(5000) % 2).astype(np.int64)
    found = foresight(
        ACTUAL,
        (EXPECTED, NAIVE),
        bins=bins,
        most=1,
        level=level,
        draws=4000,
        rng=np.random.default_rng(2),
    )
    row = found.metrics.set_index("metric").loc["mean absolute error"]
    off = [np.abs(guess - ACTUAL) for guess in (EXPECTED, NAIVE)]
    bounds = [(row["model_low"], row["model_high"]), (row["naive_low"], row["naive_high"])]
    bounds.append((row["low"], row["high"]))
    of = [*off, off[0] - off[1]]
    bounds += list(zip(found.by_bin["low"], found.by_bin["high"], strict=True))
    of += [ACTUAL[bins == i] for i in range(2)]
    for (low, high), values in zip(bounds, of, strict=True):
        error = values.std() / np.sqrt(len(values))
        assert (low - values.mean()) / error == pytest.approx(-z, abs=0.18)
        assert (high - values.mean()) / error == pytest.approx(z, abs=0.18)
