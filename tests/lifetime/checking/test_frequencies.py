"""The check of frequencies: brute force, the law of its p-value, and bad input."""

import numpy as np
import pandas as pd
import pytest

from onefold.errors import ArgumentError, FitWarning
from onefold.lifetime import BGBB, BGNBD, MBGNBD, ParetoNBD, rfm_summary
from onefold.lifetime.checking.frequencies import _Counted, frequency_check
from onefold.lifetime.processes.bgnbd import BetaGeometric
from tests.lifetime import cdnow

DRAWN = cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 1500, seed=3)
FITTED = BGNBD().fit(DRAWN, time_unit="W")


def test_counts_are_those_of_each_customer():
    table = frequency_check(FITTED, most=4).table
    x = np.minimum(DRAWN["frequency"], 4).astype(int)
    assert table["purchases"].tolist() == ["0", "1", "2", "3", "4+"]
    assert table["observed"].tolist() == np.bincount(x).tolist()
    params = np.array(list(FITTED.params.values()))[:, None]
    chances = BetaGeometric(False).counts(params, DRAWN["T"].to_numpy(), 3)
    assert np.allclose(table["expected"][:4], chances.sum(axis=0))
    assert table["expected"].sum() == pytest.approx(len(DRAWN))
    assert (table["low"] <= table["expected"]).all() and (table["expected"] <= table["high"]).all()


@pytest.mark.filterwarnings("ignore::onefold.errors.FitWarning")
def test_p_is_even_where_the_model_is_true():
    rng = np.random.default_rng(8)
    found = []
    for _ in range(60):
        x = FITTED.simulate(DRAWN["T"].to_numpy(), rng=rng)
        found.append(frequency_check(BGNBD().fit(x), level=0.9))
    p = np.array([one.p for one in found])
    assert 0.35 < np.median(p) < 0.65
    assert (p < 0.1).mean() < 0.25
    outside = np.mean([len(one.outside) / 8 for one in found])
    assert 0.06 < outside < 0.15  # 0.1; 0.04 and less with the variance before fitting


def test_a_direction_tells_something_where_fitting_leaves_a_hundredth_of_it():
    scatter = np.array([100.0, 50, 20, 10])
    left = np.array([0.005, 0.02, 0.19, 1])
    off = np.array([1.0, -2, 3, -4])
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    held = _Counted(
        off @ turn.T,
        np.zeros(4),
        (turn * scatter) @ turn.T,
        (turn * (scatter * (1 - left))) @ turn.T,
    )
    statistic, df = held.statistic
    assert df == 3
    assert statistic == pytest.approx((off**2 / (scatter * left))[1:].sum())
    # Of 5 counts that add up fitting takes one direction whole; it leaves 19 % of another.
    assert frequency_check(FITTED, most=4).df == 3


def test_another_model_is_found_out():
    rng = np.random.default_rng(1)
    x = rng.poisson(2.0, 2000)  # all alike: no gamma of rates
    T = np.full(2000, 39.0)
    frame = pd.DataFrame({"frequency": x, "recency": np.where(x > 0, 30.0, 0.0), "T": T})
    with pytest.warns(FitWarning):  # the data don't tell all
        fitted = BGNBD().fit(frame)
    other = frame.assign(frequency=np.where(x == 1, 2, x))
    with pytest.warns(FitWarning):
        worse = BGNBD().fit(other)
    assert frequency_check(worse).p < 1e-6 < frequency_check(fitted).p


def test_a_simulated_p_agrees_and_repeats():
    found = [frequency_check(FITTED, most=4, draws=19, rng=4) for _ in range(2)]
    assert found[0].p == found[1].p and found[0].draws == 19
    assert found[0].p >= 1 / 20
    assert "19 refitted" in repr(found[0])


def test_cdnow_tells_pareto_nbd_from_the_others():
    summary = rfm_summary(cdnow.log(), end=cdnow.SPLIT, time_unit="W")
    p = {type(m): frequency_check(m.fit(summary)).p for m in (BGNBD(), MBGNBD(), ParetoNBD())}
    assert p[BGNBD] > 0.1 and p[MBGNBD] > 0.1 and p[ParetoNBD] < 0.001


def test_whole_periods_too():
    rng = np.random.default_rng(2)
    buy, leave = rng.beta(1.2, 0.75, 800), rng.beta(0.66, 2.8, 800)
    there = np.arange(1, 7) <= np.minimum(rng.geometric(leave) - 1, 6)[:, None]
    bought = there & (rng.random((800, 6)) < buy[:, None])
    last = np.where(bought.any(axis=1), 6 - bought[:, ::-1].argmax(axis=1), 0)
    frame = pd.DataFrame({"frequency": bought.sum(axis=1), "recency": last, "T": 6})
    found = frequency_check(BGBB().fit(frame), most=7)
    assert found.table["expected"].iloc[-1] == pytest.approx(0, abs=1e-6)  # 7 of 6 can't be
    assert found.p > 0.001


def test_covariates_count():
    rng = np.random.default_rng(5)
    club = rng.integers(0, 2, len(DRAWN))
    more = DRAWN.assign(club=club)
    fitted = BGNBD(purchase=["club"]).fit(more)
    found = frequency_check(fitted, most=3)
    assert found.table["expected"].sum() == pytest.approx(len(DRAWN))


def test_many_different_ages_are_put_on_some():
    rng = np.random.default_rng(0)
    T = 27 + 12 * rng.random(9000)
    frame = FITTED.simulate(T, rng=rng)
    fitted = BGNBD().fit(frame)
    table = frequency_check(fitted, most=3).table
    params = np.array(list(fitted.params.values()))[:, None]
    exact = BetaGeometric(False).counts(params, T, 2).sum(axis=0)
    assert np.allclose(table["expected"][:3], exact, rtol=1e-6)
    assert table["expected"].sum() == pytest.approx(9000)


def test_what_is_shown():
    found = frequency_check(FITTED)
    assert "in-sample" in repr(found) and "in-sample" in found._repr_html_()
    assert found.to_pandas() is not found.table


@pytest.mark.parametrize(
    ("bad", "said"), [({"most": 0}, "most"), ({"level": 1.0}, "level"), ({"draws": -1}, "draws")]
)
def test_bad_input(bad, said):
    with pytest.raises(ArgumentError, match=f"frequency_check: {said}"):
        frequency_check(FITTED, **bad)
    with pytest.raises(ArgumentError, match="Fit a model first"):
        frequency_check(BGNBD())
