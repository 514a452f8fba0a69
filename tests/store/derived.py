"""What a store has made of its log, beside what `resolve` says of the whole log at once."""

import numpy as np
from sqlalchemy import select

from onefold.identity import resolve
from onefold.identity.attribution import owners_of_rows
from onefold.identity.graph import components
from onefold.identity.people import named
from onefold.store.database import Query
from onefold.store.rows import identity_key
from onefold.store.schema import CONTESTED, GIANT, SHARED, bundles, evidence, log, nodes, places

PLACED = Query(
    select(nodes.c.node, nodes.c.type, nodes.c.value, nodes.c.alias)
    .add_columns(places.c.lump, places.c.person, places.c.flags)
    .join(places, places.c.node == nodes.c.node)
)
OWNED = Query(
    select(log.c.seen, bundles.c.customer, bundles.c.kind, bundles.c.source, bundles.c.given)
    .add_columns(evidence.c.first, evidence.c.person, evidence.c.flags)
    .join(bundles, bundles.c.bundle == log.c.bundle)
    .outerjoin(evidence, evidence.c.bundle == log.c.bundle)
)


def same_as_resolved(store, whole):
    """Asserts that places and evidence are those of the log, all of it resolved at once."""
    core = store._core
    with core.database.reading() as session:
        placed, owned = session.all(PLACED), session.all(OWNED)
    batch = resolve(whole, core.policy)
    who = batch.partition
    number = {(r[1], r[2]): r[0] for r in placed}
    names = [(core.policy.names.index(k), v) for k, v in map(who.nodes.name, range(len(who.nodes)))]
    assert sorted(number) == sorted(names)
    by_node = {r[0]: r for r in placed}
    mine = [by_node[number[name]] for name in names]
    ids = [named(core.policy.names[at], [v], key=core.policy.key)[0] for at, v in names]
    assert [r[3] for r in mine] == [int(i[1:16], 16) for i in ids]
    anchors = who.anchor[who.person]
    assert [r[5] for r in mine] == [number[names[a]] for a in anchors]
    assert [bool(r[6] & SHARED) for r in mine] == who.demoted.tolist()
    assert [bool(r[6] & CONTESTED) for r in mine] == who.contested.tolist()
    assert [bool(r[6] & GIANT) for r in mine] == who.giant.tolist()
    free = ~(who.demoted[who.edges.strong] | who.demoted[who.edges.weak])
    lump = components(len(who.nodes), (who.edges.strong[free], who.edges.weak[free]))
    least = [min(mine[i][0] for i in np.flatnonzero(lump == lump[n])) for n in range(len(mine))]
    assert [r[4] for r in mine] == least
    _same_owners(batch, owned, names, number)


def _same_owners(batch, owned, names, number):
    """Asserts that each row is whose it is, where its bundle tells."""
    who, seen = batch.partition, batch.seen
    owners = owners_of_rows(seen, who, batch.policy)
    expected = set()
    for at, row in enumerate(seen.row.tolist()):
        members = [] if row < 0 else [n for n in seen.members[row].tolist() if n < len(names)]
        clear = [n for n in members if not who.contested[n]]
        person = number[names[who.anchor[owners[at]]]] if clear else None
        told = frozenset(number[names[n]] for n in members)
        expected.add((told, int(seen.time[at].astype(np.int64)), person))
    assert {(*_told(row, batch.policy, number), row[6]) for row in owned} == expected


def _told(row, policy, number):
    from onefold.identity.naming import Naming

    held = Naming(policy).identifiers(identity_key(row[1:5]))
    return frozenset(number[name] for name in held), row[0]
