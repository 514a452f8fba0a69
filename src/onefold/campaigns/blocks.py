"""Blocks: profiles, some customers at a time, in their order.

    blocks(5,000 profiles)  ->  those of rows 0 to 2,000, 2,000 to 4,000, 4,000 to 5,000

A block looks at its customers' rows of the ledger and copies next to nothing. Blocks do not depend
on how many a caller wants to see at a time, or on how many threads there are: nor do the lists.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import numpy as np

from onefold._columns import Coded, Columns
from onefold._types import Ints
from onefold._vocab import Vocab
from onefold.consent import allowed
from onefold.errors import ArgumentError
from onefold.profiles import Profile, Profiles
from onefold.profiles.partitions import Partitions

BLOCK = 2000  # customers: few enough for memory, enough that numpy has something to do


def sized(profiles: Any, name: str) -> int | None:
    """How many customers there are, if that can be told before all are seen."""
    if isinstance(profiles, (Profiles, Partitions)):
        return len(profiles)
    if isinstance(profiles, (Profile, str)) or not isinstance(profiles, Iterable):
        raise ArgumentError(
            f"{name} is a {type(profiles).__name__}; it takes profiles (onefold.fold), partitions, "
            "or several profiles one after another. One customer's list is scorer.rank(profile)."
        )
    return None


def blocks(profiles: Any, name: str) -> Iterator[Profiles]:
    """The profiles, at most `BLOCK` customers at a time."""
    held = [profiles] if isinstance(profiles, Profiles) else profiles
    for several in held:
        if not isinstance(several, Profiles):
            raise ArgumentError(
                f"{name} gives a {type(several).__name__}; an iterable gives Profiles, such as "
                "(part.select(condition) for part in partitions)."
            )
        for start in range(0, len(several), BLOCK):
            yield block(several, start, min(start + BLOCK, len(several)))
        del several  # so that not two parts are held


def block(profiles: Profiles, start: int, stop: int) -> Profiles:
    """The profiles of the customers from `start` up to `stop`."""
    whole = profiles.ledger
    if whole.older is not None:
        some = whole.of(np.arange(start, stop))
    else:
        people = whole.people.take(np.arange(start, stop))
        some = attrs.evolve(
            whole,
            people=people,
            offsets=_offsets(whole.offsets, start, stop),
            events=_rows(whole.events, whole.offsets, people, start=start, stop=stop),
            fact_offsets=_offsets(whole.fact_offsets, start, stop),
            facts=_rows(whole.facts, whole.fact_offsets, people, start=start, stop=stop),
        )
    return Profiles(some, profiles.traits, profiles.catalog, profiles.as_of)


def addressed(some: Profiles, purpose: str | None) -> Profiles:
    """Those of a block who may be addressed for a purpose; all of them, where there is none."""
    if purpose is None:
        return some
    rows = np.flatnonzero(allowed(some, purpose))
    if len(rows) == len(some):
        return some
    return Profiles(some.ledger.of(rows), some.traits, some.catalog, some.as_of)


def _offsets(offsets: Ints, start: int, stop: int) -> Ints:
    out: Ints = offsets[start : stop + 1] - offsets[start]
    return out


def _rows(table: Columns, offsets: Ints, people: Vocab, *, start: int, stop: int) -> Columns:
    """The rows of some people, who are next to each other; the strings stay those of all."""
    kept = table.take(slice(int(offsets[start]), int(offsets[stop])))
    codes = kept.array("customer") - np.int32(start)
    return kept.replace(customer=Coded(codes.astype(np.int32, copy=False), people))
