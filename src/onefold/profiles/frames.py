"""A table of traits as a DataFrame: one column a trait, and of those with labels one a label.

Which labels are shown is decided by a rule that is given. `largest` is for looking at people as
of one moment. A table of many moments may not choose by what it holds: a label that is large
in a later row would decide what is seen of an earlier one. There `named` shows all labels, or
those that the caller names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from onefold._check import hint, quoted
from onefold._types import Array
from onefold.errors import ArgumentError, UnknownName
from onefold.profiles.traits import TraitTable
from onefold.traits.wide import Wide

Shown: TypeAlias = Callable[[TraitTable, str], Sequence[str]]


def frame_of(table: TraitTable, shown: Shown, *, time: bool = False) -> pd.DataFrame:
    """A table of traits as a DataFrame; `shown` says which labels of a trait get a column."""
    out: dict[str, Array] = {}
    for name in table.names:
        for column, held in _columns(table, name, shown):
            if column in out:
                raise ArgumentError(
                    f"profiles: two columns would be called {column!r}, one of them of {name!r}. "
                    "Give the trait or the fact another name."
                )
            out[column] = held
    if not time:
        return pd.DataFrame(out, index=pd.Index(table.ids.copy(), name="customer"))
    moments = pd.DatetimeIndex(table.as_of).tz_localize("UTC")
    return pd.DataFrame({"customer": table.ids.copy(), "time": moments, **out})


def largest(wide: int) -> Shown:
    """At most `wide` labels of each trait, those with the largest sums over all rows."""

    def shown(table: TraitTable, name: str) -> Sequence[str]:
        reading, labels = table.reading(name), table.labels(name)
        if not isinstance(reading, Wide):
            return labels[:wide]
        totals = np.bincount(reading.codes, reading.values, minlength=len(labels))
        return [labels[k] for k in np.sort(np.argsort(-totals, kind="stable")[:wide])]

    return shown


def named(labels: Mapping[str, Sequence[str]], wide: int) -> Shown:
    """The labels that are named; of other traits all that any row has, or none above `wide`."""

    def shown(table: TraitTable, name: str) -> Sequence[str]:
        if name in labels:
            return labels[name]
        known = table.labels(name)
        # The largest aren't taken: later rows would decide what is shown of earlier ones.
        return known if len(known) <= wide else ()

    return shown


def checked_labels(labels: Any, table: TraitTable, argument: str) -> dict[str, list[str]]:
    """Labels by trait, each of which is known and has labels."""
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        raise ArgumentError(
            f"{argument} is {labels!r}; it takes a mapping from trait to labels: "
            "{'channels': ['web', 'store']}."
        )
    out: dict[str, list[str]] = {}
    for name, listed in labels.items():
        if name not in table.names:
            raise UnknownName(
                f"{argument} has the name {name!r}, which no trait has. Traits: "
                f"{quoted(table.names)}.{hint(name, table.names)}"
            )
        if not isinstance(table.reading(name), Wide) and table.reading(name).ndim == 1:
            raise ArgumentError(f"{argument} names {name!r}, which has no labels; leave it out.")
        if isinstance(listed, str) or not isinstance(listed, Iterable):
            raise ArgumentError(
                f"{argument}[{name!r}] is {listed!r}; it takes a list: [{listed!r}]."
            )
        wanted = list(listed)
        if not all(isinstance(label, str) for label in wanted) or len(set(wanted)) < len(wanted):
            raise ArgumentError(
                f"{argument}[{name!r}] is {wanted!r}; it takes different labels, all of them text."
            )
        out[name] = [str(label) for label in wanted]
    return out


def _columns(table: TraitTable, name: str, shown: Shown) -> list[tuple[str, Array]]:
    reading = table.reading(name)
    if not isinstance(reading, Wide) and reading.ndim == 1:
        return [(name, reading.copy())]
    return [(f"{name}: {label}", table.column(name, label).copy()) for label in shown(table, name)]
