"""Moments: traits as of a million of them, a clause for everybody, and one event into one profile.

For each of a million rows (customer, time): twenty traits as of that time, nothing later known,
beside polars, which is given the same answer as running columns and as-of joins, one for each
window. Then "at least three purchases in the last 30 days" of everybody, beside polars, and what
one event into one profile costs. Each engine runs in processes of its own, in turns, and first
answers for a thousand rows; the clock starts when the events are in memory (the profiles, or a
frame sorted by customer and time), and stops when the answer is a frame of pandas. After every
turn the answers are compared row by row.

Run it as ``python benchmarks/moments.py [--quick] [--events 10000000] [--rounds 5] [--write]``.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from fold import DAY, END, KINDS, THREADS, make

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- moments: begin -->", "<!-- moments: end -->"
WINDOWS = (7, 30, 90)
ASKED = 6  # times that the clause is asked: once, and five times again
MONEY = tuple(f"monetary_{w}" for w in WINDOWS)
COUNTS = tuple(f"count_{w}" for w in WINDOWS)
PLAIN = ("recency", "latest_recency", "tenure", "frequency", "monetary", "breadth", "count")
NUMBERS, LABELS = (*PLAIN, *KINDS, *COUNTS, *MONEY), ("item", "channel")
TIMES, READS = 20_000, 200  # events into one profile; profiles with one event more, and read


def asked(customers: Any, rows: int) -> Any:
    """Random customers as of random moments of the year."""
    import pandas as pd

    rng = np.random.default_rng(1)
    time = np.datetime64("2024-01-01", "us") + rng.integers(0, 365 * DAY, rows)
    return pd.DataFrame({"customer": rng.choice(customers, rows), "time": time})


def with_onefold(path: Path, rows: int, out: Path) -> dict[str, Any]:
    """`profiles.at(frame)`, a condition's mask, and `profile.after(event)`."""
    import pandas as pd

    import onefold as of
    from onefold import traits as t

    chosen: list[t.Trait] = [
        t.Recency(),
        t.Recency(None, name="latest_recency"),
        t.Tenure(),
        t.Frequency(),
        t.Monetary(),
        t.Breadth(),
        t.Count(name="count"),
        *(t.Count(kind, name=kind) for kind in KINDS),
        t.Latest(name="item"),
        t.Latest("channel", None, name="channel"),
        *(t.Over(t.Count(), last=f"{w}D", name=f"count_{w}") for w in WINDOWS),
        *(t.Over(t.Monetary(), last=f"{w}D", name=f"monetary_{w}") for w in WINDOWS),
    ]
    logs = of.EventLog.batches(
        path,
        threads=THREADS,
        customer="customer",
        time="time",
        event="kind",
        item="item",
        channel="channel",
        value="value",
    )
    p = of.fold(logs, chosen, as_of=END, threads=THREADS)
    frame = asked(p.ids, rows)
    p.at(frame[:1000], tz="UTC")

    def fresh() -> of.Profiles:
        """The same, with nothing kept of what was asked before."""
        return of.Profiles(p.ledger, p.traits, p.catalog, p.as_of)

    profiles = fresh()
    start = perf_counter()
    table = profiles.at(frame, tz="UTC")
    at = perf_counter() - start
    many = of.did("purchase").last("30D").count() >= 3
    profiles, clauses = fresh(), []
    for _ in range(ASKED):
        start = perf_counter()
        mask = many.mask(profiles)
        clauses.append(perf_counter() - start)
    keep(table, pd.DataFrame({"customer": profiles.ids, "matched": mask == 1}), out)
    profile, event = profiles[profiles.ids[0]], of.Event(profiles.ids[0], "view", END, item="i1")
    start = perf_counter()
    for _ in range(TIMES):
        profile = profile.after(event)
    after = (perf_counter() - start) / TIMES
    known = np.resize(profiles.ids, READS)
    events = [of.Event(c, "purchase", END, item=f"i{k}") for k, c in enumerate(known)]
    before, reads = [profiles[c] for c in known], []
    for profile, event in zip(before, events, strict=True):
        start = perf_counter()
        profile.after(event)["recency"]
        reads.append(perf_counter() - start)
    return {
        "at": at,
        "first": clauses[0],
        "again": statistics.median(clauses[1:]),
        "after": after,
        "read": statistics.median(reads),
        "customers": len(profiles),
    }


