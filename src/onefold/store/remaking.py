"""Remaking: the derived tables of a store, made of its bundles and its log by the batch code.

What is read at once are the bundles and not the events; of these the first and the last instant
of each bundle, and the few that share an id:

    bundles -> nodes, members        log: least and greatest `seen` by bundle -> places, evidence
"""

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
from sqlalchemy import Table, delete, func, literal_column, select

from onefold._columns import stacked
from onefold._types import Array, Bools, Ints
from onefold.identity.bundles import NOBODY, Nodes, Seen, bundled
from onefold.identity.evidence import Evidence
from onefold.identity.graph import LATE
from onefold.identity.heard import Key, evidence_of
from onefold.identity.partition import partition
from onefold.identity.people import chosen
from onefold.identity.policy import IdentityPolicy
from onefold.store.core import Core
from onefold.store.database import Query, Row, Session
from onefold.store.escaping import escaped
from onefold.store.naming_many import aliases_of
from onefold.store.placing_batch import UNLINKED, flags_of, is_calm, lumps, owners
from onefold.store.repeats import gone_of
from onefold.store.rows import identity_key, node_hash
from onefold.store.schema import bundles, evidence, log, members, nodes, places, superseded
from onefold.store.twins import all_twins

PIECE = 100_000  # rows at a time
ONE: Any = literal_column("1")
FEW = 5_000  # ids of which all deliveries are read at a time

ALL_BUNDLES = Query(
    select(bundles.c.bundle, bundles.c.customer, bundles.c.kind, bundles.c.source, bundles.c.given)
    .where(bundles.c.given.isnot(None))
    .order_by(bundles.c.bundle)
)
ENDS = Query(
    select(log.c.bundle, func.min(log.c.seen), func.max(log.c.seen))
    .where(log.c.bundle.isnot(None))
    .group_by(log.c.bundle)
    .order_by(log.c.bundle)
)
KEYS = Query(
    select(log.c.key)
    .where(log.c.key.isnot(None))
    .group_by(log.c.key)
    .having(func.count() > ONE)
    .order_by(log.c.key)
)
_AGAIN = (
    select(log.c.bundle.label("bundle"))
    .where(log.c.name.isnot(None))
    .group_by(log.c.bundle, log.c.time, log.c.name, log.c.text, log.c.number)
    .having(func.count() > ONE)
    .subquery()
)
SAID_AGAIN = Query(select(_AGAIN.c.bundle).distinct().order_by(_AGAIN.c.bundle))

# All of a table goes at once: rows that go one by one would leave copies of others behind.
DROPS = tuple(Query(delete(table)) for table in (members, places, evidence, superseded, nodes))


@attrs.frozen(eq=False)
class Read:
    """The bundles of a store, as a policy reads them.

    Args:
        bundle: (b,) their numbers, ascending.
        evidence: A row for each.
        seen: The same under the policy.
    """

    bundle: Ints
    evidence: Evidence
    seen: Seen


def drop(session: Session) -> None:
    """Drop all that is made of the log."""
    for query in DROPS:
        session.run(query)


def read(session: Session, policy: IdentityPolicy, *, call: str) -> Read:
    """Read all bundles; errors are raised in the name of `call`."""
    numbers, tables = [], []
    for rows in session.each(ALL_BUNDLES, size=PIECE):
        numbers.append(np.array([row[0] for row in rows], dtype=np.int64))
        tables.append(evidence_of((_key(row), (0,)) for row in rows).table)
    if not tables:
        tables, numbers = [evidence_of(()).table], [np.zeros(0, dtype=np.int64)]
    held = Evidence(stacked(tables) if len(tables) > 1 else tables[0])
    return Read(np.concatenate(numbers), held, bundled(held, policy, call=call))


def _key(row: Row) -> Key:
    key = identity_key(row[1:])
    assert key is not None  # emptied ones are not asked for
    return key


