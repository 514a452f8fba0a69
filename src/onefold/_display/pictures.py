"""Small pictures as SVG: a day as a ring of 24 hours, and shares as bars.

Deterministic text, no script, no font of their own. Words take the colour of the page
(`currentColor`); the two colours of bars read on white and on black. The ring is a clock of
24 hours: midnight at the top, the hour h from angle 15 h to 15 (h + 1) degrees, clockwise.
"""

import bisect
import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from onefold._display.cards import escape
from onefold._display.colours import BAR, LINE, PEAK
from onefold._display.words import Html, number, percent, printable, wide
from onefold.errors import ArgumentError

__all__ = ["svg_bars", "svg_ring"]

_FONT = "font-family='system-ui,-apple-system,Helvetica,Arial,sans-serif' fill='currentColor'"
_SMALL, _CAPITAL = 7.6, 9.5  # widths of letters of 12 pixels in a wide font, and of capitals
_OTHERS = dict.fromkeys("fijlrt.,:;'|()[] ", 5.2) | dict.fromkeys("mwMW@%…", 12.0)
_INNER, _OUTER = 40.0, 84.0  # radii of the ring, in a picture of 220 by 220
_CENTRE = 110.0


def svg_ring(values: npt.ArrayLike, *, title: str = "Hours of the day", size: int = 220) -> Html:
    """Draw the rhythm of a day: 24 bars around a clock, midnight at the top.

    The length of a bar is the share of its hour in the whole day, the longest bar reaching the
    outer ring; the busiest hours are in another colour and named in the middle. Each bar tells
    its hour and share when pointed at.

    Args:
        values: (24,) counts or weights by hour of the day, not negative; all zero is "no data".
        title: What the picture shows, read out to those who can't see it.
        size: Width and height in pixels, at least 60.

    Returns:
        An svg element.

    Raises:
        ArgumentError: Not 24 finite numbers, a negative one, or too small a size.

    Example:
        >>> svg_ring([0] * 18 + [3, 1] + [0] * 4)[:4]
        '<svg'
    """
    hours = _amounts(values, "values")
    if hours.shape != (24,):
        raise ArgumentError(f"values has the shape {hours.shape}; it takes 24 hours, (24,).")
    if size < 60:
        raise ArgumentError(f"size is {size}; it takes 60 pixels or more.")
    most = float(hours.max())
    shares = hours / hours.sum() if most > 0 else hours
    peaks = np.flatnonzero((hours == most) & (hours > 0)).tolist()
    said = _busiest(peaks, percent(shares.max()))
    bars = "".join(
        _bar(hour, float(hours[hour] / most), percent(shares[hour]), peak=hour in peaks)
        for hour in np.flatnonzero(hours).tolist()
    )
    name = escape(f"{title}: {'busiest ' if peaks else ''}{', '.join(said)}")
    return Html(
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 220 220' width='{size}' "
        f"height='{size}' role='img' aria-label='{name}'><title>{name}</title>"
        f"{_clock()}{bars}{_middle(said)}</svg>"
    )


def svg_bars(
    values: npt.ArrayLike,
    labels: Sequence[str],
    *,
    title: str = "Bars",
    shares: bool = False,
    width: int = 420,
) -> Html:
    """Draw horizontal bars, each with its label before it and its number behind it.

    Args:
        values: (m,) finite numbers, not negative, in the order in which they are shown.
        labels: (m,) names; long ones are cut, and shown whole when pointed at.
        title: What the picture shows, read out to those who can't see it.
        shares: Write the numbers as percentages.
        width: Pixels, at least 200.

    Returns:
        An svg element, 22 pixels high for each bar.

    Raises:
        ArgumentError: A negative or missing number, another count of labels, too small a width.

    Example:
        >>> "37.5%" in svg_bars([0.375, 0.2], ["tea", "coffee"], shares=True)
        True
    """
    amounts = _amounts(values, "values")
    if amounts.shape != (len(labels),):
        raise ArgumentError(f"values has the shape {amounts.shape}, and {len(labels)} labels.")
    if width < 200:
        raise ArgumentError(f"width is {width}; it takes 200 pixels or more.")
    write = percent if shares else number
    most = float(amounts.max(initial=0)) or 1.0
    names = [printable(label) for label in labels]
    shown = [_fitted(name, 0.45 * width - 10) for name in names]
    room = 10 + max((_pixels(name) for name in shown), default=0)
    length = width - room - 62
    rows = "".join(
        f"<g transform='translate(0 {22 * i})'><title>{escape(f'{name}: {write(amount)}')}</title>"
        f"<text x='{room - 8:.1f}' y='15' text-anchor='end'>"
        f"{escape(fitted)}</text>"
        f"<rect x='{room:.1f}' y='3' width='{max(length * amount / most, 0.5):.1f}' "
        f"height='16' rx='2' fill='{BAR}'/>"
        f"<text x='{room + length * amount / most + 6:.1f}' y='15'>{escape(write(amount))}</text>"
        "</g>"
        for i, (name, fitted, amount) in enumerate(zip(names, shown, amounts.tolist(), strict=True))
    )
    height = max(22 * len(labels), 22)
    return Html(
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' "
        f"height='{height}' role='img' aria-label='{escape(title)}' "
        f"style='max-width:100%;height:auto'><title>{escape(title)}</title>"
        f"<g font-size='12' {_FONT}>{rows}</g></svg>"
    )


