"""Deciding: what was shown or sent to whom is written down, and read by the customer of today.

A decision is kept with the identifier that named its customer then, so that it goes with that
identifier when people merge or part:

    record(ranking of p1)   later p1 is merged into p0   decisions(p0) has it, as p0's

A list without an id of its own is known by what it holds, so that it is written once.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import bindparam, exists, func, insert, literal_column, or_, select

from onefold import _time
from onefold._check import quoted, shown, text, unicode
from onefold.errors import ArgumentError, ColumnError, UnknownCustomer
from onefold.events.identifiers import CUSTOMER
from onefold.identity.known import read
from onefold.identity.people import PERSON, named
from onefold.identity.people import SHARED as OTHERS
from onefold.scoring.decisions import Decisions
from onefold.scoring.rank import Ranking
from onefold.store.core import Core
from onefold.store.database import Among, Query, Row, Session
from onefold.store.escaping import unescaped
from onefold.store.finding import BITS, ID, Found, found, refuse_restricted
from onefold.store.restricting import persons_nodes, withheld
from onefold.store.rows import node_hash
from onefold.store.schema import CONTESTED, SHARED, log, nodes, places
from onefold.store.schema import decisions as table

KEPT = ("time", "decision", "rank", "item", "score", "propensity", "policy")
COLUMNS = ("customer", *KEPT)  # of what is read; what else was told comes after them
SIZE = 10  # bytes of an id that is made of contents
_CONTENT = ("rank", "item", "score", "propensity", "more")
FURTHEST = 2**31 - 1  # ranks are of 32 bits
SOME = 5_000  # rows that are written at a time
_NAMES = ("seq", "node", *KEPT, "more")
_NONE: Any = literal_column("-1")  # of rows without a rank, which are told apart by their item
_SAME = exists(
    select(table.c.seq).where(
        table.c.node == bindparam("node"),
        table.c.decision == bindparam("decision", type_=table.c.decision.type),
        func.coalesce(table.c.rank, _NONE) == func.coalesce(bindparam("rank"), _NONE),
        or_(table.c.rank.isnot(None), table.c.item == bindparam("item", type_=table.c.item.type)),
    )
)
_ADD = Query(
    insert(table).from_select(
        list(_NAMES),
        select(*(bindparam(name, type_=table.c[name].type) for name in _NAMES)).where(~_SAME),
    )
)
_LAST = Query(select(func.max(table.c.seq)))
_LATEST = Query(select(func.max(log.c.time)))
_READ = select(*(table.c[name] for name in ("node", *KEPT, "more"))).order_by(table.c.seq)
_ALL = Query(_READ.where(table.c.node.isnot(None)))
_OF = Query(_READ.where(Among(table.c.node, "which")))
_PLACES = Query(
    select(places.c.node, places.c.person, places.c.flags).where(Among(places.c.node, "which"))
)
_NAMES_OF = Query(
    select(nodes.c.node, nodes.c.type, nodes.c.value).where(Among(nodes.c.node, "which"))
)
_ALIASES = Query(
    select(nodes.c.node, nodes.c.type, nodes.c.value, places.c.flags, nodes.c.alias)
    .join(places, places.c.node == nodes.c.node)
    .where(Among(nodes.c.alias, "which"))
)
_GIVEN = Query(
    select(nodes.c.node, nodes.c.type, nodes.c.value, nodes.c.hash).where(
        Among(nodes.c.hash, "which")
    )
)


def record(core: Core, what: Any, *, time: Any = None, channel: str | None = None) -> int:
    """Write down what was shown or sent.

    Args:
        core: The store.
        what: Lists of `FittedScorer.rank` or `sample`, or a frame with the columns customer and
            item, and any of rank (or slot), score, propensity, policy, decision and time, such as
            those of a campaign. Other columns are kept beside. Customers are ids or aliases as the
            store's profiles have them, or else identifiers of the type "customer".
        time: The moment of the decision; left out, that of each row, or else just after the latest
            event or fact of the store.
        channel: Where it is shown ("mail").

    Returns:
        How many rows were written. A decision is written once: one that has no id is known by
        customer, moment and contents. Customers who are not in the store (any more), or are
        restricted, are left out.

    Raises:
        ArgumentError: If it is nothing of these, or both it and `time` tell the moment.
        ColumnError: If a column lacks, or holds what is not allowed.
        UnknownCustomer: If no customer of it is in the store.
    """
    frame = _frame(what)
    if time is not None and "time" in frame:
        raise ArgumentError("Store.record: what tells the moments itself; leave time= out.")
    if channel is not None:
        called = "Store.record: channel"
        frame = frame.assign(channel=unicode(text(channel, called), called))
    rows = _rows(frame)
    told = None if time is None else _micros(_time.instant(time, "Store.record: time"))
    with core.writing() as session:
        moment = told if told is not None else _after(session)
        whose = _nodes_of(session, core, {row["customer"] for row in rows})
        gone = _restricted(session, set(whose.values()))
        if rows and not whose:
            raise UnknownCustomer(
                f"Store.record: none of the {frame['customer'].nunique():,} customers is in the "
                f"store, the first of which is {shown(rows[0]['customer'])}. It takes their ids as "
                "the store's profiles have them, or as identifiers of the type 'customer'."
            )
        for row in rows:  # each is a row of the table, whatever is done
            row["time"] = moment if row["time"] is None else row["time"]
        _identify(rows)
        first = last = int((session.one(_LAST) or (0,))[0] or 0)
        some: list[dict[str, Any]] = []
        for row in rows:
            node = whose.get(row.pop("customer"))
            if node is not None and node not in gone:
                last += 1
                some.append({**row, "seq": last, "node": node})
        before = _count(session, first)
        for start in range(0, len(some), SOME):
            session.many(_ADD, some[start : start + SOME])
        return _count(session, first) - before


def decisions(core: Core, who: Any = None) -> pd.DataFrame:
    """What was written down: a new DataFrame, a row each in the order in which they came.

    Who is restricted is left out.

    Columns: customer (the id of today), time, decision, rank (1 is the best), item, score,
    propensity, policy, and what else was told.

    Args:
        core: The store.
        who: One customer: an id, an alias, or an identifier; left out, all.

    Raises:
        Restricted: If their data may be kept, and not used; `export` has them.
        UnknownCustomer: If there is no such customer.
    """
    with core.reading() as session:
        if who is None:
            rows = session.all(_ALL)
            gone = _restricted(session, {int(row[0]) for row in rows})
            rows = [row for row in rows if row[0] not in gone] if gone else rows
        else:
            meant = found(session, core, who, call="Store.decisions")
            refuse_restricted(session, meant, call="Store.decisions")
            return of(session, core, meant)
        return _shown(rows, _customers(session, core, {int(row[0]) for row in rows}))


def of(session: Session, core: Core, who: Found) -> pd.DataFrame:
    """What was written down of one customer, within a transaction."""
    mine = [who.node] if who.shared else persons_nodes(session, who.node)
    rows = session.all(_OF, which=session.several(mine))
    return _shown(rows, _customers(session, core, {int(row[0]) for row in rows}))


def _restricted(session: Session, which: set[int]) -> set[int]:
    """Those of some nodes whose customers are restricted."""
    people = withheld(session)
    if not people:
        return set()
    return {
        int(n)
        for asked in _pieces(sorted(which))
        for n, person, flags in session.all(_PLACES, which=session.several(asked))
        if person in people and not flags & SHARED
    }


def _frame(what: Any) -> pd.DataFrame:
    if isinstance(what, (Ranking, Decisions)):
        return what.to_pandas()
    held = what.to_pandas() if hasattr(what, "to_pandas") else what  # polars, Arrow
    if not isinstance(held, pd.DataFrame):
        raise ArgumentError(
            f"Store.record: what is a {type(what).__name__}; it takes the lists of rank or sample, "
            "or a frame of a campaign."
        )
    lacks = [name for name in ("customer", "item") if name not in held]
    if lacks:
        raise ColumnError(
            f"Store.record: what has no column {quoted(lacks)}. Columns: {quoted(held.columns)}."
        )
    if "slot" in held and "rank" not in held:
        held = held.rename(columns={"slot": "rank"})
    return held


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as they are stored, with their customers."""
    columns: dict[str, list[Any]] = {"customer": _texts(frame, "customer")}
    for name in ("decision", "item", "policy"):
        columns[name] = _texts(frame, name)
    for name in ("score", "propensity"):
        columns[name] = _numbers(frame, name)
    columns["rank"] = [None if n is None else _rank(n) for n in _numbers(frame, "rank")]
    columns["time"] = _times(frame)
    others = [str(name) for name in frame.columns if name not in columns]
    for name in others:
        unicode(name, "Store.record: the name of a column")
    beside = [dict[str, Any]() for _ in range(len(frame))]
    for name in others:
        for held, value in zip(beside, frame[name].tolist(), strict=True):
            if not _missing(value):
                _check_text(value, name)
                held[name] = value if isinstance(value, (str, bool, int, float)) else str(value)
    columns["more"] = [_json(held) if held else None for held in beside]
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _identify(rows: Sequence[dict[str, Any]]) -> None:
    """Give each list without an id one that is made of its customer, moment and contents."""
    lists: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if row["decision"] is None:
            lists.setdefault((row["customer"], row["time"], row["policy"]), []).append(row)
    for key, held in lists.items():
        told = [[row[name] for name in _CONTENT] for row in held]
        made = hashlib.blake2b(json.dumps([key, told]).encode(), digest_size=SIZE).hexdigest()
        for row in held:
            row["decision"] = made


