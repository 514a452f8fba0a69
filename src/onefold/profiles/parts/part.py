"""One part: the ledger of its customers, as two Parquet files in canonical order.

What is read is not sorted again; that it is in order, and belongs to this part, is looked at:

    read(write(ledger)) == ledger
"""

from pathlib import Path

import attrs
import numpy as np

from onefold._columns import Columns, missing
from onefold._time import EARLIEST, LATEST
from onefold._types import Times
from onefold._vocab import Vocab, united
from onefold.errors import FileError
from onefold.events.order import counted
from onefold.events.tables import one_type
from onefold.ledger import Ledger
from onefold.profiles.parts import parquet
from onefold.profiles.parts.disk import reading
from onefold.profiles.parts.layout import types_of
from onefold.profiles.parts.manifest import Manifest, Part
from onefold.profiles.parts.spill import parts_of

KINDS = ("events", "facts")


def path(folder: Path, kind: str, number: int) -> Path:
    """The file of the events, or of the facts, of a part."""
    return folder / f"{kind}-{number:05d}.parquet"


def write(ledger: Ledger, folder: Path, number: int) -> Part:
    """Write the two files of a part."""
    tables = {"events": ledger.events, "facts": ledger.facts}
    sums = {kind: parquet.write(tables[kind], path(folder, kind, number)) for kind in KINDS}
    rows = {kind: len(table) for kind, table in tables.items()}
    return Part(len(ledger), rows["events"], rows["facts"], sums["events"], sums["facts"])


def read(folder: Path, number: int, manifest: Manifest, call: str) -> Ledger:
    """Read the ledger of a part.

    Raises:
        FileError: If a file is not there, damaged, or not what the manifest says of it.
    """
    part, log = manifest.parts[number], manifest.layout.no_log
    file = path(folder, "facts", number)
    with reading(file, call):
        facts = parquet.read(file, log.facts, rows=part.facts, checksum=part.facts_blake2b)
        facts = _sound(facts)
    file = path(folder, "events", number)
    with reading(file, call):
        events = parquet.read(file, log.events, rows=part.events, checksum=part.events_blake2b)
        return _ledger(_sound(events), facts, manifest, number)


def at(moment: np.datetime64, folder: Path, number: int, manifest: Manifest) -> Ledger:
    """The ledger of a part before a moment; what others had stated by then is a fact here too."""
    call = "partitions"
    known = read(folder, number, manifest, call).before(moment)
    names = known.facts.coded("name").within(Vocab.of(manifest.known_facts(moment)))
    with reading(path(folder, "facts", number), call):
        if missing(names).any():
            raise FileError("it holds facts from before they were first stated")
    return attrs.evolve(known, facts=known.facts.replace(name=names))


def times(folder: Path, number: int, call: str) -> Times:
    """The instants of all events and facts of a part."""
    held = []
    for kind in KINDS:
        file = path(folder, kind, number)
        with reading(file, call):
            held.append(parquet.times(file))
    return np.concatenate(held)


def _sound(table: Columns) -> Columns:
    """The table, if it is in the order in which it was written and no row lacks what all have."""
    who, time = table.array("customer"), table.array("time")
    for name in ("customer", "time", "kind" if "kind" in table else "name"):
        if missing(table.data[name]).any():
            raise FileError(f"it has rows without {parquet.EVENTS.get(name, name)}")
    same = who[1:] == who[:-1]
    if (who[1:] < who[:-1]).any() or (same & (time[1:] < time[:-1])).any():
        raise FileError("its rows are not in the order of customer and time")
    if len(time) and not (time.min() >= EARLIEST and time.max() < LATEST):
        raise FileError("it holds instants outside 1700 to 2200")
    return table


def _ledger(events: Columns, facts: Columns, manifest: Manifest, number: int) -> Ledger:
    """The ledger of both tables, if it is that of the part."""
    part, layout = manifest.parts[number], manifest.layout
    people = united([table.coded("customer").vocab for table in (events, facts)])[0]
    if (parts_of(people, len(manifest.parts)) != number).any():
        raise FileError("it holds customers of another part")
    if len(people) != part.customers:
        raise FileError(f"it has {len(people):,} customers, and {part.customers:,} belong there")
    stated = types_of(one_type(facts, "facts"))
    if not stated.items() <= dict(layout.facts).items():
        raise FileError(f"it holds the facts {stated}, and {dict(layout.facts)} are known")
    tables = [t.replace(customer=t.coded("customer").within(people)) for t in (events, facts)]
    starts = [counted(table.array("customer"), len(people)) for table in tables]
    return Ledger(people, starts[0], tables[0], starts[1], tables[1], layout.currency)
