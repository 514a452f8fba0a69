"""Segments by one trait or fact: its values as they are, or ranges of a number.

    By("region")                    north, south, ...
    By("monetary", bins=3)          monetary up to 20, monetary 20 to 75, monetary above 75

A range holds its upper edge and not its lower one, as in "up to 20" and "above 75".
"""

import itertools
from collections.abc import Iterable
from typing import Any, TypeAlias

import attrs
import numpy as np
import pandas as pd

from onefold import _check
from onefold._display import number
from onefold._types import Array, Strings
from onefold.errors import ArgumentError
from onefold.profiles import TraitTable
from onefold.segments.assignment import REST, UNKNOWN
from onefold.segments.column import Readable, column, later, name_of, quantile_cuts, readable

Bins: TypeAlias = int | tuple[float, ...] | None

QUARTERS = 4


def _trait(value: Any) -> Readable:
    return readable(value, "By: trait")


def _label(value: Any) -> str | None:
    return None if value is None else _check.text(value, "By: label")


def _bins(value: Any) -> Bins:
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        return _check.whole(value, "By: bins", least=2, most=100)
    edges = tuple(float(edge) for edge in value)
    if not edges or not all(a < b for a, b in itertools.pairwise(edges)):
        raise ArgumentError(f"By: bins is {value!r}; edges ascend, and there is at least one.")
    if not np.isfinite(edges).all():
        raise ArgumentError(
            f"By: bins is {value!r}; edges are finite. What lies below the first and above the "
            "last has a range of its own, so no infinite edge is needed."
        )
    return edges


def _most(value: Any) -> int:
    return _check.whole(value, "By: most")


@attrs.frozen
class By:
    """Segments by one trait or fact.

    Text makes a segment of each value, the most frequent ones first; numbers make ranges. A
    customer without a value is unknown.

    Args:
        trait: A trait or a fact by its name, or a trait object that profiles need not carry.
        label: Which number, of a trait that has several: `By("channels", "web")`.
        bins: For numbers: how many ranges of about equally many customers (ties stay together, so
            there may be fewer), or the edges between them. Left out: four, the quarters.
        most: For text: how many values have a segment of their own. The others are "rest", and so
            is a value that first comes up after fitting. The text "unknown" means just that.

    Examples:
        >>> import onefold as of
        >>> from onefold.segments import By, segment
        >>> log = of.EventLog.from_events([of.Event("ann", "purchase", "2024-03-01", item="tea"),
        ...                                of.Event("bob", "purchase", "2024-03-09", item="jam")])
        >>> segment(of.fold(log), By("latest")).assignment.by_customer()
        {'ann': 'tea', 'bob': 'jam'}
    """

    trait: Readable = attrs.field(converter=_trait)
    label: str | None = attrs.field(default=None, converter=_label)
    bins: Bins = attrs.field(default=None, converter=_bins, kw_only=True)
    most: int = attrs.field(default=12, converter=_most, kw_only=True)

    def fit(self, table: TraitTable, *, rng: np.random.Generator) -> "FittedRanges | FittedValues":
        """Find the quantiles of a number, or the most frequent values of a text.

        Raises:
            UnknownName: If there is no such trait, fact or label.
            ArgumentError: If nobody has a value, or `bins` are given for text.
        """
        name = name_of(self.trait, self.label)
        held = column(table, self.trait, self.label)
        held = held[~np.asarray(pd.isna(held))]
        if not len(held):
            raise ArgumentError(f"By: nobody of {len(table):,} customers has {name!r}.")
        if held.dtype == object and any(isinstance(value, str) for value in held):
            if self.bins is not None:
                raise ArgumentError(
                    f"By: bins is {self.bins!r}, but {name!r} holds text such as {held[0]!r}. "
                    "Leave out bins=; most= says how many values have a segment."
                )
            return FittedValues(self.trait, self.label, _frequent(_words(held), self.most))
        cuts = self.bins
        if not isinstance(cuts, tuple):
            # Repeated cuts, and one at the top, would leave ranges that nobody is in.
            found = np.unique(quantile_cuts(held.astype(np.float64), cuts or QUARTERS))
            cuts = tuple(found[found < held.max()].tolist())
        return FittedRanges(self.trait, self.label, cuts, _ranges(name, cuts))


@attrs.frozen
class FittedRanges:
    """Ranges of a number: `cuts` (k,) lie between the `names` (k + 1,)."""

    trait: Readable
    label: str | None
    cuts: tuple[float, ...]
    names: tuple[str, ...]

    def assign(self, table: TraitTable) -> Strings:
        values = _numbers(later(table, self.trait, self.label))
        codes = np.searchsorted(np.array(self.cuts), values, side="left")  # cuts below the value
        codes[np.isnan(values)] = -1
        return np.array([*self.names, None], dtype=object)[codes]


@attrs.frozen
class FittedValues:
    """Values that have a segment of their own."""

    trait: Readable
    label: str | None
    names: tuple[str, ...]

    def assign(self, table: TraitTable) -> Strings:
        words = _words(later(table, self.trait, self.label))
        kept = set(self.names)
        open_ = {None, UNKNOWN}
        said = [w if w in kept else None if w in open_ else REST for w in words.tolist()]
        return np.array(said, dtype=object)


def _numbers(values: Array) -> Array:
    """Numbers (n,), NaN where there is none or there is text."""
    if values.dtype != object:
        return values.astype(np.float64)
    return pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=np.float64)


def _words(values: Array) -> Strings:
    """Text (n,), None where missing; a number among texts is written as it is."""
    out: Strings = values.astype(object)
    out[np.asarray(pd.isna(values))] = None
    for i in [i for i, v in enumerate(out) if v is not None and not isinstance(v, str)]:
        out[i] = f"{out[i]:.15g}"  # rare
    return out


def _frequent(words: Strings, most: int) -> tuple[str, ...]:
    words = words[~np.isin(words, [REST, UNKNOWN])]
    names, counts = np.unique(words.astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]  # of equally frequent ones by name
    return tuple(names[order].tolist())


def _ranges(name: str, cuts: tuple[float, ...]) -> tuple[str, ...]:
    if not cuts:
        return (f"any {name}",)
    said = [_edge(cut) for cut in cuts]
    if len(set(said)) < len(said):  # three digits don't tell them apart
        said = [f"{cut:.15g}" for cut in cuts]
    between = [f"{name} {a} to {b}" for a, b in itertools.pairwise(said)]
    return (f"{name} up to {said[0]}", *between, f"{name} above {said[-1]}")


def _edge(cut: float) -> str:
    """Three significant digits without idle zeros."""
    text = number(cut)
    return text.rstrip("0").rstrip(".") if "." in text and text[-1].isdigit() else text
