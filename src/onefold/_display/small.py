"""Small pictures, as they stand in a row of a table or above one: columns, a timeline, a week.

The same counts are blocks in a terminal and columns in a notebook:

    blocks([1, 2, 4, 8]) == "▁▂▄█"
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from onefold._display.cards import escape
from onefold._display.colours import BAR, KINDS, LINE, PEAK
from onefold._display.words import Html, number

__all__ = ["blocks", "svg_columns", "svg_stacks", "svg_week"]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BLOCKS = "·▁▂▃▄▅▆▇█"
_STEP = 9.0  # pixels from one column to the next, in a row of a table
_TALL = 30.0
_FONT = "font-family='system-ui,-apple-system,Helvetica,Arial,sans-serif' fill='currentColor'"


def blocks(counts: npt.ArrayLike) -> str:
    """Counts (k,), not negative, as k blocks, the largest full; only 0 is a dot.

    Example:
        >>> blocks([0, 1, 2, 4, 8])
        '·▁▂▄█'
    """
    held = np.asarray(counts, dtype=np.float64)
    most = held.max(initial=0)
    levels = np.ceil(8 * held / most) if most > 0 else held
    return "".join(_BLOCKS[int(level)] for level in levels)


def svg_columns(
    counts: npt.ArrayLike, titles: Sequence[str], *, title: str, marked: int = -1
) -> Html:
    """Draw counts (k,) as small columns, each of which says its own title when pointed at.

    Args:
        counts: (k,) finite numbers, not negative.
        titles: (k,) what each column is.
        title: What the picture shows, read out to those who can't see it.
        marked: The column in another colour; -1 for none.

    Example:
        >>> svg_columns([1, 2], ["one", "two"], title="sizes").count("<rect")
        2
    """
    held = np.asarray(counts, dtype=np.float64)
    heights = _TALL * held / (held.max(initial=0) or 1)
    heights[held > 0] = np.maximum(heights[held > 0], 1)  # a trace can still be seen
    columns = "".join(
        f"<rect x='{_STEP * i:.0f}' y='{_TALL - height:.1f}' width='{_STEP - 1:.0f}' "
        f"height='{height:.1f}' fill='{PEAK if i == marked else BAR}'>"
        f"<title>{escape(told)}</title></rect>"
        for i, (height, told) in enumerate(zip(heights.tolist(), titles, strict=True))
        if height
    )
    width = max(_STEP * len(held), _STEP)
    ground = f"<path d='M0 {_TALL + 0.5}H{width:.0f}' stroke='{LINE}' stroke-opacity='.5'/>"
    return _svg(width, _TALL + 1, title, ground + columns)


def svg_stacks(
    counts: npt.ArrayLike,
    titles: Sequence[str],
    *,
    title: str,
    ends: tuple[str, str],
    width: int = 560,
    height: int = 48,
) -> Html:
    """Draw columns (k, m) that are stacked by kind, from one moment to another.

    Args:
        counts: (k, m) counts by step and kind, at most as many kinds as there are colours.
        titles: (k,) what each step is.
        title: What the picture shows, read out to those who can't see it.
        ends: What to write below the first and the last column.
        width: Pixels.
        height: Pixels of the highest column.

    Example:
        >>> svg_stacks([[2, 1], [0, 4]], ["May", "June"], title="x", ends=("May", "June"))[:4]
        '<svg'
    """
    held = np.asarray(counts, dtype=np.float64)
    totals = held.sum(axis=1)
    most = float(totals.max(initial=0)) or 1.0
    step = min(width / max(len(held), 1), 40.0)  # one lonely column is no wall
    tops = height - height * np.cumsum(held, axis=1) / most
    columns = []
    for i, told in enumerate(titles):  # at most some forty steps
        parts = "".join(
            f"<rect x='{step * i:.1f}' y='{min(tops[i, k], height - 1):.1f}' "
            f"width='{max(step - 1, 1):.1f}' height='{max(height * held[i, k] / most, 1):.1f}' "
            f"fill='{KINDS[k]}'/>"
            for k in np.flatnonzero(held[i]).tolist()
        )
        if parts:
            columns.append(f"<g><title>{escape(told)}</title>{parts}</g>")
    below, right = height + 14, max(step * len(held), 160.0)
    words = f"<text x='0' y='{below}'>{escape(ends[0])}</text>"
    if ends[1] != ends[0]:
        words += f"<text x='{right:.1f}' y='{below}' text-anchor='end'>{escape(ends[1])}</text>"
    ground = f"<path d='M0 {height + 0.5}H{right:.1f}' stroke='{LINE}' stroke-opacity='.5'/>"
    text = f"<g font-size='11' fill-opacity='.75' {_FONT}>{words}</g>"
    return _svg(right, height + 18, title, "".join(columns) + ground + text)


def svg_week(
    counts: npt.ArrayLike,
    *,
    title: str,
    cell: tuple[int, int] = (20, 15),
    write: Callable[[float], str] = number,
) -> Html:
    """Draw a week (7, 24), Monday first: the more in an hour, the deeper its colour.

    Args:
        counts: (7, 24) finite numbers, not negative.
        title: What the picture shows, read out to those who can't see it.
        cell: Pixels of an hour; where there is no room the days and hours are not written.
        write: How to write what an hour holds, when it is pointed at.

    Example:
        >>> svg_week(np.eye(7, 24), title="hours").count("<rect")
        8
    """
    held = np.asarray(counts, dtype=np.float64)
    most = float(held.max(initial=0)) or 1.0
    wide, tall = cell
    left, top = (34, 16) if tall >= 12 else (0, 0)
    depth = 0.12 + 0.88 * held / most
    cells = "".join(
        f"<rect x='{left + wide * hour}' y='{top + tall * day}' width='{wide - 1}' "
        f"height='{tall - 1}' fill='{BAR}' fill-opacity='{depth[day, hour]:.2f}'>"
        f"<title>{DAYS[day]} {hour:02d}:00–{hour + 1:02d}:00: "
        f"{escape(write(held[day, hour]))}</title></rect>"
        for day, hour in np.argwhere(held > 0).tolist()
    )
    frame = (
        f"<rect x='{left}' y='{top}' width='{24 * wide - 1}' height='{7 * tall - 1}' "
        f"fill='{LINE}' fill-opacity='.1'/>"
    )
    text = ""
    if top:
        days = "".join(
            f"<text x='0' y='{top + tall * i + 11}'>{name}</text>" for i, name in enumerate(DAYS)
        )
        hours = "".join(
            f"<text x='{left + wide * hour}' y='11'>{hour}</text>" for hour in (0, 6, 12, 18)
        )
        text = f"<g font-size='11' fill-opacity='.75' {_FONT}>{days}{hours}</g>"
    return _svg(left + 24 * wide, top + 7 * tall, title, frame + cells + text)


def _svg(width: float, height: float, title: str, inside: str) -> Html:
    name = escape(title)
    return Html(
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' "
        f"width='{width:g}' height='{height:g}' role='img' aria-label='{name}' "
        f"style='max-width:100%;height:auto'><title>{name}</title>{inside}</svg>"
    )
