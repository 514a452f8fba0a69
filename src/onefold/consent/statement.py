"""A statement: one person's yes or no to a purpose, and the fact that it is.

    Consent("email", True, time="2026-01-01", until="2027-01-01")
        ->  fact "consent:email", text "yes until 2027-01-01T00:00:00.000000Z"

It goes into a log with the identifiers of whoever made it, and is resolved and folded as any fact.
"""

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import shown, text, unicode
from onefold._types import Instant
from onefold.consent.words import FOREVER, PREFIX, SOURCE, read
from onefold.errors import ArgumentError
from onefold.events.event import Event
from onefold.events.identifiers import identifier_columns
from onefold.events.log import EventLog


def purpose_of(value: Any, name: str) -> str:
    """Return what may be a purpose: text without white space around it."""
    said = unicode(text(value, name), name)
    if said != said.strip():
        raise ArgumentError(f"{name} is {shown(value)}; leave the white space around it out.")
    return said


def _said_purpose(value: Any) -> str:
    return purpose_of(value, "Consent: purpose")


def _granted(value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentError(
            f"Consent: granted is {shown(value)}; it takes True or False. What else is a yes is "
            "for you to say."
        )
    return bool(value)


def _moment(value: Any) -> np.datetime64:
    return _time.instant(value, "Consent: time")


def _source(value: Any) -> str | None:
    if value is None:
        return None
    said = unicode(text(value, "Consent: source"), "Consent: source").strip()
    return text(said, "Consent: source")


def _end(value: Any) -> np.datetime64 | None:
    return None if value is None else _time.instant(value, "Consent: until")


@attrs.frozen
class Consent:
    """One statement of one person: a yes or a no to a purpose.

    Args:
        purpose: What for: "email", "ads". Purposes are told apart letter by letter.
        granted: Whether it is a yes.
        time: When it was said; from then on it holds.
        source: Where it was said: "double opt-in mail", "call centre".
        until: When a yes ends: from that instant on it is none any more. Left out, it has no end.

    Raises:
        ArgumentError: If an argument is not allowed: an end before the beginning, or of a no.

    Examples:
        >>> said = Consent("email", True, time="2026-01-01", source="form", until="2027-01-01")
        >>> said.text
        'yes until 2027-01-01T00:00:00.000000Z [source: form]'
        >>> said.holds("2026-12-31"), said.holds("2027-01-01")
        (True, False)
    """

    purpose: str = attrs.field(converter=_said_purpose)
    granted: bool = attrs.field(converter=_granted)
    time: np.datetime64 = attrs.field(converter=_moment, kw_only=True)
    source: str | None = attrs.field(default=None, converter=_source, kw_only=True)
    until: np.datetime64 | None = attrs.field(default=None, converter=_end, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.until is None:
            return
        if not self.granted:
            raise ArgumentError(
                f"Consent: until is {_time.show(self.until)} and granted is False; only a yes "
                "ends. A no holds until a yes is said: leave until out."
            )
        if self.until <= self.time:
            raise ArgumentError(
                f"Consent: until is {_time.show(self.until)}, and time is {_time.show(self.time)}; "
                "a yes ends after it was said. Give a later until, or leave it out."
            )

    @property
    def name(self) -> str:
        """The name of the fact: "consent:email"."""
        return PREFIX + self.purpose

    @property
    def text(self) -> str:
        """The text of the fact, which `Consent.of` reads again."""
        word = "yes" if self.granted else "no"
        end = "" if self.until is None else f" until {np.datetime_as_string(self.until)}Z"
        return word + end + ("" if self.source is None else f"{SOURCE}{self.source}]")

    @classmethod
    def of(cls, name: str, text: str, *, time: Instant) -> "Consent":
        """The statement that a fact makes.

        Args:
            name: Name of the fact: "consent:email".
            text: Its text; what is no yes is a no, and so is a yes that ended before it was said.
            time: Its instant.

        Raises:
            ArgumentError: If the name is not that of a consent.

        Examples:
            >>> Consent.of("consent:email", "opt-in [source: form]", time="2026-01-01").granted
            True
        """
        if not isinstance(name, str) or not name.startswith(PREFIX) or not isinstance(text, str):
            raise ArgumentError(
                f"Consent.of: name is {shown(name)} and text {shown(text)}; it takes a fact "
                f"named '{PREFIX}<purpose>' and its text."
            )
        said, moment = read(text), _time.instant(time, "Consent.of: time")
        ends = None if said.until == FOREVER else np.datetime64(said.until, "us")
        granted = said.granted and (ends is None or ends > moment)
        purpose = name.removeprefix(PREFIX)
        return cls(
            purpose, granted, time=moment, source=said.source, until=ends if granted else None
        )

    def holds(self, at: Instant) -> bool:
        """Whether it is a yes at an instant after it was said, and before its end.

        What else was said is not known here: `allowed` tells what the last word is.
        """
        moment = _time.instant(at, "Consent.holds: at")
        ended = self.until is not None and self.until <= moment
        return bool(self.granted and self.time < moment and not ended)

    def to_log(self, who: str | int | tuple[str, str | int] | Mapping[str, Any]) -> EventLog:
        """The statement as a log of one fact, to be put together with others: `log + log`.

        Args:
            who: Whose it is: the id of a customer; an identifier, ("email", "ann@x.org"); or
                several that came with it, {"email": "ann@x.org", "cookie": "c1"}.

        Raises:
            ArgumentError: If `who` names nobody.

        Examples:
            >>> Consent("email", False, time="2026-01-01").to_log(("email", "ann@x.org"))
            EventLog(0 events, 1 facts, 0 customers, 1 row with identifiers)
        """
        return logged([(who, self)])


def logged(several: "list[tuple[Any, Consent]]") -> EventLog:
    """Statements of people as one log of facts, in their order."""
    whose = [_whose(who, consent.time) for who, consent in several]
    customers, bearers = zip(*((e.customer, e) for e in whose), strict=True)
    table = EventLog.from_events(bearers).events
    columns = identifier_columns(table)
    held = {name: table.coded(name).decode() for names in columns.values() for name in names}
    held |= {"customer": np.array(customers, dtype=object)}
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in held.items()})
    frame["time"] = pd.DatetimeIndex([c.time for _, c in several]).tz_localize("UTC")
    names = sorted({consent.name for _, consent in several})
    for i, name in enumerate(names):  # one column a purpose
        said = [c.text if c.name == name else None for _, c in several]
        frame[f"said:{i}"] = pd.Series(said, dtype=object)
    return EventLog.from_facts(
        frame,
        customer="customer" if any(c is not None for c in customers) else None,
        time="time",
        facts={name: f"said:{i}" for i, name in enumerate(names)},
        identifiers=columns or None,
    )


def _whose(who: Any, time: np.datetime64) -> Event:
    """A bearer of the identifiers, which an event checks."""
    call = "consent: who"
    if isinstance(who, tuple) and len(who) == 2 and isinstance(who[0], str):
        who = {who[0]: who[1]}
    if not isinstance(who, (str, int, np.integer, Mapping)) or isinstance(who, bool):
        raise ArgumentError(
            f"{call} is {shown(who)}; it takes the id of a customer, an identifier "
            "('email', 'ann@x.org'), or a mapping: {'email': 'ann@x.org', 'cookie': 'c1'}."
        )
    try:
        if not isinstance(who, Mapping):
            return Event(who, "consent", time)
        return Event(None, "consent", time, identifiers=who)
    except ArgumentError as error:
        raise ArgumentError(f"{call}: {str(error).removeprefix('Event: ')}") from error
