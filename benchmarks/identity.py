"""Who is who, beside a union-find in Python and scipy's connected components, in one run.

Events with a cookie, sometimes a user id, sometimes an e-mail address; in the second part 1 % of
them came from somebody else's device. Each engine has the events in the form that its users have:
onefold a log, the union-find a list of tuples, scipy a frame of pandas. The clock starts when they
are in memory and stops when each customer's events are known: by onefold as profiles, by the others
as a number. Each runs in processes of its own, in turns, on one thread. Where no device is shared
no guard has anything to say, and the customers of all events must be the same everywhere.

    ratio = median over the turns of (seconds of onefold / seconds of the other in the same turn)

The seconds of the ratio are those of the processor: each engine uses one, and others use it too.

Run it as ``python benchmarks/identity.py [--quick] [--events 1000000] [--rounds 3] [--write]``.
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
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
from fold import DAY, PAGE

START, STOP = "<!-- identity: begin -->", "<!-- identity: end -->"
ENGINES = ("onefold", "union-find", "scipy")
NAMES = ("cookie", "user_id", "email")
SMALL, DEVICES, EVENTS = 2000, 3, 12  # of the first, unmeasured run; of one person, on average
SHARED = (0.0, 0.01)
LARGE = 2_000_000  # events beyond which each engine runs once


def make(events: int, shared: float, path: Path) -> None:
    """300 days of events of a twelfth as many people, with three devices each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    people = max(events // EVENTS, 1)
    who = rng.integers(people, size=events)
    cookie = who * DEVICES + rng.integers(DEVICES, size=events)
    other = rng.random(events) < shared
    cookie[other] = rng.integers(people * DEVICES, size=int(other.sum()))
    login = rng.random(events) < 0.4
    mail = login & (rng.random(events) < 0.3)
    time = rng.integers(0, 300 * DAY, events).astype("timedelta64[us]")

    def words(pattern: str, codes: Any, n: int, told: Any = None) -> Any:
        mask = None if told is None else ~told
        names = pa.array([pattern.format(i) for i in range(n)])
        held = pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=mask), names)
        return held.cast(pa.string())

    columns = {
        "cookie": words("c{}", cookie, people * DEVICES),
        "user_id": words("u{}", who, people, login),
        "email": words("m{}@shop.org", who, people, mail),
        "time": pa.array(np.datetime64("2024-01-01", "us") + time, pa.timestamp("us", tz="UTC")),
        "kind": words("{}", np.zeros(events), 1),
        "item": words("i{}", rng.integers(1000, size=events), 1000),
        "id": words("e{}", np.arange(events), events),
    }
    pq.write_table(pa.table(columns), path)


# ---------------------------------------------------------------- the same answer, three times


def by_onefold(path: Path) -> tuple[Any, Any]:
    """Spellings, guards, one profile each; repeated deliveries of an id dropped."""
    import pyarrow.parquet as pq

    import onefold as of

    log = of.EventLog.from_frame(
        pq.read_table(path),
        time="time",
        event="kind",
        item="item",
        id="id",
        identifiers=list(NAMES),
    )

    def answer(lap: Any) -> Any:
        who = of.resolve(log)
        lap("resolve")
        profiles = of.fold(log, identities=who)
        lap("fold")
        return lambda: (who.customers(log), len(profiles))

    return len(log), answer


def by_union_find(path: Path) -> tuple[Any, Any]:
    """A list of parents, with paths that get shorter as they are walked."""
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=list(NAMES))
    events = list(zip(*(table[name].to_pylist() for name in NAMES), strict=True))
    del table

    def answer(lap: Any) -> Any:
        parent: list[int] = []
        cookies: dict[str, int] = {}
        users: dict[str, int] = {}
        mails: dict[str, int] = {}

        def number(held: dict[str, int], value: str) -> int:
            found = held.get(value)
            if found is None:
                found = held[value] = len(parent)
                parent.append(found)
            return found

        def find(node: int) -> int:
            while parent[node] != node:
                parent[node] = node = parent[parent[node]]
            return node

        first = []
        for cookie, user, mail in events:
            node = number(cookies, cookie)
            first.append(node)
            if user is not None:
                parent[find(number(users, user))] = find(node)
            if mail is not None:
                parent[find(number(mails, mail))] = find(node)
        lap("unite")
        counts: dict[int, int] = {}
        owners = []
        for node in first:
            root = find(node)
            owners.append(root)
            counts[root] = counts.get(root, 0) + 1
        lap("count")

        return lambda: (np.array(owners), len(counts))

    return len(events), answer


def by_scipy(path: Path) -> tuple[Any, Any]:
    """Codes of pandas, a sparse graph, its components, a group-by."""
    import pandas as pd
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    frame = pd.read_parquet(path, columns=list(NAMES))

    def answer(lap: Any) -> Any:
        codes, size = [], 0
        for name in NAMES:
            code, values = pd.factorize(frame[name])
            codes.append(np.where(code < 0, -1, code + size))
            size += len(values)
        lap("factorize")
        starts, ends = [], []
        for other in codes[1:]:
            told = other >= 0
            starts.append(codes[0][told])
            ends.append(other[told])
        pairs = (np.concatenate(starts), np.concatenate(ends))
        graph = coo_array((np.ones(len(pairs[0]), dtype=bool), pairs), shape=(size, size))
        label = connected_components(graph.tocsr(), directed=False)[1]
        lap("components")
        owner = label[codes[0]]
        counts = pd.Series(owner).groupby(owner).count()
        lap("count")
        return lambda: (owner, len(counts))

    return len(frame), answer


