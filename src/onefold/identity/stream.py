"""Stream: who is who, kept up to date one event at a time.

    for event in events:  resolver.observe(event)
    resolver.identities()  ==  resolve(EventLog.from_events(events))        in any order, repeated

What is kept is the evidence, a set; all else is a cache of it. So there is nothing that an order,
a repetition or a division among workers could change.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import final

import attrs
import numpy as np

from onefold import _time
from onefold._check import instance
from onefold._types import Instant
from onefold.errors import ArgumentError
from onefold.events.event import Event
from onefold.events.identifiers import type_of
from onefold.events.log import EventLog
from onefold.identity.changes import Observed
from onefold.identity.evidence import Evidence
from onefold.identity.heard import Key, Times, evidence_of, key_of, known_of, shortened
from onefold.identity.identities import Identities
from onefold.identity.links import Links
from onefold.identity.loaded import loaded
from onefold.identity.naming import Naming
from onefold.identity.parts import Bundle
from onefold.identity.policy import DEFAULT, IdentityPolicy
from onefold.identity.whose import Timelines


@attrs.frozen(eq=False, repr=False)
class Snapshot:
    """All that a resolver has to remember: the evidence and the links.

    Args:
        evidence: What was seen together.
        latest: The instant of the latest event; None if there was none.
        links: What is known besides.
    """

    evidence: Evidence
    latest: np.datetime64 | None
    links: Links | None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Snapshot):
            return NotImplemented
        return (self.evidence, self.latest, self.links) == (
            other.evidence,
            other.latest,
            other.links,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Snapshot({len(self.evidence):,} rows)"


@final
class _Row:
    """One distinct bundle as given: its instants, and what it is in the graph."""

    __slots__ = ("bundle", "times")

    def __init__(self, bundle: Bundle | None, times: Times) -> None:
        self.bundle, self.times = bundle, times


@final
class Resolver:
    """Says who is who of a stream of events, as `resolve` does of a log.

    Unlike nearly all else here it is no value: `observe`, `learn` and `merge` change it. It is not
    made for several threads at once. People who are erased (`forgotten`) are no part of it: leave
    out their events, and start anew from a log that is without them.

    Args:
        policy: What is believed of identifiers.
        links: What is known besides, always: without a time from which it holds.

    Raises:
        ArgumentError: If an argument is not allowed.

    Examples:
        >>> import onefold as of
        >>> who = Resolver()
        >>> events = [
        ...     of.Event(None, "view", "2024-03-01", identifiers={"cookie": "c1"}),
        ...     of.Event(None, "view", "2024-03-02", identifiers={"cookie": "c2"}),
        ...     of.Event(None, "login", "2024-03-03",
        ...              identifiers={"cookie": ("c1", "c2"), "email": "ann@x.org"})]
        >>> [change for event in events for change in who.observe(event).changes]
        ... # doctest: +ELLIPSIS
        [Merged(into='p...', was='p...')]
        >>> who.identities() == of.resolve(of.EventLog.from_events(events))
        True
    """

    def __init__(self, policy: IdentityPolicy = DEFAULT, *, links: Links | None = None) -> None:
        self._policy = instance(policy, IdentityPolicy, "Resolver: policy")
        if links is not None:
            instance(links, Links, "Resolver: links", "Make them with Links.must(a, b) and others.")
            timed = int((~np.isnat(links.time)).sum())
            if timed:
                raise ArgumentError(
                    f"Resolver: links has {timed:,} with a time, and events come in any order. "
                    "Give them without a time; resolve(log, links=...) takes both."
                )
        policy.opened("Resolver")
        self._links = links
        self._naming = Naming(self._policy)
        self._rows: dict[Key, _Row] = {}
        self._of: dict[Bundle, list[Times]] = {}
        self._latest: int | None = None
        self._load({})

    @property
    def policy(self) -> IdentityPolicy:
        """What is believed of identifiers."""
        return self._policy

    def __len__(self) -> int:
        """The number of customers."""
        return len({id(group) for group in self._graph.group})

    def __repr__(self) -> str:
        return (
            f"Resolver({len(self._graph.key):,} identifiers of {len(self):,} customers, policy "
            f"{self._policy.version})"
        )

    def observe(self, event: Event) -> Observed:
        """Take in one event; it may come late, or again.

        Args:
            event: What happened, with identifiers, a customer, or both.

        Returns:
            Whose it is, and which customers it merged, split or renamed. Events of shared
            identifiers may belong to another customer by a later event, without a change of who
            is who: ask `customer` again where that matters.

        Raises:
            ArgumentError: If it is no event, or has identifiers of a type that the policy does not
                know.
        """
        if not isinstance(event, Event):
            instance(event, Event, "Resolver.observe: event", "Make one with Event(...).")
        key = key_of(event)
        row = self._rows.get(key)
        if row is None:
            row = self._row(key, "Resolver.observe")
        happened = int(event.time.astype(np.int64))
        if self._latest is None or happened > self._latest:
            self._latest = happened
        if row is None or row.bundle is None:
            if row is not None:
                row.times.add(_instant(event, happened))
            return Observed(None, event, (), ())
        time, bundle = _instant(event, happened), row.bundle
        if row.times.add(time):
            self._lines.add(bundle, time)
            self._graph.saw(bundle, time)
            if self._graph.touched or self._graph.before:
                changes, found = self._graph.changes()
                return Observed(
                    self._lines.whose(bundle, time), event, tuple(changes), tuple(found)
                )
        return Observed(self._lines.whose(bundle, time), event, (), ())

    def customer(self, event: Event) -> str | None:
        """Whose an event is as things stand now; None if no identifier of it is one.

        Args:
            event: One that was observed.

        Raises:
            ArgumentError: If its identifiers were never observed together at such an event.
        """
        instance(event, Event, "Resolver.customer: event", "Make one with Event(...).")
        key = shortened(key_of(event))
        if key is None:
            return None
        if key not in self._rows:
            raise ArgumentError(
                "Resolver.customer: event has identifiers that were not observed together, at an "
                f"event {event.event!r}. Give it to observe(...) first."
            )
        bundle = self._rows[key].bundle
        if bundle is None:
            return None
        return self._lines.whose(bundle, _instant(event, int(event.time.astype(np.int64))))

    def learn(self, log: EventLog) -> None:
        """Take in a whole log at once, its facts too, as one starts from history.

        What it changes is not told: a table by customer is made anew by `identities()`.

        Raises:
            ArgumentError: If it is no log, or has types of identifiers that the policy does not
                know.
        """
        instance(log, EventLog, "Resolver.learn: log", "Make one with EventLog.from_frame(...).")
        self._check(Evidence.of(log), "Resolver.learn")
        times = [t.array("time").max() for t in (log.events, log.facts) if len(t)]
        latest = int(max(times).astype(np.int64)) if times else None
        self._union(known_of(Evidence.of(log)), latest)

    def merge(self, other: "Resolver") -> None:
        """Take in all that another resolver has seen, as of another worker; it stays as it is.

        Raises:
            ArgumentError: If it has another policy or other links.
        """
        instance(other, Resolver, "Resolver.merge: other")
        if other._policy != self._policy or other._links != self._links:
            what = "policy" if other._policy != self._policy else "links"
            raise ArgumentError(
                f"Resolver.merge: other has another {what}. Bring it over by "
                "Resolver.resume(other.snapshot(), policy), or make both alike."
            )
        self._union(((key, row.times.held) for key, row in other._rows.items()), other._latest)

    def identities(self, as_of: Instant | None = None) -> Identities:
        """Who is who, as `resolve` says of the same events.

        Args:
            as_of: The moment as of which, itself excluded; left out, just after the latest event.

        Raises:
            ArgumentError: If nothing was observed and `as_of` is left out.
        """
        if as_of is None and self._latest is None:
            raise ArgumentError(
                "Resolver.identities: no event was observed, so there is no last one; give as_of=."
            )
        end = None if self._latest is None else _moment(self._latest) + _time.MICROSECOND
        moment = end if as_of is None else _time.instant(as_of, "Resolver.identities: as_of")
        assert moment is not None
        evidence = evidence_of((key, row.times.held) for key, row in self._rows.items())
        if as_of is None:
            return Identities(self._policy, moment, None, evidence, self._links)
        links = None if self._links is None else self._links.before(moment)
        return Identities(self._policy, moment, None, evidence.before(moment), links)

    def snapshot(self) -> Snapshot:
        """All that it has to remember, as a value."""
        evidence = evidence_of((key, row.times.held) for key, row in self._rows.items())
        latest = None if self._latest is None else _moment(self._latest)
        return Snapshot(evidence.canonical(), latest, self._links)

    @classmethod
    def resume(cls, snapshot: Snapshot, policy: IdentityPolicy = DEFAULT) -> "Resolver":
        """The resolver of a snapshot, under its policy or another.

        Raises:
            ArgumentError: If it is no snapshot, or has types of identifiers that the policy does
                not know.
        """
        instance(snapshot, Snapshot, "Resolver.resume: snapshot", "Take one with snapshot().")
        made = cls(policy, links=snapshot.links)
        made._check(snapshot.evidence, "Resolver.resume")
        latest = None if snapshot.latest is None else int(snapshot.latest.astype(np.int64))
        made._union(known_of(snapshot.evidence), latest)
        return made

    def _row(self, key: Key, call: str) -> _Row | None:
        """The row of a bundle as given, made if it is new; None if nothing of it is kept."""
        self._naming.check(key, call)
        kept = shortened(key)
        if kept is None:
            return None
        row = self._rows.get(kept)
        if row is None:
            row = self._rows[kept] = _Row(self._bundle(kept), Times())
            if row.bundle is not None:
                self._of.setdefault(row.bundle, []).append(row.times)
        return row

    def _bundle(self, key: Key) -> Bundle | None:
        kind = key[2]
        nodes = [self._graph.node_of(at, normal) for at, normal in self._naming.identifiers(key)]
        if not nodes:
            return None
        rule = self._policy
        return self._graph.bundle(
            nodes, kind not in rule.not_evidence, kind in rule.logins, kind in rule.logouts
        )

    def _check(self, evidence: Evidence, call: str) -> None:
        for name in evidence.names:
            if not self._naming.knows(type_of(name)):
                self._naming.refuse(type_of(name), call)

    def _union(self, known: Iterable[tuple[Key, Iterable[int]]], latest: int | None) -> None:
        """Take in much at once, and make the caches anew."""
        times = {key: row.times for key, row in self._rows.items()}
        for key, several in known:
            times.setdefault(key, Times()).join(several)
        if latest is not None:
            self._latest = latest if self._latest is None else max(self._latest, latest)
        self._load(times)

    def _load(self, times: dict[Key, Times]) -> None:
        """The caches of some evidence, by the batch: first and last instants are all it reads."""
        ends = [(key, (held.held[0], held.held[-1])) for key, held in times.items()]
        evidence, links = evidence_of(ends), self._links
        whole = Identities(self._policy, _moment(self._latest or 0), None, evidence, links)
        self._graph, bundles = loaded(whole)
        self._rows = {
            key: _Row(bundle, held)
            for (key, held), bundle in zip(times.items(), bundles[::2], strict=True)
        }
        self._of = {}
        for row in self._rows.values():
            if row.bundle is not None:
                self._of.setdefault(row.bundle, []).append(row.times)
        self._lines = Timelines(self._graph, self._times)

    def _times(self, bundle: Bundle) -> Iterator[int]:
        return itertools.chain.from_iterable(times.held for times in self._of[bundle])


def _instant(event: Event, happened: int) -> int:
    """An event can't have happened after it was received."""
    if event.received is None:
        return happened
    return min(happened, int(event.received.astype(np.int64)))


def _moment(micros: int) -> np.datetime64:
    return np.datetime64(micros, "us")
