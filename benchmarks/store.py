"""The store beside plain inserts through SQLAlchemy, on SQLite and PostgreSQL, in one run.

Events with a cookie, sometimes a user id, sometimes an e-mail address; 1 % came from somebody
else's device. Plain is one table with a column for each thing, written by the same engine with the
same promise of durability, and nothing else: no ids are told apart, and nobody is anybody.

    ratio = median of the seconds of the store / median of the seconds of the plain insert

Every part runs in a process of its own; single events of both take turns. PostgreSQL is that of the
variable ONEFOLD_POSTGRES, or a server of one's own where its binaries are; its fsync is on.

Run it as ``python benchmarks/store.py [--quick] [--events 10000000] [--parts one many] [--write]``.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from fold import DAY, PAGE

import onefold as of

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # tests.store.server starts PostgreSQL

BEGIN, STOP = "<!-- store: begin -->", "<!-- store: end -->"
START = np.datetime64("2024-01-01", "us")
EVENTS, DEVICES, PIECE = 10, 3, 500_000  # of one person; of a log that is made at a time
BATCH, WRITERS = 10_000, 4
PARTS = ("one", "many", "large", "writers")


def frame(first: int, last: int, people: int) -> Any:
    """The events of some numbers as a table of Arrow: whoever asks gets the same."""
    import pyarrow as pa

    rng = np.random.default_rng([1, first])
    n = last - first
    who = rng.integers(people, size=n)
    cookie = who * DEVICES + rng.integers(DEVICES, size=n)
    other = rng.random(n) < 0.01
    cookie[other] = rng.integers(people * DEVICES, size=int(other.sum()))
    login = rng.random(n) < 0.4
    mail = login & (rng.random(n) < 0.3)
    item, time = rng.integers(1000, size=n), np.sort(rng.integers(0, DAY, n)) + first * 1000

    def words(pattern: str, codes: Any, told: Any = None) -> Any:
        told = np.ones(n, dtype=bool) if told is None else told
        pairs = zip(codes.tolist(), told.tolist(), strict=True)
        return pa.array([pattern.format(c) if t else None for c, t in pairs], pa.string())

    return pa.table(
        {
            "cookie": words("c{}", cookie),
            "user_id": words("u{}", who, login),
            "email": words("m{}@shop.org", who, mail),
            "time": pa.array(START + time.astype("timedelta64[us]"), pa.timestamp("us", tz="UTC")),
            "kind": words("view", item),
            "item": words("i{}", item),
            "id": words("e{}", np.arange(first, last)),
        }
    )


def log_of(table: Any) -> of.EventLog:
    """The log of a table."""
    names = ["cookie", "user_id", "email"]
    return of.EventLog.from_frame(
        table, time="time", event="kind", item="item", id="id", identifiers=names
    )


def logs(events: int, people: int) -> Iterator[of.EventLog]:
    """All events, some at a time."""
    for first in range(0, events, PIECE):
        yield log_of(frame(first, min(first + PIECE, events), people))


def single(rows: list[dict[str, Any]]) -> list[of.Event]:
    """Rows as events."""
    names = ("cookie", "user_id", "email")
    return [
        of.Event(
            None,
            row["kind"],
            row["time"],
            item=row["item"],
            id=row["id"],
            identifiers={name: row[name] for name in names if row[name]},
        )
        for row in rows
    ]


class Plain:
    """One table, through SQLAlchemy Core."""

    def __init__(self, url: str, name: str = "plain") -> None:
        import sqlalchemy as sa

        from onefold.store.database import Database

        self.engine = Database(url, durable="disk", timeout=30.0).engine
        texts = [sa.Column(n, sa.Text) for n in ("cookie", "user_id", "email", "kind", "item")]
        number = sa.Column("number", sa.Integer, primary_key=True)
        more = [sa.Column("time", sa.BigInteger), sa.Column("id", sa.Text)]
        self.table = sa.Table(name, sa.MetaData(), number, *texts, *more)
        self.table.create(self.engine)
        self.insert = self.table.insert()

    def take(self, rows: list[dict[str, Any]]) -> None:
        """Rows in one transaction, durable when it ends."""
        import sqlalchemy as sa

        with self.engine.connect() as connection:
            # The engine of a store is told when a transaction begins.
            connection.execute(sa.text("BEGIN"))
            connection.execute(self.insert, rows)
            connection.execute(sa.text("COMMIT"))


def plainly(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with instants as whole numbers."""
    return [row | {"time": int(row["time"].timestamp() * 1e6)} for row in rows]


