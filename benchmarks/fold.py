"""Fold, beside polars, duckdb and pandas: from a Parquet file to the same traits, in one run.

Each engine runs in processes of its own, in turns, on two threads. A process first answers for a
small file, so that imports, connections and threads are there; then the clock starts, the file is
read, and the clock stops when the traits are a frame of pandas and the cells a frame of the
engine's own. The traits of each customer: recency, frequency, monetary, tenure, breadth, the share
of each channel, the count of each kind, and how events fall on the 24 hours. The cells of each
customer and item: count, decayed weight, last time. With ids, each id of a customer counts once.
After every turn each customer's traits and the totals of the cells must be the same everywhere;
and each cell of the small file, in which, with ids, a tenth of the events come twice.

    ratio = median over the turns of (seconds of onefold / seconds of the other in the same turn)

Run it as ``python benchmarks/fold.py [--quick] [--events 1000000] [--rounds 5] [--write]``.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

ENGINES = ("onefold", "polars", "duckdb", "pandas")
SLOW = {"pandas": 2_000_000}  # events beyond which an engine is left out
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- fold: begin -->", "<!-- fold: end -->"
KINDS = ("cart", "click", "open", "purchase", "view")
CHANNELS = ("app", "email", "store", "web")
HOURS = tuple(f"{hour:02d}" for hour in range(24))
COUNTED = ("frequency", "breadth")
CELLS = ("customer", "item", "n", "weight", "last")
NAMES = ("recency", "frequency", "monetary", "tenure", "breadth")
END, DAY, HALF_LIFE = "2025-01-01", 86_400_000_000, 90
THREADS, SMALL = 2, 2000


def make(events: int, ids: bool, path: Path, *, twice: int = 0) -> None:
    """A year of events of a tenth as many customers and 20,000 items, in order of time.

    No two events share a time, so that the last of several is the same one everywhere. The first
    `twice` of them are delivered once more at the end.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(5)
    people = max(events // 10, 1)
    weight = rng.gamma(0.5, 1, people) + 0.05
    who = rng.choice(people, size=events, p=weight / weight.sum())
    item = rng.zipf(1.2, events * 2) - 1
    item = np.resize(item[item < 20_000], events)
    kind = rng.choice(5, events, p=[0.1, 0.2, 0.1, 0.2, 0.4])
    channel = rng.choice(4, events, p=[0.2, 0.2, 0.2, 0.4])
    place = np.arange(events)
    time = np.sort(rng.integers(0, 365 * DAY, events)) - place
    time = (np.maximum.accumulate(time) + place).astype("timedelta64[us]")
    value = np.where(kind == 3, rng.integers(1, 9999, events) / 100, np.nan)

    def words(codes: Any, names: list[str]) -> Any:
        held = pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names))
        return held.cast(pa.string())

    columns = {
        "customer": words(who, [f"c{i:07d}" for i in range(people)]),
        "time": pa.array(np.datetime64("2024-01-01", "us") + time, pa.timestamp("us", tz="UTC")),
        "kind": words(kind, list(KINDS)),
        "item": words(item, [f"i{i:05d}" for i in range(20_000)]),
        "channel": words(channel, list(CHANNELS)),
        "value": pa.array(value, from_pandas=True),
    }
    if ids:
        columns["id"] = pa.array([f"e{i}" for i in range(events)])
    table = pa.table(columns)
    pq.write_table(pa.concat_tables([table, table.slice(0, twice)]), path)


# ---------------------------------------------------------------- the same answers, four times


