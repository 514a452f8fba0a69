"""The holdout check: the field's figures, brute force, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

from onefold.errors import ArgumentError, ColumnError
from onefold.lifetime import BGNBD, ParetoNBD, rfm_holdout
from onefold.lifetime.checking.holdout import _with, holdout_check
from onefold.lifetime.processes.bgnbd import BetaGeometric
from tests.lifetime import cdnow


def table(n: int = 1500) -> pd.DataFrame:
    """Customers of the model, with a holdout that has something to do with them."""
    frame = cdnow.drawn(BetaGeometric(False), cdnow.BGNBD_PARAMS, n, seed=3)
    rng = np.random.default_rng(1)
    made = rng.poisson(0.7 * frame["frequency"] + 0.1)
    return frame.assign(frequency_holdout=made, duration_holdout=39.0)


FRAME = table()
FITTED = BGNBD().fit(FRAME, time_unit="W")


@pytest.mark.parametrize(
    ("model", "correlation", "error", "total"),
    [(BGNBD(), 0.6256, 0.786, -0.12), (ParetoNBD(), 0.6302, 0.755, -0.115)],
)
def test_cdnow_gives_the_figures_of_the_field(model, correlation, error, total):
    held = rfm_holdout(cdnow.log(), split=cdnow.SPLIT, end="1998-07-01", time_unit="W")
    found = holdout_check(model.fit(held), held, rng=0)
    metrics = found.table.set_index("metric")
    assert found.n == 2357 and found.actual == 1882 and found.same
    assert metrics.loc["correlation", "model"] == pytest.approx(correlation, abs=5e-4)
    assert metrics.loc["mean absolute error", "model"] == pytest.approx(error, abs=1e-3)
    assert metrics.loc["expected / actual total", "model"] - 1 == pytest.approx(total, abs=5e-3)
    assert metrics.loc["correlation", "naive"] == pytest.approx(0.584, abs=5e-4)
    assert metrics.loc["mean absolute error", "naive"] == pytest.approx(1.02, abs=5e-3)
    assert metrics.loc["expected / actual total", "naive"] == pytest.approx(1.56, abs=5e-3)
    assert (found.table["shown"] == "better").all()


def test_figures_are_those_of_plain_sums():
    found = holdout_check(FITTED, FRAME, most=3)
    made = FRAME["frequency_holdout"].to_numpy()
    guesses = {
        "model": FITTED.expected_purchases(FRAME, horizon=39),
        "naive": (FRAME["frequency"] / FRAME["T"] * 39).to_numpy(),
    }
    for who, guess in guesses.items():
        plain = [
            np.corrcoef(guess, made)[0, 1],
            np.abs(guess - made).mean(),
            np.sqrt(((guess - made) ** 2).mean()),
            guess.sum() / made.sum(),
        ]
        assert np.allclose(found.table[who], plain)
    less = holdout_check(FITTED, FRAME.assign(frequency_holdout=made * 50))
    off = 1 - less.table[["model", "naive"]].iloc[3]  # both too few: distances from 1
    assert (off > 0).all()
    assert less.table["difference"][3] == pytest.approx(off["model"] - off["naive"])
    bins = np.minimum(FRAME["frequency"], 3).astype(int)
    means = FRAME.assign(bins=bins).groupby("bins")["frequency_holdout"].mean()
    assert np.allclose(found.by_frequency["actual"], means)
    assert found.by_frequency["customers"].sum() == len(FRAME)
    low, high = found.table["low"], found.table["high"]
    assert ((low <= found.table["difference"]) & (found.table["difference"] <= high)).all()


def test_intervals_are_as_wide_as_means_say():
    found = holdout_check(FITTED, FRAME, rng=1)
    made = FRAME["frequency_holdout"].to_numpy()
    off = np.abs(FITTED.expected_purchases(FRAME, horizon=39) - made)
    row = found.table.set_index("metric").loc["mean absolute error"]
    wide = 2 * 1.96 * off.std() / np.sqrt(len(off))
    assert row["model_high"] - row["model_low"] == pytest.approx(wide, rel=0.1)


def test_many_customers_in_groups_have_the_same_intervals(monkeypatch):
    many = pd.concat([FRAME] * 4, ignore_index=True)
    fitted = BGNBD().fit(many, time_unit="W")
    one = holdout_check(fitted, many, rng=1).table
    monkeypatch.setattr("onefold.lifetime.checking.foresight.GROUPS", 1000)
    grouped = holdout_check(fitted, many, rng=1)
    assert "1,000 random groups" in grouped.method
    two = grouped.table
    assert np.allclose(one["model"], two["model"]) and (one["shown"] == two["shown"]).all()
    wide = [t["model_high"] - t["model_low"] for t in (one, two)]
    assert np.allclose(wide[0], wide[1], rtol=0.15)


def test_each_duration_is_its_own():
    halves = FRAME.assign(duration_holdout=np.where(np.arange(len(FRAME)) % 2, 39.0, 20.0))
    found = holdout_check(FITTED, halves)
    each = [
        FITTED.expected_purchases(FRAME[i::2], horizon=time).sum()
        for i, time in enumerate((20.0, 39.0))
    ]
    assert found.expected == pytest.approx(sum(each))


def test_no_purchases_after_the_split():
    nobody = FRAME.assign(frequency_holdout=0)
    found = holdout_check(FITTED, nobody)
    assert found.actual == 0 and np.isnan(found.table["model"][0])
    assert found.table["shown"][0] == "not shown" == found.table["shown"][3]
    assert "no data" in repr(found)
    assert "distances from 1" in repr(found) and "distances from 1" in found._repr_html_()


def test_a_model_of_other_rows_is_refused_unless_meant():
    with pytest.raises(ArgumentError, match=r"other_customers=True"):
        holdout_check(FITTED, FRAME[:1000])
    late = BGNBD().fit(FRAME.assign(T=FRAME["T"] + 10), time_unit="W")
    with pytest.raises(ArgumentError, match="can't know what came"):
        holdout_check(late, FRAME)
    found = holdout_check(FITTED, FRAME[:1000], other_customers=True)
    assert not found.same and "other than" in repr(found)


def test_bad_input():
    with pytest.raises(ColumnError, match="rfm_holdout"):
        holdout_check(FITTED, FRAME.drop(columns="frequency_holdout"))
    with pytest.raises(ColumnError, match=r"frequency_holdout holds 0.5 in row 0"):
        holdout_check(FITTED, FRAME.assign(frequency_holdout=0.5))
    with pytest.raises(ColumnError, match="duration_holdout holds 0 in row 0"):
        holdout_check(FITTED, FRAME.assign(duration_holdout=0))
    with pytest.raises(ArgumentError, match="draws"):
        holdout_check(FITTED, FRAME, draws=5)
    with pytest.raises(ArgumentError, match="one customer"):
        holdout_check(FITTED, FRAME.iloc[0].to_dict())
    with pytest.raises(ArgumentError, match="Fit a model first"):
        holdout_check(FRAME, FRAME)


def test_units_must_agree():
    import onefold as of

    log = of.EventLog.from_events(
        of.Event(f"c{i}", "purchase", f"2024-0{month}-03") for i in range(5) for month in (1, 3, 5)
    )
    held = rfm_holdout(log, split="2024-04-01", end="2024-06-01")
    with pytest.raises(ArgumentError, match=r"in days and the model in weeks.*time_unit='W'"):
        holdout_check(FITTED, held)


def test_an_estimate_has_the_decimals_of_its_interval():
    assert _with(1.6249, 1.449, 1.845) == "1.62 [1.45, 1.84]"
    assert _with(0.684, 0.605, 0.751) == "0.684 [0.605, 0.751]"
    assert _with(12.42, 8.0, 1203.3) == "12.4 [8.0, 1,203.3]"
    assert _with(0.0, 0.0, 0.25) == "0.000 [0.000, 0.250]"
    assert _with(1.0, np.nan, np.nan) == "1"
    assert _with(0.04, -0.01, 0.09, "+") == "+0.040 [-0.010, +0.090]"


def test_a_column_that_is_missing_is_called_by_its_meaning():
    with pytest.raises(ColumnError, match=r"no column 'duration_holdout' \(how long the holdout"):
        holdout_check(FITTED, FRAME.drop(columns="duration_holdout"))
    with pytest.raises(ColumnError, match=r"every customer \(how long the holdout is\)"):
        holdout_check(FITTED, FRAME.assign(duration_holdout=np.nan))
