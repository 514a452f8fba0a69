"""Tracking: sums agree with the summary, intervals cover, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.errors import ArgumentError
from onefold.lifetime import BGBB, BGNBD, rfm_holdout
from onefold.lifetime.checking.tracking import tracking
from tests.lifetime import cdnow

SPLIT, END = "2024-07-01", "2024-12-30"


def shop(n: int = 2000, seed: int = 3) -> of.EventLog:
    """Customers who begin in 13 weeks and buy as those of CDNOW do, by BG/NBD in days."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = cdnow.BGNBD_PARAMS
    begin = rng.integers(0, 91, n)
    many = rng.poisson(rng.gamma(r, 1 / (7 * alpha), n) * 364)
    who = np.repeat(np.arange(n), many)
    later = rng.random(len(who)) * 364
    later = later[np.lexsort((later, who))]
    number = 1 + np.arange(len(who)) - np.repeat(np.cumsum(many) - many, many)
    kept = number <= rng.geometric(rng.beta(a, b, n).clip(1e-9))[who]
    days = np.concatenate([begin, begin[who[kept]] + np.floor(later[kept]).astype(int)])
    frame = pd.DataFrame({"customer": np.concatenate([np.arange(n), who[kept]]).astype(str)})
    frame["time"] = np.datetime64("2024-01-01", "us") + days.astype("timedelta64[D]")
    frame = frame[frame["time"] < np.datetime64(END)].assign(event="purchase")
    return of.EventLog.from_frame(frame, customer="customer", time="time", event="event", tz="UTC")


LOG = shop()
HELD = rfm_holdout(LOG, split=SPLIT, end=END, time_unit="W")
FITTED = BGNBD().fit(HELD)


@pytest.mark.parametrize("period", ["D", "W", "M"])
def test_sums_are_those_of_the_summary(period):
    found = tracking(FITTED, LOG, split=SPLIT, end=END, period=period)
    t, totals = found.table, found.totals.set_index("part")
    assert totals.loc["calibration", "actual"] == HELD["frequency"].sum()
    if found.left_out == 0:
        assert totals.loc["holdout", "actual"] == HELD["frequency_holdout"].sum()
    assert (t["begin"][t["part"] == "holdout"].iloc[0]) == pd.Timestamp(SPLIT)
    assert (t["end"][:-1].to_numpy() == t["begin"][1:].to_numpy()).all()
    assert found.n == len(HELD) and found.same
    expected = FITTED.expected_purchases_new_customer(HELD["T"][HELD["T"] > 0]).sum()
    assert totals.loc["calibration", "expected"] == pytest.approx(expected)
    for name in ("actual", "expected"):
        assert np.allclose(t[f"cumulative_{name}"], t[name].cumsum())
    assert (t["low"] <= t["expected"]).all() and (t["high"] >= t["expected"]).all()
    assert t["low"].notna().all()


def test_the_log_and_its_profiles_are_the_same():
    one = tracking(FITTED, LOG, split=SPLIT, end=END)
    two = tracking(FITTED, of.fold(LOG, (), as_of=END), split=SPLIT)
    pd.testing.assert_frame_equal(one.table, two.table)


def test_every_visit_by_itself():
    held = rfm_holdout(LOG, split=SPLIT, end=END, time_unit="W", collapse=None)
    found = tracking(BGNBD().fit(held), LOG, split=SPLIT, end=END, collapse=None)
    assert found.totals["actual"].tolist() == [
        held["frequency"].sum(), held["frequency_holdout"].sum()
    ]  # fmt: skip
    assert found.table["cumulative_expected"].is_monotonic_increasing


@pytest.mark.slow
def test_intervals_cover_what_the_model_draws():
    inside = []
    for seed in range(60):
        log = shop(seed=100 + seed)
        held = rfm_holdout(log, split=SPLIT, end=END, time_unit="W")
        totals = tracking(BGNBD().fit(held), log, split=SPLIT, end=END, level=0.8).totals
        inside.append((totals["low"] <= totals["actual"]) & (totals["actual"] <= totals["high"]))
    share = np.mean(inside, axis=0)
    assert (share > 0.62).all() and (share < 0.95).all()


def test_whole_periods():
    held = rfm_holdout(LOG, split=SPLIT, end=END, time_unit="W", collapse="W")
    fitted = BGBB().fit(held)
    found = tracking(fitted, LOG, split=SPLIT, end=END, collapse="W")
    assert found.totals["actual"].tolist() == [
        held["frequency"].sum(), held["frequency_holdout"].sum()
    ]  # fmt: skip
    assert found.table["low"].notna().all()


def test_cdnow():
    log = cdnow.log()
    held = rfm_holdout(log, split=cdnow.SPLIT, end="1998-07-01", time_unit="W")
    found = tracking(BGNBD().fit(held), log, split=cdnow.SPLIT, end="1998-07-01")
    assert found.totals["periods"].tolist() == [39, 39]
    assert found.totals["actual"].tolist() == [2457, 1882]
    assert found.totals["expected"].tolist() == pytest.approx([2494, 1667], abs=1)
    # The spread of the same by 300 sets drawn from the model and refitted: 22.8 and 109.6.
    wide = (found.totals["high"] - found.totals["low"]) / (2 * 1.96)
    assert wide.tolist() == pytest.approx([22.8, 109.6], rel=0.12)


def test_what_the_model_did_not_see_is_asked_for():
    with pytest.raises(ArgumentError, match="Give the split, start"):
        tracking(FITTED, LOG, split="2024-08-01", end=END)
    with pytest.raises(ArgumentError, match="or others than those"):
        tracking(FITTED, LOG, end=END)
    found = tracking(FITTED, LOG, split="2024-08-01", end=END, other_customers=True)
    assert not found.same and found.table["low"].notna().all()


def test_bad_input():
    with pytest.raises(ArgumentError, match="tracking: period is 'Y'"):
        tracking(FITTED, LOG, split=SPLIT, end=END, period="Y")
    with pytest.raises(ArgumentError, match="tracking: log is a DataFrame"):
        tracking(FITTED, HELD.to_pandas())
    with pytest.raises(ArgumentError, match="tracking: split"):
        tracking(FITTED, LOG, split=END, end=END)
    bare = BGNBD().fit(HELD.to_pandas())
    with pytest.raises(ArgumentError, match="time_unit='W'"):
        tracking(bare, LOG, split=SPLIT, end=END)
    rng = np.random.default_rng(0)
    club = HELD.to_pandas().assign(club=rng.integers(0, 2, len(HELD)))
    with pytest.raises(ArgumentError, match="'club', which a log does"):
        tracking(BGNBD(purchase=["club"]).fit(club, time_unit="W"), LOG, split=SPLIT, end=END)


def test_what_is_shown():
    found = tracking(FITTED, LOG, split=SPLIT, end=END)
    assert "prediction intervals" in repr(found) and "calibration" in found._repr_html_()
    assert len(repr(found).split("\n")) < 40
