"""A comparison in English, and as the code that makes it.

recency is at most 30                trait('recency') <= 30
"""

from onefold.conditions.table import Value

SAID = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
}


def subject(name: str, label: str | None) -> str:
    """The trait, and its label after a colon as in tables."""
    return name if label is None else f"{name}: {label}"


def english(name: str, label: str | None, op: str, value: Value) -> str:
    """The comparison as a sentence without a full stop."""
    who = subject(name, label)
    if op == "known":
        return f"{who} is known"
    if isinstance(value, tuple):
        if op == "between":
            return f"{who} is between {plain(value[0])} and {plain(value[1])}"
        return f"{who} is one of {', '.join(plain(v) for v in value)}"
    return f"{who} {SAID[op]} {plain(value)}"


def term(name: str, label: str | None) -> str:
    """The code that makes a term."""
    return f"trait({name!r})" if label is None else f"trait({name!r}, {label!r})"


def code(name: str, label: str | None, op: str, value: Value) -> str:
    """The code that makes the comparison."""
    who = term(name, label)
    if op == "known":
        return f"{who}.known()"
    if isinstance(value, tuple):
        if op == "between":
            return f"{who}.between({value[0]!r}, {value[1]!r})"
        return f"{who}.isin({list(value)!r})"
    return f"{who} {op} {value!r}"


def plain(value: object) -> str:
    """A value in full: text in quotes, numbers with thousands grouped and no idle zeros."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return repr(value) if isinstance(value, str) else f"{value:,}"
