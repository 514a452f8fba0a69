"""Where candidates come from: the catalogue as deep as it is asked for, or own items that match.

    ask(rows, depth, mask)  ->  the `depth` best (codes, scores) of each of these rows

Deeper lists begin with the shallower ones, but for what the mask leaves out.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from onefold._types import Bools, Codes, Floats, Ints
from onefold.levels.protocol import Choices
from onefold.scoring.heads import heads_of
from onefold.scoring.plan import compiled

Lists = list[tuple[Codes, Floats]]
Source = Callable[[Ints, int, Bools | None], Lists]  # rows, depth, what can be had -> lists


def catalogue(scorer: Any, choices: Choices, *, repeats: bool) -> Source:
    """The best items of the catalogue for some rows, as deep as they are asked for."""

    def ask(rows: Ints, depth: int, mask: Bools | None) -> Lists:
        some = choices if len(rows) == len(choices) else choices.take(rows)
        held: Lists = scorer._lists(some, depth, allowed=mask, repeats=repeats)
        return held

    return ask


def own_items(
    scorer: Any,
    choices: Choices,
    pairs: tuple[Ints, Codes],
    *,
    allowed: Bools | None,
    repeats: bool,
) -> Source:
    """Of each row the items that match, best first: few, and all of them at once."""
    row, code = pairs
    kept = np.ones(len(row), dtype=bool) if allowed is None else allowed[code]
    if not repeats:
        width = choices.n_items
        ever = choices.ever
        kept = kept & ~np.isin(row * width + code, ever.row * width + ever.item)
    row, code = row[kept], code[kept]
    scores = pair_scores(scorer, choices, row, code)
    order = np.lexsort((code, -scores, row))
    order = order[scores[order] > 0]
    row, code, scores = row[order], code[order], scores[order]
    bounds = np.searchsorted(row, np.arange(len(choices) + 1))

    def ask(rows: Ints, depth: int, mask: Bools | None) -> Lists:
        parts = [slice(bounds[i], bounds[i + 1]) for i in rows.tolist()]
        return [(code[part][:depth], scores[part][:depth]) for part in parts]

    return ask


def pair_scores(scorer: Any, choices: Choices, row: Ints, code: Codes) -> Floats:
    """The probability (c,) of items for rows, both (c,) and ascending by row: as in `dense`."""
    if not len(row):
        return np.zeros(0)
    if compiled() is not None:
        told: Floats = scorer._plan.pairs(choices, row, code)
        return told
    held = scorer._weights_of(choices, scorer.weights)
    own = scorer.views.own(choices, held)
    bases = scorer._bases(choices, held, None, scorer._kept)
    out: Floats = np.asarray(own[row, code], dtype=np.float64).ravel()
    bounds = np.searchsorted(row, np.arange(len(choices) + 1)).tolist()
    for i, base in enumerate(bases):  # what is shared differs by row
        part = slice(bounds[i], bounds[i + 1])
        out[part] += base.scores[code[part]]
    if scorer.refined is not None:
        heads = heads_of(scorer.views, choices, own, bases)
        scores = heads.mass * scorer.refined.factors(heads)
        keys = heads.row * choices.n_items + heads.codes
        order = np.argsort(keys)
        asked = row * choices.n_items + code
        at = np.minimum(np.searchsorted(keys[order], asked), max(len(keys) - 1, 0))
        found = keys[order[at]] == asked if len(keys) else np.zeros(len(asked), dtype=bool)
        out[found] = scores[order[at[found]]]
    return out
