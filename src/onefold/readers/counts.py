"""Counts by reason, the most frequent first and, among equals, in the order of the alphabet."""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType


def counted(reasons: Iterable[str]) -> Mapping[str, int]:
    """How often each reason occurs."""
    return Counter(reasons)


def frozen_counts(counts: Mapping[str, int]) -> Mapping[str, int]:
    """The same counts, in order, in a mapping that can't be changed."""
    order = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return MappingProxyType(dict(order))