def with_polars(path: Path, rows: int, out: Path) -> dict[str, Any]:
    """Running columns over each customer, and an as-of join for now and for each window."""
    import polars as pl

    events = pl.read_parquet(path).sort("customer", "time", maintain_order=True)
    bought = pl.col("kind") == "purchase"
    frame = pl.from_pandas(asked(events["customer"].unique(maintain_order=True).to_numpy(), rows))
    frame = frame.with_columns(pl.col("time").dt.replace_time_zone("UTC")).with_row_index("row")

    # Customers as categories, and running columns sorted by time, took longer; both were tried.
    def answer(frame: Any) -> Any:
        own = {"partition_by": "customer"}
        first_of = pl.col("item").is_first_distinct().over("customer", "kind")
        new_time = (pl.col("time") != pl.col("time").shift(1).over("customer", "kind")).fill_null(
            value=True
        )
        running = events.with_columns(
            seen=pl.col("time"),
            count=pl.int_range(1, pl.len() + 1).over(**own),
            monetary=pl.when(bought).then(pl.col("value")).otherwise(0.0).cum_sum().over(**own),
            last_bought=pl.when(bought).then(pl.col("time")).forward_fill().over(**own),
            first_bought=pl.when(bought).then(pl.col("time")).cum_min().forward_fill().over(**own),
            frequency=(bought & new_time).cast(pl.Int64).cum_sum().over(**own),
            breadth=(bought & first_of).cast(pl.Int64).cum_sum().over(**own),
            bought=pl.when(bought).then(pl.col("item")).forward_fill().over(**own),
            **{k: (pl.col("kind") == k).cast(pl.Int64).cum_sum().over(**own) for k in KINDS},
        ).drop("kind", "item", "value")

        moments = frame.sort("time")  # once: a window ago, the order is the same

        def known(before: Any, of: Any) -> Any:
            return moments.with_columns(asked=pl.col("time") - before).join_asof(
                of,  # in order within each customer, which is what by= needs
                left_on="asked",
                right_on="time",
                by="customer",
                strategy="backward",
                allow_exact_matches=False,
                check_sortedness=False,
            )

        now = known(pl.duration(), running)
        few = running.select("customer", "time", "count", "monetary", "purchase")
        out = {}
        for window in WINDOWS:
            then = known(pl.duration(days=window), few)
            new = {n: now[n].fill_null(0) - then[n].fill_null(0) for n in few.columns[2:]}
            out[f"count_{window}"] = new["count"]
            nothing = pl.when(new["purchase"] > 0)  # else missing, and not 0
            out[f"monetary_{window}"] = nothing.then(new["monetary"])
        days = [
            ((pl.col("time") - pl.col(of)).dt.total_microseconds() / DAY).alias(name)
            for name, of in (
                ("recency", "last_bought"),
                ("latest_recency", "seen"),
                ("tenure", "first_bought"),
            )
        ]
        plain = pl.col("frequency", "breadth", "count", *KINDS).fill_null(0)
        money = pl.when(pl.col("purchase") > 0).then(pl.col("monetary")).alias("monetary")
        labels = (pl.col("bought").alias("item"), "channel")
        told = now.select("row", "customer", "time", *days, plain, money, *labels)
        return told.with_columns(**out).sort("row").drop("row").to_pandas()

    answer(frame[:1000])
    start = perf_counter()
    table = answer(frame)
    at = perf_counter() - start
    end = pl.lit(END).str.to_datetime("%Y-%m-%d", time_zone="UTC", time_unit="us")
    everybody = events.select("customer").unique()
    clauses = []
    for _ in range(ASKED):
        start = perf_counter()
        some = events.lazy().filter(bought & (pl.col("time") >= end - pl.duration(days=30)))
        counts = some.group_by("customer").agg(pl.len()).filter(pl.col("len") >= 3).collect()
        mask = everybody.select(
            "customer", matched=pl.col("customer").is_in(counts["customer"].implode())
        )
        clauses.append(perf_counter() - start)
    keep(table, mask.to_pandas(), out)
    return {"at": at, "first": clauses[0], "again": statistics.median(clauses[1:])}