def by_onefold(path: Path, ids: bool, lap: Any) -> tuple[Any, Any, Any]:
    """As a user would: batches of a file, profiles, and what is read from them."""
    import pandas as pd

    import onefold as of
    from onefold import traits

    logs = of.EventLog.batches(
        path,
        threads=THREADS,
        customer="customer",
        time="time",
        event="kind",
        item="item",
        channel="channel",
        value="value",
        id="id" if ids else None,
        zone="UTC",
    )
    chosen: list[traits.Trait] = [
        traits.Recency(),
        traits.Frequency(),
        traits.Monetary(),
        traits.Tenure(),
        traits.Breadth(),
        traits.Share("channel", name="channels"),
        *(traits.Count(kind, name=kind) for kind in KINDS),
        traits.Rhythm(by="day", name="hours"),
    ]
    profiles = of.fold(logs, chosen, as_of=END, threads=THREADS)
    lap("read the file, tell texts apart, sort into the ledger, drop repeats")
    table = profiles.table
    out = {name: table[name] for name in (*NAMES, *KINDS)}
    for name, labels in (("channels", CHANNELS), ("hours", HOURS)):
        held = table.wide(name)
        dense = held.dense()
        at = {str(label): k for k, label in enumerate(held.labels)}
        out |= {n: dense[:, at[n]] if n in at else np.zeros(len(table)) for n in labels}
    frame = pd.DataFrame(out, index=table.ids)
    del out, held, dense
    lap("read the traits")
    cells = profiles.cells(event=None, half_lives=[f"{HALF_LIFE}D"], threads=THREADS)
    weight = cells.decayed(f"{HALF_LIFE}D", at=END)
    sums = (len(cells), cells.count.sum(), weight.sum())
    ids_of = profiles.ids
    lap("cells")

    def written() -> Any:
        who, item = ids_of[cells.person], cells.items.decode(cells.item)
        columns = (who, item, cells.count, weight, cells.last)
        return pd.DataFrame(dict(zip(CELLS, columns, strict=True)))

    return frame, sums, written


def by_pandas(path: Path, ids: bool, lap: Any) -> tuple[Any, Any, Any]:
    """Group by customer; a share is a count over a count."""
    import pandas as pd

    end = pd.Timestamp(END, tz="UTC")
    frame = pd.read_parquet(path)
    if ids:
        frame = frame.drop_duplicates(["customer", "id"])
    frame = frame.astype({"customer": "category", "item": "category"})
    everybody = frame.groupby("customer", observed=True).size()
    bought = frame[frame["kind"] == "purchase"].groupby("customer", observed=True)
    out = pd.DataFrame(
        {
            "recency": (end - bought["time"].max()) / pd.Timedelta("1D"),
            "frequency": bought["time"].nunique(),
            "monetary": bought["value"].sum(),
            "tenure": (end - bought["time"].min()) / pd.Timedelta("1D"),
            "breadth": bought["item"].nunique(),
        }
    ).reindex(everybody.index)
    out[["frequency", "breadth"]] = out[["frequency", "breadth"]].fillna(0.0)
    hours = frame["time"].dt.hour.map(dict(enumerate(HOURS)))
    for labels, column, share in (
        (CHANNELS, frame["channel"], True),
        (KINDS, frame["kind"], False),
        (HOURS, hours, True),
    ):
        table = frame.groupby(["customer", column], observed=True).size().unstack(fill_value=0)
        table = table.reindex(columns=list(labels), fill_value=0)
        out[list(labels)] = table.div(everybody, axis=0) if share else table
    frame["weight"] = 2.0 ** (-((end - frame["time"]) / pd.Timedelta("1D")) / HALF_LIFE)
    cells = frame.groupby(["customer", "item"], observed=True).agg(
        n=("time", "size"), weight=("weight", "sum"), last=("time", "max")
    )
    out.index = out.index.astype("str")
    return out, (len(cells), cells["n"].sum(), cells["weight"].sum()), cells.reset_index


