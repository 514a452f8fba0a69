"""Conditions as values: comparisons of traits, joined by and, or, not.

    recent = trait("recency") <= 30
    north = trait("region") == "north"
    recent & ~north                        # recency is at most 30 and not (region is 'north')
    did("view").last("7D").any() & recent  # of what was done, without a trait for it

A condition is data: it can be compared, hashed, written as English (`str`) and as the code
that makes it (`repr`). It asks a table of everybody or one profile, and gives true, false or
unknown; only `Term` makes conditions from ==, between conditions == is equality.
"""

import abc
from collections.abc import Iterable
from typing import Any, final

import attrs

from onefold import _check
from onefold._types import Array
from onefold.conditions import kleene, words
from onefold.conditions.explain import Explanation, found
from onefold.conditions.kleene import Mask
from onefold.conditions.row import answer, row_of
from onefold.conditions.table import (
    Counts,
    column_of,
    compared,
    counted,
    reading_of,
    table_of,
)
from onefold.errors import ArgumentError
from onefold.profiles import Profile, Profiles, TraitTable
from onefold.traits.asking import OPERATORS, Value
from onefold.traits.match import EventCondition
from onefold.traits.protocol import Trait, trait_of


class Condition(abc.ABC):
    """A question about a customer: true, false or unknown. Join with `&`, `|` and `~`.

    Unknown is not false, also under `~`: a customer without a region is neither in the north nor
    not in the north. Make conditions from `trait(name)`.
    """

    __slots__ = ()

    def mask(self, who: Profiles | TraitTable, *, strict: bool = True) -> Mask:
        """The answers for all customers (n,), int8: 1 true, 0 false, -1 unknown.

        Args:
            who: Profiles, or a table of traits.
            strict: Refuse a trait or fact that nobody has; else it is missing for all. For a
                single person it is always missing, as one person's table knows no other facts.

        Raises:
            UnknownName: If there is no such trait or fact.
            ArgumentError: If text is compared with a number, or a label is missing.
        """
        return self._mask(table_of(who), strict)

    def of(self, profile: Profile) -> bool | None:
        """The answer for one profile; None is unknown."""
        return answer(self._mask(row_of(profile), False))

    def counts(self, who: Profiles | TraitTable) -> Counts:
        """For how many customers it holds, does not hold, and can't be told."""
        return counted(self.mask(who))

    def explain(self, profile: Profile) -> Explanation:
        """Which parts hold for one profile, with the values found: print it.

        Examples:
            >>> import onefold as of
            >>> from onefold.conditions import trait
            >>> log = of.EventLog.from_events([of.Event("ann", "purchase", "2024-03-01")])
            >>> profile = of.fold(log, as_of="2024-03-13")["ann"]
            >>> ((trait("recency") <= 30) & (trait("region") == "north")).explain(profile)
            unknown  recency is at most 30 and region is 'north'
              true     recency is at most 30 (found 12)
              unknown  region is 'north' (no data)
        """
        return self._explained(row_of(profile))

    def __and__(self, other: "Condition") -> "And":
        return And((self, other))

    def __or__(self, other: "Condition") -> "Or":
        return Or((self, other))

    def __invert__(self) -> "Not":
        return Not(self)

    def __bool__(self) -> bool:
        raise ArgumentError(
            f"condition: ({self}) has no truth of its own, only for a customer. Join conditions "
            "with & | ~ and brackets, not with and, or, not; write trait.between(low, high) in "
            "place of low <= trait <= high; ask with .of(profile) or .mask(profiles)."
        )

    @abc.abstractmethod
    def _mask(self, table: TraitTable, strict: bool) -> Mask: ...

    @abc.abstractmethod
    def _explained(self, table: TraitTable) -> Explanation: ...


def _op(instance: object, attribute: object, value: Any) -> None:
    _check.one_of(value, OPERATORS, f"{type(instance).__name__}: op")


def _trait(instance: object, attribute: object, value: Any) -> None:
    trait_of(value, f"{type(instance).__name__}: trait")


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@final
@attrs.frozen(repr=False)
class Compare(Condition):
    """One comparison of one trait; make it with `trait(name) <= 30` and the like.

    Attributes:
        name: The trait or fact.
        label: The label of a trait that has several, such as a channel.
        op: One of == != < <= > >= in between known.
        value: Text, a number, a tuple of either (in, between), or None (known).
    """

    name: str
    label: str | None
    op: str = attrs.field(validator=_op)
    value: Value = attrs.field(default=None, converter=_tupled)

    def _mask(self, table: TraitTable, strict: bool) -> Mask:
        values = column_of(table, self.name, self.label, strict=strict)
        return compared(values, self.op, self.value, words.term(self.name, self.label))

    def _explained(self, table: TraitTable) -> Explanation:
        value = column_of(table, self.name, self.label, strict=False)[0]
        return Explanation(answer(self._mask(table, False)), str(self), found(value))

    def __str__(self) -> str:
        return words.english(self.name, self.label, self.op, self.value)

    def __repr__(self) -> str:
        return words.code(self.name, self.label, self.op, self.value)