def peak() -> float:
    """Memory of this process at most, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def quantiles(taken: list[float]) -> list[float]:
    """Median, 99th percentile and most, in milliseconds."""
    return [*(1e3 * np.quantile(taken, [0.5, 0.99])).tolist(), 1e3 * max(taken)]


# ---------------------------------------------------------------- the parts, each a process


def one(url: str, given: argparse.Namespace) -> dict[str, Any]:
    """Single events of visitors who are known, new, and known who log in; beside single rows."""
    people, n = given.known // EVENTS, given.hits
    out: dict[str, Any] = {}
    with of.Store(url) as store:
        for log in logs(given.known, people):
            store.observe_all(log, batch=BATCH)
        plain = Plain(url)
        last = START + np.timedelta64(400, "D")
        made: dict[str, Callable[[int], dict[str, Any]]] = {
            "known": lambda at: {"cookie": f"c{at * 7 % (people * DEVICES)}"},
            "new": lambda at: {"cookie": f"new{at}"},
            "login": lambda at: {"cookie": f"new{at}", "user_id": f"newer{at}"},
        }
        for name, identifiers in made.items():
            rows = [
                dict.fromkeys(["cookie", "user_id", "email"])
                | identifiers(at)
                | {"time": last, "kind": "view", "item": "i1", "id": f"{name}{at}"}
                for at in range(n)
            ]
            events = single(rows)
            ours, other = [], []
            for row, event in zip(rows, events, strict=True):
                start = perf_counter()
                store.observe(event)
                ours.append(perf_counter() - start)
                start = perf_counter()
                plain.take([row | {"time": 1}])
                other.append(perf_counter() - start)
            out[name] = [quantiles(ours), quantiles(other)]
    return out


def many(url: str, given: argparse.Namespace) -> dict[str, Any]:
    """Batches from a log and from single events, beside `executemany`."""
    n = given.batched
    table = frame(0, n, n // EVENTS)
    rows = table.to_pylist()
    events, log = single(rows), log_of(table)
    rows = plainly(rows)
    plain = Plain(url)
    start = perf_counter()
    for first in range(0, n, BATCH):
        plain.take(rows[first : first + BATCH])
    out = {"plain": n / (perf_counter() - start)}
    with of.Store(url) as store:
        start = perf_counter()
        store.observe_all(log, batch=BATCH)
        out["log"] = n / (perf_counter() - start)
        start = perf_counter()
        store.observe_all(log, batch=BATCH)
        out["again"] = n / (perf_counter() - start)
    if not url.startswith("sqlite"):
        return out
    with of.Store(f"{url}.single") as store:
        start = perf_counter()
        store.observe_all(events, batch=BATCH)
        out["events"] = n / (perf_counter() - start)
    return out


def large(url: str, given: argparse.Namespace) -> dict[str, Any]:
    """Many people: filling, reading, forgetting."""
    people = given.events // EVENTS
    out: dict[str, Any] = {"people": people}
    with of.Store(url, key="a secret") as store:
        start = perf_counter()
        for log in logs(given.events, people):
            store.observe_all(log, batch=50_000)
        out["fill"] = given.events / (perf_counter() - start)
        rng = np.random.default_rng(2)
        ids = []
        while len(ids) < given.hits:
            try:
                ids.append(store.profile(("user_id", f"u{rng.integers(people)}")).id)
            except of.errors.UnknownCustomer:
                continue
        reads: dict[str, Callable[[Any], Any]] = {
            "the id": lambda profile: profile.id,
            "with recency": lambda profile: profile["recency"],
            "with all traits": lambda profile: profile.to_dict(),
        }
        for name, read in reads.items():
            taken = []
            for customer in ids:
                start = perf_counter()
                read(store.profile(customer))
                taken.append(perf_counter() - start)
            out[name] = quantiles(taken)
        taken = []
        for customer in dict.fromkeys(ids[: given.gone]):
            start = perf_counter()
            store.forget(customer)
            taken.append(perf_counter() - start)
        out["forget"] = quantiles(taken)
    return out


def rebuild(url: str, given: argparse.Namespace) -> dict[str, Any]:
    """The same database, made anew from its log."""
    with of.Store(url, key="a secret") as store:
        before, start = peak(), perf_counter()
        store.rebuild()
        return {"seconds": perf_counter() - start, "before": before, "peak": peak()}


def writer(url: str, given: argparse.Namespace) -> dict[str, Any]:
    """One of several at once: single events, or batches."""
    at, n = given.writer, given.written
    rows = frame(at * n, (at + 1) * n, WRITERS * n // EVENTS).to_pylist()
    events = single(rows)
    with of.Store(url, timeout=600.0) as store:
        start = perf_counter()
        if given.single:
            for event in events:
                store.observe(event)
        else:
            store.observe_all(events, batch=1000)
        return {"start": start, "end": perf_counter()}


# ---------------------------------------------------------------- run and show

PART = {"one": one, "many": many, "large": large, "rebuild": rebuild, "writer": writer}


def asked(part: str, url: str, given: argparse.Namespace, *more: str) -> "subprocess.Popen[str]":
    """A process for a part."""
    same = [f"--{name}={getattr(given, name)}" for name in SIZES]
    said = [sys.executable, __file__, "--child", part, url, *same, *more]
    threads = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")
    return subprocess.Popen(said, stdout=subprocess.PIPE, text=True, env=os.environ | threads)


def told(process: "subprocess.Popen[str]") -> Any:
    """What it says in the end."""
    out = process.communicate()[0]
    assert process.returncode == 0, f"a part has ended with {process.returncode}"
    return json.loads(out.splitlines()[-1])


def measured(engine: str, new: Callable[[], str], given: argparse.Namespace) -> dict[str, Any]:
    """All parts on one kind of database."""
    out: dict[str, Any] = {}
    for part in given.parts:
        url = new()
        if part == "writers":
            for name, more in (("single", ["--single"]), ("batches", [])):
                url = new()
                of.Store(url).close()
                several = [
                    asked("writer", url, given, f"--writer={at}", *more) for at in range(WRITERS)
                ]
                spans = [told(process) for process in several]
                seconds = max(s["end"] for s in spans) - min(s["start"] for s in spans)
                with of.Store(url) as store:
                    assert len(store) == WRITERS * given.written, f"{len(store)} events are there"
                out[f"writers, {name}"] = WRITERS * given.written / seconds
        else:
            out[part] = told(asked(part, url, given))
        if part == "large":
            out["rebuild"] = told(asked("rebuild", url, given))
        print(engine, part, out, file=sys.stderr, flush=True)
    return out


def page(found: dict[str, dict[str, Any]], given: argparse.Namespace) -> str:
    """What stands between the markers of the page."""
    names = ("sqlalchemy", "psycopg", "numpy")
    lines = [
        BEGIN,
        (
            f"On a shared machine of {os.cpu_count()} cores. Python {platform.python_version()}, "
            f"{', '.join(f'{name} {version(name)}' for name in names)}."
        ),
        "",
    ]
    if "one" in given.parts:
        lines += [
            (
                f"One event, {given.hits:,} of each kind, durable on disk, in a store of "
                f"{given.known:,} events; milliseconds:"
            ),
            "",
            "| | visitor | `observe`: median | p99 | plain insert: median | p99 | ratio |",
            "|---|---|---:|---:|---:|---:|---:|",
        ]
        for engine, parts in found.items():
            for kind, (ours, other) in parts["one"].items():
                lines.append(
                    f"| {engine} | {kind} | {ours[0]:.2f} | {ours[1]:.2f} | {other[0]:.2f} "
                    f"| {other[1]:.2f} | {ours[0] / other[0]:.2f} |"
                )
        lines.append("")
    if "many" in given.parts:
        lines += [
            f"{given.batched:,} events in batches of {BATCH:,}, events a second:",
            "",
            "| | `observe_all(log)` | the same once more | plain inserts | ratio of the times |",
            "|---|---:|---:|---:|---:|",
        ]
        for engine, parts in found.items():
            m = parts["many"]
            lines.append(
                f"| {engine} | {m['log']:,.0f} | {m['again']:,.0f} | {m['plain']:,.0f} "
                f"| {m['plain'] / m['log']:.2f} |"
            )
        lines.append("")
    return "\n".join([*lines, *_large(found, given), STOP])


def _large(found: dict[str, dict[str, Any]], given: argparse.Namespace) -> list[str]:
    lines = []
    if "large" in given.parts:
        lines += [
            (
                f"{given.events:,} events of {given.events // EVENTS:,} people. Milliseconds to "
                f"read one profile of {given.hits:,} and to forget one person of {given.gone}:"
            ),
            "",
            "| | | median | p99 | most |",
            "|---|---|---:|---:|---:|",
        ]
        for engine, parts in found.items():
            for name in ("the id", "with recency", "with all traits", "forget"):
                half, high, most = parts["large"][name]
                shown = name if name == "forget" else f"profile, {name}"
                lines.append(f"| {engine} | {shown} | {half:.2f} | {high:.2f} | {most:.2f} |")
        lines.append("")
        for engine, parts in found.items():
            r, speed = parts["rebuild"], parts["large"]["fill"]
            lines.append(
                f"- {engine}: filled at {speed:,.0f} events a second; `rebuild` takes "
                f"{r['seconds']:.0f} s and {r['peak']:.2f} GB at most ({r['before']:.2f} before)."
            )
        lines.append("")
    if "writers" in given.parts:
        for engine, parts in found.items():
            lines.append(
                f"- {engine}: {WRITERS} processes of {given.written:,} events at once, events a "
                f"second in all: {parts['writers, single']:,.0f} one by one, "
                f"{parts['writers, batches']:,.0f} in batches of 1,000."
            )
        lines.append("")
    return lines


SIZES = {
    "known": (500_000, 20_000),
    "hits": (2000, 200),
    "batched": (1_000_000, 30_000),
    "events": (10_000_000, 50_000),
    "gone": (20, 5),
    "written": (25_000, 500),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="The store beside plain inserts.")
    for name, (size, _) in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--quick", action="store_true", help="small sizes, about a minute")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--engines", nargs="+", default=["SQLite", "PostgreSQL"])
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    parser.add_argument("--child", nargs=2, help="internal")
    parser.add_argument("--writer", type=int, default=0, help="internal")
    parser.add_argument("--single", action="store_true", help="internal")
    given = parser.parse_args()
    if given.child:
        part, url = given.child
        print(json.dumps(PART[part](url, given)))
        return
    if given.quick:
        vars(given).update({name: small for name, (_, small) in SIZES.items()})
    with ExitStack() as stack:
        found = {
            engine: measured(engine, new, given)
            for engine, new in databases(stack).items()
            if engine in given.engines
        }
    shown = page(found, given)
    print(shown)
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


def databases(stack: ExitStack) -> dict[str, Callable[[], str]]:
    """What makes new databases, of each kind that is there."""
    from tests.store.server import NoServer, database, server

    folder = stack.enter_context(tempfile.TemporaryDirectory())
    count = iter(range(1000))
    out: dict[str, Callable[[], str]] = {"SQLite": lambda: f"sqlite:///{folder}/{next(count)}.db"}
    try:
        own = server(fast=False)
    except NoServer as reason:
        print(f"PostgreSQL is left out: {reason}", file=sys.stderr)
        return out
    stack.callback(own.stop)
    out["PostgreSQL"] = lambda: stack.enter_context(database(own.url))
    return out


if __name__ == "__main__":
    main()
