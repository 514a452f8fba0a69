"""Adopting: another policy, told by what it changes and then applied to all of the past.

    adopt(store, policy)  ==  resolve(log, was).diff(policy), and then the store of the log under it

Both happen in one transaction. Who was erased stays erased: the rules by which their identifiers
were read are kept with the list.
"""

import numpy as np
from sqlalchemy import select

from onefold._check import instance
from onefold._types import Array
from onefold.identity.difference import PolicyDiff
from onefold.identity.evidence import Evidence
from onefold.identity.identities import Identities
from onefold.identity.policy import IdentityPolicy
from onefold.store import meta, remaking
from onefold.store.core import Core
from onefold.store.database import Query, Session
from onefold.store.rebuilding import remade
from onefold.store.schema import log

SEEN = Query(select(log.c.bundle, log.c.seen).where(log.c.bundle.isnot(None)))


def adopt(core: Core, policy: IdentityPolicy) -> tuple[PolicyDiff, Core]:
    """Let the store be under another policy.

    Args:
        core: The store as it is.
        policy: How people are told apart from now on, and of all that was.

    Returns:
        Merges made and undone, what moves, and the largest customers after; and the store as it
        is then.

    Raises:
        ArgumentError: If the policy lacks a type of which there are identifiers, or was loaded
            without its key; nothing is changed then.
    """
    instance(policy, IdentityPolicy, "Store.adopt: policy")
    policy.opened("Store.adopt")
    with core.writing() as session:
        held = remaking.read(session, policy, call="Store.adopt")
        seen = _evidence(session, held)
        moment = seen.time.max() if len(seen) else np.datetime64(0, "us")
        change = Identities(core.policy, moment, None, seen, None).diff(policy)
        after = core.under(policy, meta.put_policy(session, policy))
        remade(after, session, held, before=core)
    return change, after


def _evidence(session: Session, held: remaking.Read) -> Evidence:
    """A row for each row of the log."""
    bundles: list[Array] = [np.zeros(0, dtype=np.int64)]
    times: list[Array] = [np.zeros(0, dtype=np.int64)]
    for rows in session.each(SEEN, size=remaking.PIECE):
        bundle, seen = np.array(rows, dtype=np.int64).T
        bundles.append(bundle)
        times.append(seen)
    at = np.searchsorted(held.bundle, np.concatenate(bundles))
    table = held.evidence.table.take(at)
    return Evidence(table.replace(time=np.concatenate(times).view("datetime64[us]")))
