"""What is shown: for each set a table of methods, and one of differences with intervals.

difference = mean over customers of (metric of onefold - metric of the peer)

Bold is the best peer, and a difference whose 95 % interval keeps clear of zero.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from accuracy.data import Set
from accuracy.ours import NAME
from accuracy.protocol import METRICS, Result, Task, intervals

WORDS = {None: "none", True: "yes", False: "no"}


def shown(held: Set, task: Task, results: Sequence[Result]) -> str:
    """The tables of one set, in Markdown."""
    measured = {result.name: task.measured(result.lists) for result in results}
    means = {name: values.mean(axis=0) for name, values in measured.items()}
    order = sorted(results, key=lambda r: (r.name != NAME, -means[r.name][2]))
    peers = [result.name for result in order if result.name != NAME]
    best = np.max([means[name] for name in peers], axis=0) if peers else np.zeros(len(METRICS))
    lines = [f"### {held.title}", "", _about(held, task), ""]
    lines += [
        f"| | {' | '.join(METRICS)} | tuned settings | tuning, s | fit and rank, s |",
        "|---|---:|---:|---:|---|---:|---:|",
    ]
    for result in order:
        cells = [
            f"**{mean:.4f}**" if result.name != NAME and mean == top else f"{mean:.4f}"
            for mean, top in zip(means[result.name], best, strict=True)
        ]
        took = f"{result.tuning:,.0f}" if result.tuning else ""
        lines.append(
            f"| {result.name} | {' | '.join(cells)} | {_settings(result.settings)} | {took} | "
            f"{result.seconds:,.1f} |"
        )
    if NAME in measured and peers:
        lines += ["", f"| onefold less | {' | '.join(METRICS)} |", "|---|---:|---:|---:|"]
        gaps = np.concatenate([measured[NAME] - measured[name] for name in peers], axis=1)
        low, high = intervals(gaps)
        told = [_gap(*cell) for cell in zip(gaps.mean(axis=0), low, high, strict=True)]
        width = len(METRICS)
        for i, name in enumerate(peers):
            lines.append(f"| {name} | {' | '.join(told[i * width : (i + 1) * width])} |")
    return "\n".join(lines)


def _about(held: Set, task: Task) -> str:
    past, days = task.past, int(held.horizon / np.timedelta64(1, "D"))
    unknown = (task.truth < 0).sum() / len(task.truth)
    which = "Repeats count" if held.repeats else "Only what is new to the customer counts"
    return (
        f"{held.about} Split at {str(held.split)[:10]}, {days} days. Before it {len(past.users):,} "
        f"customers, {len(past.items):,} items, {len(past.item):,} choices; {len(task.who):,} "
        f"customers are asked for, {len(task.truth) / len(task.who):.1f} items each, of which "
        f"{unknown:.1%} nobody had chosen before. {which}."
    )


def _settings(settings: Mapping[str, Any]) -> str:
    if not settings:
        return "as it comes"
    return ", ".join(f"{name.replace('_', ' ')} {_word(v)}" for name, v in settings.items())


def _word(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return WORDS[value]
    return " and ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _gap(mean: float, low: float, high: float) -> str:
    text = f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"
    return f"**{text}**" if low > 0 or high < 0 else text
