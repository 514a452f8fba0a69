"""Consent: a "no" that stays where several people turn out to be one.

Of the facts that the policy names (`deny_wins`) a yes does not count while a no of the same name
is in force; what is no yes is a no (`onefold.consent`). A no is lifted by a later yes, until that
ends, which came with an identifier that had said no and is nobody else's, or with one of a type of
which a customer has but one: the person who proved who they are.

    cookie c1: no      cookie c2: yes      both turn out to be ann's      no, until ann says yes

    lifted(no)     =  from any yes after the no, of the known person or sharing an identifier, on
    counts(yes)    =  every no at or before it is lifted then

Whether a yes counts depends on the statements up to it and on who is who, and not on their order.
"""

import numpy as np

from onefold._columns import Columns
from onefold._types import Bools, Ints
from onefold.consent.words import FOREVER, Statements
from onefold.identity.bundles import NOBODY, Seen, factorized
from onefold.identity.lapsing import outweighed
from onefold.identity.partition import Partition
from onefold.identity.policy import IdentityPolicy

NEVER = np.iinfo(np.int64).max
PERSON = -1  # stands for all identifiers that prove who somebody is


def overruled(
    facts: Columns, at: Ints, *, owners: Ints, seen: Seen, who: Partition, policy: IdentityPolicy
) -> Bools:
    """Which facts (n,) are a yes that a no outweighs.

    Args:
        facts: The statements, in any order.
        at: (n,) the row of the evidence in which each was seen.
        owners: (n,) whose each is, -1 for nobody's.
        seen: The evidence.
        who: Which identifiers belong together.
        policy: Names of facts of which a no stays.
    """
    out = np.zeros(len(facts), dtype=bool)
    named = _named(facts, policy)
    rows = np.flatnonzero(named & (owners >= 0))
    if not len(rows):
        return out
    said = Statements.of(facts, rows)
    no, until = ~said.granted, said.until
    several = facts.array("name")[rows] + owners[rows] * len(facts.coded("name").vocab)
    group = factorized(several)[0].astype(np.int64)
    time = facts.array("time")[rows].view(np.int64)
    open_ones = _conflicts(group, time, no)
    if not len(open_ones):
        return out
    rows, no, group, time = rows[open_ones], no[open_ones], group[open_ones], time[open_ones]
    until = until[open_ones]
    members = seen.members[seen.row[at[rows]]].astype(np.int64)
    single = np.array([kind.limit == 1 for kind in policy.types])[who.nodes.type]
    person = np.append(who.person, -1)[np.minimum(members, len(who.nodes))]
    proves = np.append(single, False)[np.minimum(members, len(who.nodes))]
    known = (proves & (person == owners[rows][:, None])).any(axis=1)
    tells = np.append(~who.contested, False)  # who else may have said it at a shared device?
    members = np.where(tells[np.minimum(members, len(who.nodes))], members, np.int64(NOBODY))
    out[rows] = _outweighed(group, time, no=no, until=until, members=members, known=known)
    return out


def overruled_of_one(
    facts: Columns, *, members: Ints, known: Bools, policy: IdentityPolicy
) -> Bools:
    """Which facts (n,) of one customer are a yes that a no outweighs.

    Args:
        facts: The statements, in any order.
        members: (n, k) the identifiers that each came with, as numbers, without those that are
            contested; `NOBODY` fills up.
        known: (n,) whether one of them is the customer's, and of a type of which one has but one.
        policy: Names of facts of which a no stays.
    """
    out = np.zeros(len(facts), dtype=bool)
    rows = np.flatnonzero(_named(facts, policy))
    said, group = Statements.of(facts, rows), facts.array("name")[rows].astype(np.int64)
    no, time = ~said.granted, facts.array("time")[rows].view(np.int64)
    if len(rows) and len(_conflicts(group, time, no)):
        held, proved = members[rows], known[rows]
        until = said.until
        out[rows] = _outweighed(group, time, no=no, until=until, members=held, known=proved)
    return out


def _conflicts(group: Ints, time: Ints, no: Bools) -> Ints:
    """The rows of those groups (r,) where a yes comes after a no, or with it."""
    first, last = np.full(len(group), NEVER), np.full(len(group), -NEVER)
    np.minimum.at(first, group[no], time[no])
    np.maximum.at(last, group[~no], time[~no])
    return np.flatnonzero((first <= last)[group])


def _named(facts: Columns, policy: IdentityPolicy) -> Bools:
    """Facts whose name, or the part before its colon, is one of which a no stays."""
    names = facts.coded("name")
    of_name = [
        w in policy.deny_wins or w.partition(":")[0] in policy.deny_wins for w in names.vocab
    ]
    marked: Bools = np.array([*of_name, False], dtype=bool)[names.codes]
    return marked


def _outweighed(
    group: Ints, time: Ints, *, no: Bools, until: Ints, members: Ints, known: Bools
) -> Bools:
    """Which rows (r,) are a yes while a no of their group is in force."""
    lifted = _lifted(group, time, no, members, known)
    out = ~no & _in_force(group, time, no, lifted)
    ending = np.zeros(int(group.max()) + 1, dtype=bool)
    ending[group[until != FOREVER]] = True
    some = np.flatnonzero(ending[group])  # where a yes ends, so does what it lifts
    if len(some):
        out[some] = outweighed(
            group[some],
            time[some],
            no=no[some],
            until=until[some],
            members=members[some],
            known=known[some],
        )
    return out


def _lifted(group: Ints, time: Ints, no: Bools, members: Ints, known: Bools) -> Ints:
    """When each no (r,) is lifted, `NEVER` if it is not, or is none."""
    out = np.full(len(group), NEVER)
    held = members != NOBODY
    rows = [np.nonzero(held)[0], np.flatnonzero(known | no)]
    names = [members[held], np.full(len(rows[1]), PERSON)]
    row, name = np.concatenate(rows), np.concatenate(names)
    whose = factorized(group[row] * (int(name.max()) + 2) + name + 1)[0]
    order = np.lexsort((no[row], time[row], whose))  # of one instant a no is the last word
    row, whose = row[order], whose[order]
    place = np.where(no[row], len(row), np.arange(len(row)))
    after = np.minimum.accumulate(place[::-1])[::-1]  # the next yes
    found = np.minimum(after, len(row) - 1)
    lifts = (after < len(row)) & (whose[found] == whose) & no[row]
    np.minimum.at(out, row[lifts], time[row[found[lifts]]])
    return out


def _in_force(group: Ints, time: Ints, no: Bools, lifted: Ints) -> Bools:
    """Whether a no that is not lifted yet stands at or before each row (r,)."""
    order = np.lexsort((~no, time, group))
    until, rank = np.unique(lifted, return_inverse=True)
    base = group[order] * (len(until) + 1)
    latest = np.maximum.accumulate(base + np.where(no[order], rank[order] + 1, 0)) - base
    out = np.zeros(len(group), dtype=bool)
    out[order] = np.append(until, -NEVER)[latest - 1] > time[order]
    return out
