"""Gathering: from records to a log, and an account of every record that is not in it.

    records == accepted + skipped + rejected

What a format makes of a record is a list of events and a list of facts. They are kept in Arrow's
columns block by block, so that a long file takes little more memory than its text.
"""

import reprlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol, final

import attrs
import pandas as pd
import pyarrow as pa

from onefold.errors import ArgumentError
from onefold.readers.advice import all_rejected
from onefold.readers.build import FACT, ONLY, READ, built, event_block, fact_block
from onefold.readers.names import Whose
from onefold.readers.read import Read
from onefold.readers.sources import Record
from onefold.readers.values import Refused, Stated

Fact = tuple[Whose, int, int | None, str, Stated]  # whose, time, received, name, what is stated
Found = tuple[list[dict[str, Any]], list[Fact]]

BLOCK = 10_000  # events or facts that wait as Python objects
CUT = 200  # characters of what is rejected
MOST_NAMES = 1_000  # of different facts


class Reading(Protocol):
    """What a format makes of one record; raises `Refused` where it makes nothing of it."""

    def __call__(self, document: Any) -> Found:
        """Events and facts of a record."""


def gathered(
    records: Iterable[Record],
    reading: Reading,
    *,
    call: str,
    looks: str,
    currency: str | None,
    chosen: Iterable[str],
    notes: Counter[str],
    sure: bool = False,
) -> Read:
    """Read all records.

    Args:
        records: Records of a source.
        reading: What the format makes of each.
        call: The reader's name.
        looks: What a record of this format looks like, for the message that none does.
        currency: The log's currency; None for the one that most amounts are in.
        chosen: Names of the further properties.
        notes: Details that were left out, counted while reading.
        sure: Whether the source is known to be of the format, as the later pieces of one are.

    Raises:
        ArgumentError: If no record looks like the format, or every one is rejected.
    """
    heap = Gathering(call, tuple(chosen), currency, notes)
    for record in records:
        heap.take(record, reading)
    if heap.records and not (heap.ours or sure):
        text = heap.rejected[0][4]
        raise ArgumentError(
            f"{call}: source is not of this format. {looks}; none of {heap.records:,} records "
            f"does. The first: {text[:80]!r}."
        )
    read = heap.read()
    if len(read.rejected) == heap.records > 0 and not sure:
        all_rejected(call, read.rejected["reason"], read.rejected["text"][0])
    return read


@final
@attrs.define(eq=False)
class Gathering:
    """What has been gathered so far; it belongs to one call of a reader."""

    call: str
    chosen: tuple[str, ...]
    currency: str | None
    notes: Counter[str]
    first: str | None = None  # of the currencies
    records: int = 0
    ours: bool = False
    skipped: Counter[str] = attrs.field(factory=Counter)
    rejected: list[tuple[int, str | None, int, str, str]] = attrs.field(factory=list)
    textual: set[tuple[str, str]] = attrs.field(factory=set)  # names of what is not all numbers
    events: list[tuple[Any, ...]] = attrs.field(factory=list)
    picked: list[dict[str, Stated | None]] = attrs.field(factory=list)
    facts: list[tuple[Any, ...]] = attrs.field(factory=list)
    latest: dict[tuple[Whose, str], tuple[int, Stated]] = attrs.field(factory=dict)
    names: set[str] = attrs.field(factory=set)
    event_blocks: list[pa.Table] = attrs.field(factory=list)
    fact_blocks: list[pa.Table] = attrs.field(factory=list)

    def take(self, record: Record, reading: Reading) -> None:
        """Add what one record holds, or why it holds nothing."""
        file, row, held, document = record
        self.records += 1
        try:
            if isinstance(document, Refused):
                raise document
            events, facts = reading(document)
            for event in events:
                self._money(event)
                event["record"] = self.records
        except Refused as refused:
            self.ours = self.ours or not refused.foreign
            if refused.skipped:
                self.skipped[refused.reason] += 1
            else:
                self.rejected.append((self.records, file, row, refused.reason, shown(held)))
            return
        self.ours = True
        for event in events:
            if self.currency is None and event["currency"] is not None:
                # Another currency may turn out to be the log's, though mostly it is the first one.
                event["file"], event["row"] = file, row
                self.first = self.first or event["currency"]
                if event["currency"] != self.first:
                    event["raw"] = shown(held)
            self.events.append(READ(event))
            if self.chosen:
                self.picked.append(event["chosen"])
        for fact in facts:
            self._state(fact)
        if len(self.events) >= BLOCK or len(self.facts) >= BLOCK:
            self._flush()

    def read(self) -> Read:
        """The log, and the account."""
        self._flush()
        log, others = built(self.event_blocks, self.fact_blocks, self.textual, self.currency)
        rejected = sorted([*self.rejected, *others], key=lambda one: one[0])
        columns = list(zip(*rejected, strict=True)) or [()] * 5
        return Read(
            format=self.call.rpartition(".")[2],
            log=log,
            accepted=self.records - sum(self.skipped.values()) - len(rejected),
            skipped=self.skipped,
            rejected=pd.DataFrame(
                {
                    "file": pd.Series(columns[1], dtype=object),
                    "row": pd.Series(columns[2], dtype="int64"),
                    "reason": pd.Series(columns[3], dtype=object),
                    "text": pd.Series(columns[4], dtype=object),
                }
            ),
            notes=self.notes,
        )

    def _money(self, event: dict[str, Any]) -> None:
        """Only what is an amount has a currency."""
        if event["value"] is None:
            event["currency"] = None
        elif self.currency is not None and event["currency"] not in (None, self.currency):
            raise Refused(ONLY.format(self.currency))

    def _state(self, fact: Fact) -> None:
        """Add a fact, unless it was the last that was said of it, at the same time."""
        whose, time, received, name, stated = fact
        if self.latest.get((whose, name)) == (time, stated):
            return
        if name not in self.names:
            if len(self.names) >= MOST_NAMES:
                self.notes[f"fact beyond {MOST_NAMES:,} names: not kept"] += 1
                return
            self.names.add(name)
        self.latest[whose, name] = time, stated
        words, number = stated
        if not number:
            self.textual.add((FACT, name))
        self.facts.append((whose, time, received, name, words, self.records))

    def _flush(self) -> None:
        if self.events:
            block = event_block(self.events, self.picked, self.chosen, self.textual)
            self.event_blocks.append(block)
        if self.facts:
            self.fact_blocks.append(fact_block(self.facts))
        self.events, self.picked, self.facts = [], [], []


def shown(held: Any) -> str:
    """The beginning of what stood in a record."""
    if isinstance(held, Refused):
        return ""
    if isinstance(held, bytes):
        held = held[: 4 * CUT].decode(errors="replace")
    words = held[: 2 * CUT].strip() if isinstance(held, str) else _brief().repr(held)
    words = words.encode(errors="backslashreplace").decode()
    return words if len(words) <= CUT else words[: CUT - 1] + "…"


def _brief() -> reprlib.Repr:
    """Writes the beginning of any object, however deep or long it is."""
    brief = reprlib.Repr()
    brief.maxlevel, brief.maxdict, brief.maxlist = 3, 8, 4
    brief.maxstring = brief.maxother = brief.maxlong = 60
    return brief
