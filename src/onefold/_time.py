"""Instants and durations: microseconds in UTC, and nothing else, inside.

A naive instant that stands alone (`as_of="2017-11-01"`) is read as UTC; a naive *column*
needs to be told its zone at the door. The range that is accepted, 1700 to 2200, keeps
every difference of two instants inside 64 bits.
"""

import contextlib
import datetime as dt
import re
import zoneinfo

import numpy as np
import pandas as pd

from onefold._types import MICROS, Codes, Duration, Instant, Ints, Times
from onefold.errors import ArgumentError

EARLIEST = np.datetime64("1700-01-01", "us")
LATEST = np.datetime64("2200-01-01", "us")
ISO = re.compile(r"\s*\d{4}-\d{2}(-\d{2}([T ].*)?)?\s*$")
PLAIN = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
OUT_OF_BOUNDS = (pd.errors.OutOfBoundsTimedelta, pd.errors.OutOfBoundsDatetime, OverflowError)
MICROSECOND = np.timedelta64(1, "us")
LONGEST = pd.Timedelta(np.timedelta64(365_250, "D").astype("timedelta64[us]"))
DAY = np.timedelta64(1, "D").astype("timedelta64[us]")


def instant(value: Instant, name: str) -> np.datetime64:
    """One instant as datetime64[us] in UTC; a naive one means UTC."""
    plain = _plain(value)
    if plain is not None and EARLIEST <= plain < LATEST:
        return plain
    # Only ISO 8601: '01/11/2024' is a day in January for some and in November for others.
    guessed = isinstance(value, str) and not ISO.match(value)
    if guessed or isinstance(value, (bool, int, float, np.number, np.bool_)):
        raise ArgumentError(
            f"{name} is {value!r}; it takes a date such as '2017-11-01' (year, month, day), "
            "'2017-11-01 12:30+01:00', a datetime or a Timestamp."
        )
    try:
        stamp = pd.Timestamp(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ArgumentError(
            f"{name} is {value!r}, which is not an instant; write '2017-11-01' or "
            "'2017-11-01 12:30', or give a datetime or a Timestamp."
        ) from error
    if pd.isna(stamp):
        raise ArgumentError(f"{name} is not a time (NaT); give a date such as '2017-11-01'.")
    if stamp.tzinfo is not None:
        stamp = stamp.tz_convert("UTC").tz_localize(None)
    moment = stamp.as_unit("us").to_datetime64() if _fits(stamp) else None
    if moment is None or not EARLIEST <= moment < LATEST:
        raise ArgumentError(f"{name} is {value!r}; instants from 1700 up to 2200 are accepted.")
    return moment


def _plain(value: Instant) -> np.datetime64 | None:
    """What needs no guessing, twenty times as fast: a datetime, or a text that says as much."""
    held = value
    with contextlib.suppress(ValueError, OverflowError):
        if isinstance(held, str) and PLAIN.fullmatch(held):
            held = dt.datetime.fromisoformat(held)
        if type(held) is dt.datetime:
            naive = held.tzinfo is None
            return np.datetime64(
                held if naive else held.astimezone(dt.UTC).replace(tzinfo=None), "us"
            )
    return None


def duration(value: Duration, name: str) -> np.timedelta64:
    """One positive length of time as timedelta64[us]: "30D", "12h", a timedelta."""
    try:
        bare = isinstance(value, (bool, int, float, np.number, np.bool_))
        if bare and not isinstance(value, np.timedelta64):  # which numpy counts as a number
            raise ValueError
        if isinstance(value, str) and value.strip().lstrip("+-").replace(".", "").isdigit():
            raise ValueError
        length = pd.Timedelta(value)
    except OUT_OF_BOUNDS as error:  # text is read in nanoseconds
        raise ArgumentError(
            f"{name} is {value!r}; lengths of time up to 1,000 years are accepted, as text up to "
            "292 years."
        ) from error
    except (ValueError, TypeError) as error:
        raise ArgumentError(
            f"{name} is {value!r}, which is not a length of time; write '30D', '12h' or '90min', "
            "or give a timedelta."
        ) from error
    if pd.isna(length) or length < pd.Timedelta(1, "us"):
        raise ArgumentError(
            f"{name} is {value!r}; it takes a length of time of at least a microsecond."
        )
    if length > LONGEST:  # no two instants lie further apart, and a difference might overflow
        raise ArgumentError(f"{name} is {value!r}; lengths of time up to 1,000 years are accepted.")
    return length.as_unit("us").to_timedelta64()


def zone(name: str, argument: str) -> zoneinfo.ZoneInfo:
    """A time zone by its IANA name."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        raise ArgumentError(
            f"{argument} is {name!r}, which is no time zone; use an IANA name such as "
            "'Europe/Berlin', 'America/New_York' or 'UTC'."
        ) from error


def offsets(times: Times, where: zoneinfo.ZoneInfo) -> Codes:
    """Seconds (n,) by which the local clock of `where` is ahead of UTC, at each of `times`."""
    if not len(times):
        return np.zeros(0, dtype=np.int32)
    first, last = (t.astype("datetime64[h]").astype(np.int64) for t in (times.min(), times.max()))
    if last - first > 4 * len(times) + 1024:  # a few instants, far apart
        return _ahead(times, where).astype(np.int32)
    # Clocks are set within an hour in which they differ at both ends, and on a full second.
    hours = np.arange(first, last + 2) * 3600
    ahead = _ahead(hours.astype("datetime64[s]"), where)
    before = np.flatnonzero(ahead[1:] != ahead[:-1])
    if not len(before):
        return np.broadcast_to(np.int32(ahead[0]), times.shape)
    low, high = hours[before], hours[before + 1]
    while (high - low > 1).any():
        middle = (low + high) // 2
        old = _ahead(middle.astype("datetime64[s]"), where) == ahead[before]
        low, high = np.where(old, middle, low), np.where(old, high, middle)
    steps = np.append(ahead[0], ahead[before + 1]).astype(np.int32)
    return steps[np.searchsorted(high * MICROS, times.view(np.int64), side="right")]


def _ahead(times: Times, where: zoneinfo.ZoneInfo) -> Ints:
    local = pd.DatetimeIndex(times).tz_localize("UTC").tz_convert(where).tz_localize(None)
    ahead: Ints = local.to_numpy().astype("datetime64[s]").astype(np.int64)
    return ahead - times.astype("datetime64[s]").astype(np.int64)


def show(moment: np.datetime64) -> str:
    """`2017-11-01` or `2017-11-01 12:30:00`, as short as says all."""
    stamp = pd.Timestamp(moment)
    if stamp.microsecond == 1:  # where `as_of` was left out
        return f"just after {show(moment - MICROSECOND)}"
    if stamp == stamp.normalize():
        return f"{stamp:%Y-%m-%d}"
    return f"{stamp:%Y-%m-%d %H:%M:%S}" + (f".{stamp.microsecond:06d}" if stamp.microsecond else "")


def to_python(moment: np.datetime64) -> dt.datetime:
    """The instant as an aware Python datetime in UTC."""
    return pd.Timestamp(moment).tz_localize("UTC").to_pydatetime()


def _fits(stamp: pd.Timestamp) -> bool:
    try:
        stamp.as_unit("us")
    except (OverflowError, ValueError):
        return False
    return True
