"""Units of time: what one unit of `recency`, `T` and every horizon is.

    horizon in units = length of the horizon / length of the unit        "8W" in days: 56

A month is a twelfth of a year of 365.25 days, so that a rate a year has one meaning in all.
"""

from typing import Any, TypeAlias

import numpy as np

from onefold import _time
from onefold._check import one_of, shown
from onefold._types import Duration
from onefold.errors import ArgumentError
from onefold.lifetime.incoming import real
from onefold.lifetime.reading import LONG, MOST

YEAR = 365.25
DAYS = {"h": 1 / 24, "D": 1.0, "W": 7.0, "M": YEAR / 12, "Y": YEAR}
SAID = {"h": "hours", "D": "days", "W": "weeks", "M": "months", "Y": "years"}
DAY = 86_400_000_000  # microseconds

Horizon: TypeAlias = float | Duration


def unit(value: Any, name: str) -> str:
    """Return a unit of time: h, D, W, M or Y."""
    if isinstance(value, str) and value not in DAYS:
        for letter, word in SAID.items():
            if value.lower().rstrip("s") in (word.rstrip("s"), letter.lower()):
                raise ArgumentError(f"{name} is {value!r}; write {letter!r} for {word}.")
    found: str = one_of(value, tuple(DAYS), name)
    return found


def unit_or_none(value: Any, name: str) -> str | None:
    """Return a unit of time, or None where it is not known."""
    return None if value is None else unit(value, name)


def said(value: str | None) -> str:
    """The unit in words."""
    return "units of time" if value is None else SAID[value]


def days(value: str) -> float:
    """Days in one unit."""
    return DAYS[value]


def a_year(value: str | None, name: str) -> float:
    """Units in a year."""
    if value is None:
        raise ArgumentError(
            f"{name}: it isn't known what one unit of T is, so a rate a year has no meaning. Say "
            "it when fitting, such as .fit(frame, time_unit='W'), or fit on rfm_summary(log)."
        )
    return YEAR / DAYS[value]


def periods(value: Any, time_unit: str | None, name: str) -> float:
    """A horizon in units: a positive number of them, or a length of time such as "90D"."""
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(
        value, (bool, np.timedelta64)
    ):
        time = real(value)
        if not 0 < time <= MOST:
            raise ArgumentError(
                f"{name} is {shown(value)}; it takes a finite number above 0 of "
                f"{said(time_unit)}, at most {MOST:g}, or a length of time such as '90D'."
            )
        return time
    if value is None:
        raise ArgumentError(
            f"{name} is None; it takes a number of {said(time_unit)}, or a length of time such as "
            "'90D'. For ever has an end only with a discount: discounted_purchases."
        )
    length = _time.duration(value, name)
    if time_unit is None:
        raise ArgumentError(
            f"{name} is {shown(value)}, but it isn't known what one unit of T is. Give a number of "
            "units, or say the unit when fitting: .fit(frame, time_unit='W')."
        )
    return float(length.astype(np.int64)) / (DAYS[time_unit] * DAY)


def yearly(discount: Any, horizon: Any, call: str) -> float:
    """The continuous rate a year: log(1 + discount)."""
    rate = real(discount)
    if not (np.isfinite(rate) and rate >= 0):
        raise ArgumentError(
            f"{call}: discount is {shown(discount)}; it takes a rate a year from 0 on, such as 0.1 "
            "for ten per cent."
        )
    if rate == 0 and horizon is None:
        raise ArgumentError(
            f"{call}: discount is 0 and horizon is None; purchases for ever without a discount may "
            "have no end. Give a discount above 0, or a horizon such as '365D'."
        )
    return float(np.log1p(rate))


def rounded(time: float, value: Any, name: str) -> float:
    """Whole periods: a length of time is rounded to them, a number has to be whole."""
    number = isinstance(value, (int, float, np.integer, np.floating))
    if number and not isinstance(value, np.timedelta64) and abs(time - round(time)) > 1e-9:
        raise ArgumentError(
            f"{name} is {time:g}; this model counts whole periods, such as {max(round(time), 1)}."
        )
    if time > LONG:
        raise ArgumentError(
            f"{name} is {shown(value)}, {time:g} periods; this model takes at most {LONG:,}, for "
            "its work grows with each."
        )
    return float(max(round(time), 1))


def same(customers: Any, time_unit: str | None, call: str) -> None:
    """Refuse a summary in another unit than the model's."""
    own = getattr(customers, "time_unit", None)
    if isinstance(own, str) and time_unit is not None and own != time_unit:
        raise ArgumentError(
            f"{call}: the summary is in {SAID.get(own, own)}, and the model was fitted in "
            f"{SAID[time_unit]}. Make the summary with time_unit={time_unit!r}."
        )
