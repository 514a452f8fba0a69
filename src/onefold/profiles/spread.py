"""What a trait looks like over many customers: how many have it, its spread, its top labels.

The picture of numbers has a bar for each of at most 16 bins, by a rule that is stated:

    whole      whole numbers less than 16 apart: a bar for each
    log        none below 0, and the 99th percentile more than five times the median, as with
               money and counts: bins of equal ratios over at most four powers of ten; 0 has
               a bar of its own
    even       all else: bins of equal width

Bins reach from the 1st to the 99th percentile (of fewer than 100 numbers: to the ends), and the
outer two also hold what lies beyond, so that one odd number does not flatten all others.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
import pandas as pd

from onefold._types import Array, Floats, Ints
from onefold.profiles.traits import TraitTable
from onefold.traits.rhythm import DAYS, HOURS, PARTS
from onefold.traits.wide import Wide

Naming: TypeAlias = Callable[[str], str]
Method: TypeAlias = Literal["linear", "inverted_cdf"]

BINS = 16
DECADES = 4  # powers of ten that a log scale spans at most
EXACT = 2.0**52  # up to which whole numbers have neighbours one apart
SKEWED = 5.0  # times the median, from where on the 99th percentile asks for a log scale
DAY = tuple(f"{hour:02d}" for hour in range(24))
CLOCKS = (DAYS, DAY, tuple(PARTS), HOURS)  # labels that have an order of their own


@attrs.frozen(eq=False)
class Bars:
    """How many customers lie in each bin: from `edges[i]` on, below `edges[i + 1]`."""

    counts: Ints
    edges: Floats
    scale: str  # "whole", "log" or "even"


@attrs.frozen(eq=False)
class Figures:
    """Numbers: the lowest, quarters, the highest, the mean, and the picture."""

    lowest: float
    lower: float
    median: float
    upper: float
    highest: float
    mean: float
    bars: Bars


@attrs.frozen(eq=False)
class Labels:
    """Labels or texts: how many different ones, and the largest of them.

    The size of a text is the share of customers who have it, among those who have any; that of a
    label is the mean of its numbers over the customers of whom the trait is known.
    """

    different: int
    names: tuple[str, ...]  # at most 16, the largest first
    sizes: tuple[float, ...]
    texts: bool  # sizes are shares of customers, whatever the unit
    clock: tuple[tuple[str, float], ...] = ()  # all of them, where time puts them in order
    called: tuple[str, ...] | None = None  # what to call them, where it is not their names


@attrs.frozen(eq=False)
class Spread:
    """One trait or fact over `rows` customers, of whom `known` have it."""

    name: str
    unit: str  # "days", "share", a currency, or ""
    fact: bool
    rows: int
    known: int
    figures: Figures | None = None
    labels: Labels | None = None
    beyond: bool = False  # it would need events that `keep=` let go: nothing can be said of it

    @property
    def share(self) -> float:
        """The share of customers who have it; NaN of nobody, and where it can't be read."""
        return self.known / self.rows if self.rows and not self.beyond else np.nan


def spread(
    table: TraitTable, name: str, *, unit: str, fact: bool, name_of: Naming | None = None
) -> Spread:
    """What one trait or fact of a table looks like; `name_of` says what to call its labels."""
    held = _spread(table, name, unit, fact)
    if held.labels is None or name_of is None:
        return held
    names = tuple(name_of(label) for label in held.labels.names)
    return attrs.evolve(held, labels=attrs.evolve(held.labels, called=names))


def called(held: Spread) -> list[tuple[str, float]]:
    """What to call the largest labels or texts, and their sizes."""
    labels = held.labels
    if labels is None:
        return []
    names = labels.names if labels.called is None else labels.called
    return list(zip(names, labels.sizes, strict=True))


def _spread(table: TraitTable, name: str, unit: str, fact: bool) -> Spread:
    reading = table.reading(name)
    n = len(table)
    if isinstance(reading, Wide):
        known, labels = int(reading.known.sum()), _of_wide(reading)
        return Spread(name, unit, fact, n, known, labels=labels if known else None)
    if reading.dtype == object:
        known, labels = _of_texts(reading if reading.ndim == 2 else reading[:, None])
        return Spread(name, unit, fact, n, known, labels=labels if known else None)
    if reading.ndim == 2:
        told = ~np.isnan(reading)
        known = int(told.any(axis=1).sum())
        labels = _of_columns(table.labels(name), reading, told)
        return Spread(name, unit, fact, n, known, labels=labels if known else None)
    held = np.sort(reading[~np.isnan(reading)])
    return Spread(name, unit, fact, n, len(held), figures=_of_numbers(held) if len(held) else None)


