"""Values in words: numbers, shares, money, spans of time.

Three significant digits, but whole numbers stay whole, and thousands are grouped:

    0.0123   12.3   45   1,234   56,789   1.23M
"""

import bisect
import datetime as dt
import itertools
import math
import unicodedata
from typing import SupportsFloat, TypeAlias, final

import numpy as np
import pandas as pd

from onefold.errors import ArgumentError

__all__ = [
    "Html",
    "absent",
    "cell",
    "cut",
    "money",
    "number",
    "percent",
    "printable",
    "span",
    "wide",
]

Number: TypeAlias = SupportsFloat | None
Span: TypeAlias = dt.timedelta | np.timedelta64 | None

NO_DATA = "no data"
_NO_MONEY = np.iinfo(np.int64).min  # how a column of micros marks a missing amount
_LARGE = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_DAY = 86400.0
_UNITS = (  # seconds below which a unit is used, seconds in it, its name
    (60.0, 1.0, "s"),
    (3600.0, 60.0, "min"),
    (2 * _DAY, 3600.0, "h"),
    (730 * _DAY, _DAY, "day"),
    (math.inf, 365.25 * _DAY, "year"),
)


@final
class Html(str):
    """A string that is markup already. Whatever else is shown in HTML is escaped first.

    Example:
        >>> Html("<b>bold</b>")._repr_html_()
        '<b>bold</b>'
    """

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return str(self)


def number(x: Number, *, missing: str = NO_DATA) -> str:
    """Write a number with three significant digits.

    Whole numbers stay whole below a million; from there on M, B and T stand for 10**6, 10**9
    and 10**12. None, NaN and NA give `missing`.

    Example:
        >>> [number(x) for x in (1234, 0.0123, 12.345, 7.0, 2_500_000, None)]
        ['1,234', '0.0123', '12.3', '7', '2.50M', 'no data']
    """
    if x is None or absent(x):
        return missing
    value = float(x)
    size = abs(value)
    if math.isinf(value) or size >= 1e15:
        return f"{value:.3g}"
    for scale, letter in _LARGE:
        if size >= scale * 0.9999995:
            return f"{_digits(value / scale)}{letter}"
    if size >= 999.5:
        return f"{value:,.0f}"
    return _digits(value)


def percent(x: Number, *, missing: str = NO_DATA) -> str:
    """Write a share as a percentage with three significant digits.

    Only nothing is 0%, and only the whole is 100%.

    Example:
        >>> [percent(x) for x in (0.1234, 0.5, 0.00071, 1e-9, 0.9999, None)]
        ['12.3%', '50.0%', '0.0710%', '<0.01%', '>99.9%', 'no data']
    """
    if x is None or absent(x):
        return missing
    share = float(x)
    if 0 < share < 1e-4:
        return "<0.01%"
    if 0.9995 <= share < 1:
        return ">99.9%"
    whole = share in (-1, 0, 1) or abs(share) >= 9.995 or math.isinf(share)
    return f"{number(100 * share) if whole else _significant(100 * share)}%"


def money(micros: int | None, currency: str | None = None, *, missing: str = NO_DATA) -> str:
    """Write an amount of money given in millionths, with two decimals below a thousand.

    Args:
        micros: Whole number of millionths; None, or the smallest int64 (how columns of money mark
            a missing amount), gives `missing`.
        currency: Written after the amount, such as "USD"; left out where None.
        missing: What to write where there is no amount.

    Raises:
        ArgumentError: The amount is not a whole number.

    Example:
        >>> money(12_340_000, "USD"), money(5_000_000_000, "EUR"), money(1_000)
        ('12.34 USD', '5,000 EUR', '0.00100')
    """
    if micros is None or absent(micros):
        return missing
    if int(micros) != micros:
        raise ArgumentError(f"micros is {micros!r}; it takes a whole number of millionths.")
    if int(micros) == _NO_MONEY:
        return missing
    amount = int(micros) / 1_000_000
    cents = amount == 0 or 0.005 <= abs(amount) < 999.995
    text = f"{amount:.2f}" if cents else number(amount)
    return f"{text} {printable(currency)}" if currency else text


def span(length: Span, *, missing: str = NO_DATA) -> str:
    """Write a span of time in the unit that suits it: seconds, minutes, hours, days or years.

    Example:
        >>> [span(dt.timedelta(hours=h)) for h in (3, 36.5, 24 * 12, 24 * 1000)]
        ['3 h', '36 h', '12 days', '2.7 years']
    """
    if length is None or absent(length):
        return missing
    if isinstance(length, np.timedelta64):
        seconds = float(length / np.timedelta64(1, "s"))
    else:
        seconds = length.total_seconds()
    unit, name = next((unit, name) for most, unit, name in _UNITS if abs(seconds) < most)
    amount = seconds / unit
    whole = abs(amount) >= 10 or abs(amount - round(amount)) < 0.05
    if 0 < abs(seconds) < 1:
        text = number(seconds)
    else:
        text = f"{round(amount):,}" if whole else f"{amount:.1f}"
    plural = "s" if name in ("day", "year") and text not in ("1", "-1") else ""
    return f"{text} {name}{plural}"


def cell(value: object, *, missing: str = NO_DATA) -> str:
    """Write any value as a table shows it: on one line, in printable characters."""
    if absent(value):
        return printable(missing)
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (dt.timedelta, np.timedelta64)):
        return span(value)
    if isinstance(value, (int, float, np.integer, np.floating)):
        return number(value)
    if isinstance(value, (dt.datetime, np.datetime64)):
        return str(pd.Timestamp(value)).removesuffix(" 00:00:00")
    return printable(str(value))


def printable(text: str) -> str:
    r"""Write control characters, line breaks, bidirectional marks and lone surrogates as escapes.

    Example:
        >>> printable("a\x1b[31m\nb")
        'a\\x1b[31m\\nb'
    """
    if text.isprintable():
        return str(text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _digits(value: float) -> str:
    """Three significant digits of a number below a thousand, or a whole number as it is."""
    if value == 0:
        return "0"
    if abs(value) >= 0.5 and abs(value - round(value)) < 1e-9:
        return f"{value:.0f}"
    return _significant(value)


def _significant(value: float) -> str:
    exponent = int(f"{value:.2e}".partition("e")[2])
    return f"{value:.2e}" if exponent < -4 else f"{value:.{max(0, 2 - exponent)}f}"


def absent(value: object) -> bool:
    """Whether a value is None, NaN, NaT or NA."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))


def wide(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis, in no more than `most` columns."""
    if wide(text) <= most:
        return text
    used = list(itertools.accumulate(map(wide, text)))
    return text[: bisect.bisect_right(used, most - 1)] + "…"
