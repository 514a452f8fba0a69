"""Rows: what a model reads of customers, each different row once.

    log likelihood = sum over different rows of  weight * log likelihood of the row

A customer is (x, t_x, T): x repeat purchases, the last of them t_x after the first purchase, seen
for T after it. Thousands of customers share a row, so a million cost what some thousands do.
"""

from collections.abc import Mapping
from types import MappingProxyType

import attrs
import numpy as np
import pandas as pd

from onefold._columns import frozen
from onefold._types import Array, Floats, Ints

ARRAYS = ("x", "t_x", "T", "weight", "counts", "place")
ENOUGH = 20_000  # rows looked at before all of them are compared
CODES = 8  # codes for each row up to which a table of all of them is made
WORTH = 0.9  # the share of different rows above which comparing all is not worth it


@attrs.frozen(eq=False)
class Rows:
    """Different rows (m,) and how many customers have each.

    Attributes:
        x: Repeat purchases (m,).
        t_x: Time (m,) of the last purchase since the first, 0 where x is 0.
        T: Time (m,) since the first purchase.
        weight: Customers (m,) with this row.
        z: Covariates (m,) by name.
        counts: The different x (u,), ascending.
        place: Where each x (m,) is among them.
    """

    x: Floats
    t_x: Floats
    T: Floats
    weight: Floats
    z: Mapping[str, Floats]
    counts: Floats
    place: Ints

    @classmethod
    def of(
        cls,
        x: Floats,
        t_x: Floats,
        T: Floats,
        z: Mapping[str, Floats] | None = None,
        weight: Floats | None = None,
    ) -> "Rows":
        """Rows as they are, not compared."""
        counts, place = _counted(x)
        held = np.ones(len(x)) if weight is None else weight
        return cls(x, t_x, T, held, dict(z or {}), counts, place)

    def __len__(self) -> int:
        return len(self.x)

    def frozen(self) -> "Rows":
        """The same rows, of which no array can be written to."""
        held = {name: frozen(getattr(self, name)) for name in ARRAYS}
        z = MappingProxyType({name: frozen(column) for name, column in self.z.items()})
        return Rows(**held, z=z)

    def same_as(self, other: "Rows") -> bool:
        """Whether the other rows are the same, in the same order."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in ARRAYS]
        pairs += [(z, other.z.get(name, z[:0])) for name, z in self.z.items()]
        return self.z.keys() == other.z.keys() and all(np.array_equal(a, b) for a, b in pairs)

    @property
    def n(self) -> float:
        """Customers."""
        return float(self.weight.sum())

    def compressed(self) -> "Rows":
        """Each different row once."""
        rows, place = self.grouped()
        if place is None:
            return self
        weight = np.bincount(place, weights=self.weight, minlength=len(rows))
        return rows.weighted(weight.astype(np.float64, copy=False))

    def grouped(self) -> tuple["Rows", Ints | None]:
        """Each different row once, and which of them each row is; None where it's not worth it."""
        if len(self) > 2 * ENOUGH:
            some = self.take(slice(None, None, len(self) // ENOUGH))
            if len(some._first()[0]) > WORTH * len(some):
                return self, None
        first, place = self._first()
        return (self, None) if len(first) == len(self) else (self.take(first), place)

    def _first(self) -> tuple[Ints, Ints]:
        """A place of each different row, in the order of the columns, and which each (m,) is."""
        codes, size = self.place, len(self.counts)
        for column in (self.t_x, self.T, *self.z.values()):
            own, different = _ranked(column)
            if size * different > CODES * len(self):
                codes, size = _ranked(codes)
            codes, size = codes * different + own, size * different
        if size > CODES * len(self):
            codes, size = _ranked(codes)
        where = np.full(size, -1)
        where[codes] = np.arange(len(self))
        seen = where >= 0
        return where[seen], (np.cumsum(seen) - 1)[codes]

    def take(self, chosen: Ints | slice) -> "Rows":
        """Some of the rows, with their weights."""
        return Rows(
            self.x[chosen],
            self.t_x[chosen],
            self.T[chosen],
            self.weight[chosen],
            {name: z[chosen] for name, z in self.z.items()},
            self.counts,
            self.place[chosen],
        )

    def weighted(self, weight: Floats) -> "Rows":
        """The same rows with other weights."""
        return attrs.evolve(self, weight=weight)


def _counted(x: Floats) -> tuple[Floats, Ints]:
    whole = x.astype(np.int64)
    most = int(whole.max(initial=0))
    if most > 10 * len(x) + 1000:
        counts, place = np.unique(x, return_inverse=True)
        return counts, place
    seen = np.bincount(whole, minlength=1) > 0
    place = (np.cumsum(seen) - 1)[whole]
    return np.flatnonzero(seen).astype(np.float64), place


def _ranked(values: Array) -> tuple[Ints, int]:
    """Which of the different values, in ascending order, each (m,) is; and how many there are."""
    own, different = pd.factorize(values)
    rank = np.empty(len(different), dtype=np.int64)
    rank[np.argsort(different)] = np.arange(len(different))
    return rank[own], len(different)
