"""Narrowing: what was seen before a moment, of what was seen already.

No spelling is read again: of the bundles and of their identifiers some are left out.
"""

import attrs
import numpy as np

from onefold._types import Bools, Ints
from onefold.identity.bundles import NOBODY, Nodes, Seen


def narrowed(seen: Seen, rows: Bools, named: Ints) -> Seen:
    """What some rows (m,) say, and identifiers that links name besides."""
    row = seen.row[rows]
    used = np.zeros(len(seen.members) + 1, dtype=bool)
    used[row] = True
    bundles = np.flatnonzero(used[:-1])
    place = np.full(len(used), -1)
    place[bundles] = np.arange(len(bundles))
    members = seen.members[bundles]
    kept = np.zeros(len(seen.nodes) + 1, dtype=bool)
    kept[np.minimum(members, len(seen.nodes))] = True
    kept[named] = True
    kept[-1] = False
    code = np.append(np.cumsum(kept[:-1]) - 1, NOBODY).astype(np.int32)
    begin = seen.nodes.offsets
    values = [
        held.take(np.flatnonzero(kept[begin[i] : begin[i + 1]]))
        for i, held in enumerate(seen.nodes.values)
    ]
    return attrs.evolve(
        seen,
        nodes=Nodes(seen.nodes.kinds, tuple(values)),
        members=code[np.minimum(members, len(seen.nodes))],
        row=place[row],
        time=seen.time[rows],
        tells=seen.tells[rows],
        login=seen.login[rows],
        logout=seen.logout[rows],
    )
