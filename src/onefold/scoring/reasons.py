"""Reasons for a whole campaign: the strongest one of each row of a ranking, in short.

    customer  item  reason
    ann       tea   bought twice, last 12 days ago
    bob       tea   popular with loyal customers

Each is that of the explanation of the same customer and item. Profiles are read some at a time,
so that memory does not grow with their number.
"""

from typing import Any

import numpy as np

from onefold._check import quoted
from onefold._types import Codes, Ints, Strings
from onefold._vocab import Vocab
from onefold.errors import UnknownCustomer, UnknownName
from onefold.ledger import ranges
from onefold.profiles import TraitTable
from onefold.scoring.rank import Ranking


def reasons_of(scorer: Any, table: TraitTable, ranking: Ranking, *, chunk: int) -> list[str]:
    """The strongest reason of each row of a ranking, some profiles at a time."""
    position = _positions(table.ids, ranking.customers)
    codes = _codes(scorer.items, ranking)
    out = np.full(len(codes), "", dtype=object)
    for start in range(0, len(table), chunk):
        lists = np.flatnonzero((position >= start) & (position < start + chunk))
        if not len(lists):
            continue
        first, last = int(position[lists].min()), int(position[lists].max()) + 1
        choices = scorer.groups.choices(
            table.rows(first, last), scorer.items, scorer.settings.target
        )
        at, bounds = ranges(ranking.offsets[:-1][lists], ranking.offsets[1:][lists])
        rows = np.repeat(position[lists] - first, np.diff(bounds))
        weights = scorer._weights_of(choices, scorer.weights)
        out[at] = scorer._teller.strongest(choices, rows, codes[at], weights)
    said: list[str] = out.tolist()
    return said


def _positions(ids: Strings, customers: Strings) -> Ints:
    """Where the customers (n,) of a ranking are among ids."""
    if len(ids) == len(customers) and bool((ids == customers).all()):
        return np.arange(len(ids))
    place = {name: i for i, name in enumerate(ids.tolist())}
    out = np.array([place.get(name, -1) for name in customers.tolist()], dtype=np.int64)
    if (out < 0).any():
        lost = customers[out < 0]
        raise UnknownCustomer(
            f"FittedScorer.reasons: {len(lost):,} customers of the ranking are not among the "
            f"{len(ids):,} of who, such as {quoted(lost[:3])}. Give the profiles that were ranked."
        )
    return out


def _codes(items: Vocab, ranking: Ranking) -> Codes:
    codes: Codes = items.translation(ranking.items)[ranking.codes]
    if (codes < 0).any():
        lost = ranking.items.values[ranking.codes[codes < 0][:3]]
        raise UnknownName(
            f"FittedScorer.reasons: this scorer knows no item {quoted(lost)}. Rank with the same "
            "scorer."
        )
    return codes
