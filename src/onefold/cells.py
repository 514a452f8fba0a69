"""Cells: what one person did with one item, summed up. A cache; dropping it changes nothing.

A cell has a count, the first and the last time, the money, and for each half-life a weight in
which older events count less. The weight is stored as at the cell's own last time: against a
fixed reference it would overflow, and at a later moment t it is

    weight    = sum of 2^(-(last - time) / half-life)
    weight(t) = weight * 2^(-(t - last) / half-life)
"""

from collections.abc import Iterator, Sequence

import attrs
import numpy as np

from onefold import _time
from onefold._columns import frozen
from onefold._group import sorted_by
from onefold._threads import mapped
from onefold._types import NO_MONEY, Array, Codes, Duration, Floats, Instant, Ints, Times
from onefold._vocab import Vocab
from onefold.errors import ArgumentError, UnknownName

__all__ = ["Cells", "cells"]

EVENTS = 1 << 17  # sorted at a time: what is made of them stays in the cache
BIG = 2**62


@attrs.frozen(eq=False, repr=False)
class Cells:
    """The cells of n people, c of them, sorted by person and item.

    `offsets[i] : offsets[i + 1]` are the cells of person i. `value` is in micros, with the
    smallest int64 where no event of the cell has an amount; `weights` is (k, c), a row for each of
    `half_lives`, as at each cell's own `last` time.
    """

    items: Vocab
    offsets: Ints = attrs.field(converter=frozen)
    item: Codes = attrs.field(converter=frozen)
    count: Ints = attrs.field(converter=frozen)
    first: Times = attrs.field(converter=frozen)
    last: Times = attrs.field(converter=frozen)
    value: Ints = attrs.field(converter=frozen)
    half_lives: tuple[np.timedelta64, ...]
    weights: Floats = attrs.field(converter=frozen)

    def __len__(self) -> int:
        return len(self.item)

    def __repr__(self) -> str:
        people = len(self.offsets) - 1
        return f"Cells({len(self):,} of {people:,} people and {len(self.items):,} items)"

    @property
    def person(self) -> Ints:
        """The person (c,) of each cell."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def decayed(self, half_life: Duration, *, at: Instant) -> Floats:
        """The weights (c,) of one of the half-lives as at a moment, which no cell lies after.

        Args:
            half_life: One of those that the cells were made with.
            at: The moment; usually the `as_of` of the profiles.

        Raises:
            UnknownName: If the cells have no such half-life.
            ArgumentError: If a cell has an event after the moment.
        """
        length = _time.duration(half_life, "Cells.decayed: half_life")
        moment = _time.instant(at, "Cells.decayed: at")
        if length not in self.half_lives:
            known = ", ".join(str(h.astype("timedelta64[h]")) for h in self.half_lives) or "none"
            raise UnknownName(f"Cells.decayed: half_life is {half_life!r}; there are: {known}.")
        if len(self) and self.last.max() > moment:
            raise ArgumentError(
                f"Cells.decayed: at is {_time.show(moment)}, and there are events after it. Make "
                "the cells of profiles as of that moment: profiles.at(...)."
            )
        weights = self.weights[self.half_lives.index(length)]
        decayed = np.empty(len(self))
        for start in range(0, len(self), EVENTS):  # so that what is made stays in the cache
            some = slice(start, start + EVENTS)
            ages = (moment - self.last[some]).astype(np.int64) / length.astype(np.int64)
            decayed[some] = weights[some] * np.exp2(-ages)
        return decayed


def cells(
    item: Codes,
    *,
    time: Times,
    value: Ints,
    offsets: Ints,
    items: Vocab,
    half_lives: Sequence[Duration] = ("90D",),
    threads: int = 1,
) -> Cells:
    """The cells of events that lie person by person and in order of time.

    Args:
        item: Codes (m,) of the items; -1 makes no cell.
        time: Instants (m,) in UTC, ascending within each person.
        value: Amounts (m,) in micros, the smallest int64 where missing.
        offsets: (n + 1,); person i has the events `offsets[i] : offsets[i + 1]`.
        items: The vocabulary of the items.
        half_lives: The ages at which an event counts half.
        threads: How many groups of people are summed up at the same time.

    Raises:
        ArgumentError: If a half-life is no length of time, or the money of a cell overflows.
    """
    lengths = tuple(_time.duration(h, "cells: half_lives") for h in half_lives)
    n, most = len(offsets) - 1, int(offsets[-1] - offsets[0])
    kinds = [np.int64, item.dtype, np.int64, time.dtype, time.dtype, np.int64]
    # As long as they can get: what is never written to takes no memory, and is given back.
    columns = [np.empty(n if k == 0 else most, kind) for k, kind in enumerate(kinds)]
    columns.extend(np.empty(most) for _ in lengths)
    person = cell = 0

    def summed(people: tuple[int, int]) -> tuple[Array, ...]:
        return _some(item, time, value, offsets, *people, lengths)

    for some in mapped(summed, _chunks(offsets), threads):
        for column, held in zip(columns, some, strict=True):
            at = person if column is columns[0] else cell
            column[at : at + len(held)] = held
        person, cell = person + len(some[0]), cell + len(some[1])
    for column in columns[1:]:
        column.resize(cell, refcheck=False)
    bounds = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(columns[0], out=bounds[1:])
    code, count, first, last, paid = columns[1:6]
    return Cells(items, bounds, code, count, first, last, paid, lengths, _rows(columns[6:], cell))


def _rows(columns: list[Array], n: int) -> Floats:
    """Columns (n,) as the rows of one array (k, n)."""
    if len(columns) == 1:
        return frozen(columns[0])[None, :]
    rows = np.empty((len(columns), n))
    for k in range(len(columns)):
        rows[k] = columns.pop(0)
    return rows


def _chunks(offsets: Ints) -> Iterator[tuple[int, int]]:
    """Ranges of people who have some `EVENTS` events together."""
    chunk = offsets[:-1] // EVENTS
    edges = (np.flatnonzero(np.diff(chunk)) + 1).tolist()
    yield from zip([0, *edges], [*edges, len(offsets) - 1], strict=True)


def _some(
    item: Codes,
    time: Times,
    value: Ints,
    offsets: Ints,
    start: int,
    stop: int,
    lengths: tuple[np.timedelta64, ...],
) -> tuple[Array, ...]:
    """Of people `start` to `stop` the count of cells, and the columns of the cells."""
    here = slice(int(offsets[start]), int(offsets[stop]))
    owner = np.repeat(np.arange(stop - start), np.diff(offsets[start : stop + 1]))
    kept = np.flatnonzero(item[here] >= 0)
    # Stable, and by owner last: time stays ascending in a cell.
    order = sorted_by(owner, sorted_by(item[here], kept))
    code, who, when, paid = item[here][order], owner[order], time[here][order], value[here][order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (code[1:] != code[:-1]) | (who[1:] != who[:-1])
    heads = np.flatnonzero(new)
    count = np.diff(np.append(heads, len(order)))
    first, last = when[heads], when[heads + count - 1]
    age = (np.repeat(last, count) - when).astype(np.int64)
    weights = [_sums(np.exp2(-age / length.astype(np.int64)), heads) for length in lengths]
    cells = np.bincount(who[heads], minlength=stop - start)
    return cells, code[heads], count, first, last, _money(paid, heads), *weights


def _money(paid: Ints, heads: Ints) -> Ints:
    known = paid != NO_MONEY
    amounts = np.where(known, paid, 0)
    if np.abs(amounts.astype(np.float64)).sum() >= BIG:
        sizes = _sums(np.abs(amounts.astype(np.float64)), heads)
        if (sizes >= BIG).any():
            raise ArgumentError(
                "cells: value adds up to more than 4.6e12 in one cell. Use a larger unit."
            )
    return np.where(_sums(known.astype(np.int64), heads) > 0, _sums(amounts, heads), NO_MONEY)


def _sums(numbers: Array, heads: Ints) -> Array:
    return np.add.reduceat(numbers, heads) if len(heads) else numbers[:0]
