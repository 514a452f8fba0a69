"""Naming many: the nodes of many bundles at once, those that are new with a number.

    [(5, "ann@x.org"), (7, "c1")], [(7, "c1")]    ->    [1, 2], [2]

Nodes are found by hash, and the text decides.
"""

from collections.abc import Sequence

from sqlalchemy import func, select

from onefold.identity.people import named
from onefold.identity.policy import IdentityPolicy
from onefold.store.core import Core
from onefold.store.database import Among, Query, Session
from onefold.store.escaping import escaped, unescaped
from onefold.store.pouring import pour
from onefold.store.rows import node_hash
from onefold.store.schema import nodes

Name = tuple[int, str]  # position of the type, normal value

KNOWN = Query(
    select(nodes.c.node, nodes.c.type, nodes.c.value).where(Among(nodes.c.hash, "hashes"))
)
LAST = Query(select(func.max(nodes.c.node)))
ALIAS = slice(1, 16)  # of an id, without its first letter: 60 bits


def nodes_of(session: Session, core: Core, several: Sequence[Sequence[Name]]) -> list[list[int]]:
    """The numbers of the identifiers of each of some bundles; new ones are stored, in order."""
    hashes = {
        name: node_hash(*name, core.salt) for name in dict.fromkeys(n for s in several for n in s)
    }
    number: dict[Name, int] = {}
    if hashes:
        for node, at, value in session.all(KNOWN, hashes=session.several(hashes.values())):
            number[at, unescaped(value)] = node
    new = [name for name in hashes if name not in number]
    if new:
        row = session.one(LAST)
        start = 1 if row is None or row[0] is None else row[0] + 1
        number.update((name, start + at) for at, name in enumerate(new))
        aliases = aliases_of(core.policy, new)
        pour(
            session,
            nodes,
            (
                (number[name], hashes[name], name[0], escaped(name[1]), alias)
                for name, alias in zip(new, aliases, strict=True)
            ),
        )
    return [[number[name] for name in names] for names in several]


def aliases_of(policy: IdentityPolicy, names: Sequence[Name]) -> list[int]:
    """The beginning of the id that each identifier gives, as a number."""
    by_type: dict[int, list[str]] = {}
    for at, value in names:
        by_type.setdefault(at, []).append(value)
    ids = {
        at: iter(named(policy.types[at].name, values, key=policy.key))
        for at, values in by_type.items()
    }
    return [int(next(ids[at])[ALIAS], 16) for at, _ in names]
