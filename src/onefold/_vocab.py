"""A vocabulary: the distinct strings of a column, sorted, so that a code is a rank.

Because the strings are sorted, comparing codes compares strings, and two vocabularies
that hold the same strings are the same whatever order the data came in:

    Vocab.of(["b", "a", "b"]).values == ["a", "b"]        codes: 1, 0, 1        missing: -1
"""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import numpy as np

from onefold._types import Array, Codes, Strings

FEW = 50  # below one string in so many, looking each up is cheaper than an index of all


def _owned(values: Array) -> Array:
    if values.dtype == object and values.flags.owndata and not values.flags.writeable:
        return values
    values = np.array(values, dtype=object)
    values.flags.writeable = False
    return values


@attrs.frozen(eq=False, repr=False)
class Vocab:
    """Sorted distinct strings; the position of a string is its code."""

    values: Strings = attrs.field(converter=_owned)
    _index: list[dict[str, int]] = attrs.field(init=False, factory=list)  # a cache, made on demand

    @classmethod
    def of(cls, strings: Iterable[str]) -> "Vocab":
        """The vocabulary of any strings, in any order, repeated or not."""
        return cls(np.array(sorted(set(strings)), dtype=object))

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[str]:
        return iter(self.values.tolist())

    def __getitem__(self, code: int) -> str:
        return str(self.values[code])

    def __contains__(self, string: object) -> bool:
        return isinstance(string, str) and self.code(string) >= 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocab):
            return NotImplemented
        return self is other or np.array_equal(self.values, other.values)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Vocab({len(self)} strings)"

    def code(self, string: str) -> int:
        """The code of one string, -1 if it is not among them."""
        low, high, values = 0, len(self.values), self.values
        while low < high:
            middle = (low + high) // 2
            if values[middle] < string:
                low = middle + 1
            else:
                high = middle
        return low if low < len(values) and values[low] == string else -1

    def codes(self, strings: Iterable[Any]) -> Codes:
        """Codes (n,) of strings (n,), -1 where a string is None or not among them."""
        listed = strings.tolist() if isinstance(strings, np.ndarray) else list(strings)
        if not self._index and len(listed) * FEW < len(self):
            found = (self.code(s) if isinstance(s, str) else -1 for s in listed)
            return np.fromiter(found, dtype=np.int32, count=len(listed))
        index = self._by_string
        found = (index.get(s, -1) for s in listed)
        return np.fromiter(found, dtype=np.int32, count=len(listed))

    def union(self, other: "Vocab") -> "Vocab":
        """The strings of both; `self` where it holds them all already."""
        if self is other or not len(other):
            return self
        if not len(self):
            return other
        new = other.values[self.codes(other.values) < 0].tolist()
        if not new:
            return self
        both = self.values.tolist() + new
        both.sort()  # two ascending runs, which Python's sort merges in linear time
        return Vocab(np.array(both, dtype=object))

    def decode(self, codes: Codes) -> Strings:
        """Strings (n,) of codes (n,), None where a code is -1."""
        if not len(self.values):
            return np.full(len(codes), None, dtype=object)
        out = self.values[codes]
        out[codes < 0] = None
        return out

    @property
    def _by_string(self) -> dict[str, int]:
        if not self._index:
            self._index.append({s: i for i, s in enumerate(self.values.tolist())})
        return self._index[0]


EMPTY = Vocab(np.array([], dtype=object))