@final
@attrs.frozen(repr=False)
class CompareTrait(Condition):
    """One comparison of a trait that profiles need not carry, read where it is asked.

    Make it with `did("purchase").count() >= 3` or `trait(Over(...)) > 100` and the like.

    Attributes:
        trait: The trait.
        label: The label of a trait that has several, such as a channel.
        op: One of == != < <= > >= in between known.
        value: Text, a number, a tuple of either (in, between), or None (known).
    """

    trait: Trait = attrs.field(validator=_trait)
    label: str | None
    op: str = attrs.field(validator=_op)
    value: Value = attrs.field(default=None, converter=_tupled)

    def _mask(self, table: TraitTable, strict: bool) -> Mask:
        return self._compared(reading_of(table, self.trait, self.label, strict=strict))

    def _explained(self, table: TraitTable) -> Explanation:
        values = reading_of(table, self.trait, self.label, strict=False)
        return Explanation(answer(self._compared(values)), str(self), found(values[0]))

    def _compared(self, values: Array) -> Mask:
        return compared(values, self.op, self.value, words.term(self.trait, self.label))

    def __str__(self) -> str:
        return words.english(self.trait, self.label, self.op, self.value)

    def __repr__(self) -> str:
        return words.code(self.trait, self.label, self.op, self.value)


def _anded(parts: Iterable[Condition]) -> tuple[Condition, ...]:
    return _flat(And, parts)


def _ored(parts: Iterable[Condition]) -> tuple[Condition, ...]:
    return _flat(Or, parts)


def _flat(kind: type["And | Or"], parts: Iterable[Condition]) -> tuple[Condition, ...]:
    """The parts, those of the same kind opened: (a & b) & c is a & b & c."""
    out: list[Condition] = []
    for part in parts:
        out.extend(part.parts if isinstance(part, kind) else [part_of(part)])
    if len(out) < 2:
        raise ArgumentError(f"{kind.__name__}: parts has {len(out)}; it takes two or more.")
    return tuple(out)


def part_of(part: Any) -> Condition:
    """Check that something is a condition, and return it."""
    if isinstance(part, EventCondition):
        raise ArgumentError(
            f"condition: {part!r} asks about an event, and & | ~ join questions about a customer "
            f"here. Put it inside: did('purchase').where({part!r}).any()."
        )
    if not isinstance(part, Condition):
        raise ArgumentError(
            f"condition: & | ~ join conditions, not {part!r}. Put brackets round each comparison: "
            "(trait('recency') <= 30) & (trait('frequency') >= 3)."
        )
    return part


@final
@attrs.frozen(repr=False)
class And(Condition):
    """All of several conditions hold; make it with `a & b`."""

    parts: tuple[Condition, ...] = attrs.field(converter=_anded)

    def _mask(self, table: TraitTable, strict: bool) -> Mask:
        return kleene.every([part._mask(table, strict) for part in self.parts])

    def _explained(self, table: TraitTable) -> Explanation:
        return _joined(self, self.parts, table)

    def __str__(self) -> str:
        return " and ".join(f"({p})" if isinstance(p, Or) else str(p) for p in self.parts)

    def __repr__(self) -> str:
        return " & ".join(f"({part!r})" for part in self.parts)


@final
@attrs.frozen(repr=False)
class Or(Condition):
    """At least one of several conditions holds; make it with `a | b`."""

    parts: tuple[Condition, ...] = attrs.field(converter=_ored)

    def _mask(self, table: TraitTable, strict: bool) -> Mask:
        return kleene.some([part._mask(table, strict) for part in self.parts])

    def _explained(self, table: TraitTable) -> Explanation:
        return _joined(self, self.parts, table)

    def __str__(self) -> str:
        return " or ".join(f"({p})" if isinstance(p, And) else str(p) for p in self.parts)

    def __repr__(self) -> str:
        return " | ".join(f"({part!r})" for part in self.parts)


@final
@attrs.frozen(repr=False)
class Not(Condition):
    """A condition does not hold; make it with `~a`. What is unknown stays unknown."""

    part: Condition = attrs.field(converter=part_of)

    def _mask(self, table: TraitTable, strict: bool) -> Mask:
        return kleene.opposite(self.part._mask(table, strict))

    def _explained(self, table: TraitTable) -> Explanation:
        return _joined(self, (self.part,), table)

    def __str__(self) -> str:
        return f"not ({self.part})"

    def __repr__(self) -> str:
        return f"~({self.part!r})"


def _joined(whole: Condition, parts: tuple[Condition, ...], table: TraitTable) -> Explanation:
    explained = tuple(part._explained(table) for part in parts)
    return Explanation(answer(whole._mask(table, False)), str(whole), None, explained)
