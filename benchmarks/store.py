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
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from fold import PAGE
from store_parts import BATCH, EVENTS, PART

import onefold as of

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # tests.store.server starts PostgreSQL

BEGIN, STOP = "<!-- store: begin -->", "<!-- store: end -->"
PARTS = ("one", "many", "large", "writers")
BYTES = 1000  # of disk for an event, at most: tables, indexes and the journal

Made = Callable[[], AbstractContextManager[str]]


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


def measured(engine: str, new: Made, given: argparse.Namespace) -> dict[str, Any]:
    """All parts on one kind of database, each in one of its own, which is dropped after it."""
    out: dict[str, Any] = {}
    if engine == "PostgreSQL":
        given = argparse.Namespace(**vars(given) | {"events": min(given.events, given.served)})
    for part in given.parts:
        if part == "writers":
            for name, more in (("single", ["--single"]), ("batches", [])):
                out[f"writers, {name}"] = at_once(new, given, *more)
        elif part == "many":
            out[part] = rounds(new, given)
        else:
            with new() as url:
                out[part] = told(asked(part, url, given))
                if part == "large":
                    out["rebuild"] = told(asked("rebuild", url, given))
        print(engine, part, "done", file=sys.stderr, flush=True)
    return out


def rounds(new: Made, given: argparse.Namespace) -> dict[str, list[float]]:
    """Events a second of each round, and the ratio of each round."""
    several = []
    for _ in range(given.rounds):
        with new() as url:
            several.append(told(asked("many", url, given)))
    out = {name: [given.batched / one[name] for one in several] for name in several[0]}
    return out | {"ratio": [one["log"] / one["plain"] for one in several]}


def at_once(new: Made, given: argparse.Namespace, *more: str) -> float:
    """Events a second of several writers."""
    with new() as url:
        of.Store(url).close()
        several = [
            asked("writer", url, given, f"--writer={at}", *more) for at in range(given.writers)
        ]
        spans = [told(process) for process in several]
        with of.Store(url) as store:
            assert len(store) == given.writers * given.written, f"{len(store)} events are there"
    seconds = max(s["end"] for s in spans) - min(s["start"] for s in spans)
    return given.writers * given.written / float(seconds)


def spread(several: list[float], digits: int = 0) -> str:
    """The median, and the least and most of some rounds."""
    half, least, most = float(np.median(several)), min(several), max(several)
    return f"{half:,.{digits}f} ({least:,.{digits}f} to {most:,.{digits}f})"


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
            (
                f"{given.batched:,} events in transactions of {BATCH:,}, events a second: medians "
                f"of {given.rounds} rounds, with the least and the most:"
            ),
            "",
            "| | `observe_all(log)` | the same once more | plain inserts | ratio of the times |",
            "|---|---:|---:|---:|---:|",
        ]
        for engine, parts in found.items():
            shown = [spread(parts["many"][name]) for name in ("log", "again", "plain")]
            shown.append(spread(parts["many"]["ratio"], 2))
            lines.append(f"| {engine} | {' | '.join(shown)} |")
        lines.append("")
    return "\n".join([*lines, *_large(found, given), STOP])


def _large(found: dict[str, dict[str, Any]], given: argparse.Namespace) -> list[str]:
    lines = []
    if "large" in given.parts:
        people = {engine: parts["large"]["people"] for engine, parts in found.items()}
        lines += [
            (
                f"{', '.join(f'{n:,} people on {engine}' for engine, n in people.items())}; "
                f"{EVENTS} events of each. Milliseconds to "
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
                f"- {engine}: {given.writers} processes of {given.written:,} events at once, "
                f"events a second in all: {parts['writers, single']:,.0f} one by one, "
                f"{parts['writers, batches']:,.0f} in batches of 1,000."
            )
        lines.append("")
    return lines


SIZES = {
    "known": (500_000, 10_000),
    "hits": (2000, 100),
    "batched": (300_000, 20_000),
    "events": (10_000_000, 30_000),
    "gone": (20, 5),
    "written": (10_000, 200),
    "rounds": (3, 1),
    "writers": (4, 2),
    "served": (1_000_000, 30_000),  # of `events`, on PostgreSQL
}


def main() -> None:
    parser = argparse.ArgumentParser(description="The store beside plain inserts.")
    for name, (size, _) in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--quick", action="store_true", help="small sizes, half a minute")
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
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="onefold-bench-")))
        free, needed = shutil.disk_usage(folder).free, BYTES * given.events
        if "large" in given.parts and free < needed:
            sys.exit(
                f"{folder} has {free / 1e9:.1f} GB free, and {given.events:,} events need up to "
                f"{needed / 1e9:.1f}: give fewer --events=, or another folder by TMPDIR."
            )
        found = {
            engine: measured(engine, new, given)
            for engine, new in databases(stack, folder).items()
            if engine in given.engines
        }
    shown = page(found, given)
    print(shown)
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


def databases(stack: ExitStack, folder: Path) -> dict[str, Made]:
    """What makes new databases, of each kind that is there."""
    from tests.store.server import NoServer, database, server

    @contextmanager
    def file() -> Iterator[str]:
        with tempfile.TemporaryDirectory(dir=folder) as held:
            yield f"sqlite:///{held}/store.db"

    out: dict[str, Made] = {"SQLite": file}
    try:
        own = server(fast=False)
    except NoServer as reason:
        print(f"PostgreSQL is left out: {reason}", file=sys.stderr)
        return out
    stack.callback(own.stop)
    out["PostgreSQL"] = lambda: database(own.url)
    return out


if __name__ == "__main__":
    main()
