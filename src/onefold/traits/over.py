"""Windows and filters: any trait, read from only some of the events.

    Over(trait, last="30D")                     the events in [as_of - 30 days, as_of)
    Over(trait, where=field("value") >= 20)     the events that match

    Over(t, last=a, where=c)  reads  { e : as_of - a <= time(e) < as_of, and c holds for e }

No trait has windows of its own: whatever can be read of a history can be read of a part of it.
The window is that of each row's own `as_of`, half-open and exact to the microsecond.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import hint, quoted
from onefold._types import Duration, Times
from onefold.errors import ArgumentError
from onefold.traits.asking import short
from onefold.traits.history import History
from onefold.traits.match import EventCondition, event_condition
from onefold.traits.protocol import Trait, some_name, trait_of


def _trait(value: Any) -> Trait:
    return trait_of(value, "Over: trait")


def _last(value: Duration | None) -> np.timedelta64 | None:
    return None if value is None else _time.duration(value, "Over: last")


def _until(value: Duration | None) -> np.timedelta64 | None:
    return None if value is None else _time.duration(value, "Over: until")


def _where(value: Any) -> EventCondition | None:
    return None if value is None else event_condition(value, "Over: where")


def _name(over: "Over") -> str:
    """The trait's name, the window and the condition: "monetary 30D where channel is 'web'"."""
    said = over.trait.name
    if over.last is not None:
        said += f" {short(over.last)}"
    if over.until is not None:
        said += f" until {short(over.until)}"
    return said if over.where is None else f"{said} where {over.where}"


def shown(length: np.timedelta64 | None) -> str:
    """A length of time as code."""
    return repr(None if length is None else short(length))


@attrs.frozen
class Over:
    """A trait read from only some of the events: the latest, those that match, or both.

    What it reads is in [as_of - last, as_of - until) and matches `where`. An event exactly at
    as_of - last is inside, one at as_of - until is not. The trait itself is told the same `as_of`
    as ever: `Over(Recency(), until="30D")` is the days to `as_of` of the last purchase before.
    Over an `Over` both hold. Facts are not filtered.

    Args:
        trait: Any trait, plug-ins and other Overs included.
        last: How far the window reaches back from `as_of`; left out, to the first event.
        until: Where the window ends, back from `as_of`; left out, at `as_of`.
        where: Which events, a condition made with `field`; left out, all. An event of which it is
            not known does not match.
        name: The trait's name; left out, that of `trait` with the window and the condition.

    Raises:
        ContractError: If `trait` is none.
        ArgumentError: If a window is no length of time, or ends where it begins or before, or
            `where` is no condition on events.

    Examples:
        >>> import onefold as of
        >>> from onefold.traits import Monetary, Over
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", value=20, channel="web"),
        ...     of.Event("ann", "purchase", "2024-03-25", value=5, channel="store"),
        ...     of.Event("ann", "purchase", "2024-03-30", value=3, channel="web")])
        >>> traits = [Monetary(), Over(Monetary(), last="30D"),
        ...           Over(Monetary(), last="30D", where=of.field("channel") == "web")]
        >>> of.fold(log, traits, as_of="2024-04-01").to_pandas().T
        customer                              ann
        monetary                             28.0
        monetary 30D                          8.0
        monetary 30D where channel is 'web'   3.0
    """

    trait: Trait = attrs.field(converter=_trait)
    last: np.timedelta64 | None = attrs.field(
        default=None, converter=_last, repr=shown, kw_only=True
    )
    until: np.timedelta64 | None = attrs.field(
        default=None, converter=_until, repr=shown, kw_only=True
    )
    where: EventCondition | None = attrs.field(default=None, converter=_where, kw_only=True)
    name: str = attrs.field(
        default=attrs.Factory(_name, takes_self=True),
        validator=some_name,
        kw_only=True,
    )

    def __attrs_post_init__(self) -> None:
        in_order(self.last, self.until, "Over")

    @property
    def unit(self) -> str:
        """That of the trait, "" where it has none."""
        return str(getattr(self.trait, "unit", ""))

    @property
    def labels(self) -> Any:
        """Those of the trait, None where it has none of its own."""
        return getattr(self.trait, "labels", None)

    @property
    def reach(self) -> np.timedelta64 | None:
        """How far back it reads, None where to the first event."""
        own = [r for r in (self.last, getattr(self.trait, "reach", None)) if r is not None]
        return min(own) if own else None

    def read(self, history: History, *, as_of: Times) -> Any:
        """What the trait says of these events."""
        seen = within(history, as_of, last=self.last, until=self.until, where=self.where)
        return self.trait.read(seen, as_of=as_of)


