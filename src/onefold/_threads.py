"""Threads: a fixed number of them, for work during which numpy and Arrow let go of the lock.

mapped(f, [a, b, c], 2)  ->  f(a), f(b), f(c), in this order, two of them at a time
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def mapped(function: Callable[[S], T], items: Iterable[S], threads: int) -> Iterator[T]:
    """The function of each item, in their order; at most one more than `threads` are held."""
    if threads == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # where one fails, or nobody asks for more, the others need not begin
            for future in waiting:
                future.cancel()