def bins(held: Floats) -> Bars:
    """The picture of sorted numbers (n,), by the rule above."""
    if not len(held):
        return Bars(np.zeros(0, dtype=np.int64), np.zeros(1), "whole")
    whole = bool((held == np.floor(held)).all()) and max(-held[0], held[-1]) < EXACT
    if whole and held[-1] - held[0] < BINS:
        edges = np.arange(held[0], held[-1] + 2)
        return Bars(_counted(held, edges), edges, "whole")
    low, high = _inner(held)
    if held[0] >= 0 and high / SKEWED > held[len(held) // 2]:
        return _ratios(held, whole)
    edges = _steps(low, high, whole) if low < high else _steps(held[0], held[-1], whole)
    return Bars(_counted(held, edges), edges, "even")


def _inner(held: Floats) -> tuple[float, float]:
    """The 1st and the 99th percentile of sorted numbers, or the ends of a few."""
    rest = len(held) // 100
    return float(held[rest]), float(held[-1 - rest])


def _ratios(held: Floats, whole: bool) -> Bars:
    """Bins of equal ratios of what is above 0; those of whole numbers begin at whole ones."""
    zeros = int(np.searchsorted(held, 0, side="right"))
    low, high = _inner(held[zeros:])
    low = max(low, high / 10**DECADES)
    edges = np.exp(np.linspace(np.log(low), np.log(high), BINS + (0 if zeros else 1)))
    edges = _ascending(edges, low, whole)
    counts = _counted(held[zeros:], edges)
    if not zeros:
        return Bars(counts, edges, "log")
    return Bars(np.append(zeros, counts), np.append(0.0, edges), "log")


def _steps(low: float, high: float, whole: bool) -> Floats:
    """Edges of bins of equal width."""
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.linspace(low, high, BINS + 1)
    return _ascending(edges if np.isfinite(edges).all() else np.array([low]), low, whole)


def _ascending(edges: Floats, low: float, whole: bool) -> Floats:
    """Edges that differ, whole ones for whole numbers; of a single number, one bin around it."""
    out: Floats = np.unique(np.ceil(edges - 1e-9) if whole else edges)
    return out if len(out) > 1 else np.sort([low, np.nextafter(low, 0.0)])


def _counted(held: Floats, edges: Floats) -> Ints:
    """How many of sorted numbers lie in each bin; the outer ones hold what lies beyond."""
    inner = np.searchsorted(held, edges[1:-1], side="left")
    return np.diff(np.concatenate([[0], inner, [len(held)]]))


def _of_numbers(held: Floats) -> Figures:
    finite = held[np.isfinite(held)]
    # Between two numbers of which one is infinite there is none to be interpolated.
    method: Method = "linear" if len(finite) == len(held) else "inverted_cdf"
    with np.errstate(over="ignore", invalid="ignore"):
        quarters = np.quantile(held, [0.0, 0.25, 0.5, 0.75, 1.0], method=method)
        mean = float(held.mean())
    lowest, lower, median, upper, highest = (float(q) for q in quarters)
    return Figures(lowest, lower, median, upper, highest, mean, bins(finite))


def _of_wide(reading: Wide) -> Labels:
    known = max(int(reading.known.sum()), 1)
    values = np.nan_to_num(reading.values, posinf=np.inf, neginf=-np.inf)
    means = np.bincount(reading.codes, values, minlength=len(reading.labels)) / known
    return _largest(reading.labels, means, texts=False)


def _of_columns(labels: list[str], reading: Floats, told: Array) -> Labels:
    some = np.flatnonzero(told.any(axis=0))  # a label that is missing for all is none
    sums = np.where(told, reading, 0.0).sum(axis=0)[some]
    names = np.array(labels, dtype=object)[some]
    return _largest(names, sums / told.sum(axis=0)[some], texts=False)


def _of_texts(reading: Any) -> tuple[int, Labels]:
    """Texts (n, k): how many rows have any, and in which share of those each occurs."""
    flat = reading.ravel()
    try:
        codes, values = pd.factorize(flat)
    except TypeError:  # a plug-in's own objects
        codes, values = pd.factorize(np.array([None if v is None else str(v) for v in flat]))
    codes = np.sort(codes.reshape(reading.shape), axis=1)
    new = codes >= 0
    new[:, 1:] &= codes[:, 1:] != codes[:, :-1]  # the same text twice in a row is once
    known = int(new.any(axis=1).sum())
    shares = np.bincount(codes[new], minlength=len(values)) / max(known, 1)
    return known, _largest(np.asarray(values, dtype=object), shares, texts=True)


def _largest(labels: Any, sizes: Floats, *, texts: bool) -> Labels:
    order = np.argsort(-sizes, kind="stable")[:BINS]
    names = tuple(str(label) for label in labels[order].tolist())
    clock = next((c for c in CLOCKS if 0 < len(labels) <= len(c) and set(labels) <= set(c)), ())
    held = dict(zip(labels.tolist(), sizes.tolist(), strict=True)) if clock else {}
    return Labels(
        len(labels),
        names,
        tuple(sizes[order].tolist()),
        texts,
        tuple((label, held.get(label, 0.0)) for label in clock),
    )
