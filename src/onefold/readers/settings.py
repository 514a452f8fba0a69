"""What a caller chooses, checked once; and how what all formats have is read by it.

A path such as "properties.plan" is followed through objects; where it meets a list of keys and
values, as in GA4's `event_params`, it looks for the key:

    at({"event_params": [{"key": "plan", "value": {"string_value": "pro"}}]},
       ("event_params", "plan"))  ==  "pro"
"""

import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, final

import attrs

from onefold import _time
from onefold._check import text as checked_text
from onefold.errors import ArgumentError
from onefold.events.tables import BUILT_IN, PLACE, free_name
from onefold.readers import names
from onefold.readers.agents import Agent, agents
from onefold.readers.names import Whose
from onefold.readers.values import LONGEST, Refused, Stated, absent, stated, text, unicode

Path = tuple[str, ...]
Kinds = Mapping[str, str | None]
Chosen = Sequence[str] | Mapping[str, str]

NONE_CHOSEN: dict[str, Stated | None] = {}
NO_USER = "no user"
NO_TIME = "no time"
NO_KIND = "no name of the event"


@final
@attrs.frozen(eq=False)
class Settings:
    """The choices that all readers share, and the counts that belong to one call."""

    call: str
    kinds: dict[str, str | None]
    chosen: dict[str, Path]
    anonymous: bool
    currency: str | None
    tz: zoneinfo.ZoneInfo | None
    system: str | None
    identities: bool = False
    notes: Counter[str] = attrs.field(factory=Counter)
    agent: Agent = attrs.field(init=False)
    _zones: dict[str, bool] = attrs.field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "agent", agents(self.note))

    def note(self, reason: str) -> None:
        """Count a detail that was left out of a record."""
        self.notes[reason] += 1

    def customer(self, user: str | None, anonymous: str | None) -> str:
        """The user id, else the anonymous one."""
        if user is not None:
            return user
        if anonymous is None:
            raise Refused(NO_USER)
        if not self.anonymous:
            raise Refused("no user id (anonymous=False)", skipped=True)
        return anonymous

    def whose(
        self,
        user: str | None,
        anonymous: str | None,
        named: Callable[[], Mapping[str, str | None]],
    ) -> dict[str, str | None]:
        """What an event says of whose it is: one customer or, for identities, all its names."""
        if not self.identities:
            customer = self.customer(user, anonymous)
            return {"customer": customer, "user_id": user, "anonymous_id": anonymous}
        held = {"user_id": user, **named()}
        if user is None and not self.anonymous:
            self.customer(user, "")
        if all(value is None for value in held.values()):
            raise Refused(NO_USER)
        return names.columns(held)

    def who(self, event: Mapping[str, Any]) -> Whose:
        """Whose facts are those that come with an event."""
        if not self.identities:
            customer: str = event["customer"]
            return customer
        return (*(event[column] for column in names.COLUMNS), event["source"])

    def name(self, value: Any, what: str) -> str | None:
        """One more name of whoever it was; what can't be one is left out, and counted."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        return text(value, what) if whole else self.label(value, what)

    def kind(self, name: str | None) -> str:
        """The kind of an event by the source's name for it."""
        if name is None:
            raise Refused(NO_KIND)
        kind = self.kinds.get(name, name)
        if kind is None:
            raise Refused(f"{name} (left out by kinds=)", skipped=True)
        return kind

    def label(self, value: Any, what: str) -> str | None:
        """A word that describes an event; what is none is left out, and counted."""
        if value is None:
            return None
        if isinstance(value, str) and len(value) <= LONGEST:  # mostly
            return text(value, what)
        if not absent(value):
            self.note(f"{what} that is no short text: not kept")
        return None

    def zone(self, value: Any) -> str | None:
        """The name of a time zone, if there is such a one."""
        name = self.label(value, "time zone")
        if name is None or self._zones.get(name):
            return name
        if name not in self._zones:
            self._zones[name] = _is_zone(name)
        if self._zones[name]:
            return name
        self.note("time zone that is not known: no local clock")
        return None

    def picked(self, record: Any) -> dict[str, Stated | None]:
        """The further properties that were asked for."""
        if not self.chosen:
            return NONE_CHOSEN
        return {
            name: stated(at(record, path), self.note, f"property {name!r}")
            for name, path in self.chosen.items()
        }

    def facts(self, traits: Mapping[str, Any]) -> Iterator[tuple[str, Stated]]:
        """Facts by name; those of an object inside are named after it: address.city."""
        for name, value in traits.items():
            if isinstance(value, dict):
                for inner, held in value.items():
                    yield from self._fact(f"{name}.{inner}", held)
            else:
                yield from self._fact(str(name), value)

    def _fact(self, name: str, value: Any) -> Iterator[tuple[str, Stated]]:
        if not name or len(name) > LONGEST:
            self.note("fact without a name, or with a very long one: not kept")
            return
        found = stated(value, self.note, "fact")
        if found is not None:
            yield (f"{name}_told" if name in PLACE else unicode(name)), found


