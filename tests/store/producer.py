"""Processes that write into a store: they say what is durable, and may be killed at any moment.

Producer(url, "one", 0, 1000)   sends ("e", 0), ("e", 1), ... each after its event was observed
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from tests.store.shop import event

# Children come from a clean process that has loaded the library: fast, and without our threads.
FORKS: Any = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
FORKS.set_forkserver_preload(["tests.store.producer", "onefold.store.store", "pandas", "psycopg"])
PATIENCE = 60.0  # seconds in which a child must say something


def produce(
    told: Connection,
    url: str,
    how: str,
    start: int,
    stop: int,
    people: int,
    settings: dict[str, Any],
) -> None:
    """In the child: observe events of numbers from `start` to before `stop`, in batches or singly.

    Args:
        told: Where it is said up to which number (excluded) events are durable.
        how: "one", or the size of a batch.
        people: How many there are.
    """
    from onefold import Store

    try:
        told.send(("opening", start))
        with Store(url, **settings) as store:
            told.send(("open", start))
            if how == "one":
                for number in range(start, stop):
                    store.observe(event(number, people=people))
                    told.send(("durable", number + 1))
            else:
                size = int(how)
                for first in range(start, stop, size):
                    last = min(first + size, stop)
                    several = [event(n, people=people) for n in range(first, last)]
                    store.observe_all(several, batch=size)
                    told.send(("durable", last))
        told.send(("end", stop))
    except BaseException as error:
        told.send(("failed", f"{type(error).__name__}: {error}"))
        raise


class Producer:
    """A child that produces, and what it has said."""

    def __init__(
        self, url: str, how: str, start: int, stop: int, *, people: int = 12, **settings: Any
    ) -> None:
        self._here, there = FORKS.Pipe(duplex=False)
        asked = (there, url, how, start, stop, people, settings)
        self.process = FORKS.Process(target=produce, args=asked, daemon=True)
        self.process.start()
        there.close()
        self.durable = start

    def said(self, patience: float = PATIENCE) -> Iterator[str]:
        """What it says, one after another, until it ends; `durable` is up to date."""
        while True:
            if not wait([self._here], patience):
                raise AssertionError(f"the child was silent for {patience} s")
            try:
                what, number = self._here.recv()
            except (EOFError, OSError):
                return
            if what == "failed":
                raise AssertionError(f"in the child: {number}")
            self.durable = number
            yield what

    def until(self, number: int) -> None:
        """Go on until this many are durable, or until it is open, or ends."""
        for what in self.said():
            if what != "opening" and self.durable >= number:
                return

    def kill(self) -> int:
        """`kill -9`; up to which number all was acknowledged."""
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        for _ in self.said():
            pass
        self.process.join()
        self._here.close()
        return self.durable

    def join(self, patience: float = PATIENCE) -> int:
        """Wait for its end."""
        for _ in self.said(patience):
            pass
        self.process.join()
        self._here.close()
        assert self.process.exitcode == 0
        return self.durable


def killed(url: str, how: str, start: int, stop: int, after: int, pause: float, **more: Any) -> int:
    """Kill a producer some time after it has acknowledged `after` events; what it acknowledged."""
    child = Producer(url, how, start, stop, **more)
    if after >= 0:
        child.until(start + after)
    time.sleep(pause)
    return child.kill()
