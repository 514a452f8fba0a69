"""What limits on a list cost: time beside a list without them, and what it then hits.

    python benchmarks/choices.py [--quick] [--write]

The Complete Journey (extra `demo`), split at 2017-11-01, lists of ten for those who bought in the
14 days after. NDCG is that of the items bought in them; KL is how far the categories of a list lie
from the customer's own shares before them (Steck 2018, smoothed). Differences are paired, with
95 % percentile intervals from drawing the customers again.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import onefold as of
from onefold import did
from onefold.scoring import Calibration
from onefold.scoring.choose import SMOOTH
from onefold.scoring.limits import limits

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
SPLIT, DAYS, N, DRAWS = "2017-11-01", 14, 10, 2000
OWN = did("purchase").last("60D").any() & did("purchase").last("14D").never()


def ways(popular: list[str]) -> dict[str, dict[str, Any]]:
    """Limits by the code that asks for them."""
    return {
        "(none)": {},
        "exclude=five ids": {"exclude": popular[:5]},
        'at_most={"category": 1}': {"at_most": {"category": 1}},
        'at_most={"department": 3}': {"at_most": {"department": 3}},
        "new=3": {"new": 3},
        'Calibration("category", weight=0.2)': {"calibrate": Calibration(weight=0.2)},
        'calibrate="category"': {"calibrate": "category"},
        'Calibration("category", weight=0.8)': {"calibrate": Calibration(weight=0.8)},
        "stock=20 of the 200 most listed": {"stock": dict.fromkeys(popular, 20)},
        "exclude=bought in 7 days": {"exclude": did("purchase").last("7D").any()},
        "among=bought in 60 days, not in 14": {"among": OWN},
    }


def seconds(call: Callable[[], Any]) -> float:
    """Processor time of a call: the machine is shared."""
    started = time.process_time()
    call()
    return time.process_time() - started


def ratios(scorer: Any, people: Any, asked: dict[str, Any], turns: int) -> dict[str, list[float]]:
    """Time of each way over that without limits, in turns."""
    out: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(turns):
        plain = seconds(lambda: scorer.rank(people, n=N))
        for name, how in asked.items():
            out[name].append(seconds(lambda how=how: scorer.rank(people, n=N, **how)) / plain)
    return out


def hits(listed: list[str], bought: set[str]) -> float:
    """NDCG of one list."""
    gains = 1 / np.log2(np.arange(N) + 2)
    found = [item in bought for item in listed]
    return float(gains[: len(found)][found].sum() / gains[: len(bought)].sum())


def apart(shares: Any, groups: Any) -> float:
    """KL(p || q) of the groups of a list from the shares."""
    counts = np.bincount(groups, minlength=len(shares)) / max(len(groups), 1)
    q = (1 - SMOOTH) * counts + SMOOTH * shares
    some = shares > 0
    return float((shares[some] * np.log(shares[some] / q[some])).sum())


def interval(values: Any, rng: np.random.Generator) -> str:
    """A mean with its interval, customers drawn again."""
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(DRAWS)]
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{values.mean():+.4f} [{low:+.4f}, {high:+.4f}]"


def table(quick: bool) -> str:
    """The lines of the table."""
    data = of.datasets.complete_journey(households=300 if quick else None)
    every = of.fold(data.log, catalog=data.catalog)
    past = every.at(SPLIT)
    scorer = of.Scorer().fit(past, rng=7)
    later = data.log.between(SPLIT, str(np.datetime64(SPLIT) + DAYS)).to_pandas()
    later = later[later["event"] == "purchase"]
    bought = {who: set(items) for who, items in later.groupby("customer")["item"]}
    people = past.select([who for who in past.ids.tolist() if who in bought])
    listed = pd.Series(scorer.rank(people, n=20).to_pandas()["item"]).value_counts()
    asked = ways(listed.index[:200].tolist())
    kept = {"at_most": None, "new": 0, "calibrate": "category", "stock": None, "kept": {}}
    limit = limits(scorer.items, scorer.catalog, n=N, **kept)
    choices = scorer.groups.choices(people.table, scorer.items, "purchase")
    shares, column = limit.shares(choices), limit.calibration[0]
    few = people.select(people.ids[: 100 if quick else 500].tolist())
    taken = ratios(scorer, few, asked, 2 if quick else 5)
    found, far = {}, {}
    for name, how in asked.items():
        lists = dict(scorer.rank(people, n=N, **how))
        found[name] = np.array([hits(lists[who], bought[who]) for who in people.ids])
        codes = [column.of[scorer.items.codes(lists[who])] for who in people.ids]
        far[name] = np.array([apart(p, c) for p, c in zip(shares, codes, strict=True)])
    plain, rng = next(iter(asked)), np.random.default_rng(7)
    head = (
        f"{len(people):,} customers; NDCG {found[plain].mean():.4f} and KL {far[plain].mean():.4f} "
        f"without a limit. Times are medians (least to most) of {len(taken[plain])} turns of "
        f"processor time for {len(few):,} customers."
    )
    lines = [
        head,
        "",
        "| limit | time / time without | NDCG@10, difference | KL, difference |",
        "|---|---:|---:|---:|",
    ]
    for name in list(asked)[1:]:
        held = np.array(taken[name])
        lines.append(
            f"| `{name}` | {np.median(held):.2f} ({held.min():.2f} to {held.max():.2f}) | "
            f"{interval(found[name] - found[plain], rng)} | "
            f"{interval(far[name] - far[plain], rng)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table; with --write, put it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="300 households")
    parser.add_argument("--write", action="store_true", help="renew the table in the docs")
    options = parser.parse_args()
    made = table(options.quick)
    print(made)
    if options.write:
        page = PAGE.read_text()
        begin, end = "<!-- choices: begin -->", "<!-- choices: end -->"
        head, rest = page.split(begin)
        PAGE.write_text(f"{head}{begin}\n\n{made}\n\n{end}{rest.split(end)[1]}")


if __name__ == "__main__":
    main()
