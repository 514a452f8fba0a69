"""How well customers agree with a simulated truth, with plain union-find beside.

    PYTHONPATH=src python benchmarks/identity_truth.py 1000 10000 --seed 1

For each number of people and each rule of attribution, and for one e-mail address a customer in
place of five (by session): B-cubed precision and recall over events and
over identifiers, with intervals of 95 % (bootstrap over people). One device in a hundred is used
by others too, who make half of the visits on it.
"""

import argparse
import time

import attrs

from onefold.datasets import IdentityScores, simulate_identities
from onefold.identity import DEFAULT, resolve

ATTRIBUTIONS = ("strict", "last_login", "session")
ROWS = [
    (over, measure)
    for over in ("events", "identifiers")
    for measure in ("precision", "recall", "knowable precision", "knowable recall", "glued")
]

ONE_EMAIL = DEFAULT.with_types(attrs.evolve(DEFAULT.type("email"), limit=1))
POLICIES = {
    **{rule: attrs.evolve(DEFAULT, attribution=rule) for rule in ATTRIBUTIONS},
    "one e-mail": attrs.evolve(ONE_EMAIL, attribution="session"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("people", nargs="*", type=int, default=[1000])
    parser.add_argument("--shared", type=float, default=0.01, help="share of devices")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for n in asked.people:
        begun = time.perf_counter()
        sim = simulate_identities(n, shared_devices=asked.shared, rng=asked.seed)
        took = time.perf_counter() - begun
        print(f"\n{n:,} people, {len(sim.log):,} events, simulated in {took:.1f} s")
        print(f"{'':12}" + "".join(f"{f'{o} {m}':>28}" for o, m in ROWS))
        scores = None
        for rule, policy in POLICIES.items():
            begun = time.perf_counter()
            found = resolve(sim.log, policy)
            found.customers(sim.log)
            took = time.perf_counter() - begun
            scores = sim.scores(found, rng=asked.seed)
            print(line(rule, scores, "found"), f"  {took:.1f} s", flush=True)
        if scores is not None:
            print(line("union-find", scores, "union-find"))


def line(name: str, scores: IdentityScores, resolver: str) -> str:
    table = scores.to_pandas()
    rows = table[table["resolver"] == resolver].set_index(["over", "measure"])
    told = [rows.loc[row, ["estimate", "low", "high"]].tolist() for row in ROWS]
    return f"{name:12}" + "".join(f"{e:11.4f} [{a:.4f}, {b:.4f}]" for e, a, b in told)


if __name__ == "__main__":
    main()
