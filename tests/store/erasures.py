"""What a store holds, without its numbers, so that two can be compared."""

from typing import Any

from sqlalchemy import text

from onefold import IdentityPolicy
from onefold.identity.naming import Naming
from onefold.store.core import Core
from onefold.store.database import Database
from onefold.store.schema import MADE, TRUTH

KEY = "a secret"
ROWS = (
    "SELECT log.seq, bundles.customer, bundles.kind, bundles.source, bundles.given, log.seen, "
    "log.time, log.received, log.key, log.item, log.channel, log.value, log.quantity, log.basket, "
    "log.id, log.local, log.properties, log.name, log.text, log.number, "
    "evidence.first, evidence.person, evidence.flags, superseded.seq "
    "FROM log JOIN bundles ON bundles.bundle = log.bundle "
    "LEFT JOIN evidence ON evidence.bundle = log.bundle "
    "LEFT JOIN superseded ON superseded.seq = log.seq"
)


def opened(policy: IdentityPolicy, url: str | None = None, *, key: str | None = KEY) -> Core:
    """An empty store."""
    database = Database(url, durable="process", timeout=5.0)
    for tables in (TRUTH, MADE):
        tables.drop_all(database.engine)
        tables.create_all(database.engine)
    return Core(database, policy, Naming(policy), b"salt", (), None, key)


def told(core: Core, words: str) -> list[tuple[Any, ...]]:
    """The rows of a plain question."""
    with core.database.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(words))]
        connection.rollback()
    return rows


def held(core: Core) -> dict[str, Any]:
    """All that a store holds of events and of who is who, by names instead of numbers."""
    names = {
        n: (kind, value)
        for n, kind, value in told(core, "SELECT node, type, value FROM nodes")
        if value is not None
    }
    lumps: dict[int, set[Any]] = {}
    rows = told(core, "SELECT node, lump, person, flags FROM places")
    for node, lump, _, _ in rows:
        lumps.setdefault(lump, set()).add(names[node])
    places = {
        names[node]: (sorted(lumps[lump]), names[person], flags)
        for node, lump, person, flags in rows
    }
    assert set(places) == set(names.values())
    given = {
        number: row
        for number, *row in told(core, "SELECT bundle, customer, kind, source, given FROM bundles")
        if row[-1] is not None
    }
    members = [
        (names[node], *given[bundle])
        for node, bundle in told(core, "SELECT node, bundle FROM members")
    ]
    evidence = [
        (*given[bundle], first, names.get(person), flags)
        for bundle, first, person, flags in told(core, "SELECT * FROM evidence")
    ]
    log = [
        (*row[1:-3], names.get(row[-3]), row[-2], row[-1] is not None) for row in told(core, ROWS)
    ]
    counted = told(core, "SELECT count(*) FROM log WHERE bundle IS NOT NULL")[0][0]
    assert counted == len(log)
    return {
        "places": places,
        "bundles": sorted(given.values(), key=repr),
        "members": sorted(members, key=repr),
        "evidence": sorted(evidence, key=repr),
        "log": sorted(log, key=repr),
    }


def copied(core: Core, other: Core) -> None:
    """Give another store the suppression list of a store."""
    marks = ("SELECT hash FROM suppressed", "SELECT hash FROM erased")
    said = [(name, value) for name, value in told(core, "SELECT name, value FROM meta")]
    with other.database.engine.connect() as connection:
        for table, words in zip(("suppressed", "erased"), marks, strict=True):
            for (mark,) in told(core, words):
                connection.execute(
                    text(f"INSERT INTO {table} VALUES (:mark)"), {"mark": bytes(mark)}
                )
        for name, value in said:
            connection.execute(text("INSERT INTO meta VALUES (:n, :v)"), {"n": name, "v": value})
        connection.commit()
