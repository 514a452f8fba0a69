"""The words for what somebody did: a kind of event, which of them, and a measure to compare.

    did("purchase").where(field("value") >= 20).last("30D").count() >= 3

Each word narrows the events, in any order, and a measure of those that are left makes a
condition like that of a trait: it joins with others, and says the same of everybody's table and of
one profile. To have done nothing is known, and counts 0; a sum of nothing is missing.
"""

from typing import final

import attrs

from onefold._types import Duration
from onefold.conditions.kleene import Mask
from onefold.conditions.term import Term
from onefold.conditions.tree import Condition
from onefold.errors import ArgumentError
from onefold.traits.match import EventCondition, event_condition
from onefold.traits.measure import Chosen, Measure


@final
@attrs.frozen(repr=False)
class Did:
    """Events of a customer, to be narrowed and measured; make it with `did("purchase")`."""

    _chosen: Chosen

    def where(self, condition: EventCondition) -> "Did":
        """Only the events that match; what is said before holds too.

        Raises:
            ArgumentError: If it is no condition on events, made with `field`.
        """
        held = self._chosen.where
        checked = event_condition(condition, "did.where: condition")
        return Did(attrs.evolve(self._chosen, where=checked if held is None else held & checked))

    def last(self, last: Duration | None = None, *, until: Duration | None = None) -> "Did":
        """Only the events in [as_of - last, as_of - until); what is said before holds too.

        Args:
            last: How far the window reaches back, such as "30D"; left out, to the first event.
            until: Where it ends, back from `as_of`; left out, at `as_of`.

        Raises:
            ArgumentError: If neither is given, one is no length of time, or the window is empty.

        Examples:
            >>> print(did("purchase").last("60D", until="30D").any())
            count of 'purchase' from 60 days to 30 days ago is at least 1
        """
        if last is None and until is None:
            raise ArgumentError("did.last: last is left out; give a length of time, such as '30D'.")
        old, new = self._chosen, attrs.evolve(self._chosen, last=last, until=until)
        lasts = [window for window in (old.last, new.last) if window is not None]
        untils = [window for window in (old.until, new.until) if window is not None]
        back, end = min(lasts, default=None), max(untils, default=None)
        return Did(attrs.evolve(new, last=back, until=end))

    def any(self) -> Condition:
        """There is at least one."""
        return self.count() >= 1

    def never(self) -> Condition:
        """There is none."""
        return self.count() == 0

    def count(self) -> Term:
        """How many events; 0 where there are none."""
        return self._by("count")

    def visits(self) -> Term:
        """How many visits: baskets, or instants where there is no basket."""
        return self._by("visits")

    def sum(self, of: str = "value") -> Term:
        """The sum of "value" (in units of money), "quantity" or a property; missing without any."""
        return self._by("sum", of)

    def mean(self, of: str = "value") -> Term:
        """The mean of it over the events that have it; missing without any."""
        return self._by("mean", of)

    def min(self, of: str = "value") -> Term:
        """The least of it; missing without any."""
        return self._by("min", of)

    def max(self, of: str = "value") -> Term:
        """The greatest of it; missing without any."""
        return self._by("max", of)

    def distinct(self, of: str = "item") -> Term:
        """How many different labels: items, channels, categories, a property; 0 without any."""
        return self._by("distinct", of)

    def mask(self, who: object, *, strict: bool = True) -> Mask:
        """Refused: this is no condition yet.

        Raises:
            ArgumentError: Always; it says how to make a condition.
        """
        raise ArgumentError(self._advice)

    def __bool__(self) -> bool:
        raise ArgumentError(self._advice)

    def _join(self, other: object = None) -> Condition:
        raise ArgumentError(self._advice)

    __and__ = __rand__ = __or__ = __ror__ = __invert__ = _join
    __lt__ = __le__ = __gt__ = __ge__ = _join

    @property
    def _advice(self) -> str:
        return (
            f"{self!r} is not a condition yet; end it with .any() or .never(), or compare a "
            f"measure: {self!r}.count() >= 3."
        )

    def __repr__(self) -> str:
        return repr(self._chosen)

    def _by(self, by: str, of: str | None = None) -> Term:
        return Term(Measure(self._chosen, by, of))


def did(event: str | None = None) -> Did:
    """What a customer did, to be asked for in conditions, without a trait for it.

    Narrow it with `where` and `last`, and end with `any()`, `never()`, or a measure to compare:
    `count()`, `visits()`, `sum(of)`, `mean(of)`, `min(of)`, `max(of)`, `distinct(of)`.

    Args:
        event: Kind of event; left out, every kind.

    Returns:
        Something to be narrowed and measured.

    Raises:
        ArgumentError: If the kind is empty or not a string.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", value=25),
        ...     of.Event("ann", "purchase", "2024-03-20", value=30),
        ...     of.Event("bob", "view", "2024-03-20")])
        >>> profiles = of.fold(log, as_of="2024-04-01")
        >>> dear = did("purchase").where(of.field("value") >= 20).last("30D")
        >>> often = dear.count() >= 2
        >>> print(often)
        count of 'purchase' (value is at least 20) in the last 30 days is at least 2
        >>> often.mask(profiles).tolist()
        [0, 0]
        >>> (dear.any() & (of.trait("monetary") > 50)).of(profiles["ann"])
        True
        >>> (did("view").last("30D").sum() > 20).explain(profiles["bob"])
        unknown  sum of value of 'view' in the last 30 days is above 20 (no data)
    """
    return Did(Chosen(event))
