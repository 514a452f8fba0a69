"""Rows put into a store as they are, without asking who is who: for tests of reading."""

from sqlalchemy import bindparam, delete, insert

from onefold.store import meta
from onefold.store.database import Query
from onefold.store.rows import bundle_hash, log_rows, log_types
from onefold.store.schema import bundles
from onefold.store.schema import log as log_table

BUNDLE = Query(insert(bundles).values({c.name: bindparam(c.name) for c in bundles.c}))
ROW = Query(insert(log_table).values({c.name: bindparam(c.name) for c in log_table.c}))
WIPES = [Query(delete(table)) for table in (bundles, log_table)]


def fill(store, log):
    """Append a log, each bundle of it as a new one."""
    core = store._core
    keys, which, rows = log_rows(log)
    with core.database.writing() as session:
        meta.learn(core, session, log_types(log), currency=log.currency)
        last = store_end(session)
        session.many(
            BUNDLE,
            [
                {"bundle": last + at, "hash": bundle_hash(key, core.salt), **said(key)}
                for at, key in enumerate(keys, 1)
            ],
        )
        numbered = enumerate(zip(which.tolist(), rows, strict=True), 1)
        session.many(
            ROW, [{"seq": last + at, "bundle": last + of + 1, **row} for at, (of, row) in numbered]
        )


def said(key):
    return dict(zip(("customer", "kind", "source", "given"), key, strict=True))


def store_end(session):
    from onefold.store.logs import LAST

    return session.one(LAST)[0] or 0


def wipe(store):
    """Leave nothing of the log, and of what is known of types and currency."""
    with store._core.database.writing() as session:
        for query in WIPES:
            session.run(query)
        for name in [n for n, _ in session.all(meta.ALL) if n.startswith(meta.TYPE)]:
            session.run(meta.DROP, name=name)
        session.run(meta.DROP, name="currency")
    store._core.known.clear()
