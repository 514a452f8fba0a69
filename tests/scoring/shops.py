"""Plug-ins that import nothing from onefold, and simulated shops that are fitted once."""

import functools

import numpy as np
from scipy.sparse import csr_matrix

import onefold as of


class Parity:
    """Segments by the last letter of the id; one of the letters is of no segment."""

    def fit(self, table, *, rng):
        return self

    def assign(self, table):
        return np.array(
            [None if ord(i[-1]) % 5 == 4 else f"rest {ord(i[-1]) % 2}" for i in table.ids],
            dtype=object,
        )


class Flat:
    """A plug-in that is shared by segments: all items alike, so that ties are the rule."""

    name = "flat"
    by = "segment"
    n = 0

    def fit(self, history, *, as_of, rng):
        made = type(self)()
        made.n = history.n_items
        return made

    def shared(self, group):
        return np.full(self.n, 1 / self.n)


class Even(Flat):
    """All items alike for everyone: what is not told apart by others is tied."""

    name = "even"
    by = "everyone"


class Next:
    """A plug-in of one's own: the items after those that were chosen, in the alphabet."""

    name = "next"

    def fit(self, history, *, as_of, rng):
        return self

    def own(self, rows):
        out = np.zeros((len(rows), rows.n_items))
        for row, item in zip(rows.row, rows.item, strict=True):
            out[row, (item + 1) % rows.n_items] = 1
        return csr_matrix(out / np.maximum(out.sum(axis=1, keepdims=True), 1))


class Unsaid:
    """A plug-in whose empty rows are written as zeros."""

    name = "unsaid"

    def fit(self, history, *, as_of, rng):
        return self

    def own(self, rows):
        width = rows.n_items
        bounds = np.arange(len(rows) + 1) * width
        columns = np.tile(np.arange(width), len(rows))
        return csr_matrix((np.zeros(len(columns)), columns, bounds), shape=(len(rows), width))


@functools.cache
def simulated(customers: int = 300, rng: int = 1) -> of.Profiles:
    data = of.datasets.simulate(customers, days=200, items=60, rng=rng)
    return of.fold(data.log, catalog=data.catalog)


@functools.cache
def fitted(customers: int = 300, rng: int = 1) -> of.FittedScorer:
    return of.Scorer().fit(simulated(customers, rng), rng=rng)
