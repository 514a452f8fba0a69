"""Fitted models: published examples, units, one customer as in a table, and what is refused."""

import warnings
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.errors import ArgumentError, FitWarning
from onefold.lifetime import BGBB, BGNBD, MBGNBD, ParetoNBD
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


@pytest.mark.parametrize("horizon", [2**70, 10**400, 1e16])
def test_horizons_beyond_all_measure(horizon):
    with pytest.raises(ArgumentError, match=r"horizon is .* at most 1e\+15"):
        FITS[0].expected_purchases(ONE, horizon=horizon)


@pytest.mark.parametrize("T", ["a", "12", ["3"], {"T": 3}, object(), [None], np.inf, 2**70, True])
def test_simulated_times_that_are_not_allowed(T):
    with pytest.raises(ArgumentError, match=r"BGNBD.simulate: T holds .*; it takes finite numbers"):
        FITS[0].simulate(T, rng=1)


def test_opportunities_have_a_largest_number():
    few = pd.DataFrame({"frequency": [0, 1, 2, 1, 4], "recency": [0, 2, 5, 6, 6], "T": [6] * 5})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)  # five customers don't tell all letters
        fit = BGBB().fit(few)
    one = {"frequency": 1, "recency": 2, "T": 100_000}
    assert 0 <= fit.p_alive(one) < 1e-3
    for long in (100_001, 1e7, 1e12):
        for asked in (
            lambda long=long: BGBB().fit(few.assign(T=long)),
            lambda long=long: fit.p_alive({**one, "T": long}),
            lambda long=long: fit.simulate([long]),
            lambda long=long: fit.expected_purchases(one, horizon=long),
            lambda long=long: fit.expected_purchases_new_customer([5, long]),
        ):
            with pytest.raises(ArgumentError, match="this model takes at most 100,000"):
                asked()
    assert FITS[0].p_alive({**one, "T": 1e7}) >= 0  # of whole time there is no end


def test_a_fit_is_a_value_that_nobody_writes_to():
    fit = FITS[0]
    arrays = [getattr(fit._rows, name) for name in ("x", "t_x", "T", "weight", "counts", "place")]
    with_club = BGNBD(purchase=["club"]).fit(DRAWN.assign(club=DRAWN["T"] % 2 > 1))
    for array in (*arrays, *with_club._rows.z.values(), fit._theta, fit._covariance):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    design = with_club._design
    held: tuple[Any, ...] = (design.acts, design.centre, design.scale, with_club._rows.z)
    for mapping in held:
        with pytest.raises(TypeError):
            mapping["club"] = 1.0


def test_fits_are_equal_by_all_that_they_know():
    fit = FITS[0]
    assert fit == BGNBD().fit(DRAWN, time_unit="W") and (fit == attrs.evolve(fit)) is True
    weight = fit._rows.weight[::-1].copy()
    for change in (
        {"process": BetaGeometric(True)},
        {"untold": ("a",)},
        {"converged": False},
        {"steps": 99},
        {"time_unit": "D"},
        {"theta": fit._theta + 1e-9},
        {"rows": fit._rows.weighted(weight)},
        {"rows": attrs.evolve(fit._rows, z={"club": fit._rows.x})},
    ):
        assert (fit == attrs.evolve(fit, **change)) is False, change


def test_covariates_far_from_0_are_warned_of_and_foreseen():
    rng = np.random.default_rng(3)
    year = rng.integers(2019, 2024, 600).astype(float)
    x = rng.poisson(rng.gamma(2, 2.5, 600) * np.exp(0.9 * (year - 2021))).astype(float)
    recency = np.where(x > 0, rng.uniform(5, 50, 600), 0)
    who = pd.DataFrame({"frequency": x, "recency": recency, "T": 50.0, "year": year})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = BGNBD(purchase=["year"]).fit(who)
        near = BGNBD(purchase=["year"]).fit(who.assign(year=year - 2021))
    said = [str(one.message) for one in caught if "far from 0" in str(one.message)]
    assert len(said) == 1 and "'year' (mean 2" in said[0] and "Subtract a round number" in said[0]
    assert fit.params["alpha"] == np.inf and np.isfinite(near.params["alpha"])
    assert fit.expected_purchases(who, horizon=5) == pytest.approx(
        near.expected_purchases(who.assign(year=year - 2021), horizon=5)
    )
    assert len(fit.intervals(method="wald")) == len(fit.params) and "inf" in repr(fit)
    with pytest.raises(ArgumentError, match=r"BGNBD\.bootstrap: covariates lie far from 0: 'year'"):
        fit.bootstrap(rng=1)
    of_year = {"frequency": 2, "recency": 30, "T": 50, "year": 2021}
    drawn = fit.bootstrap(lambda f: f.expected_purchases(of_year, horizon=5), draws=20, rng=1)
    assert drawn["low"][0] <= drawn["high"][0]