def filled(
    session: Session, core: Core, held: Read, number: Ints
) -> Iterator[tuple[Table, Iterator[Row]]]:
    """The tables, each with its rows, to be written in this order.

    Args:
        session: A transaction, in which these tables are empty.
        core: The store.
        held: Its bundles.
        number: (n,) the numbers of the nodes.
    """
    seen = held.seen
    order = np.argsort(number)
    yield nodes, _node_rows(core, seen.nodes, number, order)
    first, last = _ends(session, held.bundle)
    came = (seen.row >= 0) & (first <= last)
    yield members, _member_rows(held, number)
    who = partition(_twice(seen, came, first, last), UNLINKED, core.policy)
    lump = lumps(who)
    owner, marks = owners(seen.members, who.contested, is_calm(who, lump))
    anchor = number[who.anchor[who.person]] if len(number) else number
    columns = [number, least_of(lump, number), anchor, flags_of(who)]
    yield places, _rows(*(column[order] for column in columns))
    named = np.append(anchor, -1)[owner]
    at = seen.row[came]
    loose = named[at] < 0
    yield (
        evidence,
        (
            (bundle, start, None if nobody else person, flags)
            for bundle, start, nobody, person, flags in _rows(
                held.bundle[came], first[came], loose, named[at], marks[at]
            )
        ),
    )
    yield superseded, ((seq,) for seq in _gone(session, core))


def _rows(*columns: Array) -> Iterator[Row]:
    """The rows of columns, some at a time."""
    for start in range(0, len(columns[0]), PIECE):
        some = slice(start, start + PIECE)
        yield from zip(*(column[some].tolist() for column in columns), strict=True)


def _node_rows(core: Core, held: Nodes, number: Ints, order: Ints) -> Iterator[Row]:
    """The rows of nodes, by ascending number."""
    begin, kind = held.offsets, held.type
    for start in range(0, len(order), PIECE):
        some = order[start : start + PIECE]
        names: list[tuple[int, str]] = [(0, "")] * len(some)
        for position, vocab in enumerate(held.values):
            here = np.flatnonzero(kind[some] == position)
            values = chosen(vocab, some[here] - begin[position])
            for at, value in zip(here.tolist(), values, strict=True):
                names[at] = position, value
        aliases = aliases_of(core.policy, names)
        for n, name, alias in zip(number[some].tolist(), names, aliases, strict=True):
            yield n, node_hash(*name, core.salt), name[0], escaped(name[1]), alias


def _member_rows(held: Read, number: Ints) -> Iterator[Row]:
    """Which node is in which bundle, by ascending node."""
    there = held.seen.members < NOBODY
    size = np.append(there.sum(axis=1), 0)[held.seen.row]
    bundle = np.repeat(held.bundle, size)
    told = held.seen.members[held.seen.row[held.seen.row >= 0]]
    node = number[told[told < NOBODY]]
    order = np.lexsort((bundle, node))
    return _rows(node[order], bundle[order])


def _ends(session: Session, bundle: Ints) -> tuple[Ints, Ints]:
    """First and last instant (b,) of each bundle; the first is later where there is none."""
    first = np.full(len(bundle), LATE)
    last = np.full(len(bundle), -LATE)
    for rows in session.each(ENDS, size=PIECE):
        several, least, most = np.array(rows, dtype=np.int64).T
        at = np.minimum(np.searchsorted(bundle, several), max(len(bundle) - 1, 0))
        here = bundle[at] == several if len(bundle) else np.zeros(len(at), dtype=bool)
        first[at[here]], last[at[here]] = least[here], most[here]
    return first, last


def _twice(seen: Seen, came: Bools, first: Ints, last: Ints) -> Seen:
    """Each bundle at its first and its last instant: all that who is who reads of it."""
    row, two = np.tile(np.where(came, seen.row, -1), 2), np.concatenate([first, last])
    told = (np.tile(column, 2) for column in (seen.tells, seen.login, seen.logout))
    return Seen(seen.nodes, seen.members, row, two.view("datetime64[us]"), *told)


def least_of(lump: Ints, number: Ints) -> Ints:
    """The least number (n,) of the nodes in the lump of each."""
    out = np.full(int(lump.max(initial=-1)) + 1, LATE)
    np.minimum.at(out, lump, number)
    return out[lump]


def _gone(session: Session, core: Core) -> Iterator[int]:
    """Rows that don't count beside others."""
    keys = [row[0] for row in session.all(KEYS)]
    twin = all_twins(session, core)
    both = {*twin, *twin.values()}
    said = [n for pair in twin.items() for n in pair]  # FEW is even: none is torn apart
    said += [row[0] for row in session.all(SAID_AGAIN) if row[0] not in both]
    out = set[int]()
    for start in range(0, max(len(keys), len(said)), FEW):
        some = slice(start, start + FEW)
        out |= gone_of(session, keys[some], said[some])[0]
    return iter(sorted(out))
