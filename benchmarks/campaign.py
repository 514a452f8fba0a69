"""Campaign: how time and memory grow with the customers whose lists are made.

Made-up customers: a lognormal number of purchases over a year, some at a time, of 20,000 items
that are chosen by Zipf's law, half of them from a customer's own usual items. A scorer is fitted
once, on the first of them. Then, for each number of customers, in a process of its own: the
profiles are in memory, the clock starts, and `Campaign.to_parquet` ranks everybody on all cores
and writes three items each, with the reason in words and without.

    grows = seconds a customer at this size / seconds a customer at the first

Run it as ``python benchmarks/campaign.py [--quick] [--thousands 250 500 1000] [--write]``.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- campaign: begin -->", "<!-- campaign: end -->"
ITEMS, SLOTS, HOLDOUT = 20_000, 3, 0.1
AT_ONCE = 50_000  # customers that are made up together, and on whom the scorer is fitted
YEAR = 365 * 86_400_000_000
USUAL = 8  # items that a customer may buy again and again


def made(customers: int) -> Iterator[Any]:
    """The purchases of so many customers: the first of them are the same at every size."""
    import pyarrow as pa

    share = 1.0 / np.arange(1, ITEMS + 1)
    popular = np.cumsum(share / share.sum())
    names = pa.array([f"i{i:05d}" for i in range(ITEMS)])
    for start in range(0, customers, AT_ONCE):
        n = min(AT_ONCE, customers - start)
        rng = np.random.default_rng([3, start])
        counts = np.minimum(np.ceil(rng.lognormal(1.5, 1.0, AT_ONCE)), 400).astype(np.int64)
        basket, loyal = rng.integers(1, 5, AT_ONCE), rng.beta(1, 1, AT_ONCE)
        usual = np.searchsorted(popular, rng.random((AT_ONCE, USUAL)))
        who = np.repeat(np.arange(AT_ONCE), counts)
        m = len(who)
        nth = np.arange(m) - np.repeat(np.cumsum(counts) - counts, counts)
        first = np.arange(m) - nth % basket[who]  # the first purchase of the same visit
        again = usual[who, (USUAL * rng.random(m) ** 2).astype(np.int64)]
        item = np.searchsorted(popular, rng.random(m))
        item = np.where(rng.random(m) < loyal[who], again, item).astype(np.int32)
        time = np.datetime64("2024-01-01", "us") + rng.integers(0, YEAR, m)[first]
        value = rng.integers(100, 5000, m) / 100
        kept = who < n
        ids = pa.array([f"c{i:07d}" for i in range(start, start + n)])
        columns = {
            "customer": pa.DictionaryArray.from_arrays(pa.array(who[kept].astype(np.int32)), ids),
            "time": pa.array(time[kept], pa.timestamp("us", tz="UTC")),
            "event": pa.DictionaryArray.from_arrays(
                pa.array(np.zeros(int(kept.sum()), np.int32)), pa.array(["purchase"])
            ),
            "item": pa.DictionaryArray.from_arrays(pa.array(item[kept]), names),
            "value": pa.array(value[kept]),
        }
        yield pa.table(columns)


def folded(customers: int) -> Any:
    """Their profiles."""
    import onefold as of

    roles = {name: name for name in ("customer", "time", "event", "item", "value")}
    logs = (of.EventLog.from_frame(table, **roles) for table in made(customers))
    return of.fold(logs, as_of="2025-01-01")


def fit(customers: int, path: Path) -> None:
    """Fit a scorer and save it."""
    import onefold as of

    profiles = folded(customers)
    start = perf_counter()
    scorer = of.Scorer().fit(profiles, rng=1)
    seconds = perf_counter() - start
    of.save(scorer, path)
    held = {"fit": seconds, "items": len(scorer.items), "refined": scorer.refined is not None}
    print(json.dumps(held | {"events": len(profiles.ledger.events)}))


def child(customers: int, path: Path, threads: int, why: bool) -> None:
    """One size, in this process."""
    import onefold as of

    scorer, profiles = of.load(path), folded(customers)
    scorer.rank(profiles.select(profiles.ids[:100]), SLOTS)  # whatever is made once
    held = memory("VmRSS")
    forget_peak()
    campaign = of.Campaign("benchmark", slots=SLOTS, holdout=HOLDOUT, why=why)
    path = path.with_suffix(".parquet")
    done = campaign.to_parquet(scorer, profiles, path=path, threads=threads, progress=False)
    peak = memory("VmHWM")
    path.unlink()
    found = {"customers": len(profiles), "events": len(profiles.ledger.events)}
    found |= {"seconds": done.seconds, "rows": done.rows, "bytes": done.bytes}
    print(json.dumps(found | {"held": held, "peak": peak}))


def memory(name: str) -> float:
    """Memory of this process in MB, as Linux tells it; elsewhere, the most it ever had."""
    status = Path("/proc/self/status")
    if not status.exists():
        unit = 1e6 if sys.platform == "darwin" else 1e3
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    line = next(x for x in status.read_text().splitlines() if x.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024 / 1e6


def forget_peak() -> None:
    """From here on the peak counts anew, where that can be asked for."""
    path = Path("/proc/self/clear_refs")
    if path.exists():
        path.write_text("5")


def run(*arguments: Any) -> dict[str, Any]:
    """This script, in a process of its own."""
    environment = os.environ | dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(sizes: list[int], threads: int) -> tuple[dict[str, Any], list[list[dict[str, Any]]]]:
    """The scorer, and what each size takes: with reasons, then without."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scorer.onefold"
        scorer = run("--fit", min(AT_ONCE, *sizes), path)
        found = [
            [run("--child", size, path, threads, why) for size in sizes] for why in ("why", "")
        ]
    for one in (*found[0], *found[1]):
        assert one["rows"] == SLOTS * one["customers"], "rows lost"
    return scorer, found


