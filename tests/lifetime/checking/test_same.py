"""Whether rows are those of a fit, and what a fit has learned."""

import numpy as np

from onefold.lifetime import BGNBD
from onefold.lifetime.checking.same import fitted_on, learned, longest
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.rows import Rows
from tests.lifetime import cdnow

FRAME = cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 1500, seed=3)
FITTED = BGNBD().fit(FRAME)


def rows(frame) -> Rows:
    """Rows of a frame."""
    return Rows.of(*(frame[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T")))


def test_the_same_customers_in_any_order():
    assert fitted_on(FITTED, rows(FRAME)) and fitted_on(FITTED, rows(FRAME[::-1]))
    assert longest(FITTED) == FRAME["T"].max()


def test_others():
    assert not fitted_on(FITTED, rows(FRAME[1:]))
    assert not fitted_on(FITTED, rows(FRAME.assign(T=FRAME["T"] + 1 / 7)))
    assert not fitted_on(FITTED, rows(FRAME.assign(recency=FRAME["recency"] * 0.9)))


def test_what_is_not_told_is_not_learned():
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    held = (turn * [0.01, 1.0, 1e9]) @ turn.T
    assert np.allclose(learned(held), (turn * [0.01, 1.0, 0.0]) @ turn.T, atol=1e-5)
    assert np.allclose(learned(FITTED._covariance), FITTED._covariance)
