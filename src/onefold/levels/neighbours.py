"""Neighbours: what people choose after what this person chose.

    F_ji = sum over customers and visits v of sum_{k=1..window} e^{-(k-1)/tau} [j in v][i in v+k]
    T = F + backward F' + together A,       A_ji: both in one visit, i = j included
    W_ji ~ T_ji (c_i + shrink)^-damping, the largest `top` of a row, times r_j / (r_j + shrink)
    p(i | u) ~ sum over own recent items j of x_uj W_ji,      x_uj ~ sum of e^{-(visits ago)/reach}

r_j is how much goes with j in all, c_i with i. Counted in blocks of bounded size: memory is one
block and the result.
"""

from typing import Any

import attrs
import numpy as np

from onefold._group import distinct
from onefold._types import Array, Floats, Ints
from onefold.levels.protocol import Choices, normal_rows, rows_of
from onefold.levels.settings import above_zero, counted, named, not_negative

BLOCK = 20_000_000  # multiply-adds at a time: some 300 MB


@attrs.frozen
class Neighbours:
    """Decayed transitions from item to item, between visits.

    Args:
        window: Up to how many visits later.
        tau: Decay of a transition with the visits between.
        reach: Decay of a customer's own visits, when asked.
        top: Neighbours kept of each item.
        most: Items considered: those with the most buyers.
        buyers: Fewest buyers of an item that is considered.
        shrink: How much must go with an item before it is half trusted.
        backward: What a transition counts when read backwards.
        together: What two items of one visit count.
        damping: How far popular neighbours are held back.
        name: The level's name.

    Raises:
        ArgumentError: If a setting is not allowed.
    """

    window: int = attrs.field(default=5, kw_only=True, validator=counted)
    tau: float = attrs.field(default=3.0, kw_only=True, validator=above_zero)
    reach: float = attrs.field(default=2.0, kw_only=True, validator=above_zero)
    top: int = attrs.field(default=50, kw_only=True, validator=counted)
    most: int = attrs.field(default=20_000, kw_only=True, validator=counted)
    buyers: int = attrs.field(default=3, kw_only=True, validator=counted)
    shrink: float = attrs.field(default=5.0, kw_only=True, validator=above_zero)
    backward: float = attrs.field(default=0.5, kw_only=True, validator=not_negative)
    together: float = attrs.field(default=0.3, kw_only=True, validator=not_negative)
    damping: float = attrs.field(default=0.3, kw_only=True, validator=not_negative)
    name: str = attrs.field(default="neighbours", kw_only=True, validator=named)

    def fit(self, history: Choices, *, as_of: object, rng: object) -> "FittedNeighbours":
        from scipy.sparse import csr_matrix

        chosen = self._considered(history)
        code = np.full(history.n_items, -1, dtype=np.int32)
        code[chosen] = np.arange(len(chosen), dtype=np.int32)
        cell = code[history.item]
        kept = np.flatnonzero(cell >= 0)
        visits = int(history.visit[-1]) + 1 if len(history.visit) else 0
        ones = np.ones(len(kept), dtype=np.float32)
        X = csr_matrix((ones, (history.visit[kept], cell[kept])), shape=(visits, len(chosen)))
        owner = np.repeat(np.arange(len(history)), history.visits)[:visits]
        beside = (self._near(owner) @ X).tocsr()
        damped = np.asarray(beside.T @ np.asarray(X.sum(axis=1)).ravel(), dtype=np.float64).ravel()
        table = self._shares(X.T.tocsr(), beside, (damped + self.shrink) ** -self.damping)
        table = csr_matrix(
            (table.data, chosen[table.indices], _spread(table.indptr, chosen, history.n_items)),
            shape=(history.n_items, history.n_items),
        )
        table.eliminate_zeros()
        return FittedNeighbours(self.name, self.reach, table)

    def _considered(self, history: Choices) -> Ints:
        pairs = distinct(history.row * max(history.n_items, 1) + history.item)
        buyers = np.bincount(pairs % max(history.n_items, 1), minlength=history.n_items)
        most = np.argsort(-buyers, kind="stable")[: self.most]
        chosen: Ints = np.sort(most[buyers[most] >= self.buyers])
        return chosen

    def _near(self, owner: Ints) -> Any:
        """A matrix (visit, other visit) of decayed weights, within one customer."""
        from scipy.sparse import csr_matrix

        n = len(owner)
        here = np.arange(n)
        i, j, w = [here], [here], [np.full(n, self.together, dtype=np.float32)]
        for k in range(1, min(self.window, n - 1) + 1):
            start = np.flatnonzero(owner[k:] == owner[:-k])
            decay = np.full(len(start), np.exp(-(k - 1) / self.tau), dtype=np.float32)
            i += [start, start + k]
            j += [start + k, start]
            w += [decay, np.float32(self.backward) * decay]
        where = (np.concatenate(i), np.concatenate(j))
        return csr_matrix((np.concatenate(w), where), shape=(n, n))

    def _shares(self, chosen: Any, beside: Any, damping: Floats) -> Any:
        """What goes with each item, by block of items: the top of each row, as shares."""
        from scipy.sparse import csr_matrix, vstack

        cost = np.append(0, np.cumsum(chosen @ np.diff(beside.indptr)))
        blocks, start = [], 0
        while start < chosen.shape[0]:
            stop = int(np.searchsorted(cost, cost[start] + BLOCK, side="right")) - 1
            stop = max(start + 1, stop)
            block = (chosen[start:stop] @ beside).tocsr()
            total = np.asarray(block.sum(axis=1), dtype=np.float64).ravel()
            block.data = block.data * damping[block.indices].astype(np.float32)
            block = normal_rows(_largest(block, self.top).astype(np.float64))
            block.data *= np.repeat(total / (total + self.shrink), np.diff(block.indptr))
            block.data = block.data.astype(np.float32).astype(np.float64)  # kept in half the room
            blocks.append(block)
            start = stop
        empty = csr_matrix((0, chosen.shape[0]), dtype=np.float64)
        return vstack(blocks, format="csr") if blocks else empty