def settings(
    call: str,
    *,
    kinds: Kinds | None,
    properties: Chosen,
    anonymous: bool = True,
    currency: str | None,
    tz: str | None = None,
    system: str | None,
    identities: bool = False,
) -> Settings:
    """Check what a caller chose."""
    return Settings(
        call,
        _kinds(kinds, call),
        _paths(properties, call),
        bool(anonymous),
        None if currency is None else checked_text(currency, f"{call}: currency").upper(),
        None if tz is None else _time.zone(tz, f"{call}: tz"),
        None if system is None else checked_text(system, f"{call}: system"),
        bool(identities),
    )


def at(record: Any, path: Iterable[str]) -> Any:
    """What stands at a path in a record, None where there is nothing."""
    held = record
    for name in path:
        if isinstance(held, dict):
            held = held.get(name)
        elif isinstance(held, list):
            held = _in_list(held, name)
        else:
            return None
    return held


def first_at(record: Any, paths: Iterable[Path]) -> Any:
    """What stands at the first of some paths that leads to anything."""
    for path in paths:
        held = record
        for name in path:
            held = held.get(name) if isinstance(held, dict) else at(held, (name,))
            if held is None:
                break
        if held is not None and not (isinstance(held, str) and not held):
            return held
    return None


def path(name: Any, argument: str) -> Path:
    """A dotted path: its parts."""
    parts = tuple(checked_text(name, argument).split("."))
    if not all(parts):
        raise ArgumentError(f"{argument} is {name!r}; it takes names with a dot between them.")
    return parts


def _in_list(held: list[Any], name: str) -> Any:
    if name.isdecimal() and len(name) < 10:
        return held[int(name)] if int(name) < len(held) else None
    for one in held:
        if isinstance(one, dict) and one.get("key") == name:
            value = one.get("value")
            return first_value(value) if isinstance(value, dict) else value
    return None


def first_value(value: Mapping[str, Any]) -> Any:
    """The one of GA4's typed values that is there."""
    for name in ("string_value", "int_value", "double_value", "float_value"):
        held: Any = value.get(name)
        if not absent(held):
            return int(held) if name == "int_value" and _is_whole(held) else held
    return None


def _is_whole(held: Any) -> bool:
    """Whether it is the text of a whole number: so BigQuery writes them in JSON."""
    return isinstance(held, str) and held.removeprefix("-").isdecimal() and len(held) < 20


def _is_zone(name: str) -> bool:
    try:
        _time.zone(name, "zone")
    except ArgumentError:
        return False
    return True


def _kinds(kinds: Kinds | None, call: str) -> dict[str, str | None]:
    if kinds is None:
        return {}
    if not isinstance(kinds, Mapping):
        raise ArgumentError(
            f"{call}: kinds is {kinds!r}; it takes a mapping from the source's names of events to "
            "kinds, with None for those to leave out: {'Order Completed': 'purchase'}."
        )
    for name, kind in kinds.items():
        checked_text(name, f"{call}: a name in kinds")
        if kind is not None:
            checked_text(kind, f"{call}: kinds[{name!r}]")
    return dict(kinds)


def _paths(properties: Chosen, call: str) -> dict[str, Path]:
    argument = f"{call}: properties"
    if isinstance(properties, str) or not isinstance(properties, Iterable):
        raise ArgumentError(
            f"{argument} is {properties!r}; it takes a list of paths: [{properties!r}]."
        )
    if isinstance(properties, Mapping):
        named = list(properties.items())
    else:
        named = [(str(one).rpartition(".")[2], one) for one in properties]
    out: dict[str, Path] = {}
    for name, one in named:
        advice = f"Give it another name: properties={{'{name}_told': {one!r}}}."
        free_name(name, BUILT_IN, argument=argument, advice=advice)
        names.no_identifier(name, argument)
        if name in out:
            raise ArgumentError(
                f"{argument} has the name {name!r} twice; name them: {{'name': 'path'}}."
            )
        out[name] = path(one, argument)
    return out
