"""Wide traits: a number for each of many labels, mostly zero, kept sparse.

wide(row, label) = sum of the weights of the row's events with the label
share = that, over the row's sum
"""

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
        """All numbers (n, k), in the order of `labels`."""
        out = np.where(self.known, 0.0, np.nan)[:, None].repeat(len(self.labels), axis=1)
        rows = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        out[rows, self.codes] = self.values
        return out

    def row(self, i: int) -> dict[str, float]:
        """The labels of one row with their numbers, the largest first."""
        here = slice(self.offsets[i], self.offsets[i + 1])
        pairs = zip(self.labels[self.codes[here]].tolist(), self.values[here].tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def labelled(
    rows: Ints, codes: Codes, weights: Floats, vocab: Vocab, n: int, *, share: bool
) -> Wide:
    """Sum weights (m,) by row and label into a `Wide`; events without a label are left out.

    With `share` each row's numbers are divided by their sum.
    """
    if (codes < 0).any():
        kept = np.flatnonzero(codes >= 0)
        rows, codes, weights = rows[kept], codes[kept], weights[kept]
    width = max(len(vocab), 1)
    cells, sums = _summed(rows * width + codes, weights, n * width)
    owner, label = np.divmod(cells, width)
    counts = np.bincount(owner, minlength=n)
    if share:
        total = np.bincount(owner, weights=sums, minlength=n)[owner]
        sums = np.divide(sums, total, out=np.zeros_like(sums), where=total != 0)
    used = np.flatnonzero(np.bincount(label, minlength=width))
    local = np.zeros(width, dtype=np.int32)
    local[used] = np.arange(len(used))
    offsets = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(counts[:n], out=offsets[1:])
    labels = vocab.values[used] if len(vocab) else np.array([], dtype=object)
    return Wide(labels, offsets, local[label], sums, counts[:n] > 0)


def _summed(cell: Ints, weights: Floats, most: int) -> tuple[Ints, Floats]:
    """Cells that occur, ascending, and the sum of each, added up in the order of the events."""
    if most <= 4 * len(cell) + 1024:  # few labels: one bin for each cell
        there = np.flatnonzero(np.bincount(cell, minlength=most))
        return there, np.bincount(cell, weights=weights, minlength=most)[there].astype(np.float64)
    order = np.argsort(cell, kind="stable")
    cell = cell[order]
    new = np.ones(len(cell), dtype=bool)
    new[1:] = cell[1:] != cell[:-1]
    group = np.cumsum(new) - 1
    return cell[new], np.bincount(group, weights=weights[order]).astype(np.float64)
