"""Types of identifiers: what an e-mail address, a device or a cookie may do to link people.

A type has a rank, 1 for the strongest, and guards: how many of it one customer may have, within
what time, and how many people one of it may serve before it stops linking:

    IdentifierType("email", rank=5, limit=5, max_owners=3)
"""

import re
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import hint, is_several, quoted, shown, text, whole
from onefold._types import Duration
from onefold.errors import ArgumentError
from onefold.identity.normal import NAMES, normaliser
from onefold.identity.normal import blocked as matcher

NAME = re.compile(r"[A-Za-z0-9_.-]+")
MOST = 1_000_000


def _name(value: Any) -> str:
    name = text(value, "IdentifierType: name")
    if not NAME.fullmatch(name):
        raise ArgumentError(
            f"IdentifierType: name is {shown(name)}; it takes letters, digits, '_', '-' and '.'."
        )
    return name


def _rank(value: Any) -> int:
    return whole(value, "IdentifierType: rank", most=MOST)


def _limit(value: Any) -> int | None:
    return None if value is None else whole(value, "IdentifierType: limit", most=MOST)


def _max_owners(value: Any) -> int | None:
    return None if value is None else whole(value, "IdentifierType: max_owners", most=MOST)


def _period(value: Duration | None) -> np.timedelta64 | None:
    return None if value is None else _time.duration(value, "IdentifierType: period")


def _normalise(value: Any) -> str:
    if value not in NAMES:
        raise ArgumentError(
            f"IdentifierType: normalise is {shown(value)}; allowed: {quoted(NAMES)}."
            f"{hint(value, NAMES)} For another spelling rule change the column first."
        )
    return str(value)


def _region(value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and re.fullmatch("[A-Za-z]{2}", value)):
        raise ArgumentError(
            f"IdentifierType: region is {shown(value)}; it takes a country's two letters: 'DE'."
        )
    return None if value is None else value.upper()


def patterns(value: Any, argument: str) -> tuple[str, ...]:
    """Regular expressions, each of which can be compiled."""
    if not is_several(value):
        said = shown(value)
        raise ArgumentError(f"{argument} is {said}; it takes a list of patterns: [{said}].")
    several = tuple(value)
    matcher(several, argument=argument)
    return several


def _blocked(value: Sequence[str]) -> tuple[str, ...]:
    return patterns(value, "IdentifierType: blocked")


def _per_source(value: Any) -> bool:
    return _flag(value, "per_source")


def _vouches(value: Any) -> bool:
    return _flag(value, "vouches")


def _flag(value: Any, argument: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        said = shown(value)
        raise ArgumentError(f"IdentifierType: {argument} is {said}; it takes True or False.")
    return bool(value)


@attrs.frozen(repr=False)
class IdentifierType:
    """One type of identifiers, and what may be concluded from one.

    Args:
        name: Its name in the log: "email", "device".
        rank: 1 for the strongest. Where links contradict each other, those between strong types
            are believed first, and an event belongs to whom its strongest identifier names.
        limit: How many different ones a customer may have; None for any number. With 1 the type
            tells people apart: two of it are two people.
        period: The limit counts those in use within any stretch of this length; None counts all.
        max_owners: How many people one of it may serve. Who is counted are the identifiers of
            stronger types that came with it, divided by their limits. One that serves more is
            *demoted*: it links nobody any more. None for any number.
        vouches: Whether it can show that two identifiers of another type are one person's. What
            hands pass on, such as a device, can't (False): two e-mail addresses that nothing but a
            device joins are two people's, though a customer may have more.
        normalise: How spellings are made one: "exact", "lower", "email", "phone", "social" and
            the others of `onefold.identity.NORMALISERS`.
        region: The country of telephone numbers without a country's code, such as "DE".
        blocked: Regular expressions of values that are no identifiers, besides those of the policy.
            They must match the whole value; capital letters don't matter.
        per_source: Whether the same value from another source (`EventLog.from_frame(source=)`) is
            another identifier, as with two tenants who both count their users from 1. Rows without
            a source count as one more. In links such a value is "source:value", where a colon of
            the source is written %3A.

    Raises:
        ArgumentError: If an argument is not allowed.

    Examples:
        >>> IdentifierType("email", rank=5, limit=5, max_owners=3, normalise="email").limit
        5
    """

    name: str = attrs.field(converter=_name)
    rank: int = attrs.field(converter=_rank, kw_only=True)
    limit: int | None = attrs.field(default=None, converter=_limit, kw_only=True)
    period: np.timedelta64 | None = attrs.field(default=None, converter=_period, kw_only=True)
    max_owners: int | None = attrs.field(default=None, converter=_max_owners, kw_only=True)
    vouches: bool = attrs.field(default=True, converter=_vouches, kw_only=True)
    normalise: str = attrs.field(default="exact", converter=_normalise, kw_only=True)
    region: str | None = attrs.field(default=None, converter=_region, kw_only=True)
    blocked: tuple[str, ...] = attrs.field(default=(), converter=_blocked, kw_only=True)
    per_source: bool = attrs.field(default=False, converter=_per_source, kw_only=True)

    def __repr__(self) -> str:
        return brief(self)

    def __attrs_post_init__(self) -> None:
        if self.period is not None and self.limit is None:
            raise ArgumentError(
                f"IdentifierType: period is {self.period!s} and limit is None; a period is that of "
                "a limit. Give limit=, or leave period= out."
            )

    def reader(self) -> Any:
        """What makes spellings of this type one: a function from text to text, or None."""
        return normaliser(
            self.normalise, region=self.region, argument=f"IdentifierType {self.name!r}: normalise"
        )


def brief(settings: Any) -> str:
    """The `repr` of settings: those that are not as they are if nothing is said."""
    said = []
    for field in attrs.fields(type(settings)):
        held, usual = getattr(settings, field.name), field.default
        if callable(field.converter) and usual is not attrs.NOTHING:
            usual = field.converter(usual)
        if field.repr and held != usual:
            shown_as = _length(held) if isinstance(held, np.timedelta64) else held
            said.append(f"{field.name}={shown_as!r}" if field.kw_only else repr(held))
    return f"{type(settings).__name__}({', '.join(said)})"


def _length(held: np.timedelta64) -> str:
    """A length of time in the largest unit of which it is a whole number."""
    whole = int(held / _time.MICROSECOND)
    for name, size in (("D", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000)):
        if whole % size == 0:
            return f"{whole // size}{name}"
    return f"{whole}us"
