"""Point-in-time tables: for (customer, time) the traits as of that time, and nothing later.

Each row's history is a slice of the ledger: from the customer's first event up to the first
at or after the row's time, found by bisection. Rows are read in chunks of bounded memory.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from onefold._columns import frozen
from onefold._types import Array, Floats, Ints, Strings, Times
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.events import door
from onefold.ledger import Ledger, bisect
from onefold.profiles.traits import TraitTable
from onefold.traits.history import History
from onefold.traits.protocol import Trait
from onefold.traits.wide import Wide

EVENTS = 4_000_000  # in one chunk: some 300 MB of columns and of what traits make of them


def point_in_time(
    ledger: Ledger,
    traits: tuple[Trait, ...],
    catalog: Catalog | None,
    frame: Any,
    tz: str | None,
) -> TraitTable:
    """The table of traits of a frame with the columns customer and time, in its order."""
    opened = door.opened(frame, "Profiles.at")
    who = opened.ids("customer", "when")
    moments = opened.times("time", "when", tz)
    ids = who.decode()
    people: Ints = np.append(ledger.people.translation(who.vocab), -1)[who.codes].astype(np.int64)

    def table(rows: slice) -> TraitTable:
        history = History.before(ledger, people[rows], moments=moments[rows], catalog=catalog)
        return TraitTable(ids[rows], history, moments[rows], traits)

    chunks = list(_chunks(ledger, people, moments))
    if len(chunks) == 1:
        return table(chunks[0])
    return _joined(table(slice(0, 0)), (table(rows) for rows in chunks), ids, moments)


def _chunks(ledger: Ledger, people: Ints, moments: Times) -> Iterator[slice]:
    """Ranges of rows whose histories have some `EVENTS` events together."""
    bounds = np.append(ledger.offsets, ledger.offsets[-1])
    nobody = np.where(people < 0, len(ledger), people)
    starts = bounds[nobody]
    stops = bisect(ledger.events.array("time"), starts, bounds[nobody + 1], moments)
    chunk = np.cumsum(stops - starts) // EVENTS
    edges = np.flatnonzero(np.diff(chunk)) + 1
    for start, stop in zip([0, *edges], [*edges, len(people)], strict=True):
        yield slice(int(start), int(stop))


def _joined(
    empty: TraitTable, tables: Iterator[TraitTable], ids: Strings, moments: Times
) -> TraitTable:
    """One table of what each chunk says; no chunk's history outlives its reading."""
    parts: list[dict[str, Any]] = []
    sizes: list[int] = []
    for table in tables:
        sizes.append(len(table))
        parts.append({name: table.reading(name) for name in table.names})
        del table
    own = [trait.name for trait in empty.traits]
    facts = {name for part in parts for name in part} - set(own)
    readings = {
        name: _one(
            [part.get(name, np.full(n, np.nan)) for part, n in zip(parts, sizes, strict=True)]
        )
        for name in (*own, *sorted(facts))  # the order of one table, whoever comes first
    }
    return TraitTable.of_readings(ids, empty.history, moments, empty.traits, readings)


def _one(readings: list[Any]) -> Any:
    if any(isinstance(reading, Wide) for reading in readings):
        return _one_wide([reading for reading in readings if isinstance(reading, Wide)])
    if any(reading.dtype == object for reading in readings):
        readings = [_spoken(reading) for reading in readings]
    return frozen(np.concatenate(readings))


def _spoken(reading: Array) -> Strings:
    """Numbers among words: as objects, with None where missing."""
    if reading.dtype == object:
        return reading
    out = reading.astype(object)
    out[np.isnan(reading)] = None
    return out


def _one_wide(readings: list[Wide]) -> Wide:
    vocab = Vocab.of(label for reading in readings for label in reading.labels.tolist())
    codes = [vocab.codes(reading.labels)[reading.codes] for reading in readings]
    counts = np.concatenate([np.diff(reading.offsets) for reading in readings])
    values: Floats = np.concatenate([reading.values for reading in readings])
    return Wide(
        vocab.values,
        np.append(0, np.cumsum(counts)),
        np.concatenate(codes),
        values,
        np.concatenate([reading.known for reading in readings]),
    )