def _json(held: dict[str, Any]) -> str:
    return json.dumps(held, sort_keys=True)


def _texts(frame: pd.DataFrame, name: str) -> list[str | None]:
    if name not in frame:
        return [None] * len(frame)
    out: list[str | None] = []
    for value in frame[name].tolist():
        known = not _missing(value)
        if known and not isinstance(value, (str, int)):
            raise ColumnError(f"Store.record: column {name!r} holds {shown(value)}; it takes text.")
        if known and "\0" in str(value):
            raise ColumnError(f"Store.record: column {name!r} holds a NUL, which is no text.")
        _check_text(value, name)
        out.append(str(value) if known else None)
    if name == "customer" and None in out:
        raise ColumnError("Store.record: column 'customer' has rows without one.")
    return out


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (np.ndim(value) == 0 and bool(value != value))


def _check_text(value: Any, name: str) -> None:
    if isinstance(value, str):
        unicode(value, f"Store.record: a value of column {name!r}")


def _numbers(frame: pd.DataFrame, name: str) -> list[float | None]:
    if name not in frame:
        return [None] * len(frame)
    try:
        held = pd.to_numeric(frame[name]).astype(float).tolist()
    except (TypeError, ValueError, OverflowError) as error:
        raise ColumnError(f"Store.record: column {name!r} holds no numbers ({error}).") from None
    return [n if n == n else None for n in held]


