"""Serving: one list at a time, and many, beside implicit, sparse_dot_topn and FAISS.

Made-up shops of 10,000 and 100,000 items: 10,000 customers with 40 items of their own, bought in
20 visits of some three items. All are asked for the best 20 of all items.

- onefold: the default scorer, refinement and hazard included; `scorer.live(profile).rank(20)` for
  one, `scorer.rank(profiles, 20)` for all.
- implicit's ItemItem recommender (cosine, 50 neighbours) and ALS with 64 factors; `recommend`.
- sparse_dot_topn: the product of customers and the same neighbours, best 20 of each row.
- FAISS: the exact index (IndexFlatIP) of the factors of ALS.

They do different sums: the table is of what a list costs, not of how good it is. All on one
thread. Run it as ``python benchmarks/serving.py [--quick] [--write]``.
"""

import argparse
import os
import platform
import resource
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is loaded

import numpy as np  # noqa: E402

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
START, STOP = "<!-- serving: begin -->", "<!-- serving: end -->"
CUSTOMERS, OWN, VISITS, N = 10_000, 40, 20, 20
YEAR = 365


def shop(items: int, customers: int = CUSTOMERS) -> tuple[Any, Any]:
    """A log, and how often each customer has bought each item (csr)."""
    import pandas as pd
    from scipy.sparse import csr_matrix

    import onefold as of

    rng = np.random.default_rng(items)
    share = 1 / np.arange(1, items + 1) ** 0.8
    popular = np.cumsum(share / share.sum())
    own = np.searchsorted(popular, rng.random((customers, OWN))).clip(0, items - 1)
    days = np.sort(rng.integers(0, YEAR, (customers, VISITS)), axis=1)
    who = np.repeat(np.arange(customers), VISITS * 3)
    visit = np.tile(np.repeat(np.arange(VISITS), 3), customers)
    item = own[who, (OWN * rng.random(len(who)) ** 1.3).astype(np.int64)]
    start = np.datetime64("2025-01-01", "s") + days[who, visit].astype("timedelta64[D]")
    frame = pd.DataFrame(
        {
            "customer": [f"c{i:05d}" for i in who],
            "time": start + (who % 40_000).astype("timedelta64[s]"),
            "event": "purchase",
            "item": [f"i{i:06d}" for i in item],
            "value": rng.integers(1, 50, len(who)) * 1.0,
        }
    )
    log = of.EventLog.from_frame(
        frame, customer="customer", time="time", event="event", item="item", value="value", tz="UTC"
    )
    counts = csr_matrix(
        (np.ones(len(who), dtype=np.float32), (who, item)), shape=(customers, items)
    )
    counts.sum_duplicates()
    return log, counts


def each(ask: Callable[[int], object], *, times: int) -> tuple[float, float]:
    """Median and 99th percentile of the seconds of one list."""
    for i in range(50):
        ask(i)
    seconds = []
    for i in range(times):
        began = perf_counter()
        ask(i % CUSTOMERS)
        seconds.append(perf_counter() - began)
    return float(np.median(seconds)), float(np.quantile(seconds, 0.99))


def whole(ask: Callable[[], object], *, turns: int) -> float:
    """The median of the seconds of all lists."""
    ask()
    seconds = []
    for _ in range(turns):
        began = perf_counter()
        ask()
        seconds.append(perf_counter() - began)
    return float(np.median(seconds))


def ours(log: Any, *, times: int, turns: int) -> tuple[dict[str, Any], Any, Any]:
    """The row of onefold, its scorer and its profiles."""
    import onefold as of

    profiles = of.fold(log)
    scorer = of.Scorer().fit(profiles, rng=1)
    lives = [scorer.live(profiles[customer]) for customer in profiles.ids[: min(2000, times)]]
    one = each(lambda i: lives[i % len(lives)].rank(N), times=times)
    many = whole(lambda: scorer.rank(profiles, N), turns=turns)
    return {"peer": "onefold", "one": one, "many": len(profiles) / many}, scorer, lives


def peers(counts: Any, *, times: int, turns: int) -> list[dict[str, Any]]:
    """The others' rows."""
    import faiss
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import CosineRecommender
    from sparse_dot_topn import sp_matmul_topn

    faiss.omp_set_num_threads(1)
    everybody = np.arange(counts.shape[0])
    near = CosineRecommender(K=50, num_threads=1)
    near.fit(counts, show_progress=False)
    factors = AlternatingLeastSquares(factors=64, iterations=3, num_threads=1, random_state=1)
    factors.fit(counts, show_progress=False)
    users = np.ascontiguousarray(factors.user_factors, dtype=np.float32)
    index = faiss.IndexFlatIP(users.shape[1])
    index.add(np.ascontiguousarray(factors.item_factors, dtype=np.float32))
    rows = [counts[i] for i in range(min(2000, counts.shape[0]))]
    like = near.similarity.tocsr().astype(np.float32)
    how = {"filter_already_liked_items": False}

    def implicit(model: Any) -> tuple[Callable[[int], object], Callable[[], object]]:
        return (
            lambda i: model.recommend(i % len(rows), rows[i % len(rows)], N=N, **how),
            lambda: model.recommend(everybody, counts, N=N, **how),
        )

    asked = {
        "implicit ItemItem": implicit(near),
        "implicit ALS, 64": implicit(factors),
        "sparse_dot_topn": (
            lambda i: sp_matmul_topn(rows[i % len(rows)], like, top_n=N, sort=True, n_threads=1),
            lambda: sp_matmul_topn(counts, like, top_n=N, sort=True, n_threads=1),
        ),
        "FAISS, exact, 64": (
            lambda i: index.search(users[i : i + 1], N),
            lambda: index.search(users, N),
        ),
    }
    return [
        {
            "peer": name,
            "one": each(one, times=times),
            "many": counts.shape[0] / whole(many, turns=turns),
        }
        for name, (one, many) in asked.items()
    ]


