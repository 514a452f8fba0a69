"""The parts of the benchmark of the store: events by their numbers, a plain table, what is timed.

    frame(0, 10, 3)   the same ten events of three people, whoever asks

Each part is run by a process of its own, and gives what it has measured: benchmarks/store.py.
"""

import argparse
import resource
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np
from fold import DAY

import onefold as of

START = np.datetime64("2024-01-01", "us")
EVENTS, DEVICES, PIECE = 10, 3, 500_000  # of one person; of a log that is made at a time
BATCH = 10_000


def frame(first: int, last: int, people: int) -> Any:
    """The events of some numbers as a table of Arrow: whoever asks gets the same."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rng = np.random.default_rng([1, first])
    n = last - first
    who = rng.integers(people, size=n)
    cookie = who * DEVICES + rng.integers(DEVICES, size=n)
    other = rng.random(n) < 0.01
    cookie[other] = rng.integers(people * DEVICES, size=int(other.sum()))
    login = rng.random(n) < 0.4
    mail = login & (rng.random(n) < 0.3)
    item, time = rng.integers(1000, size=n), np.sort(rng.integers(0, DAY, n)) + first * 1000

    def words(first: str, codes: Any, told: Any = None, last: str = "") -> Any:
        said = pc.cast(pa.array(codes), pa.string())
        made = pc.binary_join_element_wise(pa.scalar(first), said, pa.scalar(last), "")
        return made if told is None else pc.if_else(pa.array(told), made, pa.scalar(None))

    return pa.table(
        {
            "cookie": words("c", cookie),
            "user_id": words("u", who, login),
            "email": words("m", who, mail, "@shop.org"),
            "time": pa.array(START + time.astype("timedelta64[us]"), pa.timestamp("us", tz="UTC")),
            "kind": pa.array(["view"] * n),
            "item": words("i", item),
            "id": words("e", np.arange(first, last)),
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
    """One round of batches from a log and once more, beside `executemany` in as large ones."""
    n = given.batched
    table = frame(0, n, n // EVENTS)
    log, rows = log_of(table), plainly(table.to_pylist())
    with of.Store(url) as store:
        plain = Plain(url)  # beside the store: a store is not made in a database of others
        start = perf_counter()
        for first in range(0, n, BATCH):
            plain.take(rows[first : first + BATCH])
        out = {"plain": perf_counter() - start}
        for name in ("log", "again"):
            start = perf_counter()
            store.observe_all(log, batch=BATCH)
            out[name] = perf_counter() - start
        assert len(store) == n, f"{len(store)} events are there"
        return out


def large(url: str, given: argparse.Namespace) -> dict[str, Any]:
    """Many people: filling, reading, forgetting."""
    people = given.events // EVENTS
    out: dict[str, Any] = {"people": people}
    with of.Store(url, key="a secret") as store:
        seconds = 0.0  # without those in which events are made
        for log in logs(given.events, people):
            start = perf_counter()
            store.observe_all(log, batch=50_000)
            seconds += perf_counter() - start
        out["fill"] = given.events / seconds
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
    rows = frame(at * n, (at + 1) * n, given.writers * n // EVENTS).to_pylist()
    events = single(rows)
    with of.Store(url, timeout=600.0) as store:
        start = perf_counter()
        if given.single:
            for event in events:
                store.observe(event)
        else:
            store.observe_all(events, batch=1000)
        return {"start": start, "end": perf_counter()}


PART = {"one": one, "many": many, "large": large, "rebuild": rebuild, "writer": writer}
