"""A change of interests on real data: how soon lists follow it, and what preparing for it costs.

    python benchmarks/recovery.py [--data FOLDER] [--changes 0.1 0.24] [--earlier]

The sets are those of `ladder.py`. With --earlier the window lies before the one on which results
are shown: there the recommended `changes=` was chosen.
"""

import argparse
import os
import time
from pathlib import Path

import pandas as pd
from ladder import journey, retail

import onefold as of

SETS = {"journey": lambda folder: journey(), "retail": lambda folder: retail(Path(folder))}


def main() -> None:
    """Print the curve of each set, without the option and with it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("ONEFOLD_DATA"))
    parser.add_argument("--changes", type=float, nargs="*", default=[0.1, 0.24])
    parser.add_argument("--earlier", action="store_true", help="one horizon before the split")
    parser.add_argument("--alone", action="store_true", help="also single decays")
    parser.add_argument("--rng", type=int, default=7)
    parser.add_argument("--picture", help="a folder for pictures")
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    options = parser.parse_args()
    for name in options.sets:
        if name == "retail" and options.data is None:
            print("Online Retail: no folder given (--data, ONEFOLD_DATA); left out")
            continue
        profiles, as_of, horizon = SETS[name](options.data)
        moment = pd.Timestamp(as_of, tz="UTC")
        if options.earlier:
            moment -= pd.Timedelta(horizon)
        scorers = {"as it is": of.Scorer()}
        scorers |= {f"changes={share:g}": of.Scorer(changes=share) for share in options.changes}
        started = time.perf_counter()
        found = of.recovery(
            profiles,
            as_of=moment,
            horizon=horizon,
            scorer=scorers,
            alone=None if options.alone else (),
            rng=options.rng,
        )
        print(f"\n## {name}\n\n{found}\n({time.perf_counter() - started:.1f} s)\n", flush=True)
        print(found.table.query("metric == 'recall'").round(4).to_string(index=False))
        print(found.price.query("metric == 'recall'").round(4).to_string(index=False), flush=True)
        for other in list(scorers)[1:]:
            for k in found.visits:
                gap = found.compare(other, "as it is", visits=k)
                print(f"{other} over as it is, spliced before {k}: {gap}")
        if options.picture:
            folder = Path(options.picture)
            folder.mkdir(parents=True, exist_ok=True)
            found.plot().figure.savefig(folder / f"{name}.png", dpi=110)


if __name__ == "__main__":
    main()
