"""Plug-ins as somebody else would write them: nothing here is imported from onefold.

`Spree` is a trait, `Halves` a strategy of segments, `Alternating` a level for each customer and
`Weekly` one for everyone.
"""

import dataclasses

import numpy as np
from scipy.sparse import csr_matrix


@dataclasses.dataclass(frozen=True)
class Spree:
    """The most events that somebody had on one day; missing without an event."""

    name: str = "spree"

    def read(self, history, *, as_of):
        days = history.time.astype("datetime64[D]").astype(np.int64)
        new = np.ones(len(days), dtype=bool)
        new[1:] = (days[1:] != days[:-1]) | (history.row[1:] != history.row[:-1])
        starts = np.flatnonzero(new)
        lengths = np.diff(np.append(starts, len(days)))
        out = np.full(len(history), -np.inf)
        np.maximum.at(out, history.row[starts], lengths)
        out[np.isinf(out)] = np.nan
        return out


class Halves:
    """Two segments around the median of a trait, found by fitting."""

    def __init__(self, trait):
        self.trait = trait

    def fit(self, table, *, rng):
        values = table[self.trait]
        return Split(self.trait, float(np.nanmedian(values)))


class Split:
    """What `Halves` finds."""

    names = ("upper half", "lower half")

    def __init__(self, trait, cut):
        self.trait, self.cut = trait, cut

    def assign(self, table):
        values = table[self.trait]
        return [
            None if np.isnan(v) else self.names[0] if v > self.cut else self.names[1]
            for v in values.tolist()
        ]


class Alternating:
    """What somebody chose in the visit before the last: for those who take turns."""

    name = "alternating"

    def fit(self, history, *, as_of, rng):
        return self

    def own(self, rows):
        here = rows.age == 1
        where = (rows.row[here], rows.item[here])
        shape = (len(rows), rows.n_items)
        held = csr_matrix((np.ones(here.sum()), where), shape=shape)
        total = np.asarray(held.sum(axis=1)).ravel()
        held.data = held.data / np.repeat(total[total > 0], np.diff(held.indptr)[total > 0])
        return held


@dataclasses.dataclass(frozen=True)
class Weekly:
    """What all chose in the last seven days that anybody chose anything."""

    name: str = "weekly"

    def fit(self, history, *, as_of, rng):
        counts = np.zeros(history.n_items)
        if len(history.time):
            late = history.time > history.time.max() - np.timedelta64(7, "D")
            counts += np.bincount(history.item[late], minlength=history.n_items)
        return Popular(counts / max(counts.sum(), 1))


class Popular:
    """What `Weekly` finds."""

    def __init__(self, shares):
        self.shares = shares

    def shared(self, group):
        return self.shares


ALL = [Spree, Halves, Split, Alternating, Weekly, Popular]
