"""What a map of today tells of the future: one count, with today's identities and as of the time.

    PYTHONPATH=src python benchmarks/identity_leak.py --people 4000 --seed 1

In the simulated stream a coin decides who buys. The number of views before the moment should
foretell nothing (area under the curve .500); with today's map it does, for buying is what signs
people in. Intervals of 95 %: percentile bootstrap over people, 1,000 draws.
"""

import argparse

import numpy as np

from onefold import fold, traits
from onefold.datasets.leak import T, auc, foretold, identity_leak
from onefold.identity import resolve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    sim = identity_leak(asked.people, rng=asked.seed)
    today = resolve(sim.log)
    views = [traits.Count("view", name="views")]
    ways = {
        "today's map": (today, fold(today.applied(sim.log), views, as_of=T)),
        "as of the time": (today.at(T), fold(sim.log, views, identities=today, as_of=T)),
    }
    for name, (then, profiles) in ways.items():
        rows = foretold(sim, then, today)
        told = profiles.to_pandas()["views"].reindex(rows.customer)
        area, low, high = auc(
            told.to_numpy(), rows.buys, rows.person, rng=np.random.default_rng(asked.seed)
        )
        print(f"{name:15} {len(rows.customer):6,} customers   {area:.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
