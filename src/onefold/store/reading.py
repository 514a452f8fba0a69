"""Reading: one customer's profile, and everybody's, as a fold of the log would make them.

    store.profile(id)  ==  fold(store.log(), identities=resolve(store.log(), policy))[id]

The tables say which bundles are a customer's, so that only this customer's rows are read; they are
decoded when something is first asked of the profile.
"""

from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy import bindparam, func, select

from onefold import _time
from onefold._check import hint, quoted, shown
from onefold._types import Instant
from onefold.consent import allowed
from onefold.consent.statement import purpose_of
from onefold.consent.words import PREFIX
from onefold.errors import ArgumentError, UnknownCustomer, UnknownName
from onefold.events.log import EventLog
from onefold.events.several import one_log
from onefold.identity import Identities, resolve
from onefold.identity.bundles import NOBODY
from onefold.identity.consent import overruled_of_one
from onefold.profiles import Profile, Profiles, fold
from onefold.store.core import Core
from onefold.store.database import Among, Query, Session
from onefold.store.finding import Found, anchored, found, refuse_restricted
from onefold.store.ledgers import unread
from onefold.store.loose import MEMBERS_OF, rows_of_person, rows_of_shared
from onefold.store.meta import currency_of, states
from onefold.store.rows import SELECTED, to_log
from onefold.store.schema import (
    CONTESTED,
    MIXED,
    bundles,
    evidence,
    log,
    members,
    nodes,
    places,
    restricted,
    superseded,
)

COLUMNS = {column: at for at, column in enumerate(SELECTED)}
SEQ, BUNDLE = COLUMNS[log.c.seq], COLUMNS[log.c.bundle]
TIME, NAME, TEXT = COLUMNS[log.c.time], COLUMNS[log.c.name], COLUMNS[log.c.text]
FLAGS, GONE = len(SELECTED), len(SELECTED) + 1  # besides these in OWN
PIECE = 100_000  # rows that become a log at a time

_WHOLE = log.join(bundles, bundles.c.bundle == log.c.bundle)
_COUNTING = _WHOLE.outerjoin(superseded, superseded.c.seq == log.c.seq)
OWN = Query(  # rows that don't count are evidence too
    select(*SELECTED, evidence.c.flags, superseded.c.seq)
    .select_from(_COUNTING.join(evidence, evidence.c.bundle == log.c.bundle))
    .where(evidence.c.person == bindparam("person"))
)
OTHERS = Query(
    select(*SELECTED)
    .select_from(_COUNTING)
    .where(Among(log.c.seq, "rows"), superseded.c.seq.is_(None))
)
EVERY = Query(select(*SELECTED).select_from(_WHOLE).order_by(log.c.seq))
LATEST = Query(select(func.max(log.c.time)).where(log.c.time.isnot(None)))
_TOUCHED = select(members.c.bundle).where(Among(members.c.node, "nodes"))
BESIDE = Query(select(members.c.node).where(members.c.bundle.in_(_TOUCHED)).distinct())
LUMPS = Query(
    select(places.c.node).where(
        places.c.lump.in_(select(places.c.lump).where(Among(places.c.node, "nodes")))
    )
)
LAST_OF = Query(select(func.max(log.c.time)).where(log.c.bundle.in_(_TOUCHED)))
RESTRICTED = Query(
    select(nodes.c.type, nodes.c.value).select_from(
        restricted.join(nodes, nodes.c.node == restricted.c.node)
    )
)


def profile(core: Core, who: Any, *, as_of: Instant | None = None) -> Profile:
    """The profile of one customer: of an id, an alias, or (type, value) in any spelling.

    Args:
        core: The store.
        who: Whom.
        as_of: The moment as of which; after all by which it is told who they are.

    Raises:
        ArgumentError: If something of that is known since, or it is no moment.
        UnknownCustomer: If nobody is meant, or nothing is known of them.
        Restricted: If the customer is restricted.
    """
    call = "Store.profile"
    with core.reading() as session:
        moment = _moment(session, as_of, call)
        meant = found(session, core, who, call=call)
        refuse_restricted(session, meant, call=call)
        if as_of is not None:
            _refuse_later(session, meant, moment, call)
        rows = _rows(session, core, meant)
        currency = currency_of(core, session)
    if not rows:
        raise UnknownCustomer(
            f"{call}: nothing is known of {shown(who)} but who they are: no event or fact is "
            "theirs."
        )
    return _made(core, meant, rows, moment, currency)


