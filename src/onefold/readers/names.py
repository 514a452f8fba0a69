"""Names: the identifiers that a record carries, for who reads with `identities=True`.

Without it a record has one customer: the user id, else the anonymous one. With it, it has none
yet, and all the names under which somebody came are kept for `resolve`:

    {"userId": "ann", "anonymousId": "a-1"}  ->  user_id "ann", cookie "a-1"

A name of a person, a browser or a device is one; an address of the network never is.
"""

from collections.abc import Collection, Mapping
from typing import Any

from onefold.events.identifiers import IDENTIFIER, type_of

PLACES = ("user_id", "cookie", "cookie:2", "device", "device:2", "email", "phone")
COLUMNS = tuple(IDENTIFIER + place for place in PLACES)

Whose = str | None | tuple[str | None, ...]  # a customer, or a value for each column and the source


def columns(named: Mapping[str, str | None]) -> dict[str, str | None]:
    """The columns of an event that hold its names."""
    return {IDENTIFIER + place: value for place, value in named.items()}


def count(event: Mapping[str, Any]) -> int:
    """How many names an event has."""
    return sum(event[column] is not None for column in COLUMNS)


def by_type(held: Collection[str]) -> dict[str, list[str]]:
    """The columns by type, as a log takes them."""
    out: dict[str, list[str]] = {}
    for column in COLUMNS:
        if column in held:
            out.setdefault(type_of(column), []).append(column)
    return out
