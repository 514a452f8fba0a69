"""From a row's many events to one number: which events have one, and what they come to.

Events stand row after row, so a row's are one slice, and all rows are reduced at once:

    values [3, 1, 4, 1], offsets [0, 3, 3, 4]  ->  sums [8, 0, 1]        greatest [4, none, 1]

Sums of money are exact; sums of other numbers are good to the last digit in any order.
"""

from typing import Any

import numpy as np

from onefold._check import hint, quoted
from onefold._columns import Coded
from onefold._group import changes
from onefold._types import MICROS, Array, Floats, Ints
from onefold.errors import UnknownName
from onefold.traits.history import History

AMOUNTS = ("value", "quantity")  # numbers that every event may have
LARGEST = 2**53  # up to here a float holds every whole number
HUGE = 1e290  # beyond it the split of `sums` would overflow


def numbers(history: History, of: str) -> tuple[History, Array]:
    """The events that have a number, and the numbers (m,): micros in int64 where it is money."""
    if of == "value":
        micros = history.value
        known = micros != history.missing_value
        return history.kept(known), micros[known]
    held = history.quantity if of == "quantity" else _property(history, of)
    known = ~np.isnan(held)
    return history.kept(known), held[known]


def labels(history: History, of: str) -> tuple[History, Coded]:
    """The events that have a label, and the labels (m,)."""
    words = history.words(of)
    known = words.codes >= 0
    return history.kept(known), words.take(known)


def holds_numbers(history: History, of: str) -> bool:
    """Whether `of` is an amount or a property with numbers; if not, it is a label."""
    if of in AMOUNTS:
        return True
    return of in history.properties and not isinstance(history.extra(of), Coded)


def reduced(ufunc: Any, values: Array, offsets: Ints) -> Array:
    """A ufunc over each row's values (n,), 0 where a row has none."""
    out = np.zeros(len(offsets) - 1, dtype=values.dtype)
    some = np.flatnonzero(np.diff(offsets) > 0)
    if len(some):
        out[some] = ufunc.reduceat(values, offsets[:-1][some])
    return out


def totals(values: Array, offsets: Ints) -> Floats:
    """The sum of each row (n,), 0 where it has nothing; micros (int64) come out in units."""
    return money(values, offsets) if values.dtype == np.int64 else sums(values, offsets)


def money(micros: Ints, offsets: Ints) -> Floats:
    """The exact sum of micros (m,) in each row (n,), as the nearest float in units of money."""
    longest = int(np.diff(offsets).max(initial=0))
    largest = max(int(micros.max(initial=0)), -int(micros.min(initial=0)))
    if largest * longest < 2**63:
        return units(reduced(np.add, micros, offsets))
    # Halves of 32 bits can't overflow; a sum that fits 64 bits is put together again.
    low = reduced(np.add, micros & 0xFFFFFFFF, offsets)
    high = reduced(np.add, micros >> 32, offsets) + (low >> 32)
    low &= 0xFFFFFFFF
    fits = (high >= -(2**31)) & (high < 2**31)
    out = units(np.where(fits, (high << 32) | low, 0))
    beyond = np.flatnonzero(~fits)  # rows of more than nine million million units: few
    pairs = zip(high[beyond].tolist(), low[beyond].tolist(), strict=True)
    out[beyond] = [((above << 32) + rest) / MICROS for above, rest in pairs]
    return out


def units(values: Array) -> Floats:
    """Micros (int64) in units of money, each the nearest float; floats as they are."""
    if values.dtype != np.int64:
        return values
    out: Floats = values / MICROS
    large = np.flatnonzero((values > LARGEST) | (values < -LARGEST))
    if len(large):  # more than nine thousand million units: few; Python rounds them only once
        out[large] = [micros / MICROS for micros in values[large].tolist()]
    return out


def sums(values: Floats, offsets: Ints) -> Floats:
    """The sum of floats (m,) in each row (n,), good to the last digit in any order.

    Each value is cut at one bit for the whole row. The leading parts add up without rounding, and
    what is lost among the rest is some 2^-100 of the row's greatest value: the error-free
    extraction of Rump, Ogita and Oishi (2008, "Accurate floating-point summation, part I").
    """
    greatest = reduced(np.maximum, np.abs(values), offsets)
    if greatest.max(initial=0.0) > HUGE:
        return reduced(np.add, values, offsets)
    counts = np.diff(offsets)
    cut = np.ldexp(1.0, np.frexp(greatest * (counts + 2))[1] + 1)  # 2^k > 2 m max |value|
    cut = np.repeat(cut, counts)
    leading = (cut + values) - cut
    return reduced(np.add, leading, offsets) + reduced(np.add, values - leading, offsets)


def offsets_of(owner: Ints, n: int) -> Ints:
    """Offsets (n + 1,) of rows whose entries stand row after row."""
    out = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(owner, minlength=n), out=out[1:])
    return out


def distinct_pairs(owner: Ints, codes: Array, width: int) -> Ints:
    """The owners, ascending, of the distinct pairs of owner and code; codes are 0 to width - 1.

    Owners ascend or nearly so, and that is what a stable sort is fastest at.
    """
    cells = np.sort(owner * width + codes, kind="stable")
    owners: Ints = cells[changes(cells)] // width
    return owners


def _property(history: History, of: str) -> Floats:
    if holds_numbers(history, of):
        held: Floats = np.asarray(history.extra(of))
        return held
    text = of in history.properties
    if text and not len(history.words(of).vocab):  # it holds nothing, and so has no type
        return np.full(len(history.time), np.nan)
    known = [*AMOUNTS, *(name for name in history.properties if holds_numbers(history, name))]
    raise UnknownName(
        f"history: {of!r} {'holds text' if text else 'is no amount and no property'}. "
        f"Numbers: {quoted(known, 24)}.{hint(of, known)}"
    )
