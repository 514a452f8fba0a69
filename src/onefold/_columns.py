"""Columns of equal length under names: the shape in which events and facts are held.

A column is a numpy array or a `Coded` one (codes into a sorted vocabulary). Two tables are
put together by the union of their vocabularies; a column that one of them lacks is missing
there. A row's content hash is a sum over its columns that are not missing,

    h(row) = sum over columns c of mix(hash(name of c), hash(value of c))        (modulo 2^64)

so it depends neither on the order of columns nor on columns in which the row holds nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs
import numpy as np

from onefold._random import hash64, mix64
from onefold._threads import mapped
from onefold._types import NO_MONEY, NO_OFFSET, Array, Codes, Hashes, Ints, Strings
from onefold._vocab import EMPTY, Vocab, united
from onefold.errors import ColumnError

FEW = 16  # below one row in so many strings, sorting the rows is cheaper than marking the strings
Place: TypeAlias = Sequence[Ints]  # for each of several tables, where its rows go


def frozen(array: Array) -> Array:
    """The same array, no longer writeable (a copy first, if it belongs to somebody else)."""
    if array.flags.writeable:
        array = array if array.flags.owndata else array.copy()
        array.flags.writeable = False
    return array


def same_in_all(value: Any, n: int) -> Array:
    """One value in each of n rows, for which no memory is spent."""
    held = np.asarray(value)
    if held.dtype.kind not in "biuf":
        return np.broadcast_to(held, (n,))
    out: Array = np.ndarray((n,), held.dtype, held, strides=(0,))  # the same, sooner
    out.flags.writeable = False
    return out


def taken(array: Array, rows: Array | slice) -> Array:
    """The given rows (a mask, positions or a slice) of an array."""
    if len(array) and is_same_in_all(array):
        if isinstance(rows, slice):
            return same_in_all(array[0], len(range(*rows.indices(len(array)))))
        return same_in_all(array[0], int(rows.sum()) if rows.dtype == bool else len(rows))
    return frozen(array[rows])


def joined(arrays: Sequence[Array], place: Place | None = None) -> Array:
    """The rows of all arrays, one array after another or each where `place` says."""
    held = [array for array in arrays if len(array)] or list(arrays[:1])
    if len(held) == 1:
        return held[0]
    if all(is_same_in_all(array) for array in held):
        heads = np.array([array[0] for array in held])
        if np.array_equal(heads, same_in_all(heads[0], len(heads)), equal_nan=_has_nan(heads)):
            return same_in_all(heads[0], sum(map(len, held)))
    if place is None:
        return frozen(np.concatenate(held))
    out = np.empty(sum(map(len, held)), dtype=np.result_type(*held))
    for rows, array in zip([p for p in place if len(p)], held, strict=True):
        out[rows] = array
    return frozen(out)


def is_same_in_all(array: Array) -> bool:
    """Whether an array spends no memory on its rows."""
    return array.strides == (0,)


def _has_nan(array: Array) -> bool:
    return array.dtype.kind in "fM"


@attrs.frozen(eq=False)
class Coded:
    """A column of strings: `codes` (n,) int32 into `vocab`, -1 where missing."""

    codes: Codes = attrs.field(converter=frozen)
    vocab: Vocab

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Array | slice) -> "Coded":
        """The given rows (a mask, positions or a slice)."""
        return Coded(taken(self.codes, rows), self.vocab)

    def decode(self) -> Strings:
        """The strings (n,), None where missing; a new array."""
        return self.vocab.decode(self.codes)

    def within(self, vocab: Vocab) -> "Coded":
        """The same strings, coded by a vocabulary that holds at least those that occur."""
        if vocab is self.vocab or vocab == self.vocab:
            return Coded(self.codes, vocab)
        return Coded(_translated(self.codes, vocab.translation(self.vocab)), vocab)

    def compact(self) -> "Coded":
        """The same strings, with a vocabulary of only those that occur."""
        if len(self.codes) and is_same_in_all(self.codes):
            here = self.codes[:1]
            codes = same_in_all(np.int32(min(here[0], 0)), len(self.codes))
            return Coded(codes, self.vocab.take(here[here >= 0].astype(np.int64)))
        if len(self.codes) * FEW < len(self.vocab):
            some = np.unique(self.codes)
            some = some[some >= 0]
            codes = np.searchsorted(some, self.codes).astype(np.int32)
            codes[self.codes < 0] = -1
            return Coded(codes, self.vocab.take(some.astype(np.int64)))
        used = np.zeros(len(self.vocab) + 1, dtype=bool)
        used[self.codes] = True
        used = used[:-1] if len(self.vocab) else used[:0]
        if used.all():
            return self
        to = (np.cumsum(used, dtype=np.int64) - 1).astype(np.int32)
        to[~used] = -1
        return Coded(_translated(self.codes, to), self.vocab.take(np.flatnonzero(used)))


Column = Coded | Array


def _named(columns: Mapping[str, Column]) -> dict[str, Column]:
    return dict(columns)


@attrs.frozen(eq=False)
class Columns:
    """A table: columns of one length, by name. A value; its arrays are read-only."""

    data: Mapping[str, Column] = attrs.field(converter=_named)

    def __len__(self) -> int:
        return len(next(iter(self.data.values())))

    def __contains__(self, name: object) -> bool:
        return name in self.data

    def array(self, name: str) -> Array:
        """The numbers (n,) of a column: its codes, if it is a coded one."""
        column = self.data[name]
        return column.codes if isinstance(column, Coded) else column

    def coded(self, name: str) -> Coded:
        """A coded column."""
        column = self.data[name]
        assert isinstance(column, Coded), name
        return column

    def take(self, rows: Array | slice) -> "Columns":
        """The given rows (a mask, positions or a slice), in that order."""
        return self._each(lambda c: c.take(rows) if isinstance(c, Coded) else taken(c, rows))

    def compact(self) -> "Columns":
        """The same rows, with vocabularies of only the strings that occur."""
        return self._each(lambda c: c.compact() if isinstance(c, Coded) else c)

    def replace(self, **columns: Column) -> "Columns":
        """The same table with some columns changed or added."""
        return Columns({**self.data, **columns})

    def without(self, names: Iterable[str]) -> "Columns":
        """The same table without some of its columns."""
        gone = set(names)
        return Columns({k: v for k, v in self.data.items() if k not in gone})

    def above(self, other: "Columns") -> "Columns":
        """The rows of this table, then those of the other."""
        return stacked([self, other])

    def content(self, *, leave_out: Iterable[str] = ()) -> Hashes:
        """A 64-bit hash (n,) of what each row holds."""
        total = np.zeros(len(self), dtype=np.uint64)
        for name, column in self.data.items():
            if name in set(leave_out):
                continue
            salt = hash64(np.array([name], dtype=object))
            if isinstance(column, Coded):  # each string once
                by_code = mix64(salt, column.vocab.hashes)
                total += np.append(by_code, np.uint64(0))[column.codes]
                continue
            gone = missing(column)
            if not gone.all():
                total += np.where(gone, np.uint64(0), mix64(salt, _hashes(column)))
        return total

    def equals(self, other: "Columns") -> bool:
        """Whether both hold the same rows in the same order, whatever their vocabularies."""
        if len(self) != len(other):
            return False
        for name in {**self.data, **other.data}:
            if name not in self or name not in other:
                held = self.data.get(name, other.data.get(name))
                if held is None or not missing(held).all():
                    return False
            elif not _same(self.data[name], other.data[name]):
                return False
        return True

    def _each(self, change: Callable[[Column], Column]) -> "Columns":
        return Columns({name: change(column) for name, column in self.data.items()})


def missing(column: Column) -> Array:
    """A mask (n,) of the rows that hold nothing."""
    held = column.codes if isinstance(column, Coded) else column
    if len(held) > 1 and is_same_in_all(held):
        return same_in_all(
            missing(column.take(slice(1)) if isinstance(column, Coded) else column[:1])[0],
            len(held),
        )
    if isinstance(column, Coded):
        return np.asarray(column.codes < 0)
    if column.dtype.kind == "f":
        return np.isnan(column)
    if column.dtype.kind == "M":
        return np.isnat(column)
    if column.dtype == np.int64:
        return np.asarray(column == NO_MONEY)
    if column.dtype == np.int32:
        return np.asarray(column == NO_OFFSET)
    return np.zeros(len(column), dtype=bool)


def _hashes(column: Array) -> Hashes:
    if column.dtype.kind == "f":
        return (column + 0.0).view(np.uint64)  # -0.0 becomes 0.0
    return column.astype(np.int64).view(np.uint64)


def _same(a: Column, b: Column) -> bool:
    if isinstance(a, Coded) and isinstance(b, Coded):
        if a.vocab == b.vocab:
            return np.array_equal(a.codes, b.codes)
        a, b = a.compact(), b.compact()
        return a.vocab == b.vocab and np.array_equal(a.codes, b.codes)
    if isinstance(a, Coded) or isinstance(b, Coded):  # a property of which one side knows nothing
        return bool(missing(a).all() and missing(b).all())
    return np.array_equal(a, b, equal_nan=a.dtype.kind in "fM")


def stacked(tables: Sequence[Columns], place: Place | None = None) -> Columns:
    """The rows of all tables, one table after another or each where `place` says."""
    return put_together(by_name(tables), [len(table) for table in tables], place)


def by_name(tables: Sequence[Columns]) -> dict[str, list[Column | None]]:
    """The column of each table under each name; None where a table has none."""
    names = dict.fromkeys(name for table in tables for name in table.data)
    return {name: [table.data.get(name) for table in tables] for name in names}


def put_together(
    columns: dict[str, list[Column | None]],
    lengths: Sequence[int],
    place: Place | None = None,
    *,
    threads: int = 1,
) -> Columns:
    """One table of the columns of several; `columns` is emptied, so that each is let go in turn."""

    def one(name: str) -> Column:
        return _stacked(name, columns.pop(name), lengths, place)

    names = list(columns)
    return Columns(dict(zip(names, mapped(one, names, threads), strict=True)))


def _stacked(
    name: str, held: Sequence[Column | None], lengths: Sequence[int], place: Place | None
) -> Column:
    known = [c for c in held if c is not None]
    kinds = [c for c in known if not missing(c).all()]
    like = (kinds or known)[0]  # a side that holds nothing takes the type of the others
    if any(isinstance(c, Coded) != isinstance(like, Coded) for c in kinds):
        raise ColumnError(
            f"property {name.removeprefix('property:')!r} holds numbers on one side and text on "
            "the other; give it one type before putting the logs together."
        )
    columns = [
        _nothing(like, n) if c is None or isinstance(c, Coded) != isinstance(like, Coded) else c
        for c, n in zip(held, lengths, strict=True)
    ]
    if not isinstance(like, Coded):
        return joined([c for c in columns if not isinstance(c, Coded)], place)
    coded = [c for c in columns if isinstance(c, Coded)]
    vocab, to = united([c.vocab for c in coded])
    codes = [_translated(c.codes, t) for c, t in zip(coded, to, strict=True)]
    return Coded(joined(codes, place), vocab)


def _nothing(like: Column, n: int) -> Column:
    if isinstance(like, Coded):
        return Coded(same_in_all(np.int32(-1), n), EMPTY)
    if like.dtype.kind == "f":
        return same_in_all(np.nan, n)
    if like.dtype.kind == "M":
        return same_in_all(np.datetime64("NaT", "us"), n)
    if like.dtype.kind in "bu":  # keys, of which there are none
        return same_in_all(like.dtype.type(0), n)
    return same_in_all(like.dtype.type(NO_OFFSET if like.dtype == np.int32 else NO_MONEY), n)


def _translated(codes: Codes, to: Codes) -> Codes:
    if np.array_equal(to, np.arange(len(to))):
        return codes
    if len(codes) and is_same_in_all(codes):
        return same_in_all(_translated(codes[:1].copy(), to)[0], len(codes))
    return np.append(to, np.int32(-1)).astype(np.int32)[codes]
