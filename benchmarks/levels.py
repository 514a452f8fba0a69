"""What each optional level adds to the default, and what the default loses without *considered*.

    python benchmarks/levels.py [--data FOLDER]

Sets as in benchmarks/ladder.py, Online Retail with its returns as a kind of event, and a simulated
shop, which has views and carts. A scorer is fitted anew for each line.
"""

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from ladder import journey

import onefold as of
from onefold.levels import LEVELS, Ease, Noticed, Similar

LINES = {
    "default": LEVELS,
    "without considered": tuple(v for v in LEVELS if v.name != "considered"),
    "with ease": (*LEVELS, Ease(most=5_000)),
    "with noticed": (*LEVELS, Noticed()),
    "with similar": (*LEVELS, Similar()),
}


def retail(folder: Path) -> tuple[of.Profiles, str, str]:
    """UCI Online Retail: cancellations and negative quantities are of the kind "return"."""
    frame = pd.read_parquet(folder / "online_retail" / "online_retail.parquet")
    known = frame["CustomerID"].notna() & frame["StockCode"].str.match(r"^\d{5}[A-Za-z]*$")
    frame = frame[known & (frame["Quantity"] != 0)]
    back = frame["InvoiceNo"].str.startswith("C") | (frame["Quantity"] < 0)
    frame = frame.assign(
        paid=frame["Quantity"] * frame["UnitPrice"], kind=np.where(back, "return", "purchase")
    )
    log = of.EventLog.from_frame(
        frame,
        customer="CustomerID",
        time="InvoiceDate",
        event="kind",
        item="StockCode",
        value="paid",
        currency="GBP",
        quantity="Quantity",
        basket="InvoiceNo",
        tz="Europe/London",
        zone="Europe/London",
    )
    sold = frame[~back & frame["Description"].notna()].sort_values("InvoiceDate")
    goods = sold.groupby("StockCode", as_index=False).agg(
        text=("Description", "first"), since=("InvoiceDate", "min"), price=("UnitPrice", "first")
    )
    catalog = of.Catalog.from_frame(
        goods, item="StockCode", text="text", price="price", valid_from="since", tz="Europe/London"
    )
    return of.fold(log, catalog=catalog), "2011-11-01", "30D"


def shop(customers: int) -> tuple[of.Profiles, str, str]:
    """A simulated shop, its last 14 days."""
    data = of.datasets.simulate(customers, days=240, items=600, categories=20, rng=11)
    profiles = of.fold(data.log, catalog=data.catalog)
    start = (profiles.as_of - np.timedelta64(14, "D")).astype("datetime64[s]")
    return profiles, str(start), "14D"


def sets(folder: str | None, customers: int) -> Iterator[tuple[str, tuple[of.Profiles, str, str]]]:
    """The sets that can be read here."""
    yield "Simulated shop", shop(customers)
    if folder is None:
        print("Online Retail: no folder given (--data, ONEFOLD_DATA); left out")
    else:
        yield "Online Retail", retail(Path(folder))
    yield "The Complete Journey", journey()


def main() -> None:
    """Print a table for each set."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("ONEFOLD_DATA"))
    parser.add_argument("--customers", type=int, default=8000, help="of the simulated shop")
    options = parser.parse_args()
    for name, (profiles, as_of, horizon) in sets(options.data, options.customers):
        print(f"\n## {name}\n")
        base = None
        for line, levels in LINES.items():
            started = time.perf_counter()
            found = measured(profiles, levels, as_of=as_of, horizon=horizon)
            took = time.perf_counter() - started
            base = found if base is None else base
            print(f"{line:20} {shown(found, base)}  n = {len(found):,}  ({took:.0f} s)")


def measured(
    profiles: of.Profiles, levels: tuple[object, ...], *, as_of: str, horizon: str
) -> pd.DataFrame:
    """NDCG@10, Recall@10 and Recall@20 (customers, 3) in the window."""
    past = profiles.at(as_of)
    start = np.datetime64(as_of, "us")
    end = start + np.timedelta64(pd.Timedelta(horizon).value // 1000, "us")
    h = profiles.history.where("purchase")
    inside = (h.time >= start) & (h.time < end) & (h.item >= 0)
    rows = pd.DataFrame({"customer": profiles.ids[h.row[inside]], "code": h.item[inside]})
    chosen = rows[rows["customer"].isin(set(past.ids.tolist()))].drop_duplicates()
    scorer = of.Scorer(levels=levels).fit(past, rng=0)
    lists = scorer.rank(past.select(sorted(chosen["customer"].unique())), n=20).to_pandas()
    lists["code"] = h.items.codes(lists["item"])
    hits = lists.merge(chosen, on=["customer", "code"])
    gain = (1 / np.log2(hits["rank"] + 1)).where(hits["rank"] <= 10, 0.0)
    many = chosen.groupby("customer").size()
    best = np.append(0, np.cumsum(1 / np.log2(np.arange(2, 12))))[np.minimum(many, 10)]

    def total(weights: pd.Series) -> pd.Series:
        return weights.groupby(hits["customer"]).sum().reindex(many.index, fill_value=0.0)

    return pd.DataFrame(
        {
            "NDCG@10": total(gain) / best,
            "Recall@10": total((hits["rank"] <= 10) * 1.0) / many,
            "Recall@20": total(hits["rank"] * 0 + 1.0) / many,
        }
    )


def shown(found: pd.DataFrame, base: pd.DataFrame) -> str:
    """The means, and the paired differences to the default with 95 % intervals (normal)."""
    off = found - base
    half = 1.96 * off.std() / np.sqrt(len(off))
    return "  ".join(
        f"{k} {found[k].mean():.4f} ({off[k].mean():+.4f} +- {half[k]:.4f})" for k in found
    )


if __name__ == "__main__":
    main()
