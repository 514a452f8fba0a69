"""Several logs, as `EventLog.batches` gives them: one by one, or put together.

one_log([a, b, c]) == a + b + c
"""

import functools
from collections.abc import Iterable, Iterator
from typing import Any

from onefold._check import is_several
from onefold._columns import stacked
from onefold.errors import ArgumentError
from onefold.events.log import EventLog
from onefold.events.tables import one_type, same_currency


def each_log(log: Any, call: str) -> Iterator[EventLog]:
    """One log, or each of several."""
    one = isinstance(log, EventLog | str) or hasattr(log, "columns")
    for some in [log] if one or not is_several(log) else log:
        if not isinstance(some, EventLog):
            raise ArgumentError(
                f"{call}: log is a {type(some).__name__}; make one with EventLog.from_frame(...), "
                "or several with EventLog.batches(...)."
            )
        yield some


def one_log(log: EventLog | Iterable[EventLog], call: str) -> EventLog:
    """All rows of one log, or of several, in their order."""
    several = list(each_log(log, call))
    if len(several) == 1:
        return several[0]
    if not several:
        return EventLog.from_events([])
    return EventLog(
        stacked([some.events for some in several]),
        one_type(stacked([some.facts for some in several]), f"{call}: log"),
        functools.reduce(
            lambda a, b: same_currency(a, b, f"{call}: log"), (s.currency for s in several), None
        ),
    )
