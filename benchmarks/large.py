"""Large: how time and memory grow with the events, when they are folded part by part.

Ten million made-up events lie in a Parquet file. For each size they are read that many times over,
each time as other customers a year later, folded into `Partitions` on two threads, and gone through
once more for four traits of everybody. Each size runs in a process of its own.

    grows = seconds for an event at this size / seconds for an event at the first

Run it as ``python benchmarks/large.py [--quick] [--millions 10 30 100] [--write]``.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from fold import THREADS, make

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- large: begin -->", "<!-- large: end -->"
PARTS = {1: 2, 10: 8, 30: 16, 100: 32}


def frames(path: Path, times: int) -> Iterator[Any]:
    """The events of the file, so many times: other customers, a year later each time."""
    import datetime as dt

    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for k in range(times):
        with pq.ParquetFile(path, read_dictionary=["kind", "item", "channel"]) as file:
            for batch in file.iter_batches(1_000_000, use_threads=False):
                table = pa.Table.from_batches([batch])
                who = pc.binary_join_element_wise(f"{k}", table["customer"], "")
                when = pc.add(table["time"], dt.timedelta(days=365 * k))
                table = table.set_column(0, "customer", who).set_column(1, "time", when)
                yield table


def child(path: Path, times: int, parts: int, folder: Path) -> None:
    """One size, in this process."""
    import pyarrow as pa

    import onefold as of
    from onefold import traits

    pa.set_cpu_count(1)
    start = perf_counter()
    logs = of.EventLog.batches(
        frames(path, times),
        threads=THREADS,
        customer="customer",
        time="time",
        event="kind",
        item="item",
        channel="channel",
        value="value",
    )
    chosen = [traits.Recency(), traits.Frequency(), traits.Monetary(), traits.Breadth()]
    partitions = of.Partitions.fold(
        logs, folder, parts=parts, traits=chosen, threads=THREADS, progress=False
    )
    folded = perf_counter() - start
    customers, total = 0, 0.0
    for profiles in partitions:
        customers += len(profiles)
        total += float(sum(profiles.table[trait.name].sum() for trait in chosen[1:2]))
    read = perf_counter() - start - folded
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    disk = sum(file.stat().st_size for file in folder.rglob("*")) / 1e9
    found = {"fold": folded, "read": read, "peak": peak, "disk": disk, "customers": customers}
    print(json.dumps(found | {"visits": total}))


def measure(millions: list[int], unit: int) -> list[dict[str, Any]]:
    """What each size takes; stops with an error if purchases are lost or doubled."""
    found = []
    environment = os.environ | dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        make(unit, False, path)
        for size in millions:
            times, out = size * 1_000_000 // unit, Path(folder) / f"{size}"
            parts = PARTS.get(size, max(size // 3, 1))
            command = [sys.executable, __file__, "--child", str(path), str(times), str(parts)]
            done = subprocess.run(
                [*command, str(out)],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                env=environment,
            )
            held = json.loads(done.stdout) | {"events": unit * times, "parts": parts}
            found.append(held | {"each": held["visits"] / times})
            shutil.rmtree(out)
    assert all(run["each"] == found[0]["each"] for run in found), "purchases lost or doubled"
    return found


def page(found: list[dict[str, Any]]) -> str:
    """What stands between the markers of the page."""
    lines = [
        START,
        (
            f"{THREADS} threads, on a shared machine of {os.cpu_count()} cores, one run each. "
            f"Python {platform.python_version()}."
        ),
        "",
        (
            "| events | customers | parts | seconds to fold | grows | seconds to read four traits "
            "| peak memory | on disk |"
        ),
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    first = found[0]["fold"] / found[0]["events"]
    for run in found:
        grows = run["fold"] / run["events"] / first
        lines.append(
            f"| {run['events']:,} | {run['customers']:,} | {run['parts']} | {run['fold']:.1f} "
            f"| {grows:.2f} | {run['read']:.1f} | {run['peak']:.2f} GB | {run['disk']:.2f} GB |"
        )
    return "\n".join([*lines, STOP])


def main() -> None:
    parser = argparse.ArgumentParser(description="How time and memory grow with the events.")
    parser.add_argument("--millions", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--quick", action="store_true", help="1 and 3 million events")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    parser.add_argument("--child", nargs=4, help="internal")
    given = parser.parse_args()
    if given.child:
        path, times, parts, folder = given.child
        child(Path(path), int(times), int(parts), Path(folder))
        return
    millions, unit = ([1, 3], 1_000_000) if given.quick else (given.millions, 10_000_000)
    shown = page(measure(millions, unit))
    print(shown)
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


if __name__ == "__main__":
    main()