def profile_of(
    session: Session,
    core: Core,
    person: int,
    *,
    shared: bool = False,
    as_of: np.datetime64 | None = None,
) -> Profile | None:
    """The profile of one customer within a transaction; None where no row of theirs counts.

    Args:
        session: The transaction.
        core: The store.
        person: The anchor; of events that are nobody else's the shared identifier.
        shared: Whether it is of a shared identifier itself.
        as_of: The moment as of which; left out, just after the latest event or fact.
    """
    return profile_found(session, core, anchored(session, core, person, shared=shared), as_of=as_of)


def profile_found(
    session: Session, core: Core, meant: Found, *, as_of: np.datetime64 | None = None
) -> Profile | None:
    """The same of whom `finding` has found."""
    moment = _moment(session, None, "Store") if as_of is None else as_of
    rows = _rows(session, core, meant)
    return _made(core, meant, rows, moment, currency_of(core, session)) if rows else None


def profiles(core: Core, purpose: str | None = None, *, as_of: Instant | None = None) -> Profiles:
    """Everybody's profiles, but of those who are restricted: a fold of the log.

    Who is who is by all that was seen, also with those who are restricted, or a tablet of four
    would link three people as soon as the fourth is restricted; their own identifiers are theirs
    still.

    Args:
        core: The store.
        purpose: Only of customers who have agreed to it, as `onefold.consent.allowed` says.
        as_of: The moment as of which; left out, just after the latest event or fact.

    Raises:
        ArgumentError: If the store is empty, or an argument is not allowed.
        UnknownName: If nobody ever said anything to the purpose, and somebody to another.
    """
    call = "Store.profiles"
    moment = None if as_of is None else _time.instant(as_of, f"{call}: as_of")
    whole = log_of(core)
    if _is_empty(whole) and moment is None:
        raise ArgumentError(
            f"{call}: the store is empty, so there is no latest event. Give as_of= for profiles of "
            "nobody, or take something in first: store.observe(event)."
        )
    if purpose is not None:
        _refuse_unknown(whole, purpose, call)
    who = resolve(whole, core.policy, as_of=moment)
    made = fold(whole, core.traits, identities=who, catalog=core.catalog, as_of=moment)
    free = np.ones(len(made), dtype=bool)
    if gone := _restricted(core, made):
        free = np.array([name not in gone for name in made.ids], dtype=bool)
    if purpose is not None:
        free &= allowed(made, purpose)
    return made if free.all() else made.select(made.ids[free].tolist())


def identities(core: Core, *, as_of: Instant | None = None) -> Identities:
    """Who is who, as `resolve` makes it of the log under the store's policy.

    Args:
        core: The store.
        as_of: The moment as of which; left out, just after the latest event or fact.

    Raises:
        ArgumentError: If the store is empty, or `as_of` is no moment, or left out where a clock
            must be wrong.
    """
    moment = None if as_of is None else _time.instant(as_of, "Store.identities: as_of")
    whole = log_of(core)
    if _is_empty(whole) and moment is None:
        raise ArgumentError(
            "Store.identities: the store is empty, so there is no moment as of which. Take "
            "something in first: store.observe(event)."
        )
    return resolve(whole, core.policy, as_of=moment)


def log_of(core: Core) -> EventLog:
    """All events and facts, also of those who are restricted."""
    with core.reading() as session:
        currency = currency_of(core, session)
        pieces = [to_log(r, currency=currency) for r in session.each(EVERY, size=PIECE)]
    return one_log(pieces, "Store") if pieces else to_log([], currency=currency)


def _refuse_unknown(whole: EventLog, purpose: Any, call: str) -> None:
    """Raise where nobody said anything to a purpose, and somebody to another: it is misspelt.

    Where nobody said anything at all a shop is new, and nobody may be addressed.
    """
    said = purpose_of(purpose, f"{call}: purpose")
    names = whole.facts.coded("name") if len(whole.facts) else None
    held = [] if names is None else [names.vocab[c] for c in np.unique(names.codes) if c >= 0]
    known = sorted(name.removeprefix(PREFIX) for name in held if name.startswith(PREFIX))
    if known and said not in known:
        raise UnknownName(
            f"{call}: purpose is {shown(said)}, to which nobody ever said yes or no; there are "
            f"{quoted(known)}.{hint(said, known)}"
        )


def _is_empty(whole: EventLog) -> bool:
    return not len(whole.events) and not len(whole.facts)


