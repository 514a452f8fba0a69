"""Covariates far from 0: which are named, and of which letters."""

import numpy as np

from onefold.lifetime.faraway import faraway
from onefold.lifetime.fitting import Design

ACTS = {"alpha": (("year", "club"), -1), "a": (("club",), 1)}
DESIGN = Design(("r", "alpha", "a"), ACTS, {"year": 2021.0, "club": 0.2}, {"year": 1.4, "club": 1})


def test_those_far_away_are_named():
    for value in (0.0, np.inf):
        said = faraway(DESIGN, {"r": 1.0, "alpha": value, "a": 2.0})
        assert "'year' (mean 2021)" in said and "there alpha is 0 or infinite" in said
        assert "club" not in said


def test_where_all_letters_are_numbers_nothing_is_said():
    assert faraway(DESIGN, {"r": 1e-200, "alpha": 1e300, "a": 2.0}) == ""


def test_a_letter_without_covariates_is_no_matter_of_theirs():
    assert faraway(DESIGN, {"r": 0.0, "alpha": 1.0, "a": 2.0}) == ""
    assert "club" in faraway(DESIGN, {"r": 1.0, "alpha": 1.0, "a": np.inf})
