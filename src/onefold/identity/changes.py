"""Changes: what one event did to the partition of identifiers into customers.

Applied in their order, they lead from who was who before the event to who is who after it:

    Merged(into, was)             all of `was` is now of `into`; `was` is no more
    Split(was, into, moved)       the identifiers `moved`, until now of `was`, are now of `into`
    Aliased(old, new)             the customer `old` is called `new` from now on

A table by customer is kept right by folding anew `into` at a merge, both at a split, and by
calling a row otherwise at an alias.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import attrs

from onefold.events.event import Event
from onefold.events.identifiers import CUSTOMER

Identifier: TypeAlias = tuple[str, str]  # type and normal value


@attrs.frozen
class Merged:
    """Two customers turned out to be one.

    Args:
        into: The id of the customer that stays.
        was: The id of the one that is no more: all its identifiers are now of `into`.
    """

    into: str
    was: str


@attrs.frozen
class Split:
    """Some identifiers left a customer.

    Args:
        was: The id of the customer whose they were. It may be no more, where all have left.
        into: The id of the customer whose they are now, who may be new.
        moved: The identifiers, (type, normal value), in order.
    """

    was: str
    into: str
    moved: tuple[Identifier, ...]


@attrs.frozen
class Aliased:
    """A customer has another id, for another identifier is now its anchor.

    Args:
        old: The id until now.
        new: The id from now on.
    """

    old: str
    new: str


Change: TypeAlias = Merged | Split | Aliased


@attrs.frozen
class Observed:
    """What became of one event.

    Args:
        customer: Whose it is as things stand now; None if no identifier of it is one.
        given: The event as it was given.
        changes: What it changed of customers that were known before, to be applied in this order.
        found: The identifiers seen for the first time, and the id of the customer of each.

    Examples:
        >>> import onefold as of
        >>> who = of.identity.Resolver()
        >>> one = who.observe(of.Event(None, "view", "2024-03-01", identifiers={"cookie": "c1"}))
        >>> two = who.observe(of.Event(None, "login", "2024-03-02", identifiers={
        ...     "cookie": "c1", "email": "ann@x.org"}))
        >>> two.customer == one.customer, two.changes, two.found[0][0]
        (True, (), ('email', 'ann@x.org'))
    """

    customer: str | None
    given: Event
    changes: tuple[Change, ...]
    found: tuple[tuple[Identifier, str], ...]

    @property
    def event(self) -> Event | None:
        """The event with its customer set, for `profile.after`; None where it is nobody's."""
        if self.customer is None:
            return None
        held = {k: v for k, v in self.given.identifiers.items() if k != CUSTOMER}
        return attrs.evolve(self.given, customer=self.customer, identifiers=held)


def united(names: Iterable[str | None], now: str) -> list[Change]:
    """The changes by which customers of several ids, None for a new one, became one."""
    before = list(dict.fromkeys(name for name in names if name is not None))
    if now not in before and len(before) == 1:
        return [Aliased(before[0], now)]
    return [Merged(now, name) for name in before if name != now]


def rearranged(
    before: Mapping[str, Iterable[int]], now: Mapping[int, str], names: Mapping[int, Identifier]
) -> list[Change]:
    """The changes from customers by id to the customer of each of their identifiers.

    A whole customer may only be told to become another where nothing has moved to it before, so
    one whose id is given to others in the same step tells its identifiers one by one.
    """
    pieces = {was: _by_customer(held, now) for was, held in before.items()}
    sources: dict[str, set[str]] = {}
    for was, several in pieces.items():
        for into in several:
            sources.setdefault(into, set()).add(was)
    out: list[Change] = []
    for was, several in sorted(pieces.items()):
        for into, nodes in sorted(several.items()):
            if into == was:
                continue
            if len(several) > 1 or sources.get(was):
                out.append(Split(was, into, tuple(sorted(names[n] for n in nodes))))
            elif into in before or len(sources[into]) > 1:
                out.append(Merged(into, was))
            else:
                out.append(Aliased(was, into))
    return sorted(out, key=lambda change: not isinstance(change, Split))


def _by_customer(nodes: Iterable[int], now: Mapping[int, str]) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    for node in nodes:
        out.setdefault(now[node], []).append(node)
    return out