def within(
    history: History,
    as_of: Times,
    *,
    last: np.timedelta64 | None = None,
    until: np.timedelta64 | None = None,
    where: EventCondition | None = None,
) -> History:
    """The same rows with only the events in [as_of - last, as_of - until) that match."""
    if last is not None:
        history = history.since(as_of - last)
    if until is not None:
        history = history.until(as_of - until)
    return history if where is None else history.matching(where.mask)


def in_order(last: np.timedelta64 | None, until: np.timedelta64 | None, who: str) -> None:
    """Refuse a window that ends where it begins, or before."""
    if last is not None and until is not None and until >= last:
        raise ArgumentError(
            f"{who}: until is {shown(until)}, not shorter than last, which is {shown(last)}: the "
            "window would hold nothing. Both count back from as_of."
        )


def horizons(
    trait: Trait, *, last: Iterable[Duration | None] | None = None, **settings: Iterable[Any]
) -> tuple[Trait, ...]:
    """The same trait over several windows, and with several values of its own settings.

    Args:
        trait: Any trait.
        last: The windows; None among them is all events.
        settings: Values of a setting that the trait has, such as `half_life=["30D", "90D"]`. Of
            several settings, and of windows, each is combined with each.

    Returns:
        The traits, to be put in a list with others; each is named after what it has of its own.

    Raises:
        ArgumentError: If the trait has no such setting, or a value stands where a list should.

    Examples:
        >>> import onefold as of
        >>> from onefold.traits import Affinity, Monetary, horizons
        >>> [t.name for t in horizons(Monetary(), last=["7D", "30D", None])]
        ['monetary 7D', 'monetary 30D', 'monetary']
        >>> [t.name for t in horizons(Affinity("item"), half_life=["7D", "90D"])]
        ['affinity half life 7D', 'affinity half life 90D']
        >>> log = of.EventLog.from_events([of.Event("ann", "purchase", "2024-03-01", value=5)])
        >>> profiles = of.fold(log, [*horizons(Monetary(), last=["7D", "30D"])], as_of="2024-03-20")
        >>> profiles["ann"].to_dict()
        {'monetary 7D': None, 'monetary 30D': 5.0}
    """
    made = [trait_of(trait, "horizons: trait")]
    if last is None and not settings:
        raise ArgumentError(
            "horizons: neither last nor a setting is given; give one: last=['7D', '30D']."
        )
    for setting, values in settings.items():
        listed = _listed(values, setting)
        made = [_with(one, setting, value) for one in made for value in listed]
    if last is not None:
        windows = _listed(last, "last")
        made = [one if w is None else Over(one, last=w) for one in made for w in windows]
    return tuple(made)


def _listed(values: Any, argument: str) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ArgumentError(f"horizons: {argument} is {values!r}; it takes a list: [{values!r}].")
    return list(values)


def _with(trait: Any, setting: str, value: Any) -> Any:
    """The trait with another value of one setting, named after it."""
    name = f"{trait.name} {setting.replace('_', ' ')} {value}"
    if isinstance(trait, Over):
        return attrs.evolve(trait, trait=_with(trait.trait, setting, value), name=name)
    kind = type(trait)
    fields: Any = attrs.fields(kind) if attrs.has(kind) else ()
    if dataclasses.is_dataclass(trait):
        fields = dataclasses.fields(trait)
    known = [field.name for field in fields]
    if setting not in known or "name" not in known:
        others = [field for field in known if field != "name"]
        raise ArgumentError(
            f"horizons: {trait.name!r} has no setting {setting!r} to be given several values, or "
            f"no field for its name. Settings: {quoted(others)}.{hint(setting, others)}"
        )
    replaced = attrs.evolve if attrs.has(kind) else dataclasses.replace
    return replaced(trait, **{setting: value, "name": name})
