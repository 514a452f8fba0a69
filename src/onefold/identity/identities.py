"""Identities: who is who, as of a moment, under a policy.

    identities.at(t) == resolve(log, policy, as_of=t)        what one would have concluded then

Nothing in it depends on the order of events. It keeps the evidence, so that it can be asked as of
earlier, or under another policy.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._columns import Coded, missing
from onefold._types import Array, Bools, Instant, Ints
from onefold._vocab import Vocab
from onefold.errors import ArgumentError
from onefold.events.identifiers import identified
from onefold.events.log import EventLog
from onefold.events.tables import EVIDENCE
from onefold.identity import people
from onefold.identity.attribution import owners_of_rows
from onefold.identity.bundles import Nodes, Seen, bundled
from onefold.identity.dividing import Divided, Owned, divided, no_rows, numbered
from onefold.identity.evidence import Evidence
from onefold.identity.linked import ends_of
from onefold.identity.links import Links
from onefold.identity.narrowing import narrowed
from onefold.identity.partition import Partition, partition
from onefold.identity.places import places
from onefold.identity.policy import IdentityPolicy

T = TypeVar("T")


@attrs.frozen(eq=False, repr=False)
class Identities:
    """Which identifiers are one customer's, and whose each event is; made by `resolve`.

    Args:
        policy: What was believed of identifiers.
        as_of: The moment before which everything was looked at.
        known_at: The moment before which all of it had been received; None: whenever.
        evidence: What was seen together.
        links: What is known besides.
    """

    policy: IdentityPolicy
    as_of: np.datetime64
    known_at: np.datetime64 | None
    evidence: Evidence
    links: Links | None
    _cache: dict[Any, Any] = attrs.field(init=False, factory=dict)

    @property
    def version(self) -> str:
        """The hash of the policy: 16 hexadecimal digits."""
        return self.policy.version

    def __len__(self) -> int:
        """The number of customers."""
        return len(self.partition)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Identities):
            return NotImplemented
        return (
            (self.policy, self.as_of, self.known_at) == (other.policy, other.as_of, other.known_at)
            and self.evidence == other.evidence
            and self.links == other.links
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        n = len(self.partition.nodes)
        return (
            f"Identities({n:,} identifiers of {len(self):,} customers, "
            f"as of {_time.show(self.as_of)}, policy {self.version})"
        )

    def to_pandas(self) -> pd.DataFrame:
        """One row an identifier: type, value in its normal form, and the customer it belongs to."""
        nodes = self.nodes
        values = [v for vocab in nodes.values for v in vocab.values.tolist()]
        return pd.DataFrame(
            {
                "type": np.repeat([k.name for k in nodes.kinds], [len(v) for v in nodes.values]),
                "value": np.array(values, dtype=object),
                "customer": self._ids[self.partition.person],
            }
        )

    def at(self, when: Instant) -> "Identities":
        """Who was who as of an earlier moment, by what had been seen before it.

        Raises:
            ArgumentError: If the moment is after `as_of`.
        """
        moment = _time.instant(when, "Identities.at: when")
        if moment > self.as_of:
            raise ArgumentError(
                f"Identities.at: when is {_time.show(moment)}, and these identities are as of "
                f"{_time.show(self.as_of)}: what was seen since is not known. Resolve the later "
                "log anew."
            )
        if moment == self.as_of:
            return self
        links = None if self.links is None else self.links.before(moment)
        early = self.evidence.is_before(moment)
        made = Identities(self.policy, moment, self.known_at, self.evidence.only(early), links)
        if "seen" in self._cache:
            names = zip(made._ends.type.tolist(), made._ends.value, strict=True)
            known = [self.nodes.find(self.policy.names[at], v) for at, v in names if v is not None]
            made._cache["seen"] = narrowed(self.seen, early, np.array(known, dtype=np.int64))
        return made

    def under(self, policy: IdentityPolicy) -> "Identities":
        """Who is who by the same evidence under another policy."""
        return Identities(policy, self.as_of, self.known_at, self.evidence, self.links)

    def customers(self, log: EventLog) -> Array:
        """Whose each event of a log is: ids (n,), None where it has no identifier left.

        Args:
            log: The log that was resolved, or some of its events.

        Raises:
            ArgumentError: If the log has identifiers that were not seen.
        """
        return self._owners(log)[0].decode()

    def applied(self, log: EventLog) -> EventLog:
        """The log as these identities see it: with customers, each event that has an id once.

        What happened or was received later than they look is left out, and so is a yes that a no
        outweighs (`IdentityPolicy.deny_wins`).

        Raises:
            ArgumentError: If the log has rows that were not seen.
        """
        seen = self.divided(log).counting
        events, facts = (table.without([EVIDENCE]) for table in (seen.events, seen.facts))
        return EventLog(events, facts, log.currency)

    def divided(self, log: EventLog) -> Divided:
        """Which rows of a log count and whose they are, with their places in the evidence.

        Raises:
            ArgumentError: If the log has rows that were not seen.
        """
        read = self._looked_at(log)
        return self.divide(no_rows(), numbered(read, self.places(read)))

    def divide(self, known: EventLog, more: EventLog) -> Divided:
        """The same of rows that have their places, of which those known don't repeat each other."""
        return divided(self.owned, known, more)

    def places(self, log: EventLog) -> Ints:
        """Where in the evidence the events and then the facts (m,) of a log were seen.

        Raises:
            ArgumentError: If the log has rows that were not seen.
        """
        kept = self._cache.get("log")
        rows = len(log.events) + len(log.facts)
        if kept is not None and _same(kept[1], log):
            return np.arange(rows)
        at = places(Evidence.of(log), self.evidence)
        tables = (log.events, log.facts)
        told = np.concatenate([identified(t) | ~missing(t.data["customer"]) for t in tables])
        lost = int((told & (at < 0)).sum())
        if lost:
            raise ArgumentError(
                f"Identities: {lost:,} of {rows:,} rows of the log were not there when it was "
                "resolved who is who. Resolve this log, or one that holds it."
            )
        return at

    @property
    def owned(self) -> Owned:
        """Whose each row of the evidence is."""

        def make() -> Owned:
            rows = owners_of_rows(self.seen, self.partition, self.policy)
            customers = self._named(rows, len(rows))[0]
            return Owned(rows, customers, self.seen, self.partition, self.policy)

        return self._once("owned", make)

    @property
    def nodes(self) -> Nodes:
        """The identifiers, sorted by rank and value."""
        return self.partition.nodes

    @property
    def partition(self) -> Partition:
        """Which of them belong together."""

        def make() -> Partition:
            return partition(self.seen, self._ends.pairs(self.seen.nodes), self.policy)

        return self._once("partition", make)

    @property
    def seen(self) -> Seen:
        """The evidence as the policy reads it."""

        def make() -> Seen:
            return bundled(self.evidence, self.policy, more=self._ends.values, call="resolve")

        return self._once("seen", make)

    @property
    def _ends(self) -> Any:
        return self._once("ends", lambda: ends_of(self.links, self.policy, call="resolve"))

    @property
    def _ids(self) -> Array:
        """The id (c,) of each customer."""

        def make() -> Array:
            held = people.ids(self.nodes, self.partition.anchor, key=self.policy.key)
            return np.array(held, dtype=object)

        return self._once("ids", make)

    def _owners(self, log: EventLog) -> tuple[Coded, Coded]:
        """The customers of the events and of the facts of a log."""
        kept = self._cache.get("log")
        if kept is not None and _same(kept[1], log):
            n, held = len(log.events), self.owned.customer
            return held.take(slice(0, n)), held.take(slice(n, len(held)))
        more = Evidence.of(log)
        seen = bundled(self.evidence | more, self.policy, more=self._ends.values, call="customers")
        if len(seen.nodes) != len(self.nodes):
            self._refuse_unknown(seen.nodes)
        n = len(self.evidence)
        tells = seen.tells.copy()
        tells[n:] = False
        asked = attrs.evolve(seen, tells=tells, logout=seen.logout & (np.arange(len(tells)) < n))
        return self._named(owners_of_rows(asked, self.partition, self.policy)[n:], len(log.events))

    def _looked_at(self, log: EventLog) -> EventLog:
        """What of a log these identities look at."""
        kept = self._cache.get("log")
        if kept is not None and _same(kept[0], log):
            read: EventLog = kept[1]
            return read
        known = log if self.known_at is None else log.known_at(self.known_at)
        tables = (known.events, known.facts)
        late = any((t.array("time") >= self.as_of).any() for t in tables)
        return known.before(self.as_of) if late else known

    def _remember(self, log: EventLog, read: EventLog) -> None:
        """Keeps what was looked at of the log that was resolved: its rows are the evidence."""
        self._cache["log"] = (log, read)

    def _named(self, owners: Ints, events: int) -> tuple[Coded, Coded]:
        """Rows of events and then facts, by the ids of their customers."""
        c = len(self.partition)
        used = _used(owners, c + len(self.nodes))
        codes = np.full(c + len(self.nodes) + 1, -1, dtype=np.int32)
        which = np.flatnonzero(used)
        names = people.ids(self.nodes, self.partition.anchor[which[which < c]], key=self.policy.key)
        names += people.ids(
            self.nodes, which[which >= c] - c, key=self.policy.key, kind=people.SHARED
        )
        held = np.array(names, dtype=object)
        order = np.argsort(held)
        codes[which[order]] = np.arange(len(order), dtype=np.int32)
        vocab = Vocab(held[order])
        coded = codes[owners]
        return Coded(coded[:events], vocab).compact(), Coded(coded[events:], vocab).compact()

    def _refuse_unknown(self, nodes: Nodes) -> None:
        for mine, other in zip(self.nodes.values, nodes.values, strict=True):
            lost = np.flatnonzero(mine.translation(other) < 0)
            if len(lost):
                kind = nodes.kinds[nodes.values.index(other)].name
                raise ArgumentError(
                    f"Identities.customers: the log has {len(lost):,} identifiers of the type "
                    f"{kind!r} that were not seen, such as {other[int(lost[0])]!r}. Resolve this "
                    "log."
                )

    def _once(self, name: str, make: Callable[[], T]) -> T:
        if name not in self._cache:
            self._cache[name] = make()
        kept: T = self._cache[name]
        return kept


def _same(a: EventLog, b: EventLog) -> bool:
    return a.events is b.events and a.facts is b.facts


def _used(owners: Ints, n: int) -> Bools:
    """Which of n customers and shared nodes own a row; nobody is the last place."""
    used = np.zeros(n + 1, dtype=bool)
    used[owners] = True
    return used[:n]
