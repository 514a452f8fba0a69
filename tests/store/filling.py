"""Filling: the tables of a store as its content determines them, written the plain way.

Everything is computed by `resolve` from the whole log. It is slow, and it is what the store's own
ways of writing are held against.
"""

import numpy as np
from sqlalchemy import insert

from onefold.events.tables import EVIDENCE
from onefold.identity import people, resolve
from onefold.identity.bundles import NOBODY
from onefold.identity.dividing import _counting, _stated, no_rows, numbered
from onefold.identity.graph import components
from onefold.store import meta, schema
from onefold.store.database import Query
from onefold.store.rows import (
    CONTENT,
    SELECTED,
    bundle_hash,
    log_rows,
    log_types,
    node_hash,
    to_log,
)


def fill(core, log):
    """Write a log into an empty store, once each row, and all that is made of it."""
    tables = filled(core, log)
    with core.database.writing() as session:
        meta.learn(core, session, log_types(log), currency=log.currency)
        for name, rows in tables.items():
            if rows:
                table = getattr(schema, name)
                session.many(Query(insert(table)), [dict(row) for row in rows])


def filled(core, log):
    """The rows of each table, by name."""
    keys, which, rows = log_rows(log)
    known: set[tuple] = set()
    stored: list[dict] = []
    for bundle, row in zip(which.tolist(), rows, strict=True):
        said = (bundle, *(row[name] for name in CONTENT))
        if said not in known:
            known.add(said)
            stored.append({"seq": len(stored) + 1, "bundle": bundle + 1, **row})
    bundles = [
        {
            "bundle": at,
            "hash": bundle_hash(key, core.salt),
            **dict(zip(("customer", "kind", "source", "given"), key, strict=True)),
        }
        for at, key in enumerate(keys, 1)
    ]
    out = {"bundles": bundles, "log": stored}
    return {**out, **derived(core, bundles, stored)} if stored else out


def derived(core, bundles, stored):
    """The rows of the tables that are made of the truth, by name."""
    by_number = {bundle["bundle"]: bundle for bundle in bundles}
    several = [{**by_number[row["bundle"]], **row} for row in stored]
    log = to_log([[row[c.name] for c in SELECTED] for row in several], currency=None)
    who = resolve(log, core.policy)
    numbers = list(range(len(who.nodes), 0, -1))  # so that no order of nodes is that of values
    return {
        **_people(core, who, numbers),
        **_evidence(who, numbers, stored),
        "superseded": [{"seq": stored[at]["seq"]} for at in _superseded(who, log)],
    }


def _people(core, who, numbers):
    part, nodes = who.partition, who.nodes
    every = np.arange(len(nodes))
    names = people.ids(nodes, every, key=core.policy.key)
    edges = part.edges
    free = ~(part.demoted[edges.strong] | part.demoted[edges.weak])
    lump = components(len(nodes), (edges.strong[free], edges.weak[free]))
    least: dict[int, int] = {}
    for at, number in enumerate(numbers):
        least[lump[at]] = min(number, least.get(lump[at], number))
    flags = (
        part.demoted * schema.SHARED + part.contested * schema.CONTESTED + part.giant * schema.GIANT
    )
    types = nodes.type.tolist()
    rows, places = [], []
    for at, number in enumerate(numbers):
        value = nodes.name(at)[1]
        rows.append(
            {
                "node": number,
                "hash": node_hash(types[at], value, core.salt),
                "type": types[at],
                "value": value,
                "alias": int(names[at][1:16], 16),
            }
        )
        places.append(
            {
                "node": number,
                "lump": least[lump[at]],
                "person": numbers[part.anchor[part.person[at]]],
                "flags": int(flags[at]),
            }
        )
    return {"nodes": rows, "places": places}


def _evidence(who, numbers, stored):
    part, seen = who.partition, who.seen
    members, evidence = [], []
    first: dict[int, int] = {}
    at_bundle: dict[int, int] = {}
    for at, row in enumerate(stored):
        bundle = row["bundle"]
        first[bundle] = min(row["seen"], first.get(bundle, row["seen"]))
        at_bundle.setdefault(bundle, at)
    for bundle, at in at_bundle.items():
        if seen.row[at] < 0:
            continue
        held = [n for n in seen.members[seen.row[at]].tolist() if n != NOBODY]
        clear = [n for n in held if not part.contested[n]]
        members += [{"node": numbers[n], "bundle": bundle} for n in held]
        person = numbers[part.anchor[part.person[min(clear)]]] if clear else None
        flags = schema.MIXED if len(clear) < len(held) else 0
        evidence.append(
            {"bundle": bundle, "first": first[bundle], "person": person, "flags": flags}
        )
    return {"members": members, "evidence": evidence}


def _superseded(who, log):
    rows = numbered(log, np.arange(len(log.events) + len(log.facts)))
    owner = who.owned.owner
    out = []
    for table, counted in (("events", _counting), ("facts", _stated)):
        some, none = getattr(rows, table), getattr(no_rows(), table)
        at = some.array(EVIDENCE)
        own = owner[at] >= 0
        counts = counted([none, some], [np.zeros(0, dtype=bool), own])[1]
        out += at[own & ~counts].tolist()
    return out
