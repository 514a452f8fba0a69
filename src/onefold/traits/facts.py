"""Facts as traits: the latest statement about a customer before a moment.

A fact is read by its name; a trait of its own is only needed to derive something from it,
such as an age from a birth date: whole years that are completed at `as_of`.
"""

from typing import Any

import attrs
import numpy as np

from onefold._types import Floats, Times
from onefold.traits.protocol import History


@attrs.frozen
class Fact:
    """The latest value of a fact, None (text) or NaN (number) where it was never stated.

    Args:
        fact: Name of the fact.
        name: The trait's name; the fact's where it is left out.
    """

    fact: str
    name: str = attrs.field(
        default=attrs.Factory(lambda self: self.fact, takes_self=True), kw_only=True
    )

    def read(self, history: History, *, as_of: Times) -> Any:
        text, number = history.fact(self.fact)
        if not any(held is not None for held in text):
            return number
        spoken = np.flatnonzero(~np.isnan(number))
        text[spoken] = number[spoken]
        return text


@attrs.frozen
class Age:
    """Completed years since the date in a fact such as "1980-05-17", NaN where it is not known.

    Args:
        fact: Name of the fact with the date of birth.
        name: The trait's name.
    """

    fact: str = "birth_date"
    name: str = attrs.field(default="age", kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        text, _ = history.fact(self.fact)
        out = np.full(len(history), np.nan)
        today = as_of.astype("datetime64[D]")
        for born in {t for t in text if t is not None}:  # distinct dates
            try:
                date = np.datetime64(born, "D")
            except ValueError:
                continue
            rows = np.flatnonzero(text == born)
            month = today[rows].astype("datetime64[M]").astype(int) - date.astype(
                "datetime64[M]"
            ).astype(int)
            day = (today[rows] - today[rows].astype("datetime64[M]")).astype(int)
            early = day < (date - date.astype("datetime64[M]")).astype(int)
            out[rows] = (month - early) // 12
        return out
