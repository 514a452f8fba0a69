"""The event log: what customers did and what is known of them, in columns.

A log is a value. `before`, `between`, `deduplicate` and `+` make new ones:

    (log + log).deduplicate() == log.deduplicate()            len(log.before(t)) + ... == len(log)

Events and facts are two tables. An event has a kind, an instant, and perhaps an item, a
channel, an amount of money; a fact is a named statement about a customer from an instant on.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa

from onefold import _time
from onefold._check import is_several, quoted, whole
from onefold._columns import Coded, Column, Columns, frozen, missing, same_in_all
from onefold._threads import mapped
from onefold._types import MICROS, NO_MONEY, NO_OFFSET, Array, Bools, Instant, Times
from onefold.errors import ArgumentError, ColumnError
from onefold.events import door
from onefold.events.event import Event
from onefold.events.identifiers import SOURCE, asked, frame_names, identified, in_columns
from onefold.events.quality import Quality, quality
from onefold.events.tables import (
    BUILT_IN,
    KEY,
    PLACE,
    PROPERTY,
    RECEIVED,
    first_deliveries,
    hashed,
    keyed,
    known_from,
    no_events,
    no_facts,
    no_money,
    nothing,
    one_type,
    repeated,
    same_currency,
    whose,
)

ROWS = 1_000_000  # of a batch
NOT_TOLD = np.datetime64("NaT", "us")  # when it was received


@attrs.frozen(eq=False, repr=False)
class EventLog:
    """Events and facts of many customers, in the order in which they came.

    Make one with `EventLog.from_frame`, `EventLog.from_facts` or `EventLog.from_events`.
    `len(log)` is the number of events; facts are not counted.
    """

    events: Columns
    facts: Columns
    currency: str | None = None

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        customer: str | None = None,
        time: str,
        event: str,
        item: str | None = None,
        channel: str | None = None,
        value: str | None = None,
        currency: str | None = None,
        quantity: str | None = None,
        basket: str | None = None,
        properties: Sequence[str] | Mapping[str, str] = (),
        source: str | None = None,
        id: str | None = None,
        received: str | None = None,
        tz: str | None = None,
        zone: str | None = None,
        identifiers: Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    ) -> "EventLog":
        """Read a frame with one row an event.

        Where a column or a constant is taken, a string that names no column is the constant,
        unless it is nearly the name of one that could stand there ("event_nam"), the name of the
        argument itself ("event"), or, for a currency, has "curr" in it: such a slip is refused.

        Args:
            frame: A pandas, polars, pyarrow or duckdb frame of n rows; it is not changed.
            customer: Column of customer ids, strings or whole numbers. A missing or empty id is
                kept, counted by `quality`, and left out by `fold`. It may be left out where
                identifiers are given.
            time: Column of instants. A naive one needs `tz`.
            event: Column of kinds ("purchase", "view"), or one kind for all rows.
            item: Column of item ids.
            channel: Column of channels, or one channel for all rows.
            value: Column of amounts of money, in units of `currency`; kept in millionths,
                rounded to the nearest (ties to even).
            currency: Column of currency codes, or one code. A log holds one currency.
            quantity: Column of quantities.
            basket: Column of ids of the visit, order or session.
            properties: Further columns to keep, numbers or strings, or a mapping from a
                property's name to its column. Names of the built-in columns, such as "item" or
                "value", are refused.
            source: Column of the systems whose ids these are, or one name for all rows.
            id: Column of event ids. An event is known by (source, id) within its customer; without
                ids each row is its own event, also when it is delivered twice.
            received: Column of instants at which an event became known here, for
                `fold(log, known_at=...)`. A missing one, and all where this is left out, was known
                when it happened.
            tz: Zone in which naive times are read. An hour that a clock passed twice is taken as
                its first pass; an hour that it skipped is shifted forward.
            zone: The customers' own time zone, a column or one name: hours and weekdays are local
                to it. Without it, and where `time` is a column of dates, which tell no hour, what
                depends on local hours says that it can't know.
            identifiers: Columns of other names under which customers came, for `resolve`: a list,
                in which each column is a type of its own, or a mapping from a type to its column
                or columns. Types are named by letters, digits, "_", "-" and "."; values are
                strings or whole numbers, kept as given, and empty ones are missing. With them the
                source is kept too.

        Returns:
            A log of n events.

        Raises:
            ColumnError: If a column is not there, or holds what is not allowed.
            ArgumentError: If another argument is wrong.

        Examples:
            >>> import pandas as pd
            >>> frame = pd.DataFrame({
            ...     "who": ["ann", "bob"], "at": ["2024-03-01 09:30", "2024-03-02 17:00"],
            ...     "what": ["tea", "jam"], "paid": [4.90, 3.50]})
            >>> frame["at"] = pd.to_datetime(frame["at"])
            >>> log = EventLog.from_frame(frame, customer="who", time="at", event="purchase",
            ...                           item="what", value="paid", currency="EUR", tz="UTC")
            >>> len(log)
            2
            >>> frame["mail"], frame["old_mail"] = ["a@x.org", "b@x.org"], ["ann@x.org", None]
            >>> EventLog.from_frame(frame, identifiers={"email": ["mail", "old_mail"]},
            ...                     time="at", event="purchase", tz="UTC")
            EventLog(2 events, 0 facts, 0 customers, 2 rows with identifiers)
        """
        call = "EventLog.from_frame"
        names = asked(identifiers, customer, call)
        opened = door.opened(frame, call)
        n = len(opened)
        kinds = opened.texts(event, "event")
        empty = missing(kinds)
        if empty.any():
            raise opened.error(event, "event", f"is missing in {int(empty.sum()):,} of {n:,} rows.")
        times = opened.times(time, "time", tz)
        columns: dict[str, Column] = {
            "customer": nothing(n) if customer is None else opened.ids(customer, "customer"),
            "time": times,
            "kind": kinds,
            "item": nothing(n) if item is None else opened.ids(item, "item"),
            "channel": nothing(n) if channel is None else opened.texts(channel, "channel"),
            "value": no_money(n) if value is None else opened.money(value, "value"),
            "quantity": (
                same_in_all(np.nan, n) if quantity is None else opened.numbers(quantity, "quantity")
            ),
            "basket": nothing(n) if basket is None else opened.ids(basket, "basket"),
            "local": (
                same_in_all(np.int32(NO_OFFSET), n)
                if zone is None or not opened.has_hours(time, "time")
                else door.clocks(times, opened.texts(zone, "zone"), f"{call}: zone")
            ),
        }
        if received is not None:
            columns[RECEIVED] = opened.some_times(received, "received", tz)
        for name, column in door.named(properties, BUILT_IN, f"{call}: properties").items():
            columns[PROPERTY + name] = opened.anything(column, "properties")
        ids = None if id is None else opened.keys(id, "id")
        sources = None if source is None else opened.texts(source, "source")
        columns |= _named_by(opened, names, sources)
        one = None if currency is None else _one_currency(opened.texts(currency, "currency"), call)
        return cls(keyed(columns, ids, sources), no_facts(), one)

    @classmethod
    def batches(
        cls, source: Any, /, *, rows: int = ROWS, threads: int = 1, **columns: Any
    ) -> Iterator["EventLog"]:
        """Read a source that is too large for one frame: a log for some rows at a time.

        `fold` and `Partitions.fold` take what this gives, and never hold the source.

        Args:
            source: The path of a Parquet file, of a folder of such, or a pattern
                ("events/*.parquet"); several of these; or any iterable of frames. Of files only
                the columns that are named are read.
            rows: How many rows a log has at most. One row group of Parquet is read at once if it
                has up to four times as many.
            threads: How many logs are made at the same time.
            columns: As in `from_frame`: `customer=` or `identifiers=`, `time=`, `event=`, ...

        Returns:
            An iterator of logs, in the order of the source, whatever the threads.

        Raises:
            ArgumentError: If the source can't be read, or an argument is wrong.
            ColumnError: If a column is not there, or holds what is not allowed.

        Examples:
            >>> import pandas as pd
            >>> frame = pd.DataFrame({"who": ["ann", "bob", "ann"], "at": pd.to_datetime(
            ...     ["2024-03-01", "2024-03-02", "2024-03-03"], utc=True)})
            >>> logs = EventLog.batches([frame], rows=2, customer="who", time="at", event="view")
            >>> [len(log) for log in logs]
            [2, 1]
        """
        from onefold.events import batches

        call = "EventLog.batches"
        most, workers = whole(rows, f"{call}: rows"), whole(threads, f"{call}: threads")
        unknown = [name for name in columns if name not in _NAMED]
        whose_told = {"customer", "identifiers"} & columns.keys()
        if unknown or not whose_told or not {"time", "event"} <= columns.keys():
            raise ArgumentError(
                f"{call}: columns are {quoted(columns)}; customer= or identifiers=, time= and "
                f"event= are needed, and of others {quoted(_NAMED, 24)} are known."
            )

        for argument in {"properties", "identifiers"} & columns.keys():
            named = columns[argument]
            if is_several(named) and not isinstance(named, Mapping):
                columns[argument] = tuple(named)  # it is read again and again

        def log_of(frame: Any) -> "EventLog":
            return cls.from_frame(frame, **columns)

        jobs = batches.pieces(source, most, columns, call=call, look=log_of, threads=workers)
        return mapped(lambda job: log_of(job()), jobs, workers)

    @classmethod
    def from_facts(
        cls,
        frame: Any,
        *,
        customer: str | None = None,
        time: str,
        facts: Sequence[str] | Mapping[str, str],
        received: str | None = None,
        tz: str | None = None,
        source: str | None = None,
        identifiers: Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    ) -> "EventLog":
        """Read facts about customers: attributes, survey answers, consent, social identity.

        Each cell that holds something is one fact; a profile reads the latest before `as_of`.
        The same fact stated twice at one instant is one fact. A fact is text for everybody or a
        number for everybody: logs that disagree about it can't be put together.

        Args:
            frame: A frame with a row for each customer, or for each customer and moment.
            customer: Column of customer ids; it may be left out where identifiers are given.
            time: Column of instants from which the facts hold, or one instant for all rows.
            facts: Columns, or a mapping from the fact's name to its column; "customer" and "time"
                are no names of facts. Numbers stay numbers, dates become text such as
                "1980-05-17", booleans become "yes" and "no".
            received: Column of instants at which the facts became known here, as in `from_frame`.
            tz: Zone in which naive times are read.
            source: Column of the systems whose identifiers these are, or one name for all rows.
            identifiers: Columns of other names of these customers, as in `from_frame`.

        Returns:
            A log without events.

        Raises:
            ColumnError: If a column is not there, or holds what is not allowed.
            ArgumentError: If another argument is wrong.

        Examples:
            >>> import pandas as pd
            >>> frame = pd.DataFrame({"who": ["ann"], "region": ["north"], "children": [2]})
            >>> log = EventLog.from_facts(frame, customer="who", time="2024-01-01",
            ...                           facts=["region", "children"])
            >>> log
            EventLog(0 events, 2 facts, 1 customer)
        """
        call = "EventLog.from_facts"
        names = asked(identifiers, customer, call)
        opened = door.opened(frame, call)
        who = nothing(len(opened)) if customer is None else opened.ids(customer, "customer")
        sources = None if source is None else opened.texts(source, "source")
        others = _named_by(opened, names, sources)
        if isinstance(time, str) and time in opened.names:
            when = opened.times(time, "time", tz)
        else:
            when = np.full(len(opened), _time.instant(time, f"{call}: time"))
        known = None if received is None else opened.some_times(received, "received", tz)
        table = no_facts().without([KEY])
        told = door.named(facts, PLACE, f"{call}: facts")
        if not told:
            raise ArgumentError(f"{call}: facts is empty; name at least one column.")
        for name, column in told.items():
            held = opened.anything(column, "facts")
            rows = np.flatnonzero(~missing(held))
            text = held if isinstance(held, Coded) else nothing(len(who))
            number = np.full(len(who), np.nan) if isinstance(held, Coded) else held
            stated = Columns(
                {
                    "customer": who,
                    "time": when,
                    "name": door.constant(name, len(who)),
                    "text": text,
                    "number": number,
                    **({} if known is None else {RECEIVED: known}),
                    **others,
                }
            )
            table = table.above(stated.take(rows))
        table = table.compact()
        key = table.content(leave_out=(*PLACE, RECEIVED, *whose(table)))
        return cls(no_events(), table.replace(key=frozen(key)), None)

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> "EventLog":
        """Put single events into a log, in their order.

        Args:
            events: Any number of `Event`.

        Returns:
            A log of as many events.

        Examples:
            >>> len(EventLog.from_events([Event("ann", "view", "2024-03-01", item="tea")]))
            1
        """
        rows = list(events)
        columns: dict[str, Column] = {
            "customer": _strings([e.customer for e in rows]),
            "time": np.array([e.time for e in rows], dtype="datetime64[us]"),
            "kind": _strings([e.event for e in rows]),
            "item": _strings([e.item for e in rows]),
            "channel": _strings([e.channel for e in rows]),
            "value": np.array([e.micros for e in rows], dtype=np.int64),
            "quantity": np.array(
                [np.nan if e.quantity is None else e.quantity for e in rows], dtype=np.float64
            ),
            "basket": _strings([e.basket for e in rows]),
        }
        zones = _strings([e.zone for e in rows])
        columns["local"] = door.clocks(_array(columns["time"]), zones, "Event: zone")
        if any(e.received is not None for e in rows):
            known = [NOT_TOLD if e.received is None else e.received for e in rows]
            columns[RECEIVED] = np.array(known, dtype="datetime64[us]")
        for name in sorted({name for e in rows for name in e.properties}):
            columns[PROPERTY + name] = _property([e.properties.get(name) for e in rows], name)
        ids, sources = _strings([e.id for e in rows]), _strings([e.source for e in rows])
        others = in_columns([e.identifiers for e in rows])
        columns |= {name: _strings(values) for name, values in others.items()}
        if others and len(sources.vocab):
            columns[SOURCE] = sources
        return cls(
            keyed(columns, (hashed(ids, len(rows)), ~missing(ids)), sources), no_facts(), None
        )

    def __len__(self) -> int:
        return len(self.events)

    def __add__(self, other: object) -> "EventLog":
        if not isinstance(other, EventLog):
            return NotImplemented
        return EventLog(
            self.events.above(other.events),
            one_type(self.facts.above(other.facts), "log + log"),
            same_currency(self.currency, other.currency, "log + log"),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EventLog):
            return NotImplemented
        return (
            self.currency == other.currency
            and self.events.equals(other.events)
            and self.facts.equals(other.facts)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        tables = [table for table in (self.events, self.facts) if len(table)]
        people = len(set().union(*(_present(table.coded("customer")) for table in tables)))
        named = sum(int(identified(table).sum()) for table in tables)
        others = f", {named:,} row{'' if named == 1 else 's'} with identifiers" if named else ""
        return (
            f"EventLog({len(self):,} events, {len(self.facts):,} facts, "
            f"{people:,} customer{'' if people == 1 else 's'}{others})"
        )

    def before(self, t: Instant) -> "EventLog":
        """Events and facts before the instant `t`, which is itself excluded.

        Examples:
            >>> log = EventLog.from_events([Event("ann", "view", "2024-03-01")])
            >>> len(log.before("2024-03-01")), len(log.before("2024-03-02"))
            (0, 1)
        """
        moment = _time.instant(t, "EventLog.before: t")
        return self._where(lambda time: time < moment)

    def known_at(self, t: Instant) -> "EventLog":
        """What was known at the instant `t`: events and facts received before it.

        What has no time of receipt was known when it happened.

        Examples:
            >>> late = Event("ann", "view", "2024-03-01", received="2024-03-05")
            >>> log = EventLog.from_events([late])
            >>> len(log.known_at("2024-03-05")), len(log.known_at("2024-03-06"))
            (0, 1)
        """
        moment = _time.instant(t, "EventLog.known_at: t")
        return self._rows(lambda table: known_from(table) < moment)

    def between(self, a: Instant, b: Instant) -> "EventLog":
        """Events and facts from the instant `a` on, and before `b`."""
        start = _time.instant(a, "EventLog.between: a")
        stop = _time.instant(b, "EventLog.between: b")
        if stop < start:
            raise ArgumentError(
                f"EventLog.between: a is {a!r}, after b, which is {b!r}. Swap them."
            )
        return self._where(lambda time: (time >= start) & (time < stop))

    def deduplicate(self) -> "EventLog":
        """One of each event that has an id, and one of each fact, in its place.

        Where the same (source, id) of a customer came with different contents, the earliest is
        kept, and among those of one instant the one received last: a correction. Where that is not
        told it is the one with the smallest content hash, so that the order of delivery does not
        matter. Rows without an id are all kept: nothing tells a repeated delivery from a repeated
        purchase.
        """
        keep, stated = first_deliveries(self.events), self.facts
        facts = np.setdiff1d(np.arange(len(stated)), repeated(stated))
        return EventLog(
            self.events.take(keep).compact(), stated.take(facts).compact(), self.currency
        )

    def quality(self) -> Quality:
        """What a person should know of this log before trusting it: a table to read."""
        return quality(self.events, self.facts)

    def to_pandas(self) -> pd.DataFrame:
        """One row an event, in the order of the log; money in units, times in UTC.

        Identifiers are columns named by their type, "email", and "email 2" for a further one, and
        the source, where it is kept, is "source". Where another column has that name already they
        are named "identifier:email", "identifier:email 2" and "identifier:source".
        """
        e = self.events
        value = e.array("value")
        out: dict[str, Any] = {
            "customer": e.coded("customer").decode(),
            "time": pd.DatetimeIndex(e.array("time")).tz_localize("UTC"),
            "event": e.coded("kind").decode(),
            "item": e.coded("item").decode(),
            "channel": e.coded("channel").decode(),
            "value": np.where(value == NO_MONEY, np.nan, value / MICROS),
            "quantity": e.array("quantity"),
            "basket": e.coded("basket").decode(),
        }
        if RECEIVED in e:
            out["received"] = pd.DatetimeIndex(e.array(RECEIVED)).tz_localize("UTC")
        properties = {n.removeprefix(PROPERTY): n for n in e.data if n.startswith(PROPERTY)}
        for name, column in frame_names(whose(e), {*out, *properties}).items():
            out[name] = e.coded(column).decode()
        for name, column in properties.items():
            held = e.data[column]
            out[name] = held.decode() if isinstance(held, Coded) else held.copy()
        return pd.DataFrame(out)

    def _where(self, test: Callable[[Times], Bools]) -> "EventLog":
        return self._rows(lambda table: test(table.array("time")))

    def _rows(self, test: Callable[[Columns], Bools]) -> "EventLog":
        events, facts = (
            table.take(np.flatnonzero(test(table))).compact() for table in (self.events, self.facts)
        )
        return EventLog(events, facts, self.currency)


_NAMED = tuple(inspect.signature(EventLog.from_frame).parameters)[1:]


def _named_by(
    opened: door.Door, names: Mapping[str, str], sources: Coded | None
) -> dict[str, Coded]:
    """The columns of identifiers, and with them that of sources."""
    out = {name: opened.ids(column, "identifiers") for name, column in names.items()}
    return out if not out or sources is None else {**out, SOURCE: sources}


def _one_currency(column: Coded, call: str) -> str | None:
    names = sorted(_present(column))
    if len(names) > 1:
        raise ColumnError(
            f"{call}: currency holds {', '.join(map(repr, names[:5]))}; a log holds one currency. "
            "Convert the amounts first, or make a log for each currency."
        )
    return names[0] if names else None


def _present(column: Coded) -> set[str]:
    codes = np.unique(column.codes)
    return {column.vocab[int(c)] for c in codes if c >= 0}


def _strings(values: Sequence[str | None]) -> Coded:
    try:
        return door.coded(pa.array(values, type=pa.large_string()))
    except UnicodeEncodeError as error:
        raise ArgumentError(f"Event: text that is not valid Unicode: {error}.") from error


def _property(values: Sequence[str | float | None], name: str) -> Column:
    kinds = {type(v) for v in values if v is not None}
    if kinds == {str}:
        return _strings([v if isinstance(v, str) else None for v in values])
    if str in kinds:
        raise ArgumentError(f"Event: property {name!r} is text in one event, a number in another.")
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _array(column: Column) -> Array:
    assert not isinstance(column, Coded)
    return column
