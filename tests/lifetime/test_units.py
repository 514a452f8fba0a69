"""Units of time: lengths in units, and what has no unit."""

import pandas as pd
import pytest

from onefold.errors import ArgumentError
from onefold.lifetime import units


@pytest.mark.parametrize(
    ("length", "unit", "periods"),
    [("8W", "D", 56), ("36h", "D", 1.5), ("14D", "W", 2), ("60min", "h", 1), ("1461D", "Y", 4)],
)
def test_lengths_become_numbers_of_units(length, unit, periods):
    assert units.periods(length, unit, "horizon") == pytest.approx(periods, rel=1e-12)
    assert units.periods(pd.Timedelta(length), unit, "horizon") == pytest.approx(periods)


def test_twelve_months_are_a_year():
    assert units.a_year("M", "x") == pytest.approx(12)
    assert units.a_year("Y", "x") == 1
    with pytest.raises(ArgumentError, match="no meaning"):
        units.a_year(None, "x")


def test_numbers_are_units_already():
    assert units.periods(2, None, "horizon") == 2.0
    with pytest.raises(ArgumentError, match="isn't known"):
        units.periods("2D", None, "horizon")
