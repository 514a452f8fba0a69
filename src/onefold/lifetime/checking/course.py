"""The course of a base of customers: when they began, when they bought again, how old they are.

    age of a customer at an edge = last period of `collapse` seen before it - the first purchase

so that at the end of a summary it is the T of the summary.
"""

import attrs
import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

from onefold._types import MICROS, NO_OFFSET, Array, Floats, Ints, Times
from onefold.errors import ArgumentError
from onefold.ledger import ranges
from onefold.lifetime.processes.process import Process
from onefold.lifetime.purchases import Purchases, apart, begin

PERIODS = {"D": pd.DateOffset(days=1), "W": pd.DateOffset(days=7), "M": pd.DateOffset(months=1)}
MOST = 5_000  # periods
STARTS = 2_048  # different first purchases; where there are more, they are put on so many
NODES = 513  # different ages; where there are more, expected purchases are read off a spline


@attrs.frozen(eq=False)
class Course:
    """First purchases (j,) of some customers, and their repeat purchases (m,).

    Attributes:
        first: Where a first purchase lies, in microseconds of the customer's own clock.
        ahead: How far that clock is ahead of UTC.
        weight: Customers who began so.
        bought: Instants (m,) of all repeat purchases.
        earliest: The instant of the first of all purchases.
        collapse: The periods of which purchases are merged.
        time_unit: The unit of ages.
    """

    first: Ints
    ahead: Ints
    weight: Floats
    bought: Times
    earliest: np.datetime64
    collapse: str | None
    time_unit: str

    @classmethod
    def of(cls, made: Purchases, rows: Ints, time_unit: str) -> "Course":
        """The course of some rows of merged purchases."""
        history = made.history
        base, starts = history.base, history.starts[rows]
        events, offsets = ranges(starts, history.stops[rows])
        begun = made.begun[events]
        begun[offsets[:-1]] = False  # the first is no repeat purchase
        local = base.local[starts]
        ahead = np.where(local == NO_OFFSET, 0, local).astype(np.int64) * MICROS
        if made.collapse is None:
            ahead[:] = 0
        first, ahead, weight = _counted(made.when[starts], ahead)
        return cls(
            first=first,
            ahead=ahead,
            weight=weight,
            bought=base.time[events[begun]],
            earliest=base.time[starts].min(),
            collapse=made.collapse,
            time_unit=time_unit,
        )

    def edges(self, anchor: np.datetime64, end: np.datetime64, period: str, call: str) -> Times:
        """Where periods begin and end (k + 1,): whole ones up to the end, from before the first."""
        step, middle = PERIODS[period], pd.Timestamp(anchor)
        before: list[pd.Timestamp] = [middle]
        after: list[pd.Timestamp] = []
        while before[-1] > self.earliest and len(before) <= MOST:
            before.append(middle - len(before) * step)
        while len(before) + len(after) <= MOST:
            edge = middle + (len(after) + 1) * step
            if edge > end:
                break
            after.append(edge)
        if len(before) + len(after) > MOST:
            raise ArgumentError(
                f"{call}: period is {period!r}, of which there are more than {MOST:,} from the "
                "first purchase to the end; take a longer one, or a later start."
            )
        return np.array([*reversed(before), *after], dtype="datetime64[us]")

    def ages(self, edges: Times) -> Floats:
        """How old (j, k + 1) the customers are at some edges, from 0 on."""
        ages = np.empty((len(self.first), len(edges)))
        for at, edge in enumerate(edges.astype(np.int64).tolist()):
            last = np.full(len(self.first), edge)
            if self.collapse is not None:
                last = begin(edge - 1 + self.ahead, self.collapse)
            ages[:, at] = apart(self.first, last, self.collapse, self.time_unit)
        return np.maximum(ages, 0.0)

    def actual(self, edges: Times) -> Ints:
        """Repeat purchases (k,) between edges."""
        order = np.sort(self.bought)
        return np.diff(np.searchsorted(order, edges))


@attrs.frozen(eq=False)
class Newcomers:
    """What is expected of new customers at many ages, asked at the different ones.

    Attributes:
        ages: Different ages, or nodes of a spline.
        place: Where each age is among them; None for a spline.
        asked: The ages that are asked for.
    """

    ages: Floats
    place: Ints | None
    asked: Floats

    @classmethod
    def at(cls, ages: Floats) -> "Newcomers":
        different, place = np.unique(ages, return_inverse=True)
        if len(different) <= NODES:
            return cls(different, place.reshape(ages.shape), ages)
        # Closer where customers are young, for there expected purchases bend.
        return cls(different[-1] * np.linspace(0, 1, NODES) ** 3, None, ages)

    def expected(self, process: Process, params: Floats) -> Floats:
        """Expected repeat purchases at each age."""
        found = process.newcomer(params, self.ages)
        if self.place is not None:
            return found[self.place]
        smooth: Floats = CubicSpline(self.ages, found)(self.asked)
        return smooth


def _counted(first: Ints, ahead: Ints) -> tuple[Ints, Ints, Floats]:
    """Each different beginning once, with how many customers have it."""
    (firsts, at), (clocks, by) = (np.unique(held, return_inverse=True) for held in (first, ahead))
    codes, counts = np.unique(at * len(clocks) + by, return_counts=True)
    if len(codes) <= STARTS:
        at, by = np.divmod(codes, len(clocks))
        return firsts[at], clocks[by], counts.astype(np.float64)
    # Each on the two nearest of some moments, the more the nearer, which keeps the mean.
    moments = first - ahead
    grid = np.linspace(moments.min(), moments.max(), STARTS)
    steps = (moments - grid[0]) / (grid[1] - grid[0])
    lower = np.minimum(steps.astype(np.int64), STARTS - 2)
    share: Array = steps - lower
    weight = np.zeros(STARTS)
    for place, part in ((lower, 1 - share), (lower + 1, share)):
        weight += np.bincount(place, part, STARTS)
    return grid.astype(np.int64), np.zeros(STARTS, dtype=np.int64), weight
