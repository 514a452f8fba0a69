"""A small stream written by hand: who did what when, under which identifiers.

    s = Script("kiosk", rng, start)
    s.add("ann", 1.5, "login", user_id="ann", device="kiosk")      a day and a half after the start

Values get a mark of the stream's own, so that streams can be put together; one that begins
with "=" is taken as it is.
"""

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold.identity import DEFAULT

LAST_LOGIN = attrs.evolve(DEFAULT, attribution="last_login")  # the rule that some streams are about
DAY = 86_400_000_000  # microseconds
BUILT_IN = (
    "id",
    "source",
    "time",
    "received",
    "event",
    "item",
    "channel",
    "value",
    "basket",
    "person",
    "shared",
)


@attrs.define
class Script:
    """Rows as they are written down; `frame` puts them into a table."""

    name: str
    start: np.datetime64
    mark: int
    rows: list[dict[str, Any]] = attrs.field(factory=list)

    @classmethod
    def begun(cls, name: str, rng: np.random.Generator, start: np.datetime64) -> "Script":
        """An empty one, with a mark and a first day (within three weeks) by chance."""
        days = int(rng.integers(0, 21))
        return cls(name, start + np.timedelta64(days * DAY, "us"), int(rng.integers(10**6)))

    def add(
        self,
        person: str,
        day: float,
        event: str,
        *,
        id: str | None = None,
        source: str = "web",
        received: float | None = None,
        also: Mapping[str, str] | None = None,
        **identifiers: str,
    ) -> None:
        """Write down one event; days count from the start, `email_2` is a second e-mail."""
        row: dict[str, Any] = {
            "id": f"{self.name}-{len(self.rows)}" if id is None else f"{self.name}-{id}",
            "source": source,
            "time": self.at(day),
            "received": pd.NaT if received is None else self.at(received),
            "event": event,
            "item": "tea" if event in ("view", "purchase") else None,
            "value": 5.0 if event == "purchase" else np.nan,
            "person": f"{self.name}:{person}",
            "shared": False,
        }
        for column, value in {**identifiers, **(also or {})}.items():
            kind, _, place = column.rpartition("_") if column[-1].isdigit() else (column, "", "")
            row[f"{kind}:{place}" if place else kind] = self.value(kind, value)
        self.rows.append(row)

    def at(self, day: float) -> pd.Timestamp:
        """The instant that lies so many days after the start."""
        moment = pd.Timestamp(self.start + np.timedelta64(round(day * DAY), "us"))
        return moment.tz_localize("UTC")

    def value(self, kind: str, value: str) -> str:
        """The value of an identifier, with the mark of this stream."""
        if value.startswith("="):
            return value[1:]
        if kind == "email":
            return f"{value}.{self.mark}@mail.sim"
        if kind == "phone":
            return f"+49151{self.mark:06d}{value:0>2}"
        return f"{value}-{self.mark}"

    def person(self, name: str) -> str:
        """How the truth calls a person."""
        return f"{self.name}:{name}"

    def frame(self) -> pd.DataFrame:
        """The rows in the order in which they were written."""
        return pd.DataFrame(self.rows)

    def owners(self, of: Mapping[tuple[str, str], str | None]) -> Mapping[tuple[str, str], Any]:
        """Whose an identifier is where its events don't say it; None is nobody's."""
        return {
            (kind, self.value(kind, value)): None if name is None else self.person(name)
            for (kind, value), name in of.items()
        }
