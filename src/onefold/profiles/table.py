"""Profiles: everybody's, as of one moment.

Profiles are a ledger, the traits to read from it, and the moment as of which. Nothing else is
kept: a trait is read when it is asked for, from the events before `as_of`.

    fold(a).merge(fold(b)) == fold(a + b)            fold(log).at(t) == fold(log.before(t)).at(t)
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import hint, identifier, is_several, quoted, shown, text, unicode, whole
from onefold._columns import Coded
from onefold._types import Codes, Duration, Instant, Ints, Strings
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.cells import Cells, cells
from onefold.errors import ArgumentError, BeyondKept, UnknownCustomer
from onefold.events.log import EventLog
from onefold.events.quality import far_after
from onefold.events.tables import no_facts
from onefold.identity import Identities
from onefold.identity.known_as import known_as
from onefold.ledger import Ledger
from onefold.profiles.asof import asked, of_people
from onefold.profiles.epochs import people_then
from onefold.profiles.frames import checked_labels, frame_of, largest, named
from onefold.profiles.lumps import Lumps
from onefold.profiles.refold import Folded, read_by, who_then
from onefold.profiles.row import Profile
from onefold.profiles.summary import Summary
from onefold.profiles.traits import TraitTable
from onefold.traits.history import History
from onefold.traits.match import EventCondition
from onefold.traits.protocol import Trait

T = TypeVar("T")
YEAR = np.timedelta64(366, "D")
WIDE = 20  # columns of a wide trait that `to_pandas` shows
BRIEF = 20  # traits, and facts, that are shown of profiles unasked
MOST = 200  # columns of one in a table of moments: the 168 hours of a week fit


@attrs.frozen(eq=False, repr=False)
class Profiles:
    """One profile for each customer, sorted by id; make them with `fold`."""

    ledger: Ledger
    traits: tuple[Trait, ...]
    catalog: Catalog | None
    as_of: np.datetime64
    identities: Identities | None = None  # by whom customers are told apart, if not by their ids
    apart: EventLog | None = None  # with identities: rows that may count as others see it
    _cache: dict[Any, Any] = attrs.field(init=False, factory=dict)

    @property
    def ids(self) -> Strings:
        """Ids of the customers (n,), sorted."""
        return self.ledger.people.values

    @property
    def history(self) -> History:
        """Everybody's events and facts, for traits, levels and plug-ins to read.

        Raises:
            BeyondKept: If events were let go by `keep=`.
        """
        if self.ledger.horizon is not None:
            raise BeyondKept(
                "profiles: events before "
                f"{_time.show(self.ledger.horizon)} were let go by keep=, and this needs them all. "
                "Use profiles.recent(), which knows only what was kept, or keep more."
            )
        return self._history

    @property
    def _history(self) -> History:
        return self._once("history", lambda: History.of(self.ledger, self.catalog))

    @property
    def table(self) -> TraitTable:
        """Everybody's traits, one row a customer."""

        def make() -> TraitTable:
            moments = np.full(len(self), self.as_of)
            return TraitTable(self.ids, self._history, moments, self.traits)

        return self._once("table", make)

    def __len__(self) -> int:
        return len(self.ledger)

    def __iter__(self) -> Iterator[Profile]:
        return (self._profile(i) for i in range(len(self)))

    def __contains__(self, customer: object) -> bool:
        return self._position(str(customer)) >= 0

    def __getitem__(self, customer: str | int | tuple[str, str | int]) -> Profile:
        """The profile of one customer, by id.

        With identities also by an identifier, `profiles["email", "ann@x.org"]`, in any spelling,
        and by an alias: the id that another identifier of the customer, which is nobody else's,
        would give. A customer has had it, or may come to have it.
        """
        if isinstance(customer, tuple) and self.identities is not None:
            customer = self._identified(customer, self.identities)
        if not isinstance(customer, (str, int, np.integer)) or isinstance(customer, bool):
            raise ArgumentError(
                f"profiles[...] holds a {type(customer).__name__}; it takes one id. Several "
                "customers, or those of a condition, are profiles.select(...)."
            )
        position = self._position(str(customer))
        if position < 0:
            near = hint(customer, self.ids[:5000])
            more = (
                "A newcomer's profile is profiles.new(id)."
                if self.identities is None
                else "By an identifier it is profiles['email', 'ann@x.org']."
            )
            raise UnknownCustomer(
                f"profiles: no customer {customer!r} among {len(self):,}.{near} {more}"
            )
        return self._profile(position)

    def _identified(self, pair: Any, who: Identities) -> str:
        found = who.customer_of(pair)
        if found is None:
            raise UnknownCustomer(
                f"profiles: nobody among {len(self):,} has the identifier {pair!r}. "
                "profiles.identities.explain(...) says what is known of it."
            )
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Profiles):
            return NotImplemented
        return (
            self.as_of == other.as_of
            and self.traits == other.traits
            and self.ledger == other.ledger
            and self.identities == other.identities
        )

    __hash__ = None  # type: ignore[assignment]

    def new(self, customer: str | int) -> Profile:
        """The profile of somebody of whom nothing is known yet."""
        name = identifier(customer, "Profiles.new: customer")
        if name in self:
            raise ArgumentError(
                f"Profiles.new: customer {customer!r} has a profile already: profiles[id]."
            )
        return Profile(name, self.ledger, None, self.traits, self.catalog, self.as_of)

    def at(
        self,
        when: Any,
        *,
        tz: str | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
        wide: int = MOST,
    ) -> Any:
        """Profiles as of a moment, or a table as of many.

        Args:
            when: An instant: the profiles of those with events or facts before it. Or a frame of
                m rows with the columns `customer` and `time`: for each row the traits as of its
                own time, without look-ahead; a customer who is not known then has none. With
                identities both are by who was who at that time: a row is then of whom the
                identifier that names the customer today belonged to, and of nobody before that
                was first seen.
            tz: Zone in which naive times of a frame are read.
            labels: For a frame: which labels of which traits get a column, in this order, such as
                `{"channels": ["web", "store"]}`; a label that a row does not have is 0, or missing
                as ever, and `[]` leaves the trait out. The columns of these traits then are the
                same for any rows: give them when a model is to be trained on the table.
            wide: For a frame: how many labels a trait that is not in `labels` may have. All that
                any row has are shown; a trait with more (the items of most shops) is left out.
                The largest are never chosen: later rows would decide what is seen of earlier ones.

        Returns:
            Profiles, or a DataFrame (m rows): customer, time, a column for each trait and each
            label, and one for each fact that any row knows.

        Raises:
            ArgumentError: If the instant or a column can't be read, or `labels` holds what is not
                allowed.
            UnknownName: If `labels` names no trait, or a label that a trait with fixed labels
                does not have.

        Examples:
            >>> import onefold as of
            >>> import pandas as pd
            >>> log = of.EventLog.from_events([
            ...     of.Event("ann", "view", "2024-03-01", channel="web"),
            ...     of.Event("ann", "view", "2024-03-05", channel="app")])
            >>> asked = pd.DataFrame({"customer": ["ann"], "time": pd.to_datetime(["2024-03-02"])})
            >>> profiles = of.fold(log, [of.traits.Share("channel", name="channels")])
            >>> profiles.at(asked, tz="UTC", labels={"channels": ["app", "web"]}).iloc[:, 2:]
               channels: app  channels: web
            0            0.0            1.0
        """
        most = whole(wide, "Profiles.at: wide", least=0)
        if _is_instant(when):
            if labels is not None:
                raise ArgumentError(
                    "Profiles.at: labels is for a frame of customers and times; profiles as of one "
                    "moment have all labels: leave it out."
                )
            moment = _time.instant(when, "Profiles.at: when")
            if (held := self._folded) is not None:
                return self._of(held.before(moment), moment)
            return Profiles(self.ledger.before(moment), self.traits, self.catalog, moment)
        who, moments = asked(when, tz)
        codes = self._codes(who.vocab)
        people: Ints = np.append(codes, -1)[who.codes].astype(np.int64)
        ledger, held = self.ledger, self._folded
        if held is not None and len(held.ledger):
            lumps = self._once("lumps", lambda: Lumps.of(held.identities))
            ledger, people = people_then(held, lumps, people=people, moments=moments)
        table = of_people(
            ledger, self.traits, self.catalog, ids=who.decode(), people=people, moments=moments
        )
        chosen = checked_labels(labels, table, "Profiles.at: labels")
        return frame_of(table, named(chosen, most), time=True)

    def update(self, log: EventLog, *, as_of: Instant | None = None) -> "Profiles":
        """Profiles that also know the events and facts of `log`; late ones find their place.

        With identities who is who is resolved anew, by all that was seen. Only people who did
        something new, or are merged or split by it, are folded again. Rows of people whom the
        identities have forgotten are left out.

        Args:
            log: What came since, in any order; what is known already, by its id, changes nothing
                but `as_of`, where its time is later.
            as_of: The new moment as of which; left out, the later of the old one and just after
                the last event or fact of `log`.

        Raises:
            ArgumentError: If `as_of` lies before that of these profiles, or is left out and an
                event lies so far after all others that a clock must be wrong.
        """
        if not isinstance(log, EventLog):
            raise ArgumentError(
                f"Profiles.update: log is a {type(log).__name__}; make one with "
                "EventLog.from_frame(...) or EventLog.from_events([...])."
            )
        if (held := self._folded) is not None:
            return self._grown(held, log, as_of)
        more = Ledger.from_log(log)
        both, end = self.ledger | more, more.end
        if as_of is not None:
            moment = self._not_before(as_of)
            known = both.before(moment).aged(moment)
            return Profiles(known, self.traits, self.catalog, moment)
        if end is not None and end - self.as_of > YEAR:
            right_clock(both, "Profiles.update: as_of is left out")
        moment = self.as_of if end is None else max(self.as_of, end)
        return Profiles(both.aged(moment), self.traits, self.catalog, moment)

    def _not_before(self, as_of: Instant) -> np.datetime64:
        moment = _time.instant(as_of, "Profiles.update: as_of")
        if moment < self.as_of:
            raise ArgumentError(
                f"Profiles.update: as_of is {_time.show(moment)}, and these profiles are as of "
                f"{_time.show(self.as_of)} already. Go back with profiles.at(...)."
            )
        return moment

    def _grown(self, held: Folded, log: EventLog, as_of: Instant | None) -> "Profiles":
        """`update` where there are identities: who is who is resolved anew."""
        moment = None if as_of is None else self._not_before(as_of)
        self._refuse_own_ids(log)
        read = read_by(held.identities, log, moment)
        ends = [t.array("time").max() for t in (read.events, read.facts) if len(t)]
        seen = max([held.identities.as_of, *(end + _time.MICROSECOND for end in ends)])
        made = held.grown(read, seen if moment is None else moment)
        if moment is None and seen - self.as_of > YEAR:
            right_clock(made.ledger, "Profiles.update: as_of is left out")
        return self._of(made, max(self.as_of, seen) if moment is None else moment)

    def resolved(self, identities: Identities) -> "Profiles":
        """The same events by another who is who: under another policy, or with more links.

        Only people who are merged, split or renamed by it are folded again, and going back gives
        what was.

        Args:
            identities: Who is who by the same evidence, such as
                `profiles.identities.under(policy)` or `resolve(log, policy, links=...)`. What it
                knows from the `as_of` of the profiles on is left out. Whom it has forgotten leaves
                the profiles, and can't come back.

        Raises:
            ArgumentError: If the profiles have no identities, or these have not seen all events, or
                have forgotten fewer people.
            BeyondKept: If events were let go by `keep=`.

        Examples:
            >>> import onefold as of
            >>> log = of.EventLog.from_events([
            ...     of.Event(None, "view", f"2024-03-0{day}", identifiers={"cookie": cookie})
            ...     for day, cookie in ((1, "c1"), (2, "c2"))])
            >>> profiles = of.fold(log, identities=of.resolve(log))
            >>> same = of.Links.must(("cookie", "c1"), ("cookie", "c2"))
            >>> together = profiles.resolved(of.resolve(log, links=same))
            >>> len(profiles), len(together), together.resolved(profiles.identities) == profiles
            (2, 1, True)
        """
        call = "Profiles.resolved"
        held = self._folded
        if held is None:
            raise ArgumentError(
                f"{call}: these profiles were folded without identities, so their events keep the "
                "customers they came with. Fold with fold(log, identities=resolve(log))."
            )
        return self._of(held.under(who_then(identities, self.as_of, call), call), self.as_of)

    @property
    def _folded(self) -> Folded | None:
        if self.identities is None or self.apart is None:
            return None
        return Folded(self.ledger, self.identities, self.apart)

    def _of(self, held: Folded, as_of: np.datetime64) -> "Profiles":
        return Profiles(held.ledger, self.traits, self.catalog, as_of, held.identities, held.apart)

    def merge(self, other: "Profiles") -> "Profiles":
        """The profiles of two sets of events as one; the later `as_of` holds.

        Where there are identities, both sides have them, by one policy and the same links; what
        either has seen is evidence of who is who, and whom either has forgotten stays forgotten.
        """
        if not isinstance(other, Profiles):
            raise ArgumentError(
                f"Profiles.merge: other is a {type(other).__name__}; give Profiles, or use update."
            )
        if self.traits != other.traits:
            raise ArgumentError(
                "Profiles.merge: the two sides have different traits "
                f"({quoted(t.name for t in self.traits)} and "
                f"{quoted(t.name for t in other.traits)}). Fold both with the same."
            )
        catalog = self.catalog if self.catalog is not None else other.catalog
        if other.catalog is not None and catalog != other.catalog:
            raise ArgumentError(
                "Profiles.merge: the two sides have different catalogues. Fold both with the same."
            )
        moment = max(self.as_of, other.as_of)
        mine, theirs = self._folded, other._folded
        if (mine is None) != (theirs is None):
            raise ArgumentError(
                "Profiles.merge: one side was folded with identities, the other without. Fold both "
                "alike."
            )
        if mine is not None and theirs is not None:
            made = self._of(mine.merged(theirs, "Profiles.merge"), moment)
            return attrs.evolve(made, catalog=catalog)
        return Profiles((self.ledger | other.ledger).aged(moment), self.traits, catalog, moment)

    def recent(self) -> "Profiles":
        """The profiles of only the events that `keep=` has kept, as if there were no others.

        For what needs single events, such as a scorer: what it says then is said of that window.
        """
        known = Ledger.from_events(self.ledger.events, self.ledger.facts, self.ledger.currency)
        apart = self.apart
        if apart is not None and self.ledger.horizon is not None:
            late = np.flatnonzero(apart.events.array("time") >= self.ledger.horizon)
            apart = attrs.evolve(apart, events=apart.events.take(late).compact())
        return Profiles(known, self.traits, self.catalog, self.as_of, self.identities, apart)

    def select(self, who: Any) -> "Profiles":
        """The profiles of some customers: ids, or a condition that holds for them.

        With identities these are the events that are theirs now: as of an earlier moment, and
        by another who is who, they are of whom they were then.
        """
        if isinstance(who, EventCondition):
            raise ArgumentError(
                f"Profiles.select: who is {who!r}, a condition on events, not on customers. Say "
                f"who did it: did('purchase').where({who!r}).any()."
            )
        if not isinstance(who, Iterable) and hasattr(who, "mask"):  # a Series has a mask too
            rows = np.flatnonzero(who.mask(self.table) == 1)
        else:
            rows = self.positions(who, "Profiles.select: who")
        known, apart = self.ledger.of(rows), self.apart
        if apart is not None:  # what is nobody's is none of theirs
            facts = apart.facts
            theirs = known.people.translation(facts.coded("customer").vocab)
            own = np.flatnonzero(np.append(theirs, -1)[facts.array("customer")] >= 0)
            apart = EventLog(apart.events.take(slice(0, 0)), facts.take(own).compact())
        return Profiles(known, self.traits, self.catalog, self.as_of, self.identities, apart)

    def positions(self, ids: Iterable[Any], argument: str) -> Ints:
        """Positions of ids, each of which must be known."""
        if not is_several(ids):
            said = shown(ids)
            raise ArgumentError(f"{argument} is {said}; it takes several ids: [{said}].")
        names = [str(i) for i in ids]
        codes = self._codes(vocab := Vocab.of(names))[vocab.codes(names)].astype(np.int64)
        if (codes < 0).any():
            lost = [n for n, c in zip(names, codes, strict=True) if c < 0]
            raise UnknownCustomer(
                f"{argument} holds {len(lost):,} ids that have no profile, such as "
                f"{quoted(lost[:3])}.{hint(lost[0], self.ids[:5000])}"
            )
        return codes

    def _position(self, name: str) -> int:
        code = self.ledger.people.code(name)
        known = code >= 0 or self.identities is None
        return code if known else int(self._codes(Vocab.of([name]))[0])

    def _refuse_own_ids(self, log: EventLog) -> None:
        """Refuse events whose customer is an id that was made here: it is no evidence of who."""
        for table in (log.events, log.facts):
            given = table.coded("customer").compact().vocab
            mine = np.flatnonzero(self._codes(given) >= 0)
            known = [given[int(i)] for i in mine if given[int(i)] not in self._given]
            if known:
                raise ArgumentError(
                    f"Profiles.update: log has the customer {known[0]!r}, an id that was made of "
                    "identifiers. Give the identifiers that the events came with: "
                    "Event(None, ..., identifiers={'email': 'ann@x.org'})."
                )

    @property
    def _given(self) -> Vocab:
        """Ids that the events themselves have named."""
        kind = "customer"
        held = None if self.identities is None else self.identities.nodes
        if held is None or kind not in [k.name for k in held.kinds]:
            return Vocab.of([])
        return held.values[[k.name for k in held.kinds].index(kind)]

    def _codes(self, ids: Vocab) -> Codes:
        """The position (n,) of whom each id or alias names, -1 where it is nobody."""
        codes = self.ledger.people.translation(ids)
        if self.identities is None or (codes >= 0).all():
            return codes
        who = self.identities
        called: dict[str, str] = self._once("aliases", lambda: known_as(who))
        names = [
            called.get(name) if code < 0 else name for name, code in zip(ids, codes, strict=True)
        ]
        return self.ledger.people.codes(names)

    def combine(self, assignment: Any) -> "Profiles":
        """One composite profile for each group: all events of its members, as if of one person.

        This is the composite of which a persona is said to be the portrait, taken literally.
        Facts are left out: a group has no birth date. Members whose group is not known are too.

        Args:
            assignment: An `Assignment`, or a mapping from customer to name of the group.

        Returns:
            Profiles with one row a group, under the groups' names.
        """
        names = getattr(assignment, "by_customer", assignment)
        names = names() if callable(names) else names
        if not isinstance(names, Mapping):
            raise ArgumentError(
                f"Profiles.combine: assignment is a {type(assignment).__name__}; give an "
                "Assignment, or a mapping from customer to group: {'ann': 'loyal'}."
            )
        known = {str(who): str(g) for who, g in names.items() if not _is_missing(g, who)}
        for group in set(known.values()):
            unicode(text(group, "Profiles.combine: a group"), "Profiles.combine: a group")
        words = [known.get(i) for i in self.ids.tolist()]
        vocab = Vocab.of(w for w in words if w is not None)
        codes = vocab.codes(words)
        bare = attrs.evolve(
            self.ledger, facts=no_facts(), fact_offsets=np.zeros(len(self) + 1, dtype=np.int64)
        )
        return Profiles(bare.named(Coded(codes, vocab)), self.traits, self.catalog, self.as_of)

    def cells(
        self,
        *,
        event: str | None = "purchase",
        half_lives: Sequence[Duration] = ("90D",),
        threads: int = 1,
    ) -> Cells:
        """What each customer did with each item, summed up: made once, and kept.

        Args:
            event: Kind of event; None counts every kind.
            half_lives: The ages at which an event counts half.
            threads: How many groups of customers are summed up at the same time.

        Raises:
            ArgumentError: If a half-life is no length of time, or the kind no text.

        Examples:
            >>> import onefold as of
            >>> log = of.EventLog.from_events([
            ...     of.Event("ann", "purchase", f"2024-03-0{day}", item="tea") for day in (1, 3)])
            >>> cells = of.fold(log).cells(half_lives=["2D"])
            >>> cells.count.tolist(), cells.weights.tolist()
            ([2], [[1.5]])
        """
        if not is_several(half_lives):
            said = shown(half_lives)
            raise ArgumentError(f"Profiles.cells: half_lives is {said}; it takes a list: [{said}].")
        if event is not None:
            text(event, "Profiles.cells: event")
        lengths = tuple(_time.duration(h, "Profiles.cells: half_lives") for h in half_lives)

        workers = whole(threads, "Profiles.cells: threads")

        def make() -> Cells:
            h = self.history.where(event)
            return cells(
                h.item,
                time=h.time,
                value=h.value,
                offsets=h.offsets,
                items=h.items,
                half_lives=lengths,
                threads=workers,
            )

        return self._once(("cells", event, lengths), make)

    def to_pandas(self, *, wide: int = WIDE) -> pd.DataFrame:
        """A new DataFrame with one row a customer (the index), one column a trait.

        Args:
            wide: How many columns a trait with many labels may take; the largest are shown.

        Raises:
            ArgumentError: If `wide` is no whole number, or below 0.
        """
        most = whole(wide, "Profiles.to_pandas: wide", least=0)
        return frame_of(self.table, largest(most))

    def summary(self) -> Summary:
        """What to know of these profiles at a glance: one row for each trait and fact.

        Who and when, how many have a trait at all, its unit and its spread, and of labels and
        texts the most frequent.

        Returns:
            A `Summary`: it shows itself, and gives the figures with `to_pandas()`.

        Examples:
            >>> import onefold as of
            >>> log = of.EventLog.from_events([
            ...     of.Event("ann", "purchase", "2024-03-01", item="tea", value=4.90),
            ...     of.Event("bob", "view", "2024-03-08", item="jam")])
            >>> summary = of.fold(log, [of.traits.Monetary()]).summary()
            >>> summary.to_pandas()[["known", "median"]]
                      known  median
            name
            monetary    0.5     4.9
        """
        return self._once("summary", lambda: Summary.of(self.table, self.ledger, as_of=self.as_of))

    def __repr__(self) -> str:
        return repr(self._brief())

    def _repr_html_(self) -> str:
        return self._brief()._repr_html_()

    def _brief(self) -> Summary:
        """The summary of the first traits and facts: the others need not be read."""
        return self._once(
            "brief", lambda: Summary.of(self.table, self.ledger, as_of=self.as_of, most=BRIEF)
        )

    def _profile(self, position: int) -> Profile:
        return Profile.of(
            self.ledger,
            position,
            traits=self.traits,
            catalog=self.catalog,
            as_of=self.as_of,
        )

    def _once(self, name: Any, make: Callable[[], T]) -> T:
        if name not in self._cache:
            self._cache[name] = make()
        kept: T = self._cache[name]
        return kept


def right_clock(ledger: Ledger, call: str) -> None:
    """Refuse a ledger whose last instants lie far after all others."""
    tables = [t.array("time") for t in (ledger.events, ledger.facts)]
    times = np.concatenate(tables)
    wrong = far_after(times)
    if wrong:
        from_here = pd.Timestamp(np.sort(times)[-wrong])
        raise ArgumentError(
            f"{call}, and {wrong:,} of {len(times):,} events and facts lie far after all others, "
            f"from {from_here} on: a wrong clock? Give as_of=, or leave them out with "
            f"log.before('{from_here}')."
        )


def _is_missing(group: Any, customer: object) -> bool:
    """Whether a customer's group is not known."""
    missing = pd.isna(group)
    if not isinstance(missing, (bool, np.bool_)):
        raise ArgumentError(
            f"Profiles.combine: assignment gives {shown(customer)} the group {shown(group)}; it "
            "takes one group a customer, by its name."
        )
    return bool(missing)


def _is_instant(when: Any) -> bool:
    return isinstance(when, (str, dt.date, np.datetime64, pd.Timestamp, int, float)) or when is None
