"""The picture of the back-off: one stacked bar for each bucket of evidence.

Levels are written where they are widest, so that no legend is needed; from the broadest view,
at the foot, to the individual, at the top.
"""

from typing import Any

import numpy as np

from onefold.errors import MissingExtra

COLOURS = ("#b8c4ce", "#d8b365", "#8fb59a", "#7a9cc6", "#4a6fa5", "#2f4b7c", "#1b2f52")


def stacked(backoff: Any, ax: Any = None) -> Any:
    """Draw the weights of a `Backoff`."""
    axes = axes_for(ax, (8.5, 4.6))
    names, weights = backoff.levels, backoff.weights
    x = np.arange(len(weights))
    foot = np.zeros(len(weights))
    for at, name in enumerate(names):
        colour = COLOURS[round(at * (len(COLOURS) - 1) / max(len(names) - 1, 1))]
        axes.bar(x, weights[:, at], bottom=foot, width=0.92, color=colour, edgecolor="white")
        widest = int(np.argmax(weights[:, at]))
        if weights[widest, at] > 0.03:
            axes.annotate(
                name,
                (x[widest], foot[widest] + weights[widest, at] / 2),
                ha="center",
                va="center",
                fontsize=9,
                color="white" if at >= len(names) / 2 else "#222222",
            )
        foot += weights[:, at]
    axes.set_xticks(x, [e.replace(" to ", "–") for e in backoff.evidence])
    axes.set_xlabel("visits known of a customer")
    axes.set_ylabel("weight")
    axes.set_ylim(0, 1)
    axes.set_title("What each picture of a customer is worth, by how much is known", loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes


def axes_for(ax: Any, size: tuple[float, float]) -> Any:
    """The given axes, or new ones; a clear error without matplotlib."""
    if ax is not None:
        return ax
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra(
            'plot: matplotlib is not installed. Install it with: pip install "onefold[plot]"'
        ) from error
    return Figure(figsize=size, layout="constrained").add_subplot()


def climbed(ladder: Any, ax: Any = None) -> Any:
    """Draw the rungs of a `Ladder`: NDCG with its interval, and what each step shows."""
    axes = axes_for(ax, (8.5, 4.2))
    held = ladder.table[(ladder.table["items"] == "all") & (ladder.table["metric"] == "NDCG")]
    y = np.arange(len(held))
    estimate, low, high = (held[c].to_numpy() for c in ("estimate", "low", "high"))
    colours = [COLOURS[round(i * (len(COLOURS) - 1) / max(len(y) - 1, 1))] for i in y]
    axes.barh(y, estimate, color=colours, height=0.72)
    axes.errorbar(
        estimate, y, xerr=[estimate - low, high - estimate], fmt="none", ecolor="#222222", capsize=3
    )
    for i, rung in enumerate(held["rung"]):
        said = f"{estimate[i]:.3f}"
        if i:
            step = ladder.step(rung)
            said += f"   {step['difference']:+.3f}: {step['shown']}"
        axes.annotate(said, (high[i], i), xytext=(6, 0), textcoords="offset points", va="center")
    axes.set_yticks(y, held["rung"])
    axes.invert_yaxis()
    axes.set_xlim(0, float(high.max()) * 1.35)
    axes.set_xlabel(
        f"NDCG at {ladder.n}, with 95 % interval; at each bar the step over the one above"
    )
    axes.set_title(f"What each picture of {ladder.customers:,} customers is worth", loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes
