"""Plain union-find: all identifiers of an event are one customer's, and nothing is guarded.

What most home-made resolvers are, and what others are measured by. One kiosk is enough:

    {u1, kiosk}, {u2, kiosk}, ... {u9, kiosk}   ->   one customer with nine accounts
"""

from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._check import instance
from onefold._types import Ints, Strings
from onefold._vocab import united
from onefold.datasets.clusters import Bundles, first_of, joined
from onefold.events import EventLog

PREFIX = "identifier:"


@attrs.frozen(eq=False, repr=False)
class Joined:
    """What plain union-find finds: identifiers that ever came together are one customer's."""

    _identifiers: pd.DataFrame

    def to_pandas(self) -> pd.DataFrame:
        """One row an identifier: type, value, customer; a new frame."""
        return self._identifiers.copy()

    def customers(self, log: EventLog) -> Strings:
        """The customer of each event (n,), None where it has no identifier that is known."""
        found = bundles_of(log)
        known = self._identifiers.set_index(["type", "value"])["customer"]
        names = known.reindex(pd.MultiIndex.from_frame(found.names())).to_numpy(dtype=object)
        first = first_of(found.numbers)
        out: Strings = np.full(len(first), None, dtype=object)
        out[first >= 0] = names[first[first >= 0]]
        out[pd.isna(out)] = None
        return out

    def __repr__(self) -> str:
        n = self._identifiers["customer"].nunique()
        return f"Joined({len(self._identifiers):,} identifiers, {n:,} customers)"


def union_find(log: EventLog) -> Joined:
    """Join all identifiers that came with one event, without any guard.

    Customers are the connected components of the graph whose edges are the pairs of identifiers in
    one event. Nothing is normalised, blocked or limited: it is what a resolver is measured by.

    Args:
        log: A log with identifiers.

    Examples:
        >>> from onefold.datasets import failure, union_find
        >>> union_find(failure("household_email", rng=1).log)
        Joined(5 identifiers, 1 customers)
    """
    instance(log, EventLog, "union_find: log")
    found = bundles_of(log)
    labels = joined(found.numbers, len(found.types))
    names = np.array([f"j{label}" for label in labels.tolist()], dtype=object)
    return Joined(found.names().assign(customer=names))


def bundles_of(log: EventLog) -> Bundles:
    """The identifiers of each event of a log; columns of one type share their values."""
    columns: dict[str, list[Any]] = {}
    for name in log.events.data:  # some ten columns
        if name.startswith(PREFIX):
            kind = name.removeprefix(PREFIX).split(":")[0]
            columns.setdefault(kind, []).append(log.events.coded(name).compact())
    numbers: list[Ints] = []
    types, values, taken = [], [np.empty(0, dtype=object)], 0
    for kind, coded in columns.items():
        vocab, translations = united([column.vocab for column in coded])
        for column, to in zip(coded, translations, strict=True):
            codes = column.codes.astype(np.int64)
            there = codes >= 0
            new = np.full(len(codes), -1, dtype=np.int64)
            new[there] = to[codes[there]] + taken
            numbers.append(new)
        types += [kind] * len(vocab)
        values.append(vocab.values)
        taken += len(vocab)
    table = np.stack(numbers, axis=1) if numbers else np.empty((len(log), 0), dtype=np.int64)
    return Bundles(table, np.array(types, dtype=object), np.concatenate(values))
