"""Lapsing: a no comes back into force when the yes that lifted it ends.

    no (January), yes until June (May): lifted from May to June, and in force again from June on

The statements of one person are gone through in time. By each identifier the latest yes is kept
that still lasts; a no is lifted by it if it is later than the no:

    in force(no, t)  =  time(no) >= max { time(y) : y shares an identifier, time(y) <= t < end(y) }

Only customers who said both a no and a yes that ends are looked at here.
"""

from collections import defaultdict
from itertools import groupby

import numpy as np

from onefold._types import Bools, Ints
from onefold.identity.bundles import NOBODY

PERSON = -1  # stands for all identifiers that prove who somebody is
START = -np.iinfo(np.int64).max


def outweighed(
    group: Ints, time: Ints, *, no: Bools, until: Ints, members: Ints, known: Bools
) -> Bools:
    """Which statements (r,) are a yes while a no of their group is in force.

    Args:
        group: (r,) whose each is, and to what.
        time: (r,) when each was said.
        no: (r,) whether it is a no.
        until: (r,) when a yes ends.
        members: (r, k) the identifiers that each came with; `NOBODY` fills up.
        known: (r,) whether one of these proves who the person is.
    """
    out = np.zeros(len(group), dtype=bool)
    keys = [
        frozenset(k for k in held if k != NOBODY) | ({PERSON} if proved else frozenset())
        for held, proved in zip(members.tolist(), (known | no).tolist(), strict=True)
    ]
    order = np.lexsort((time, group)).tolist()
    whose, when, ends, denied = (a.tolist() for a in (group, time, until, no))
    for _, mine in groupby(order, key=whose.__getitem__):  # few say a no and a yes that ends
        stated = dict[frozenset[int], int]()  # by the identifiers of a no its latest
        lasting = defaultdict[int, list[tuple[int, int]]](list)
        for moment, rows in groupby(mine, key=when.__getitem__):
            here = list(rows)
            for i in here:
                if denied[i]:
                    stated[keys[i]] = moment
                elif ends[i] > moment:
                    for key in keys[i]:
                        _kept(lasting[key], moment, ends[i])
            yeses = [i for i in here if not denied[i]]
            if yeses:
                out[yeses] = any(
                    max(_latest(lasting[key], moment) for key in held) <= said
                    for held, said in stated.items()
                )
    return out


def _kept(lasting: list[tuple[int, int]], start: int, end: int) -> None:
    """Keep one more yes, and none that began earlier and ends no later."""
    while lasting and lasting[-1][1] <= end:
        lasting.pop()
    lasting.append((start, end))


def _latest(lasting: list[tuple[int, int]], moment: int) -> int:
    """When the latest yes began that lasts at a moment; those that have ended are let go."""
    while lasting and lasting[-1][1] <= moment:
        lasting.pop()
    return lasting[-1][0] if lasting else START
