"""Several processes that write at once: every event once, and profiles equal a fold of the log.

The suite takes few events; the long run as many as are asked for, of each process, in batches:

    ONEFOLD_WRITES=100000 pytest tests/store/test_writers.py -k long -s
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import pytest

import onefold as of
from tests.store.producer import Producer
from tests.store.shop import consistent, event, numbers, once

WRITES = int(os.environ.get("ONEFOLD_WRITES", "0"))  # events of each, in the long run
FEW = 30
WRITERS = 4


def written(url: str, how: list[str], writes: int, **settings: Any) -> int:
    """Let processes write at once, some of it twice; how many events there must be."""
    overlap = writes // 10  # which two of them send
    patience = max(60.0, writes / 20)
    several = [
        Producer(url, name, at * writes, (at + 1) * writes + overlap, timeout=patience, **settings)
        for at, name in enumerate(how)
    ]
    with ThreadPoolExecutor(len(how)) as pool:  # whoever is not listened to writes no more
        list(pool.map(lambda child: child.join(patience), several))
    return len(how) * writes + overlap


@pytest.mark.parametrize("how", [["one"] * WRITERS, ["one", "25", "10", "one"]])
def test_four_writers_at_once(lasting: str, opened: Callable[..., Any], how: list[str]) -> None:
    stop = written(lasting, how, FEW, durable="process")
    store = opened(lasting)
    assert numbers(store) == once(range(stop))
    consistent(store)
    fresh = opened("sqlite://")
    fresh.observe_all([event(n) for n in range(stop)])
    assert fresh.digest() == store.digest()


@pytest.mark.slow
@pytest.mark.skipif(not WRITES, reason="the long run: ONEFOLD_WRITES=100000")
@pytest.mark.parametrize("how", ["1000"])
def test_long_run_of_four_writers(lasting: str, opened: Callable[..., Any], how: str) -> None:
    people = WRITERS * WRITES // 25
    begun = perf_counter()
    stop = written(lasting, [how] * WRITERS, WRITES, durable="process", people=people)
    seconds = perf_counter() - begun
    store = opened(lasting)
    log = store.log()
    baskets = log.events.coded("basket").decode().tolist()
    assert len(baskets) == len(store) == stop
    assert set(baskets) == {f"b{n}" for n in range(stop)}
    begun = perf_counter()
    folded = of.fold(log, identities=of.resolve(log, store.identities().policy))
    kept = store.profiles()
    assert kept.ledger == folded.ledger
    assert kept.to_pandas().equals(folded.to_pandas())
    made = store.rebuild()
    assert not made, made  # what is derived is what the log makes
    checked = perf_counter() - begun
    print(
        f"{WRITERS} x {WRITES + WRITES // 10:,} events at once: {stop:,} are there, each once, "
        f"of {len(kept):,} customers; {seconds:.0f} s, and {checked:.0f} s to check"
    )
