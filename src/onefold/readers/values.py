"""One value of a record at a time: what it is here, or why it can't be taken.

A value is read as it was written: 19.99 in a text is the decimal 19.99, never the float next to
it, so that amounts are exact. What can't be read refuses its record, and says why:

    amount("19.99", "price") == Decimal("19.99")        amount("1e400", "price")  is refused
"""

import datetime as dt
import decimal
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, final

import numpy as np
import pandas as pd

from onefold import _time
from onefold._types import MICROS

LONGEST = 1_000  # characters of an id or a label
LONGEST_FACT = 10_000
MOST = Decimal(10) ** 12  # units of money, or pieces: beyond it is absurd
MOST_TICKS = Decimal(10) ** 20
HUGE = 10**LONGEST
EXACT_FLOATS = 2**53
LARGEST = 1e300  # of numbers that are facts
EXACT = decimal.Context(prec=60, rounding=decimal.ROUND_HALF_EVEN, traps=[])
DAY = 86_400 * MICROS
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
EARLIEST, LATEST = (int(t.astype(np.int64)) for t in (_time.EARLIEST, _time.LATEST))
BAD_UNICODE = "text that is not valid Unicode"

Stated = tuple[str, bool]  # a text, and whether it is the text of a number


@final
class Refused(Exception):
    """Why a record is not taken: it is bad or, where `skipped`, there is nothing in it for us.

    `foreign` is that of a record that does not look like the format at all.
    """

    def __init__(self, reason: str, *, skipped: bool = False, foreign: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.skipped = skipped
        self.foreign = foreign


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """An object, the empty one where there is none."""
    if not isinstance(value, dict):
        if absent(value):
            return {}
        raise Refused(f"{what} is not an object")
    return value


def listed(value: Any, what: str) -> list[Any]:
    """A list, the empty one where there is none."""
    if not isinstance(value, list):
        if absent(value):
            return []
        raise Refused(f"{what} is not a list")
    return value


def text(value: Any, what: str) -> str | None:
    """An id or a label; whole numbers become their digits, blank ones are missing.

    Frames hold whole numbers as floats where some are missing; from 2**53 on those are not exact.
    """
    if type(value) is str and value.isascii() and 0 < len(value) <= LONGEST:  # mostly
        return None if value.isspace() else value
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise Refused(f"{what} is longer than {LONGEST:,} characters")
        if not value.isascii():
            unicode(value)
        return None if not value or value.isspace() else value
    return None if absent(value) else _digits(value, what)


def absent(value: Any) -> bool:
    """Whether a value stands for a missing one, as in frames."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or value is pd.NaT or value is pd.NA


def unicode(value: str) -> str:
    """Return text that can be encoded."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused(BAD_UNICODE) from None
    return value


def instant(value: Any, what: str, zone: dt.tzinfo | None = None) -> int | None:
    """Microseconds since 1970 in UTC, of an ISO 8601 text or a datetime."""
    if isinstance(value, str):
        if not value:
            return None
        moment = _parsed(value, what)
        if moment.tzinfo is not dt.UTC:
            return since_epoch(moment, what, zone)
        span = moment - EPOCH
        micros = span.days * DAY + span.seconds * MICROS + span.microseconds
        return micros if EARLIEST <= micros < LATEST else in_range(micros, what)
    if absent(value):
        return None
    if not isinstance(value, dt.datetime):
        raise Refused(f"{what} can't be read")
    return since_epoch(value, what, zone)


def since_epoch(moment: dt.datetime, what: str, zone: dt.tzinfo | None = None) -> int:
    """Microseconds since 1970 in UTC; a naive instant is read in `zone`."""
    try:
        if moment.utcoffset() is None:
            if zone is None:
                raise Refused(f"{what} has no time zone")
            moment = _local(moment, zone)
        span = moment - EPOCH
    except (ValueError, OverflowError):
        raise Refused(f"{what} can't be read") from None
    return in_range(span.days * DAY + span.seconds * MICROS + span.microseconds, what)


def in_range(micros: int, what: str) -> int:
    """Return microseconds since 1970 that lie in the years that are accepted."""
    if not EARLIEST <= micros < LATEST:
        raise Refused(f"{what} is outside 1700 to 2200")
    return micros


def unix(value: Any, what: str, unit: int) -> int | None:
    """Microseconds since 1970, of a number of units of so many microseconds since then."""
    number = exact(value, what)
    if number is None:
        return None
    if number.copy_abs() >= MOST_TICKS:
        raise Refused(f"{what} is outside 1700 to 2200")
    whole = EXACT.multiply(number, Decimal(unit))
    return in_range(int(whole.to_integral_value(decimal.ROUND_FLOOR, EXACT)), what)


def amount(value: Any, what: str) -> Decimal | None:
    """An amount of money or a measure, as it was written."""
    number = exact(value, what)
    if number is not None and number.copy_abs() >= MOST:
        raise Refused(f"{what} is absurdly large")
    return number


def exact(value: Any, what: str) -> Decimal | None:
    """A number as the decimal that was written; the shortest one that stands for a float."""
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, str):
        if not value:
            return None
        number = _written(value)
    elif absent(value):
        return None
    elif isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        number = Decimal(int(value))
    elif isinstance(value, (float, np.floating)):
        number = Decimal(repr(float(value)))
    else:
        raise Refused(f"{what} is not a number")
    if not number.is_finite():
        raise Refused(f"{what} is not a finite number")
    return number


