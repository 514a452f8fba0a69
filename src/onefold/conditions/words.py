"""A comparison in English, and as the code that makes it.

recency is at most 30                trait('recency') <= 30
"""

from onefold.traits import asking
from onefold.traits.asking import Value
from onefold.traits.measure import Measure
from onefold.traits.protocol import Trait


def subject(of: str | Trait, label: str | None) -> str:
    """The trait, and its label after a colon as in tables."""
    name = of if isinstance(of, str) else of.name
    return name if label is None else f"{name}: {label}"


def english(of: str | Trait, label: str | None, op: str, value: Value) -> str:
    """The comparison as a sentence without a full stop."""
    return asking.english(subject(of, label), op, value)


def term(of: str | Trait, label: str | None) -> str:
    """The code that makes a term."""
    if isinstance(of, Measure):
        return repr(of)
    return f"trait({of!r})" if label is None else f"trait({of!r}, {label!r})"


def code(of: str | Trait, label: str | None, op: str, value: Value) -> str:
    """The code that makes the comparison."""
    return asking.code(term(of, label), op, value)
