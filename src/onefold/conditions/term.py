"""The words with which conditions are made: a trait, and what to compare it with.

    trait("recency") <= 30        trait("channels", "web") > 0.5        trait("region").known()

Only here == makes a condition; between conditions it is equality.
"""

import math
import numbers
from collections.abc import Iterable
from typing import final

import attrs
import numpy as np

from onefold import _check
from onefold.conditions import words
from onefold.conditions.table import Value
from onefold.conditions.tree import Compare, Condition, part_of
from onefold.errors import ArgumentError


@final
@attrs.frozen(eq=False, repr=False)
class Term:
    """A trait to be compared: its ==, !=, <, <=, > and >= make conditions."""

    name: str
    label: str | None = None

    def __eq__(self, other: object) -> Compare:  # type: ignore[override]
        return self._compared("==", _word_or_number(other, self))

    def __ne__(self, other: object) -> Compare:  # type: ignore[override]
        return self._compared("!=", _word_or_number(other, self))

    def __lt__(self, other: float) -> Compare:
        return self._compared("<", _number(other, self, "<"))

    def __le__(self, other: float) -> Compare:
        return self._compared("<=", _number(other, self, "<="))

    def __gt__(self, other: float) -> Compare:
        return self._compared(">", _number(other, self, ">"))

    def __ge__(self, other: float) -> Compare:
        return self._compared(">=", _number(other, self, ">="))

    __hash__ = None  # type: ignore[assignment]

    def isin(self, values: Iterable[str | float]) -> Compare:
        """One of several values, all text or all numbers.

        Examples:
            >>> str(trait("region").isin(["south", "north"]))
            "region is one of 'north', 'south'"
        """
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise ArgumentError(f"{self!r}.isin: values is {values!r}; it takes a list of values.")
        given = {_word_or_number(v, self) for v in values}
        if not given or len({isinstance(v, str) for v in given}) > 1:
            raise ArgumentError(
                f"{self!r}.isin: values is {values!r}; it takes at least one, all of them text or "
                "all of them numbers."
            )
        return self._compared("in", tuple(sorted(given)))

    def between(self, low: float, high: float) -> Compare:
        """At least `low` and at most `high`: both ends are included.

        Examples:
            >>> trait("frequency").between(3, 9)
            trait('frequency').between(3, 9)
        """
        ends = (_number(low, self, "between"), _number(high, self, "between"))
        if ends[0] > ends[1]:
            raise ArgumentError(
                f"{self!r}.between: low is {low!r}, above high, which is {high!r}. Swap them."
            )
        return self._compared("between", ends)

    def known(self) -> Compare:
        """There is a value; this is never unknown. `~trait(name).known()` asks for its absence."""
        return self._compared("known", None)

    def __bool__(self) -> bool:
        raise ArgumentError(f"{self!r} is not a condition yet; compare it, such as {self!r} >= 3.")

    def _join(self, other: object = None) -> Condition:
        return part_of(self)

    __and__ = __rand__ = __or__ = __ror__ = __invert__ = _join  # brackets were forgotten

    def __repr__(self) -> str:
        return words.term(self.name, self.label)

    def _compared(self, op: str, value: Value) -> Compare:
        return Compare(self.name, self.label, op, value)


def trait(name: str, label: str | None = None) -> Term:
    """A trait or fact, to be compared.

    Args:
        name: Name of a trait or a fact, such as "recency".
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
    return Term(
        _check.text(name, "trait: name"),
        None if label is None else _check.text(label, "trait: label"),
    )


def _word_or_number(value: object, of: Term) -> str | int | float:
    if isinstance(value, str):
        return str(value)
    return _number(value, of, "== or !=")


def _number(value: object, of: Term, op: str) -> int | float:
    boolean = isinstance(value, (bool, np.bool_))
    if isinstance(value, numbers.Real) and not boolean and math.isfinite(value):
        return int(value) if isinstance(value, numbers.Integral) else float(value)
    allowed = "text or a finite number" if "==" in op else "a finite number"
    advice = ""
    if boolean:
        advice = " Facts that were true or false hold 'yes' or 'no', traits 1 or 0."
    elif isinstance(value, str):
        advice = f" Text can be asked for with ==, != and isin: {of!r} == {value!r}."
    elif value is None or isinstance(value, numbers.Real):
        advice = f" For a missing value ask ~{of!r}.known()."
    raise ArgumentError(f"{of!r}: {op} takes {allowed}, not {value!r}.{advice}")
