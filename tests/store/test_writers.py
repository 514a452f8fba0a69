"""Several processes that write at once: every event once, and profiles equal a fold of the log.

The suite takes few events; the long run as many as are asked for, of each process:

    ONEFOLD_WRITES=100000 pytest tests/store/test_writers.py
"""

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.store.producer import Producer
from tests.store.shop import consistent, event, numbers, once

WRITES = int(os.environ.get("ONEFOLD_WRITES", "30"))  # events of each
WRITERS = 4
PATIENCE = max(60.0, WRITES / 20)


@pytest.mark.parametrize("how", [["one"] * WRITERS, ["one", "25", "10", "one"]])
def test_four_writers_at_once(lasting: str, opened: Callable[..., Any], how: list[str]) -> None:
    settings = {"durable": "process", "timeout": PATIENCE}
    overlap = WRITES // 10  # which two of them send
    several = [
        Producer(lasting, name, at * WRITES, (at + 1) * WRITES + overlap, **settings)
        for at, name in enumerate(how)
    ]
    for child in several:
        child.join()
    store = opened(lasting)
    stop = WRITERS * WRITES + overlap
    assert numbers(store) == once(range(stop))
    consistent(store)
    fresh = opened("sqlite://")
    fresh.observe_all([event(n) for n in range(stop)])
    assert fresh.digest() == store.digest()
