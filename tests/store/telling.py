"""What a store tells of who is who, and what `resolve` tells of the same events."""

from typing import Any

import attrs
import numpy as np
from sqlalchemy import text

from onefold import EventLog
from onefold.identity import resolve
from onefold.identity.bundles import NOBODY
from onefold.identity.graph import components
from onefold.store.schema import CONTESTED, GIANT, MIXED, SHARED
from onefold.store.store import Store


def opened(policy, url="sqlite://"):
    """The core of an empty store."""
    return Store(url, policy=policy, durable="process")._core


def told(core, words):
    """The rows of a plain question."""
    with core.database.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(words))]
        connection.rollback()
    return rows


@attrs.frozen
class Told:
    """Of each identifier (anchor, lump, flags); of each row of the log whose it is."""

    nodes: dict
    rows: list


def of_store(core):
    """What is stored, without numbers."""
    names = {n: (core.policy.types[t].name, v) for n, t, v in told(core, NODES)}
    held = told(core, "SELECT node, lump, person, flags FROM places")
    lumps: dict[int, set[int]] = {}
    for node, lump, _, _ in held:
        lumps.setdefault(lump, set()).add(node)
        assert lump <= node and lump in {row[0] for row in held}
    nodes = {
        names[node]: (names[person], frozenset(names[n] for n in lumps[lump]), flags)
        for node, lump, person, flags in held
    }
    assert len(nodes) == len(names)
    rows = [
        (seen, first, names.get(person), None if flags is None else flags & MIXED)
        for seen, first, person, flags in told(core, ROWS)
    ]
    return Told(nodes, sorted(rows, key=repr))


NODES = "SELECT node, type, value FROM nodes"
ROWS = (
    "SELECT log.seen, first, person, flags FROM log "
    "LEFT JOIN evidence ON evidence.bundle = log.bundle"
)


def of_log(events, policy):
    """The same by the batch, of the rows that a store keeps."""
    who = resolve(EventLog.from_events(events), policy)
    p, seen = who.partition, who.seen
    name = [p.nodes.name(node) for node in range(len(p.nodes))]
    free = ~(p.demoted[p.edges.strong] | p.demoted[p.edges.weak])
    label = components(len(name), (p.edges.strong[free], p.edges.weak[free]))
    flags = SHARED * p.demoted + CONTESTED * p.contested + GIANT * p.giant
    nodes = {
        name[n]: (
            name[p.anchor[p.person[n]]],
            frozenset(name[m] for m in np.flatnonzero(label == label[n])),
            int(flags[n]),
        )
        for n in range(len(name))
    }
    firsts: dict[tuple[Any, ...], int] = {}
    rows, keys = [], []
    for event, time in zip(events, seen.time.view(np.int64).tolist(), strict=True):
        key = (event.customer, event.event, event.source, repr(sorted(event.identifiers.items())))
        firsts[key] = min(firsts.get(key, time), time)
        keys.append(key)
    for key, row, time in zip(
        keys, seen.row.tolist(), seen.time.view(np.int64).tolist(), strict=True
    ):
        if row < 0:
            rows.append((time, None, None, None))
            continue
        members = [m for m in seen.members[row].tolist() if m != NOBODY]
        clear = [m for m in members if not p.contested[m]]
        person = name[p.anchor[p.person[clear[0]]]] if clear else None
        rows.append((time, firsts[key], person, MIXED * (len(clear) < len(members))))
    return Told(nodes, sorted(rows, key=repr))
