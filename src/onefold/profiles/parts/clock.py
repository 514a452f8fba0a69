"""The clock: whether a few last instants lie so far after all others that it must have been wrong.

Of the rows of one part only the latest are looked at, as many as could be wrong among all; the
answer is that for all rows at once.
"""

from collections.abc import Sequence

import attrs
import numpy as np
import pandas as pd

from onefold._types import Times
from onefold.errors import ArgumentError
from onefold.events.quality import far_after
from onefold.ledger import Ledger


@attrs.frozen(eq=False)
class Instants:
    """How many instants there are, the first, and the latest of them in any order."""

    count: int
    first: np.datetime64 | None
    latest: Times

    @classmethod
    def of(cls, times: Times, *, among: int) -> "Instants":
        """Those of one part of rows, which are so many in all."""
        most, ticks = among // 1000 + 2, times.view(np.int64)
        if len(times) > most:
            ticks = np.partition(ticks, len(ticks) - most)[-most:].copy()  # and let go of the rest
        return cls(len(times), times.min() if len(times) else None, ticks.view(times.dtype))

    @classmethod
    def of_ledger(cls, ledger: Ledger, *, among: int) -> "Instants":
        """Those of the events and facts of a ledger."""
        tables = [table.array("time") for table in (ledger.events, ledger.facts)]
        return cls.of(np.concatenate(tables), among=among)


def right_clock(parts: Sequence[Instants], call: str) -> None:
    """Refuse instants of which the last lie far after all others."""
    latest = np.concatenate([part.latest for part in parts])
    first = min(part.first for part in parts if part.first is not None)
    count = sum(part.count for part in parts)
    wrong = far_after(latest, count=count, first=first)
    if wrong:
        from_here = pd.Timestamp(np.sort(latest)[-wrong])
        raise ArgumentError(
            f"{call}, and {wrong:,} of {count:,} events and facts lie far after all others, from "
            f"{from_here} on: a wrong clock? Give as_of=, or leave them out with "
            f"log.before('{from_here}')."
        )
