"""Carrying: the suppression list of one database, taken into another.

Who restores a backup has the people in it again who were erased since. The list tells who they
are without naming them:

    said = store.forgotten()    restored.suppress(said)  ==  restored.forget(each of them)

It is kept as text, apart from the backups, and tells nothing to who has not the key.
"""

import json
from typing import Any

import attrs
import numpy as np
from sqlalchemy import select

from onefold import _time
from onefold._columns import frozen
from onefold._types import Array
from onefold.errors import ArgumentError
from onefold.identity.forgotten import SIZE, Forgotten
from onefold.identity.heard import Key, shortened
from onefold.store import suppression
from onefold.store.certificate import Certificate
from onefold.store.core import Core
from onefold.store.database import Query, Session
from onefold.store.erasing import cleared, erased, going_of, going_rows
from onefold.store.finding import node_at
from onefold.store.restricting import own_nodes
from onefold.store.rows import SELECTED, identity_key
from onefold.store.schema import CONTESTED, bundles, log

PIECE = 50_000  # rows that are looked at together
AT = {column.name: at for at, column in enumerate(SELECTED)}
KEYS = ("customer", "kind", "source", "given")
_BUNDLES = Query(
    select(*(bundles.c[name] for name in KEYS))
    .where(bundles.c.hash.isnot(None))
    .order_by(bundles.c.bundle)
)
_EVERY = Query(
    select(*SELECTED).join(bundles, bundles.c.bundle == log.c.bundle).order_by(log.c.seq)
)


def _hashes(value: Any) -> Array:
    return frozen(np.unique(np.asarray(value, dtype=f"S{2 * SIZE}")))


@attrs.frozen(eq=False, repr=False)
class Suppressed:
    """Who and what is not taken in again, by keyed hashes; made by `Store.forgotten`.

    Attributes:
        identifiers: Those of people who were erased, as `onefold.identity.Forgotten`.
        events: (n,) hashes of events of theirs that came with none of these, in hexadecimal digits.
    """

    identifiers: Forgotten
    events: Array = attrs.field(converter=_hashes)

    def to_json(self) -> str:
        """All of it as a JSON object, without the key."""
        held = {
            "identifiers": [one.decode() for one in self.identifiers.hashes.tolist()],
            "rules": self.identifiers.rules,
            "check": self.identifiers.check,
            "events": [one.decode() for one in self.events.tolist()],
        }
        return json.dumps(held, ensure_ascii=False)

    @classmethod
    def from_json(cls, said: str) -> "Suppressed":
        """What `to_json` gave.

        Raises:
            ArgumentError: If it is something else.
        """
        try:
            held = json.loads(said)
            rules = tuple((str(a), str(b), str(c), bool(d)) for a, b, c, d in held["rules"])
            hashes, events = (
                np.array([bytes.fromhex(one).hex() for one in held[name]], dtype=f"S{2 * SIZE}")
                for name in ("identifiers", "events")
            )
            return cls(Forgotten(hashes, rules, str(held["check"])), events)
        except (ValueError, TypeError, KeyError) as error:
            raise ArgumentError(
                "Suppressed.from_json: said is not what to_json gave "
                f"({type(error).__name__}: {error})."
            ) from None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Suppressed):
            return NotImplemented
        return self.identifiers == other.identifiers and np.array_equal(self.events, other.events)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Suppressed({len(self.identifiers):,} identifiers, {len(self.events):,} events)"


def forgotten(core: Core) -> Suppressed:
    """The list of a store.

    Raises:
        ArgumentError: If there is none, for it was never opened with a key.
    """
    with core.database.reading() as session:
        held = suppression.forgotten(session, core)
        events = [one.hex() for one in suppression.events(session)]
    if held is None:
        held = Forgotten.of([], key=suppression.secret(core))
    return Suppressed(held, events)


def suppress(core: Core, what: Any, *, time: Any = None) -> tuple[Certificate, ...]:
    """Take in a list, and erase whoever of it is there: one transaction.

    Args:
        core: The store, opened with the key of the one that gave the list.
        what: The list.
        time: When it was done; it is kept in the certificates.

    Returns:
        A certificate for each person; and one for single rows, where some of the list were left.

    Raises:
        ArgumentError: If it is none, or was made with another key.
        StoreError: If the database refuses; nothing is erased then.
    """
    if not isinstance(what, Suppressed):
        raise ArgumentError(
            f"Store.suppress: what is a {type(what).__name__}; it takes what store.forgotten() "
            "gives, or Suppressed.from_json(text)."
        )
    moment = None if time is None else _time.instant(time, "Store.suppress: time")
    events = [bytes.fromhex(one.decode()) for one in what.events.tolist()]
    with core.writing() as session:
        suppression.take(session, core, what.identifiers, events)
        made = _people(session, core, moment)
        left = _left(session, core)
        if left:
            made.append(erased(session, core, going_rows(session, left), time=moment))
    return tuple(cleared(core, held) for held in made)


def _people(session: Session, core: Core, moment: np.datetime64 | None) -> list[Certificate]:
    """Erase each person of whom an identifier is on the list; they are few since a backup."""
    rows = (_key(row) for rows in session.each(_BUNDLES) for row in rows)
    listed = suppression.identifiers_of(session, core, (key for key in rows if key is not None))
    several = [one for alone in listed for one in core.naming.identifiers(alone)]
    made = []
    for position, value in sorted(several):
        row = node_at(session, core, position, value)
        if row is None:  # it went with one before it
            continue
        node, _, _, person, flags, _ = row
        own = [] if flags & CONTESTED else own_nodes(session, person)
        whose = person if own else None
        made.append(
            erased(session, core, going_of(session, core, whose, own or [node]), time=moment)
        )
    return made


def _left(session: Session, core: Core) -> list[Any]:
    """The rows that would not be taken in, and are there."""
    out = []
    for rows in session.each(_EVERY, size=PIECE):
        keys: dict[tuple[Any, ...], int] = {}
        which = []
        for row in rows:
            given = tuple(row[-len(KEYS) :])
            which.append(keys.setdefault(given, len(keys)))
        told = [_key(given) for given in keys]
        held = [{name: row[at] for name, at in AT.items()} for row in rows]
        gone = suppression.refused_rows(session, core, told, which=np.array(which), rows=held)
        out += [rows[n] for n in np.flatnonzero(gone).tolist()]
    return out


def _key(row: Any) -> Key | None:
    """The identifiers of a bundle, those that are too long left out."""
    read = identity_key(row)
    return None if read is None else shortened(read)
