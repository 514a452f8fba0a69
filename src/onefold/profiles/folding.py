"""Fold: from a log of events to a profile for each customer.

Folding sorts the events by person and time, drops repeated deliveries, and keeps the rest:
everything that can be said of a person is read from there.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import instance, is_several, whole
from onefold._columns import missing
from onefold._types import Duration, Instant
from onefold.catalog import Catalog
from onefold.errors import ArgumentError
from onefold.events.identifiers import identified
from onefold.events.log import EventLog
from onefold.events.several import each_log, one_log
from onefold.events.tables import PLACE, free_name
from onefold.identity import Identities
from onefold.ledger import Ledger
from onefold.profiles.refold import folded
from onefold.profiles.table import Profiles, right_clock
from onefold.traits import TRAITS
from onefold.traits.protocol import Trait, trait_of


def fold(
    log: EventLog | Iterable[EventLog],
    traits: Sequence[Trait] = TRAITS,
    *,
    identities: Identities | None = None,
    catalog: Catalog | None = None,
    as_of: Instant | None = None,
    known_at: Instant | None = None,
    keep: Duration | None = None,
    threads: int = 1,
) -> Profiles:
    """Fold everything that customers did into one profile each.

    Args:
        log: The events and facts; the order does not matter, and rows without a customer are left
            out. Or any iterable of logs, such as `EventLog.batches(...)`, which are put together.
        traits: What to read from a profile; facts can always be read by their names.
        identities: Who is who, of `resolve`: events are then of the customers that their
            identifiers name, and one with an id counts once in the whole log. Where `as_of` is
            earlier, so is what is known of who is who; the profiles go on asking it, so that
            `profiles.at(t)` sees no merge that was learned later. A "no" of consent stays where
            two people turn out to be one (`IdentityPolicy.deny_wins`).
        catalog: What is known of the items: categories for tastes, availability for ranking.
        as_of: The moment as of which, itself excluded; a naive one means UTC. Left out, it is
            just after the last event or fact of a customer, or that of `identities`.
        known_at: Use only what had been received before this moment: what one knew at the time,
            late events and later corrections left out. Left out, all of the log is used. What has
            no time of receipt was known when it happened.
        keep: How far back from `as_of` single events are kept, such as "400D", for streams that
            never end. Of older ones stay, for each customer, kind, item and channel, the count,
            the first and the last time, and what the amounts come to: counts, sums, recency and
            shares of all time go on being exact, and so does whatever reads a window that is kept.
            What can't be read exactly any more raises `BeyondKept`, as do a moment before, and a
            late event that may be a repeated one. Ids of what was let go are forgotten: one that
            comes again with a time that is kept is a new event. Facts stay.
        threads: How many threads sort the events; those of `EventLog.batches` are apart.

    Returns:
        One profile for each customer with an event or a fact before `as_of`.

    Raises:
        ArgumentError: If `as_of` is left out and nothing is known of anybody, a few events lie so
            far after all others that a clock must be wrong, or rows have identifiers and no
            customer.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", item="tea", value=4.90),
        ...     of.Event("ann", "purchase", "2024-03-08", item="jam", value=3.50)])
        >>> profiles = of.fold(log, as_of="2024-03-10")
        >>> profiles["ann"]["monetary"], profiles["ann"]["recency"]
        (8.4, 2.0)

        Many names, one customer: a cookie that views, and later logs in.

        >>> log = of.EventLog.from_events([
        ...     of.Event(None, "view", "2024-03-01", item="tea", identifiers={"cookie": "c1"}),
        ...     of.Event(None, "view", "2024-03-02", item="jam", identifiers={"cookie": "c2"}),
        ...     of.Event(None, "login", "2024-03-03", identifiers={"cookie": "c1", "user_id": 7}),
        ...     of.Event(None, "login", "2024-03-04", identifiers={"cookie": "c2", "user_id": 7})])
        >>> profiles = of.fold(log, identities=of.resolve(log))
        >>> len(profiles), len(profiles.at("2024-03-04")), len(profiles.at("2024-03-03"))
        (1, 2, 2)
    """
    logs = each_log(log, "fold")
    chosen = carried(traits, catalog, "fold")
    given = None if as_of is None else _time.instant(as_of, "fold: as_of")
    known_from = None if known_at is None else _time.instant(known_at, "fold: known_at")
    if identities is not None:
        identities = who_then(identities, given, known_from, "fold")
        log = together(logs, identities, given)
        held = folded(log, identities, whole(threads, "fold: threads"))
        ledger, apart = held.ledger, held.apart
        given = identities.as_of if given is None else given
    else:
        logs, apart = of_customers(logs, "fold"), None
        if known_from is not None:
            logs = (some.known_at(known_from) for some in logs)
        ledger = Ledger.from_logs(logs, threads=whole(threads, "fold: threads"))
    moment = _end(ledger) if given is None else given
    known = ledger.before(moment)
    if keep is not None:
        known = attrs.evolve(known, keep=_time.duration(keep, "fold: keep")).aged(moment)
    return Profiles(known, chosen, catalog, moment, identities, apart)


def who_then(
    identities: Any, as_of: np.datetime64 | None, known_at: np.datetime64 | None, call: str
) -> Identities:
    """Who was who at the moment of the fold."""
    who = instance(identities, Identities, f"{call}: identities", "Make them with resolve(log).")
    if known_at is not None and known_at != who.known_at:
        said = "all" if who.known_at is None else f"what was received before {who.known_at}"
        raise ArgumentError(
            f"{call}: known_at is {_time.show(known_at)}, and identities know {said}. Resolve with "
            "the same known_at=."
        )
    return who if as_of is None or as_of >= who.as_of else who.at(as_of)


def together(logs: Iterable[EventLog], who: Identities, as_of: np.datetime64 | None) -> EventLog:
    """One log of several, of which nothing before `as_of` is later than who is who is known."""
    log = one_log(logs, "fold")
    later = _from_on(log, who.as_of, as_of)
    if later:
        raise ArgumentError(
            f"fold: log has {later:,} events and facts of {_time.show(who.as_of)} or later, which "
            "identities have not looked at: that is the moment as of which they are. Resolve with "
            "a later as_of=, or fold as of that moment: fold(..., as_of=identities.as_of)."
        )
    return log


def _from_on(log: EventLog, start: np.datetime64, stop: np.datetime64 | None) -> int:
    """How many events and facts there are from one moment on, and before another."""
    times = [table.array("time") for table in (log.events, log.facts)]
    late = [(t >= start) & (True if stop is None else t < stop) for t in times]
    return sum(int(some.sum()) for some in late)


def carried(traits: Any, catalog: Any, call: str) -> tuple[Trait, ...]:
    """The traits that profiles carry, if each is one and has a name of its own."""
    if catalog is not None and not isinstance(catalog, Catalog):
        raise ArgumentError(
            f"{call}: catalog is a {type(catalog).__name__}; make one with Catalog.from_frame(...)."
        )
    if not is_several(traits):
        raise ArgumentError(
            f"{call}: traits is {traits!r}; it takes a list of traits: [{traits!r}]."
        )
    chosen = tuple(trait_of(t, f"{call}: traits") for t in traits)
    names = [t.name for t in chosen]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ArgumentError(
            f"{call}: traits holds the name {twice[0]!r} twice; give one of them another name=."
        )
    for name in names:
        advice = "Give the trait another name=."
        free_name(name, PLACE, argument=f"{call}: traits", advice=advice)
    return chosen


def of_customers(logs: Iterable[EventLog], call: str) -> Iterator[EventLog]:
    """The same logs, if any row has a customer, or none has identifiers of one either."""
    known, named = False, 0
    for log in logs:
        for table in (log.events, log.facts):
            if not known:
                known = not missing(table.coded("customer")).all()
                named += int(identified(table).sum())
        yield log
    if named and not known:
        raise ArgumentError(
            f"{call}: log has identifiers in {named:,} rows and a customer in none, so nothing "
            "says which rows are one customer's. Make customers of the identifiers first: "
            "identities = onefold.resolve(log)."
        )


def _end(ledger: Ledger) -> np.datetime64:
    moment = ledger.end
    if moment is None:
        raise ArgumentError(
            "fold: log has no event or fact of a customer, so there is no last one; give as_of=."
        )
    right_clock(ledger, "fold: as_of is left out")
    return moment
