"""Repeats: which of many rows are there already, and which deliveries don't count beside others.

An event with an id is known by it, a fact by what it says; an event without an id is its own:

    (shop, e1) 9:00, (shop, e1) 9:00, (shop, e1) 9:05    ->    one row, and one that is superseded

The rule by which one counts is that of `superseding`, asked of all the rows of such ids at once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select

from onefold._types import Bools
from onefold.store.database import Among, Query, Row, Session
from onefold.store.rows import CONTENT, SELECTED
from onefold.store.schema import bundles, evidence, log, superseded
from onefold.store.superseding import superseded_events, superseded_facts
from onefold.store.twins import with_twins

SAYS = ("time", "name", "text", "number")  # what a fact says, whenever it was received

_HELD = select(log.c.bundle, *(log.c[name] for name in CONTENT))
OF_KEYS = Query(_HELD.where(Among(log.c.key, "keys")))
OF_FACTS = Query(_HELD.where(Among(log.c.bundle, "bundles"), log.c.name.isnot(None)))
_MARKED = (
    log.join(bundles, bundles.c.bundle == log.c.bundle)
    .join(evidence, evidence.c.bundle == log.c.bundle)
    .outerjoin(superseded, superseded.c.seq == log.c.seq)
)
_ALL = select(*SELECTED, superseded.c.seq).select_from(_MARKED)
DELIVERIES = Query(_ALL.where(Among(log.c.key, "keys")))
STATEMENTS = Query(_ALL.where(Among(log.c.bundle, "bundles"), log.c.name.isnot(None)))
MARK = Query(insert(superseded))
UNMARK = Query(delete(superseded).where(Among(superseded.c.seq, "seqs")))
AT = {name: at for at, name in enumerate(CONTENT, 1)}


def sifted(
    session: Session,
    bundles: Sequence[int],
    rows: Sequence[Mapping[str, Any]],
    twin: Mapping[int, int],
) -> tuple[Bools, set[int], set[int]]:
    """Which rows (n,) are new, and where several deliveries stand beside each other then.

    Args:
        session: A transaction.
        bundles: The bundle of each row.
        rows: Their columns.
        twin: Of bundles of facts those that say the same of the same: `twins`.

    Returns:
        The rows that are not there yet, ids that have several rows with these, and bundles in
        which facts are said again.
    """
    new = np.ones(len(rows), dtype=bool)
    keys = [row["key"] for row in rows]
    facts = [n for n, row in enumerate(rows) if row["name"] is not None]
    told = Counter(keys)
    del told[None]
    held = _held(session, OF_KEYS, keys=told) if told else set()
    several = {key for key, n in told.items() if n > 1} | {row[AT["key"]] for row in held}
    again = [n for n, key in enumerate(keys) if key in several] if several else []
    _tell_apart(again, bundles, rows, held, new)
    of_key = Counter(row[AT["key"]] for row in held)
    which = with_twins((bundles[n] for n in facts), twin)
    said = _held(session, OF_FACTS, bundles=which) if facts else set()
    _tell_apart(facts, bundles, rows, said, new)
    of_fact = Counter(
        (min(row[0], twin.get(row[0], row[0])), *(row[AT[name]] for name in SAYS)) for row in said
    )
    return (
        new,
        {key for key, n in of_key.items() if n > 1},
        with_twins((statement[0] for statement, n in of_fact.items() if n > 1), twin),
    )


def supersede(session: Session, keys: Iterable[int], bundles: Iterable[int]) -> None:
    """Mark the deliveries of some ids, and the facts of some bundles, that don't count."""
    gone, was = gone_of(session, keys, bundles)
    session.many(MARK, [{"seq": seq} for seq in sorted(gone - was)])
    if was - gone:
        session.run(UNMARK, seqs=session.several(was - gone))


def gone_of(
    session: Session, keys: Iterable[int], bundles: Iterable[int]
) -> tuple[set[int], set[int]]:
    """The rows of some ids, and facts of some bundles, that don't count; and those so marked."""
    gone, was = set[int](), set[int]()
    for query, name, numbers, rule in (
        (DELIVERIES, "keys", list(keys), superseded_events),
        (STATEMENTS, "bundles", list(bundles), superseded_facts),
    ):
        if numbers:
            found = session.all(query, **{name: session.several(numbers)})
            was |= {row[0] for row in found if row[-1] is not None}
            gone |= rule([row[:-1] for row in found])
    return gone, was


def _held(session: Session, query: Query, **many: Iterable[int]) -> set[Row]:
    said = {name: session.several(numbers) for name, numbers in many.items()}
    return {tuple(row) for row in session.all(query, **said)}


def _tell_apart(
    some: Iterable[int],
    bundles: Sequence[int],
    rows: Sequence[Mapping[str, Any]],
    held: set[Row],
    new: Bools,
) -> None:
    """Note which of some rows are held already; `held` gets the others."""
    for n in some:  # rows of ids that came before, and facts
        row = rows[n]
        said = (bundles[n], *(row[name] for name in CONTENT))
        if said in held:
            new[n] = False
        held.add(said)