ANSWER = {"onefold": by_onefold, "union-find": by_union_find, "scipy": by_scipy}


def child(engine: str, path: Path, out: Path) -> None:
    """One measurement, in this process; the answer is kept to be compared."""
    import pandas as pd
    import pyarrow as pa

    pa.set_cpu_count(1)
    small = out.with_suffix(".small")
    make(SMALL, SHARED[-1], small)
    ANSWER[engine](small)[1](lambda name: None)()
    begin = perf_counter()
    events, answer = ANSWER[engine](path)
    door = perf_counter() - begin
    held = peak()
    laps: list[tuple[str, float]] = []
    start, worked = perf_counter(), process_time()
    whole = answer(lambda name: laps.append((name, perf_counter() - start)))
    seconds, work = perf_counter() - start, process_time() - worked
    most = peak()
    owners, customers = whole()
    codes = pd.factorize(owners)[0]
    np.save(out, codes)
    largest = int(np.bincount(codes).max())
    figures = {"events": events, "seconds": seconds, "work": work, "door": door, "held": held}
    print(json.dumps(figures | {"peak": most, "laps": laps, "n": customers, "largest": largest}))


def peak() -> float:
    """Memory of this process at most, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


# ---------------------------------------------------------------- run, compare, show


def measure(events: int, shared: float, rounds: int) -> dict[str, list[Any]]:
    """The runs by engine, turn by turn; stops with an error if the engines disagree."""
    found: dict[str, list[Any]] = {engine: [] for engine in ENGINES}
    threads = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "events.parquet"
        make(events, shared, path)
        for _ in range(rounds):
            for engine in ENGINES:
                out = folder / f"{engine}.npy"
                done = subprocess.run(
                    [sys.executable, __file__, "--child", engine, str(path), str(out)],
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                    env=os.environ | threads,
                )
                found[engine].append(json.loads(done.stdout))
                print(events, shared, engine, found[engine][-1], file=sys.stderr, flush=True)
            ours = np.load(folder / "onefold.npy")
            for engine in ENGINES[1:]:
                same = np.array_equal(ours, np.load(folder / f"{engine}.npy"))
                assert same or shared, f"{engine}: other customers"
    return found


def table(found: dict[str, list[Any]]) -> str:
    """Markdown: seconds, events a second, ratios, processor time, memory, customers."""
    lines = [
        (
            "| | seconds: median (least to most) | processor seconds | events in one of these "
            "| onefold's / its | peak memory (before) | customers | most events of one |"
        ),
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    ours = [run["work"] for run in found["onefold"]]
    for engine, runs in found.items():
        work = [run["work"] for run in runs]
        ratio = _span([a / b for a, b in zip(ours, work, strict=True)])
        speed = runs[0]["events"] / statistics.median(work)
        most, held = (statistics.median(run[name] for run in runs) for name in ("peak", "held"))
        lines.append(
            f"| {engine} | {_span([run['seconds'] for run in runs])} | {_span(work)} "
            f"| {speed:,.0f} | {'1' if engine == 'onefold' else ratio} "
            f"| {most:.2f} GB ({held:.2f}) | {runs[0]['n']:,} | {runs[0]['largest']:,} |"
        )
    return "\n".join(lines)


def stages(found: dict[str, list[Any]]) -> str:
    """Where onefold's time goes: the median over the turns, in one sentence."""
    runs = found["onefold"]
    ends = np.array([[end for _, end in run["laps"]] for run in runs])
    steps = np.median(np.diff(ends, axis=1, prepend=0), axis=0)
    names = [name for name, _ in runs[0]["laps"]]
    parts = [f"{name} {step:.2f} s" for name, step in zip(names, steps, strict=True)]
    door = statistics.median(run["door"] for run in runs)
    return (
        f"Where onefold's time goes: {'; '.join(parts)}. To read the file and make the log of it, "
        f"before the clock starts, takes {door:.2f} s."
    )


def _span(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def page(parts: list[tuple[int, float, int, dict[str, list[Any]]]]) -> str:
    """What stands between the markers of the page."""
    others = ", ".join(
        f"{name} {version(name)}" for name in ("numpy", "pyarrow", "pandas", "scipy")
    )
    out = [
        START,
        (
            f"On one thread each, on a shared machine of {os.cpu_count()} cores. "
            f"Python {platform.python_version()}, {others}."
        ),
    ]
    for events, shared, rounds, found in parts:
        devices = f"{shared:.0%} from another's device" if shared else "no shared devices"
        times = "one process" if rounds == 1 else f"{rounds} processes"
        same = "" if shared else "; the same customers in all"
        out.append(
            f"**{events:,} events, {devices}**{same}; {times} each, in turns.\n\n"
            f"{table(found)}\n\n{stages(found)}"
        )
    return "\n\n".join([*out, STOP])


def main() -> None:
    parser = argparse.ArgumentParser(description="resolve and fold beside union-find and scipy.")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="200,000 events, one round")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    parser.add_argument("--child", nargs=3, help="internal")
    given = parser.parse_args()
    if given.child:
        engine, path, out = given.child
        child(engine, Path(path), Path(out))
        return
    sizes, rounds = ([200_000], 1) if given.quick else (given.events, given.rounds)
    turns = {n: rounds if n <= LARGE else 1 for n in sizes}
    parts = [(n, s, turns[n], measure(n, s, turns[n])) for n in sizes for s in SHARED]
    shown = page(parts)
    print(shown)
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


if __name__ == "__main__":
    main()