def keep(table: Any, mask: Any, out: Path) -> None:
    """What one engine answered, to be compared."""
    table = table[["customer", "time", *NUMBERS, *LABELS]]
    table.astype(dict.fromkeys(NUMBERS, "float64")).to_parquet(out)
    mask.sort_values("customer", ignore_index=True).to_parquet(out.with_suffix(".mask"))


RUN = {"onefold": with_onefold, "polars": with_polars}


def measure(events: int, rows: int, rounds: int) -> dict[str, list[Any]]:
    """The runs by engine, in turns; stops with an error if they disagree."""
    found: dict[str, list[Any]] = {engine: [] for engine in RUN}
    threads = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")
    environment = os.environ | threads | {"POLARS_MAX_THREADS": str(THREADS)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        make(events, False, path)
        for _ in range(rounds):
            for engine, runs in found.items():
                out = str(Path(folder) / f"{engine}.parquet")
                command = [sys.executable, __file__, "--child", engine, str(path), str(rows), out]
                done = subprocess.run(
                    command, stdout=subprocess.PIPE, text=True, check=True, env=environment
                )
                runs.append(json.loads(done.stdout))
            compare(Path(folder))
    return found


def compare(folder: Path) -> None:
    """Every row's traits, and who matches the clause, are the same in both engines."""
    import pandas as pd

    ours, theirs = (pd.read_parquet(folder / f"{engine}.parquet") for engine in RUN)
    assert len(ours) == len(theirs), (len(ours), len(theirs))
    for name in ours.columns:
        mine, other = ours[name], theirs[name]
        if name in NUMBERS:
            # A window's money is here a difference of running sums in floats.
            room = 1e-6 if name in MONEY else 0
            same = np.isclose(mine, other, rtol=1e-9, atol=room, equal_nan=True)
        else:
            same = ((mine == other) | (mine.isna() & other.isna())).to_numpy()
        assert same.all(), f"{name} differs in {(~same).sum():,} of {len(same):,} rows"
    ours, theirs = (pd.read_parquet(folder / f"{engine}.mask") for engine in RUN)
    assert list(ours["customer"]) == list(theirs["customer"]), "other customers"
    other = int((ours["matched"] != theirs["matched"]).sum())
    assert not other, f"the clause differs for {other:,} customers"


def page(found: dict[str, list[Any]], events: int, rows: int, rounds: int) -> str:
    """What stands between the markers of the page."""
    ours, theirs = found["onefold"], found["polars"]
    lines = [
        START,
        (
            f"{events:,} events of {ours[0]['customers']:,} customers; {rounds} processes each, "
            f"in turns, on a shared machine of {os.cpu_count()} cores. Python "
            f"{platform.python_version()}, polars {version('polars')} on {THREADS} threads, "
            "onefold on one."
        ),
        "",
        "| | onefold, seconds: median (least to most) | polars | onefold's time / its time |",
        "|---|---:|---:|---:|",
    ]
    what = {
        "at": f"20 traits as of {rows:,} moments",
        "first": "three purchases in the last 30 days, of everybody: first asked",
        "again": "the same, asked again: median of 5",
    }
    for key, name in what.items():
        mine, other = [run[key] for run in ours], [run[key] for run in theirs]
        ratio = statistics.median(a / b for a, b in zip(mine, other, strict=True))
        lines.append(f"| {name} | {_span(mine)} | {_span(other)} | {ratio:.2f} |")
    single = {
        "after": "one event into one profile (nothing is read)",
        "read": f"…and one trait read (recency): median of {READS} different events",
    }
    for key, name in single.items():
        lines.append(f"| {name}, microseconds | {_span([run[key] * 1e6 for run in ours])} | | |")
    return "\n".join([*lines, STOP])


def _span(values: list[float]) -> str:
    middle, least, most = map(_figure, (statistics.median(values), min(values), max(values)))
    return f"{middle} ({least} to {most})"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Moments, beside polars.")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="200,000 events, 20,000 rows")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    parser.add_argument("--child", nargs=4, help="internal")
    given = parser.parse_args()
    if given.child:
        engine, path, rows, out = given.child
        print(json.dumps(RUN[engine](Path(path), int(rows), Path(out))))
        return
    events, rows, rounds = given.events, given.rows, given.rounds
    if given.quick:
        events, rows, rounds = 200_000, 20_000, 2
    shown = page(measure(events, rows, rounds), events, rows, rounds)
    print(shown)
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


if __name__ == "__main__":
    main()
