"""Fold, beside pandas, polars and duckdb: the same traits of the same events, in one run.

Each engine runs in processes of its own, in turns. A process reads the events from a Parquet file
into its own kind of frame, answers for the first 1,000 of them, so that imports, connections and
threads are there, and then the clock starts; it stops when the answer is a frame of pandas. The
traits of each customer: recency, frequency (receipts), monetary, tenure, breadth, the share of
each channel, the count of each kind, and how events fall on the 24 hours; each id counts once.

    ratio = median over the turns of (seconds of onefold / seconds of the other in the same turn)

Run it as ``python benchmarks/fold.py [--quick] [--events 1000000] [--rounds 7] [--write]``.
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

ENGINES = ("onefold", "pandas", "polars", "duckdb")
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- fold: begin -->", "<!-- fold: end -->"
KINDS = ("cart", "click", "open", "purchase", "view")
CHANNELS = ("app", "email", "store", "web")
HOURS = tuple(f"{hour:02d}" for hour in range(24))
COUNTED = ("frequency", "breadth")
NAMES = ("recency", "frequency", "monetary", "tenure", "breadth")
END = "2024-12-31"


def make(events: int, path: Path) -> None:
    """A year of events of a tenth as many customers, in order of time, with ids."""
    import pandas as pd

    generator = np.random.default_rng(1)
    people = generator.zipf(1.3, events * 3)
    people = generator.permutation(people[people <= events // 10])[:events]
    kind = generator.choice(KINDS, len(people), p=[0.1, 0.2, 0.1, 0.2, 0.4])
    micros = np.sort(generator.integers(0, 365 * 86_400_000_000, len(people)))
    frame = pd.DataFrame(
        {
            "id": [f"e{i}" for i in range(len(people))],
            "customer": np.char.add("c", people.astype(str)),
            "time": (np.datetime64("2024-01-01", "us") + micros).astype("datetime64[us]"),
            "kind": kind,
            "item": np.char.add("i", generator.zipf(1.2, len(people)).clip(max=20_000).astype(str)),
            "channel": generator.choice(CHANNELS, len(people)),
            "value": np.where(
                kind == "purchase", generator.integers(1, 9999, len(people)) / 100, np.nan
            ),
        }
    )
    frame["time"] = frame["time"].dt.tz_localize("UTC")
    frame.to_parquet(path)


# ---------------------------------------------------------------- the same traits, four times


def by_onefold(frame: Any) -> Any:
    """As a user would: a log, profiles, and the traits read from them."""
    import pandas as pd

    import onefold as of
    from onefold import traits

    log = of.EventLog.from_frame(
        frame,
        customer="customer",
        time="time",
        event="kind",
        item="item",
        channel="channel",
        value="value",
        id="id",
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
    table = of.fold(log, chosen, as_of=END).table
    out = pd.DataFrame({name: table[name] for name in (*NAMES, *KINDS)}, index=table.ids)
    for name, labels in (("channels", CHANNELS), ("hours", HOURS)):
        held = table.wide(name)
        dense = pd.DataFrame(held.dense(), index=table.ids, columns=held.labels)
        out[list(labels)] = dense.reindex(columns=list(labels), fill_value=0.0)
    return out


def by_pandas(frame: Any) -> Any:
    """Group by customer; a share is a count over a count. Each id counts once."""
    import pandas as pd

    end = pd.Timestamp(END, tz="UTC")
    frame = frame.drop_duplicates(["customer", "id"]).astype({"customer": "category"})
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
    return out.set_axis(out.index.astype("str"))


def by_polars(frame: Any) -> Any:
    """One lazy query: strings as categories, hours read once, purchases filtered once."""
    import polars as pl

    end = pl.lit(END).str.to_datetime("%Y-%m-%d", time_zone="UTC", time_unit="us")
    day = 86_400_000_000
    events = (
        frame.lazy()
        .with_columns(pl.col("customer", "kind", "item", "channel").cast(pl.Categorical))
        .unique(["customer", "id"])
        .with_columns(hour=pl.col("time").dt.hour())
    )
    bought = (
        events.filter(pl.col("kind") == "purchase")
        .group_by("customer")
        .agg(
            recency=(end - pl.col("time").max()).dt.total_microseconds() / day,
            frequency=pl.col("time").n_unique(),
            monetary=pl.col("value").sum(),
            tenure=(end - pl.col("time").min()).dt.total_microseconds() / day,
            breadth=pl.col("item").n_unique(),
        )
    )
    counts = events.group_by("customer").agg(
        *((pl.col("channel") == name).mean().alias(name) for name in CHANNELS),
        *((pl.col("kind") == name).sum().alias(name) for name in KINDS),
        *((pl.col("hour") == int(name)).mean().alias(name) for name in HOURS),
    )
    query = (
        counts.join(bought, on="customer", how="left")
        .with_columns(pl.col("customer").cast(pl.String), pl.col(COUNTED).fill_null(0))
        .sort("customer")
    )
    return query.collect().to_pandas().set_index("customer")


def by_duckdb(events: Any) -> Any:
    """One query in SQL: events once, purchases filtered once, hours counted before spread."""
    day = 86_400_000_000
    end = f"timestamptz '{END}'"
    channels = (f"count(*) filter (channel = '{x}') / count(*) as \"{x}\"" for x in CHANNELS)
    kinds = (f"count(*) filter (kind = '{x}') as \"{x}\"" for x in KINDS)
    hours = (f'coalesce(sum(n) filter (hour = {int(x)}), 0) / sum(n) as "{x}"' for x in HOURS)
    query = f"""
        with once as materialized (
            select distinct on (customer, id)
                customer, time, kind, item, channel, value, hour(time) as hour
            from log
        ), bought as (
            select customer,
                date_diff('microsecond', max(time), {end}) / {day} as recency,
                count(distinct time) as frequency,
                sum(value) as monetary,
                date_diff('microsecond', min(time), {end}) / {day} as tenure,
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
    """
    return events.query("log", query).df().set_index("customer")


ANSWER = {"onefold": by_onefold, "pandas": by_pandas, "polars": by_polars, "duckdb": by_duckdb}


def load(engine: str, path: Path) -> Any:
    """The events, in the engine's own kind of frame; of duckdb, a table of its own."""
    if engine == "polars":
        import polars as pl

        return pl.read_parquet(path)
    if engine == "duckdb":
        import duckdb

        connection = duckdb.connect(config={"threads": 2})
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create table events as from read_parquet('{path}')")
        return connection.table("events")
    import pandas as pd

    return pd.read_parquet(path)


def child(engine: str, path: Path, out: Path) -> None:
    """One measurement, in this process; the answer is kept to be compared."""
    import pandas as pd

    frame, answer = load(engine, path), ANSWER[engine]
    answer(frame.limit(1000) if engine == "duckdb" else frame.head(1000))
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, worked = perf_counter(), process_time()
    table = answer(frame)
    seconds, work = perf_counter() - start, process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert isinstance(table, pd.DataFrame)
    order = [*NAMES, *KINDS, *CHANNELS, *HOURS]
    table[order].astype("float64").sort_index().to_parquet(out)
    print(json.dumps({"seconds": seconds, "work": work, "peak": peak / 1024, "held": held / 1024}))


# ---------------------------------------------------------------- run, compare, show


def measure(events: int, rounds: int) -> dict[str, list[dict[str, float]]]:
    """The runs by engine, turn by turn; stops with an error if the engines disagree."""
    found: dict[str, list[dict[str, float]]] = {engine: [] for engine in ENGINES}
    threads = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")
    environment = os.environ | threads | {"POLARS_MAX_THREADS": "2"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        # In a process of its own: a child's peak starts at what its parent holds.
        command = [sys.executable, __file__, "--make", str(events), str(path)]
        subprocess.run(command, check=True)
        for _ in range(rounds):
            for engine in ENGINES:  # in turns: a busy moment hits all
                command = [sys.executable, __file__, "--child", engine, str(path)]
                command.append(str(Path(folder) / f"{engine}.parquet"))
                done = subprocess.run(
                    command, stdout=subprocess.PIPE, text=True, check=True, env=environment
                )
                found[engine].append(json.loads(done.stdout))
        compare(Path(folder))
    return found


def compare(folder: Path) -> None:
    """Every trait of every customer is the same in all engines."""
    import pandas as pd

    ours = pd.read_parquet(folder / "onefold.parquet")
    for engine in ENGINES[1:]:
        theirs = pd.read_parquet(folder / f"{engine}.parquet")
        assert list(theirs.index) == list(ours.index), f"{engine}: other customers"
        for name in ours.columns:
            same = np.isclose(ours[name], theirs[name], rtol=1e-9, atol=1e-9, equal_nan=True)
            assert same.all(), f"{engine}: {name} differs for {(~same).sum()} customers"


def table(found: dict[str, list[dict[str, float]]]) -> str:
    """Markdown: seconds, ratios, processor time, memory."""
    lines = [
        (
            "| | seconds: median (least to most) | onefold's time / its time | processor seconds "
            "| peak memory | before: frame and imports |"
        ),
        "|---|---:|---:|---:|---:|---:|",
    ]
    ours = [run["seconds"] for run in found["onefold"]]
    for engine, runs in found.items():
        threads = {"onefold": "", "pandas": ""}.get(engine, ", 2 threads")
        theirs = [run["seconds"] for run in runs]
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        work, peak, held = (
            statistics.median(run[key] for run in runs) for key in ("work", "peak", "held")
        )
        ratio = "1" if engine == "onefold" else _span(ratios)
        lines.append(
            f"| {engine} {_version(engine)}{threads} | {_span(theirs)} | {ratio} | {work:.2f} "
            f"| {peak:,.0f} MB | {held:,.0f} MB |"
        )
    return "\n".join(lines)


def _span(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def page(events: int, rounds: int, shown: str) -> str:
    """What stands between the markers of the page."""
    others = ", ".join(f"{name} {_version(name)}" for name in ("numpy", "pyarrow"))
    return (
        f"{START}\n{events:,} events of {events // 10:,} customers or fewer, with ids; {rounds} "
        f"processes each, in turns, on a shared machine of {os.cpu_count()} cores. Python "
        f"{platform.python_version()}, {others}.\n\n{shown}\n{STOP}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Fold beside pandas, polars and duckdb.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="100,000 events, three rounds")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    parser.add_argument("--child", nargs=3, metavar=("ENGINE", "EVENTS", "OUT"), help="internal")
    parser.add_argument("--make", nargs=2, metavar=("EVENTS", "OUT"), help="only make the events")
    given = parser.parse_args()
    if given.make:
        make(int(given.make[0]), Path(given.make[1]))
        return
    if given.child:
        child(given.child[0], Path(given.child[1]), Path(given.child[2]))
        return
    events, rounds = (100_000, 3) if given.quick else (given.events, given.rounds)
    shown = page(events, rounds, table(measure(events, rounds)))
    print(shown)
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


if __name__ == "__main__":
    main()
