"""Partitions: profiles of more people than fit in memory, in a folder, part by part.

A part holds all events of its customers, so a part is folded, and read, alone:

    Partitions.fold(logs, folder)[id] == fold(logs)[id]

The folder is Parquet and a manifest in JSON, which other programs can read. It is the one value
here that can change under one's hands: by `update`, in one step.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import whole
from onefold._random import hash64
from onefold._types import Instant
from onefold.catalog import Catalog
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.events.log import EventLog
from onefold.events.several import each_log
from onefold.ledger import Ledger
from onefold.profiles.folding import carried, of_customers
from onefold.profiles.parts import building, export, manifest, moments, part
from onefold.profiles.parts.building import How
from onefold.profiles.parts.disk import place_of
from onefold.profiles.parts.manifest import Manifest
from onefold.profiles.parts.spill import MOST
from onefold.profiles.row import Profile
from onefold.profiles.table import MOST as MANY
from onefold.profiles.table import WIDE, Profiles
from onefold.profiles.traits import TraitTable
from onefold.traits import TRAITS
from onefold.traits.protocol import Trait


@attrs.frozen(eq=False, repr=False)
class Partitions:
    """Profiles of everybody in a folder on disk, split by customer; `fold` or `open` makes them.

    Iteration gives the `Profiles` of one part after another, and `partitions[id]` reads one part
    and keeps it. `len(partitions)` is the number of customers.
    """

    folder: Path
    _manifest: Manifest
    traits: tuple[Trait, ...]
    catalog: Catalog | None
    as_of: np.datetime64
    _cache: dict[int, Profiles] = attrs.field(init=False, factory=dict)  # the last part

    @classmethod
    def fold(
        cls,
        logs: EventLog | Iterable[EventLog],
        folder: str | os.PathLike[str],
        *,
        parts: int = 16,
        traits: Sequence[Trait] = TRAITS,
        catalog: Catalog | None = None,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
        threads: int = 1,
        progress: bool | None = None,
    ) -> "Partitions":
        """Fold events of any number into a new folder, in memory for one part.

        The rows of each log are split by a hash of the customer's id, modulo `parts`, and put on
        disk; then each part is folded alone, as by `onefold.fold`. Memory holds one log, and then
        `threads` parts: some 150 bytes an event. While this runs the rows are on disk twice.

        Args:
            logs: A log, or any iterable of logs: `EventLog.batches("events/*.parquet", ...)`. It
                is gone through once.
            folder: A folder that does not exist yet, or is empty. It appears when all is done; if
                anything fails, or somebody interrupts it, there is nothing.
            parts: Into how many parts customers are split, 1 to 4,096: so many that one fits in
                memory, such as one for each 3 million events.
            traits: What to read from a profile. They are not kept in the folder.
            catalog: What is known of the items. It is not kept in the folder either.
            as_of: As in `onefold.fold`; left out, it is just after the last event or fact in any
                part.
            known_at: As in `onefold.fold`.
            threads: How many parts are folded at the same time.
            progress: Show how far it is, rows and then parts, on standard error. Left out, only on
                a terminal.

        Raises:
            ArgumentError: If an argument is wrong, or `as_of` is left out where it can't be.
            FileError: If the folder is there and not empty, or can't be written.

        Examples:
            >>> import tempfile
            >>> import onefold as of
            >>> logs = [of.EventLog.from_events([of.Event(who, "purchase", "2024-03-01", value=5)])
            ...         for who in ("ann", "bob", "cat")]
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     partitions = of.Partitions.fold(logs, folder, parts=2)
            ...     len(partitions), partitions["bob"]["monetary"]
            (3, 5.0)
        """
        call = "Partitions.fold"
        chosen = carried(traits, catalog, call)
        how = How.of(call, threads, progress)
        count = whole(parts, f"{call}: parts", most=MOST)
        place = place_of(folder, f"{call}: folder")
        moment = None if as_of is None else _time.instant(as_of, f"{call}: as_of")
        held = of_customers(each_log(logs, call), call)
        if known_at is not None:
            at = _time.instant(known_at, f"{call}: known_at")
            held = (log.known_at(at) for log in held)
        made = building.fold(held, place, parts=count, as_of=moment, how=how)
        return cls(place, made, chosen, catalog, made.as_of)

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        traits: Sequence[Trait] = TRAITS,
        catalog: Catalog | None = None,
    ) -> "Partitions":
        """Open a folder that `fold` made; nothing but its manifest is read.

        Args:
            folder: The folder.
            traits: What to read from a profile.
            catalog: What is known of the items.

        Raises:
            FileError: If there is no such folder, it is damaged or not onefold's, or a newer
                onefold made it.
            ArgumentError: If an argument is wrong.
        """
        call = "Partitions.open"
        chosen = carried(traits, catalog, call)
        place = place_of(folder, f"{call}: folder")
        building.settle(place, call)
        held = manifest.read(place, call)
        return cls(place, held, chosen, catalog, held.as_of)

    @property
    def parts(self) -> int:
        """Into how many parts customers are split."""
        return len(self._manifest.parts)

    def __len__(self) -> int:
        if self.as_of >= self._manifest.as_of:
            return sum(held.customers for held in self._manifest.parts)
        return sum(len(self._profiles(number)) for number in range(self.parts))

    def __iter__(self) -> Iterator[Profiles]:
        """The profiles of each part in which anybody is."""
        for number, held in enumerate(self._manifest.parts):
            if held.customers:
                profiles = self._profiles(number)
                if len(profiles):
                    yield profiles
                del profiles  # so that not two are held

    def __contains__(self, customer: object) -> bool:
        return customer in self._near(str(customer))

    def __getitem__(self, customer: str | int) -> Profile:
        """The profile of one customer, by id; reads the part in which it is, and keeps it."""
        if not isinstance(customer, (str, int, np.integer)) or isinstance(customer, bool):
            raise ArgumentError(
                f"partitions[...] holds a {type(customer).__name__}; it takes one id."
            )
        profiles = self._near(str(customer))
        if customer not in profiles:
            raise UnknownCustomer(
                f"partitions: no customer {customer!r} as of {_time.show(self.as_of)}."
            )
        return profiles[customer]

    def at(
        self,
        when: Any,
        *,
        tz: str | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
        wide: int = MANY,
    ) -> Any:
        """Partitions as of a moment, or a table as of many.

        Args:
            when: An instant: a view of the same folder as of it. Or a frame with the columns
                `customer` and `time`, as in `Profiles.at`: each part is read once, and the table
                has the order of the frame.
            tz: As in `Profiles.at`, like the others.
            labels: For a frame: which labels of which traits get a column.
            wide: For a frame: how many labels a trait that is not in `labels` may have.

        Returns:
            Partitions, or a DataFrame (m rows): what `Profiles.at` of everybody would give.

        Raises:
            ArgumentError: If the instant or a column can't be read, or `labels` holds what is not
                allowed.
            UnknownName: If `labels` names no trait, or a label that there can't be.
            FileError: If a part can't be read.
        """
        call = "Partitions.at"
        most = whole(wide, f"{call}: wide", least=0)
        if moments.is_instant(when):
            if labels is not None:
                raise ArgumentError(
                    f"{call}: labels is for a frame of customers and times; leave it out."
                )
            moment = _time.instant(when, f"{call}: when")
            return attrs.evolve(self, as_of=moment)
        return moments.table(self._profiles, self.parts, when, tz=tz, labels=labels, wide=most)

    def update(
        self,
        logs: EventLog | Iterable[EventLog],
        *,
        as_of: Instant | None = None,
        threads: int = 1,
        progress: bool | None = None,
    ) -> "Partitions":
        """Add events and facts to the folder; late ones find their place.

        Only the parts to which something is added are written anew, beside the old ones, and take
        their place when all are done: a failure before leaves the folder as it was. Where a
        property is new all parts are written. Partitions that were opened before, these included,
        no longer read what has changed.

        Args:
            logs: As in `fold`. What is known already, by its id, changes nothing.
            as_of: The new moment as of which, as in `Profiles.update`; left out, the later of the
                old one and just after the last new event or fact.
            threads: How many parts are written at the same time.
            progress: As in `fold`.

        Returns:
            The partitions as they are now.

        Raises:
            ArgumentError: If an argument is wrong, these are a view of another moment, or an event
                lies so far after all others that a clock must be wrong.
            FileError: If the folder can't be read or written, or was updated by somebody else.
        """
        call = "Partitions.update"
        if self.as_of != self._manifest.as_of:
            raise ArgumentError(
                f"{call}: this is a view as of {_time.show(self.as_of)}; update the folder itself: "
                "Partitions.open(folder).update(logs)."
            )
        how = How.of(call, threads, progress)
        moment = None if as_of is None else _time.instant(as_of, f"{call}: as_of")
        if moment is not None and moment < self.as_of:
            raise ArgumentError(
                f"{call}: as_of is {_time.show(moment)}, and the folder is as of "
                f"{_time.show(self.as_of)} already. Go back with partitions.at(...)."
            )
        held = each_log(logs, call)
        made = building.update(self._manifest, self.folder, held, as_of=moment, how=how)
        return Partitions(self.folder, made, self.traits, self.catalog, made.as_of)

    def to_parquet(
        self,
        path: str | os.PathLike[str],
        *,
        labels: Mapping[str, Sequence[str]] | None = None,
        wide: int = WIDE,
    ) -> None:
        """Write the traits and facts of everybody to one Parquet file, in memory for one part.

        One row a customer, by part and then by id; the columns `customer`, and those of
        `Profiles.to_pandas`. Text is a string, all else a double, and null where it is missing.
        Parts are gone through twice where a trait with labels is not in `labels`: first to find
        out which are the largest of all, then to write.

        Args:
            path: The file. It is replaced in one step when all is written.
            labels: Which labels of which traits get a column, in this order, as in `Profiles.at`.
            wide: How many columns a trait with many labels may take that is not in `labels`; the
                largest over everybody are taken.

        Raises:
            ArgumentError: If `labels` or `wide` holds what is not allowed.
            ContractError: If a trait is text for some and a number for others.
            FileError: If a part can't be read, or the file can't be written.
        """
        call = "Partitions.to_parquet"
        most = whole(wide, f"{call}: wide", least=0)
        known = {n: self._manifest.layout.facts[n] for n in self._manifest.known_facts(self.as_of)}

        def tables() -> Iterator[TraitTable]:
            return (self._profiles(number).table for number in range(self.parts))

        place = place_of(path, f"{call}: path")
        export.write(tables, place, facts=known, labels=labels, wide=most, call=call)

    def profiles(self) -> Profiles:
        """Everybody as one `Profiles`, if they fit in memory."""
        ledgers = [profiles.ledger for profiles in self] or [self._profiles(0).ledger]
        logs = [EventLog(ledger.events, ledger.facts, ledger.currency) for ledger in ledgers]
        return Profiles(Ledger.from_logs(logs), self.traits, self.catalog, self.as_of)

    def __repr__(self) -> str:
        held, many = self._manifest.parts, "" if self.parts == 1 else "s"
        customers, events = sum(p.customers for p in held), sum(p.events for p in held)
        return (
            f"Partitions({customers:,} customers, {events:,} events in {self.parts} part{many}, "
            f"as of {_time.show(self.as_of)}, {str(self.folder)!r})"
        )

    def _near(self, customer: str) -> Profiles:
        """The profiles of the part in which a customer is, if anywhere; they are kept."""
        number = int(hash64([customer])[0] % np.uint64(self.parts))
        if number not in self._cache:
            self._cache.clear()  # before the next is read
            self._cache[number] = self._profiles(number)
        return self._cache[number]

    def _profiles(self, number: int) -> Profiles:
        """The profiles of one part."""
        if number in self._cache:
            return self._cache[number]
        known = part.at(self.as_of, self.folder, number, self._manifest)
        return Profiles(known, self.traits, self.catalog, self.as_of)
