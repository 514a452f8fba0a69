"""Metrics of a list against what was chosen later, for each customer.

    hit rate   any of the n chosen        recall   hits / items chosen
    NDCG       sum over hits of 1 / log2(rank + 1), over that of an ideal list of the same length

Jarvelin and Kekalainen (2002), binary gains. The whole catalogue is ranked, never a sample.
"""

from typing import Any

import attrs
import numpy as np

from onefold._group import Marks, distinct
from onefold._types import Bools, Codes, Floats, Ints
from onefold.levels.protocol import Choices
from onefold.profiles import Profiles
from onefold.scoring import FittedScorer

METRICS = ("hit rate", "recall", "NDCG")
PARTS = ("all", "repeat", "new")


@attrs.frozen(eq=False)
class Truth:
    """What was chosen in the window, by customers who were known before it.

    `who` are their positions among those known before; `items` the distinct items of each, in
    the codes of the scorer, -1 for items that nobody had chosen before.
    """

    who: Ints
    offsets: Ints
    items: Codes


def chosen(
    profiles: Profiles, past: Profiles, scorer: FittedScorer, start: Any, stop: Any
) -> Truth:
    """What customers of `past` chose in [start, stop)."""
    h = profiles.history.where(scorer.settings.target)
    inside = np.flatnonzero((h.time >= start) & (h.time < stop) & (h.item >= 0))
    person = past.ledger.people.codes(profiles.ids)[h.row[inside]].astype(np.int64)
    known = person >= 0
    cells = distinct(person[known] * len(h.items) + h.item[inside][known])
    owner, item = cells // len(h.items), cells % len(h.items)
    who, counts = np.unique(owner, return_counts=True)
    codes = scorer.items.translation(h.items)[item]
    return Truth(who, np.append(0, np.cumsum(counts)), codes)


def measured(
    scorer: FittedScorer,
    choices: Choices,
    truth: Truth,
    n: int,
    *,
    allowed: Bools | None = None,
) -> Floats:
    """Metrics (customers, parts, metrics) of one rung; NaN where there is nothing to find.

    The lists are those that `rank` would have served: `allowed` are the items that could be had.
    """
    out = np.full((len(truth.who), len(PARTS), len(METRICS)), np.nan)
    lists = {
        "all": scorer._lists(choices, n, allowed=allowed),
        "repeat": scorer._lists(choices, n, allowed=allowed, own_only=True),
        "new": scorer._lists(choices, n, allowed=allowed, repeats=False),
    }
    # Codes of the window run from -1, an item that nobody had chosen before: the last place.
    marks = Marks(len(scorer.items) + 1)
    gains = 1 / np.log2(np.arange(n) + 2)
    ideal = np.append(0, np.cumsum(gains))
    for i in range(len(truth.who)):  # lists of n: a handful of comparisons each
        wanted = truth.items[truth.offsets[i] : truth.offsets[i + 1]]
        mine = choices.item[choices.offsets[i] : choices.offsets[i + 1]]
        before = marks.inside(wanted, mine)
        for p, part in enumerate(PARTS):
            sought = {"all": wanted, "repeat": wanted[before], "new": wanted[~before]}[part]
            if len(sought):
                hits = marks.inside(lists[part][i][0], sought)
                gained = gains[: len(hits)][hits].sum() / ideal[min(n, len(sought))]
                out[i, p] = hits.any(), hits.sum() / len(sought), gained
    return out
