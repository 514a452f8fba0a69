"""Listing: the n best items of each row by numpy, where there is no compiled kernel.

    list = the n best of (the head, refined) and of (all others by the mixture)

The same sums as in `kernel`, over columns; of equal scores the item that sorts first comes first.
"""

from typing import Any

import numpy as np

from onefold._group import Marks, distinct
from onefold._types import Bools, Codes, Floats
from onefold.levels.protocol import Choices
from onefold.scoring.heads import heads_of, own_items
from onefold.scoring.rank import best, best_among


def listed(
    scorer: Any,
    choices: Choices,
    n: int,
    *,
    allowed: Bools | None,
    repeats: bool,
    own_only: bool,
) -> list[tuple[Codes, Floats]]:
    """The n best items of each row and their scores."""
    held = scorer._weights_of(choices, scorer.weights)
    own = scorer.views.own(choices, held)
    # A mask of this call must not outlive it: what is kept is for the whole catalogue.
    bases = scorer._bases(choices, held, allowed, scorer._kept if allowed is None else {})
    marks = Marks(len(scorer.items))
    heads = None
    if scorer.refined is not None:
        whole = bases if allowed is None else scorer._bases(choices, held, None, scorer._kept)
        heads = heads_of(scorer.views, choices, own, whole)
        scores = heads.mass * scorer.refined.factors(heads)
    lists = []
    for i, base in enumerate(bases):  # supports differ by row; each step is a small partition
        here = slice(own.indptr[i], own.indptr[i + 1])
        items, part = own.indices[here], own.data[here]
        mine = own_items(choices, i)
        head = np.zeros(0, dtype=np.int32)
        if heads is not None:
            at = slice(heads.offsets[i], heads.offsets[i + 1])
            head = heads.codes[at]
        if own_only:
            few = mine[~marks.inside(mine, head)]
            found = best_among(base, items, part, few, n=n, marks=marks)
        else:
            left_out: Codes = head if repeats else distinct(np.concatenate([head, mine]))
            found = best(base, items, part, n=n, excluded=left_out, marks=marks)
        if heads is not None:
            kept = np.ones(len(head), dtype=bool) if allowed is None else allowed[head]
            kept = kept & (scores[at] > 0)
            if own_only or not repeats:
                kept &= heads.had[at] == own_only
            codes = np.concatenate([head[kept], found[0]])
            both = np.concatenate([scores[at][kept], found[1]])
            order = np.lexsort((codes, -both))[:n]
            found = codes[order], both[order]
        lists.append(found)
    return lists
