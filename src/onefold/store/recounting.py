"""Recounting: what rows that are gone had decided for others.

An identifier that served too many may serve few again, and links them then; and a delivery that
another one had superseded counts:

    kiosk: ann, ben, cid, dan (3 allowed)    without ann    kiosk: ben, cid, dan: not shared
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert, select

from onefold.store.core import Core
from onefold.store.database import Among, Query, Session
from onefold.store.escaping import maybe_unescaped
from onefold.store.rows import SELECTED
from onefold.store.schema import bundles, evidence, log, members, nodes, superseded
from onefold.store.superseding import superseded_events, superseded_facts

_OTHER = members.alias("other")
_MET = Query(
    select(_OTHER.c.node, nodes.c.type, bundles.c.kind)
    .select_from(
        members.join(_OTHER, _OTHER.c.bundle == members.c.bundle)
        .join(nodes, nodes.c.node == _OTHER.c.node)
        .join(bundles, bundles.c.bundle == members.c.bundle)
    )
    .where(members.c.node == bindparam("node"), nodes.c.type < bindparam("type"))
)
_TYPES = Query(select(nodes.c.node, nodes.c.type).where(Among(nodes.c.node, "which")))
_COUNTED = select(*SELECTED).select_from(
    log.join(bundles, bundles.c.bundle == log.c.bundle).join(
        evidence, evidence.c.bundle == log.c.bundle
    )
)
_EVENTS = Query(_COUNTED.where(Among(log.c.key, "which")))
_FACTS = Query(_COUNTED.where(Among(log.c.bundle, "which"), log.c.name.isnot(None)))
_KNOWN = Query(select(superseded.c.seq).where(Among(superseded.c.seq, "which")))
_DELETE = Query(delete(superseded).where(Among(superseded.c.seq, "which")))
_ADD = Query(insert(superseded).values(seq=bindparam("seq")))
SEQ = [column.name for column in SELECTED].index("seq")
SIZE = 2_000  # rows that are read before it is looked whether they are enough


def no_longer_shared(session: Session, core: Core, shared: Sequence[int]) -> list[int]:
    """Those of some shared identifiers that serve few enough now."""
    kinds: dict[int, int] = (
        dict(session.all(_TYPES, which=session.several(shared))) if shared else {}
    )
    return [node for node in shared if not _serves_many(session, core, node, int(kinds[node]))]


def recount(session: Session, keys: Sequence[int], facts: Sequence[int]) -> None:
    """Say anew which deliveries of some events count, and which facts of some bundles.

    Args:
        session: A transaction that writes.
        keys: Of the events.
        facts: The bundles, with their twins.
    """
    rows = session.all(_EVENTS, which=session.several(keys)) if keys else []
    stated = session.all(_FACTS, which=session.several(facts)) if facts else []
    wanted = superseded_events(rows) | superseded_facts(stated)
    which = sorted({int(row[SEQ]) for row in (*rows, *stated)})
    known = {seq for (seq,) in session.all(_KNOWN, which=session.several(which))}
    session.run(_DELETE, which=session.several(sorted(known - wanted)))
    session.many(_ADD, [{"seq": seq} for seq in sorted(wanted - known)])


def _serves_many(session: Session, core: Core, node: int, kind: int) -> bool:
    """Whether an identifier came with too many stronger ones, of one type, to link them."""
    types, most = core.policy.types, core.policy.types[kind].max_owners
    if most is None:
        return False
    met: dict[int, set[int]] = {}
    for rows in session.each(_MET, size=SIZE, node=node, type=kind):
        for other, strong, said in rows:
            limit = types[strong].limit
            if limit is not None and maybe_unescaped(said) not in core.policy.not_evidence:
                seen = met.setdefault(strong, set())
                seen.add(other)
                if -(-len(seen) // limit) > most:
                    return True
    return False
