import numpy as np
import pandas as pd
import pytest

from onefold import ValueTiers, fold
from onefold.errors import BeyondKept
from onefold.segments.worth import Bought, bought, refitted, value_of
from onefold.testing import check_trait
from tests.segments.shoppers import SPLIT, shoppers


def test_bought_keeps_the_contract_of_traits():
    check_trait(Bought("purchase", "D"))


def test_bought_is_the_summary():
    from onefold.lifetime import rfm_summary

    people = fold(shoppers(80, 3)).at(SPLIT)
    found = bought(people.table, "purchase", "D")
    expected = rfm_summary(people).to_pandas()
    columns = ["frequency", "recency", "T", "monetary"]
    assert np.array_equal(found[columns], expected[columns], equal_nan=True)


def test_events_that_were_let_go_are_missed():
    people = fold(shoppers(80, 3), keep="30D")
    with pytest.raises(BeyondKept):
        bought(people.table, "purchase", "D")


def test_draws_that_can_not_be_fitted_are_left_out():
    """One of twelve bought again: in about (11/12)^12 of all draws nobody did."""
    frame = pd.DataFrame(
        {"frequency": [0.0] * 11 + [3.0], "recency": [0.0] * 11 + [20.0], "T": 40.0}
    ).assign(monetary=[np.nan] * 11 + [30.0])
    drawn = list(refitted(ValueTiers(), frame, 30, np.random.default_rng(1)))
    assert 0 < len(drawn) < 30
    assert all(len(values) == 12 and np.isfinite(values).all() for values in drawn)


def test_the_customers_drawn_are_valued_by_models_fitted_on_them():
    people = fold(shoppers(150, 3)).at(SPLIT)
    frame = bought(people.table, "purchase", "D")
    (found,) = refitted(ValueTiers(), frame, 1, np.random.default_rng(4))
    some = frame.iloc[np.random.default_rng(4).integers(len(frame), size=len(frame))]
    expected = value_of(ValueTiers(), some.reset_index(drop=True)).table(some)["lifetime_value"]
    assert found == pytest.approx(expected.to_numpy())
