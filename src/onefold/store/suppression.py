"""Suppression: what is not taken in again, known by nothing but keyed hashes.

Of an erased person two kinds of marks are kept: of each identifier that was theirs alone, made as
`onefold.identity.Forgotten` makes it, and of each event of theirs that came with none of these:

    refused(row)  ==  an identifier of it is suppressed  or  it is an erased event

An identifier that an erased person shared with others is noted beside, as a hash of a third kind:
it is theirs too, and is never suppressed, also where nobody else is left with it.

With the hashes go the rules by which spellings were one when they were made, so that a later
policy forgets the same people. The key is not in the database; only a check of it is.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import LargeBinary, bindparam, exists, insert, or_, select, update

from onefold._types import Bools, Ints
from onefold.errors import ArgumentError
from onefold.events.identifiers import CUSTOMER
from onefold.identity.forgotten import SIZE, Forgotten, Rule, hash_of
from onefold.identity.heard import Key
from onefold.identity.kinds import IdentifierType
from onefold.identity.reading import located
from onefold.store.core import Core
from onefold.store.database import Query, Session
from onefold.store.rows import CONTENT
from onefold.store.schema import erased, meta, suppressed

RULES, CHECK = "suppressed by", "key"  # in the table meta
WIDE = 256  # hashes that one question asks for
FEW = 4
EVENT = b"erased event"
SPARED = b"spared"
Readers: TypeAlias = Mapping[str, Sequence[tuple[Any, bool]]]  # of a type: readers, per source

_ANY = Query(
    select(
        exists(select(suppressed.c.hash)).label("identifiers"),
        exists(select(erased.c.hash)).label("events"),
    )
)
_ALL = Query(select(suppressed.c.hash))
_EVENTS = Query(select(erased.c.hash).order_by(erased.c.hash))
_META = Query(select(meta.c.value).where(meta.c.name == bindparam("of")))
_ADD_META = Query(insert(meta).values(name=bindparam("of"), value=bindparam("held")))
_SET_META = Query(
    update(meta).where(meta.c.name == bindparam("of")).values(value=bindparam("held"))
)


def _adding(table: Any) -> Query:
    hashed = bindparam("hashed", type_=LargeBinary)
    new = select(hashed).where(~exists(select(table.c.hash).where(table.c.hash == hashed)))
    return Query(insert(table).from_select(["hash"], new))


def _asking(table: Any, wide: int) -> Query:
    asked = [table.c.hash == bindparam(f"h{at}", type_=LargeBinary) for at in range(wide)]
    return Query(select(table.c.hash).where(or_(*asked)))


_ADD = {"suppressed": _adding(suppressed), "erased": _adding(erased)}
_ASK = {
    (table.name, wide): _asking(table, wide)
    for table in (suppressed, erased)
    for wide in (FEW, WIDE)
}


def refused(session: Session, core: Core, key: Key | None, row: Mapping[str, Any]) -> bool:
    """Whether one event or fact is of somebody who was erased.

    Args:
        session: A transaction.
        core: The store.
        key: Its identifiers, kind and source; None where no identifier is left.
        row: Its columns in the log.

    Raises:
        ArgumentError: If something is suppressed, and the store was opened without its key.
    """
    if key is None:
        return False
    identifiers, events = _any(session)
    if identifiers:
        hashes = _marks(key, _readers(session), _right(session, core))
        if hashes and _known(session, "suppressed", hashes):
            return True
    return bool(events) and bool(_known(session, "erased", [mark(key, row, _right(session, core))]))


def refused_rows(
    session: Session,
    core: Core,
    keys: Sequence[Key | None],
    *,
    which: Ints,
    rows: Sequence[Mapping[str, Any]],
) -> Bools:
    """Which rows (n,) are of somebody who was erased.

    Args:
        session: A transaction.
        core: The store.
        keys: (b,) identifiers, kind and source of each distinct bundle.
        which: (n,) the bundle of each row.
        rows: (n,) their columns in the log.

    Raises:
        ArgumentError: If something is suppressed, and the store was opened without its key.
    """
    out = np.zeros(len(rows), dtype=bool)
    identifiers, events = _any(session)
    if identifiers:
        gone = np.zeros(len(keys) + 1, dtype=bool)  # the last one: a row without a bundle
        readers, key = _readers(session), _right(session, core)
        made = [[] if held is None else _marks(held, readers, key) for held in keys]
        known = _known(session, "suppressed", sorted({one for marks in made for one in marks}))
        gone[:-1] = [not known.isdisjoint(marks) for marks in made]
        out |= gone[np.asarray(which, dtype=np.int64)]
    if events:
        left = [n for n in np.flatnonzero(~out).tolist() if keys[int(which[n])] is not None]
        own = _right(session, core)
        marks = [mark(_told(keys[int(which[n])]), rows[n], own) for n in left]
        known = _known(session, "erased", marks)
        out[[n for n, one in zip(left, marks, strict=True) if one in known]] = True
    return out


def forgotten(session: Session, core: Core) -> Forgotten | None:
    """The suppression list as a value, for `resolve(forgotten=)`; None where nobody is on it."""
    hashes = [held.hex().encode() for (held,) in session.all(_ALL)]
    check = _held(session, CHECK)
    if check is None or not hashes:
        return None
    rules = _rules(_held(session, RULES) or "[]")
    return Forgotten(np.array(hashes, dtype=f"S{2 * SIZE}"), rules, check, core.key)


def suppress(session: Session, core: Core, several: Iterable[tuple[IdentifierType, str]]) -> int:
    """Put identifiers in their normal form on the list; how many they are.

    Raises:
        ArgumentError: If the store was opened without a key.
    """
    return take(session, core, Forgotten.of(several, key=secret(core)))


def take(session: Session, core: Core, made: Forgotten, events: Iterable[bytes] = ()) -> int:
    """Put hashes of identifiers and of events on the list; how many identifiers they are.

    Raises:
        ArgumentError: If the store was opened without a key, or with another one than theirs.
    """
    opened(session, secret(core))
    if Forgotten.of([], key=secret(core)).check != made.check:
        raise ArgumentError(
            "Store.suppress: what was made with another key than that of this store, so none of "
            "them would be known here. Open the store with the key of the one that gave the list."
        )
    if _held(session, CHECK) is None:
        session.run(_ADD_META, of=CHECK, held=made.check)
    _put_rules(session, RULES, made.rules)
    hashes = [bytes.fromhex(held.decode()) for held in made.hashes.tolist()]
    session.many(_ADD["suppressed"], [{"hashed": held} for held in hashes])
    session.many(_ADD["erased"], [{"hashed": held} for held in events])
    return len(hashes)


def spare(session: Session, core: Core, several: Iterable[tuple[IdentifierType, str]]) -> None:
    """Note identifiers in their normal form that are never to be suppressed: others have them."""
    key, told = secret(core), list(several)
    if not told:
        return
    made = Forgotten.of(told, key=key)
    opened(session, core.key)
    if _held(session, CHECK) is None:
        session.run(_ADD_META, of=CHECK, held=made.check)
    _put_rules(session, RULES, made.rules)
    marks = sorted({_spared(key, kind.name, value) for kind, value in told})
    session.many(_ADD["erased"], [{"hashed": held} for held in marks])


def spared(session: Session, core: Core, keys: Iterable[Key]) -> set[tuple[int, str]]:
    """Which identifiers of some bundles are never to be suppressed: position of type, normal form.

    They are read by each rule that their types had when they were noted.
    """
    said = _held(session, RULES)
    if said is None:
        return set()
    key, readers, names = secret(core), _readers_of(said), core.policy.names
    asked: dict[bytes, set[tuple[int, str]]] = {}
    for customer, given, kind, source, _ in keys:
        whole = given if customer is None else (*given, (CUSTOMER, (customer,)))
        for name, values in whole:
            for value in values if name in names else ():
                one: Key = (None, ((name, (value,)),), kind, source, None)
                normal = set(core.naming.identifiers(one))
                for read, per_source in readers.get(name, ()):
                    old = read(value)
                    if old is not None and normal:
                        old = located(old, source) if per_source else old
                        asked.setdefault(_spared(key, name, old), set()).update(normal)
    known = _known(session, "erased", sorted(asked))
    return {name for mark in known for name in asked[mark]}


def _spared(key: str, name: str, value: str) -> bytes:
    said = f"{name}\x1f{value}".encode()
    made = hashlib.blake2b(said, key=key.encode(), digest_size=SIZE, person=SPARED)
    return made.digest()


def _put_rules(session: Session, name: str, more: Iterable[Rule]) -> None:
    """Say by which rules hashes were made, besides those that are said already."""
    known = _held(session, name)
    said = json.dumps(sorted({*_rules(known or "[]"), *more}), ensure_ascii=False)
    if said != known:
        session.run(_ADD_META if known is None else _SET_META, of=name, held=said)


def suppress_events(
    session: Session, core: Core, several: Iterable[tuple[Key, Mapping[str, Any]]]
) -> int:
    """Put events without an identifier that tells whose they are on the list; how many they are."""
    key = secret(core)
    marks = sorted({mark(bundle, row, key) for bundle, row in several})
    session.many(_ADD["erased"], [{"hashed": held} for held in marks])
    return len(marks)


def events(session: Session) -> list[bytes]:
    """The hashes of events that are on the list."""
    return [bytes(held) for (held,) in session.all(_EVENTS)]


def identifiers_of(session: Session, core: Core, keys: Iterable[Key]) -> set[Key]:
    """The identifiers of some bundles that are on the list, each as a key of its own."""
    known = {bytes(held) for (held,) in session.all(_ALL)}
    readers, key = _readers(session), secret(core)
    out = set()
    for held in keys:
        if known.isdisjoint(_marks(held, readers, key)):
            continue
        customer, given, kind, source, _ = held
        single = [(None, ((name, (value,)),)) for name, several in given for value in several]
        for who, one in [*single, *([] if customer is None else [(customer, ())])]:
            alone: Key = (who, one, kind, source, None)
            if not known.isdisjoint(_marks(alone, readers, key)):
                out.add(alone)
    return out


def opened(session: Session, key: str | None) -> None:
    """Refuse another key than that with which the list was made.

    Raises:
        ArgumentError: If it is another one.
    """
    check = _held(session, CHECK)
    if key is not None and check is not None and Forgotten.of([], key=key).check != check:
        raise ArgumentError(
            "Store: key is not the one with which people were erased here, so none of them would "
            "be known again. Open it with that key."
        )


def secret(core: Core) -> str:
    """The key of the list.

    Raises:
        ArgumentError: If the store was opened without one.
    """
    if core.key is None:
        raise ArgumentError(
            "Store: no key. Who was erased is known by hashes that only a key can make: open it "
            "with one, Store(url, key=...), a secret string of 1 to 64 bytes, kept where the "
            "database is not, and always the same."
        )
    return core.key


def _right(session: Session, core: Core) -> str:
    """The key, which is that of the list: another process may have been the first to erase."""
    key = secret(core)
    if CHECK not in core.known:  # once somebody is on the list it is never another one
        opened(session, key)
        core.known[CHECK] = True
    return key


def mark(key: Key, row: Mapping[str, Any], secret: str) -> bytes:
    """The keyed hash of an event: of its key, if it has an id, or of all that it holds.

    Its identifiers are part of it: an id that others use too does not take their events along.
    """
    customer, given, kind, source, _ = key
    held = [row[name] for name in CONTENT] if row["key"] is None else [row["key"]]
    if customer is not None:  # an identifier like the others, however it was given
        given = tuple(sorted((*given, (CUSTOMER, (customer,)))))
    said = json.dumps([given, kind, source, held])
    made = hashlib.blake2b(said.encode(), key=secret.encode(), digest_size=SIZE, person=EVENT)
    return made.digest()


def _told(key: Key | None) -> Key:
    assert key is not None
    return key


def _any(session: Session) -> tuple[Any, ...]:
    return session.one(_ANY) or (False, False)


def _marks(key: Key, readers: Readers, secret: str) -> list[bytes]:
    """The hashes of the identifiers of a bundle, read by each rule that its types ever had."""
    customer, given, _, source, _ = key
    whole = given if customer is None else (*given, (CUSTOMER, (customer,)))
    out = []
    for name, values in whole:
        for read, per_source in readers.get(name, ()):
            for value in values:
                normal = read(value)
                if normal is not None:
                    normal = located(normal, source) if per_source else normal
                    out.append(bytes.fromhex(hash_of(secret, name, normal).decode()))
    return out


def _known(session: Session, table: str, hashes: Sequence[bytes]) -> set[bytes]:
    """Those of some hashes that a table holds."""
    out: set[bytes] = set()
    for asked in _pieces(hashes):
        wide = FEW if len(asked) <= FEW else WIDE
        values = {f"h{at}": asked[min(at, len(asked) - 1)] for at in range(wide)}
        out.update(bytes(held) for (held,) in session.all(_ASK[table, wide], **values))
    return out


def _pieces(hashes: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(hashes), WIDE):
        yield hashes[start : start + WIDE]


def _held(session: Session, name: str) -> str | None:
    found = session.one(_META, of=name)
    return None if found is None else str(found[0])


def _rules(said: str) -> tuple[Rule, ...]:
    return tuple((str(a), str(b), str(c), bool(d)) for a, b, c, d in json.loads(said))


def _readers(session: Session) -> Readers:
    return _readers_of(_held(session, RULES) or "[]")


@lru_cache(maxsize=16)  # a rule is read at each event
def _readers_of(said: str) -> Readers:
    out: dict[str, list[tuple[Any, bool]]] = {}
    for name, normalise, region, per_source in _rules(said):
        kind = IdentifierType(name, rank=1, normalise=normalise, region=region or None)
        out.setdefault(name, []).append((kind.reader(), per_source))
    return out
