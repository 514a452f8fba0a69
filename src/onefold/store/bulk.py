"""Bulk: a log taken in batch by batch, each of them one durable transaction.

What a batch does follows from the set of rows that are stored then, as with `observe`: so order,
repetition and the cuts between batches change nothing.

    observe_all(a + b)  ==  observe_all(a), observe_all(b)  ==  observe of each  ==  rebuild

All that is asked of the database is asked for many at once: bundles and nodes by their hashes, of
which the text decides, events by their keys, components by their nodes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, final

import attrs
import numpy as np
from sqlalchemy import exists, func, select

from onefold._check import shown, whole
from onefold._types import Bools, Ints
from onefold.errors import ArgumentError
from onefold.events.event import Event
from onefold.events.log import EventLog
from onefold.identity.heard import Key, shortened
from onefold.store import closure, meta, suppression
from onefold.store.appending import UP_TO
from onefold.store.core import Core, Run, run_with
from onefold.store.database import Among, Query, Session
from onefold.store.escaping import maybe_unescaped
from onefold.store.naming_many import Name, nodes_of
from onefold.store.placing_batch import by_batch
from onefold.store.pouring import pour
from onefold.store.quiet import New, quiet
from onefold.store.repeats import sifted, supersede
from onefold.store.rows import (
    BundleKey,
    bundle_hash,
    event_row,
    event_types,
    identity_key,
    log_rows,
    log_types,
    row_types,
)
from onefold.store.schema import CALM, bundles, erased, evidence, log, members, places, suppressed
from onefold.store.twins import both

Rows = list[dict[str, Any]]
COLUMNS = [column.name for column in log.c if column.name not in ("seq", "bundle")]

ANY_REFUSED = Query(select(exists(select(suppressed.c.hash)), exists(select(erased.c.hash))))
LAST_SEQ = Query(select(func.max(log.c.seq)))
LAST_BUNDLE = Query(select(func.max(bundles.c.bundle)))
BUNDLES = Query(
    select(
        bundles.c.bundle,
        bundles.c.customer,
        bundles.c.kind,
        bundles.c.source,
        bundles.c.given,
    ).where(Among(bundles.c.hash, "hashes"))
)
FIRSTS = Query(
    select(evidence.c.bundle, evidence.c.first, evidence.c.flags).where(
        Among(evidence.c.bundle, "bundles")
    )
)
LATEST = Query(
    select(
        evidence.c.bundle,
        select(func.max(log.c.seen)).where(log.c.bundle == evidence.c.bundle).scalar_subquery(),
    ).where(Among(evidence.c.bundle, "bundles"))
)


@attrs.frozen
class Taken:
    """What came of a log.

    Args:
        new: Rows that were stored.
        repeated: Rows that were there already, as they are.
        suppressed: Rows of people who were erased.
    """

    new: int = 0
    repeated: int = 0
    suppressed: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(
            self.new + other.new,
            self.repeated + other.repeated,
            self.suppressed + other.suppressed,
        )


@final
@attrs.frozen(eq=False)
class Batch:
    """Some rows: their distinct bundles, the bundle (n,) of each, and their columns."""

    keys: list[BundleKey]
    which: Ints
    rows: Rows
    types: dict[str, str]
    currency: str | None

    def only(self, here: Bools) -> "Batch":
        """Some of the rows, with the bundles that they have."""
        if here.all():
            return self
        used, which = np.unique(self.which[here], return_inverse=True)
        rows = [self.rows[at] for at in np.flatnonzero(here).tolist()]
        return attrs.evolve(
            self, keys=[self.keys[at] for at in used.tolist()], which=which, rows=rows
        )


def observe_all(
    core: Core,
    source: EventLog | Iterable[Event] | Iterable[EventLog],
    *,
    batch: int = 10_000,
    run: Run | None = None,
) -> Taken:
    """Take in a log, or events as they come.

    Args:
        core: The store.
        source: A log with its facts, or any iterable of events or of logs.
        batch: Rows in one transaction. Each is durable when the next one begins.
        run: Takes in one of them, under the policy of that moment; None: under that of `core`.

    Raises:
        ArgumentError: If a row can't be taken in; nothing of its batch is written then.
    """
    size = whole(batch, "Store.observe_all: batch", least=1)
    each, total = run or run_with(core), Taken()
    for one in _batches(source, size):
        total = total + each(_taken, one)
    return total


def _batches(source: Any, size: int) -> Iterator[Batch]:
    if isinstance(source, EventLog):
        yield from _of_log(source, size)
        return
    framed = hasattr(source, "columns")  # which iterates over the names of its columns
    if framed or isinstance(source, (str, bytes, dict)) or not isinstance(source, Iterable):
        raise ArgumentError(
            f"Store.observe_all: events is {_said(source)}; it takes an EventLog, or an iterable "
            f"of Event or of EventLog.{_advice(source)}"
        )
    left = iter(source)
    for first in left:
        if isinstance(first, EventLog):
            yield from _of_log(first, size)
            continue
        events: list[Event] = [_event(first)]
        for one in islice(left, size - 1):
            if isinstance(one, EventLog):
                yield _of_events(events)
                events = []
                yield from _of_log(one, size)
                break
            events.append(_event(one))
        if events:
            yield _of_events(events)


def _event(value: Any) -> Event:
    if not isinstance(value, Event):
        raise ArgumentError(
            f"Store.observe_all: events holds {_said(value)}; an iterable may hold events, "
            f"Event(...), or logs, EventLog.{_advice(value)}"
        )
    return value


def _said(value: Any) -> str:
    return f"a {type(value).__name__}" if hasattr(value, "columns") else shown(value)


def _advice(value: Any) -> str:
    if not hasattr(value, "columns"):
        return ""
    return " Make a log of a frame: EventLog.from_frame(frame, time=..., event=...)."


def _of_log(whole_log: EventLog, size: int) -> Iterator[Batch]:
    n, m = len(whole_log.events), len(whole_log.facts)
    for start in range(0, n + m, size):
        events = slice(min(start, n), min(start + size, n))
        facts = slice(max(start - n, 0), max(start + size - n, 0))
        some = EventLog(
            whole_log.events.take(events).compact(),
            whole_log.facts.take(facts).compact(),
            whole_log.currency,
        )
        yield Batch(*log_rows(some), log_types(some), some.currency)


def _of_events(events: Sequence[Event]) -> Batch:
    keys: dict[BundleKey, int] = {}
    which, rows, types = [], [], dict[str, str]()
    for event in events:
        key, row = event_row(event)
        which.append(keys.setdefault(key, len(keys)))
        rows.append(row)
        for name, kind in event_types(event).items():
            if types.setdefault(name, kind) != kind:
                raise ArgumentError(
                    f"Store.observe_all: {name.replace(':', ' ', 1)} is a {types[name]} of one "
                    f"event and a {kind} of another. Give it one type, or another name."
                )
    return Batch(list(keys), np.array(which, dtype=np.int64), rows, types, None)


def _taken(core: Core, batch: Batch) -> Taken:
    """Take in a batch: all of it, or nothing."""
    with core.writing() as session:
        kept = batch.only(~_refused(session, core, batch))
        if kept.rows:  # who was erased says nothing of it
            types = batch.types if kept is batch else row_types(kept.rows)
            meta.learn(core, session, types, currency=batch.currency)
        new = _written(session, core, kept) if kept.rows else 0
        return Taken(new, len(kept.rows) - new, len(batch.rows) - len(kept.rows))


def _refused(session: Session, core: Core, batch: Batch) -> Bools:
    """Which rows (n,) are of people who were erased."""
    if not any(session.one(ANY_REFUSED) or ()):
        return np.zeros(len(batch.rows), dtype=bool)
    heard = [_heard(key) for key in batch.keys]
    return suppression.refused_rows(session, core, heard, which=batch.which, rows=batch.rows)


def _written(session: Session, core: Core, batch: Batch) -> int:
    """Write the rows that are new, and what follows from them; how many they are."""
    numbers, old = _bundles(session, core, batch.keys)
    bundle = numbers[batch.which]
    told = dict(zip(numbers.tolist(), batch.keys, strict=True))
    new, keys, facts = sifted(session, bundle.tolist(), batch.rows, both(session, core, told))
    if not new.any():
        return 0
    rows = [batch.rows[at] for at in np.flatnonzero(new).tolist()]
    seen = np.array([row["seen"] for row in rows], dtype=np.int64)
    touched = _touched(session, bundle[new], seen, set(numbers[old].tolist()))
    start = first_number(session, len(rows))
    pour(session, log, _told(rows, bundle[new].tolist(), start))
    if not session.lite:
        session.one(UP_TO, last=start + len(rows) - 1)
    came = _came(core, batch.keys, numbers=numbers, new=np.flatnonzero(~old))
    nodes = dict(zip(came, nodes_of(session, core, list(came.values())), strict=True))
    pour(session, members, ((node, b) for b, several in nodes.items() for node in several))
    first = np.full(len(batch.keys), np.iinfo(np.int64).max)
    np.minimum.at(first, batch.which[new], seen)
    since = dict(zip(numbers.tolist(), first.tolist(), strict=True))
    kinds = {int(numbers[at]): batch.keys[at][1] for at in np.flatnonzero(~old).tolist()}
    made = {
        b: New(several, came[b], maybe_unescaped(kinds[b]), since[b])
        for b, several in nodes.items()
        if several
    }
    _settle(session, core, touched, made)
    supersede(session, keys, facts)
    return len(rows)


def _came(
    core: Core, keys: Sequence[BundleKey], *, numbers: Ints, new: Ints
) -> dict[int, list[Name]]:
    """The identifiers of the bundles that are new, by their numbers."""
    read: dict[tuple[str | None, ...], list[Name]] = {}  # one for all kinds of events
    out = {}
    for at in new.tolist():
        customer, _, source, given = keys[at]
        names = read.get((customer, source, given))
        if names is None:
            names = read[customer, source, given] = names_of(core, keys[at])
        out[int(numbers[at])] = names
    return out


def _told(rows: Rows, bundle: list[int], start: int) -> Iterator[tuple[Any, ...]]:
    """The rows as the log holds them."""
    read = itemgetter(*COLUMNS)
    for seq, (row, number) in enumerate(zip(rows, bundle, strict=True), start):
        yield (seq, number, *read(row))


def first_number(session: Session, n: int) -> int:
    """The first of n numbers of rows that nobody else is given; who asks is alone with the log."""
    row = session.one(LAST_SEQ)
    return 1 if row is None or row[0] is None else int(row[0]) + 1


def _bundles(session: Session, core: Core, keys: Sequence[BundleKey]) -> tuple[Ints, Bools]:
    """The number (k,) of each bundle, new ones being stored, and which were there."""
    hashes = [bundle_hash(key, core.salt) for key in keys]
    found = session.all(BUNDLES, hashes=session.several(hashes))
    known = {tuple(row[1:]): row[0] for row in found}
    number = np.array([known.get(key, 0) for key in keys], dtype=np.int64)
    old = number > 0
    row = session.one(LAST_BUNDLE)
    start = 1 if row is None or row[0] is None else row[0] + 1
    number[~old] = np.arange(start, start + int((~old).sum()))
    new = np.flatnonzero(~old).tolist()
    pour(session, bundles, ((int(number[at]), hashes[at], *keys[at]) for at in new))
    return number, old


def _touched(session: Session, bundle: Ints, seen: Ints, old: set[int]) -> list[int]:
    """Bundles that were there and of which a row may change who is who."""
    if not old:
        return []
    several, at = np.unique(bundle, return_inverse=True)
    least = np.full(len(several), np.iinfo(np.int64).max)
    most = np.full(len(several), np.iinfo(np.int64).min)
    np.minimum.at(least, at, seen)
    np.maximum.at(most, at, seen)
    ends = dict(zip(several.tolist(), zip(least.tolist(), most.tolist(), strict=True), strict=True))
    out, asked = [], []
    for number, first, flags in session.all(FIRSTS, bundles=session.several(old & ends.keys())):
        if ends[number][0] < first:
            out.append(number)
        elif not flags & CALM:
            asked.append(number)
    for number, last in session.all(LATEST, bundles=session.several(asked)) if asked else ():
        if ends[number][1] > last:
            out.append(number)
    return out


def _settle(session: Session, core: Core, touched: Sequence[int], new: Mapping[int, New]) -> None:
    """Settle the components that some bundles touch, and store what differs."""
    plain = quiet(session, core.policy, new)
    pour(session, places, ((n, *place) for n, place in plain.places.items()))
    pour(session, evidence, ((b, *whose) for b, whose in plain.whose.items()))
    left = [bundle for bundle in new if bundle not in plain.whose]
    which = [*touched, *left]
    near = {node for bundle in left for node in new[bundle].nodes}
    if touched:
        near |= {row[1] for row in session.all(closure.IN, bundles=session.several(touched))}
    if which:
        held = closure.slice_of(session, core, near, several=which)
        closure.write(session, held, by_batch(held, core.policy))


def names_of(core: Core, key: BundleKey) -> list[Name]:
    """The distinct identifiers of a bundle, the strongest first."""
    told = identity_key(key)
    assert told is not None  # only what was erased has no text
    core.naming.check(told, "Store.observe_all")
    heard = shortened(told)
    return [] if heard is None else sorted(set(core.naming.identifiers(heard)))


def _heard(key: BundleKey) -> Key | None:
    held = identity_key(key)
    return None if held is None else shortened(held)