def micros(number: Decimal | None) -> int | None:
    """Millionths, rounded to the nearest, ties to even."""
    if number is None:
        return None
    return int(EXACT.to_integral_value(EXACT.scaleb(number, 6))) if number else 0


def stated(value: Any, notes: Callable[[str], None], what: str) -> Stated | None:
    """A fact or a property as text, and whether it is a number; None where there is nothing."""
    if absent(value) or (isinstance(value, str) and not value):
        return None
    if isinstance(value, str):
        if len(value) > LONGEST_FACT:
            notes(f"{what} longer than {LONGEST_FACT:,} characters: not kept")
            return None
        return (value if value.isascii() else unicode(value)), False
    if isinstance(value, (bool, np.bool_)):
        return ("yes" if value else "no"), False
    if isinstance(value, (int, float, Decimal, np.number)):
        try:
            size = abs(float(value))
        except (OverflowError, ValueError, TypeError):
            size = math.inf
        if size <= LARGEST:
            return str(value), True
        if not math.isnan(size):
            notes(f"{what} that is no finite number: not kept")
        return None
    if isinstance(value, dt.date):  # and instants, which frames hold
        return value.isoformat(), False
    notes(f"{what} that is a list or an object: not kept")
    return None


def inside(record: Mapping[str, Any], name: str, inner: str) -> Any:
    """What stands in an object inside a record, None where there is no such object."""
    held = record.get(name)
    return held.get(inner) if isinstance(held, dict) else None


def path_of(address: str | None) -> str | None:
    """The path of the address of a page: what stands between the host and the question mark."""
    if address is None:
        return None
    if address[0] == "/" and "?" not in address and "#" not in address:
        return address
    rest = address.partition("#")[0].partition("?")[0]
    if "://" in rest:
        rest = "/" + rest.partition("://")[2].partition("/")[2]
    return rest or None


def _digits(value: Any, what: str) -> str:
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        if abs(float(value)) >= EXACT_FLOATS:
            raise Refused(f"{what} is a number that is not exact: read it as text")
        value = int(value)
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise Refused(f"{what} is not text")
    if not -HUGE < value < HUGE:
        raise Refused(f"{what} is longer than {LONGEST:,} characters")
    return str(value)


def _parsed(value: str, what: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        pass
    try:
        return dt.datetime.fromisoformat(value.strip().upper())  # 't' and 'z' are allowed
    except ValueError:
        raise Refused(f"{what} can't be read") from None


def _local(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """A naive instant in `zone`, as `EventLog.from_frame` reads it."""
    if zone is dt.UTC:
        return moment.replace(tzinfo=zone)
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    stamp = pd.Timestamp(moment).tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return stamp.to_pydatetime()


def _written(value: str) -> Decimal:
    plain = value.strip()
    if len(plain) > LONGEST or "_" in plain or not plain.isascii():
        return Decimal("NaN")
    return EXACT.create_decimal(plain)