def by_polars(path: Path, ids: bool, lap: Any) -> tuple[Any, Any, Any]:
    """One plan for the traits and one for the cells; repeats are dropped once for both."""
    import polars as pl

    end = pl.lit(END).str.to_datetime("%Y-%m-%d", time_zone="UTC", time_unit="us")
    if ids:  # not lazily: both plans would do it again
        events = pl.read_parquet(path).unique(["customer", "id"]).drop("id").lazy()
    else:
        events = pl.scan_parquet(path)
    events = events.with_columns(hour=pl.col("time").dt.hour())
    bought = (
        events.filter(pl.col("kind") == "purchase")
        .group_by("customer")
        .agg(
            recency=(end - pl.col("time").max()).dt.total_microseconds() / DAY,
            frequency=pl.col("time").n_unique(),
            monetary=pl.col("value").sum(),
            tenure=(end - pl.col("time").min()).dt.total_microseconds() / DAY,
            breadth=pl.col("item").n_unique(),
        )
    )
    counts = events.group_by("customer").agg(
        *((pl.col("channel") == name).mean().alias(name) for name in CHANNELS),
        *((pl.col("kind") == name).sum().alias(name) for name in KINDS),
        *((pl.col("hour") == int(name)).mean().alias(name) for name in HOURS),
    )
    age = (end - pl.col("time")).dt.total_microseconds() / (DAY * HALF_LIFE)
    cells = events.group_by("customer", "item").agg(
        n=pl.len(), weight=(2.0**-age).sum(), last=pl.col("time").max()
    )
    traits = (
        counts.join(bought, on="customer", how="left")
        .with_columns(pl.col(COUNTED).fill_null(0))
        .sort("customer")
    )
    # One after the other takes less time and memory than both at once; both were tried.
    table = traits.collect().to_pandas().set_index("customer")
    held = cells.collect()
    return table, (len(held), held["n"].sum(), held["weight"].sum()), held.to_pandas


def by_duckdb(path: Path, ids: bool, lap: Any) -> tuple[Any, Any, Any]:
    """Queries in SQL: purchases filtered once, hours counted before they are spread."""
    import duckdb
    import pyarrow as pa
    import pyarrow.compute as pc

    base = duckdb.connect(config={"threads": THREADS})
    base.execute("set timezone = 'UTC'")
    end = f"timestamptz '{END}'"
    once = "distinct on (customer, id)" if ids else ""
    channels = (f"count(*) filter (channel = '{x}') / count(*) as \"{x}\"" for x in CHANNELS)
    kinds = (f"count(*) filter (kind = '{x}') as \"{x}\"" for x in KINDS)
    hours = (f'coalesce(sum(n) filter (hour = {int(x)}), 0) / sum(n) as "{x}"' for x in HOURS)
    base.execute(f"""
        create temp table once as select {once}
            customer, time, kind, item, channel, value, hour(time) as hour
        from read_parquet('{path}')
    """)
    table = base.execute(f"""
        with bought as (
            select customer,
                date_diff('microsecond', max(time), {end}) / {DAY} as recency,
                count(distinct time) as frequency,
                sum(value) as monetary,
                date_diff('microsecond', min(time), {end}) / {DAY} as tenure,
                count(distinct item) as breadth
            from once where kind = 'purchase' group by customer
        ), counts as (
            select customer, {", ".join([*channels, *kinds])} from once group by customer
        ), hourly as (
            select customer, hour, count(*) as n from once group by customer, hour
        ), hours as (
            select customer, {", ".join(hours)} from hourly group by customer
        )
        select counts.*, hours.* exclude (customer), recency, coalesce(frequency, 0) as frequency,
            monetary, tenure, coalesce(breadth, 0) as breadth
        from counts join hours using (customer) left join bought using (customer)
        order by customer
    """).df()
    cells = pa.table(
        base.sql(f"""
        select customer, item, count(*) as n, max(time) as last,
            sum(pow(2, -date_diff('microsecond', time, {end}) / {DAY * HALF_LIFE})) as weight
        from once group by customer, item
    """)
    )
    sums = (len(cells), pc.sum(cells["n"]).as_py(), pc.sum(cells["weight"]).as_py())
    return table.set_index("customer"), sums, cells.to_pandas


ANSWER = {"onefold": by_onefold, "pandas": by_pandas, "polars": by_polars, "duckdb": by_duckdb}


