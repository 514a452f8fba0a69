"""Visits: which events belong to one occasion.

Events of one basket are one visit; without a basket, events of one instant are. Visits are
numbered over all rows, in the order of their first events:

    baskets b1 b1 -- b2 b1, the third at an instant of its own  ->  visits 0 0 1 2 0
"""

import numpy as np

from onefold._columns import is_same_in_all
from onefold._types import Array, Bools, Codes, Ints


def visit_numbers(row: Ints, time: Ints, basket: Codes) -> Ints:
    """The visit (m,) of each event; rows ascend, and so do times within a row."""
    if no_baskets(basket):
        return np.cumsum(first_of_instants(row, time)) - 1
    loose = basket < 0
    what = np.where(loose, time, basket)
    new = np.ones(len(row), dtype=bool)
    new[1:] = (row[1:] != row[:-1]) | (what[1:] != what[:-1]) | (loose[1:] != loose[:-1])
    run, starts = np.cumsum(new) - 1, np.flatnonzero(new)
    if not _interrupted(row[starts], what[starts], loose[starts], basket[starts]):
        return run
    # The runs of an interrupted basket are one visit, that of the first.
    order = np.lexsort((starts, what[starts], loose[starts], row[starts]))
    a, b = starts[order[1:]], starts[order[:-1]]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (row[a] != row[b]) | (what[a] != what[b]) | (loose[a] != loose[b])
    leader = np.empty(len(order), dtype=np.int64)
    leader[order] = order[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
    leads = np.zeros(len(order), dtype=bool)
    leads[leader] = True
    visits: Ints = (np.cumsum(leads) - 1)[leader][run]
    return visits


def firsts(visits: Ints) -> Bools:
    """Which events (m,) are the first of a visit."""
    highest = np.maximum.accumulate(visits)
    return np.append(np.ones(min(len(highest), 1), dtype=bool), highest[1:] > highest[:-1])


def first_of_instants(row: Ints, time: Array) -> Bools:
    """Which events (m,) are the first of their row at an instant."""
    starts = np.ones(len(row), dtype=bool)
    starts[1:] = (row[1:] != row[:-1]) | (time[1:] != time[:-1])
    return starts


def no_baskets(basket: Codes) -> bool:
    """Whether it is told without looking that no event has a basket."""
    return is_same_in_all(basket) and not (basket[:1] >= 0).any()


def _interrupted(row: Ints, what: Ints, loose: Bools, basket: Codes) -> bool:
    """Whether a visit may have several of these runs."""
    if len(row) and np.bincount(basket[~loose], minlength=1).max() > 1:
        return True
    own_row, own_time = row[loose], what[loose]
    again = (own_row[1:] == own_row[:-1]) & (own_time[1:] == own_time[:-1])
    return bool(again.any())
