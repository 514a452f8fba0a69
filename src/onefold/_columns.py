"""Columns of equal length under names: the shape in which events and facts are held.

A column is a numpy array or a `Coded` one (codes into a sorted vocabulary). Two tables are
put together by the union of their vocabularies; a column that one of them lacks is missing
there. A row's content hash is a sum over its columns that are not missing,

    h(row) = sum over columns c of mix(hash(name of c), hash(value of c))        (modulo 2^64)

so it depends neither on the order of columns nor on columns in which the row holds nothing.
"""

from collections.abc import Callable, Iterable, Mapping

import attrs
import numpy as np

from onefold._random import hash64, mix64
from onefold._types import NO_MONEY, NO_OFFSET, Array, Codes, Hashes, Strings
from onefold._vocab import EMPTY, Vocab
from onefold.errors import ColumnError


def frozen(array: Array) -> Array:
    """The same array, no longer writeable (a copy first, if it belongs to somebody else)."""
    if array.flags.writeable:
        array = array if array.flags.owndata else array.copy()
        array.flags.writeable = False
    return array


@attrs.frozen(eq=False)
class Coded:
    """A column of strings: `codes` (n,) int32 into `vocab`, -1 where missing."""

    codes: Codes = attrs.field(converter=frozen)
    vocab: Vocab

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Array | slice) -> "Coded":
        """The given rows (a mask, positions or a slice)."""
        return Coded(self.codes[rows], self.vocab)

    def decode(self) -> Strings:
        """The strings (n,), None where missing; a new array."""
        return self.vocab.decode(self.codes)

    def within(self, vocab: Vocab) -> "Coded":
        """The same strings, coded by a vocabulary that holds at least those that occur."""
        if vocab is self.vocab or vocab == self.vocab:
            return Coded(self.codes, vocab)
        return Coded(_translated(self.codes, vocab.codes(self.vocab.values)), vocab)

    def compact(self) -> "Coded":
        """The same strings, with a vocabulary of only those that occur."""
        if len(self.codes) < len(self.vocab):
            some = np.unique(self.codes)
            some = some[some >= 0]
            codes = np.searchsorted(some, self.codes).astype(np.int32)
            codes[self.codes < 0] = -1
            return Coded(codes, Vocab(self.vocab.values[some]))
        used = np.zeros(len(self.vocab) + 1, dtype=bool)
        used[self.codes] = True
        used = used[:-1] if len(self.vocab) else used[:0]
        if used.all():
            return self
        to = (np.cumsum(used, dtype=np.int64) - 1).astype(np.int32)
        to[~used] = -1
        return Coded(_translated(self.codes, to), Vocab(self.vocab.values[used]))


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
        return self._each(lambda c: c.take(rows) if isinstance(c, Coded) else frozen(c[rows]))

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
        names = [*self.data, *(n for n in other.data if n not in self.data)]
        return Columns({n: _stacked(n, self, other) for n in names})

    def content(self, *, leave_out: Iterable[str] = ()) -> Hashes:
        """A 64-bit hash (n,) of what each row holds."""
        total = np.zeros(len(self), dtype=np.uint64)
        for name, column in self.data.items():
            if name in set(leave_out):
                continue
            salt = hash64(np.array([name], dtype=object))
            if isinstance(column, Coded):  # each string once
                by_code = mix64(salt, hash64(column.vocab.values))
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


def _stacked(name: str, above: Columns, below: Columns) -> Column:
    a = above.data.get(name)
    b = below.data.get(name)
    a = _nothing(b, len(above)) if a is None and b is not None else a
    b = _nothing(a, len(below)) if b is None and a is not None else b
    assert a is not None and b is not None
    if isinstance(a, Coded) != isinstance(b, Coded):  # a side that holds nothing takes the type
        if missing(a).all():
            a = _nothing(b, len(above))
        elif missing(b).all():
            b = _nothing(a, len(below))
    if isinstance(a, Coded) and isinstance(b, Coded):
        vocab = a.vocab.union(b.vocab)
        codes = np.concatenate([a.within(vocab).codes, b.within(vocab).codes])
        return Coded(codes, vocab)
    if isinstance(a, Coded) or isinstance(b, Coded):
        raise ColumnError(
            f"property {name.removeprefix('property:')!r} holds numbers on one side and text on "
            "the other; give it one type before putting the logs together."
        )
    return frozen(np.concatenate([a, b]))


def _nothing(like: Column, n: int) -> Column:
    if isinstance(like, Coded):
        return Coded(np.full(n, -1, dtype=np.int32), EMPTY)
    if like.dtype.kind == "f":
        return np.full(n, np.nan)
    if like.dtype.kind == "M":
        return np.full(n, np.datetime64("NaT", "us"))
    return np.full(n, NO_OFFSET if like.dtype == np.int32 else NO_MONEY, dtype=like.dtype)


def _translated(codes: Codes, to: Codes) -> Codes:
    return np.append(to, np.int32(-1)).astype(np.int32)[codes]
