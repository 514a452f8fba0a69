"""Intervals: profiles by their definition, and beside Wald's where there are many customers."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2

from onefold.errors import ArgumentError, FitWarning
from onefold.lifetime import BGNBD, likelihood_ratio
from onefold.lifetime.newton import Maximum
from onefold.lifetime.processes.bgnbd import BetaGeometric
from onefold.lifetime.sureness import untold
from tests.lifetime import cdnow
from tests.lifetime.test_models import plain_bgnbd

DRAWN = cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 1500, seed=3)
FIT = BGNBD().fit(DRAWN)


def test_at_the_bounds_the_others_refitted_the_likelihood_has_fallen_by_half_of_chi2():
    table = FIT.intervals(level=0.9).set_index("param")
    logs = np.log(list(FIT.params.values()))
    for i, name in enumerate(FIT.params):
        for bound in (table.loc[name, "low"], table.loc[name, "high"]):
            free = [k for k in range(4) if k != i]

            def held(rest, i=i, free=free, bound=bound):
                whole = np.empty(4)
                whole[free], whole[i] = rest, np.log(bound)
                return plain_bgnbd(whole, DRAWN)

            found = minimize(held, logs[free], method="BFGS")
            assert 2 * (FIT.log_likelihood + found.fun) == pytest.approx(chi2.ppf(0.9, 1), abs=5e-3)


def test_wald_intervals_are_even_on_the_logarithm():
    table = FIT.intervals(method="wald")
    middle = np.sqrt(table["low"].to_numpy() * table["high"].to_numpy())
    assert middle == pytest.approx(table["estimate"].to_numpy())


def test_a_parameter_that_may_be_a_hundred_times_as_large_is_untold():
    few = cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 50, seed=12)
    with pytest.warns(FitWarning, match="don't tell a, b"):
        fit = BGNBD().fit(few)
    logs = np.log(list(fit.params.values()))
    # The information by differences of the likelihood written out: errors of .4, .6, 5.2 and 6.2.
    steps = 0.02 * np.eye(4)
    bend = [
        [
            sum(s * t * plain_bgnbd(logs + s * a + t * b, few) for s in (1, -1) for t in (1, -1))
            for a in steps
        ]
        for b in steps
    ]
    errors = np.sqrt(np.diag(np.linalg.inv(np.array(bend) / (4 * 0.02**2))))
    assert fit.untold == ("a", "b")
    assert (errors[:2] < 1).all() and (errors[2:] > 5).all() and (errors[2:] < 8).all()
    assert np.isinf(fit.intervals()["high"][2:]).all()


@pytest.mark.parametrize(("error", "told"), [(4.9, True), (5.1, False), (9.0, False)])
def test_untold_is_where_the_error_of_a_logarithm_is_above_5(error, told):
    hessian = -np.diag(1 / np.array([0.1, 0.2, error, 0.3]) ** 2)
    there, inside = np.zeros(4), np.zeros(4, dtype=bool)
    found = Maximum(there, -1.0, there, hessian, 5, True, inside)
    assert untold(FIT._design, found) == (() if told else ("a",))


def test_both_methods_agree_where_there_are_many():
    many = cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 60_000, seed=1)
    fit = BGNBD().fit(many)
    profile, wald = fit.intervals(), fit.intervals(method="wald")
    for bound in ("low", "high"):
        assert profile[bound].to_numpy() == pytest.approx(wald[bound].to_numpy(), rel=0.02)
    truth = np.array(cdnow.BGNBD_PARAMS)
    assert ((profile["low"] < truth * 1.03) & (profile["high"] > truth / 1.03)).all()


def test_intervals_that_are_refused():
    with pytest.raises(ArgumentError, match="level is 95"):
        FIT.intervals(level=95)
    with pytest.raises(ArgumentError, match="method is 'bayes'; allowed"):
        FIT.intervals(method="bayes")
    club = DRAWN.assign(club=np.arange(len(DRAWN)) % 2)
    penalised = BGNBD(purchase=["club"], l2=5.0).fit(club)
    with pytest.raises(ArgumentError, match=r"has a penalty \(l2=5\)"):
        penalised.intervals()
    assert len(penalised.intervals(method="wald")) == 5


def test_a_covariate_without_meaning_is_rejected_at_its_rate():
    rng = np.random.default_rng(5)
    small = DRAWN.head(400)
    chances = []
    for _ in range(60):
        noise = small.assign(noise=rng.normal(size=len(small)))
        test = likelihood_ratio(BGNBD().fit(noise), BGNBD(purchase=["noise"]).fit(noise))
        assert "Likelihood-ratio" in test._repr_html_()
        assert test.df == 1
        chances.append(test.p)
    assert 0 <= np.mean(np.array(chances) < 0.05) < 0.17
    assert np.mean(chances) == pytest.approx(0.5, abs=0.15)


def test_tests_that_are_refused():
    club = DRAWN.assign(club=np.arange(len(DRAWN)) % 2, age=np.arange(len(DRAWN)) % 7)
    with_club, with_age = (BGNBD(purchase=[z]).fit(club) for z in ("club", "age"))
    with pytest.raises(ArgumentError, match="must be the same model"):
        likelihood_ratio(with_club, with_age)
    with pytest.raises(ArgumentError, match="must be the same model"):
        likelihood_ratio(with_club, FIT)
    with pytest.raises(ArgumentError, match="different customers"):
        likelihood_ratio(BGNBD().fit(DRAWN.head(1400)), with_club)


def test_the_bootstrap_is_about_as_wide_as_the_profile():
    fit = BGNBD().fit(cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 8000, seed=1))
    drawn = fit.bootstrap(draws=150, rng=1).set_index("name")
    profile = fit.intervals().set_index("param")
    wide = np.log(drawn["high"] / drawn["low"]) / np.log(profile["high"] / profile["low"])
    assert ((wide > 0.6) & (wide < 1.7)).all()
    assert FIT.bootstrap(draws=30, rng=1).equals(FIT.bootstrap(draws=30, rng=1))


def test_the_bootstrap_takes_any_statistic():
    one = {"frequency": 2, "recency": 30.43, "T": 38.86}
    table = FIT.bootstrap(lambda fit: fit.expected_purchases(one, horizon=39), draws=40, rng=1)
    assert table["low"][0] < table["estimate"][0] < table["high"][0]
    named = FIT.bootstrap(lambda fit: {"alive": fit.p_alive(one)}, draws=20, rng=1)
    assert named["name"].tolist() == ["alive"]
    with pytest.raises(ArgumentError, match="draws is 3"):
        FIT.bootstrap(draws=3)
    with pytest.raises(ArgumentError, match="not finite"):
        FIT.bootstrap(lambda fit: np.nan, draws=20)
