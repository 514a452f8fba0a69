"""Heard: the evidence of a stream, as the set that it is.

For each distinct bundle, with its kind of event and source, the distinct instants at which it was
seen, in order. Union is all that is done to it, so that what is delivered twice is nothing:

    known({c1, ann} login)  =  [9:00, 9:20]        | {9:20, 9:40}  =  [9:00, 9:20, 9:40]
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import TypeAlias, final

import numpy as np

from onefold._columns import Coded, Column, Columns, frozen
from onefold._vocab import Vocab
from onefold.events.event import Event
from onefold.events.identifiers import IDENTIFIER, SOURCE, Bundle, column_name, place_of, type_of
from onefold.identity.evidence import CUSTOMER, TOLD, Evidence
from onefold.identity.spelling import LONGEST

Given: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]  # types and their values, in order
# Customer, others, kind, source, and what the clock told of an event that was received before it.
Key: TypeAlias = tuple[str | None, Given, str | None, str | None, int | None]


def key_of(event: Event) -> Key:
    """What an event says besides its instant."""
    held = event.identifiers
    given = tuple(held._held.items() if isinstance(held, Bundle) else sorted(held.items()))
    late = event.received is not None and event.received < event.time
    told = int(event.time.astype(np.int64)) if late else None
    return (event.customer, given, event.event, event.source, told)


def shortened(key: Key) -> Key | None:
    """The same without values that are too long to be identifiers; None if nothing is left."""
    customer, given, kind, source, told = key
    if customer is not None and len(customer) > LONGEST:
        customer = None
    kept = [(name, tuple(v for v in values if len(v) <= LONGEST)) for name, values in given]
    left = tuple((name, values) for name, values in kept if values)
    return (customer, left, kind, source, told) if left or customer is not None else None


@final
class Times:
    """Distinct instants in order, in microseconds."""

    __slots__ = ("held",)

    def __init__(self, held: Iterable[int] = ()) -> None:
        self.held = array("q", held)

    def add(self, time: int) -> bool:
        """Take in one; whether it is new."""
        held = self.held
        if not held or time > held[-1]:
            held.append(time)
            return True
        at = bisect_left(held, time)
        if held[at] == time:
            return False
        held.insert(at, time)
        return True

    def join(self, others: Iterable[int]) -> None:
        """Take in many."""
        self.held = array("q", sorted({*self.held, *others}))


def evidence_of(known: Iterable[tuple[Key, Iterable[int]]]) -> Evidence:
    """The evidence: a row for each bundle and instant."""
    keys, counts, times = [], [], array("q")
    for key, held in known:
        before = len(times)
        times.extend(held)
        keys.append(key)
        counts.append(len(times) - before)
    columns: dict[str, list[str | None]] = {}
    for at, (customer, given, *_) in enumerate(keys):
        for name, values in given:
            for place, value in enumerate(values, 1):
                _column(columns, column_name(name, place), len(keys))[at] = value
        if customer is not None:
            _column(columns, CUSTOMER, len(keys))[at] = customer
    columns["kind"] = [key[2] for key in keys]
    if any(key[3] is not None for key in keys):
        columns[SOURCE] = [key[3] for key in keys]
    rows = np.repeat(np.arange(len(keys)), counts)
    table: dict[str, Column] = {
        name: _coded(words).take(rows) for name, words in sorted(columns.items())
    }
    if any(key[4] is not None for key in keys):
        clock = [np.datetime64("NaT") if key[4] is None else key[4] for key in keys]
        table[TOLD] = frozen(np.array(clock, dtype="datetime64[us]")[rows])
    instants = frozen(np.array(times, dtype=np.int64).view("datetime64[us]"))
    return Evidence(Columns({**table, "time": instants}))


def _column(columns: dict[str, list[str | None]], name: str, n: int) -> list[str | None]:
    if name not in columns:
        columns[name] = [None] * n
    return columns[name]


def _coded(words: list[str | None]) -> Coded:
    vocab = Vocab.of(word for word in words if word is not None)
    return Coded(vocab.codes(words), vocab)


def known_of(evidence: Evidence) -> Iterator[tuple[Key, list[int]]]:
    """The bundles of evidence and the instants of each, in order."""
    table = evidence.canonical().table
    if not len(table):
        return
    names = [n for n in sorted(table.data) if n != "time"]
    codes = np.stack([table.array(n).view(np.int64 if n == TOLD else np.int32) for n in names])
    new = np.ones(codes.shape[1], dtype=bool)
    new[1:] = (codes[:, 1:] != codes[:, :-1]).any(axis=0)
    begin = np.flatnonzero(new)
    words = {n: table.coded(n).take(begin).decode().tolist() for n in names if n != TOLD}
    told: list[int | None] = [None] * len(begin)
    if TOLD in table:
        clock = table.array(TOLD)[begin]
        known = zip(np.isnat(clock).tolist(), clock.view(np.int64).tolist(), strict=True)
        told = [None if no else instant for no, instant in known]
    times = table.array("time").view(np.int64).tolist()
    ends = [*begin[1:].tolist(), len(times)]
    others = [n for n in names if n.startswith(IDENTIFIER) and n != CUSTOMER]
    others.sort(key=lambda n: (type_of(n), place_of(n)))
    for at, (start, stop) in enumerate(zip(begin.tolist(), ends, strict=True)):
        given: dict[str, list[str]] = {}
        for name in others:
            value = words[name][at]
            if value is not None:
                given.setdefault(type_of(name), []).append(value)
        whole = tuple((kind, tuple(sorted(set(values)))) for kind, values in given.items())
        customer = words[CUSTOMER][at] if CUSTOMER in words else None
        source = words[SOURCE][at] if SOURCE in words else None
        key = shortened((customer, whole, words["kind"][at], source, told[at]))
        if key is not None:
            yield key, times[start:stop]