def _pixels(text: str) -> float:
    """How much room a text of 12 pixels needs, at most."""
    return sum(
        _OTHERS.get(letter) or (_CAPITAL if letter.isupper() else _SMALL * wide(letter))
        for letter in text
    )


def _fitted(text: str, most: float) -> str:
    """The text, or its beginning and an ellipsis, in so many pixels."""
    if len(text) * _OTHERS["i"] <= most and _pixels(text) <= most:
        return text
    used = list(itertools.accumulate(_pixels(letter) for letter in text[: int(most)]))
    return text[: bisect.bisect_right(used, most - _OTHERS["…"])] + "…"


def _amounts(values: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} is not made of numbers; it takes numbers.") from None
    if not np.all(np.isfinite(array) & (array >= 0)):
        raise ArgumentError(f"{name} holds negative or missing numbers; give 0 for nothing.")
    return array


def _bar(hour: int, share: float, text: str, *, peak: bool) -> str:
    radius = _INNER + (_OUTER - _INNER) * max(share, 0.03)  # a trace can still be seen
    start, end = 15 * hour + 0.9, 15 * (hour + 1) - 0.9
    corners = [_at(_INNER, start), _at(radius, start), _at(radius, end), _at(_INNER, end)]
    a, b, c, d = (f"{x:.2f} {y:.2f}" for x, y in corners)
    return (
        f"<path d='M{a}L{b}A{radius:.2f} {radius:.2f} 0 0 1 {c}L{d}"
        f"A{_INNER:.2f} {_INNER:.2f} 0 0 0 {a}Z' fill='{PEAK if peak else BAR}'>"
        f"<title>{hour:02d}:00–{hour + 1:02d}:00, {escape(text)}</title></path>"
    )


def _clock() -> str:
    """The two rings, and a mark and a label at midnight, six, noon and eighteen."""
    rings = "".join(
        f"<circle cx='{_CENTRE:.0f}' cy='{_CENTRE:.0f}' r='{radius:.0f}' fill='none' "
        f"stroke='{LINE}' stroke-opacity='{opacity}'/>"
        for radius, opacity in ((_INNER - 2, 0.6), (_OUTER, 0.3))
    )
    marks = ""
    for hour in (0, 6, 12, 18):
        (x1, y1), (x2, y2) = _at(_OUTER, 15 * hour), _at(_OUTER + 5, 15 * hour)
        x, y = _at(_OUTER + 15, 15 * hour)
        marks += (
            f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{LINE}'/>"
            f"<text x='{x:.1f}' y='{y + 4:.1f}' text-anchor='middle' font-size='12' "
            f"{_FONT} fill-opacity='.75'>{hour}</text>"
        )
    return rings + marks


def _busiest(peaks: Sequence[int], share: str) -> tuple[str, ...]:
    """The words in the middle: the busiest hour, or how many share that place."""
    if not peaks:
        return ("no data",)
    if len(peaks) > 1:
        return f"{len(peaks)} hours", "alike"
    return f"{peaks[0]:02d}–{peaks[0] + 1:02d} h", share


def _middle(lines: Sequence[str]) -> str:
    top = _CENTRE + 4.5 - 9 * (len(lines) - 1)
    return "".join(
        f"<text x='{_CENTRE:.0f}' y='{top + 18 * i:.1f}' text-anchor='middle' font-size='13' "
        f"font-weight='{400 if i else 600}' {_FONT}>{escape(line)}</text>"
        for i, line in enumerate(lines)
    )


def _at(radius: float, degrees: float) -> tuple[float, float]:
    """A point on the clock: 0 degrees at the top, clockwise."""
    turn = math.radians(degrees)
    return _CENTRE + radius * math.sin(turn), _CENTRE - radius * math.cos(turn)
