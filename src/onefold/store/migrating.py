"""Migrating: a database of an older version becomes one of this version, or is refused.

`STEPS[n]` leads the tables of the truth from version n to n + 1; each step is one transaction,
together with the version, so that who is killed between two goes on from there. Derived tables
are never migrated: they are made anew from the truth.

    schema 1 --STEPS[1]--> 2 --STEPS[2]--> 3        derived 1 -> made anew -> 3

But for the numbers of identifiers, by which decisions and restrictions name customers: so `nodes`
always has `node`, `type` and `value`, and `members` has `node` and `bundle`.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import text

from onefold.errors import StoreError
from onefold.store.core import Core
from onefold.store.database import Query, Session
from onefold.store.schema import DERIVED, MADE, SCHEMA

Step = Callable[[Core, Session], None]
Remake = Callable[[Core, Session], object]  # fills the derived tables; identifiers are numbered
STEPS: dict[int, Step] = {}  # from which version: what changes the tables of the truth
VERSIONS = Query(text("SELECT name, value FROM meta WHERE name IN ('schema', 'derived')"))
NUMBERED = {"nodes": "node, type, value", "members": "node, bundle"}
SAY = Query(text("UPDATE meta SET value = :value WHERE name = :name"))


def is_old(held: Mapping[str, str]) -> bool:
    """Whether something of a database is of an older version than this library's."""
    return int(held["schema"]) < SCHEMA or int(held["derived"]) < DERIVED


def check(held: Mapping[str, str], migrate: bool) -> None:
    """Refuse a newer database, and an older one that nobody has asked to migrate."""
    for what, ours in (("schema", SCHEMA), ("derived", DERIVED)):
        if int(held[what]) > ours:
            raise StoreError(
                f"Store: the database is of version {held[what]} ({what}), and this onefold knows "
                f"versions up to {ours}. Nothing was changed. Install a newer onefold."
            )
    if is_old(held) and not migrate:
        raise StoreError(
            f"Store: the database is of version {held['schema']}.{held['derived']}, and this "
            f"onefold's is {SCHEMA}.{DERIVED}. Nothing was changed. Make a copy of it, let no "
            "older onefold use it any more, and open it with Store(url, migrate=True)."
        )


def migrate(core: Core, remake: Remake) -> None:
    """Lead a database to this version, step by step."""
    while _one_step(core, remake):
        pass


def _one_step(core: Core, remake: Remake) -> bool:
    """The next step, in a transaction of its own; whether there may be one more."""
    with core.database.writing() as session:
        held: dict[str, str] = dict(session.all(VERSIONS))
        version = int(held["schema"])
        if version < SCHEMA:
            STEPS[version](core, session)
            session.run(SAY, name="schema", value=str(version + 1))
            return True
        if int(held["derived"]) < DERIVED:
            _anew(session)
            remake(core, session)
            session.run(SAY, name="derived", value=str(DERIVED))
    return False


def _anew(session: Session) -> None:
    """Make the derived tables as they are now, in which only the identifiers have numbers."""
    for name, columns in NUMBERED.items():
        session.run(Query(text(f"CREATE TABLE kept_{name} AS SELECT {columns} FROM {name}")))
    MADE.drop_all(session.connection)
    MADE.create_all(session.connection)
    for name, columns in NUMBERED.items():
        said = f"INSERT INTO {name} ({columns}) SELECT {columns} FROM kept_{name}"
        session.run(Query(text(said)))
        session.run(Query(text(f"DROP TABLE kept_{name}")))
