"""Segments by rules: names and conditions, the first that holds decides.

    Rules({"lapsed": trait("recency") > 180, "loyal": trait("frequency") >= 10})

Where none holds, but one is unknown, the customer might belong there: the segment is unknown.
Only where all are known to be false is it "rest".
"""

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from onefold import _check
from onefold._types import Strings
from onefold.conditions import Condition
from onefold.errors import ArgumentError
from onefold.profiles import TraitTable
from onefold.segments.assignment import REST, UNKNOWN


def _rules(rules: Any) -> tuple[tuple[str, Condition], ...]:
    pairs = tuple(rules.items()) if isinstance(rules, Mapping) else tuple(rules)
    for name, condition in pairs:
        _check.text(name, "Rules: a name")
        if name in (REST, UNKNOWN):
            raise ArgumentError(
                f"Rules: a segment is called {name!r}, which is the name of those whom no rule "
                "takes. Choose another."
            )
        if not isinstance(condition, Condition):
            raise ArgumentError(
                f"Rules: {name!r} has {condition!r}; it takes a condition, such as "
                "trait('recency') <= 30."
            )
    names = [name for name, _ in pairs]
    if not names or len(set(names)) < len(names):
        raise ArgumentError(f"Rules: names are {names!r}; it takes one or more, each its own.")
    return pairs


@attrs.frozen
class Rules:
    """Segments by conditions on traits and facts; the first that is true decides.

    A customer for whom none is true is unknown if any is unknown, else in "rest". An unknown
    condition does not keep a later one that is true from deciding.

    Args:
        rules: Conditions by the names of their segments, in the order in which they are asked.

    Examples:
        >>> import onefold as of
        >>> from onefold.conditions import trait
        >>> from onefold.segments import Rules, segment
        >>> log = of.EventLog.from_events([of.Event("ann", "purchase", "2024-03-01"),
        ...                                of.Event("bob", "purchase", "2024-03-09")])
        >>> rules = Rules({"new": trait("recency") <= 7})
        >>> segment(of.fold(log, as_of="2024-03-10"), rules).assignment.by_customer()
        {'ann': 'rest', 'bob': 'new'}
    """

    rules: tuple[tuple[str, Condition], ...] = attrs.field(converter=_rules)

    def fit(self, table: TraitTable, *, rng: np.random.Generator) -> "FittedRules":
        """Check that the conditions can be asked of these customers; nothing is estimated."""
        for _, condition in self.rules:
            condition.mask(table)
        return FittedRules(self.rules)


@attrs.frozen
class FittedRules:
    """Rules that can be asked."""

    rules: tuple[tuple[str, Condition], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.rules)

    def assign(self, table: TraitTable) -> Strings:
        out = np.full(len(table), REST, dtype=object)
        open_, unsure = np.ones(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
        for name, condition in self.rules:
            mask = condition.mask(table, strict=False)
            out[open_ & (mask == 1)] = name
            open_ &= mask != 1
            unsure |= mask == -1
        out[open_ & unsure] = None
        return out
