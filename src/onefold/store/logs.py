"""Logs: a store read as logs, up to a position, and where others have read up to.

Rows are read in the order of their numbers. A position is taken while nobody writes, so that every
number up to it that will ever be given has been given:

    read(after=p, until=q) + read(after=q, until=r)  ==  read(after=p, until=r)

What is erased or restricted in between is not there any more. One log is read in one transaction;
between two logs of a stream there is none, however long somebody takes over one.
"""

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
import pandas as pd
from sqlalchemy import bindparam, delete, func, insert, literal_column, select

from onefold._check import text, whole
from onefold.errors import ArgumentError
from onefold.events.log import EventLog
from onefold.events.several import one_log
from onefold.store import meta
from onefold.store.core import Core, Run, run_with
from onefold.store.database import Among, Query, Session
from onefold.store.decoding import SELECTED, to_log
from onefold.store.escaping import escaped, unescaped
from onefold.store.loose import rows_of_people
from onefold.store.restricting import withheld
from onefold.store.schema import bundles, erasures, evidence
from onefold.store.schema import checkpoints as kept
from onefold.store.schema import log as log_table

ROWS = 1_000_000  # of a log of a stream
PIECE = 100_000  # rows as Python's values at a time
MOST = 2**63 - 1

_ASKED = (
    select(*SELECTED)
    .select_from(log_table.join(bundles, log_table.c.bundle == bundles.c.bundle))
    .where(log_table.c.seq > bindparam("after"), log_table.c.seq <= bindparam("until"))
    .order_by(log_table.c.seq)
    .limit(bindparam("most"))
    .offset(literal_column("0"))  # SQLite is told one in any case, by a parameter of its own
)
_THEIRS = select(evidence.c.bundle).where(
    evidence.c.bundle == log_table.c.bundle, Among(evidence.c.person, "people")
)
SOME = Query(_ASKED)
FREE = Query(_ASKED.where(~_THEIRS.exists()))
LAST = Query(select(func.max(log_table.c.seq)))
ERASURES = Query(select(func.max(erasures.c.erasure)))
FORGET = Query(delete(kept).where(kept.c.name == bindparam("name")))
KEEP = Query(insert(kept).values({c.name: bindparam(c.name) for c in kept.c}))
_BEHIND = (
    select(func.count())
    .where(log_table.c.seq > kept.c.seq, log_table.c.bundle.isnot(None))
    .scalar_subquery()
)
KEPT = Query(select(*kept.c, _BEHIND).order_by(kept.c.name))


def _whole(value: Any) -> int:
    return whole(value, "Position", least=0, most=MOST)


@attrs.frozen
class Position:
    """Up to which row a store has been read; `store.position()` makes one.

    Args:
        seq: The number of the last row; 0 is before all.
        erasures: How many erasures there had been.

    Raises:
        ArgumentError: If one is no whole number from 0 on.

    Examples:
        >>> Position(0, 0)
        Position(seq=0, erasures=0)
    """

    seq: int = attrs.field(converter=_whole)
    erasures: int = attrs.field(converter=_whole)


START = Position(0, 0)


def position(core: Core) -> Position:
    """Where a store is now: all rows up to it are there, and none will come."""
    if core.database.lite:  # one writes at a time
        with core.database.reading() as session:
            return _position(session)
    with core.database.writing() as session:  # who has a number, and is still writing, ends first
        return _position(session)


def log(core: Core, *, after: Position | None = None, until: Position | None = None) -> EventLog:
    """All rows after one position and up to another, in one log.

    Left out, `until` is the state that its one transaction sees: nobody is waited for.
    """
    first, last = _range(after, until, "Store.log")
    with core.reading() as session:
        read = [some for some, _ in _pieces(core, session, first, last, MOST)]
        return _together(read, meta.currency_of(core, session))


