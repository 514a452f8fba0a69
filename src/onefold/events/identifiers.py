"""Identifiers: the names under which customers came, as columns of a log.

A cookie, an e-mail address, the number of a loyalty card: each has a type and a value, and one
row may have several. What belongs together is for `resolve` to say; here they are kept as given.

    {"email": ["mail", "mail2"], "cookie": "cid"}
        ->  "identifier:cookie", "identifier:email", "identifier:email:2"

The customer column, where a row has one, is at the same time the identifier of type "customer".
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np

from onefold._check import is_several, is_whole, shown, unicode
from onefold._columns import Columns, missing
from onefold._types import Bools
from onefold.errors import ArgumentError

IDENTIFIER = "identifier:"
SOURCE = "source"
CUSTOMER = "customer"
TYPE = re.compile(r"[A-Za-z0-9_.-]+")
LARGEST = 10**1000  # of whole numbers: Python may refuse to write longer ones
MOST = 100  # values of one type on one event: each takes a column


@final
class Bundle(Mapping[str, tuple[str, ...]]):
    """The identifiers of one event: a mapping from type to distinct values, that stays as it is."""

    __slots__ = ("_held",)

    def __init__(self, held: Mapping[str, tuple[str, ...]]) -> None:
        self._held = dict(held)

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return repr(self._held)


def is_identifier(column_name: str) -> bool:
    """Whether a column of a log holds identifiers; that of customers is not meant."""
    return column_name.startswith(IDENTIFIER)


def type_of(column_name: str) -> str:
    """The type of what a column holds: "email" of "identifier:email:2", "customer" of itself."""
    return column_name.removeprefix(IDENTIFIER).partition(":")[0]


def place_of(column_name: str) -> int:
    """Which of the columns of its type it is, from 1 on."""
    place = column_name.removeprefix(IDENTIFIER).partition(":")[2]
    return int(place) if place else 1


def column_name(kind: str, place: int) -> str:
    """The name of the column of a type, or of a further one: "identifier:email:2"."""
    return f"{IDENTIFIER}{kind}" if place == 1 else f"{IDENTIFIER}{kind}:{place}"


def identifier_columns(table: Columns) -> dict[str, list[str]]:
    """The names of the columns that hold identifiers, by type, both in order; not "customer"."""
    held = sorted(filter(is_identifier, table.data), key=lambda c: (type_of(c), place_of(c)))
    out: dict[str, list[str]] = {}
    for name in held:
        out.setdefault(type_of(name), []).append(name)
    return out


def identified(table: Columns) -> Bools:
    """Which rows (n,) have an identifier, besides a customer."""
    out = np.zeros(len(table), dtype=bool)
    for name in filter(is_identifier, table.data):
        out |= ~missing(table.data[name])
    return out


def frame_names(columns: Sequence[str], taken: Collection[str]) -> dict[str, str]:
    """The columns by names for a frame: "email", "email 2"; those that are taken say what it is."""
    out: dict[str, str] = {}
    for column in sorted(columns, key=lambda c: (c != SOURCE, type_of(c), place_of(c))):
        place = place_of(column)
        name = type_of(column) if place == 1 else f"{type_of(column)} {place}"
        while name in taken or name in out:
            name = IDENTIFIER + name
        out[name] = column
    return out


def asked(identifiers: Any, customer: object, call: str) -> dict[str, str]:
    """The column of a frame that goes into each column of a log."""
    argument = f"{call}: identifiers"
    if identifiers is None:
        if customer is None:
            raise ArgumentError(
                f"{call}: neither customer= nor identifiers= is given, so nothing says whose the "
                "rows are. Name the column of customers, customer='user_id', or those of other "
                "identifiers, identifiers={'email': 'mail', 'cookie': 'cid'}."
            )
        return {}
    if not is_several(identifiers):
        said = shown(identifiers)
        raise ArgumentError(
            f"{argument} is {said}; it takes a list of columns, or a mapping from a type to its "
            f"column or columns: {{'email': {said}}}."
        )
    listed = [] if isinstance(identifiers, Mapping) else list(identifiers)
    _differ(listed, argument)
    by_type = identifiers if isinstance(identifiers, Mapping) else {c: c for c in listed}
    if not by_type:
        raise ArgumentError(
            f"{argument} is empty; name at least one column, {{'email': 'mail'}}, or leave it out."
        )
    out: dict[str, str] = {}
    for name, held in by_type.items():
        kind = _type(name, customer is not None, argument)
        columns = list(held) if is_several(held) else [held]
        if not columns:
            raise ArgumentError(f"{argument}[{name!r}] is {shown(held)}; name at least one column.")
        _differ(columns, f"{argument}[{name!r}]")
        for place, column in enumerate(columns, 1):
            out[column_name(kind, place)] = column
    return out


def bundle(value: Any) -> Bundle:
    """The identifiers of one event, checked: by type in order, distinct values in order."""
    if not isinstance(value, Mapping):
        raise ArgumentError(
            f"Event: identifiers is {shown(value)}; it takes a mapping from a type to a value or "
            "several: {'cookie': 'c1', 'email': ('a@x.org', 'b@x.org')}."
        )
    out: dict[str, tuple[str, ...]] = {}
    for name, held in value.items():
        kind = _type(name, False, "Event: identifiers")
        several = list(held) if is_several(held) and not isinstance(held, Mapping) else [held]
        values = sorted({_value(v, kind) for v in several if v is not None} - {""})
        if len(values) > MOST:
            raise ArgumentError(
                f"Event: identifiers[{kind!r}] holds {len(values):,} values; up to {MOST} fit on "
                "one event. So many are hardly names of one customer."
            )
        if values:
            out[kind] = tuple(values)
    return Bundle(dict(sorted(out.items())))


def in_columns(bundles: Sequence[Mapping[str, tuple[str, ...]]]) -> dict[str, list[str | None]]:
    """The values of several events, by the column of a log into which they go."""
    most: dict[str, int] = {}
    for held in bundles:
        for kind, values in held.items():
            most[kind] = max(most.get(kind, 0), len(values))
    return {
        column_name(kind, place): [
            values[place - 1] if len(values := held.get(kind, ())) >= place else None
            for held in bundles
        ]
        for kind in sorted(most)
        for place in range(1, most[kind] + 1)
    }


def _differ(columns: Sequence[object], argument: str) -> None:
    """Raise where something is no name of a column, or one is there twice."""
    seen: set[str] = set()
    for column in columns:
        if not isinstance(column, str):
            raise ArgumentError(f"{argument} holds {shown(column)}; it takes names of columns.")
        if column in seen:
            raise ArgumentError(f"{argument} names the column {column!r} twice; once is enough.")
        seen.add(column)


def _type(name: object, has_customer: bool, argument: str) -> str:
    if not isinstance(name, str) or not TYPE.fullmatch(name):
        raise ArgumentError(
            f"{argument} has the type {shown(name)}; a type is named by letters, digits, '_', '-' "
            "and '.'. Give a mapping from a type to its columns: {'email': 'E-mail address'}."
        )
    if name == CUSTOMER and has_customer:
        raise ArgumentError(
            f"{argument} has the type 'customer', and a customer is given too, which is that "
            "identifier. Give one of them, or call the other 'user_id'."
        )
    return name


def _value(value: Any, kind: str) -> str:
    if is_whole(value) and abs(int(value)) < LARGEST:
        return str(value)
    if not isinstance(value, str):
        raise ArgumentError(
            f"Event: identifiers[{kind!r}] holds {shown(value)}; it takes a string, a whole "
            "number, or several of them."
        )
    return unicode(str(value), f"Event: identifiers[{kind!r}]")