def clicks(lives: list[Any]) -> tuple[float, float]:
    """Seconds of an event into what is held of a customer, and kilobytes of all that is held."""
    import onefold as of

    pairs = [
        (live, of.Event(live.customer, "purchase", "2026-02-01", item="i000003", value=9.5))
        for live in lives
    ]
    for live, event in pairs[:200]:
        live.after(event)
    seconds = []
    for live, event in pairs:
        began = perf_counter()
        live.after(event)
        seconds.append(perf_counter() - began)
    held = float(np.mean([size(live) for live in lives[:200]]))
    return float(np.median(seconds)), held


def size(live: Any) -> int:
    """Bytes of the state: the arrays and all objects that hold them, but what all share."""
    state = live._known()
    parts = [getattr(state, a.name) for a in type(state).__attrs_attrs__]
    total = sys.getsizeof(live) + sys.getsizeof(state)
    for part in parts:
        total += sys.getsizeof(part)
        if isinstance(part, np.ndarray) and part.base is not None:
            total += part.nbytes  # a view has none of its own
        if isinstance(part, frozenset):
            total += sum(sys.getsizeof(x) for x in part)
            total -= 0 if part else sys.getsizeof(part)  # there is but one empty set
    return total


def fitted(events: int) -> tuple[float, float]:
    """Seconds, and megabytes above what was there before, of a fit on so many events."""
    import onefold as of

    log, _ = shop(20_000, events // (VISITS * 3))
    profiles = of.fold(log)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = perf_counter()
    of.Scorer().fit(profiles, rng=1)
    seconds = perf_counter() - began
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before


def threads_agree(scorer: Any, lives: list[Any]) -> bool:
    """Whether eight threads at once get the lists that one gets."""
    some = lives[:400]
    alone = [live.rank(N).of(0) for live in some]
    found: dict[int, list[list[str]]] = {}

    def run(k: int) -> None:
        found[k] = [live.rank(N).of(0) for live in some]

    running = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return all(found[k] == alone for k in range(8))


def page(tables: dict[int, list[dict[str, Any]]], said: list[str]) -> str:
    """What stands between the markers of the page."""
    lines = [
        START,
        (
            f"One thread, on a shared machine of {os.cpu_count()} cores. Python "
            f"{platform.python_version()}."
        ),
        "",
        (
            "| items | | one list, microseconds: median | 99th percentile | "
            "ratio to onefold | lists a second, all | ratio to onefold |"
        ),
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for items, rows in tables.items():
        mine = rows[0]
        for row in rows:
            middle, high = (1e6 * seconds for seconds in row["one"])
            lines.append(
                f"| {items:,} | {row['peer']} | {middle:,.0f} | {high:,.0f} | "
                f"{row['one'][0] / mine['one'][0]:.2f} | {row['many']:,.0f} | "
                f"{row['many'] / mine['many']:.2f} |"
            )
    return "\n".join([*lines, "", *said, STOP])


def main() -> None:
    parser = argparse.ArgumentParser(description="One list at a time, and many, beside peers.")
    parser.add_argument("--quick", action="store_true", help="10,000 items, few turns")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    asked = parser.parse_args()
    times, turns = (300, 1) if asked.quick else (4000, 5)
    tables, said = {}, []
    for items in (10_000,) if asked.quick else (10_000, 100_000):
        log, counts = shop(items)
        row, scorer, lives = ours(log, times=times, turns=turns)
        tables[items] = [row, *peers(counts, times=times, turns=turns)]
        seconds, held = clicks(lives)
        same = "the same lists" if threads_agree(scorer, lives) else "OTHER LISTS"
        said.append(
            f"- {items:,} items: an event into what is held of a customer takes "
            f"{1e6 * seconds:.1f} microseconds (median), and {held / 1024:.1f} kB are held; eight "
            f"threads at once get {same} as one."
        )
    events = 100_000 if asked.quick else 1_000_000
    seconds, more = fitted(events)
    said.append(
        f"- A fit on {events:,} events of 20,000 items takes {seconds:.1f} s and at most "
        f"{more:,.0f} MB more than the profiles."
    )
    shown = page(tables, said)
    print(shown)
    if asked.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(STOP)[1]
        PAGE.write_text(before + shown + after, encoding="utf-8")


if __name__ == "__main__":
    main()
