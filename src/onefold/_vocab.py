"""A vocabulary: the distinct strings of a column, sorted, so that a code is a rank.

Because the strings are sorted, comparing codes compares strings, and two vocabularies
that hold the same strings are the same whatever order the data came in:

    Vocab.of(["b", "a", "b"]).values == ["a", "b"]        codes: 1, 0, 1        missing: -1

The strings are held as Python's, or as Arrow's text, or both: each is made of the other when
it is first asked for, so that a million ids cost a million strings only where they are looked at.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onefold import _text
from onefold._types import Array, Codes, Hashes, Ints, Strings

FEW = 50  # below one string in so many, looking each up is cheaper than an index of all
MANY = 4096  # strings from which on tables of them are put together in Arrow


def _owned(held: Any) -> Any:
    if isinstance(held, (pa.Array, pa.ChunkedArray)):
        whole = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
        return whole.cast(pa.large_string())
    if held.dtype == object and held.flags.owndata and not held.flags.writeable:
        return held
    return _read_only(np.array(held, dtype=object))


@attrs.frozen(eq=False, repr=False)
class Vocab:
    """Sorted distinct strings; the position of a string is its code."""

    _held: Any = attrs.field(
        converter=_owned, alias="values"
    )  # an array of Python's strings, or Arrow's
    _cache: dict[str, Any] = attrs.field(init=False, factory=dict)  # what was made on demand

    @classmethod
    def of(cls, strings: Iterable[str]) -> "Vocab":
        """The vocabulary of any strings, in any order, repeated or not."""
        return cls(np.array(sorted(set(strings)), dtype=object))

    @property
    def values(self) -> Strings:
        """The strings (n,), an array of objects."""
        if isinstance(self._held, np.ndarray):
            return self._held
        if "values" not in self._cache:
            self._cache["values"] = _read_only(self._held.to_numpy(zero_copy_only=False))
        made: Strings = self._cache["values"]
        return made

    @property
    def plain(self) -> "Vocab":
        """The same, held as strings of Python."""
        return self if isinstance(self._held, np.ndarray) else Vocab(self.values)

    @property
    def text(self) -> pa.Array:
        """The strings (n,), an array of Arrow's."""
        if isinstance(self._held, pa.Array):
            return self._held
        if "text" not in self._cache:
            self._cache["text"] = pa.array(self._held, type=pa.large_string())
        return self._cache["text"]

    @property
    def hashes(self) -> Hashes:
        """The hash (n,) of each string."""
        if "hashes" not in self._cache:
            self._cache["hashes"] = _read_only(_text.hash_text(self.text))
        made: Hashes = self._cache["hashes"]
        return made

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held.tolist())

    def __getitem__(self, code: int) -> str:
        held = self._held[code]
        return str(held if isinstance(self._held, np.ndarray) else held.as_py())

    def __contains__(self, string: object) -> bool:
        return isinstance(string, str) and self.code(string) >= 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocab):
            return NotImplemented
        if self is other:
            return True
        if isinstance(self._held, pa.Array) or isinstance(other._held, pa.Array):
            return len(self) == len(other) and bool(self.text.equals(other.text))
        return np.array_equal(self.values, other.values)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Vocab({len(self)} strings)"

    def code(self, string: str) -> int:
        """The code of one string, -1 if it is not among them."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self[middle] < string:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self[low] == string else -1

    def codes(self, strings: Iterable[Any]) -> Codes:
        """Codes (n,) of strings (n,), -1 where a string is None or not among them."""
        listed = strings.tolist() if isinstance(strings, np.ndarray) else list(strings)
        if "index" not in self._cache and len(listed) * FEW < len(self):
            found = (self.code(s) if isinstance(s, str) else -1 for s in listed)
            return np.fromiter(found, dtype=np.int32, count=len(listed))
        index = self._by_string
        found = (index.get(s, -1) for s in listed)
        return np.fromiter(found, dtype=np.int32, count=len(listed))

    def translation(self, other: "Vocab") -> Codes:
        """The code here (m,) of each string of another vocabulary, -1 where there is none."""
        if self is other:
            return np.arange(len(self), dtype=np.int32)
        if len(self) < MANY or len(other) * FEW < len(self):
            return self.codes(other.values)
        found = pc.index_in(other.text, value_set=self.text)
        codes: Codes = pc.fill_null(found, -1).to_numpy().astype(np.int32)
        return codes

    def take(self, codes: Ints) -> "Vocab":
        """The vocabulary of some of the strings, by ascending code."""
        if isinstance(self._held, np.ndarray):
            return Vocab(_read_only(self._held[codes]))
        return Vocab(self._held.take(pa.array(codes)))

    def union(self, other: "Vocab") -> "Vocab":
        """The strings of both; `self` where it holds them all already."""
        if self is other or not len(other):
            return self
        if not len(self):
            return other
        if min(len(self), len(other)) >= MANY:
            return united([self, other])[0]
        missing = np.flatnonzero(self.translation(other) < 0)
        if not len(missing):
            return self
        both = self.values.tolist() + other.values[missing].tolist()
        both.sort()  # two ascending runs, which Python's sort merges in linear time
        return Vocab(np.array(both, dtype=object))

    def decode(self, codes: Codes) -> Strings:
        """Strings (n,) of codes (n,), None where a code is -1."""
        if not len(self):
            return np.full(len(codes), None, dtype=object)
        out = self.values[codes]
        out[codes < 0] = None
        return out

    @property
    def _by_string(self) -> dict[str, int]:
        if "index" not in self._cache:
            self._cache["index"] = {s: i for i, s in enumerate(self.values.tolist())}
        made: dict[str, int] = self._cache["index"]
        return made


def united(vocabs: Sequence[Vocab]) -> tuple[Vocab, list[Codes]]:
    """The strings of all, and for each the code (n,) that its strings have there."""
    if all(v is vocabs[0] for v in vocabs):
        return vocabs[0], [np.arange(len(v), dtype=np.int32) for v in vocabs]
    if sum(map(len, vocabs)) < MANY:
        whole = Vocab.of(string for v in vocabs for string in v)
        return whole, [whole.codes(v.values) for v in vocabs]
    codes, words = _text.encode(pa.concat_arrays([v.text for v in vocabs]))
    whole, rank = ranked(words)
    ends = np.cumsum([len(v) for v in vocabs])
    return whole, np.split(rank[codes], ends[:-1])


def ranked(words: pa.Array) -> tuple[Vocab, Codes]:
    """The vocabulary of distinct strings in any order, and the code (n,) of each in it."""
    order = _text.order(words)
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Vocab(words.take(pa.array(order))), rank


def _read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array


EMPTY = Vocab(np.array([], dtype=object))
