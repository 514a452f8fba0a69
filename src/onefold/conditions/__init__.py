"""Conditions: questions about a customer with three answers, true, false and unknown."""

from onefold.conditions.doing import Did, did
from onefold.conditions.explain import Explanation
from onefold.conditions.table import Counts
from onefold.conditions.term import Term, trait
from onefold.conditions.tree import And, Compare, CompareTrait, Condition, Not, Or

__all__ = [
    "And",
    "Compare",
    "CompareTrait",
    "Condition",
    "Counts",
    "Did",
    "Explanation",
    "Not",
    "Or",
    "Term",
    "did",
    "trait",
]
