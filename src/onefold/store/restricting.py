"""Restricting: a customer whose data are kept and not used (GDPR, article 18).

It is stated on the identifiers that are the customer's alone, so it stays where people merge, and
goes with the identifiers where they part. What is restricted is in no list, log or profile; what
comes is still stored.

    restrict(ann)    profile(ann) raises Restricted, profiles() and log() are without her
    release(ann)     all of it is there again, with what came meanwhile
"""

from typing import Any

import numpy as np
from sqlalchemy import bindparam, delete, exists, insert, literal_column, select

from onefold import _time
from onefold.errors import ArgumentError
from onefold.store.core import Core
from onefold.store.database import Among, Query, Session
from onefold.store.finding import found
from onefold.store.schema import CONTESTED, SHARED, places, restricted

_LUMP = select(places.c.lump).where(places.c.node == bindparam("person")).scalar_subquery()
_MINE = select(places.c.node, places.c.flags).where(
    places.c.lump == _LUMP, places.c.person == bindparam("person")
)
_NODES = Query(_MINE)  # of one customer, those that are contested too
_KNOWN = exists(select(restricted.c.node).where(restricted.c.node == bindparam("node")))
_ADD = Query(
    insert(restricted).from_select(
        ["node", "time"],
        select(
            bindparam("node", type_=restricted.c.node.type),
            bindparam("time", type_=restricted.c.time.type),
        ).where(~_KNOWN),
    )
)
_DELETE = Query(delete(restricted).where(Among(restricted.c.node, "which")))
_ANY = Query(select(exists(select(restricted.c.node))))
_OPEN = places.c.flags.op("&")(literal_column(str(SHARED))) == literal_column("0")
_IS = Query(
    select(places.c.node)
    .join(restricted, restricted.c.node == places.c.node)
    .where(places.c.lump == _LUMP, places.c.person == bindparam("person"), _OPEN)
)
_PERSONS = Query(
    select(places.c.person).where(places.c.node.in_(select(restricted.c.node)), _OPEN).distinct()
)


def restrict(core: Core, who: Any, *, time: Any = None) -> int:
    """Keep what is known of a customer, and don't use it.

    Args:
        core: The store.
        who: An id, an alias, or an identifier: a pair of type and value.
        time: When it was asked for; it is kept beside.

    Returns:
        How many identifiers it is stated on; 0 if it was already.

    Raises:
        UnknownCustomer: If there is no such customer.
        ArgumentError: If all identifiers of the customer are other people's too.
    """
    when = (
        None if time is None else int(_time.instant(time, "Store.restrict: time").astype(np.int64))
    )
    with core.writing() as session:
        own = _own(session, core, who, "Store.restrict")
        return sum(session.run(_ADD, node=node, time=when) for node in own)


def release(core: Core, who: Any) -> int:
    """Use again what is known of a customer.

    Args:
        core: The store.
        who: An id, an alias, or an identifier: a pair of type and value.

    Returns:
        How many identifiers were restricted; 0 if none was.

    Raises:
        UnknownCustomer: If there is no such customer.
    """
    with core.writing() as session:
        person = found(session, core, who, call="Store.release").node
        mine = persons_nodes(session, person)
        return session.run(_DELETE, which=session.several(mine))


def is_restricted(session: Session, person: int) -> bool:
    """Whether a customer, by the number of the anchor, is restricted."""
    found = session.one(_ANY)
    return bool(found and found[0]) and session.one(_IS, person=person) is not None


def withheld(session: Session) -> frozenset[int]:
    """The customers who are restricted, by the numbers of their anchors."""
    found = session.one(_ANY)
    if not (found and found[0]):
        return frozenset()
    return frozenset(int(person) for (person,) in session.all(_PERSONS))


def persons_nodes(session: Session, person: int) -> list[int]:
    """The identifiers of a customer, those that are other people's too among them."""
    return [int(node) for node, _ in session.all(_NODES, person=person)]


def own_nodes(session: Session, person: int) -> list[int]:
    """The identifiers of a customer that are nobody else's, by their numbers."""
    return [int(n) for n, flags in session.all(_NODES, person=person) if not int(flags) & CONTESTED]


def _own(session: Session, core: Core, who: Any, call: str) -> list[int]:
    own = own_nodes(session, found(session, core, who, call=call).node)
    if not own:
        raise ArgumentError(
            f"{call}: who has no identifier that is not other people's too, so nothing says whom "
            "it is about."
        )
    return own
