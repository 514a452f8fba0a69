"""Attribution: whose an event is.

It is of whom its strongest identifier names that is nobody else's. Where all that came with it are
shared (a family's tablet, a phone number that has a new owner), the policy's rule decides:

    tablet: login of ann 9:00, view 9:05, logout 9:10, view 9:20    9:05 is ann's, 9:20 nobody's
"""

from typing import Protocol

import attrs
import numpy as np

from onefold._types import Bools, Ints
from onefold.identity.bundles import NOBODY, Nodes, Seen
from onefold.identity.policy import IdentityPolicy

NONE = -1  # nobody's: no identifier is left
ASK = 2**62


class Who(Protocol):
    """What is asked of a partition: of all, or of some nodes and all that was seen with them."""

    @property
    def nodes(self) -> Nodes: ...
    @property
    def person(self) -> Ints: ...
    @property
    def contested(self) -> Bools: ...
    def __len__(self) -> int: ...


def owners_of_rows(seen: Seen, who: Who, policy: IdentityPolicy) -> Ints:
    """The customer (m,) of each row of evidence: 0 to c - 1, c + v of a shared node v, or -1."""
    contested = np.append(who.contested, True)
    members = np.minimum(seen.members, len(who.nodes))
    clear = np.where(contested[members], NOBODY, seen.members).min(axis=1, initial=NOBODY)
    own = np.append(who.person, NONE)[np.minimum(clear, len(who.nodes))]
    lead = np.where(clear < NOBODY, own, len(who) + members[:, 0].astype(np.int64))
    out = np.append(lead, NONE)[seen.row]
    open_ones = np.append(clear == NOBODY, False)[seen.row] & (seen.row >= 0)
    if policy.attribution == "strict" or not open_ones.any():
        return out
    held = _timeline(seen, who, clear, open_ones)
    found = _before(held) if policy.attribution == "last_login" else _in_session(held, policy)
    told = found >= 0
    out[held.row[told]] = who.person[found[told]]
    return out


@attrs.frozen(eq=False)
class Timeline:
    """All that happened with some shared nodes, by node and time: q rows.

    Args:
        row: (q,) the row of the evidence that asks whose it is, -1 if it does not.
        node: (q,) the shared node.
        time: (q,) in microseconds.
        claim: (q,) the stronger node that says who is there, -1 if it says nothing.
        logout: (q,) whether nobody is there afterwards.
    """

    row: Ints
    node: Ints
    time: Ints
    claim: Ints
    logout: Bools


def _timeline(seen: Seen, who: Who, clear: Ints, open_ones: Bools) -> Timeline:
    asked = np.zeros(len(who.nodes) + 1, dtype=bool)
    asked[seen.members[seen.row[open_ones], 0]] = True
    members = np.minimum(seen.members, len(who.nodes))
    kind = np.append(who.nodes.type, len(who.nodes.kinds))
    rows, nodes = [], []
    for column in range(members.shape[1]):
        here = asked[members[:, column]]
        some = np.flatnonzero(np.append(here, False)[seen.row] & (seen.row >= 0))
        rows.append(some)
        nodes.append(members[seen.row[some], column].astype(np.int64))
    row, node = np.concatenate(rows), np.concatenate(nodes)
    best = np.minimum(clear, len(who.nodes))[seen.row[row]].astype(np.int64)
    says = (best < len(who.nodes)) & (kind[best] < kind[node]) & seen.tells[row]
    asks = open_ones[row] & (members[seen.row[row], 0] == node)
    logout = seen.logout[row] & ~asks
    time = seen.time[row].view(np.int64)
    # Of one instant: logins, of which the strongest is the last word, then logouts, then who asks.
    turn = np.where(asks, ASK, np.where(logout, ASK - 1, -best))
    order = np.lexsort((turn, time, node))
    return Timeline(
        np.where(asks, row, -1)[order],
        node[order],
        time[order],
        np.where(says & ~logout, best, -1)[order],
        logout[order],
    )


def _latest(marks: Bools, start: Ints) -> Ints:
    """The last marked place (q,) at or before each, not before its start; -1 if there is none."""
    last = np.maximum.accumulate(np.where(marks, np.arange(len(marks)), -1))
    return np.where(last >= start, last, -1)


def _starts(new: Bools) -> Ints:
    """Where the run of each place (q,) begins."""
    return np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))


def _changes(node: Ints) -> Bools:
    new = np.ones(len(node), dtype=bool)
    new[1:] = node[1:] != node[:-1]
    return new


def _before(held: Timeline) -> Ints:
    """The node (q,) that says who was seen last at or before each place; -1 if nobody was."""
    at = _latest((held.claim >= 0) | held.logout, _starts(_changes(held.node)))
    return np.where((held.row >= 0) & (at >= 0), held.claim[at], -1)


def _in_session(held: Timeline, policy: IdentityPolicy) -> Ints:
    """The same within one session; where nobody was before, who is seen next in it."""
    pause = int(policy.session / np.timedelta64(1, "us"))
    new = _changes(held.node)
    new[1:] |= (np.diff(held.time) >= pause) | held.logout[:-1]
    before = _latest(held.claim >= 0, _starts(new))
    ends = np.append(new[1:], True)
    after = len(new) - 1 - _latest(held.claim[::-1] >= 0, _starts(ends[::-1]))[::-1]
    later = np.where(after < len(new), held.claim[np.minimum(after, len(new) - 1)], -1)
    found = np.where(before >= 0, held.claim[before], later)
    return np.where(held.row >= 0, found, -1)
