"""Who is who of a stream: events a second, and how long one event takes where people share much.

First events of many people, with devices of their own and some of others, beside a union-find in
Python that reads the same Event objects. Then one component of 1,000 identifiers: two people with
cookies, e-mail addresses and devices, 100 of which both use, and more cookies than one may have.

    ratio = seconds of onefold / seconds of the union-find;   p99 of the milliseconds of `observe`

    mixed      every tenth event is of the component, at a bundle of it at random
    random     every event is of the component, at a bundle of it at random
    contested  every event is of a shared identifier, with the other person than last time

Run it as ``python benchmarks/identity_stream.py [--quick] [--events 200000] [--hits 3000]``.
"""

import argparse
import os
import platform
from collections.abc import Callable, Iterator
from time import perf_counter, process_time

import numpy as np

import onefold as of

START = np.datetime64("2024-01-01", "us")
PEOPLE = ("ann", "ben")
COOKIES, MAILS, DEVICES, SHARED = 600, 150, 148, 100  # and two user ids: 1,000


def event(seconds: int, names: dict[str, str], kind: str = "view") -> of.Event:
    """One event so many seconds after the start."""
    return of.Event(None, kind, START + np.timedelta64(seconds, "s"), identifiers=names)


def crowd(n: int) -> list[of.Event]:
    """300 days of events of a twelfth as many people; 1 % on another's device."""
    rng = np.random.default_rng(1)
    people = max(n // 12, 1)
    who = rng.integers(people, size=n)
    device = who * 3 + rng.integers(3, size=n)
    other = rng.random(n) < 0.01
    device[other] = rng.integers(people * 3, size=int(other.sum()))
    login, mail = rng.random(n) < 0.4, rng.random(n) < 0.3
    out = []
    for at, second in enumerate(np.sort(rng.integers(86_400 * 300, size=n)).tolist()):
        names = {"cookie": f"c{device[at]}"}
        if login[at]:
            names["user_id"] = f"u{who[at]}"
            if mail[at]:
                names["email"] = f"m{who[at]}@shop.org"
        out.append(event(second, names))
    return out


def bundles() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The bundles of the component, and those of them with a shared identifier, in pairs."""
    own, shared = [], []
    for kind, many in (("cookie", COOKIES), ("email", MAILS), ("device", DEVICES)):
        for at in range(many):
            value = f"{kind}{at}@x.org" if kind == "email" else f"{kind}{at}"
            own.append({"user_id": PEOPLE[at % 2], kind: value})
    for at in range(SHARED):
        kind = ("cookie", "cookie", "device", "email")[at % 4]
        value = f"shared{at}@x.org" if kind == "email" else f"shared{at}"
        shared += [{"user_id": who, kind: value} for who in PEOPLE]
    return own + shared, shared


def union_find() -> Callable[[of.Event], int]:
    """A list of parents, with paths that get shorter; whose an event is, or so it thinks."""
    parent: list[int] = []
    known: dict[tuple[str, str], int] = {}

    def find(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    def observe(one: of.Event) -> int:
        root = -1
        for kind, values in one.identifiers.items():
            for value in values:
                node = known.get((kind, value))
                if node is None:
                    node = known[kind, value] = len(parent)
                    parent.append(node)
                other = find(node)
                if root >= 0:
                    parent[root] = other
                root = other
        return root

    return observe


def speed(n: int) -> str:
    """Events a second of both."""
    events = crowd(n)
    seconds = []
    for observe in (of.identity.Resolver().observe, union_find()):
        start = process_time()
        for one in events:
            observe(one)
        seconds.append(process_time() - start)
    ours, other = seconds
    return (
        f"{n:,} events of many people: onefold {n / ours:,.0f} events a second, union-find "
        f"{n / other:,.0f}; ratio {ours / other:.1f}"
    )


def component() -> tuple[of.identity.Resolver, int]:
    """A resolver that knows the component, and the second at which it was last seen."""
    who = of.identity.Resolver()
    events = [event(60 * at, names) for at, names in enumerate(bundles()[0])]
    who.learn(of.EventLog.from_events(events))
    return who, 60 * len(events)


def streams(hits: int) -> Iterator[tuple[str, list[dict[str, str]], list[bool]]]:
    """The names of the three streams, their bundles, and which of them are measured."""
    rng = np.random.default_rng(2)
    whole, shared = bundles()
    at = rng.integers(len(whole), size=hits).tolist()
    calm = [{"cookie": f"x{i // 3}", "user_id": f"y{i // 9}"} for i in range(9 * hits)]
    mixed = [n for i in range(hits) for n in (whole[at[i]], *calm[9 * i : 9 * i + 9])]
    yield "mixed", mixed, [True] * len(mixed)
    yield "of them, of the component", mixed, [i % 10 == 0 for i in range(len(mixed))]
    yield "random", [whole[i] for i in at], [True] * hits
    turns = [shared[2 * (i % SHARED) + (i // SHARED) % 2] for i in range(hits)]
    yield "contested", turns, [True] * hits


def latency(name: str, several: list[dict[str, str]], told: list[bool]) -> str:
    """A row of the table: the milliseconds of `observe`, and how many events changed something."""
    who, second = component()
    events = [event(second + 60 * at, names) for at, names in enumerate(several)]
    taken, worked, changed = [], [], 0
    for one, counts in zip(events, told, strict=True):
        start, work = perf_counter(), process_time()
        observed = who.observe(one)
        spent, work = perf_counter() - start, process_time() - work
        if counts:
            taken.append(spent * 1e3)
            worked.append(work * 1e3)
            changed += bool(observed.changes)
    half, most = np.quantile(taken, [0.5, 0.99])
    least, high = np.quantile(worked, [0.5, 0.99])
    return (
        f"| {name} | {len(taken):,} | {changed / len(taken):.0%} "
        f"| {half:.3f} | {most:.3f} | {max(taken):.2f} "
        f"| {least:.3f} | {high:.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The resolver of streams, event by event.")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--hits", type=int, default=3000)
    parser.add_argument("--quick", action="store_true", help="20,000 events, 200 hits")
    given = parser.parse_args()
    events, hits = (20_000, 200) if given.quick else (given.events, given.hits)
    print(
        f"On one thread of a shared machine of {os.cpu_count()} cores. "
        f"Python {platform.python_version()}, numpy {np.__version__}.\n"
    )
    print(f"{speed(events)}.\n")
    print(
        "| events | measured | change who is who | p50 ms | p99 ms | most ms "
        "| p50 of the processor | p99 of it |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for stream in streams(hits):
        print(latency(*stream), flush=True)


if __name__ == "__main__":
    main()
