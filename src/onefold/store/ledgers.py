"""Ledgers: the stored rows of one person as the ledger that a fold would make of them.

What was given as the customer is an identifier among others, as `fold` with identities has it:

    own(rows, "p3a...")  ==  fold(log, identities=resolve(log))["p3a..."].ledger
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from onefold._columns import Coded, Columns, same_in_all
from onefold._vocab import EMPTY, Vocab
from onefold.events.identifiers import CUSTOMER, column_name
from onefold.ledger import Ledger
from onefold.profiles.row import Unread
from onefold.store.rows import to_log

GIVEN = column_name(CUSTOMER, 1)


def unread(rows: Sequence[Any], customer: str, currency: str | None) -> Unread:
    """The ledger of one customer, which is made when it is asked for."""
    return Unread(own, (tuple(rows), customer, currency), currency)


def own(held: tuple[Sequence[Any], str, str | None]) -> Ledger:
    """The ledger of rows of which none repeats another, for a customer and a currency."""
    rows, customer, currency = held
    log = to_log(rows, currency=currency)
    events, facts = (_of(table, customer) for table in (log.events, log.facts))
    return Ledger.from_events(events, facts, currency)


def _of(table: Columns, customer: str) -> Columns:
    """The table as one customer's."""
    n, given = len(table), table.coded("customer")
    if (given.codes >= 0).any():
        other = table.data.get(GIVEN)
        if isinstance(other, Coded):  # a row has either
            vocab = other.vocab.union(given.vocab)
            a, b = other.within(vocab).codes, given.within(vocab).codes
            given = Coded(np.where(a >= 0, a, b), vocab)
        table = table.replace(**{GIVEN: given})
    people = Vocab.of([customer]) if n else EMPTY
    return table.replace(customer=Coded(same_in_all(np.int32(0), n), people))
