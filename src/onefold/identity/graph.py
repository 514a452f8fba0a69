"""The graph of what was seen together, and who is too widely shared to be believed.

An edge joins two identifiers of one bundle. How often it was seen decides nothing: a kiosk repeats
itself more than anybody. The owners of an identifier are a lower bound of the people it serves,

    owners(v) = max over stronger types T of  ceil(number of T's seen with v / limit of T)
"""

import attrs
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from onefold._types import Bools, Codes, Ints
from onefold.identity.bundles import NOBODY, Nodes, Seen, factorized

LATE = np.iinfo(np.int64).max  # the first instant of what was never seen


@attrs.frozen(eq=False)
class Edges:
    """Pairs of nodes seen together: (e,) columns.

    Args:
        strong: The stronger node.
        weak: The weaker one.
        first: When they were first seen together, in microseconds.
        last: When last.
        login: Whether that was at a login, ever.
    """

    strong: Ints
    weak: Ints
    first: Ints
    last: Ints
    login: Bools

    def __len__(self) -> int:
        return len(self.strong)

    def only(self, rows: Bools | Ints) -> "Edges":
        """Some of the edges."""
        return Edges(
            self.strong[rows], self.weak[rows], self.first[rows], self.last[rows], self.login[rows]
        )


def spans(seen: Seen) -> tuple[Ints, Ints]:
    """When each node (n,) was seen first and last."""
    rows = seen.row >= 0
    first, last = _ends(seen, rows)
    held = seen.members != NOBODY
    begin = np.full(len(seen.nodes), LATE)
    end = np.full(len(seen.nodes), -LATE)
    for column in range(seen.members.shape[1]):
        here = held[:, column]
        nodes = seen.members[here, column]
        np.minimum.at(begin, nodes, first[here])
        np.maximum.at(end, nodes, last[here])
    return begin, end


def edges_of(seen: Seen) -> Edges:
    """The edges of all bundles that are evidence."""
    rows = seen.tells & (seen.row >= 0)
    first, last = _ends(seen, rows)
    login = np.bincount(seen.row[rows & seen.login], minlength=len(seen.members)) > 0
    pairs, bundle = [], []
    width = seen.members.shape[1]
    for i in range(width):
        for j in range(i + 1, width):
            here = np.flatnonzero((seen.members[:, j] != NOBODY) & (first < LATE))
            pairs.append(
                seen.members[here, i].astype(np.int64) * len(seen.nodes) + seen.members[here, j]
            )
            bundle.append(here)
    joint = np.concatenate(pairs) if pairs else np.zeros(0, dtype=np.int64)
    which = np.concatenate(bundle) if bundle else np.zeros(0, dtype=np.int64)
    codes, at = factorized(joint)
    n = len(at)
    out_first, out_last = np.full(n, LATE), np.full(n, -LATE)
    np.minimum.at(out_first, codes, first[which])
    np.maximum.at(out_last, codes, last[which])
    out_login = np.zeros(n, dtype=bool)
    out_login[codes[login[which]]] = True
    size = max(len(seen.nodes), 1)
    return Edges(joint[at] // size, joint[at] % size, out_first, out_last, out_login)


def _ends(seen: Seen, rows: Bools) -> tuple[Ints, Ints]:
    """First and last instant (b,) of each bundle at some of the rows."""
    first = np.full(len(seen.members), LATE)
    last = np.full(len(seen.members), -LATE)
    bundle, time = seen.row[rows], seen.time[rows].view(np.int64)
    np.minimum.at(first, bundle, time)
    np.maximum.at(last, bundle, time)
    return first, last


def owners(nodes: Nodes, edges: Edges) -> Ints:
    """How many people each node (n,) serves at least, by who came with it."""
    out = np.zeros(len(nodes), dtype=np.int64)
    kind = nodes.type
    one, other = kind[edges.strong], kind[edges.weak]
    for position, strong in enumerate(nodes.kinds):
        here = (one == position) & (other > position)
        if strong.limit is None or not here.any():
            continue
        seen = np.bincount(edges.weak[here], minlength=len(nodes))
        np.maximum(out, -(-seen // strong.limit), out=out)
    return out


def demoted(nodes: Nodes, served: Ints) -> Bools:
    """Which nodes (n,) serve more people than their type may."""
    most = np.array([np.inf if k.max_owners is None else k.max_owners for k in nodes.kinds])
    too_many: Bools = served > most[nodes.type] if len(nodes) else np.zeros(0, dtype=bool)
    return too_many


def components(n: int, *pairs: tuple[Ints, Ints]) -> Codes:
    """The component (n,) of each of n nodes, by several lists of pairs."""
    a = np.concatenate([p[0] for p in pairs])
    b = np.concatenate([p[1] for p in pairs])
    graph = csr_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(n, n))
    labels: Codes = connected_components(graph, directed=False)[1]
    return labels
