"""What to do about a source of which every record is rejected, by the most frequent reason.

1,000 rows, 990 of them "time can't be read"  ->  the message names time_format=
"""

from collections.abc import Iterable
from typing import NoReturn

from onefold.errors import ArgumentError
from onefold.readers.fixed import counted
from onefold.readers.settings import NO_KIND, NO_TIME, NO_USER

CSV = "readers.csv"
ZONED = ("readers.segment", "readers.cloudevents", CSV)
FORM = (
    "Say how times are written: time_format='%d.%m.%Y %H:%M', or 's', 'ms', 'us' for numbers since "
    "1970."
)
NUMBERS = (
    "Say what stands before decimals: decimal=',' reads 4,90; a mark between thousands and signs "
    "of currencies have to go."
)
CELLS = "Say what stands between cells: delimiter=';'."
ZONE = "Say which zone they are in: tz='Europe/Berlin'."
MONEY = "Leave currency= out, or give the currency of the amounts."
ABSENT = "Check that the records are complete, and that this is the reader for them."
COLUMN = "Check that {}= names the right column."
OTHERWISE = "Mend that in the source, or check that this is the reader for it."


def all_rejected(call: str, reasons: Iterable[str], first: str) -> NoReturn:
    """Refuse a source, with the most frequent reason and what to do about it."""
    counts = counted(reasons)
    reason, count = next(iter(counts.items()))
    total = sum(counts.values())
    raise ArgumentError(
        f"{call}: every record of the source is rejected, {count:,} of {total:,} because: "
        f"{reason}. {advice(reason, call)} The first: {first[:80]!r}."
    )


def advice(reason: str, call: str) -> str:
    """What to do about a reason."""
    if reason.endswith("has no time zone") and call in ZONED:
        return ZONE
    if reason.startswith("amount not in"):
        return MONEY
    if call == CSV:
        return _of_csv(reason)
    return ABSENT if reason in (NO_USER, NO_TIME, NO_KIND) else OTHERWISE


def _of_csv(reason: str) -> str:
    named = {NO_USER: "customer", NO_TIME: "time", NO_KIND: "event"}.get(reason)
    if named is not None:
        return COLUMN.format(named)
    if reason.startswith(("time ", "received ")):
        return FORM
    if reason.endswith(("number", "absurdly large")):
        return NUMBERS
    return CELLS if "cells" in reason else OTHERWISE
