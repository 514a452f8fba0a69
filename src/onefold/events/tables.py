"""The two tables of a log, events and facts: their columns, and what makes rows one.

An event with an id is known by key = hash(source, id) within its customer; of several
deliveries the earliest in time stays, and of those of one instant the one received last. Rows of
one person and instant are put in the order of their keys, or of the hash of their contents: a
property of the rows, not of how they came.
"""

from collections.abc import Mapping

import numpy as np

from onefold._columns import Coded, Column, Columns, frozen, missing, same_in_all
from onefold._random import mix64
from onefold._types import NO_MONEY, Array, Bools, Hashes, Ints, Times
from onefold._vocab import EMPTY
from onefold.errors import ArgumentError, ColumnError
from onefold.events.identifiers import SOURCE, is_identifier

CODED = ("customer", "kind", "item", "channel", "basket")
PROPERTY = "property:"
KEY = "key"
RECEIVED = "received"
KEYS = (KEY, "has_id", RECEIVED)  # by which an event is known, not what it holds
PLACE = ("customer", "time")
BUILT_IN = (*PLACE, "event", "kind", "item", "channel", "value", "quantity", "basket", RECEIVED)


def first_deliveries(events: Columns) -> Ints:
    """Positions, ascending, of the rows that stay when repeated ids are dropped."""
    rows = np.flatnonzero(events.array("has_id"))
    joint = mix64(events.array("customer")[rows], events.array(KEY)[rows])
    ordered = np.sort(joint)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return np.arange(len(events))
    rows = rows[np.isin(joint, twice, kind="sort")]
    some = events.take(rows).compact()
    who, key = some.array("customer"), some.array(KEY)
    others = whose(some)  # which decide only between deliveries that are alike in all else
    content = some.content(leave_out=(*KEYS, *PLACE, *others))
    named = [some.content(leave_out=(*KEYS, *PLACE))] if others else []
    order = np.lexsort((*named, content, ~receipts(some), some.array("time"), key, who))
    again = repeats(who[order], key[order])
    keep = np.ones(len(events), dtype=bool)
    keep[rows[order[again]]] = False
    return np.flatnonzero(keep)


def repeated(facts: Columns) -> Ints:
    """Positions of the facts that say again what was said of a customer from an instant on."""
    who, time, said = facts.array("customer"), facts.array("time"), texts(facts)
    order = np.lexsort((receipts(facts), known_from(facts), *said, time, who))
    again = repeats(who[order], time[order], *(column[order] for column in said))
    return order[again]


def receipts(table: Columns) -> Ints:
    """When each row (n,) was received, in microseconds; the least number where it is not told."""
    if RECEIVED not in table:
        return np.zeros(len(table), dtype=np.int64)
    received: Ints = table.array(RECEIVED).view(np.int64)  # not a time is the least number
    return received


def known_from(table: Columns) -> Times:
    """The instant (n,) from which each row was known: when it was received, or happened."""
    time: Times = table.array("time")
    if RECEIVED not in table:
        return time
    received: Times = table.array(RECEIVED)
    return np.where(np.isnat(received), time, received)


def tie_keys(table: Columns) -> Hashes:
    """What decides the order (n,) of rows of one person and instant: the id, or the contents.

    It depends neither on the person, the identifiers among them, nor on the instant, so renaming
    customers and shifting time leave the order as it is; renaming items may change it where there
    is no id.
    """
    if "has_id" not in table:
        return table.array(KEY)
    has_id: Array = table.array("has_id")
    if has_id.all():
        return table.array(KEY)
    content = table.compact().content(leave_out=(*KEYS, *PLACE, *whose(table)))
    return np.where(has_id, table.array(KEY), content)


def whose(table: Columns) -> list[str]:
    """The columns that tell, besides the customer, whose a row is, and not what it holds."""
    return [name for name in table.data if name == SOURCE or is_identifier(name)]


