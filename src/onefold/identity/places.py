"""Places: where in some evidence the rows of other evidence are.

Rows are the same if they hold the same identifiers, in any columns of one name, at one instant of
one kind of event. Whose a row is depends on nothing else, so any place of an equal row will do.
"""

import numpy as np

from onefold._columns import Coded, Columns, missing
from onefold._types import Ints
from onefold.identity.bundles import factorized
from onefold.identity.evidence import Evidence


def places(rows: Evidence, held: Evidence) -> Ints:
    """The place (m,) in `held` of each row, -1 where there is none."""
    if rows is held or (len(rows) == len(held) and rows.table.equals(held.table)):
        return np.arange(len(rows))
    code = alike(held.table.above(rows.table))
    first = np.full(int(code.max(initial=-1)) + 1, -1, dtype=np.int64)
    first[code[: len(held)][::-1]] = np.arange(len(held))[::-1]
    out: Ints = first[code[len(held) :]]
    return out


def alike(table: Columns) -> Ints:
    """A number (m,) for each row, the same for rows that hold the same."""
    code = np.zeros(len(table), dtype=np.int64)
    for column in table.data.values():
        if missing(column).all():
            continue
        values = column.codes if isinstance(column, Coded) else column.view(np.int64)
        mine = factorized(np.ascontiguousarray(values))[0].astype(np.int64)
        code = factorized(code * (int(mine.max(initial=0)) + 1) + mine)[0].astype(np.int64)
    return code
