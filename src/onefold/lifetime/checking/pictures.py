"""The pictures of the checks of fit, made to be read without a legend.

What was seen is dark: dots, or bars with their numbers. What the model gives is blue, a line with
its interval as a pale band or a thin upright. What is what stands beside it in its colour, and the
title says what was found. On axes of the caller's own, which may be small, words are wrapped to
the room there is, names stand within the axes, and what explains intervals is left to the text.
"""

import textwrap
from typing import Any

import numpy as np

from onefold._display.plots import GREY, axes_for, spread

MODEL, SEEN, NAIVE, PALE = "#2f5d95", "#222222", "#d07f2c", "#c9d4de"
INCH = 72.0  # points
LETTER = 0.52  # mean width of a letter, of the size of the font
LINE = 1.3  # height of a line, of the size of the font
WIDE = 6.0  # inches: narrower axes have smaller letters
LONG = 120  # periods: dots would touch


def counted(found: Any, ax: Any = None) -> Any:
    """Draw a `FrequencyCheck`: customers by repeat purchases."""
    axes = axes_for(ax, (8.6, 4.6))
    t = found.table
    x = np.arange(len(t))
    observed, expected, low, high = (
        t[c].to_numpy() for c in ("observed", "expected", "low", "high")
    )
    axes.bar(x, observed, width=0.72, color=PALE)
    axes.bar(x, high - low, bottom=low, width=0.3, color=MODEL, alpha=0.35)
    axes.hlines(expected, x - 0.36, x + 0.36, color=MODEL, lw=1.6)
    tall = np.maximum(observed, high)
    shown = [[f"{n:,.0f}" for n in pair] for pair in zip(observed, expected, strict=True)]
    width, height = _room(axes, ax)
    longest = max(len(said) for pair in shown for said in pair)
    size = float(np.clip(INCH * width / len(t) / (longest * LETTER), 5, 9))
    top, line = _above(tall, (width, height), size, _letters(width))
    axes.set_ylim(0, top)
    for at, pair in enumerate(shown):
        for said, lines, colour in zip(pair, (1.15, 0.2), (SEEN, MODEL), strict=True):
            where = (at, tall[at] + lines * line * size)
            axes.annotate(said, where, ha="center", fontsize=size, color=colour)
    for lines, said, colour in (
        (0.5, "customers counted", SEEN),
        (1.6, f"what {found.model} gives", MODEL),
    ):
        side = (len(t) - 0.42, top - lines * line * _letters(width))
        axes.annotate(said, side, ha="right", va="center", fontsize=_letters(width), color=colour)
    axes.set_xticks(x, t["purchases"])
    axes.tick_params(axis="x", labelsize=size + 0.5)
    axes.set_xlim(-0.6, len(t) - 0.4)
    axes.set_yticks([])
    foot = f"blue boxes: where {100 * found.level:g} % of counts would lie if the model were true"
    of = "repeat purchases of a customer"
    of += "" if ax is not None else ", in the time the model was fitted on"
    _words(axes, ax, _frequency_title(found), of, foot)
    return _bare(axes, ("left", "top", "right"))


def _above(
    tall: Any, room: tuple[float, float], size: float, letters: float
) -> tuple[float, float]:
    """How high axes reach so that the names at the right clear the bars, and a point of height.

    Both in customers; bars end at `tall`, with two lines of numbers of `size` above them.
    """
    width, height = room
    covered = int(np.ceil(len(tall) * min(22 * letters * LETTER / INCH / width, 1.0)))
    points = INCH * height
    numbers, names = 2.3 * LINE * size / points, 2.4 * LINE * letters / points
    top = max(tall.max() / (1 - numbers), tall[-covered:].max() / max(1 - numbers - names, 0.2))
    return float(top), float(LINE * top / points)


def _frequency_title(found: Any) -> str:
    out, k = found.outside, len(found.table)
    if not len(out):
        return f"{found.model} gives how often {found.n:,} customers bought again: all {k} counts"
    far = (out["observed"] - out["expected"]).abs() / (out["high"] - out["low"])
    worst = out.loc[far.idxmax()]
    return (
        f"{found.model} gives {k - len(out)} of {k} counts of {found.n:,} customers; furthest off "
        f"at {worst['purchases']}: {worst['observed']:,} counted, {worst['expected']:,.0f} expected"
    )


