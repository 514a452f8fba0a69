"""Spans: rows as ranges of the events of a longer history, which they share where they overlap.

row i  =  events starts[i] : stops[i] of the base
"""

from typing import Any

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._types import Array, Ints, Times
from onefold.ledger import bisect


class TooMany(Exception):
    """To lay the rows out would take more memory than is allowed."""


@attrs.frozen(eq=False, repr=False)
class Span:
    """Rows as ranges of a longer history, the base."""

    base: Any  # a history, whose module stands above this one
    starts: Ints = attrs.field(converter=frozen)
    stops: Ints = attrs.field(converter=frozen)
    from_first: bool  # each begins with its person's first event in the base
    most: int | None = None  # events that may be laid out

    @property
    def offsets(self) -> Ints:
        """Of the rows (n + 1,), if they are laid out one after another."""
        return np.append(0, np.cumsum(self.stops - self.starts))


def slices(offsets: Ints, people: Ints, times: Array, moments: Times) -> tuple[Ints, Ints]:
    """Where the events of each person before the moment begin and end."""
    bounds = np.append(offsets, offsets[-1])
    nobody = np.where(people < 0, len(offsets) - 1, people)
    starts = bounds[nobody]
    return starts, bisect(times, starts, bounds[nobody + 1], moments)


def part(offsets: Ints, rows: Ints | None, start: int, stop: int) -> tuple[Ints, Ints]:
    """The offsets of the rows from `start` up to `stop`, and where their events lie."""
    low, high = int(offsets[start]), int(offsets[stop])
    held = np.arange(low, high) if rows is None else rows[low:high]
    return offsets[start : stop + 1] - low, held


def all_of(offsets: Ints, starts: Ints, stops: Ints) -> bool:
    """Whether ranges are those of everybody, in order."""
    return np.array_equal(offsets[:-1], starts) and np.array_equal(offsets[1:], stops)
