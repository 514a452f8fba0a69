"""Writing: one event is taken in, and who is who is as if it had been there from the start.

Most events say nothing new of who is who: their identifiers came together before, and one more
time changes nothing (`CALM`). Then one row is added to the log, and several may do so at once.
Otherwise the components that it touches are loaded, settled, and written where they differ:

    c1 views    c1 views       a row
    ann, c1 log in             c1's component with ann's, and whose their events are
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import attrs
from sqlalchemy import bindparam, func, insert, select

from onefold._check import instance
from onefold.events.event import Event
from onefold.identity.heard import Key, shortened
from onefold.identity.people import named
from onefold.identity.policy import IdentityPolicy
from onefold.profiles.row import Profile
from onefold.store.appending import append
from onefold.store.closure import GIVE, PLACE, slice_of, write
from onefold.store.core import Core
from onefold.store.database import Among, Query, Row, Session
from onefold.store.escaping import escaped, unescaped
from onefold.store.finding import anchored
from onefold.store.loose import owner_of
from onefold.store.meta import learn
from onefold.store.placing import is_one
from onefold.store.placing_batch import by_either
from onefold.store.quiet import New, quiet
from onefold.store.reading import profile_found
from onefold.store.restricting import is_restricted
from onefold.store.rows import (
    BundleKey,
    bundle_hash,
    event_row,
    event_types,
    identity_key,
    node_hash,
)
from onefold.store.schema import CALM, bundles, evidence, log, members, nodes
from onefold.store.suppression import refused

ALIAS = slice(1, 16)  # of an id, without its first letter: 60 bits
BUNDLE = Query(
    select(
        bundles.c.bundle,
        bundles.c.customer,
        bundles.c.kind,
        bundles.c.source,
        bundles.c.given,
        evidence.c.first,
        evidence.c.person,
        evidence.c.flags,
    )
    .select_from(bundles.outerjoin(evidence, evidence.c.bundle == bundles.c.bundle))
    .where(bundles.c.hash == bindparam("hashed"))
)
NODES = Query(
    select(nodes.c.node, nodes.c.type, nodes.c.value).where(Among(nodes.c.hash, "hashes"))
)
LATEST = Query(select(func.max(log.c.seen)).where(log.c.bundle == bindparam("bundle")))
MEMBERS = Query(select(members.c.node).where(members.c.bundle == bindparam("bundle")))
LAST_BUNDLE = Query(select(func.max(bundles.c.bundle)))
LAST_NODE = Query(select(func.max(nodes.c.node)))
ADD_BUNDLE = Query(insert(bundles))
ADD_NODE = Query(insert(nodes))
ADD_MEMBER = Query(insert(members))

T = TypeVar("T")
Name: TypeAlias = tuple[int, str]  # position of the type, normal value


@attrs.frozen(eq=False)
class Written:
    """What has come of one event or fact.

    Args:
        seq: The number of its row; None where it is suppressed.
        bundle: The number of its bundle; None where it is suppressed.
        person: The anchor of whose it is; None where it is nobody's, or `loose`.
        loose: Whether whose it is is asked for each row.
        new: Whether it was not there already.
    """

    seq: int | None
    bundle: int | None
    person: int | None
    loose: bool
    new: bool


@attrs.frozen(eq=False)
class _Given:
    """One event or fact on its way into the log."""

    key: BundleKey
    hash: int
    told: Key
    row: Mapping[str, Any]
    types: Mapping[str, str]


def observe(core: Core, event: Event) -> Profile | None:
    """Take in one event, which may come late, or again; durable when this returns.

    Args:
        core: The store.
        event: What happened.

    Returns:
        The profile of whose it is, with it; None where no identifier of it is anybody's, where it
        is suppressed, where the customer is restricted, and where nothing is theirs: another
        delivery of this event counts, which is somebody else's.

    Raises:
        ArgumentError: If it is no event, has identifiers of a type that the policy does not know,
            or a property that is text here and a number in the store, or the other way round.
        StoreError: If the database refuses; nothing is written then.
    """
    call = "Store.observe"
    instance(event, Event, f"{call}: event", "Make one with Event(...).")
    key, row = event_row(event)
    types = event_types(event) if event.properties else {}
    return take(core, key, row, types=types, call=call, read=_profile)


def take(
    core: Core,
    key: BundleKey,
    row: Mapping[str, Any],
    *,
    types: Mapping[str, str],
    call: str,
    read: Callable[[Session, Core, Written], T],
) -> T:
    """Take in one event or fact, as its bundle and the columns of its row.

    Args:
        core: The store.
        key: Whose it is, its kind and source.
        row: The columns of its row.
        types: Of its properties.
        call: In whose name errors are raised.
        read: What is asked in the same transaction, once it is in.

    Raises:
        ArgumentError: If it has identifiers of a type that the policy does not know, or properties
            of another type than the store's.
        StoreError: If the database refuses; nothing is written then.
    """
    told = identity_key(key)
    assert told is not None  # only what was erased has no text
    core.naming.check(told, call)
    given = _Given(key, bundle_hash(key, core.salt), told, row, types)
    with core.writing(shared=True) as session:
        taken = _quickly(session, core, given)
        if taken is None and session.lite:  # where all writers are alone
            taken = _carefully(session, core, given)
        if taken is not None:
            return read(session, core, taken)
    with core.writing() as session:
        taken = _quickly(session, core, given) or _carefully(session, core, given)
        return read(session, core, taken)


def _profile(session: Session, core: Core, taken: Written) -> Profile | None:
    node, own = taken.person, True
    if taken.loose:
        assert taken.bundle is not None and taken.seq is not None
        owner = owner_of(session, core, taken.bundle, taken.seq)
        node, own = (None, True) if owner is None else owner
    if node is None:
        return None
    if own and is_restricted(session, node):
        return None
    return profile_found(session, core, anchored(session, core, node, shared=not own))


def _quickly(session: Session, core: Core, given: _Given) -> Written | None:
    """Add a row, if it changes nothing of who is who; None: it may."""
    if refused(session, core, shortened(given.told), given.row):
        return Written(None, None, None, False, False)
    if given.types:
        learn(core, session, given.types)
    found = _found(session, given)
    if found is None:
        return None
    bundle, first, person, flags = found[0], *found[5:]
    if flags is not None and not (flags & CALM and given.row["seen"] >= first):
        return None
    seq, new = append(session, core, bundle, key=given.key, row=given.row, whose=flags is not None)
    return Written(seq, bundle, person, flags is not None and person is None, new)


def _carefully(session: Session, core: Core, given: _Given) -> Written:
    """Add a row, and settle what it touches; nobody else writes."""
    found, seen = _found(session, given), given.row["seen"]
    if found is not None:
        bundle, first, person = found[0], *found[5:7]
        latest = session.one(LATEST, bundle=bundle)
        seq, new = append(session, core, bundle, key=given.key, row=given.row, whose=True)
        if not new or (latest is not None and first <= seen <= latest[0]):
            return Written(seq, bundle, person, person is None, new)
        touched = [row[0] for row in session.all(MEMBERS, bundle=bundle)]
        return _settled(session, core, touched, bundle=bundle, seq=seq)
    bundle = _next(session, LAST_BUNDLE)
    customer, kind, source, said = given.key
    columns = {"customer": customer, "kind": kind, "source": source, "given": said}
    session.run(ADD_BUNDLE, bundle=bundle, hash=given.hash, **columns)
    names = names_of(core, given.told)
    seq, _ = append(session, core, bundle, key=given.key, row=given.row, whose=bool(names))
    if not names:
        return Written(seq, bundle, None, False, True)
    there = _numbers(session, core, names)
    number = add_nodes(session, core, [name for name in names if name not in there])
    touched = [{**there, **number}[name] for name in names]
    session.many(ADD_MEMBER, [{"node": node, "bundle": bundle} for node in touched])
    if not there and is_one(names, kind, core.policy):
        anchor = touched[0]
        places = [{"node": n, "lump": anchor, "person": anchor, "flags": 0} for n in touched]
        session.many(PLACE, places)
        session.run(GIVE, bundle=bundle, first=seen, person=anchor, flags=CALM)
        return Written(seq, bundle, anchor, False, True)
    plain = quiet(session, core.policy, {bundle: New(touched, names, kind, seen)})
    if bundle in plain.whose:
        first, person, flags = plain.whose[bundle]
        session.run(GIVE, bundle=bundle, first=first, person=person, flags=flags)
        return Written(seq, bundle, person, False, True)
    return _settled(session, core, touched, bundle=bundle, seq=seq)


def _settled(
    session: Session, core: Core, touched: Sequence[int], *, bundle: int, seq: int
) -> Written:
    held = slice_of(session, core, touched, several=[bundle])
    placed = by_either(held, core.policy)
    write(session, held, placed)
    person = placed.whose[bundle][1]
    return Written(seq, bundle, person, person is None, True)


def names_of(core: Core, told: Key) -> list[Name]:
    """The distinct identifiers of a bundle, the strongest first."""
    kept = shortened(told)
    return [] if kept is None else sorted(set(core.naming.identifiers(kept)))


def add_nodes(session: Session, core: Core, names: Sequence[Name]) -> dict[Name, int]:
    """Number identifiers that are new, in their order."""
    if not names:
        return {}
    start = _next(session, LAST_NODE)
    out = {name: start + at for at, name in enumerate(names)}
    session.many(
        ADD_NODE,
        [
            {
                "node": number,
                "hash": node_hash(at, value, core.salt),
                "type": at,
                "value": escaped(value),
                "alias": alias_of(core.policy, at, value),
            }
            for (at, value), number in out.items()
        ],
    )
    return out


def alias_of(policy: IdentityPolicy, at: int, value: str) -> int:
    """The beginning of the id that an identifier gives, as a number."""
    return int(named(policy.types[at].name, [value], key=policy.key)[0][ALIAS], 16)


def _found(session: Session, given: _Given) -> Row | None:
    for row in session.all(BUNDLE, hashed=given.hash):
        if row[1:5] == given.key:
            return row
    return None


def _numbers(session: Session, core: Core, names: Sequence[Name]) -> dict[Name, int]:
    """The numbers of those identifiers that are there."""
    hashes = session.several(node_hash(at, value, core.salt) for at, value in names)
    held = {(at, unescaped(value)): n for n, at, value in session.all(NODES, hashes=hashes)}
    return {name: held[name] for name in names if name in held}


def _next(session: Session, last: Query) -> int:
    row = session.one(last)
    return 1 if row is None or row[0] is None else row[0] + 1
