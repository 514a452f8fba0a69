"""Moments: a table of (customer, time) over many parts, each of which is read once.

The rows of a part are read as of their own times, and then put back in the order of the frame:

    at(frame)[i]  ==  the part of customer i .at(frame)[i]
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onefold._columns import frozen
from onefold._types import Ints, Strings, Times
from onefold.events import door
from onefold.ledger import Ledger, ranges
from onefold.profiles.asof import point_in_time, together
from onefold.profiles.frames import checked_labels, frame_of, named
from onefold.profiles.parts.parquet import INSTANT
from onefold.profiles.parts.spill import parts_of
from onefold.profiles.table import Profiles
from onefold.profiles.traits import TraitTable
from onefold.traits.history import History
from onefold.traits.wide import Wide


def table(
    read: Callable[[int], Profiles],
    parts: int,
    frame: Any,
    *,
    tz: str | None,
    labels: Mapping[str, Sequence[str]] | None,
    wide: int,
) -> pd.DataFrame:
    """The traits of a frame with the columns customer and time, in its order."""
    call = "Partitions.at"
    opened = door.opened(frame, call)
    who, times = opened.ids("customer", "when"), opened.times("time", "when", tz)
    ids = who.decode()
    # Rows of nobody go to the first part, as good as any; so does a frame without rows.
    part = np.append(parts_of(who.vocab, parts), np.uint16(0))[who.codes]
    numbers = np.unique(part).tolist() or [0]
    rows = [np.flatnonzero(part == number) for number in numbers]
    held = []
    for number, some in zip(numbers, rows, strict=True):
        profiles = read(number)
        held.append(_readings(profiles, ids[some], times[some]))
        traits = profiles.traits
        del profiles  # so that not two parts are held
    names = [trait.name for trait in traits]
    names += sorted(set().union(*held) - set(names))  # facts
    place = np.empty(len(ids), dtype=np.int64)
    place[np.concatenate(rows)] = np.arange(len(ids))
    readings = {name: _one(name, held, rows, place) for name in names}
    whole = TraitTable.of_readings(ids, History.of(Ledger.empty()), times, traits, readings)
    chosen = checked_labels(labels, whole, f"{call}: labels")
    return frame_of(whole, named(chosen, wide), time=True)


def is_instant(when: Any) -> bool:
    """Whether this is one moment, and no frame of many."""
    return isinstance(when, (str, dt.date, np.datetime64, pd.Timestamp, int, float)) or when is None


def _readings(profiles: Profiles, ids: Strings, times: Times) -> dict[str, Any]:
    """What each trait says of some rows of one part."""
    asked = pa.table(
        {"customer": pa.array(ids, pa.large_string()), "time": pa.array(times, INSTANT)}
    )
    found = point_in_time(profiles.ledger, profiles.traits, profiles.catalog, asked, None)
    return {name: found.reading(name) for name in found.names}


def _one(name: str, held: Sequence[dict[str, Any]], rows: Sequence[Ints], place: Ints) -> Any:
    """What one trait says of all rows; a fact that nobody in a part has stated is missing there."""
    every = [
        part.get(name, np.full(len(some), np.nan)) for part, some in zip(held, rows, strict=True)
    ]
    reading = together(every)
    if not isinstance(reading, Wide):
        return frozen(reading[place])
    hits, offsets = ranges(reading.offsets[place], reading.offsets[place + 1])
    return Wide(
        reading.labels, offsets, reading.codes[hits], reading.values[hits], reading.known[place]
    )
