"""Models: the published parameters, another maximiser's maximum, and what can't be fitted."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from onefold.errors import ArgumentError, ColumnError, FitWarning
from onefold.lifetime import BGBB, BGNBD, MBGNBD, ParetoNBD, rfm_summary
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.processes.paretonbd import Pareto
from tests.lifetime import cdnow

DRAWN = cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 1500, seed=3)
LEAVING = cdnow.drawn(Pareto(), cdnow.PARETO_PARAMS, 3000, seed=1)
MODELS = (BGNBD(), MBGNBD(), ParetoNBD())
OF = {BGNBD(): DRAWN, MBGNBD(): DRAWN, ParetoNBD(): LEAVING}
# Half a unit of the last published digit.
PUBLISHED = {
    BGNBD(): ({"r": (0.2426, 5e-5), "alpha": (4.4136, 5e-5), "a": (0.7929, 5e-5),
               "b": (2.4259, 5e-5)}, (-9582.429, 5e-4)),
    MBGNBD(): ({"r": (0.525, 5e-4), "alpha": (6.183, 5e-4), "a": (0.891, 5e-4),
                "b": (1.614, 5e-4)}, (-9582.136, 5e-4)),
    ParetoNBD(): ({"r": (0.553, 5e-4), "alpha": (10.577, 1.5e-3), "s": (0.606, 5e-4),
                   "beta": (11.67, 5e-3)}, (-9594.976, 5e-4)),
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_cdnow_gives_what_is_published(model):
    fitted = model.fit(rfm_summary(cdnow.log(), end=cdnow.SPLIT, time_unit="W"))
    params, (likelihood, half) = PUBLISHED[model]
    for letter, (value, within) in params.items():
        assert abs(fitted.params[letter] - value) <= within, letter
    assert abs(fitted.log_likelihood - likelihood) <= half
    assert fitted.converged and not fitted.untold and fitted.n == 2357


def test_cdnow_gives_the_published_standard_errors_of_pareto_nbd():
    fitted = ParetoNBD().fit(rfm_summary(cdnow.log(), end=cdnow.SPLIT, time_unit="W"))
    for letter, value, half in [
        ("r", 0.0476, 5e-5), ("alpha", 0.843, 5e-4), ("s", 0.187, 5e-4), ("beta", 6.211, 5e-4)
    ]:  # fmt: skip
        assert abs(fitted.standard_errors[letter] - value) <= half, letter


def plain_bgnbd(logs, frame):
    """Equation 6 of Fader, Hardie and Lee 2005, written down as it stands."""
    r, alpha, a, b = np.exp(logs)
    x, t_x, T = (frame[c].to_numpy() for c in ("frequency", "recency", "T"))
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    here = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
    left = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return -np.sum(common + np.logaddexp(here, np.where(x > 0, left, -np.inf)))


def test_another_maximiser_finds_the_same_maximum():
    fitted = BGNBD().fit(DRAWN)
    other = minimize(plain_bgnbd, np.zeros(4), args=(DRAWN,), method="Nelder-Mead",
                     options={"maxiter": 4000, "fatol": 1e-9, "xatol": 1e-7})  # fmt: skip
    assert fitted.log_likelihood == pytest.approx(-other.fun, abs=1e-6)
    assert list(fitted.params.values()) == pytest.approx(np.exp(other.x), rel=1e-3)


def test_the_order_of_customers_changes_nothing():
    shuffled = DRAWN.sample(frac=1, random_state=1)
    assert BGNBD().fit(shuffled).params == BGNBD().fit(DRAWN).params


def test_doubling_everybody_halves_the_variances():
    one, two = BGNBD().fit(DRAWN), BGNBD().fit(pd.concat([DRAWN, DRAWN], ignore_index=True))
    assert list(two.params.values()) == pytest.approx(list(one.params.values()), rel=1e-6)
    ratio = np.diag(one.covariance) / np.diag(two.covariance)
    assert ratio == pytest.approx(np.full(4, 2.0), rel=1e-5)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_the_unit_of_time_is_a_matter_of_taste(model):
    drawn = OF[model]
    weeks = model.fit(drawn, time_unit="W")
    days = model.fit(drawn.assign(recency=drawn["recency"] * 7, T=drawn["T"] * 7), time_unit="D")
    scaled = {"alpha": 7.0, "beta": 7.0}
    for letter, value in weeks.params.items():
        assert days.params[letter] == pytest.approx(scaled.get(letter, 1.0) * value, rel=1e-5)
    one = {"frequency": 2, "recency": 20.0, "T": 30.0}
    same = {"frequency": 2, "recency": 140.0, "T": 210.0}
    expected = weeks.expected_purchases(one, horizon="70D")
    assert days.expected_purchases(same, horizon=70) == pytest.approx(expected, rel=1e-6)


def test_nobody_who_bought_again_is_refused():
    once = DRAWN.assign(frequency=0, recency=0.0)
    for model in (*MODELS, BGBB()):
        with pytest.raises(ArgumentError, match=r"fit: nobody of 1,500 customers bought again"):
            model.fit(once.assign(T=once["T"].round()))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_three_customers_are_fitted_and_what_they_don_t_tell_is_said(model):
    three = pd.DataFrame({"frequency": [0, 2, 1], "recency": [0, 20, 4], "T": [39.0, 38, 30]})
    with pytest.warns(FitWarning, match="the data don't tell"):
        fitted = model.fit(three)
    assert fitted.untold
    assert all(np.isinf(fitted.standard_errors[name]) for name in fitted.untold)
    assert not np.isnan(list(fitted.standard_errors.values())).any()
    chances = fitted.p_alive(three)
    assert ((chances > 0) & (chances <= 1)).all()


def test_a_maximum_is_never_below_its_start_and_fits_are_quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for model in MODELS:
            assert model.fit(OF[model]).steps < 30


def test_arguments_that_are_not_allowed():
    with pytest.raises(ArgumentError, match=r"BGNBD: purchase is 'age'; it takes a list"):
        BGNBD(purchase="age")
    with pytest.raises(ArgumentError, match=r"BGNBD: dropout holds 'T'"):
        BGNBD(dropout=["T"])
    with pytest.raises(ArgumentError, match=r"ParetoNBD: l2 is -1"):
        ParetoNBD(l2=-1)
    with pytest.raises(ArgumentError, match=r"time_unit is 'weeks'; write 'W' for weeks"):
        BGNBD().fit(DRAWN, time_unit="weeks")
    with pytest.raises(ArgumentError, match=r"time_unit is 'fortnight'; allowed"):
        BGNBD().fit(DRAWN, time_unit="fortnight")
    with pytest.raises(ColumnError, match=r"'age'"):
        BGNBD(purchase=["age"]).fit(DRAWN)
    with pytest.raises(ArgumentError, match=r"covariate 'age' is 30 for everybody"):
        BGNBD(purchase=["age"]).fit(DRAWN.assign(age=30))
    twice = DRAWN.assign(age=DRAWN["T"] * 2, older=DRAWN["T"] * 4 + 1)
    with pytest.raises(ArgumentError, match=r"'age', 'older' one follows from the others"):
        BGNBD(purchase=["age"], dropout=["older"]).fit(twice)
    with pytest.raises(ArgumentError, match=r"BGBB.fit: recency holds .* whole"):
        BGBB().fit(DRAWN)
    with pytest.raises(ArgumentError, match=r"summary is one customer"):
        BGNBD().fit({"frequency": 2, "recency": 20, "T": 30})


def test_a_warning_points_at_the_line_that_asked():
    three = pd.DataFrame({"frequency": [0, 2, 1], "recency": [0, 20, 4], "T": [39.0, 38, 30]})
    with pytest.warns(FitWarning) as caught:
        BGNBD().fit(three)
    assert caught[0].filename == __file__


def test_covariates_of_any_size_are_fitted():
    even = (np.arange(len(DRAWN)) % 2).astype(float)
    large = BGNBD(purchase=["z"]).fit(DRAWN.assign(z=even))
    small = BGNBD(purchase=["z"]).fit(DRAWN.assign(z=1e-12 * (even - 0.5)))
    assert small.log_likelihood == pytest.approx(large.log_likelihood)
    assert small.params["alpha:z"] == pytest.approx(1e12 * large.params["alpha:z"], rel=1e-4)
    for same in (0.0, 0.1, -1e-12, 2021.0):
        with pytest.raises(ArgumentError, match=r"'z' is .* for everybody, so it tells nothing"):
            BGNBD(purchase=["z"]).fit(DRAWN.assign(z=same))
