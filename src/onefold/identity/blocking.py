"""Which pairs of records are looked at: those that agree on something that few agree on.

To compare all pairs of n records would take n (n - 1) / 2 comparisons. A *block* is a rule such as
"the same surname and postcode": a set of columns on which a pair agrees. Of a rule we know how
many pairs it leaves, from the sizes s of its groups, without looking at any of them:

    pairs(rule)  =  sum over groups of s (s - 1) / 2

and so the rules that leave the fewest can be chosen before anything is compared.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TypeAlias

import attrs
import numpy as np

from onefold._columns import Coded
from onefold._types import Bools, Ints
from onefold.identity.records import Field

Rule: TypeAlias = tuple[str, ...]  # names of the fields on which a pair agrees

SESSIONS = 3  # blocks in which the model is learned
ENOUGH = 100  # pairs from which a share can be learned
SURE = {"numbers": 2, "email": 2, "phone": 1, "date_of_birth": 1, "surname": 1, "given_name": 1}
TELLING = 3  # points from which an agreement nearly tells a person


@attrs.frozen
class Plan:
    """What is looked at, where the model is learned, and which agreements nearly tell a person."""

    look: tuple[Rule, ...]
    learn: tuple[Rule, ...]
    sure: tuple[Rule, ...]


def planned(fields: Sequence[Field], given: Sequence[Rule] | None, *, effort: int) -> Plan:
    """The plan for some fields of n records, with at most `effort` pairs for each record."""
    n = len(fields[0].held)
    counts = _counts(fields)
    look = tuple(given) if given is not None else _chosen(counts, effort * n)
    sure = _sure(fields)
    held = {field.name: field.held for field in fields}
    return Plan(
        look=look,
        learn=_learned(counts, max(effort * n, ENOUGH), len(fields)),
        sure=tuple(rule for rule in sure if pairs([held[name] for name in rule])),
    )


def pairs(columns: Sequence[Coded]) -> int:
    """How many pairs of records agree on all of some columns, none of them missing."""
    key, known = _key(columns)
    sizes = np.unique(key[known], return_counts=True)[1].astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _key(columns: Sequence[Coded]) -> tuple[Ints, Bools]:
    key = np.zeros(len(columns[0]), dtype=np.int64)
    known = np.ones(len(key), dtype=bool)
    for column in columns:  # a few; counted anew, so that no product of many overflows
        key = key * len(column.vocab) + column.codes
        known &= column.codes >= 0
        key = np.unique(key, return_inverse=True)[1].astype(np.int64)
    return key, known


def _counts(fields: Sequence[Field]) -> dict[Rule, int]:
    """How many pairs each rule on one or two fields leaves."""
    rules: Iterable[tuple[Field, ...]] = [
        *((field,) for field in fields),
        *combinations(fields, 2),
    ]
    return {tuple(f.name for f in rule): pairs([f.held for f in rule]) for rule in rules}


def _chosen(counts: dict[Rule, int], most: int) -> tuple[Rule, ...]:
    """Rules on one field within half of `most` pairs, then on two within the rest."""
    out: list[Rule] = []
    left = most // 2
    for size in (1, 2):
        ranked = sorted((n, rule) for rule, n in counts.items() if len(rule) == size and n)
        for n, rule in ranked:
            if n <= left and not any((name,) in out for name in rule):
                out.append(rule)
                left -= n
        left += most - most // 2
    return tuple(out)


def _learned(counts: dict[Rule, int], most: int, fields: int) -> tuple[Rule, ...]:
    """Blocks without a field in common: those with the fewest pairs that are enough first.

    A field is learned in a block on others, so one block on two fields may be too few.
    """

    def fitness(rule: Rule) -> tuple[bool, int, Rule]:
        n = counts[rule]
        return n < ENOUGH, n if n >= ENOUGH else -n, rule

    out: list[Rule] = []
    for largest in (2, 1):  # fields in a block
        able = [rule for rule, n in counts.items() if 0 < n <= most and len(rule) <= largest]
        out = []
        for rule in sorted(able, key=fitness):  # some tens
            free = not {name for other in out for name in other} & set(rule)
            if free and len(out) < SESSIONS and len(rule) < fields:
                out.append(rule)
        if len(out) > 1:
            break
    return tuple(out)


def _sure(fields: Sequence[Field]) -> tuple[Rule, ...]:
    """The smallest sets of fields that nearly tell a person; all fields, where there are none."""
    points = {f.name: SURE.get(f.role, 0) for f in fields}
    able = [f.name for f in fields if points[f.name]]
    out: list[Rule] = []
    for size in range(1, len(able) + 1):
        for rule in combinations(able, size):
            enough = sum(points[name] for name in rule) >= TELLING
            if enough and not any(set(other) <= set(rule) for other in out):
                out.append(rule)
    return tuple(out) or (tuple(f.name for f in fields),)
