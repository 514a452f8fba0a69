"""Wide traits: a number for each of many labels, mostly zero, kept sparse.

wide(row, label) = sum of the weights of the row's events with the label
share = that, over the row's sum
"""

import itertools
from collections.abc import Iterator

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._types import (
    Bools,
    Codes,
    Floats,
    Ints,
    Strings,
)
from onefold._vocab import Vocab

CELLS = 1 << 18  # of rows by labels, summed at a time


@attrs.frozen(eq=False, repr=False)
class Wide:
    """A trait with a number for each of many labels, mostly zero: kept sparse.

    Row i holds `values[offsets[i] : offsets[i + 1]]` for the labels with those `codes`; other
    labels are 0 where the row is `known`, and missing where it is not.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "view", "2024-03-01", channel="web"),
        ...     of.Event("bob", "view", "2024-03-02", channel="app"),
        ...     of.Event("cat", "view", "2024-03-03")])
        >>> channels = of.fold(log).table.wide("channels")
        >>> channels.row(0), channels.column("app").tolist()
        ({'web': 1.0}, [0.0, 1.0, nan])
    """

    labels: Strings = attrs.field(converter=frozen)
    offsets: Ints = attrs.field(converter=frozen)
    codes: Codes = attrs.field(converter=frozen)
    values: Floats = attrs.field(converter=frozen)
    known: Bools = attrs.field(converter=frozen)

    def __len__(self) -> int:
        return len(self.known)

    def column(self, label: str) -> Floats:
        """One label's number for each row (n,); a label nobody has is 0 for all who are known."""
        out = np.where(self.known, 0.0, np.nan)
        where = np.flatnonzero(self.labels == label)
        if len(where):
            hits = np.flatnonzero(self.codes == where[0])
            out[np.searchsorted(self.offsets, hits, side="right") - 1] = self.values[hits]
        return out

    def dense(self) -> Floats:
        """All numbers (n, k), in the order of `labels`, column by column in memory."""
        out = np.empty((len(self.labels), len(self)))
        out[:] = np.where(self.known, 0.0, np.nan)
        rows = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        out[self.codes, rows] = self.values
        return out.T

    def row(self, i: int) -> dict[str, float]:
        """The labels of one row with their numbers, the largest first."""
        here = slice(self.offsets[i], self.offsets[i + 1])
        pairs = zip(self.labels[self.codes[here]].tolist(), self.values[here].tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def labelled(
    rows: Ints, codes: Codes, weights: Floats | None, vocab: Vocab, n: int, *, share: bool
) -> Wide:
    """Sum weights (m,) by row and label into a `Wide`; events without a label are left out.

    Rows ascend. Without weights each event counts one. With `share` each row's numbers are
    divided by their sum.
    """
    if (codes < 0).any():
        kept = np.flatnonzero(codes >= 0)
        rows, codes = rows[kept], codes[kept]
        weights = None if weights is None else weights[kept]
    width = max(len(vocab), 1)
    owners, counts, label, values = _cells(rows, codes, weights, width, share)
    used = np.flatnonzero(np.bincount(label, minlength=width))
    if len(used) < width:
        local = np.zeros(width, dtype=np.int32)
        local[used] = np.arange(len(used), dtype=np.int32)
        label = local[label]
    held = np.zeros(n, dtype=np.int64)
    held[owners] = counts
    offsets = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(held, out=offsets[1:])
    labels = vocab.values[used] if len(vocab) else np.array([], dtype=object)
    return Wide(labels, offsets, label, values, held > 0)


def _cells(
    rows: Ints, codes: Codes, weights: Floats | None, width: int, share: bool
) -> tuple[Ints, Ints, Codes, Floats]:
    """Rows with any cell, how many each has, and the label and number of each cell, ascending.

    Sums are added up in the order of the events. Rows ascend, and are taken some at a time, so
    that a bin for each of their cells stays in the cache.
    """
    parts = [
        _some_cells(
            rows[some], codes[some], None if weights is None else weights[some], width, share
        )
        for some in _chunks(rows, width)
    ]
    owners, counts, label, values = (np.concatenate([p[k] for p in parts]) for k in range(4))
    return owners, counts, label, values


def _chunks(rows: Ints, width: int) -> Iterator[slice]:
    """Ranges of events: those of some rows each."""
    first, last = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)
    step = max(CELLS // width, 1)
    if (last - first) * width > 4 * len(rows) + step * width:  # many labels of which few occur
        edges = np.append(np.arange(0, len(rows), CELLS), len(rows))
        edges = np.unique(np.searchsorted(rows, rows[np.minimum(edges, len(rows) - 1)]))
    else:
        edges = np.searchsorted(rows, np.arange(first, last, step))
    for start, stop in itertools.pairwise([*edges.tolist(), len(rows)]):
        yield slice(start, stop)
    if not len(rows):
        yield slice(0, 0)


def _some_cells(
    rows: Ints, codes: Codes, weights: Floats | None, width: int, share: bool
) -> tuple[Ints, Ints, Codes, Floats]:
    first = rows[0] if len(rows) else np.int64(0)
    cell = (rows - first) * width + codes
    counts: Ints
    cells: Ints
    sums: Floats
    most = (int(rows[-1] - first) + 1) * width if len(rows) else 0
    if most <= 4 * len(cell) + CELLS:  # few labels: one bin for each cell
        bins = np.bincount(cell, minlength=most)
        there = bins != 0
        counts = there.reshape(-1, width).sum(axis=1)
        cells = np.flatnonzero(there).astype(np.int64)
        held = bins if weights is None else np.bincount(cell, weights=weights, minlength=most)
        sums = held[cells].astype(np.float64)
    else:
        order = np.argsort(cell, kind="stable")
        cell = cell[order]
        new = np.ones(len(cell), dtype=bool)
        new[1:] = cell[1:] != cell[:-1]
        given = None if weights is None else weights[order]
        sums = np.bincount(np.cumsum(new) - 1, weights=given).astype(np.float64)
        cells = cell[new].astype(np.int64)
        counts = np.bincount(cells // width).astype(np.int64)
    owner = np.repeat(np.arange(len(counts)), counts)
    if share:
        total = np.bincount(owner, weights=sums, minlength=len(counts))[owner]
        sums = np.divide(sums, total, out=np.zeros_like(sums), where=total != 0)
    return np.arange(len(counts)) + first, counts, (cells - owner * width).astype(np.int32), sums