def page(scorer: dict[str, Any], found: list[list[dict[str, Any]]], threads: int) -> str:
    """What stands between the markers of the page."""
    refined = "with" if scorer["refined"] else "without"
    lines = [
        START,
        (
            f"{threads} threads, on a shared machine of {os.cpu_count()} cores, one run each. "
            f"Python {platform.python_version()}, numpy {np.__version__}. The scorer, {refined} a "
            f"refinement, knows {scorer['items']:,} items and was fitted on "
            f"{scorer['events']:,} events in {scorer['fit']:.0f} s."
        ),
        "",
        (
            "| customers | events | reasons | seconds | customers a second | grows "
            "| memory before | at most above | rows | file |"
        ),
        "|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for runs, words in zip(found, ("in words", "none"), strict=True):
        first = runs[0]["seconds"] / runs[0]["customers"]
        for one in runs:
            n, seconds = one["customers"], one["seconds"]
            lines.append(
                f"| {n:,} | {one['events']:,} | {words} | {seconds:.1f} | {n / seconds:,.0f} "
                f"| {seconds / n / first:.2f} | {one['held']:,.0f} MB "
                f"| {one['peak'] - one['held']:,.0f} MB | {one['rows']:,} "
                f"| {one['bytes'] / 1e6:.1f} MB |"
            )
    return "\n".join([*lines, STOP])


def main() -> None:
    parser = argparse.ArgumentParser(description="How time and memory grow with the customers.")
    parser.add_argument("--thousands", type=int, nargs="+", default=[250, 500, 1000])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--quick", action="store_true", help="10, 20 and 40 thousand customers")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    parser.add_argument("--fit", nargs=2, help="internal")
    parser.add_argument("--child", nargs=4, help="internal")
    given = parser.parse_args()
    if given.fit:
        fit(int(given.fit[0]), Path(given.fit[1]))
        return
    if given.child:
        size, path, threads, why = given.child
        child(int(size), Path(path), int(threads), bool(why))
        return
    thousands = [10, 20, 40] if given.quick else given.thousands
    shown = page(*measure([1000 * n for n in thousands], given.threads), given.threads)
    print(shown)
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


if __name__ == "__main__":
    main()