def foreseen(found: Any, ax: Any = None) -> Any:
    """Draw a `HoldoutCheck`: mean purchases after the split by those before."""
    axes = axes_for(ax, (8.6, 4.8))
    t = found.by_frequency[found.by_frequency["customers"] > 0]
    x = np.arange(len(t))
    actual, low, high, expected, naive = (
        t[c].to_numpy() for c in ("actual", "low", "high", "expected", "naive")
    )
    axes.plot(x, naive, color=NAIVE, lw=1.4)
    axes.plot(x, expected, color=MODEL, lw=2)
    axes.vlines(x, low, high, color=SEEN, lw=1, alpha=0.7)
    axes.plot(x, actual, color=SEEN, marker="o", ms=5, lw=0)
    axes.set_xlim(-0.4, len(t) - 0.75)
    axes.set_ylim(0, axes.get_ylim()[1])
    ends = [
        ("bought", actual[-1], SEEN),
        (f"expected by {found.model}", expected[-1], MODEL),
        ("if the past rate went on", naive[-1], NAIVE),
    ]
    _name(axes, ax, ends, (len(t) - 1, len(t) - 0.72))
    ticks = [f"{p}\n{n:,}" for p, n in zip(t["purchases"], t["customers"], strict=True)]
    axes.set_xticks(x, ticks, fontsize=_letters(_room(axes, ax)[0]) - 1)
    foot = f"uprights: {100 * found.level:g} % intervals of the mean, bootstrap over customers"
    of = "repeat purchases before the split; below: customers"
    made = "purchases of a customer after the split, mean"
    _words(axes, ax, _holdout_title(found), of, foot, made)
    return _bare(axes, ("top", "right"))


def _holdout_title(found: Any) -> str:
    if not found.actual:
        return f"Nobody of {found.n:,} customers bought after the split"
    model, naive = (_off(total, found.actual) for total in (found.expected, found.naive))
    said = f"Of {found.actual:,.0f} purchases after the split, {found.model} expected {model}"
    return f"{said}; past rates {naive}"


def _off(total: float, actual: float) -> str:
    share = round(100 * (total / actual - 1))
    return "as many" if not share else f"{abs(share)} % too {'many' if share > 0 else 'few'}"