def _rank(number: float) -> int:
    if not abs(number) <= FURTHEST or number != int(number):
        raise ColumnError(
            f"Store.record: column 'rank' holds {shown(number)}; it takes whole numbers, 1 the "
            f"best, up to {FURTHEST:,}."
        )
    return int(number)


def _times(frame: pd.DataFrame) -> list[int | None]:
    if "time" not in frame:
        return [None] * len(frame)
    try:
        held = pd.to_datetime(frame["time"], utc=True).dt.tz_localize(None)
    except (TypeError, ValueError) as error:
        raise ColumnError(f"Store.record: column 'time' holds no instants ({error}).") from None
    moments = held.to_numpy().astype("datetime64[us]")
    return [None if np.isnat(one) else _micros(one) for one in moments]


def _micros(instant: np.datetime64) -> int:
    return int(instant.astype("datetime64[us]").astype(np.int64))


def _after(session: Session) -> int:
    found = session.one(_LATEST)
    return 0 if found is None or found[0] is None else int(found[0]) + 1


def _count(session: Session, first: int) -> int:
    return int((session.one(_COUNT, first=first) or (0,))[0])


_COUNT = Query(select(func.count()).select_from(table).where(table.c.seq > bindparam("first")))


def _customers(session: Session, core: Core, which: set[int]) -> dict[int, str]:
    """The id that the customer of each node has today."""
    held = [
        (int(n), int(person), int(flags))
        for asked in _pieces(sorted(which))
        for n, person, flags in session.all(_PLACES, which=session.several(asked))
    ]
    anchors = {n: n if flags & SHARED else person for n, person, flags in held}
    names = {
        int(n): (int(kind), str(value))
        for asked in _pieces(sorted({*anchors.values()}))
        for n, kind, value in session.all(_NAMES_OF, which=session.several(asked))
    }
    letters = {n: OTHERS if flags & SHARED else PERSON for n, _, flags in held}
    return {n: _id(core, *names[anchors[n]], letters[n]) for n in anchors}