def texts(table: Columns) -> tuple[Array, ...]:
    """What rows hold besides their keys, as numbers that sort: it tells twins of one hash apart.

    Statements alike but for their identifiers are such twins: each says whose identifiers they are.
    """
    names = [name for name in table.data if name not in (*KEYS, *PLACE, "local")]
    last = set(whose(table))
    held = [table.data[name] for name in sorted(names, key=lambda name: (name in last, name))]
    return tuple(
        column.codes if isinstance(column, Coded) else (column + 0).view(np.int64)
        for column in held
        if not missing(column).all()
    )


def repeats(*columns: Array) -> Bools:
    """Whether each row of sorted columns holds the same as the one before."""
    same = np.zeros(len(columns[0]), dtype=bool)
    same[1:] = True
    for column in columns:
        same[1:] &= column[1:] == column[:-1]
    return same


def same_currency(a: str | None, b: str | None, call: str) -> str | None:
    """The one currency of two sides, if they don't disagree."""
    if a is not None and b is not None and a != b:
        raise ArgumentError(
            f"{call}: one side is in {a!r}, the other in {b!r}; a log holds one currency. Convert "
            "the amounts first."
        )
    return a if a is not None else b


def one_type(facts: Columns, call: str) -> Columns:
    """Return the facts, if each is text for everybody or a number for everybody."""
    names = facts.coded("name")
    seen = np.zeros((2, len(names.vocab)), dtype=bool)
    seen[0, names.codes[facts.array("text") >= 0]] = True
    seen[1, names.codes[~np.isnan(facts.array("number"))]] = True
    both = np.flatnonzero(seen.all(axis=0))
    if len(both):
        raise ColumnError(
            f"{call}: fact {names.vocab[both[0]]!r} is text on one side and a number on the other; "
            "give it one type before putting them together, or another name: facts={name: column}."
        )
    return facts


def free_name(name: object, taken: tuple[str, ...], *, argument: str, advice: str) -> str:
    """Return a name under which something may stand beside the columns `taken`."""
    if not isinstance(name, str) or not name:
        raise ArgumentError(f"{argument} has the name {name!r}; a name is a string.")
    if name in taken:
        raise ArgumentError(
            f"{argument} has the name {name!r}, which is that of a column that is there already "
            f"({', '.join(map(repr, taken))}). {advice}"
        )
    return name


def no_events() -> Columns:
    """A table of no events."""
    return keyed(
        {
            **{name: nothing(0) for name in CODED},
            "time": np.array([], dtype="datetime64[us]"),
            "value": no_money(0),
            "quantity": np.array([], dtype=np.float64),
            "local": np.array([], dtype=np.int32),
        },
        None,
        None,
    )


def no_facts() -> Columns:
    """A table of no facts."""
    return Columns(
        {
            "customer": nothing(0),
            "time": np.array([], dtype="datetime64[us]"),
            "name": nothing(0),
            "text": nothing(0),
            "number": np.array([], dtype=np.float64),
            "key": np.array([], dtype=np.uint64),
        }
    )


def keyed(
    columns: Mapping[str, Column], ids: tuple[Hashes, Bools] | None, sources: Coded | None
) -> Columns:
    """The columns, with the key by which a row is known, if it has an id: of (source, id)."""
    table = Columns({name: c if isinstance(c, Coded) else frozen(c) for name, c in columns.items()})
    n = len(table)
    if ids is None:
        return table.replace(key=same_in_all(np.uint64(0), n), has_id=same_in_all(False, n))
    hashes, told = ids
    key = mix64(hashed(sources, n), hashes)
    key[~told] = 0
    return table.replace(
        key=frozen(key), has_id=same_in_all(True, n) if told.all() else frozen(told)
    )


def hashed(column: Coded | None, n: int) -> Hashes:
    """The hash (n,) of each row's string, 0 where there is none."""
    if column is None:
        return same_in_all(np.uint64(0), n)
    return np.append(column.vocab.hashes, np.uint64(0))[column.codes]


def nothing(n: int) -> Coded:
    """A column of n rows without a string."""
    return Coded(same_in_all(np.int32(-1), n), EMPTY)


def no_money(n: int) -> Ints:
    """A column of n rows without an amount."""
    return same_in_all(np.int64(NO_MONEY), n)
