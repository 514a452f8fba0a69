"""Consent: a "no" that stays where several people turn out to be one.

A word is a yes if it is one of `YES`, and else a no. Of the facts that the policy names
(`deny_wins`) a yes does not count while a no of the same name is in force. A no is lifted, from
then on, by a later yes that came with an identifier that had said no, or with one of a type of
which a customer has but one: the person who proved who they are.

    cookie c1: no      cookie c2: yes      both turn out to be ann's      no, until ann says yes

    lifted(no)     =  min { time of yes : after the no, known person or shares an identifier }
    counts(yes)    =  every no at or before it was lifted at or before it

Whether a yes counts depends on the statements up to it and on who is who, and not on their order.
"""

import re

import numpy as np

from onefold._columns import Columns
from onefold._types import Bools, Ints
from onefold.identity.bundles import NOBODY, Seen, factorized
from onefold.identity.partition import Partition
from onefold.identity.policy import IdentityPolicy

# Whatever else is said is a no: a word that nobody thought of must not give leave.
YES = frozenset(
    {"yes", "y", "true", "t", "1", "on", "ja", "oui", "si", "granted", "given", "allowed"}
    | {"accepted", "agreed", "opt_in", "optin", "opted_in", "subscribed", "consented", "allow"}
    | {"accept", "agree", "grant", "approved", "enabled", "confirmed"}
)
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
    no = _denies(facts)[rows]
    several = facts.array("name")[rows] + owners[rows] * len(facts.coded("name").vocab)
    group = factorized(several)[0].astype(np.int64)
    time = facts.array("time")[rows].view(np.int64)
    open_ones = _conflicts(group, time, no)
    if not len(open_ones):
        return out
    rows, no, group, time = rows[open_ones], no[open_ones], group[open_ones], time[open_ones]
    members = seen.members[seen.row[at[rows]]].astype(np.int64)
    single = np.array([kind.limit == 1 for kind in policy.types])[who.nodes.type]
    person = np.append(who.person, -1)[np.minimum(members, len(who.nodes))]
    proves = np.append(single, False)[np.minimum(members, len(who.nodes))]
    known = (proves & (person == owners[rows][:, None])).any(axis=1)
    lifted = _lifted(group, time, no, members, known)
    out[rows] = ~no & _in_force(group, time, no, lifted)
    return out


def overruled_of_one(
    facts: Columns, *, members: Ints, known: Bools, policy: IdentityPolicy
) -> Bools:
    """Which facts (n,) of one customer are a yes that a no outweighs.

    Args:
        facts: The statements, in any order.
        members: (n, k) the identifiers that each came with, as numbers; `NOBODY` fills up.
        known: (n,) whether one of these is the customer's, and of a type of which one has but one.
        policy: Names of facts of which a no stays.
    """
    out = np.zeros(len(facts), dtype=bool)
    rows = np.flatnonzero(_named(facts, policy))
    no, group = _denies(facts)[rows], facts.array("name")[rows].astype(np.int64)
    time = facts.array("time")[rows].view(np.int64)
    if len(rows) and len(_conflicts(group, time, no)):
        lifted = _lifted(group, time, no, members[rows], known[rows])
        out[rows] = ~no & _in_force(group, time, no, lifted)
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


def _denies(facts: Columns) -> Bools:
    """Facts that say no: all that don't say yes."""
    words = facts.coded("text")
    plain = (re.sub(r"[\s_-]+", "_", w.strip()).casefold() for w in words.vocab)
    granted = np.array([*(w in YES for w in plain), False], dtype=bool)
    agreed: Bools = granted[words.codes] | (facts.array("number") == 1)
    return ~agreed


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
