"""What one event and a new ranking of one profile cost, beside few and very many others.

A profile is one person's slice and a tail: `after` and `rank` touch nobody else, so that the time
does not depend on how many others there are.

    ratio = median of (time beside 1,000,000 others / time beside 1,000)        goal: below 1.5

The log is simulated: four purchases on average among 2,000 items, with views in between. The same
persons, with the same events, are timed in both, one right after the other, and who comes first
alternates. Run it as
``python benchmarks/one_profile.py [--others 1000000] [--rounds 300] [--quick] [--write]``.
"""

import argparse
import os
import platform
import statistics
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

import onefold as of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- one profile: begin -->", "<!-- one profile: end -->"
ITEMS, DAYS, FEW, TIMED = 2000, 180, 1000, 50


def log(customers: int, *, seed: int) -> of.EventLog:
    """A log of so many customers, the first `FEW` the same however many follow."""
    frames = [_frame(0, FEW, seed)]
    if customers > FEW:
        frames.append(_frame(FEW, customers, seed + 1))
    return of.EventLog.from_frame(
        pa.concat_tables(frames),
        customer="customer",
        time="time",
        event="event",
        item="item",
        value="value",
        id="id",
        tz="UTC",
    )


def _frame(first: int, last: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(first, last), 1 + rng.poisson(5, last - first))
    n = len(who)
    bought = rng.random(n) < 0.67
    start = np.datetime64("2025-01-01", "us")
    popular = (rng.zipf(1.3, n) - 1) % ITEMS
    return pa.table(
        {
            "customer": _words(who - first, [f"c{i:07d}" for i in range(first, last)]),
            "time": start + rng.integers(0, DAYS * 86_400_000_000, n).astype("timedelta64[us]"),
            "event": _words(bought.astype(np.int64), ["view", "purchase"]),
            "item": _words(popular, [f"i{i:04d}" for i in range(ITEMS)]),
            "value": np.where(bought, np.round(rng.gamma(2, 10, n), 2), np.nan),
            "id": np.arange(n) + first * 1000,
        }
    )


def _words(codes: np.ndarray, names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names))


class Subject:
    """Profiles among so many others, and a scorer fitted on the few."""

    def __init__(self, others: int, *, seed: int, scorer: of.FittedScorer | None = None) -> None:
        """Fold, and fit where no scorer is given: the lists are asked of one and the same."""
        began = time.perf_counter()
        self.profiles = of.fold(log(others, seed=seed))
        folded = time.perf_counter()
        self.scorer = of.Scorer().fit(self.profiles, rng=seed) if scorer is None else scorer
        self.fold_seconds, self.fit_seconds = folded - began, time.perf_counter() - folded

    def times(self, number: int) -> tuple[float, float, list[str]]:
        """Seconds of `after`, seconds of `rank`, and the list, of one customer."""
        profile = self.profiles[f"c{number:07d}"]
        event = of.Event(profile.id, "purchase", "2025-07-01", item="i0003", value=9.5, id="new")
        a = time.perf_counter()
        later = profile.after(event)
        b = time.perf_counter()
        listed = self.scorer.rank(later, n=20).of()
        return b - a, time.perf_counter() - b, listed


def measure(
    others: int, *, rounds: int, seed: int = 7
) -> tuple[list[tuple[float, float]], Subject, Subject, bool]:
    """Pairs of seconds (few, many) of after and rank together, in turns; both; the same lists?"""
    many = Subject(others, seed=seed)
    few = Subject(FEW, seed=seed, scorer=many.scorer)
    pairs, same = [], True
    for i in range(rounds + 20):
        number = i % TIMED
        if i % 2:
            b, a = many.times(number), few.times(number)
        else:
            a, b = few.times(number), many.times(number)
        same &= a[2] == b[2]
        if i >= 20:  # the first ones warm up
            pairs.append((a[0] + a[1], b[0] + b[1]))
    return pairs, few, many, same


def ratio(pairs: list[tuple[float, float]]) -> float:
    """The median of the ratios of the pairs: a busy moment of the machine hits both of a pair."""
    return statistics.median(b / a for a, b in pairs)


def page(pairs: list[tuple[float, float]], others: int, same: bool) -> str:
    """What stands between the markers of the page."""
    lines = [
        START,
        (
            f"{len(pairs)} pairs, on a shared machine of {os.cpu_count()} cores. Python "
            f"{platform.python_version()}. The same lists in both: {'yes' if same else 'no'}."
        ),
        "",
        "| others | milliseconds: median | tenth to ninetieth percentile |",
        "|---:|---:|---:|",
    ]
    for number, times in zip((FEW, others), zip(*pairs, strict=True), strict=True):
        low, middle, high = np.quantile(times, [0.1, 0.5, 0.9]) * 1e3
        lines.append(f"| {number:,} | {middle:.2f} | {low:.2f} to {high:.2f} |")
    return "\n".join([*lines, f"| ratio | {ratio(pairs):.3f} | |", STOP])


def main() -> None:
    parser = argparse.ArgumentParser(description="One profile beside few and many others.")
    parser.add_argument("--others", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--quick", action="store_true", help="100,000 others, 100 rounds")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    asked = parser.parse_args()
    others, rounds = (100_000, 100) if asked.quick else (asked.others, asked.rounds)
    pairs, _, many, same = measure(others, rounds=rounds)
    print(f"fold of {others:,} customers {many.fold_seconds:.1f} s, fit {many.fit_seconds:.1f} s")
    shown = page(pairs, others, same)
    print(shown)
    if asked.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


if __name__ == "__main__":
    main()