def logs(
    core: Core,
    rows: int = ROWS,
    *,
    after: Position | None = None,
    until: Position | None = None,
    run: Run | None = None,
) -> Iterator[EventLog]:
    """The same as logs of at most so many rows, events and facts."""
    most = whole(rows, "Store.logs: rows")
    first, last = _range(after, until, "Store.logs")
    last = position(core).seq if until is None else last
    return _stream(run or run_with(core), first, last, most)


def checkpoint(core: Core, name: str, position: Position | None = None) -> Position:
    """Keep under a name up to where somebody has read.

    Whether somebody whose rows were read was erased between the position and now can't be told any
    more, so a position from before an erasure is kept as stale.
    """
    called = text(name, "Store.checkpoint: name")
    given = None if position is None else _position_given(position, "Store.checkpoint: position")
    with core.writing() as session:
        now = _position(session)
        at = now if given is None else given
        if at.seq > now.seq or at.erasures > now.erasures:
            raise ArgumentError(
                f"Store.checkpoint: position is {at}, and the store is at {now}. Give what "
                "store.position() said, of this store."
            )
        stale = at.erasures + 1 if at.erasures < now.erasures else None
        said = escaped(called)
        session.run(FORGET, name=said)
        session.run(KEEP, name=said, seq=at.seq, erasures=at.erasures, stale=stale)
    return at


def checkpoints(core: Core) -> pd.DataFrame:
    """What is kept: name, position, how many rows came since, and whether it is stale."""
    with core.database.reading() as session:
        held = session.all(KEPT)
    out = pd.DataFrame({"name": np.array([unescaped(row[0]) for row in held], dtype=object)})
    out["position"] = np.array([None, *(Position(r[1], r[2]) for r in held)], dtype=object)[1:]
    out["behind"] = np.array([row[4] for row in held], dtype=np.int64)
    out["stale"] = np.array([row[3] is not None for row in held], dtype=bool)
    return out


def _position(session: Session) -> Position:
    last, erased = session.one(LAST), session.one(ERASURES)
    assert last is not None and erased is not None
    return Position(last[0] or 0, erased[0] or 0)


def _position_given(value: Any, argument: str) -> Position:
    if not isinstance(value, Position):
        raise ArgumentError(
            f"{argument} is a {type(value).__name__}; it takes what store.position() gives."
        )
    return value


def _range(after: Any, until: Any, call: str) -> tuple[int, int]:
    first = START if after is None else _position_given(after, f"{call}: after")
    last = None if until is None else _position_given(until, f"{call}: until")
    return first.seq, MOST if last is None else last.seq


def _stream(run: Run, first: int, last: int, most: int) -> Iterator[EventLog]:
    while first < last:
        some, first = run(_next, first, last, most)
        if len(some) or len(some.facts):
            yield some


def _next(core: Core, first: int, last: int, most: int) -> tuple[EventLog, int]:
    """The next log, and up to where all was read."""
    with core.reading() as session:
        read = list(_pieces(core, session, first, last, most))
        return _together([some for some, _ in read], meta.currency_of(core, session)), read[-1][1]


def _pieces(
    core: Core, session: Session, first: int, last: int, most: int
) -> Iterator[tuple[EventLog, int]]:
    """Logs of up to `most` rows together, each with the number up to which all was read."""
    currency = meta.currency_of(core, session)
    people = withheld(session)
    back = rows_of_people(session, core, sorted(people))
    query, named = (FREE, {"people": session.several(people)}) if people else (SOME, {})
    while first < last and most > 0:
        size = min(PIECE, most)
        rows = session.all(query, after=first, until=last, most=size, **named)
        first = rows[-1][0] if len(rows) == size else last
        most -= len(rows)
        if back:
            rows = [row for row in rows if row[0] not in back]
        yield to_log(rows, currency=currency), first


def _together(several: list[EventLog], currency: str | None) -> EventLog:
    return one_log(several, "Store.log") if several else to_log([], currency=currency)
