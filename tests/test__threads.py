"""Threads: what a plain loop gives, in its order, a few items at a time."""

import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from onefold._threads import mapped

THREADS = pytest.mark.parametrize("threads", [1, 2, 5])


class Source:
    """Whole numbers, one after another, and how many were taken."""

    def __init__(self, n: int | None = None) -> None:
        self.taken, self.n = 0, n

    def __iter__(self) -> Iterator[int]:
        for i in itertools.count() if self.n is None else range(self.n):
            self.taken += 1
            yield i


@THREADS
@pytest.mark.parametrize("n", [0, 1, 2, 3, 50])
def test_results_come_in_the_order_of_the_items(threads: int, n: int) -> None:
    def slow_at_first(i: int) -> int:
        time.sleep(0.002 if i % 3 == 0 else 0)
        return i * i

    assert list(mapped(slow_at_first, range(n), threads)) == [i * i for i in range(n)]


@THREADS
def test_items_are_taken_only_a_few_ahead(threads: int) -> None:
    source, lock, seen = Source(), threading.Lock(), []

    def one(i: int) -> int:
        with lock:
            seen.append(i)
        return i

    results: Any = mapped(one, source, threads)
    assert source.taken == 0  # nothing until it is asked for
    for given, i in enumerate(itertools.islice(results, 30)):
        assert i == given
        assert source.taken - given <= threads + 1
    results.close()
    assert source.taken <= 30 + threads
    assert sorted(seen) == list(range(len(seen)))  # what was not begun yet never is
    assert 30 <= len(seen) <= source.taken


@THREADS
def test_an_error_comes_in_its_place(threads: int) -> None:
    source = Source(20)

    def wrong_at_seven(i: int) -> int:
        if i == 7:
            raise KeyError(i)
        return i

    results = mapped(wrong_at_seven, source, threads)
    assert list(itertools.islice(results, 7)) == list(range(7))
    with pytest.raises(KeyError, match="7"):
        next(results)
    assert list(results) == []
    assert source.taken <= 7 + threads + 1


@THREADS
def test_an_error_of_the_source_is_the_callers(threads: int) -> None:
    def source() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(mapped(abs, source(), threads))


@THREADS
def test_what_is_closed_early_leaves_no_thread(threads: int) -> None:
    before = threading.active_count()
    results: Any = mapped(abs, Source(), threads)
    assert next(results) == 0
    results.close()
    assert threading.active_count() == before
    assert list(results) == []


def test_so_many_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=20)  # broken unless two wait at it
    assert list(mapped(lambda i: both.wait() >= 0 and i, range(4), 2)) == [0, 1, 2, 3]
