"""Ranked: customers by what they are worth, the best first, and what the best of them hold.

    share of the best k  =  sum of the first k values  /  sum of all

A cut is the value of a customer, and whoever is above it is in the tier: so equal values are
never torn apart, and customers on a cut are below it. Values that differ by less than a billionth
count as equal, so that nobody changes tiers by a rounding. The bootstrap draws customers with
replacement. Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993, section 13.3
(percentile intervals).
"""

from collections.abc import Sequence
from typing import Literal

import attrs
import numpy as np

from onefold._types import Array, Floats, Ints

EQUAL = 1e-9  # relative
ROUNDING = 1e-9  # customers: .29 * 100 is a little below 29


def beaten(cuts: Floats) -> Floats:
    """What a value must be above to beat each cut."""
    out: Floats = cuts + EQUAL * np.abs(cuts)
    return out


@attrs.frozen(eq=False)
class Ranked:
    """Values of m customers, descending; how often each was drawn, and running totals.

    Attributes:
        values: What each is worth (m,).
        least: What a value must be above to be above each of them (m,).
        weight: How often each counts (m,); None for once.
        many: Customers among the first i (m + 1,).
        worth: What the first i are worth together (m + 1,).
    """

    values: Floats
    least: Floats
    weight: Ints | None
    many: Ints
    worth: Floats

    @classmethod
    def of(cls, values: Floats) -> "Ranked":
        """Sort the known values of m > 0 customers."""
        ordered = -np.sort(-values)
        many = np.arange(len(values) + 1)
        return cls(ordered, beaten(ordered), None, many, _running(ordered))

    def drawn(self, rng: np.random.Generator) -> "Ranked":
        """As many customers, drawn with replacement."""
        m = len(self.values)
        weight = np.bincount(rng.integers(m, size=m), minlength=m)
        many = np.append(0, np.cumsum(weight))
        return attrs.evolve(self, weight=weight, many=many, worth=_running(weight * self.values))

    def cuts(self, shares: Sequence[float], *, by: str) -> Floats:
        """The cut (k,) below the best share of customers, or below those who hold it of value."""
        return self.values_at(self._places(np.array(shares), by))

    def values_at(self, places: Ints) -> Floats:
        """The values at places (k,); below all of them at m."""
        last = float(self.values[-1])
        below = np.nextafter(last - 3 * EQUAL * abs(last), -np.inf)
        out: Floats = np.append(self.values, below)[places]
        return out

    def above(self, cuts: Floats) -> Ints:
        """How many of the rows (k,) are above each cut."""
        return _found(-self.values, -beaten(cuts), "left")

    def held(self, edges: Ints) -> Floats:
        """What the rows between edges (k,), ascending, are worth (k + 1,), before and after too."""
        at = np.concatenate([[0], edges, [len(self.values)]])
        out: Floats = np.diff(self.worth[at])
        return out

    def counted(self, edges: Ints) -> Ints:
        """How many customers are between edges (k,), ascending (k + 1,)."""
        at = np.concatenate([[0], edges, [len(self.values)]])
        out: Ints = np.diff(self.many[at])
        return out

    def shares(self, cuts: Floats) -> Floats:
        """Shares (2, k + 1) of customers and of value above, between and below cuts (k,)."""
        edges = self.above(cuts)
        return np.stack([parts(self.counted(edges)), parts(self.held(edges))])

    def _places(self, shares: Floats, by: str) -> Ints:
        """Where in the order the cuts (k,) are."""
        if by == "customers":
            # At most that share is above: the customer after the first floor(share * n) is on it.
            wanted = np.floor(shares * self.many[-1] + ROUNDING)
            return _found(self.many[1:], wanted, "right")
        # The fewest who hold the share, whoever is worth less than nothing left aside: of those
        # below the last of them, the best is on the cut.
        worth = np.maximum.accumulate(self.worth[1:])
        last = _found(worth, shares * worth[-1] * (1 - EQUAL), "left")
        return _found(-self.least, -self.values[last], "right")


def drawn_shares(
    ranked: Ranked,
    cuts: Floats,
    *,
    shares: Sequence[float] | None,
    by: str,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Shares (d, 2, k + 1) of customers and of value in tiers of customers drawn anew.

    With `shares` the cuts are found among those who were drawn, else they stay.
    """
    out = np.empty((draws, 2, len(cuts) + 1))
    for row in out:  # a draw is a pass over all customers
        again = ranked.drawn(rng)
        row[:] = again.shares(cuts if shares is None else again.cuts(shares, by=by))
    return out


def drawn_sums(
    money: Floats, codes: Ints, k: int, *, draws: int, rng: np.random.Generator
) -> Floats:
    """Shares (d, k) of money (m,) in groups (m,) of customers drawn anew."""
    m = len(money)
    some = np.flatnonzero(money)
    out = np.empty((draws, k))
    for row in out:
        # Whoever brought nothing adds nothing: only how many of them are drawn matters.
        size = rng.binomial(m, len(some) / m) if m else 0
        picked = some[rng.integers(len(some), size=size)] if len(some) else some
        row[:] = parts(np.bincount(codes[picked], weights=money[picked], minlength=k))
    return out


def parts(sums: Array) -> Floats:
    """Sums (k,) as shares of their total; NaN where that is not above 0."""
    total = float(sums.sum())
    return sums / total if total > 0 else np.full(len(sums), np.nan)


def percentiles(drawn: Floats, level: float) -> tuple[Floats, Floats]:
    """The interval (k,) of columns (d, k) of draws; NaN where a draw has none."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def _found(ordered: Array, wanted: Array, side: Literal["left", "right"]) -> Ints:
    places: Ints = np.searchsorted(ordered, wanted, side=side)
    return places


def _running(values: Floats) -> Floats:
    out: Floats = np.append(0.0, np.cumsum(values))
    return out
