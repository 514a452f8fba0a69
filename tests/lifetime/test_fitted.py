"""Fitted models: published examples, units, one customer as in a table, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.errors import ArgumentError
from onefold.lifetime import BGNBD, MBGNBD, ParetoNBD
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.processes.paretonbd import Pareto
from tests.lifetime import cdnow

DRAWN = cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 1500, seed=3)
LEAVING = cdnow.drawn(Pareto(), cdnow.PARETO_PARAMS, 3000, seed=1)
FITS = [model.fit(DRAWN, time_unit="W") for model in (BGNBD(), MBGNBD())]
FITS.append(ParetoNBD().fit(LEAVING, time_unit="W"))
ONE = {"frequency": 2, "recency": 30.43, "T": 38.86}
by_model = pytest.mark.parametrize("fit", FITS, ids=lambda f: type(f.settings).__name__)


@by_model
def test_one_customer_is_a_row_of_a_table(fit):
    table = pd.DataFrame([ONE, {"frequency": 0, "recency": 0, "T": 10}])
    for ask in (
        fit.p_alive,
        lambda c: fit.expected_purchases(c, horizon=39),
        lambda c: fit.discounted_purchases(c, discount=0.15),
        lambda c: fit.discounted_purchases(c, discount=0.15, horizon="1D"),
    ):
        several, one = ask(table), ask(ONE)
        assert isinstance(one, float) and several.shape == (2,)
        assert several[0] == pytest.approx(one, rel=1e-9)


@by_model
def test_heavy_buyers_are_finite(fit):
    chances = fit.p_alive(cdnow.HEAVY)
    assert ((chances > 0) & (chances < 1)).all()
    many = fit.expected_purchases(cdnow.HEAVY, horizon=10)
    assert (many > 5).all() and (many < 30).all()
    for_ever = fit.discounted_purchases(cdnow.HEAVY)
    assert np.isfinite(for_ever).all() and (for_ever > many).all()


@by_model
def test_expectations_grow_with_the_horizon_and_discounts_shrink_them(fit):
    within = [fit.expected_purchases(ONE, horizon=h) for h in (1, 10, 39, 1000)]
    assert within == sorted(within) and within[0] > 0
    undiscounted = fit.discounted_purchases(ONE, horizon=39, discount=0)
    assert undiscounted == pytest.approx(within[2], rel=1e-8)
    rates = [fit.discounted_purchases(ONE, discount=d) for d in (0.05, 0.15, 0.5, 3.0)]
    assert rates == sorted(rates, reverse=True)
    far = fit.discounted_purchases(ONE, discount=0.15, horizon="100000D")
    assert far == pytest.approx(rates[1], rel=1e-6)


@by_model
def test_what_is_expected_of_everybody_is_what_a_newcomer_brings(fit):
    """E[Y(t) | history] over histories of length T is E[X(T + t)] - E[X(T)]."""
    past = fit.simulate(np.full(400_000, 20.0), rng=1)
    later = fit.expected_purchases(past, horizon=15).mean()
    both = fit.expected_purchases_new_customer([20, 35])
    assert later == pytest.approx(both[1] - both[0], rel=0.02)
    assert past["frequency"].mean() == pytest.approx(both[0], rel=0.02)


@by_model
def test_a_longer_silence_means_less(fit):
    silent = pd.DataFrame({"frequency": 5, "recency": np.linspace(5, 38, 12), "T": 38.86})
    chances = fit.p_alive(silent)
    assert (np.diff(chances) > 0).all()


def test_horizons_and_discounts_have_units():
    fit, bare = FITS[0], BGNBD().fit(DRAWN)
    weeks = fit.expected_purchases(ONE, horizon=39)
    assert fit.expected_purchases(ONE, horizon="273D") == pytest.approx(weeks, rel=1e-12)
    assert fit.expected_purchases(ONE, horizon=pd.Timedelta(weeks=39)) == pytest.approx(weeks)
    with pytest.raises(ArgumentError, match="isn't known what one unit of T is"):
        bare.expected_purchases(ONE, horizon="273D")
    with pytest.raises(ArgumentError, match="a rate a year has no meaning"):
        bare.discounted_purchases(ONE)


@pytest.mark.parametrize("horizon", [0, -1, np.nan, np.inf, True, "soon", None])
def test_horizons_that_are_not_allowed(horizon):
    with pytest.raises(ArgumentError, match="horizon"):
        FITS[0].expected_purchases(ONE, horizon=horizon)


@pytest.mark.parametrize("discount", [-0.1, np.nan, np.inf, True, "10%", None])
def test_discounts_that_are_not_allowed(discount):
    with pytest.raises(ArgumentError, match="discount"):
        FITS[0].discounted_purchases(ONE, discount=discount)
    with pytest.raises(ArgumentError, match="may have no end"):
        FITS[0].discounted_purchases(ONE, discount=0)


def test_the_repr_says_what_was_fitted():
    said = repr(FITS[0])
    assert said.startswith("BGNBD of 1,500 customers, in weeks: log likelihood -")
    assert "standard error" in said and "alpha" in FITS[0]._repr_html_()


def test_it_is_saved_with_all_it_knows(tmp_path):
    of.save(FITS[2], tmp_path / "fit.onefold")
    again = of.load(tmp_path / "fit.onefold")
    assert again == FITS[2] and again != FITS[0]
    assert again.intervals().equals(FITS[2].intervals())
    assert again.expected_purchases(ONE, horizon="39W") == FITS[2].expected_purchases(
        ONE, horizon="39W"
    )


def test_covariates_are_asked_for():
    club = DRAWN.assign(club=np.arange(len(DRAWN)) % 2)
    fit = BGNBD(purchase=["club"]).fit(club, time_unit="W")
    with pytest.raises(ArgumentError, match="club"):
        fit.p_alive(ONE)
    with pytest.raises(ArgumentError, match=r"covariates is None; this model has club"):
        fit.expected_purchases_new_customer(10)
    members = [fit.expected_purchases_new_customer(10, covariates={"club": c}) for c in (0, 1)]
    assert (members[1] > members[0]) == (fit.params["alpha:club"] > 0)
