"""Facts as traits: the latest statement about a customer before a moment.

A fact is read by its name; a trait of its own is only needed to derive something from it,
such as an age from a birth date: whole years that are completed at `as_of`.
"""

import datetime as dt
from typing import Any, ClassVar

import attrs
import numpy as np

from onefold._types import Floats, Ints, Times
from onefold._vocab import Vocab
from onefold.traits.history import History
from onefold.traits.protocol import some_name

NOT_A_DATE = np.datetime64("NaT", "D")


@attrs.frozen
class Fact:
    """The latest value of a fact, None (text) or NaN (number) where it was never stated.

    fact = value of the statement with the greatest time before `as_of`. Profiles read facts by
    their names without it; it gives a fact another name.

    Args:
        fact: Name of the fact.
        name: The trait's name; the fact's where it is left out.

    Examples:
        >>> import onefold as of
        >>> import pandas as pd
        >>> frame = pd.DataFrame({
        ...     "who": ["ann", "ann"], "at": ["2023-01-01", "2024-01-01"],
        ...     "region": ["north", "south"]})
        >>> frame["at"] = pd.to_datetime(frame["at"])
        >>> log = of.EventLog.from_facts(frame, customer="who", time="at", facts=["region"],
        ...                              tz="UTC")
        >>> home = [Fact("region", name="home")]
        >>> of.fold(log, home)["ann"]["home"], of.fold(log, home, as_of="2024-01-01")["ann"]["home"]
        ('south', 'north')
    """

    reach: ClassVar[np.timedelta64] = np.timedelta64(0, "us")  # it reads no event

    fact: str = attrs.field(validator=some_name)
    name: str = attrs.field(
        default=attrs.Factory(lambda self: self.fact, takes_self=True),
        validator=some_name,
        kw_only=True,
    )

    def read(self, history: History, *, as_of: Times) -> Any:
        """Text with None (n,), or numbers with NaN; a fact is one of them for everybody."""
        text, number = history.fact(self.fact)
        return text if any(held is not None for held in text) else number


@attrs.frozen
class Age:
    """Completed years since the date in a fact such as "1980-05-17", NaN where it is not known.

    age = year of `as_of` - year of birth, less one before the birthday in UTC; who was born on
    29 February has it on 1 March in other years.

    Args:
        fact: Name of the fact with the date of birth.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"who": ["ann"], "birth_date": ["1980-05-17"]})
        >>> log = of.EventLog.from_facts(frame, customer="who", time="2024-01-01",
        ...                              facts=["birth_date"])
        >>> [of.fold(log, [Age()], as_of=day)["ann"]["age"] for day in ("2024-05-16", "2024-05-17")]
        [43.0, 44.0]
    """

    unit: ClassVar[str] = "years"
    reach: ClassVar[np.timedelta64] = np.timedelta64(0, "us")  # it reads no event

    fact: str = attrs.field(default="birth_date", validator=some_name)
    name: str = attrs.field(default="age", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Whole years (n,), NaN where the date is not known or lies ahead."""
        text, _ = history.fact(self.fact)
        stated = Vocab.of(t for t in text if t is not None)
        dates = np.array([_date(t) for t in stated] + [NOT_A_DATE])
        born = dates[stated.codes(text)]
        today = as_of.astype("datetime64[D]")
        known = ~np.isnat(born) & (born <= today)
        months, days = _calendar(today)
        from_month, from_day = _calendar(np.where(known, born, today))
        years = (months - from_month - (days < from_day)) // 12
        return np.where(known, years, np.nan)


def _date(stated: str) -> np.datetime64:
    try:
        return np.datetime64(dt.date.fromisoformat(stated[:10]), "D")
    except ValueError:
        return NOT_A_DATE


def _calendar(dates: Times) -> tuple[Ints, Ints]:
    """Months since 1970, and days since the first of the month."""
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64), (dates - months).astype(np.int64)
