"""Mappings that stay as they are, and counts by reason.

Counts are in order: the most frequent reason first and, among equals, that of the alphabet.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar, final

V = TypeVar("V")


@final
class Fixed(Mapping[str, V]):
    """A mapping that can't be changed; unlike `types.MappingProxyType` it can be pickled."""

    __slots__ = ("_held",)

    def __init__(self, held: Mapping[str, V]) -> None:
        self._held = dict(held)

    def __getitem__(self, name: str) -> V:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return repr(self._held)


def counted(reasons: Iterable[str]) -> Mapping[str, int]:
    """How often each reason occurs."""
    return fixed_counts(Counter(reasons))


def fixed_counts(counts: Mapping[str, int]) -> Mapping[str, int]:
    """The same counts, in order."""
    return Fixed(dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))))