@attrs.frozen(eq=False)
class FittedNeighbours:
    """The neighbours of each item: csr (n_items, n_items), rows sum to at most 1."""

    name: str
    reach: float
    table: Any

    def own(self, rows: Choices) -> Any:
        """What follows each row's recent items (n, n_items); empty where nothing is known."""
        found = (self.asked(rows) @ self.table).tocsr()
        found.eliminate_zeros()
        return normal_rows(found)

    def asked(self, rows: Choices) -> Any:
        """The weight of each own item as a question (n, n_items)."""
        recent: Floats = np.exp(-rows.age / self.reach)
        return rows_of(rows, np.where(rows.age < 3 * self.reach, recent, 0.0))


def _largest(matrix: Any, top: int) -> Any:
    """The `top` largest entries of each row; of equal ones those of lower items."""
    from scipy.sparse import csr_matrix

    counts = np.diff(matrix.indptr)
    keep = np.ones(matrix.nnz, dtype=bool)
    for row in np.flatnonzero(counts > top):  # rows of one block of items, not customers
        here = slice(matrix.indptr[row], matrix.indptr[row + 1])
        held: Array = matrix.data[here]
        cut = np.partition(held, len(held) - top)[len(held) - top]
        kept = held > cut
        tied = np.flatnonzero(held == cut)
        order = np.argsort(matrix.indices[here][tied])[: top - int(kept.sum())]
        kept[tied[order]] = True
        keep[here] = kept
    bounds = np.append(0, np.cumsum(np.minimum(counts, top)))
    out = csr_matrix((matrix.data[keep], matrix.indices[keep], bounds), shape=matrix.shape)
    out.sort_indices()
    return out


def _spread(bounds: Ints, rows: Ints, n: int) -> Ints:
    """Bounds of rows of a smaller matrix, as bounds among n rows of which they are `rows`."""
    counts = np.zeros(n, dtype=np.int64)
    counts[rows] = np.diff(bounds)
    return np.append(0, np.cumsum(counts))
