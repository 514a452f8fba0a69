"""Canonical order: rows by customer, then time, then key, and each delivery once.

The order is a property of the rows and not of how they came, so any pieces will do. Each is
sorted where it fits the cache, and then all are put together by counting: the rows of a
customer go where those of the customers and pieces before them end.

    place of a row  =  rows of customers before  +  the customer's rows in pieces before  +  ...
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from onefold._columns import (
    Coded,
    Columns,
    Place,
    by_name,
    frozen,
    is_same_in_all,
    put_together,
)
from onefold._group import sorted_by
from onefold._threads import mapped
from onefold._types import Array, Bools, Codes, Ints
from onefold._vocab import Vocab, united
from onefold.events.tables import (
    KEY,
    first_deliveries,
    known_from,
    no_events,
    receipts,
    repeated,
    repeats,
    texts,
    tie_keys,
)

PIECE = 1 << 20  # rows sorted at a time
CHUNK = 1 << 16  # rows in which repeated ids are looked for at a time


def canonical(tables: Iterable[Columns], *, threads: int = 1) -> tuple[Columns, Ints]:
    """The rows of all tables in canonical order, each delivery once, without those of nobody.

    Each table is sorted when it comes, and not held. Returns the table, its customers coded by
    those that occur, and the offsets (n + 1,) of the rows of each.
    """
    pieces = list(mapped(_by_customer, _pieces(map(_of_somebody, tables)), threads))
    table, offsets = together(pieces or [no_events()], threads)
    keep = _once(table, offsets)
    if not keep.all():
        table = table.take(np.flatnonzero(keep)).compact()
        offsets = counted(table.array("customer"), len(table.coded("customer").vocab))
    return in_time(table), offsets


def counted(codes: Array, n: int) -> Ints:
    """Offsets (n + 1,) of the rows of each code."""
    out = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(codes, minlength=n), out=out[1:])
    return out


def ascending(numbers: Array) -> bool:
    """Whether no number is below the one before."""
    return bool((numbers[1:] >= numbers[:-1]).all())


def _of_somebody(table: Columns) -> Columns:
    known = table.array("customer") >= 0
    return table if known.all() else table.take(np.flatnonzero(known)).compact()


def _pieces(tables: Iterable[Columns]) -> Iterator[Columns]:
    for table in tables:
        if len(table) <= PIECE or ascending(table.array("customer")):
            yield table
            continue
        for start in range(0, len(table), PIECE):
            yield table.take(slice(start, start + PIECE))


def _by_customer(piece: Columns) -> Columns:
    """The rows of one piece by customer and time."""
    piece = piece.replace(customer=piece.coded("customer").compact())
    who = piece.array("customer")
    if ascending(who):
        return piece
    time = piece.array("time").view(np.int64)
    order = np.arange(len(who))
    if not ascending(time):
        order = sorted_by(time - time.min(), order)
    return piece.take(sorted_by(who, order))


def together(
    pieces: list[Columns], threads: int = 1, *, within: tuple[Vocab, list[Codes]] | None = None
) -> tuple[Columns, Ints]:
    """One table by customer of pieces that are so each, which are let go.

    In it, the rows that a customer has in earlier pieces come first. The customers of all, and
    those of each piece among them, may be given.
    """
    vocab, to = within or united([piece.coded("customer").vocab for piece in pieces])
    if len(pieces) == 1:
        return pieces[0], counted(pieces[0].array("customer"), len(vocab))
    codes = [t[piece.array("customer")] for piece, t in zip(pieces, to, strict=True)]
    counts = [np.bincount(c, minlength=len(vocab)) for c in codes]
    offsets = np.zeros(len(vocab) + 1, dtype=np.int64)
    np.cumsum(sum(counts), out=offsets[1:])
    place = _places(counts, offsets) if sum(len(c) > 0 for c in codes) > 1 else None
    lengths = [len(piece) for piece in pieces]
    columns = by_name([piece.without(["customer"]) for piece in pieces])
    del codes, counts, to
    pieces.clear()
    rest = put_together(columns, lengths, place, threads=threads)
    who = np.repeat(np.arange(len(vocab), dtype=np.int32), np.diff(offsets))
    return Columns({"customer": Coded(who, vocab), **rest.data}), offsets


def _places(counts: Sequence[Ints], offsets: Ints) -> Place:
    """Where the rows of each piece go."""
    begin = offsets[:-1].copy()
    places = []
    for count in counts:  # a piece is a million rows
        own = np.cumsum(count) - count
        places.append(np.repeat(begin - own, count) + np.arange(int(count.sum())))
        begin += count
    return places


def _once(table: Columns, offsets: Ints) -> Bools:
    """Which rows (n,) stay when repeated deliveries are dropped."""
    n = len(table)
    keep = np.ones(n, dtype=bool)
    if "has_id" not in table:
        return _stated_once(table)
    told = table.array("has_id")
    if not n or (is_same_in_all(told) and not told[0]):
        return keep
    key, who = table.array(KEY), table.array("customer")
    for some in _people(offsets):
        rows = slice(int(offsets[some.start]), int(offsets[some.stop]))
        here = told[rows]
        joint = np.sort(_joint(who[rows][here], key[rows][here]))
        if (joint[1:] == joint[:-1]).any():
            gone = np.ones(rows.stop - rows.start, dtype=bool)
            gone[first_deliveries(table.take(rows))] = False
            keep[rows] = ~gone
    return keep


def _joint(who: Array, key: Array) -> Array:
    """One number for customer and key; that two differ is sure only where the numbers do."""
    joint: Array = key + who.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return joint


def _people(offsets: Ints) -> Iterator[slice]:
    """Ranges of customers who have some `CHUNK` rows together."""
    edges = np.flatnonzero(np.diff(offsets[:-1] // CHUNK)) + 1
    bounds = [0, *edges.tolist(), len(offsets) - 1]
    for start, stop in itertools.pairwise(bounds):
        if stop > start:
            yield slice(start, stop)


def _stated_once(facts: Columns) -> Bools:
    """Which facts stay: of those of one customer, instant and key the first to be known."""
    keep = np.ones(len(facts), dtype=bool)
    keep[repeated(facts)] = False
    return keep


def in_time(table: Columns) -> Columns:
    """Rows that lie by customer also by time within each, and by key within each instant."""
    who, time = table.array("customer"), table.array("time").view(np.int64)
    same = who[1:] == who[:-1]
    late = same & (time[1:] < time[:-1])
    if late.any():
        table = _moved(table, *_resorted(who, time, late, len(table.coded("customer").vocab)))
        time = table.array("time").view(np.int64)
    tied = np.zeros(len(who) + 1, dtype=bool)
    tied[1:-1] = same & (time[1:] == time[:-1])
    rows = np.flatnonzero(tied[:-1] | tied[1:])
    if not len(rows):
        return table
    some = table.take(rows)
    group = np.cumsum(~tied[:-1][rows])
    known, key, told = known_from(some), tie_keys(some), receipts(some)
    # Of statements of one instant that which was received last is the latest.
    last = (key, told, known) if "has_id" not in some else (told, known, key)
    order = np.lexsort((*last, group))
    if repeats(group[order], key[order]).any():  # the same, or twins of one hash
        order = np.lexsort((*texts(some), *last, group))
    return table if ascending(order) else _moved(table, rows, rows[order])


def _resorted(who: Array, time: Ints, late: Bools, people: int) -> tuple[Ints, Ints]:
    """The rows of customers with a row that comes too late, and the order in which they belong."""
    some = np.zeros(people, dtype=bool)
    some[who[1:][late]] = True
    rows = np.flatnonzero(some[who])
    when = time[rows]
    order = sorted_by(when - when.min(), np.arange(len(rows)))
    return rows, rows[sorted_by(who[rows], order)]


def _moved(table: Columns, rows: Ints, origin: Ints) -> Columns:
    """The table with what lay at `origin` now at `rows`."""

    def moved(array: Array) -> Array:
        if is_same_in_all(array):
            return array
        out = array.copy()
        out[rows] = array[origin]
        return frozen(out)

    return Columns(
        {
            name: Coded(moved(column.codes), column.vocab)
            if isinstance(column, Coded)
            else moved(column)
            for name, column in table.data.items()
        }
    )
