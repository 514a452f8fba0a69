"""Superseding: of several deliveries of an event one counts, and of a fact that is repeated.

The rule is the library's, asked of the few rows that it is about:

    (shop, e1) at 9:00, (shop, e1) at 9:05     ->    the second does not count
"""

from collections.abc import Sequence

import numpy as np

from onefold._columns import Coded, same_in_all
from onefold._vocab import Vocab
from onefold.events.tables import first_deliveries, repeated
from onefold.identity.dividing import numbered
from onefold.store.database import Row
from onefold.store.rows import SELECTED, to_log

_SEQ = 0  # of the columns selected the first
_CUSTOMER = [column.name for column in SELECTED].index("customer")
_ONE = Vocab(np.array([""], dtype=object))


def superseded_events(rows: Sequence[Row]) -> set[int]:
    """The numbers of events that don't count beside others of the same id.

    Args:
        rows: Rows of events with ids, of which an identifier is left: `SELECTED`.
    """
    if len(rows) < 2:
        return set()
    rows = _by_form(rows)
    log = numbered(to_log(rows, currency=None), np.zeros(len(rows), dtype=np.int64))
    stay = first_deliveries(log.events.replace(customer=_anybody(len(rows))))
    return {row[_SEQ] for row in rows} - {rows[at][_SEQ] for at in stay.tolist()}


def superseded_facts(rows: Sequence[Row]) -> set[int]:
    """The numbers of facts that say what others have said from the same instant on.

    Args:
        rows: Rows of facts of which an identifier is left: `SELECTED`.
    """
    if len(rows) < 2:
        return set()
    rows = _by_form(rows)
    log = numbered(to_log(rows, currency=None), np.zeros(len(rows), dtype=np.int64))
    gone = repeated(log.facts.replace(customer=_anybody(len(rows))))
    return {rows[at][_SEQ] for at in gone.tolist()}


def _by_form(rows: Sequence[Row]) -> list[Row]:
    """Those with customer= first: of rows alike but for that it is they that count."""
    return sorted(rows, key=lambda row: row[_CUSTOMER] is None)


def _anybody(n: int) -> Coded:
    """An id is that of an event, whosever it is."""
    return Coded(same_in_all(np.int32(0), n), _ONE)
