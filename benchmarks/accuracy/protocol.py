"""Who is asked, what is true, and how lists are measured.

Customers count who chose something before the split and something within the horizon after it;
where repeats do not count, something that is new to them. The truth is the set of items; those
that nobody had chosen before the split stay in it, though no method can name them.

    Recall@n = hits among n / items of the truth
    NDCG@10  = sum over hits of 1 / log2(rank + 1), over that of an ideal list of 10

Settings are tuned by NDCG@10 on an earlier split, one horizon before; the method then sees
everything before the split with those settings. Intervals: 10,000 draws of whole customers.
"""

import hashlib
from collections.abc import Mapping, Sequence
from time import process_time
from typing import Any, Protocol

import attrs
import numpy as np
import pandas as pd

from accuracy.past import Past

METRICS = ("Recall@10", "Recall@20", "NDCG@10")
LENGTH = 20
TUNED_ON = 2000  # customers of the earlier split, at most
DRAWS = 10_000


class Peer(Protocol):
    """A method: a module of `accuracy.peers`."""

    NAME: str
    REPEATS: bool  # whether it is only for sets in which repeats count
    GRID: Sequence[Mapping[str, Any]]

    def lists(self, past: Past, who: np.ndarray, n: int, repeats: bool, **held: Any) -> np.ndarray:
        """Lists (len(who), n) of item codes, best first, -1 for none."""
        ...


@attrs.frozen(eq=False)
class Task:
    """Users who are asked for (n,), and their truths: codes of items, -1 for unknown ones."""

    past: Past
    who: np.ndarray
    counts: np.ndarray
    truth: np.ndarray
    repeats: bool

    @classmethod
    def of(
        cls, events: pd.DataFrame, split: np.datetime64, horizon: np.timedelta64, repeats: bool
    ) -> "Task":
        """Everything before the split is known; what lies in [split, split + horizon) is asked."""
        past = Past.of(events, split)
        time = events["time"].to_numpy()
        later = events[(time >= split) & (time < split + horizon)]
        pairs = pd.DataFrame(
            {
                "user": pd.Index(past.users).get_indexer(later["customer"]),
                "item": pd.Index(past.items).get_indexer(later["item"]),
                "name": later["item"].to_numpy(),
            }
        )
        pairs = pairs[pairs["user"] >= 0].drop_duplicates(["user", "name"]).sort_values("user")
        if not repeats:
            had = np.unique(past.user * len(past.items) + past.item)
            key = pairs["user"].to_numpy() * len(past.items) + pairs["item"].to_numpy()
            pairs = pairs[(pairs["item"] < 0).to_numpy() | ~np.isin(key, had)]
        who, counts = np.unique(pairs["user"].to_numpy(), return_counts=True)
        return cls(past, who, counts, pairs["item"].to_numpy(), repeats)

    def some(self, n: int, seed: int) -> "Task":
        """At most n of those who are asked for, drawn by chance."""
        if len(self.who) <= n:
            return self
        rng = np.random.default_rng(seed)
        keep = np.zeros(len(self.who), dtype=bool)
        keep[rng.choice(len(self.who), n, replace=False)] = True
        inside = np.repeat(keep, self.counts)
        return attrs.evolve(
            self, who=self.who[keep], counts=self.counts[keep], truth=self.truth[inside]
        )

    def measured(self, lists: np.ndarray) -> np.ndarray:
        """METRICS (n, 3) of lists (n, LENGTH)."""
        width = len(self.past.items) + 1
        owner = np.repeat(np.arange(len(self.who)), self.counts)
        wanted = (owner * width + self.truth)[self.truth >= 0]
        given = np.arange(len(self.who))[:, None] * width + lists
        hit = np.isin(given, wanted) & (lists >= 0)
        gains = 1 / np.log2(np.arange(10) + 2)
        ideal = np.cumsum(gains)[np.minimum(self.counts, 10) - 1]
        return np.column_stack(
            [
                hit[:, :10].sum(axis=1) / self.counts,
                hit.sum(axis=1) / self.counts,
                (hit[:, :10] * gains).sum(axis=1) / ideal,
            ]
        )

    def digest(self) -> str:
        """A name for all that a method sees and is asked: what is cached belongs to it."""
        found = hashlib.sha256(f"{self.past.now} {self.repeats}".encode())
        for held in (self.past.user, self.past.item, self.past.basket, self.who, self.truth):
            found.update(np.ascontiguousarray(held).tobytes())
        return found.hexdigest()[:16]


@attrs.frozen(eq=False)
class Result:
    """Lists of one method on one set, its settings, and what it took in processor seconds."""

    name: str
    lists: np.ndarray
    settings: Mapping[str, Any]
    tuning: float
    seconds: float


def tuned(peer: Peer, earlier: Task | None, task: Task) -> Result:
    """Tune on the earlier split, then answer the later one with what was best there.

    Without an earlier split the first point of the grid is taken, and made as while tuning.
    """
    grid = points(peer, task.repeats)
    best, settings = -1.0, grid[0]
    lighter = getattr(peer, "WHILE_TUNING", {})
    started = process_time()
    for held in grid if earlier is not None else ():
        lists = peer.lists(earlier.past, earlier.who, LENGTH, earlier.repeats, **held, **lighter)
        found = float(earlier.measured(lists)[:, 2].mean())
        if found > best:
            best, settings = found, held
    tuning = 0.0
    if earlier is not None:
        earlier.past.kept.clear()
        lighter, tuning = {}, process_time() - started
    started = process_time()
    lists = peer.lists(task.past, task.who, LENGTH, task.repeats, **settings, **lighter)
    task.past.kept.clear()
    return Result(peer.NAME, lists, settings, tuning, process_time() - started)


def points(peer: Peer, repeats: bool) -> list[dict[str, Any]]:
    """The points of a peer's grid, without what is only for sets in which repeats count."""
    left_out = () if repeats else getattr(peer, "WITH_REPEATS", ())
    grid = [{k: v for k, v in held.items() if k not in left_out} for held in peer.GRID]
    return [held for i, held in enumerate(grid) if held not in grid[:i]]


def intervals(values: np.ndarray, *, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Bounds (2 of (m,)) of 95 % of the means of columns (n, m), by drawing customers again."""
    rng = np.random.default_rng(seed)
    n = len(values)
    means = np.empty((DRAWS, values.shape[1]))
    step = max(1, 2_000_000 // n)
    for a in range(0, DRAWS, step):
        some = min(step, DRAWS - a)
        drawn = rng.integers(n, size=(some, n)) + np.arange(some)[:, None] * n
        counts = np.bincount(drawn.ravel(), minlength=some * n).reshape(some, n)
        means[a : a + some] = counts @ values / n
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return low, high
