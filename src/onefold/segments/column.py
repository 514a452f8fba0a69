"""One column of a table for a strategy: a trait by name or as an object, and its quantiles.

Quantile cuts of n sorted values are values themselves, so that ties are never torn apart:

    cut k of b groups = the value at position ceil(k n / b)         k = 1 .. b - 1
"""

from typing import Any, TypeAlias

import numpy as np

from onefold import _check
from onefold._types import Array, Floats
from onefold.errors import ArgumentError, UnknownName
from onefold.profiles import TraitTable
from onefold.traits.protocol import Trait, label_names, trait_of
from onefold.traits.wide import Wide

Readable: TypeAlias = str | Trait


def readable(trait: Any, name: str) -> Readable:
    """Check that something is the name of a trait or a trait."""
    return _check.text(trait, name) if isinstance(trait, str) else trait_of(trait, name)


def name_of(trait: Readable, label: str | None = None) -> str:
    """What a trait, or one label of it, is called."""
    name = trait if isinstance(trait, str) else trait.name
    return name if label is None else f"{name}: {label}"


def column(table: TraitTable, trait: Readable, label: str | None = None) -> Array:
    """The values (n,) of a trait by name, or of any trait object.

    Raises:
        UnknownName: If there is no such name or label.
        ArgumentError: If a label is missing, or there are none.
    """
    if isinstance(trait, str):
        return table.column(trait, label)
    if any(t is trait or (type(t) is type(trait) and t == trait) for t in table.traits):
        return table.column(trait.name, label)  # read once, whoever asks
    reading = table.read(trait)
    several = isinstance(reading, Wide) or reading.ndim == 2
    if several != (label is not None):
        raise ArgumentError(
            f"trait {trait.name!r} has {'several' if several else 'no'} labels; "
            f"{'name one with' if several else 'leave out'} label=."
        )
    if isinstance(reading, Wide):
        return reading.column(str(label))
    if several:
        names = list(label_names(trait, reading.shape[1]))
        if label not in names:
            raise UnknownName(
                f"trait {trait.name!r}: no label {label!r}. Labels: {_check.quoted(names)}."
            )
        return np.asarray(reading[:, names.index(label)])
    return np.asarray(reading)


def later(table: TraitTable, trait: Readable, label: str | None = None) -> Array:
    """The same, of customers of whom nobody may have this fact: then it is missing for all."""
    if isinstance(trait, str) and trait not in table.names:
        return np.full(len(table), np.nan)
    return column(table, trait, label)


def quantile_cuts(values: Floats, bins: int) -> Floats:
    """The `bins - 1` cuts (ascending, with repetitions) of m > 0 known values."""
    ordered = np.sort(values)
    places = -(-np.arange(1, bins) * len(ordered) // bins)  # ceil, exact in whole numbers
    return np.asarray(ordered[places - 1])
