"""What `rank` refuses, with the name of the argument, what it held and what to do."""

from typing import Any

import numpy as np
import pytest

import onefold as of
from onefold import did, field, trait
from onefold.errors import ArgumentError
from onefold.scoring import Calibration
from onefold.scoring.limits import WITHOUT, limits
from tests.scoring.shops import fitted, simulated

NOTHING: dict[str, Any] = {"n": 5, "at_most": None, "new": 0, "calibrate": None, "stock": None}


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"at_most": 2}, "at_most is 2; it takes columns"),
        ({"at_most": {"category": 0}}, "at_most: 'category' is 0; it takes a whole number"),
        ({"at_most": {"category": True}}, "at_most: 'category' is True"),
        ({"at_most": {"categry": 2}}, "'categry', which is no column.*Did you mean 'category'"),
        ({"at_most": {3: 2}}, "asks for 3, which is no column"),
        ({"new": 6}, "new is 6; it takes a whole number, 0 to 5"),
        ({"new": -1}, "new is -1"),
        ({"new": True}, "new is True"),
        ({"calibrate": 0.5}, "calibrate is 0.5; it takes a column"),
        ({"calibrate": "brand"}, "calibrate asks for 'brand', which is no column"),
        ({"calibrate": Calibration(shares={"no such": 1})}, "shares names 'no such'"),
        ({"stock": ["i00"]}, "stock is \\['i00'\\]; it takes the units left"),
        ({"stock": {"i00": -1}}, "stock: 'i00' is -1"),
        ({"stock": {"i00": 1.5}}, "stock: 'i00' is 1.5"),
        ({"stock": "i00"}, "stock is 'i00'"),
        (
            {"among": did("view")},
            "among is did\\('view'\\), which is no condition on own items yet",
        ),
        (
            {"exclude": trait("recency")},
            "exclude is trait\\('recency'\\), which is no condition on own items",
        ),
        ({"among": field("value") > 3}, "among is .*which is no condition on own items yet"),
        ({"among": 7}, "among is 7; it takes ids of items"),
        ({"exclude": "i00"}, "exclude is 'i00'; it takes ids"),
    ],
)
def test_refusals(how, says) -> None:
    with pytest.raises(ArgumentError, match=f"^(FittedScorer.rank|Calibration): .*{says}"):
        fitted().rank(simulated(), n=5, **how)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"by": ""}, "by"),
        ({"by": 3}, "by"),
        ({"weight": 1.5}, "weight is 1.5"),
        ({"weight": "much"}, "weight"),
        ({"shares": "tea"}, "shares is 'tea'"),
        ({"shares": {}}, "shares is {}"),
        ({"shares": {"tea": -1}}, "shares: 'tea' is -1"),
        ({"shares": {"tea": float("nan")}}, "shares: 'tea' is nan"),
        ({"shares": {"tea": True}}, "shares: 'tea' is True"),
        ({"shares": {"tea": 0}}, "adds up to 0"),
        ({"shares": {3: 1}}, "shares"),
        ({"half_life": "long"}, "half_life"),
    ],
)
def test_calibrations_that_are_refused(how, says) -> None:
    with pytest.raises(ArgumentError, match=f"^Calibration: .*{says}"):
        Calibration(**how)


def test_without_a_catalogue() -> None:
    data = of.datasets.simulate(60, days=90, items=20, rng=2)
    profiles = of.fold(data.log)
    scorer = of.Scorer(segments=None, levels=(of.levels.Everyone(),)).fit(profiles)
    for how in ({"at_most": {"category": 2}}, {"calibrate": "category"}):
        with pytest.raises(ArgumentError, match=r"knows no catalogue\. Fit it on profiles"):
            scorer.rank(profiles, n=5, **how)
    assert not len(scorer.rank(profiles, n=5, new=1, stock={"i00": 2}).short)


def test_nothing_asked_is_no_limit_and_what_is_asked_is_in_codes() -> None:
    scorer = fitted()
    assert not limits(scorer.items, None, **NOTHING, kept={}).any
    asked = NOTHING | {"stock": {"i01": np.int64(2), "no such": 1}}
    made = limits(scorer.items, None, **asked, kept={})
    assert made.any
    assert np.asarray(made.stock).tolist() == [WITHOUT, 2, *[WITHOUT] * 58]
    kept: dict = {}
    shares = Calibration(shares={"category 1": 3})
    asked = NOTHING | {"at_most": {"kind": 1}, "calibrate": shares}
    made = limits(scorer.items, scorer.catalog, **asked, kept=kept)
    assert [(column.name, most) for column, most in made.at_most] == [("kind", 1)]
    assert set(kept) == {("column", "kind"), ("column", "category")}
    choices = scorer.groups.choices(simulated().table, scorer.items, "purchase")
    found = made.shares(choices)
    assert made.calibration is not None
    column = made.calibration[0]
    assert found.shape == (len(choices), column.width)
    assert (found[:, column.vocab.code("category 1")] == 1).all()
    assert (found.sum(axis=1) == 1).all()
