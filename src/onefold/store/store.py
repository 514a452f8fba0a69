"""Store: the single database, as an application sees it.

The log is the truth; all else is made from it, and equals what a fold of it would give:

    store.observe(event)  ==  fold(store.log(), ...)[who]        store.rebuild() changes nothing

Every method is one call of a module beside this one.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar, final

import pandas as pd
from sqlalchemy import func, select

from onefold._types import Instant
from onefold.catalog import Catalog
from onefold.errors import ContractError
from onefold.events.event import Event
from onefold.events.log import EventLog
from onefold.identity import Identities, IdentityPolicy, PolicyDiff
from onefold.profiles import Profile, Profiles
from onefold.store import (
    adopting,
    bulk,
    carrying,
    certificate,
    compacting,
    consenting,
    deciding,
    digesting,
    erasing,
    exporting,
    logs,
    meta,
    reading,
    rebuilding,
    restricting,
    writing,
)
from onefold.store.bulk import Taken
from onefold.store.carrying import Suppressed
from onefold.store.certificate import Certificate
from onefold.store.compacting import Compacted
from onefold.store.core import Core, Overtaken
from onefold.store.database import Database, Durable, Query
from onefold.store.exporting import Export
from onefold.store.logs import Position
from onefold.store.rebuilding import Rebuilt
from onefold.store.schema import log as log_table
from onefold.store.settings import settings
from onefold.traits import TRAITS, Trait

P = ParamSpec("P")
T = TypeVar("T")
COUNT = Query(select(func.count()).where(log_table.c.bundle.isnot(None)))


@final
class Store:
    """A database of what customers do, and who they are.

    Threads of one process may share a store, and processes a database: all of them see what was
    written once a call has returned.

    Args:
        url: "sqlite:///shop.db", "postgresql+psycopg://user@host/name", or None for one in memory.
        policy: How people are told apart; None takes that of the database, a new one gets
            `identity.DEFAULT`. Another than the database's is refused: see `adopt`.
        traits: What profiles tell.
        catalog: What is known of items.
        key: A secret of 1 to 64 bytes by which erased people are known; it is not stored, and
            without it nobody can be erased. The first `forget` settles it for ever.
        durable: "disk": what was written is on the disk before a call returns. "process": it
            outlives the process, and not a power cut.
        timeout: Seconds to wait for others who hold the database.
        migrate: Whether a database of an older version may be changed to this one.

    Raises:
        ArgumentError: If an argument is not allowed, or is not that of the database.
        StoreError: If the database can't be opened, is of another version, or is no store.

    Examples:
        >>> with Store() as store:
        ...     len(store)
        0
    """

    __slots__ = ("_adopting", "_core")

    def __init__(
        self,
        url: Any = None,
        *,
        policy: IdentityPolicy | None = None,
        traits: tuple[Trait, ...] = TRAITS,
        catalog: Catalog | None = None,
        key: str | None = None,
        durable: Durable = "disk",
        timeout: float = 30.0,
        migrate: bool = False,
    ) -> None:
        told = settings(
            policy=policy,
            traits=traits,
            catalog=catalog,
            key=key,
            durable=durable,
            timeout=timeout,
            migrate=migrate,
        )
        self._adopting = threading.Lock()
        database = Database(url, durable=told.durable, timeout=told.timeout)
        try:
            self._core = meta.opened(
                database,
                policy=policy,
                traits=told.traits,
                catalog=told.catalog,
                key=told.key,
                migrate=told.migrate,
                remake=rebuilding.remake,
            )
        except BaseException:
            database.close()
            raise

    @property
    def policy(self) -> IdentityPolicy:
        """How people are told apart here."""
        return self._core.policy

    def observe(self, event: Event) -> Profile | None:
        """Take in one event, durably, and tell whose it is: their profile with it.

        An event with an id that is there already, as it is, changes nothing; so a caller who got
        no answer sends it again.

        Args:
            event: What happened, with a customer, identifiers, or both.

        Returns:
            The profile as of just after the latest event of the store; None where no identifier
            of the event can tell anybody, it is of somebody who was erased, or whose data are
            restricted (it is kept then), or nothing is theirs: another delivery of this event
            counts, which is somebody else's.

        Raises:
            ArgumentError: If it is no event, or has what the policy or the store does not know.
            StoreError: If the database refuses; nothing of it was written then.

        Examples:
            >>> import onefold as of
            >>> store = of.Store()
            >>> ann = store.observe(of.Event(None, "view", "2024-03-01", item="tea",
            ...                              identifiers={"cookie": "c1"}))
            >>> len(ann), ann.id == store.profile(("cookie", "c1")).id
            (1, True)
        """
        return self._run(writing.observe, event)

    def observe_all(
        self, events: EventLog | Iterable[Event] | Iterable[EventLog], *, batch: int = 10_000
    ) -> Taken:
        """Take in many events and facts, in batches each of which is durable whole or not there.

        Args:
            events: A log, several, or events.
            batch: How many rows a transaction has.

        Returns:
            How many rows were new, were there already, and were of people who were erased.

        Raises:
            ArgumentError: If something has what the policy or the store does not know; the batches
                before are there then.
            StoreError: If the database refuses.
        """
        return bulk.observe_all(self._core, events, batch=batch, run=self._run)

    def profile(self, who: Any, *, as_of: Instant | None = None) -> Profile:
        """One customer as of now: what `profiles()[who]` is, without reading anybody else.

        Args:
            who: An id, an alias, an identifier: a pair of type and value, or several of one
                customer: {"email": "ann@x.org", "cookie": "c1"}.
            as_of: The moment as of which, after all that is known of them; left out, just after
                the latest event of the store.

        Raises:
            UnknownCustomer: If nobody is meant.
            Restricted: If their data may be kept, and not used.
            ArgumentError: If an argument is not allowed.
        """
        return self._run(reading.profile, who, as_of=as_of)

    def profiles(self, purpose: str | None = None, *, as_of: Instant | None = None) -> Profiles:
        """Everybody: a fold of the log by who is who. Who is restricted is left out.

        Args:
            purpose: Only those who may be addressed for it: unknown is no.
            as_of: The moment as of which, who is who included; left out, just after the latest
                event, also where that is of somebody who is restricted.

        Raises:
            ArgumentError: If `as_of` is left out, and the store is empty or a clock must be wrong.
            UnknownName: If nobody ever said yes or no to this purpose, and somebody to another.
        """
        return self._run(reading.profiles, purpose, as_of=as_of)

    def identities(self, *, as_of: Instant | None = None) -> Identities:
        """Who is who, by all that was seen: also by what is of people who are restricted.

        Args:
            as_of: The moment as of which, itself excluded; left out, just after the latest event.

        Raises:
            ArgumentError: If the store is empty, or `as_of` is left out and a clock must be wrong.
        """
        return self._run(reading.identities, as_of=as_of)

    def consent(
        self,
        who: Any,
        purpose: str,
        *,
        granted: bool,
        time: Instant,
        source: str | None = None,
        until: Instant | None = None,
    ) -> bool:
        """Keep what somebody has said to being addressed for a purpose.

        Args:
            who: What the statement came with: an identifier, a pair of type and value, or several
                as a mapping; nobody need be known by them yet. Or an id or an alias: it is then
                stated of the identifier by which the customer is named.
            purpose: What for, such as "email".
            granted: Whether they agreed.
            time: When they said so.
            source: Where, such as "double opt-in".
            until: When it ends by itself.

        Returns:
            Whether it is kept: False where it is of somebody who was erased.

        Raises:
            ArgumentError: If an argument is not allowed.
            UnknownCustomer: If an id is nobody's.
        """
        return self._run(
            consenting.consent, who, purpose, granted, time=time, source=source, until=until
        )

    def record(self, what: Any, *, time: Instant | None = None, channel: str | None = None) -> int:
        """Keep what was decided: lists that were shown or sent, with their propensities.

        Args:
            what: Lists of `FittedScorer.rank` or `sample`, or a frame of a campaign. Their
                customers are ids or aliases here, or what your data have as `customer`.
            time: When, where they don't tell it.
            channel: Where, where they don't tell it.

        Returns:
            The number of rows that were not there yet: the same list of one moment is kept once.

        Raises:
            ArgumentError: If an argument is not allowed.
            UnknownCustomer: If a list is of nobody here.
        """
        return self._run(deciding.record, what, time=time, channel=channel)

    def decisions(self, who: Any = None) -> pd.DataFrame:
        """What was decided, of everybody or of one customer, by the customer's id of today."""
        return self._run(deciding.decisions, who)

    def forget(self, who: Any, *, time: Instant | None = None, digest: bool = False) -> Certificate:
        """Erase a person: rows, identifiers, state; and keep them from coming back.

        Args:
            who: An id, an alias, an identifier: a pair of type and value, or several of one
                customer: {"email": "ann@x.org", "cookie": "c1"}.
            time: When it was asked for; it is kept in the certificate.
            digest: Whether the certificate has a hash of all that the store holds afterwards; all
                of it is read for that.

        Returns:
            What went, by number, and which checkpoints are stale now.

        Raises:
            ArgumentError: If the store has no key, or all their identifiers are shared.
            UnknownCustomer: If nobody is meant.
            StoreError: If the database refuses; nothing is erased then.
        """
        return self._run(erasing.forget, who, time=time, digest=digest)

    def forgotten(self) -> Suppressed:
        """The suppression list: who is not taken in again, by keyed hashes, to be kept elsewhere.

        Raises:
            ArgumentError: If there is none, for the store was never opened with a key.
        """
        return self._run(carrying.forgotten)

    def suppress(self, what: Suppressed, *, time: Instant | None = None) -> tuple[Certificate, ...]:
        """Take in the list of another database, and erase whoever of it is here: as by `forget`.

        It is for a store that was restored from a backup older than some erasures. All of the log
        is read, and nothing is written meanwhile.

        Args:
            what: What `forgotten` gave there, under the same key.
            time: When it was done; it is kept in the certificates.

        Returns:
            A certificate for each person who was here; and one for single events of theirs that
            no identifier gives away, where there were any left.

        Raises:
            ArgumentError: If it is no list, or was made with another key.
            StoreError: If the database refuses; nothing is erased then.

        Examples:
            >>> with Store(key="keep this apart") as lost, Store(key="keep this apart") as restored:
            ...     for store in (lost, restored):
            ...         _ = store.observe(Event("ann", "view", "2024-03-01"))
            ...     _ = lost.forget(("customer", "ann"))
            ...     len(restored.suppress(lost.forgotten())), len(restored)
            (1, 0)
        """
        return self._run(carrying.suppress, what, time=time)

    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates of all erasures, in their order."""
        return self._run(certificate.certificates)

    def export(self, who: Any) -> Export:
        """All that is kept of a person, for them to read and to take along.

        Raises:
            UnknownCustomer: If nobody is meant.
        """
        return self._run(exporting.export, who)

    def restrict(self, who: Any, *, time: Instant | None = None) -> int:
        """Keep a person's data, and use them for nothing until `release`.

        They are in no `profile`, `profiles`, `log` or `logs`; `export` and `forget` see them.

        Returns:
            How many of their identifiers are marked.

        Raises:
            UnknownCustomer: If nobody is meant.
        """
        return self._run(restricting.restrict, who, time=time)

    def release(self, who: Any) -> int:
        """Undo `restrict`."""
        return self._run(restricting.release, who)

    def rebuild(self) -> Rebuilt:
        """Make everything anew that is not the log, and say what was otherwise before: nothing."""
        return self._run(rebuilding.rebuild)

    def digest(self) -> str:
        """A hash of all that is kept: the same wherever the same was said under one policy."""
        return self._run(digesting.digest)

    def adopt(self, policy: IdentityPolicy) -> PolicyDiff:
        """Tell people apart by another policy, from now on and of all that was.

        Whoever else has the store open must open it anew: their calls raise a StoreError.

        Returns:
            Whom it has merged and split. `store.identities().diff(policy)` says so beforehand.

        Raises:
            ArgumentError: If the policy is none, or lacks types that are in the log.
        """
        with self._adopting:  # whoever was overtaken waits here for the new core
            made, self._core = adopting.adopt(self._core, policy)
            return made

    def compact(self) -> Compacted:
        """Write the database anew, without the room of what was erased. It takes a while."""
        return self._run(compacting.compact)

    def log(self, *, after: Position | None = None, until: Position | None = None) -> EventLog:
        """All events and facts, in the order in which they came; restricted people are left out.

        Args:
            after: Only what came after this position.
            until: Only what had come by this one; what comes while it is read is left out too.

        Raises:
            ArgumentError: If a position is none.
        """
        return self._run(logs.log, after=after, until=until)

    def logs(
        self,
        rows: int = logs.ROWS,
        *,
        after: Position | None = None,
        until: Position | None = None,
    ) -> Iterator[EventLog]:
        """The same piece by piece, so that memory stays bounded: for `fold` and for copies.

        Nothing is locked between two of them. What comes meanwhile is not among them.

        Args:
            rows: How many events and facts a log has at most.
            after: Only what came after this position.
            until: Only what had come by this one.

        Raises:
            ArgumentError: If an argument is not allowed.

        Examples:
            >>> with Store() as store:
            ...     list(store.logs())
            []
        """
        return logs.logs(self._core, rows, after=after, until=until, run=self._run)

    def position(self) -> Position:
        """Where the store is now, for `log(after=)`, `log(until=)` and `checkpoint`.

        On PostgreSQL it waits, up to the store's `timeout`, until those have ended who are writing
        just then: nothing may come behind a position later on. `logs()` without `until` takes one
        too; `log()` waits for nobody.

        Raises:
            StoreError: If somebody writes for longer.
        """
        return self._run(logs.position)

    def checkpoint(self, name: str, position: Position | None = None) -> Position:
        """Keep under a name up to where the log was read, such as for a model that was fitted.

        `forget` marks checkpoints behind which rows of the person had been read as stale. So take
        the position first, read up to it, and keep it when what was made is there:

            now = store.position();  fit(store.logs(until=now));  store.checkpoint("scorer", now)

        Args:
            name: What was made. A name that is there already gets the new position.
            position: Up to where was read; None for now. One from before an erasure is stale at
                once: nothing tells any more whose rows had been read.

        Returns:
            The position that is kept.

        Raises:
            ArgumentError: If the name is no text, or the position is not one of this store.
        """
        return self._run(logs.checkpoint, name, position)

    def checkpoints(self) -> pd.DataFrame:
        """All checkpoints by name: `name`, `position`, rows that came since (`behind`), `stale`."""
        return self._run(logs.checkpoints)

    def __len__(self) -> int:
        """The number of events and facts."""
        with self._core.database.reading() as session:
            row = session.one(COUNT)
        return 0 if row is None else int(row[0])

    def __bool__(self) -> bool:
        """A store is one, also while it is empty."""
        return True

    def __reduce__(self) -> NoReturn:
        raise ContractError(
            "Store: an open store can't be pickled or copied: its connections are of this process. "
            "Hand its URL on, and open it there: Store(url)."
        )

    def __repr__(self) -> str:
        return f"Store({self._core.database.shown!r})"

    def close(self) -> None:
        """Let go of the database; one in memory is gone then. Closing again changes nothing."""
        self._core.database.close()

    def _run(
        self, function: Callable[Concatenate[Core, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function, and again where another thread has adopted a policy meanwhile."""
        while True:
            core = self._core
            try:
                return function(core, *args, **kwargs)
            except Overtaken:
                with self._adopting:
                    if self._core is core:  # it was another store
                        raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
