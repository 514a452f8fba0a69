"""When: how long ago, for how long, how far apart.

recency = (as_of - last) / day        tenure = (as_of - first) / day
gap = (start of last visit - start of first visit) / (visits - 1) / day
"""

from typing import ClassVar

import attrs
import numpy as np

from onefold._types import Bools, Floats, Ints, Times
from onefold.traits.history import History
from onefold.traits.older import Older
from onefold.traits.protocol import kind_or_none, some_name

NEVER = -(2**62)
DAY = np.timedelta64(86_400_000_000, "us")


@attrs.frozen
class Recency:
    """Days since the last event of a kind, missing where there was none.

    recency = (as_of - last) / day. The field's "recency" of RFM (Bult and Wansbeek 1995): small
    is recent.

    Args:
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([of.Event("ann", "purchase", "2024-03-01")])
        >>> of.fold(log, as_of="2024-03-11")["ann"]["recency"]
        10.0
    """

    unit: ClassVar[str] = "days"

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="recency", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Days (n,), NaN where there was no event."""
        h = history.where(self.event)
        return _days(as_of, h.base.time, h.stops - 1, h.counts)

    def read_older(self, history: History, older: Older, *, as_of: Times) -> Floats:
        """The same, where older events were let go."""
        cells = older.where(self.event)
        early = _since(as_of, cells.edge("last", np.maximum, NEVER), cells.any)
        return np.fmin(self.read(history, as_of=as_of), early)


@attrs.frozen
class Tenure:
    """Days since the first event of a kind, missing where there was none.

    tenure = (as_of - first) / day. The customer's age T of Fader, Hardie and Lee (2005, "Counting
    your customers the easy way").

    Args:
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01"),
        ...     of.Event("ann", "purchase", "2024-03-08")])
        >>> of.fold(log, [Tenure()], as_of="2024-03-11")["ann"]["tenure"]
        10.0
    """

    unit: ClassVar[str] = "days"

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="tenure", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Days (n,), NaN where there was no event."""
        h = history.where(self.event)
        return _days(as_of, h.base.time, h.starts, h.counts)

    def read_older(self, history: History, older: Older, *, as_of: Times) -> Floats:
        """The same, where older events were let go."""
        cells = older.where(self.event)
        early = _since(as_of, cells.edge("first", np.minimum, -NEVER), cells.any)
        return np.fmax(self.read(history, as_of=as_of), early)


@attrs.frozen
class Gap:
    """Mean days between the starts of consecutive visits, missing below two visits.

    gap = (start of last visit - start of first visit) / (visits - 1) / day. The mean interpurchase
    time (Allenby, Leone and Jen 1999); the steps in between cancel out.

    Args:
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", f"2024-03-0{day}") for day in (1, 2, 7)])
        >>> of.fold(log, [Gap()])["ann"]["gap"]
        3.0
    """

    unit: ClassVar[str] = "days"

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="gap", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Days (n,), NaN below two visits."""
        h = history.where(self.event)
        if not h.from_first:
            h = h.laid_out
        starts, time = h.base.visit_starts, h.base.time
        count = h.totals(starts)
        several = np.flatnonzero(count > 1)
        latest = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))
        last = latest[h.stops[several] - 1]
        out = np.full(len(h), np.nan)
        spans = time[last] - time[h.starts[several]]
        out[several] = spans / DAY / (count[several] - 1)
        return out


def _since(as_of: Times, micros: Ints, known: Bools) -> Floats:
    """Days from instants, in microseconds, to `as_of`; NaN where there are none."""
    days = (as_of - np.where(known, micros, 0).astype("datetime64[us]")) / DAY
    return np.where(known, days, np.nan)


def _days(as_of: Times, times: Times, positions: Ints, counts: Ints) -> Floats:
    out = np.full(len(counts), np.nan)
    some = np.flatnonzero(counts > 0)
    out[some] = (as_of[some] - times[positions[some]]) / DAY
    return out
