"""Finding: whom a caller means by an id, an alias or an identifier in any spelling.

An id is a keyed hash, of which the store keeps the first 60 bits beside the identifier that gives
it; what is found so is told by making the id anew:

    "p3a..."  ->  nodes with these bits  ->  the one that gives this id  ->  its customer
"""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

import attrs
import numpy as np
from sqlalchemy import bindparam, exists, func, literal_column, select

from onefold._check import shown
from onefold.errors import ArgumentError, MissingExtra, Restricted, UnknownCustomer
from onefold.identity.known import is_pair, read, said, why_not
from onefold.identity.links import end_of
from onefold.identity.people import PERSON, SHARED, named
from onefold.store.core import Core
from onefold.store.database import Query, Session
from onefold.store.escaping import escaped
from onefold.store.rows import node_hash
from onefold.store.schema import CONTESTED, members, nodes, places, restricted

ID = re.compile(r"[ps][0-9a-f]{20}", re.ASCII)
BITS = 15  # hexadecimal digits of an id that an index holds

_ALL = (nodes.c.node, nodes.c.type, nodes.c.value, places.c.person, places.c.flags, places.c.lump)
_WHO = select(*_ALL).select_from(nodes.join(places, places.c.node == nodes.c.node))
BY_ALIAS = Query(_WHO.where(nodes.c.alias == bindparam("alias")))
BY_HASH = Query(_WHO.where(nodes.c.hash == bindparam("hash")))
BY_NODE = Query(_WHO.where(nodes.c.node == bindparam("node")))
IS_RESTRICTED = Query(
    select(
        exists(restricted.c.node)
        .where(places.c.node == restricted.c.node)
        .where(places.c.lump == bindparam("lump"), places.c.person == bindparam("person"))
    )
)
_BESIDE = members.alias("beside")
SHARERS = Query(
    select(func.count(places.c.person.distinct()))
    .select_from(
        members.join(_BESIDE, _BESIDE.c.bundle == members.c.bundle).join(
            places, places.c.node == _BESIDE.c.node
        )
    )
    .where(members.c.node == bindparam("node"))
    .where(places.c.flags.op("&")(literal_column(str(CONTESTED))) == literal_column("0"))
)


@attrs.frozen
class Found:
    """Who is meant.

    Args:
        node: The anchor of the customer; or the shared identifier, of events that are nobody
            else's.
        id: The id.
        lump: Of the node.
        shared: Whether it is a shared identifier itself.
    """

    node: int
    id: str
    lump: int
    shared: bool = False


def found(session: Session, core: Core, who: Any, *, call: str) -> Found:
    """Who is meant by an id, an alias, an identifier, or several as a mapping of type to value.

    Raises:
        ArgumentError: If it is none of these, several are not one customer's, or all are shared.
        UnknownCustomer: If nobody is meant.
        UnknownName: If the type of an identifier is not the policy's.
    """
    if is_pair(who):
        return _identified(session, core, who, call)
    if isinstance(who, Mapping) and who:
        return _agreed(session, core, who, call)
    if isinstance(who, (int, np.integer)) and not isinstance(who, bool):
        who = str(who)
    if not isinstance(who, str) or not who:
        raise ArgumentError(
            f"{call}: who is {shown(who)}; it takes a customer's id, an identifier: a pair of its "
            "type and its value, such as ('email', 'ann@x.org'), or several of one customer: "
            "{'email': 'ann@x.org', 'cookie': 'c1'}."
        )
    if ID.fullmatch(who):
        for row in session.all(BY_ALIAS, alias=int(who[1 : 1 + BITS], 16)):
            node, kind, value, person, flags, lump = row
            if _id(core, kind, value, who[0]) != who:
                continue
            contested = bool(flags & CONTESTED)
            if who[0] == SHARED and contested:
                return Found(node, who, lump, True)
            if who[0] == PERSON and person == node:
                return Found(node, who, lump)
            if who[0] == PERSON and not contested:
                return anchored(session, core, person)
    raise UnknownCustomer(
        f"{call}: who is {shown(who)}, which is no customer's id here, nor an alias."
        f"{_meant(session, core, who)} An identifier is asked for as a pair: "
        "('email', 'ann@x.org')."
    )