def tracked(found: Any, ax: Any = None, *, cumulative: bool = False) -> Any:
    """Draw a `Tracking`: purchases by period, or added up."""
    axes = axes_for(ax, (9.4, 4.8))
    t = found.table
    prefix = "cumulative_" if cumulative else ""
    when = (t["end"] if cumulative else t["begin"]).to_numpy()
    actual, expected, low, high = (
        t[f"{prefix}{c}"].to_numpy() for c in ("actual", "expected", "low", "high")
    )
    if not np.isnan(low).any():
        axes.fill_between(when, low, high, color=MODEL, alpha=0.14, lw=0)
    many = len(t) > LONG
    narrow = _room(axes, ax)[0] < WIDE
    dots = {} if cumulative or many else {"marker": "o", "ms": 1.5 if narrow else 3}
    thin = (0.3 if narrow else 0.5) if many and not cumulative else 0.6 if narrow else 1.0
    axes.plot(when, actual, color=SEEN, lw=thin, **dots)
    axes.plot(when, expected, color=MODEL, lw=2)
    top = float(np.nanmax([actual.max(), np.nanmax(high, initial=expected.max())]))
    axes.set_ylim(0, top * 1.08)
    letters = _letters(_room(axes, ax)[0]) - 1
    if found.split is not None:
        axes.axvline(found.split, color=GREY, lw=0.8, ls=(0, (4, 3)))
        for said, side in (("fitted on this ", "right"), (" not seen by the model", "left")):
            axes.annotate(
                said, (found.split, top * 1.08), ha=side, va="top", fontsize=letters, color=GREY
            )
    # A name stands where a line runs on the whole, not at the height of its last point.
    tail = slice(-1, None) if cumulative else slice(-max(len(t) // 10, 1), None)
    ends = [("made", actual[tail].mean(), SEEN), (f"{found.model}", expected[tail].mean(), MODEL)]
    span = when[-1] - when[0]
    axes.set_xlim(when[0] - 0.01 * span, when[-1] + 0.01 * span)
    axes.set_yticks(axes.get_yticks(), [f"{tick:,.0f}" for tick in axes.get_yticks()])
    axes.set_ylim(0, top * 1.08)
    _months(axes, narrow)
    _name(axes, ax, ends, (when[-1] + 0.01 * span, when[-1] + 0.035 * span))
    axes.tick_params(labelsize=letters)
    length = {"D": "a day", "W": "a week", "M": "a month"}[found.period]
    each = "so far" if cumulative else length
    of = f"{found.n:,} customers"
    of += "" if ax is not None else ", each expected to buy as a newcomer of their first day would"
    foot = f"band: {100 * found.level:g} % prediction interval"
    _words(axes, ax, _tracking_title(found), of, foot, f"repeat purchases {each}")
    return _bare(axes, ("top", "right"))


def _months(axes: Any, narrow: bool) -> None:
    """Dates below, so many as there is room for."""
    from matplotlib import dates

    untyped: Any = dates
    locator = untyped.AutoDateLocator(maxticks=5 if narrow else 10)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(untyped.ConciseDateFormatter(locator, show_offset=False))


def _tracking_title(found: Any) -> str:
    last = found.totals.iloc[-1]
    if not last["actual"]:
        return "No repeat purchases were made in the last part"
    when = "After the split" if last["part"] == "holdout" else "In all"
    said = f"{when} {last['actual']:,} repeat purchases; {found.model} expected "
    said += _off(last["expected"], last["actual"])
    if np.isnan(last["low"]):
        return said
    inside = last["low"] <= last["actual"] <= last["high"]
    return f"{said}, {'within' if inside else 'outside'} its interval"


def _name(axes: Any, ax: Any, ends: list[Any], at: tuple[Any, Any]) -> None:
    """Each line's name beside its end, moved apart where they would touch.

    Beside the axes; within them where they are the caller's own.
    """
    low, high = axes.get_ylim()
    width, height = _room(axes, ax)
    size = _letters(width)
    start, stop = at
    ends = sorted(ends, key=lambda end: end[1])
    said = [textwrap.fill(name, 13) if width < WIDE else name for name, _, _ in ends]
    lines = max(name.count("\n") + 1 for name in said)
    if ax is not None:
        first = axes.get_xlim()[0]
        longest = max(len(line) for name in said for line in name.split("\n")) + 3
        share = min(longest * size * LETTER / INCH / width, 0.5)
        numbers = axes.convert_xunits(np.array([stop]))
        axes.set_xlim(first, first + (float(numbers[0]) - first) / (1 - share))
        axes.set_ylim(low, high)
    places = np.array([(end[1] - low) / (high - low) for end in ends])
    apart = spread(places, lines * LINE * size / INCH / height)
    for name, (_, y, colour), place in zip(said, ends, apart, strict=True):
        there = low + place * (high - low)
        axes.plot([start, stop], [y, there], color=colour, lw=0.8, clip_on=False, scalex=False)
        axes.annotate(
            textwrap.indent(name, " "),
            (stop, there),
            va="center",
            fontsize=size,
            color=colour,
            annotation_clip=False,
        )


def _words(axes: Any, ax: Any, title: str, of: str, foot: str, up: str = "") -> None:
    """Title and labels, wrapped to the axes; the foot only where the figure is ours."""
    width, height = _room(axes, ax)
    size = _letters(width)
    below = _wrapped(of, width, size - 1)
    axes.set_xlabel(below if ax is not None else f"{below}\n{foot}", loc="left", fontsize=size - 1)
    axes.set_ylabel(_wrapped(up, height, size - 1), loc="top", fontsize=size - 1)
    axes.set_title(_wrapped(title, width, size + 1), loc="left", fontsize=size + 1)


def _wrapped(said: str, inches: float, size: float) -> str:
    return textwrap.fill(said, max(int(INCH * inches / (LETTER * size)), 12))


def _room(axes: Any, ax: Any) -> tuple[float, float]:
    """Inches of width and height: of the axes, of most of the figure where that is ours."""
    if ax is None:
        width, height = axes.figure.get_size_inches()
        return 0.92 * width, 0.75 * height
    return axes.bbox.width / axes.figure.dpi, axes.bbox.height / axes.figure.dpi


def _letters(width: float) -> float:
    return 10.0 if width >= WIDE else 8.0


def _bare(axes: Any, sides: tuple[str, ...]) -> Any:
    for side in sides:
        axes.spines[side].set_visible(False)
    return axes