def child(engine: str, path: Path, ids: bool, out: Path) -> None:
    """One measurement, in this process; the answer is kept to be compared."""
    import pandas as pd
    import pyarrow as pa

    pa.set_cpu_count(THREADS)
    answer, laps = ANSWER[engine], []
    small = out.with_suffix(".small")
    make(SMALL, ids, small, twice=SMALL // 10 if ids else 0)
    cells = answer(small, ids, lambda name: None)[2]()
    cells = cells[list(CELLS)].astype({"customer": "str", "item": "str", "n": "int64"})
    cells["last"] = pd.to_datetime(cells["last"], utc=True).astype("datetime64[us, UTC]")
    cells = cells.sort_values(["customer", "item"], ignore_index=True)
    cells.to_parquet(out.with_suffix(".cells"))
    del cells
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, worked = perf_counter(), process_time()
    table, sums, _ = answer(path, ids, lambda name: laps.append((name, perf_counter() - start)))
    seconds, work = perf_counter() - start, process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    order = [*NAMES, *KINDS, *CHANNELS, *HOURS]
    table[order].astype("float64").sort_index().to_parquet(out)
    figures = {"seconds": seconds, "work": work, "peak": peak / 1024, "held": held / 1024}
    print(json.dumps(figures | {"laps": laps, "cells": [float(x) for x in sums]}))


def reading(path: Path) -> None:
    """The limit: the columns of the file, read once by Arrow on two threads."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(THREADS)
    make(SMALL, False, path.with_suffix(".small"))
    pq.read_table(path.with_suffix(".small"))  # so that what it needs is there
    start, worked = perf_counter(), process_time()
    pq.read_table(path)
    seconds, work = perf_counter() - start, process_time() - worked
    print(json.dumps({"seconds": seconds, "work": work}))


# ---------------------------------------------------------------- run, compare, show


def measure(events: int, ids: bool, rounds: int) -> dict[str, list[Any]]:
    """The runs by engine, turn by turn; stops with an error if the engines disagree."""
    engines = [e for e in ENGINES if events <= SLOW.get(e, events)]
    found: dict[str, list[Any]] = {engine: [] for engine in [*engines, "reading"]}
    threads = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")
    environment = os.environ | threads | {"POLARS_MAX_THREADS": str(THREADS)}

    def run(*given: str) -> Any:
        command = [sys.executable, __file__, *given]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, env=environment
        )
        return json.loads(done.stdout) if done.stdout else None

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        # In processes of their own: a child's peak starts at what its parent holds.
        run("--make", str(events), str(int(ids)), str(path))
        for _ in range(rounds):
            for engine in engines:  # in turns: a busy moment hits all
                out = str(Path(folder) / f"{engine}.parquet")
                found[engine].append(run("--child", engine, str(path), str(int(ids)), out))
            found["reading"].append(run("--read", str(path)))
            compare(Path(folder), found)
    return found


def compare(folder: Path, found: dict[str, list[Any]]) -> None:
    """The last turn: every trait, the totals of the cells, every cell of the small file."""
    import pandas as pd

    ours, own = (pd.read_parquet(folder / f"onefold.{of}") for of in ("parquet", "cells"))
    for engine in found.keys() - {"onefold", "reading"}:
        theirs, cells = (pd.read_parquet(folder / f"{engine}.{of}") for of in ("parquet", "cells"))
        assert list(theirs.index) == list(ours.index), f"{engine}: other customers"
        for name in ours.columns:
            same = np.isclose(ours[name], theirs[name], rtol=1e-9, atol=1e-9, equal_nan=True)
            assert same.all(), f"{engine}: {name} differs for {(~same).sum()} customers"
        totals = found["onefold"][-1]["cells"], found[engine][-1]["cells"]
        assert np.allclose(*totals, rtol=1e-9, atol=0), f"{engine}: other cells, {totals}"
        assert len(cells) == len(own), f"{engine}: {len(cells)} small cells, not {len(own)}"
        for name in CELLS:
            if name == "weight":
                same = np.isclose(own[name], cells[name], rtol=1e-9, atol=0)
            else:
                same = (own[name] == cells[name]).to_numpy()
            assert same.all(), f"{engine}: {name} differs for {(~same).sum()} small cells"


def table(found: dict[str, list[Any]]) -> str:
    """Markdown: seconds, ratios, processor time, memory."""
    lines = [
        (
            "| | seconds: median (least to most) | onefold's time / its time | processor seconds "
            "| peak memory |"
        ),
        "|---|---:|---:|---:|---:|",
    ]
    ours = [run["seconds"] for run in found["onefold"]]
    for engine, runs in found.items():
        theirs = [run["seconds"] for run in runs]
        ratios = _span([a / b for a, b in zip(ours, theirs, strict=True)])
        work = statistics.median(run["work"] for run in runs)
        if engine == "reading":
            lines.append(
                f"| *only reading the columns* | {_span(theirs)} | {ratios} | {work:.2f} | |"
            )
            continue
        peak = statistics.median(run["peak"] for run in runs)
        ratio = "1" if engine == "onefold" else ratios
        lines.append(
            f"| {engine} {_version(engine)} | {_span(theirs)} | {ratio} | {work:.2f} "
            f"| {peak / 1000:,.2f} GB |"
        )
    return "\n".join(lines)


def stages(found: dict[str, list[Any]]) -> str:
    """Where onefold's time goes: the median over the turns, in one sentence."""
    names = [name for name, _ in found["onefold"][0]["laps"]]
    ends = np.array([[end for _, end in run["laps"]] for run in found["onefold"]])
    steps = np.median(np.diff(ends, axis=1, prepend=0), axis=0)
    parts = [f"{name} {step:.2f} s" for name, step in zip(names, steps, strict=True)]
    limit = statistics.median(run["seconds"] for run in found["reading"])
    return (
        f"Where onefold's time goes: {'; '.join(parts)}. Reading the columns alone takes "
        f"{limit:.2f} s."
    )


def _span(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def page(parts: list[tuple[int, bool, int, dict[str, list[Any]]]]) -> str:
    """What stands between the markers of the page."""
    others = ", ".join(f"{name} {_version(name)}" for name in ("numpy", "pyarrow"))
    out = [
        START,
        (
            f"On {THREADS} threads each (pandas on one), on a shared machine of {os.cpu_count()} "
            f"cores. Python {platform.python_version()}, {others}."
        ),
    ]
    for events, ids, rounds, found in parts:
        cells = int(found["onefold"][0]["cells"][0])
        out.append(
            f"**{events:,} events, {'with ids' if ids else 'without ids'}**, {events // 10:,} "
            f"customers or fewer, {cells:,} cells; {rounds} processes each, in turns.\n\n"
            f"{table(found)}\n\n{stages(found)}"
        )
    return "\n\n".join([*out, STOP])


def main() -> None:
    parser = argparse.ArgumentParser(description="Fold beside polars, duckdb and pandas.")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="200,000 events, two rounds")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    parser.add_argument("--child", nargs=4, help="internal")
    parser.add_argument("--make", nargs=3, help="internal: only make the events")
    parser.add_argument("--read", help="internal: only read the file")
    given = parser.parse_args()
    if given.make:
        make(int(given.make[0]), given.make[1] == "1", Path(given.make[2]))
    elif given.read:
        reading(Path(given.read))
    elif given.child:
        engine, path, ids, out = given.child
        child(engine, Path(path), ids == "1", Path(out))
    else:
        sizes, rounds = ([200_000], 2) if given.quick else (given.events, given.rounds)
        parts = [(n, ids, rounds, measure(n, ids, rounds)) for n in sizes for ids in (False, True)]
        shown = page(parts)
        print(shown)
        if given.write:
            text = PAGE.read_text(encoding="utf-8")
            before, after = text.split(START)[0], text.split(STOP)[1]
            PAGE.write_text(before + shown + after, encoding="utf-8")


if __name__ == "__main__":
    main()
