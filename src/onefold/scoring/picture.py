"""The pictures of the back-off and of the ladder, made to be read without a legend.

Back-off: one stacked bar for each bucket of evidence, from the broadest view, at the foot, to
the individual, at the top, each part with its weight and, where there is room, its interval below.
Levels are named beside the last bar, moved apart where they would touch; buckets with few choices
are pale. Ladder: one bar for each rung, with its interval, and
in words what its step over the rung above shows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from onefold._display.plots import GREY, axes_for, spread
from onefold._types import Floats

COLOURS = ("#aebac4", "#d8a94f", "#7fae8c", "#86b3dd", "#4f86bf", "#2f5d95", "#1b3558")
APART = 0.052  # names nearer than this would touch
TOLD = 0.055  # a part smaller than this has no room for its number
WIDE = 0.085  # nor a part smaller than this for its interval
NOWHERE = 0.01  # a level below this in every bucket is told of in a line


def stacked(backoff: Any, ax: Any = None) -> Any:
    """Draw the weights of a `Backoff`."""
    axes = axes_for(ax, (9.4, 5.0))
    names, weights, few = backoff.levels, backoff.weights, backoff.few
    low, high = (100 * bound for bound in backoff.bounds)
    x = np.arange(len(weights))
    foot = np.cumsum(weights, axis=1) - weights
    for at in range(len(names)):
        colour = _shade(at, len(names))
        bars = axes.bar(x, weights[:, at], bottom=foot[:, at], width=0.9, color=colour)
        for i, bar in enumerate(bars):
            bar.set(edgecolor="white", alpha=0.35 if few[i] else 1.0)
            if weights[i, at] >= TOLD:
                dark = at >= len(names) / 2 and not few[i]
                said, where = f"{100 * weights[i, at]:.0f} %", foot[i, at] + weights[i, at] / 2
                if weights[i, at] >= WIDE and not np.isnan(low[i, at]):
                    said += f"\n{low[i, at]:.0f}–{high[i, at]:.0f}"
                axes.annotate(
                    said,
                    (i, where),
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if dark else "#333333",
                )
    _name(axes, names, weights, foot)
    ticks = [
        f"{evidence.replace(' to ', '–')}\n{n:,}{' (few)' if pale else ''}"
        for evidence, n, pale in zip(backoff.evidence, backoff.choices.tolist(), few, strict=True)
    ]
    axes.set_xticks(x, ticks, fontsize=9)
    sure = not np.isnan(low).all()
    axes.set_xlabel(_foot(names, weights, pale=bool(few.any()), sure=sure), fontsize=9)
    axes.set_yticks([])
    axes.set_ylim(0, 1)
    axes.set_xlim(-0.55, len(x) - 0.5 + max(1.0, 0.24 * len(x)))
    axes.set_title("How far each level is trusted, by how much is known of a customer", loc="left")
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    return axes


def _foot(names: Sequence[str], weights: Floats, *, pale: bool, sure: bool) -> str:
    lines = [
        "first line: visits known of a customer; second: later choices that the weights come from"
    ]
    if sure:
        lines.append("below each weight its 95 % interval: percentile bootstrap over customers")
    if pale:
        lines.append("pale: few choices, close to the average of all")
    small = [n for n, most in zip(names, weights.max(axis=0), strict=True) if most < NOWHERE]
    if small:
        lines.append(f"under {100 * NOWHERE:.0f} % everywhere: {', '.join(small)}")
    return "\n".join(lines)


def _name(axes: Any, names: Sequence[str], weights: Floats, foot: Floats) -> None:
    """Each level's name beside the last bar, with a line to its part."""
    last, right = len(weights) - 1, len(weights) - 0.55
    told = [at for at in range(len(names)) if weights[:, at].max() >= NOWHERE]
    middles = np.array([foot[last, at] + weights[last, at] / 2 for at in told])
    for at, middle, place in zip(told, middles, spread(middles, APART), strict=True):
        colour = _shade(at, len(names))
        axes.plot([right, right + 0.12], [middle, place], color=colour, lw=1, clip_on=False)
        axes.annotate(names[at], (right + 0.16, place), va="center", fontsize=10, color="#222222")


def _shade(at: int, n: int) -> str:
    return COLOURS[round(at * (len(COLOURS) - 1) / max(n - 1, 1))]


def climbed(ladder: Any, ax: Any = None) -> Any:
    """Draw the rungs of a `Ladder`: NDCG with its interval, and what each step shows."""
    axes = axes_for(ax, (9.4, 4.2))
    held = ladder.table[(ladder.table["items"] == "all") & (ladder.table["metric"] == "NDCG")]
    y = np.arange(len(held))
    estimate, low, high = (held[c].to_numpy() for c in ("estimate", "low", "high"))
    axes.barh(y, estimate, color=[_shade(i, len(y)) for i in range(len(y))], height=0.72)
    axes.errorbar(
        estimate, y, xerr=[estimate - low, high - estimate], fmt="none", ecolor="#222222", capsize=3
    )
    edge = max(float(high.max()), 1e-6)
    for i, rung in enumerate(held["rung"]):
        axes.annotate(f"{estimate[i]:.3f}", (edge * 1.04, i), va="center", fontsize=10)
        if i:
            step = ladder.step(rung)
            said = f"{step['difference']:+.4f}  {step['shown']}"
            shown = step["shown"] != "not shown"
            axes.annotate(
                said,
                (edge * 1.2, i),
                va="center",
                fontsize=10,
                color="#222222" if shown else GREY,
                fontweight="bold" if shown else "normal",
            )
    axes.annotate("NDCG", (edge * 1.04, -0.62), fontsize=9, color=GREY)
    axes.annotate("step over the rung above", (edge * 1.2, -0.62), fontsize=9, color=GREY)
    axes.set_yticks(y, held["rung"], fontsize=10)
    axes.set_ylim(len(y) - 0.5, -0.75)
    axes.set_xlim(0, edge * 1.62)
    axes.set_xticks([t for t in axes.get_xticks() if t <= edge * 1.02])
    axes.spines["bottom"].set_bounds(0, edge * 1.02)
    said = f"NDCG at {ladder.n}: 0 for no hit, 1 for an ideal list; lines are 95 % intervals"
    axes.set_xlabel(said, loc="left")
    axes.set_title(f"What each picture of {ladder.customers:,} customers is worth", loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes
