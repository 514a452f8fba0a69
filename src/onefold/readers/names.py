"""Names: the identifiers that a record carries, for who reads with `identities=True`.

Without it a record has one customer: the user id, else the anonymous one. With it, it has none
yet, and all the names under which somebody came are kept for `resolve`:

    {"userId": "ann", "anonymousId": "a-1"}  ->  user_id "ann", cookie "a-1"

A name of a person, a browser or a device is one; an address of the network never is.
"""

from collections.abc import Mapping
from typing import Any

from onefold.errors import ArgumentError
from onefold.events.identifiers import IDENTIFIER, place_of, type_of

PLACES = ("user_id", "cookie", "cookie:2", "device", "device:2", "email", "phone")
COLUMNS = tuple(IDENTIFIER + place for place in PLACES)

Whose = str | tuple[str | None, ...]  # a customer, or a value for each column and the source


def columns(named: Mapping[str, str | None]) -> dict[str, str | None]:
    """The columns of an event that hold its names."""
    return {IDENTIFIER + place: value for place, value in named.items()}


def count(event: Mapping[str, Any]) -> int:
    """How many names an event has."""
    return sum(event[column] is not None for column in COLUMNS)


def by_type(columns: Mapping[str, str]) -> dict[str, list[str]]:
    """The columns of a frame by type, as a log takes them, of those by the names of a log's."""
    out: dict[str, list[str]] = {}
    for name in sorted(columns, key=lambda name: (type_of(name), place_of(name))):
        out.setdefault(type_of(name), []).append(columns[name])
    return out


def no_identifier(name: str, argument: str) -> str:
    """Return the name of a property, which is not that of an identifier."""
    if name.startswith(IDENTIFIER):
        raise ArgumentError(
            f"{argument} has the name {name!r}; names from {IDENTIFIER!r} on are those of "
            "identifiers. Give it another name."
        )
    return name
