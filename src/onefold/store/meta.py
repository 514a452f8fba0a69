"""Meta: what a database says of itself, and how it is opened.

Its versions, the policy, the salt of its hashes, a check of the key once somebody was erased, the
currency, and of which type each property and fact is; only versions and policy ever change.

    schema 1   derived 1   policy {...}   salt 9f...   currency EUR   type:7c... number

Names of properties and facts are there as hashes. Who opens a database only reads, unless it is
new or old; then one transaction holds all others off.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
from sqlalchemy import bindparam, delete, insert, inspect, select, text

from onefold._check import quoted
from onefold._time import MICROSECOND
from onefold.catalog import Catalog
from onefold.errors import ArgumentError, StoreError
from onefold.identity.forgotten import Forgotten
from onefold.identity.kinds import IdentifierType
from onefold.identity.naming import Naming
from onefold.identity.policy import DEFAULT, IdentityPolicy
from onefold.store import migrating
from onefold.store.core import Core
from onefold.store.database import Database, Query, Session
from onefold.store.migrating import Remake
from onefold.store.schema import DERIVED, MADE, SCHEMA, TRUTH
from onefold.store.schema import meta as table
from onefold.traits import Trait

ALL = Query(select(table.c.name, table.c.value))
ONE = Query(select(table.c.value).where(table.c.name == bindparam("name")))
PUT = Query(insert(table).values(name=bindparam("name"), value=bindparam("value")))
# Two who are first at once: the second waits for the first to end, and reads what it said.
IF_NEW = Query(
    text("INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING")
)
DROP = Query(delete(table).where(table.c.name == bindparam("name")))
TYPE = "type:"
OURS = "onefold"
SAID = ("schema", "derived", "policy", "salt")  # by every store


def opened(
    database: Database,
    *,
    policy: IdentityPolicy | None,
    traits: tuple[Trait, ...],
    catalog: Catalog | None,
    key: str | None,
    migrate: bool,
    remake: Remake,
) -> Core:
    """A core of a database, which is made a store where it is empty.

    Args:
        database: Its transactions.
        policy: That of the database, or None; of a new one, whatever it shall have.
        traits: Of profiles.
        catalog: Of items.
        key: Of the suppression list.
        migrate: Whether an older one may be changed.
        remake: Fills derived tables from the log; identifiers there have numbers, and keep them.

    Raises:
        StoreError: If it is of another version, or is no store.
        ArgumentError: If policy or key are not those of the database.
    """
    with database.reading() as session:
        held = _held(session)
    if held is None or migrating.is_old(held):
        with database.writing() as session:
            held = _held(session)  # another process may have been first
            if held is None:
                held = _made(session, policy or DEFAULT)
            else:
                migrating.check(held, migrate)
    migrating.check(held, migrate)
    if key is not None:
        _check_key(held, key)
    chosen = _agreed(policy, held)
    salt = _read(held, "salt", bytes.fromhex)
    core = Core(database, chosen, Naming(chosen), salt, traits, catalog, key, held["policy"])
    if migrating.is_old(held):
        migrating.migrate(core, remake)
    return core


def value(session: Session, name: str) -> str | None:
    """What is said under a name, if anything is."""
    row = session.one(ONE, name=name)
    return None if row is None else str(row[0])


def put(session: Session, name: str, said: str) -> None:
    """Say something under a name, in place of what was said there."""
    session.run(DROP, name=name)
    session.run(PUT, name=name, value=said)


def put_policy(session: Session, policy: IdentityPolicy) -> str:
    """Let the database be under a policy, and give what it says then; the key is not written."""
    said = _policy_text(policy)
    put(session, "policy", said)
    return said


def learn(
    core: Core, session: Session, types: Mapping[str, str], *, currency: str | None = None
) -> None:
    """Take in of which types properties and facts are, and the currency, or refuse.

    Args:
        core: The store.
        session: A transaction that writes, of which this becomes a part.
        types: As `rows.event_types` and `rows.log_types` give them.
        currency: Of a log; None where it tells none.

    Raises:
        ArgumentError: If the store knows another type of one, or another currency.
    """
    known, new = core.known, []
    for name, kind in types.items():
        if name not in known:
            new.append(name)
        elif known[name] != kind:
            raise _other_type(name, kind, known[name])
    for name in sorted(new):  # in one order for all, so that no two wait for each other
        held = _settled(core, session, TYPE + _named(name), name, types[name])
        if held != types[name]:
            raise _other_type(name, types[name], held)
    if currency is not None and known.get("currency") != currency:
        first = _settled(core, session, "currency", "currency", currency)
        if first != currency:
            raise ArgumentError(
                f"Store: amounts are in {currency!r}, and the store's in {first!r}; a store holds "
                "one currency. Convert the amounts first, or take a store for each currency."
            )


def currency_of(core: Core, session: Session) -> str | None:
    """The currency of the amounts, if a log has told one."""
    held: str | None = core.known.get("currency")
    return value(session, "currency") if held is None else held


def states(core: Core, name: str) -> bool:
    """Whether anybody has stated a fact of this name; False if nobody can tell any more."""
    try:
        with core.database.reading() as session:
            return value(session, TYPE + _named("fact:" + name)) is not None
    except StoreError:
        return False


def _settled(core: Core, session: Session, name: str, known_as: str, said: str) -> str:
    """What is said under a name, by whoever was first; nothing else is ever said there.

    What was there before this transaction will stay, and is kept in mind. What this transaction
    says may still be undone.
    """
    held, ours = value(session, name), "said:" + known_as
    if held is None:
        if session.run(IF_NEW, name=name, value=said):
            core.known[ours] = session
        held = value(session, name)
        assert held is not None
    elif core.known.get(ours) is not session:
        core.known.pop(ours, None)
        core.known[known_as] = held
    return held


def _other_type(name: str, kind: str, held: str) -> ArgumentError:
    what, _, called = name.partition(":")
    return ArgumentError(
        f"Store: {what} {called!r} is a {kind} here, and the store knows it as a {held}. Give it "
        "one type for everybody, or another name."
    )


def _named(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=12).hexdigest()


def _held(session: Session) -> dict[str, str] | None:
    """What the database says of itself; None if it is empty."""
    names = set(inspect(session.connection).get_table_names())
    if not names:
        return None
    held: dict[str, str] = dict(session.all(ALL)) if "meta" in names and _is_ours(session) else {}
    if held.get("store") != OURS:
        raise StoreError(
            f"Store: this database has other tables ({quoted(sorted(names))}) and is no store. "
            "Nothing of it was changed. Give the URL of an empty database, or of a store."
        )
    lost = [name for name in SAID if name not in held]
    if lost:
        raise StoreError(
            f"Store: this database says nothing of {quoted(lost)} in its table 'meta', so it was "
            "damaged or changed by hand. Nothing of it was changed. Take its last copy."
        )
    for name in ("schema", "derived"):
        _read(held, name, int)
    return held


def _read(held: Mapping[str, str], name: str, how: Callable[[str], Any]) -> Any:
    try:
        return how(held[name])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(
            f"Store: what this database says of {name!r} in its table 'meta' can't be read "
            f"({type(error).__name__}: {error}), so it was damaged or changed by hand. Nothing of "
            "it was changed. Take its last copy."
        ) from error


def _is_ours(session: Session) -> bool:
    columns = {column["name"] for column in inspect(session.connection).get_columns("meta")}
    return columns == {"name", "value"}


def _made(session: Session, policy: IdentityPolicy) -> dict[str, str]:
    """Make the tables of a new store."""
    TRUTH.create_all(session.connection, checkfirst=False)
    MADE.create_all(session.connection, checkfirst=False)
    held = {
        "store": OURS,
        "schema": str(SCHEMA),
        "derived": str(DERIVED),
        "policy": _policy_text(policy),
        "salt": secrets.token_hex(16),  # nobody shall be able to guess it: no seed of a caller's
    }
    session.many(PUT, [{"name": name, "value": said} for name, said in held.items()])
    return held


def _check_key(held: Mapping[str, str], key: str) -> None:
    """Refuse another key than that of the suppression list, if somebody is on it."""
    if held.get("key", check := Forgotten.of([], key=key).check) != check:
        raise ArgumentError(
            "Store: key is not the one with which people were suppressed in this database. Give "
            "that one: with another the store would not know who was erased."
        )


def _agreed(policy: IdentityPolicy | None, held: Mapping[str, str]) -> IdentityPolicy:
    """The policy of the database, which the caller's must be."""
    stored: IdentityPolicy = _read(held, "policy", _policy_of)
    if policy is None:
        if stored._sealed is not None:
            raise ArgumentError(
                "Store: the policy of this database has a secret key, which is not in it. Give "
                "the policy with its key: Store(url, policy=IdentityPolicy(key=...))."
            )
        return stored
    if policy.version != stored.version:
        raise ArgumentError(
            "Store: policy is another than that of this database. Leave it out, see what would "
            "change and change it: Store(url).adopt(policy)."
        )
    return policy


def _policy_text(policy: IdentityPolicy) -> str:
    held = attrs.asdict(policy.sealed(), recurse=True)
    return json.dumps(held, default=lambda span: int(span / MICROSECOND))


def _policy_of(said: str) -> IdentityPolicy:
    """The policy that was written, spans as microseconds."""
    held: dict[str, Any] = json.loads(said)
    types = [
        IdentifierType(**{**kind, "period": _span(kind["period"])}) for kind in held.pop("types")
    ]
    sealed, session = held.pop("_sealed"), _span(held.pop("session"))
    made = IdentityPolicy(types, session=session, **held)
    return attrs.evolve(made, sealed=sealed) if sealed is not None else made


def _span(micros: int | None) -> Any:
    return None if micros is None else np.timedelta64(micros, "us")