def anchored(session: Session, core: Core, person: int, *, shared: bool = False) -> Found:
    """The customer of an anchor, or a shared identifier itself, by the number of its node."""
    row = session.one(BY_NODE, node=person)
    assert row is not None, "a person is one of the nodes"
    return Found(person, _id(core, row[1], row[2], SHARED if shared else PERSON), row[5], shared)


def node_at(session: Session, core: Core, position: int, value: str) -> tuple[Any, ...] | None:
    """The node of a normal form: node, type, value, person, flags, lump; None if there is none."""
    for row in session.all(BY_HASH, hash=node_hash(position, value, core.salt)):
        if (row[1], row[2]) == (position, escaped(value)):
            return row
    return None


def refuse_restricted(session: Session, who: Found, *, call: str) -> None:
    """Raise where a customer is restricted."""
    held = None if who.shared else session.one(IS_RESTRICTED, lump=who.lump, person=who.node)
    if held is None or not held[0]:
        return
    raise Restricted(
        f"{call}: {who.id!r} is restricted: their data are kept and not used. They can be asked "
        "for what is held with store.export(...), and store.release(...) ends it."
    )


def _agreed(session: Session, core: Core, who: Mapping[Any, Any], call: str) -> Found:
    """Whose several identifiers are; what an event may have, a list of values, they may be too."""
    pairs = [
        (kind, value)
        for kind, held in who.items()  # the few identifiers of one customer
        for value in (held if isinstance(held, (list, tuple, set, frozenset)) else [held])
    ]
    if not pairs:
        raise ArgumentError(f"{call}: who is {shown(who)}, which holds no identifier.")
    told = [(pair, _known(session, core, pair, call)) for pair in pairs]
    own = [(pair, row) for pair, row in told if not row[4] & CONTESTED]
    if not own:
        _refuse_shared(session, told[0][0], told[0][1][0], call)
    pairs = [pair for pair, _ in own]
    several = [anchored(session, core, row[3]) for _, row in own]
    for pair, one in zip(pairs, several, strict=True):
        if one.node != several[0].node:
            raise ArgumentError(
                f"{call}: who holds identifiers of several customers: {said(*pairs[0])} is of "
                f"{several[0].id!r}, and {said(*pair)} of {one.id!r}. Ask for one of them; "
                "identities().explain(a, b) says why they are two."
            )
    return several[0]


def _identified(session: Session, core: Core, who: Any, call: str) -> Found:
    row = _known(session, core, who, call)
    if row[4] & CONTESTED:
        _refuse_shared(session, who, row[0], call)
    return anchored(session, core, row[3])


def _known(session: Session, core: Core, who: Any, call: str) -> tuple[Any, ...]:
    """The node of an identifier in any spelling: see `node_at`."""
    name, word = end_of(who, f"{call}: who")
    kind = core.policy.type(name)
    value = read(kind, core.policy, word)
    if value is None:
        raise UnknownCustomer(
            f"{call}: {said(name, word)} is no identifier: {why_not(kind, core.policy, word)}."
        )
    row = node_at(session, core, core.policy.names.index(name), value)
    if row is None:
        raise UnknownCustomer(f"{call}: {said(name, value)} was never seen.")
    return row


def _refuse_shared(session: Session, pair: Any, node: int, call: str) -> NoReturn:
    n = (session.one(SHARERS, node=node) or (0,))[0]
    people = f"{n:,} people" if n > 1 else "several people"
    raise ArgumentError(
        f"{call}: {said(*pair)} is shared by {people}, so it tells nobody apart; name one by an "
        "identifier of their own, or by id."
    )


def _meant(session: Session, core: Core, word: str) -> str:
    """Of which types an identifier of this value is known."""
    for position, kind in enumerate(core.policy.types):
        try:
            value = read(kind, core.policy, word)
        except (MissingExtra, ArgumentError):  # of phone numbers; then there are none here
            continue
        if value is not None and node_at(session, core, position, value) is not None:
            return f" Did you mean ({kind.name!r}, {shown(word, 60)})?"
    return ""


def _id(core: Core, position: int, value: str, kind: str) -> str:
    type_name = core.policy.types[position].name
    return named(type_name, [value], key=core.policy.opened("Store"), kind=kind)[0]
