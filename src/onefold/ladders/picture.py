"""The picture of a recovery, made to be read without a legend.

One line for each scorer over the visits since the change, a thin line for each interval. 100 %
is marked: there a wrong past does no harm. At a line's end stand the scorer's name and what it
is worth without a change: what forgets at once recovers at once, and knows little.
"""

from typing import Any

import numpy as np

from onefold._display.plots import GREY, axes_for, spread

COLOURS = ("#2f5d95", "#d07f2c", "#3f8f6b", "#9a5b9d")
APART = 0.055  # names nearer than this part of the height would touch
ASIDE = 0.05  # visits that the scorers stand apart, so that intervals don't hide each other


def recovered(found: Any, ax: Any = None) -> Any:
    """Draw the NDCG recovered after each number of visits by the scorers of a `Recovery`."""
    axes = axes_for(ax, (9.4, 5.0))
    held = found.table[found.table["metric"] == "NDCG"]
    scorers = [s for s in found.scorers if held.loc[held["scorer"] == s, "recovery"].notna().any()]
    steady = found.price[found.price["metric"] == "NDCG"].set_index("scorer")["whole"]
    ends = []
    for at, name in enumerate(scorers):
        rows = held[(held["scorer"] == name) & held["recovery"].notna()]
        x = rows["visits"].to_numpy() + ASIDE * (at - (len(scorers) - 1) / 2)
        estimate, low, high = (100 * rows[c].to_numpy() for c in ("recovery", "low", "high"))
        single = name.endswith(" alone")
        colour = GREY if single else COLOURS[at % len(COLOURS)]
        axes.vlines(x, low, high, color=colour, lw=1, alpha=0.6)
        axes.plot(x, estimate, color=colour, marker="o", ms=4, lw=1 if single else 2)
        ends.append((f"{name}, {steady[name]:.3f}", estimate[-1], colour))
    axes.axhline(100, color="#222222", lw=0.8, ls=(0, (4, 3)))
    low, high = axes.get_ylim()
    low, high = min(low, 70), max(high, 104)
    axes.set_ylim(low, high)
    _name(axes, ends, max(found.visits), low, high)
    axes.set_xticks(found.visits)
    axes.set_xlim(min(found.visits) - 0.3, max(found.visits) + 0.3)
    ticks = [t for t in axes.get_yticks() if low <= t <= high]
    axes.set_yticks(ticks, [f"{t:.0f} %" for t in ticks])
    axes.set_xlabel(
        "own visits since the change; 100 %: the stranger's past does no harm\n"
        f"upright lines: 95 % intervals over customers; beside the names: NDCG at {found.n} of "
        "those who did not change",
        loc="left",
    )
    axes.set_title(
        "How much of what own visits alone would give is given after a change", loc="left"
    )
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes


def _name(axes: Any, ends: list[Any], last: int, low: float, high: float) -> None:
    """Each scorer's name beside the end of its line, moved apart where they would touch."""
    ends = sorted(ends, key=lambda end: end[1])
    places = np.array([(end[1] - low) / (high - low) for end in ends])
    for (name, at, colour), place in zip(ends, spread(places, APART), strict=True):
        y = low + place * (high - low)
        axes.plot([last + 0.25, last + 0.42], [at, y], color=colour, lw=0.8, clip_on=False)
        axes.annotate(
            name, (last + 0.47, y), va="center", fontsize=10, color=colour, annotation_clip=False
        )
