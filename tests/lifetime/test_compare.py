"""The likelihood-ratio test: only of the same customers with the same covariates."""

import numpy as np
import pytest

from onefold.errors import ArgumentError
from onefold.lifetime import BGNBD, likelihood_ratio
from onefold.lifetime.processes.bgnbd import BetaGeometric
from tests.lifetime import cdnow

DRAWN = cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, 1500, seed=3)
RNG = np.random.default_rng(1)
WHO = DRAWN.assign(club=RNG.integers(0, 2, len(DRAWN)), age=2000 + RNG.normal(0, 1, len(DRAWN)))
LARGER = BGNBD(purchase=["club", "age"]).fit(WHO)


def test_the_same_covariates_are_compared():
    test = likelihood_ratio(BGNBD(purchase=["club"]).fit(WHO), LARGER)
    assert test.df == 1 and 0 <= test.p <= 1
    shuffled = WHO.sample(frac=1.0, random_state=1)
    again = likelihood_ratio(BGNBD(purchase=["age"]).fit(shuffled), LARGER)
    assert again.df == 1


@pytest.mark.parametrize("name", ["club", "age"])
def test_covariates_that_differ_are_refused(name):
    other = WHO.assign(**{name: np.roll(WHO[name], 1)})  # the same numbers, of other customers
    with pytest.raises(ArgumentError, match=f"covariate '{name}' holds other numbers"):
        likelihood_ratio(BGNBD(purchase=[name]).fit(other), LARGER)


def test_one_customer_who_differs_is_enough():
    club = WHO["club"].copy()
    club.iloc[7] = 1 - club.iloc[7]
    with pytest.raises(ArgumentError, match="covariate 'club'"):
        likelihood_ratio(BGNBD(purchase=["club"]).fit(WHO.assign(club=club)), LARGER)
