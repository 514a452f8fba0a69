"""Value tiers on real data: what the best customers were expected to bring, and what they brought.

    python benchmarks/value_tiers.py [--data FOLDER] [--earlier] [--refit]

Everybody who bought before the split is ranked by lifetime value under three models, by all that
they spent, and by what they spent in the last 90 days. What counts is the share of the money after
the split that the best 5 % and 20 % brought; equal values share a place. Differences are paired:
the same customers are drawn for both. With --earlier the split lies earlier, and the time looked at
ends before the one on which results are shown: there the default model was chosen.
"""

import argparse
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from ladder import journey, retail

import onefold as of
from onefold.errors import FitWarning
from onefold.lifetime import MBGNBD, ParetoNBD
from onefold.traits import Monetary, Over

SPLITS = {  # split and end; earlier ones first
    "The Complete Journey": (("2017-07-01", "2017-09-29"), ("2017-10-01", "2017-12-30")),
    "Online Retail": (("2011-06-01", "2011-08-30"), ("2011-09-01", "2011-11-30")),
    "CDNOW": (("1997-07-01", "1997-09-29"), ("1997-10-01", "1998-06-30")),
}
BY = {
    "BG/NBD": of.ValueTiers(),
    "MBG/NBD": of.ValueTiers(model=MBGNBD()),
    "Pareto/NBD": of.ValueTiers(model=ParetoNBD()),
    "spent so far": of.ValueTiers(Monetary()),
    "spent in 90 days": of.ValueTiers(Over(Monetary(), last="90D")),
}
BEST = (0.05, 0.20)
DRAWS = 2000


def cdnow(folder: Path) -> of.Profiles:
    """CDNOW, all 23,570 customers."""
    frame = pd.read_parquet(folder / "cdnow" / "cdnow_master.parquet")
    log = of.EventLog.from_frame(
        frame[["customer_id", "date", "amount"]],
        customer="customer_id",
        time="date",
        event="purchase",
        value="amount",
        currency="USD",
        tz="UTC",
    )
    return of.fold(log)


def sets(folder: str | None) -> Iterator[tuple[str, of.Profiles]]:
    """The sets that can be read here."""
    yield "The Complete Journey", journey()[0]
    if folder is None:
        print("Online Retail, CDNOW: no folder given (--data, ONEFOLD_DATA); left out")
        return
    yield "Online Retail", retail(Path(folder))[0]
    yield "CDNOW", cdnow(Path(folder))


def best(values: np.ndarray, share: float) -> np.ndarray:
    """How much of each customer (n,) is among the best share; equal values share what is left."""
    wanted = share * len(values)
    cut = -np.sort(-values)[int(np.ceil(wanted)) - 1]
    found = (values > cut).astype(float)
    found[values == cut] = (wanted - found.sum()) / (values == cut).sum()
    return found


def compare(profiles: of.Profiles, split: str, end: str) -> None:
    """Print shares of the best by each value, and differences to what was spent so far."""
    then = profiles.at(split)
    bought = np.flatnonzero(~np.isnan(then.table.read(of.traits.Recency())))
    money = Over(Monetary(), last=np.datetime64(end) - np.datetime64(split))
    now = profiles.at(end)
    after = np.nan_to_num(now.table.read(money)[now.ledger.people.codes(then.ids[bought])])
    chosen: dict[tuple[str, float], np.ndarray] = {}
    for name, tiers in BY.items():
        value = of.segment(then, tiers).fitted.value
        ranked = np.nan_to_num(then.table.read(value)[bought], nan=-np.inf)
        chosen |= {(name, share): best(ranked, share) for share in BEST}
    rng = np.random.default_rng(7)
    n = len(after)
    drawn = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(DRAWS)])
    total = drawn @ after
    print(f"{n:,} customers, split {split}, up to {end}\n")
    print("| ranked by | best 5 % | less: spent so far | best 20 % | less: spent so far |")
    print("|---|---:|---:|---:|---:|")
    for name in BY:
        cells = []
        for share in BEST:
            own, other = chosen[name, share], chosen["spent so far", share]
            brought = own @ after / after.sum()
            gaps = (drawn @ ((own - other) * after)) / total
            low, high = np.quantile(gaps, [0.025, 0.975])
            gap = (own - other) @ after / after.sum()
            cells += [f"{brought:.3f}", f"{gap:+.3f} [{low:+.3f}, {high:+.3f}]"]
        print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("ONEFOLD_DATA"))
    parser.add_argument("--earlier", action="store_true", help="splits at which models were chosen")
    parser.add_argument("--refit", action="store_true", help="also intervals with models refitted")
    options = parser.parse_args()
    warnings.simplefilter("ignore", FitWarning)  # parameters at an edge: nobody looks at them here
    for name, profiles in sets(options.data):
        split, end = SPLITS[name][0 if options.earlier else 1]
        print(f"\n## {name}\n")
        compare(profiles, split, end)
        made = of.segment(profiles.at(split), of.ValueTiers())
        expected = made.fitted.shares(made.profiles, rng=7)
        found = made.fitted.realised(profiles, until=end, rng=7)
        shown = expected.merge(found, on="tier", suffixes=("", "_realised"))
        columns = ["tier", "customers", "share_of_value", "low", "high"]
        columns += ["share_of_money", "low_realised", "high_realised"]
        print(f"\n{shown[columns].round(3).to_string(index=False)}")
        if options.refit:
            wide = made.fitted.shares(made.profiles, rng=7, refit=True)
            print(f"\n{wide[columns].round(3).to_string(index=False)}")


if __name__ == "__main__":
    main()
