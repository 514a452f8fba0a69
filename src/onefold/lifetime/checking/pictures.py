"""The pictures of the checks of fit, made to be read without a legend.

What was seen is dark: dots, or bars with their numbers. What the model gives is blue, a line with
its interval as a pale band or a thin upright. What is what stands beside it in its colour, and the
title says what was found.
"""

from typing import Any

import numpy as np

from onefold._display.plots import GREY, axes_for, spread

MODEL, SEEN, NAIVE, PALE = "#2f5d95", "#222222", "#d07f2c", "#c9d4de"
APART = 0.065  # names nearer than this part of the height would touch


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
    top = float(max(observed.max(), high.max()))
    for at, numbers in enumerate(zip(observed.tolist(), expected.tolist(), strict=True)):
        place = max(observed[at], high[at])
        for number, above, colour in zip(numbers, (0.065, 0.015), (SEEN, MODEL), strict=True):
            where = (at, place + above * top)
            axes.annotate(f"{number:,.0f}", where, ha="center", fontsize=9, color=colour)
    _beside(axes, (0.5, observed[0] * 0.97), "customers counted", SEEN)
    _beside(axes, (0.5, observed[0] * 0.97 - 0.07 * top), f"what {found.model} gives", MODEL)
    axes.set_xticks(x, t["purchases"])
    axes.set_ylim(0, top * 1.13)
    axes.set_xlim(-0.6, len(t) - 0.4)
    axes.set_yticks([])
    axes.set_xlabel(
        "repeat purchases of a customer, in the time the model was fitted on\n"
        f"blue boxes: where {100 * found.level:g} % of counts would lie if the model were true",
        loc="left",
        fontsize=9,
    )
    axes.set_title(_frequency_title(found), loc="left", fontsize=11)
    return _bare(axes, ("left", "top", "right"))


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
    _name(axes, ends, len(t) - 1, len(t) - 0.72)
    ticks = [f"{p}\n{n:,}" for p, n in zip(t["purchases"], t["customers"], strict=True)]
    axes.set_xticks(x, ticks, fontsize=9)
    axes.set_xlabel(
        "repeat purchases before the split; below: customers\n"
        f"uprights: {100 * found.level:g} % intervals of the mean, bootstrap over customers",
        loc="left",
        fontsize=9,
    )
    axes.set_ylabel("purchases of a customer after the split, mean", loc="top", fontsize=9)
    axes.set_title(_holdout_title(found), loc="left", fontsize=11)
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
    dots = {} if cumulative else {"marker": "o", "ms": 3}
    axes.plot(when, actual, color=SEEN, lw=1, **dots)
    axes.plot(when, expected, color=MODEL, lw=2)
    top = float(np.nanmax([actual.max(), np.nanmax(high, initial=expected.max())]))
    axes.set_ylim(0, top * 1.08)
    if found.split is not None:
        axes.axvline(found.split, color=GREY, lw=0.8, ls=(0, (4, 3)))
        for said, side in (("fitted on this ", "right"), (" not seen by the model", "left")):
            axes.annotate(
                said, (found.split, top * 1.08), ha=side, va="top", fontsize=9, color=GREY
            )
    # A name stands where a line runs on the whole, not at the height of its last point.
    tail = slice(-1, None) if cumulative else slice(-max(len(t) // 10, 1), None)
    ends = [("made", actual[tail].mean(), SEEN), (f"{found.model}", expected[tail].mean(), MODEL)]
    span = when[-1] - when[0]
    axes.set_xlim(when[0] - 0.01 * span, when[-1] + 0.01 * span)
    axes.set_yticks(axes.get_yticks(), [f"{tick:,.0f}" for tick in axes.get_yticks()])
    axes.set_ylim(0, top * 1.08)
    _name(axes, ends, when[-1] + 0.01 * span, when[-1] + 0.035 * span)
    length = {"D": "a day", "W": "a week", "M": "a month"}[found.period]
    each = "so far" if cumulative else length
    axes.set_ylabel(f"repeat purchases {each}", loc="top", fontsize=9)
    axes.set_xlabel(
        f"all {found.n:,} customers, each expected to buy as a newcomer of their first day would\n"
        f"band: {100 * found.level:g} % prediction interval",
        loc="left",
        fontsize=9,
    )
    axes.set_title(_tracking_title(found), loc="left", fontsize=11)
    return _bare(axes, ("top", "right"))


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


def _name(axes: Any, ends: list[Any], start: Any, stop: Any) -> None:
    """Each line's name beside its end, moved apart where they would touch."""
    low, high = axes.get_ylim()
    ends = sorted(ends, key=lambda end: end[1])
    places = np.array([(end[1] - low) / (high - low) for end in ends])
    for (name, at, colour), place in zip(ends, spread(places, APART), strict=True):
        y = low + place * (high - low)
        axes.plot([start, stop], [at, y], color=colour, lw=0.8, clip_on=False)
        axes.annotate(
            f" {name}", (stop, y), va="center", fontsize=10, color=colour, annotation_clip=False
        )


def _beside(axes: Any, at: tuple[float, float], said: str, colour: str) -> None:
    axes.annotate(said, at, va="center", fontsize=10, color=colour)


def _bare(axes: Any, sides: tuple[str, ...]) -> Any:
    for side in sides:
        axes.spines[side].set_visible(False)
    return axes
