"""Ledgers: the stored rows of one person as the ledger that a fold would make of them.

What was given as the customer is an identifier among others, as `fold` with identities has it:

    own(rows, "p3a...")  ==  fold(log, identities=resolve(log))["p3a..."].ledger
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from onefold._columns import Coded, Columns, same_in_all
from onefold._vocab import EMPTY, Vocab
from onefold.events.identifiers import CUSTOMER, column_name
from onefold.events.order import in_time
from onefold.ledger import Ledger
from onefold.profiles.row import Unread
from onefold.store.rows import to_log

GIVEN = column_name(CUSTOMER, 1)


def unread(
    rows: Sequence[Any],
    customer: str,
    currency: str | None,
    *,
    knows: Callable[[str], bool] | None = None,
) -> Unread:
    """The ledger of one customer, which is made when it is asked for."""
    return Unread(own, (tuple(rows), customer, currency), currency, knows=knows)


def own(held: tuple[Sequence[Any], str, str | None]) -> Ledger:
    """The ledger of rows of which none repeats another, for a customer and a currency.

    `Ledger.from_log` gives the same, and looks for customers and repetitions that are not here.
    """
    rows, customer, currency = held
    log = to_log(rows, currency=currency)
    people = Vocab(np.array([customer], dtype=object)) if rows else EMPTY
    events, facts = (in_time(_of(table, people)) for table in (log.events, log.facts))
    counts = (np.array([0, len(table)][: len(people) + 1]) for table in (events, facts))
    return Ledger(people, next(counts), events, next(counts), facts, currency)


def _of(table: Columns, people: Vocab) -> Columns:
    """The table as that of one person."""
    n, given = len(table), table.coded("customer")
    if (given.codes >= 0).any():
        other = table.data.get(GIVEN)
        if isinstance(other, Coded):  # a row has either
            vocab = other.vocab.union(given.vocab)
            a, b = other.within(vocab).codes, given.within(vocab).codes
            given = Coded(np.where(a >= 0, a, b), vocab)
        table = table.replace(**{GIVEN: given})
    return table.replace(customer=Coded(same_in_all(np.int32(0), n), people))
