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
import pyarrow as pa

from onefold import _time
from onefold._check import instance, is_several, shown
from onefold._columns import Coded, missing
from onefold._types import Array, Bools, Instant, Ints
from onefold._vocab import ranked
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.events.identifiers import identified
from onefold.events.log import EventLog
from onefold.events.tables import EVIDENCE
from onefold.identity import people, tables
from onefold.identity.attribution import owners_of_rows
from onefold.identity.bundles import Nodes, Seen, bundled
from onefold.identity.difference import PolicyDiff, difference
from onefold.identity.dividing import Divided, Owned, divided, no_rows, numbered
from onefold.identity.evidence import Evidence
from onefold.identity.explain import Explanation, explain
from onefold.identity.forgotten import Forgotten
from onefold.identity.known import Index, customer_at, index_of, is_pair, node_of, nodes_of
from onefold.identity.linked import Ends, ends_of
from onefold.identity.links import Links
from onefold.identity.narrowing import narrowed
from onefold.identity.partition import Partition, partition
from onefold.identity.places import places
from onefold.identity.policy import IdentityPolicy
from onefold.identity.summary import IdentitySummary, blocked, summarised

T = TypeVar("T")


@attrs.frozen(eq=False, repr=False)
class Identities:
    """Which identifiers are one customer's, and whose each event is; made by `resolve`.

    Args:
        policy: What was believed of identifiers.
        as_of: The moment before which everything was looked at.
        known_at: The moment before which all of it had been received; None: whenever.
        evidence: What was seen together.
        told: What is known besides, also from a later moment on.
        forgotten: Identifiers of erased people, of whom nothing is read; None for none.
    """

    policy: IdentityPolicy
    as_of: np.datetime64
    known_at: np.datetime64 | None
    evidence: Evidence
    told: Links | None
    forgotten: Forgotten | None = None
    _cache: dict[Any, Any] = attrs.field(init=False, factory=dict)

    @property
    def links(self) -> Links | None:
        """What is known besides, as of the moment."""
        told = self.told
        return None if told is None else self._once("links", lambda: told.before(self.as_of))

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
            and self.told == other.told
            and self.forgotten == other.forgotten
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        n = len(self.partition.nodes)
        return (
            f"Identities({n:,} identifiers of {len(self):,} customers, "
            f"as of {_time.show(self.as_of)}, policy {self.version})"
        )

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def to_pandas(self) -> pd.DataFrame:
        """One row an identifier: type, value in its normal form, and the customer it belongs to."""
        nodes = self.nodes
        values = [v for vocab in nodes.values for v in vocab.values.tolist()]
        return pd.DataFrame(
            {
                "type": np.repeat([k.name for k in nodes.kinds], [len(v) for v in nodes.values]),
                "value": np.array(values, dtype=object),
                "customer": self.ids[self.partition.person],
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
        early = self.evidence.is_before(moment)
        made = attrs.evolve(self, as_of=moment, evidence=self.evidence.only(early))
        if "seen" in self._cache:
            names = zip(made.ends.type.tolist(), made.ends.value, strict=True)
            known = [self.nodes.find(self.policy.names[at], v) for at, v in names if v is not None]
            made._cache["seen"] = narrowed(self.seen, early, np.array(known, dtype=np.int64))
        return made

    def under(self, policy: IdentityPolicy) -> "Identities":
        """Who is who by the same evidence under another policy."""
        instance(policy, IdentityPolicy, "Identities.under: policy")
        return attrs.evolve(self, policy=policy)

    def customers(self, log: EventLog) -> Array:
        """Whose each event of a log is: ids (n,), None where it has no identifier left.

        An event with a forgotten identifier is nobody's.

        Args:
            log: The log that was resolved, or some of its events.

        Raises:
            ArgumentError: If the log has identifiers that were not seen.
        """
        instance(log, EventLog, "Identities.customers: log")
        read = self._unforgotten(log)
        owners = self._owners(read)[0].decode()
        if read is log or self.forgotten is None:
            return owners
        out = np.full(len(log.events), None, dtype=object)
        out[~self.forgotten.rows(log.events, call="Identities.customers")] = owners
        return out

    def applied(self, log: EventLog) -> EventLog:
        """The log as these identities see it: with customers, each event that has an id once.

        What happened or was received later than they look is left out, and so is a yes that a no
        outweighs (`IdentityPolicy.deny_wins`).

        Raises:
            ArgumentError: If the log has rows that were not seen.
        """
        instance(log, EventLog, "Identities.applied: log")
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
    def demoted(self) -> pd.DataFrame:
        """Identifiers that serve too many people to link them: a new DataFrame, a row each.

        Columns: type, value, owners (the people it serves at least), most (how many it may), first
        and last (when it was seen), reason.
        """
        return tables.demoted(self)

    @property
    def cut(self) -> pd.DataFrame:
        """Identifiers seen together that are two customers' by the rules: a row for each pair.

        Columns: type, value and customer of the stronger one, other_type, other_value and
        other_customer of the other, first and last (when they were seen together), login, and
        reason: the limit or the cannot-link that one customer would break.
        """
        return tables.cut(self)

    @property
    def shared(self) -> pd.DataFrame:
        """Identifiers that don't tell whose an event is, and how their events were attributed.

        Columns: type, value, why ("demoted", or "cut" from a stronger one), customers (with how
        many it was seen), events (events and facts that came with nothing better), attributed (of
        these, to a customer by the policy's rule), unattributed (to the shared identifier itself),
        customer (to whom it is linked), own (the id of the shared identifier itself).
        """
        return tables.shared(self)

    @property
    def quarantined(self) -> pd.DataFrame:
        """Identifiers in lumps of more than `policy.giant`: a row each.

        Columns: type, value, customer, lump (1 is the largest), size (of the lump).
        """
        return tables.quarantined(self)

    @property
    def blocked(self) -> pd.DataFrame:
        """Values that are no identifiers: a new DataFrame, a row each, the most frequent first.

        Columns: type, value (as given), why, events (events and facts that came with it).
        """
        return blocked(self)

    @property
    def aliases(self) -> pd.DataFrame:
        """Other ids of customers: those that they had, or would have, by another of their own.

        Columns: alias, customer.
        """
        return tables.alias_table(self)

    def customer_of(self, who: tuple[str, str | int] | str) -> str | None:
        """The id of the customer of an identifier, or of an alias.

        Args:
            who: An identifier, (type, value) in any spelling, or an id. What a shared identifier is
                called where an event is nobody else's ("s...") stays as it is.

        Returns:
            None where an identifier was never seen, or is none.

        Raises:
            UnknownCustomer: If no customer has, or had, this id.
            UnknownName: If the type of the identifier is not the policy's.
        """
        if is_pair(who):
            node, _ = node_of(self, who, "Identities.customer_of: who")
            return None if node < 0 else str(self.ids[self.partition.person[node]])
        if isinstance(who, str) and who in self._index.shared:
            return who
        return str(self.ids[customer_at(self._index, who, "Identities.customer_of: who")])

    def customers_of(self, name: str, values: Any) -> Array:
        """The ids (n,) of the customers of many identifiers of one type, in any spelling.

        Args:
            name: The type of all of them, such as "email".
            values: A list, an array or a Series of n values: strings, or whole numbers.

        Returns:
            An array of objects, None where a value is missing, was never seen, or is none.

        Raises:
            ArgumentError: If the values are no list.
            ColumnError: If they are neither strings nor whole numbers.
            UnknownName: If the type is not the policy's.
        """
        nodes = nodes_of(self, name, values, "Identities.customers_of")
        whose = np.unique(self.partition.person[nodes[nodes >= 0]])
        if "ids" in self._cache:
            ids = self.ids[whose]
        else:  # those of all customers take longer
            named = people.ids(self.nodes, self.partition.anchor[whose], key=self.key)
            ids = np.array(named, dtype=object)
        out = np.full(len(nodes), None, dtype=object)
        known = nodes >= 0
        out[known] = ids[np.searchsorted(whose, self.partition.person[nodes[known]])]
        return out

    def members(self, customer: tuple[str, str | int] | str) -> pd.DataFrame:
        """The identifiers of one customer: a new DataFrame, a row each, the strongest first.

        Columns: type, value, first and last (when it was seen; missing where only a link names
        it), state ("own", "shared", "demoted" or "quarantined").

        Args:
            customer: An id, an alias, or one of the identifiers.

        Raises:
            UnknownCustomer: If there is no such customer.
        """
        return tables.members(self, self._one(customer, "Identities.members: customer"))

    def attribution(self, log: EventLog) -> pd.DataFrame:
        """Why each event of a log is whose it is: a new DataFrame, a row each.

        Columns: time, event, customer, type and value of the identifier that decided, rule ("own":
        that identifier is nobody else's; "last_login" or "session": it is shared, and by that rule
        somebody was there; "strict": the shared identifier itself; None: no identifier is left).

        Raises:
            ArgumentError: If the log has identifiers that were not seen.
        """
        read = self._unforgotten(log)
        seen, owners = self._rows_of(read)
        table = tables.attribution(self, read, seen, owners)
        if read is not log and self.forgotten is not None:
            keep = ~self.forgotten.rows(log.events, call="Identities.attribution")
            table = tables.with_forgotten(table, log, keep)
        return table

    def explain(
        self, a: tuple[str, str | int] | str, b: tuple[str, str | int] | str
    ) -> Explanation:
        """Why two identifiers or customers are one, or why they are not.

        Args:
            a: An identifier, (type, value) in any spelling, or a customer's id.
            b: Another one.

        Returns:
            Explanation: a chain of links between them, through as few identifiers that don't vouch
            (devices, cookies) as there may be; of these the shortest, of several the most
            credible; and of two customers what the links that don't hold would have broken.

        Raises:
            ArgumentError: If one is neither.
            UnknownName: If the type of one is not the policy's.
            UnknownCustomer: If there is no customer of an id.
        """
        return explain(self, self._index, a, b)

    def diff(self, other: "IdentityPolicy | Identities") -> PolicyDiff:
        """What another policy would change, before it does: nothing is applied.

        Args:
            other: A policy, for the same evidence, or other identities.

        Returns:
            PolicyDiff: merges made and undone, what moves, and the largest customers after.

        Raises:
            ArgumentError: If the policy lacks a type that was seen.
        """
        if isinstance(other, IdentityPolicy):
            return difference(self, self.under(other))
        instance(other, Identities, "Identities.diff: other", "Or an IdentityPolicy.")
        if other.evidence is not self.evidence and other.evidence == self.evidence:
            other = attrs.evolve(other, evidence=self.evidence)  # row by row the same
        return difference(self, other)

    def summary(self) -> IdentitySummary:
        """What to know of identities at a glance: a page, in a notebook and in a terminal."""
        return summarised(self)

    def forget(self, customer: tuple[str, str | int] | str, *, key: str | None = None) -> Forgotten:
        """What makes a customer forgotten: keyed hashes of the identifiers that are theirs alone.

        Those that are shared stay: they are other people's too. Give it to
        `resolve(forgotten=)`, together with earlier ones: `a | b`. Events that came with nothing
        but a shared identifier, and were this customer's by the rule of attribution, have no mark
        of theirs: find them by `customers(log)` and delete them first.

        Args:
            customer: An id, an alias, or an identifier.
            key: A secret; left out, that of the policy. The same for all that is united.

        Raises:
            ArgumentError: If there is no key, or all identifiers of the customer are shared.
            UnknownCustomer: If there is no such customer.
        """
        if is_several(customer) and not self._is_one_pair(customer):
            raise ArgumentError(
                "Identities.forget: customer is several; forget one at a time, and unite what that "
                "gives: who.forget(a, key=...) | who.forget(b, key=...)."
            )
        at = self._one(customer, "Identities.forget: customer")
        if key is None and not self.key:
            raise ArgumentError(
                "Identities.forget: no key: give forget(..., key=...), a secret string of 1 to 64 "
                "bytes, or a policy with a key. Without one, who holds the hashes could try all "
                "e-mail addresses."
            )
        who = self.partition
        own = np.flatnonzero((who.person == at) & ~who.contested)
        if not len(own):
            raise ArgumentError(
                f"Identities.forget: customer {shown(customer)} has no identifier that is not "
                "other people's too, so no mark is left by which to forget it."
            )
        named = [(who.nodes.kinds[who.nodes.type[n]], who.nodes.name(n)[1]) for n in own.tolist()]
        return Forgotten.of(named, key=self.key if key is None else key)

    def with_key(self, key: str, *, forgotten: str | None = None) -> "Identities":
        """The same identities with their key, after they were loaded.

        Args:
            key: That of the policy.
            forgotten: That of what is forgotten; left out, the same one.

        Raises:
            ArgumentError: If it is another key than that with which they were saved.
        """
        gone = self.forgotten
        if gone is not None:
            gone = gone.with_key(key if forgotten is None else forgotten)
        return attrs.evolve(self, policy=self.policy.with_key(key), forgotten=gone)

    @property
    def nodes(self) -> Nodes:
        """The identifiers, sorted by rank and value."""
        return self.partition.nodes

    @property
    def partition(self) -> Partition:
        """Which of them belong together."""

        def make() -> Partition:
            return partition(self.seen, self.ends.pairs(self.seen.nodes), self.policy)

        return self._once("partition", make)

    @property
    def seen(self) -> Seen:
        """The evidence as the policy reads it."""

        def make() -> Seen:
            return bundled(self.evidence, self.policy, more=self.ends.values, call="resolve")

        return self._once("seen", make)

    @property
    def ends(self) -> Ends:
        """The ends of the links as the policy reads them."""
        return self._once("ends", lambda: ends_of(self.links, self.policy, call="resolve"))

    @property
    def ids(self) -> Array:
        """The id (c,) of each customer."""

        def make() -> Array:
            held = people.ids(self.nodes, self.partition.anchor, key=self.key)
            return np.array(held, dtype=object)

        return self._once("ids", make)

    @property
    def key(self) -> str:
        """The secret by which ids are made.

        Raises:
            ArgumentError: If these identities were loaded, and the key has not been given.
        """
        return self.policy.opened("Identities")

    @property
    def _index(self) -> Index:
        return self._once("index", lambda: index_of(self))

    def _is_one_pair(self, who: Any) -> bool:
        """Whether it is one identifier, not a list of several, nor of ids."""
        if not is_pair(who) or len(who) != 2:
            return False
        known = self._index
        ids = all(isinstance(w, str) and (w in known.people or w in known.aliases) for w in who)
        return not ids and not any(is_several(w) for w in who)

    def _one(self, who: Any, argument: str) -> int:
        """The customer that is meant by an id, an alias or an identifier."""
        if not is_pair(who):
            return customer_at(self._index, who, argument)
        node, lacks = node_of(self, who, argument)
        if node < 0:
            raise UnknownCustomer(f"{argument}: {lacks}.")
        return int(self.partition.person[node])

    def _owners(self, log: EventLog) -> tuple[Coded, Coded]:
        """The customers of the events and of the facts of a log."""
        kept = self._cache.get("log")
        if kept is not None and _same(kept[1], log):
            n, held = len(log.events), self.owned.customer
            return held.take(slice(0, n)), held.take(slice(n, len(held)))
        rows = self._rows_of(log)[1]
        return self._named(rows, len(log.events))

    def _rows_of(self, log: EventLog) -> tuple[Seen, Ints]:
        """The events and then the facts of a log as they are read, and whose each is."""
        more = Evidence.of(log)
        seen = bundled(self.evidence | more, self.policy, more=self.ends.values, call="customers")
        if len(seen.nodes) != len(self.nodes):
            self._refuse_unknown(seen.nodes)
        n = len(self.evidence)
        tells = seen.tells.copy()
        tells[n:] = False
        asked = attrs.evolve(seen, tells=tells, logout=seen.logout & (np.arange(len(tells)) < n))
        owners = owners_of_rows(asked, self.partition, self.policy)[n:]
        return attrs.evolve(asked, row=asked.row[n:], time=asked.time[n:]), owners

    def _unforgotten(self, log: EventLog) -> EventLog:
        """The rows of a log without a forgotten identifier."""
        kept = self._cache.get("log")
        known = kept is not None and _same(kept[1], log)
        if known or self.forgotten is None:
            return log
        return self.forgotten.without(log, call="Identities")

    def _looked_at(self, log: EventLog) -> EventLog:
        """What of a log these identities look at."""
        kept = self._cache.get("log")
        if kept is not None and _same(kept[0], log):
            read: EventLog = kept[1]
            return read
        known = log if self.known_at is None else log.known_at(self.known_at)
        tables = (known.events, known.facts)
        late = any((t.array("time") >= self.as_of).any() for t in tables)
        known = known.before(self.as_of) if late else known
        return self._unforgotten(known)

    def _remember(self, log: EventLog, read: EventLog) -> None:
        """Keeps what was looked at of the log that was resolved: its rows are the evidence."""
        self._cache["log"] = (log, read)

    def _named(self, owners: Ints, events: int) -> tuple[Coded, Coded]:
        """Rows of events and then facts, by the ids of their customers."""
        c = len(self.partition)
        used = _used(owners, c + len(self.nodes))
        codes = np.full(c + len(self.nodes) + 1, -1, dtype=np.int32)
        which = np.flatnonzero(used)
        names = people.ids(self.nodes, self.partition.anchor[which[which < c]], key=self.key)
        names += people.ids(self.nodes, which[which >= c] - c, key=self.key, kind=people.SHARED)
        vocab, rank = ranked(pa.array(names, type=pa.large_string()))
        codes[which] = rank
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
