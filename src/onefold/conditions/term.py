"""The words with which conditions are made: a trait, and what to compare it with.

    trait("recency") <= 30        trait("channels", "web") > 0.5        trait("region").known()

Only here == makes a condition; between conditions it is equality.
"""

from collections.abc import Iterable
from typing import final

import attrs

from onefold import _check
from onefold.conditions import words
from onefold.conditions.kleene import Mask
from onefold.conditions.tree import Compare, CompareTrait, Condition, part_of
from onefold.errors import ArgumentError
from onefold.traits.asking import Value, ends, number, several, word_or_number
from onefold.traits.protocol import Trait, trait_of


@final
@attrs.frozen(eq=False, repr=False)
class Term:
    """A trait to be compared: its ==, !=, <, <=, > and >= make conditions."""

    of: str | Trait
    label: str | None = None

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return self._compared("==", word_or_number(other, self))

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return self._compared("!=", word_or_number(other, self))

    def __lt__(self, other: float) -> Condition:
        return self._compared("<", number(other, self, "<"))

    def __le__(self, other: float) -> Condition:
        return self._compared("<=", number(other, self, "<="))

    def __gt__(self, other: float) -> Condition:
        return self._compared(">", number(other, self, ">"))

    def __ge__(self, other: float) -> Condition:
        return self._compared(">=", number(other, self, ">="))

    __hash__ = None  # type: ignore[assignment]

    def isin(self, values: Iterable[str | float]) -> Condition:
        """One of several values, all text or all numbers.

        Examples:
            >>> str(trait("region").isin(["south", "north"]))
            "region is one of 'north', 'south'"
        """
        return self._compared("in", several(values, self))

    def between(self, low: float, high: float) -> Condition:
        """At least `low` and at most `high`: both ends are included.

        Examples:
            >>> trait("frequency").between(3, 9)
            trait('frequency').between(3, 9)
        """
        return self._compared("between", ends(low, high, self))

    def known(self) -> Condition:
        """There is a value; this is never unknown. `~trait(name).known()` asks for its absence."""
        return self._compared("known", None)

    def mask(self, who: object, *, strict: bool = True) -> Mask:
        """Refused: this is no condition yet.

        Raises:
            ArgumentError: Always; it says how to make a condition.
        """
        raise ArgumentError(self._advice)

    def __bool__(self) -> bool:
        raise ArgumentError(self._advice)

    @property
    def _advice(self) -> str:
        return f"{self!r} is not a condition yet; compare it, such as {self!r} >= 3."

    def _join(self, other: object = None) -> Condition:
        return part_of(self)

    __and__ = __rand__ = __or__ = __ror__ = __invert__ = _join  # brackets were forgotten

    def __repr__(self) -> str:
        return words.term(self.of, self.label)

    def _compared(self, op: str, value: Value) -> Condition:
        if isinstance(self.of, str):
            return Compare(self.of, self.label, op, value)
        return CompareTrait(self.of, self.label, op, value)


def trait(name: str | Trait, label: str | None = None) -> Term:
    """A trait or fact, to be compared.

    Args:
        name: Name of a trait or a fact, such as "recency"; or a trait, which profiles need not
            carry: `trait(Over(Monetary(), last="30D"))`.
        label: Which one, for a trait that has several numbers: `trait("channels", "web")`.

    Returns:
        A term; compare it with text or a number, or use `isin`, `between` and `known`.

    Raises:
        ArgumentError: If a name is empty or not a string.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([of.Event("ann", "purchase", "2024-03-01"),
        ...                                of.Event("bob", "purchase", "2024-03-09")])
        >>> profiles = of.fold(log, as_of="2024-03-10")
        >>> recent = (trait("recency") <= 7) & (trait("frequency") >= 1)
        >>> print(recent)
        recency is at most 7 and frequency is at least 1
        >>> recent.mask(profiles).tolist(), recent.of(profiles["bob"])
        ([0, 1], True)
    """
    named = isinstance(name, str) or not hasattr(name, "read")
    return Term(
        _check.text(name, "trait: name") if named else trait_of(name, "trait: name"),
        None if label is None else _check.text(label, "trait: label"),
    )