def _nodes_of(session: Session, core: Core, ids: set[str]) -> dict[str, int]:
    """The nodes that give some ids, of those that are there."""
    asked: dict[int, list[str]] = {}
    for one in ids:
        if ID.fullmatch(one):
            asked.setdefault(int(one[1 : 1 + BITS], 16), []).append(one)
    out = {}
    for some in _pieces(sorted(asked)):
        for n, kind, value, flags, alias in session.all(_ALIASES, which=session.several(some)):
            letter = OTHERS if flags & CONTESTED else PERSON
            for one in asked[int(alias)]:
                if one == _id(core, int(kind), str(value), letter):
                    out[one] = int(n)
    return out | _nodes_given(session, core, ids.difference(out))


def _nodes_given(session: Session, core: Core, ids: set[str]) -> dict[str, int]:
    """The nodes of customers as they were given, of those that are there."""
    if CUSTOMER not in core.policy.names or not ids:
        return {}
    at = core.policy.names.index(CUSTOMER)
    kind = core.policy.types[at]
    asked: dict[int, list[tuple[str, str]]] = {}
    for one in ids:
        value = read(kind, core.policy, one)
        if value is not None:
            asked.setdefault(node_hash(at, value, core.salt), []).append((one, value))
    out = {}
    for some in _pieces(sorted(asked)):
        for n, of_kind, value, hashed in session.all(_GIVEN, which=session.several(some)):
            told = unescaped(str(value))
            for one, normal in asked[int(hashed)]:
                if (int(of_kind), told) == (at, normal):
                    out[one] = int(n)
    return out


def _id(core: Core, position: int, value: str, letter: str) -> str:
    name = core.policy.types[position].name
    return named(name, [value], key=core.policy.opened("Store"), kind=letter)[0]


def _pieces(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), 100_000):
        yield numbers[start : start + 100_000]


def _shown(rows: Sequence[Row], customers: dict[int, str]) -> pd.DataFrame:
    held = {name: [row[at] for row in rows] for at, name in enumerate(("node", *KEPT, "more"))}
    frame = pd.DataFrame({"customer": [customers[int(n)] for n in held.pop("node")]}, dtype=object)
    micros = np.array(held["time"], dtype="datetime64[us]")
    frame["time"] = pd.DatetimeIndex(micros).tz_localize("UTC")
    for name in ("decision", "item", "policy"):
        frame[name] = pd.Series(held[name], dtype=object)
    frame["rank"] = pd.array(held["rank"], dtype="Int32")
    for name in ("score", "propensity"):
        frame[name] = np.array(held[name], dtype=np.float64)
    beside = [{} if said is None else json.loads(said) for said in held["more"]]
    names = sorted({name for one in beside for name in one})
    more = {name: [one.get(name) for one in beside] for name in names}
    return pd.concat([frame[list(COLUMNS)], pd.DataFrame(more, index=frame.index)], axis=1)