def _restricted(core: Core, made: Profiles) -> set[str]:
    """The ids of those who are restricted."""
    who = made.identities
    assert who is not None
    with core.reading() as session:
        told = session.all(RESTRICTED)
    out = set()
    for position, value in told:  # a few people
        node = who.partition.nodes.find(core.policy.types[position].name, value)
        if node >= 0:
            out.add(str(who.ids[who.partition.person[node]]))
    return out


def _made(
    core: Core, meant: Found, rows: Sequence[Any], moment: np.datetime64, currency: str | None
) -> Profile:
    held = unread(rows, meant.id, currency, knows=partial(states, core))
    return Profile(meant.id, held, None, core.traits, core.catalog, moment)


def _moment(session: Session, as_of: Instant | None, call: str) -> np.datetime64:
    """Just after the latest event or fact, or a moment that is asked for."""
    row = session.one(LATEST)
    latest = None if row is None or row[0] is None else np.datetime64(row[0] + 1, "us")
    if as_of is None:
        if latest is None:
            raise UnknownCustomer(f"{call}: the store is empty: no event or fact of anybody.")
        return latest
    return _time.instant(as_of, f"{call}: as_of")


def _refuse_later(session: Session, meant: Found, moment: np.datetime64, call: str) -> None:
    """Raise where something from a moment on may say who somebody is, or whose a row is.

    What does is their component; through the identifiers that it shares also others', and on.
    """
    row = session.one(LATEST)
    if row is None or row[0] is None or np.datetime64(row[0], "us") < moment:
        return
    known, new = set[int](), {meant.node}
    while new:  # once, if nothing of theirs is shared
        lumps = session.all(LUMPS, nodes=session.several(sorted(new)))
        known |= {node for (node,) in lumps} | new
        told = session.all(BESIDE, nodes=session.several(sorted(known)))
        last = session.one(LAST_OF, nodes=session.several(sorted(known)))
        if last is not None and last[0] is not None and np.datetime64(last[0], "us") >= moment:
            raise ArgumentError(
                f"{call}: as_of is {_time.show(moment)}, and what was seen up to "
                f"{_time.show(np.datetime64(last[0], 'us'))} tells who {meant.id!r} is: that may "
                "have been another matter then. Use store.profiles(as_of=...)[who], or a later one."
            )
        new = {node for (node,) in told} - known


def _rows(session: Session, core: Core, meant: Found) -> list[Any]:
    """The rows of a customer that count, in the order of time and arrival."""
    if meant.shared:
        loose, rows = rows_of_shared(session, core, meant.node), []
    else:
        told = session.all(OWN, person=meant.node)
        mixed = {row[BUNDLE] for row in told if row[FLAGS] & MIXED}
        loose = rows_of_person(session, core, meant.node, mixed)
        rows = [row for row in told if row[GONE] is None]
    if loose:
        rows = [row[: len(SELECTED)] for row in rows]
        rows += session.all(OTHERS, rows=session.several(loose))
    rows = _said(session, core, meant, rows)
    rows.sort(key=itemgetter(TIME, SEQ))
    return rows


def _said(session: Session, core: Core, meant: Found, rows: list[Any]) -> list[Any]:
    """The rows without each yes that a no outweighs."""
    denying = core.policy.deny_wins
    stated = [
        row
        for row in rows
        if row[NAME] is not None
        and (row[NAME] in denying or row[NAME].partition(":")[0] in denying)
    ]
    if len(stated) < 2:
        return rows
    some = [row[: len(SELECTED)] for row in stated]
    told = session.all(MEMBERS_OF, bundles=session.several({row[BUNDLE] for row in stated}))
    held: dict[int, list[int]] = {}
    proved = set()
    for bundle, node, kind, _, person, flags in told:
        tells = held.setdefault(bundle, [])
        if not flags & CONTESTED:  # others may have said it at a shared device
            tells.append(node)
        if core.policy.types[kind].limit == 1 and person == meant.node and not meant.shared:
            proved.add(bundle)
    width = max(map(len, held.values()))
    whose = [held[row[BUNDLE]] for row in stated]
    members = np.array([[*w, *[int(NOBODY)] * (width - len(w))] for w in whose], dtype=np.int64)
    known = np.array([row[BUNDLE] in proved for row in stated])
    facts = to_log(some, currency=None).facts
    gone = overruled_of_one(facts, members=members, known=known, policy=core.policy)
    lost = {row[SEQ] for row, no in zip(stated, gone.tolist(), strict=True) if no}
    return [row for row in rows if row[SEQ] not in lost] if lost else rows
