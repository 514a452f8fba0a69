"""A history: what a trait reads.

The events of n rows (people, or people as of moments) one row after another, in canonical
order: row i has `offsets[i] : offsets[i + 1]`. Whoever reads it sees no event at or after
`as_of`. Columns are read from the ledger when they are asked for, and kept.

Rows that are people as of moments overlap. They are held as ranges of one longer history, the
`base`, so that what adds up needs no row to be laid out:

    total of row i  =  running total of the base at stops[i]  -  the same at starts[i]
"""

from collections.abc import Callable
from typing import Any, TypeVar

import attrs
import numpy as np

from onefold._check import hint, quoted
from onefold._columns import Coded, frozen, is_same_in_all, same_in_all, taken
from onefold._group import running
from onefold._types import (
    NO_MONEY,
    Array,
    Bools,
    Codes,
    Floats,
    Ints,
    Strings,
    Times,
)
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.errors import UnknownName
from onefold.events.tables import PROPERTY
from onefold.ledger import Ledger, bisect, ranges
from onefold.traits.span import Span, TooMany, all_of, part, slices
from onefold.traits.visiting import first_of_instants, firsts, no_baskets, visit_numbers

T = TypeVar("T")
LABELS = ("kind", "item", "channel", "basket")  # that every event may have
FEW = 4  # one event chosen in so many, from which on counting them is cheaper than running totals


def _read_only(array: Ints | None) -> Ints | None:
    return None if array is None else frozen(array)


@attrs.frozen(eq=False, repr=False)
class History:
    """The events and facts of n rows, in canonical order, for traits and levels to read.

    All arrays are read-only. `time` is in UTC, `value` in micros (`missing_value` where there
    is none), `local` in seconds that the customer's clock is ahead of UTC (-2147483648 where it
    is not known); codes are -1 where missing.
    """

    ledger: Ledger
    offsets: Ints = attrs.field(converter=frozen)
    _rows: Ints | None  # positions in the ledger, None for all of them, or for those of the span
    fact_offsets: Ints = attrs.field(converter=frozen)
    fact_rows: Ints | None = attrs.field(converter=_read_only)
    catalog: Catalog | None = None
    span: Span | None = None  # where the rows are ranges of a longer history
    who: Ints | None = attrs.field(
        default=None, converter=_read_only
    )  # the person (n,) of each row, -1 for nobody; None for everybody
    _cache: dict[Any, Any] = attrs.field(init=False, factory=dict)

    @classmethod
    def of(cls, ledger: Ledger, catalog: Catalog | None = None) -> "History":
        """The whole history of everybody in a ledger."""
        return cls(ledger, ledger.offsets, None, ledger.fact_offsets, None, catalog)

    @classmethod
    def before(
        cls,
        ledger: Ledger,
        people: Ints,
        *,
        moments: Times,
        catalog: Catalog | None = None,
        most: int | None = None,
    ) -> "History":
        """Row i is the history of person `people[i]` before `moments[i]`; -1 is nobody.

        With `most`, to lay out more events than that, of several rows, raises `TooMany`.
        """
        whole = cls.of(ledger, catalog)
        starts, stops = slices(ledger.offsets, people, ledger.events.array("time"), moments)
        facts = slices(ledger.fact_offsets, people, ledger.facts.array("time"), moments)
        every = len(people) == len(ledger) and all_of(ledger.offsets, starts, stops)
        if every and all_of(ledger.fact_offsets, *facts):
            return whole
        fact_rows, fact_offsets = ranges(*facts)
        span = Span(whole, starts, stops, from_first=True, most=most)
        return cls(ledger, span.offsets, None, fact_offsets, fact_rows, catalog, span, people)

    def between(self, start: int, stop: int) -> "History":
        """The history of the rows from `start` up to `stop`."""
        facts = part(self.fact_offsets, self.fact_rows, start, stop)
        held = attrs.evolve(
            self, fact_offsets=facts[0], fact_rows=facts[1], who=self.people[start:stop]
        )
        if self.span is None:
            offsets, rows = part(self.offsets, self._rows, start, stop)
            return attrs.evolve(held, offsets=offsets, rows=rows)
        starts, stops = self.starts[start:stop], self.stops[start:stop]
        return held._ranged(attrs.evolve(self.span, starts=starts, stops=stops))

    def _ranged(self, span: Span) -> "History":
        """The same rows as other ranges."""
        return attrs.evolve(self, offsets=span.offsets, span=span)

    @property
    def people(self) -> Ints:
        """The position (n,) in the ledger of the person of each row, -1 for nobody."""
        return np.arange(len(self.ledger)) if self.who is None else self.who

    @property
    def rows(self) -> Ints | None:
        """The position (m,) in the ledger of each event; None where these are all of them."""
        if self.span is None:
            return self._rows
        span = self.span

        def laid_out() -> Ints:
            if span.most is not None and len(self) > 1 and self.offsets[-1] > span.most:
                raise TooMany
            rows, _ = ranges(span.starts, span.stops)
            return rows if span.base.rows is None else span.base.rows[rows]

        return self._once("rows", laid_out)

    @property
    def laid_out(self) -> "History":
        """The same rows with a copy of their events, one row after another."""
        if self.span is None:
            return self
        return self._once("laid out", lambda: attrs.evolve(self, rows=self.rows, span=None))

    @property
    def base(self) -> "History":
        """The history of which the rows are ranges; this one, where they are no such."""
        return self if self.span is None else self.span.base

    @property
    def starts(self) -> Ints:
        """Where each row (n,) begins among the events of the base."""
        return self.offsets[:-1] if self.span is None else self.span.starts

    @property
    def stops(self) -> Ints:
        """Where each row (n,) ends among the events of the base."""
        return self.offsets[1:] if self.span is None else self.span.stops

    @property
    def from_first(self) -> bool:
        """Whether each row begins with the first event that its person has in the base."""
        return self.span is None or self.span.from_first

    def totals(self, numbers: Ints | Bools) -> Ints:
        """The sum (n,) over each row of whole numbers, or marks, over the events of the base."""
        if self.span is not None:
            sums = running(numbers)
            return (sums[self.stops] - sums[self.starts]).astype(np.int64, copy=False)
        out = np.zeros(len(self), dtype=np.int64)
        some = np.flatnonzero(self.counts > 0)
        if len(some):
            out[some] = np.add.reduceat(numbers, self.offsets[:-1][some], dtype=np.int64)
        return out

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def row(self) -> Ints:
        """The row (m,) that each event belongs to."""
        return self._once("row", lambda: frozen(np.repeat(np.arange(len(self)), self.counts)))

    @property
    def counts(self) -> Ints:
        """Events of each row (n,)."""
        return np.diff(self.offsets)

    @property
    def time(self) -> Times:
        """Instant (m,) of each event, in UTC."""
        return self._array("time")

    @property
    def kind(self) -> Codes:
        """Kind (m,) of each event, a code into `kinds`."""
        return self._array("kind")

    @property
    def item(self) -> Codes:
        """Item (m,) of each event, a code into `items`; -1 for none."""
        return self._array("item")

    @property
    def channel(self) -> Codes:
        """Channel (m,) of each event, a code into `channels`; -1 for none."""
        return self._array("channel")

    @property
    def basket(self) -> Codes:
        """Basket (m,) of each event, a code into `baskets`; -1 for none."""
        return self._array("basket")

    @property
    def value(self) -> Ints:
        """Amount (m,) of each event in micros; `missing_value` for none."""
        return self._array("value")

    @property
    def quantity(self) -> Floats:
        """Quantity (m,) of each event, NaN for none."""
        return self._array("quantity")

    @property
    def local(self) -> Codes:
        """Seconds (m,) that the customer's clock is ahead of UTC; -2147483648 if not known."""
        return self._array("local")

    @property
    def kinds(self) -> Vocab:
        """The kinds of event, sorted."""
        return self.ledger.events.coded("kind").vocab

    @property
    def items(self) -> Vocab:
        """The items, sorted."""
        return self.ledger.events.coded("item").vocab

    @property
    def channels(self) -> Vocab:
        """The channels, sorted."""
        return self.ledger.events.coded("channel").vocab

    @property
    def baskets(self) -> Vocab:
        """The baskets, sorted."""
        return self.ledger.events.coded("basket").vocab

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the further columns that the events carry."""
        names = [n for n in self.ledger.events.data if n.startswith(PROPERTY)]
        return tuple(n.removeprefix(PROPERTY) for n in names)

    @property
    def missing_value(self) -> int:
        """What stands in `value` where there is no amount."""
        return int(NO_MONEY)

    @property
    def facts(self) -> tuple[str, ...]:
        """Names of the facts that are known of anybody here."""

        def names() -> tuple[str, ...]:
            codes = self._facts("name")
            return tuple(self.ledger.facts.coded("name").vocab.values[np.unique(codes)].tolist())

        return self._once("facts", names)

    def extra(self, name: str) -> Coded | Floats:
        """One further column over the events (m,): coded text, or numbers."""
        if name not in self.properties:
            known = self.properties
            raise UnknownName(
                f"history: no property {name!r}. Properties: {quoted(known)}.{hint(name, known)}"
            )
        column = self.ledger.events.data[PROPERTY + name]
        if self.rows is None:
            return column
        return column.take(self.rows) if isinstance(column, Coded) else taken(column, self.rows)

    def words(self, of: str) -> Coded:
        """The label of each event (m,), -1 where it has none.

        Labels are its kind, item, channel, a property, or a column of the catalogue for its item:
        category, an attribute.
        """
        return self._once(("words", of), lambda: self._words(of))

    def _words(self, of: str) -> Coded:
        if of in LABELS:
            return Coded(self._array(of), self.ledger.events.coded(of).vocab)
        if of in self.properties:
            held = self.extra(of)
            if isinstance(held, Coded):
                return held
            raise UnknownName(f"history: property {of!r} holds numbers; labels are text.")
        if self.catalog is not None and of in self.catalog.columns:
            codes = np.append(self.catalog.codes(of, self.items), np.int32(-1))[self.item]
            return Coded(codes, self.catalog.column(of).vocab)
        if of == "category":
            return Coded(np.full(len(self.time), -1, dtype=np.int32), Vocab.of([]))
        raise UnknownName(self._no_label(of))

    def _no_label(self, of: str) -> str:
        known = [*LABELS, *(n for n in self.properties if isinstance(self.extra(n), Coded))]
        where = "there is no catalogue"
        if self.catalog is not None:
            known += [name for name in self.catalog.columns if name not in known]
            where = "no property and no column of the catalogue has this name"
        return f"history: no label {of!r}; {where}. Labels: {quoted(known, 24)}.{hint(of, known)}"

    def where(self, kind: str | None) -> "History":
        """The same rows with only their events of one kind; facts stay."""
        return self if kind is None else self._once(("where", kind), lambda: self._where(kind))

    def _where(self, kind: str) -> "History":
        code = self.kinds.code(kind)
        if code < 0:
            return self.kept(same_in_all(False, int(self.offsets[-1])))
        if self.span is not None:
            return self._within(self.base.kind == code, self.base.where(kind))
        return self.kept(self.kind == code)

    def matching(self, test: Callable[["History"], Bools]) -> "History":
        """The same rows with only the events for which a test of a history's events holds."""
        if self.span is None:
            return self.kept(test(self))
        mask = test(self.base)
        return self._within(mask, self.base.kept(mask))

    def kept(self, mask: Bools) -> "History":
        """The same rows with only the events (m,) that a mask marks; facts stay."""
        if is_same_in_all(mask) and not mask[:1].any():
            rows = np.array([], dtype=np.int64)
            offsets = np.zeros(len(self) + 1, dtype=np.int64)
        elif mask.all():
            return self
        else:
            chosen = np.flatnonzero(mask)
            offsets = self._among(chosen, mask)
            rows = chosen if self.rows is None else self.rows[chosen]
        return attrs.evolve(self, offsets=offsets, rows=rows, span=None)

    def since(self, starts: Times) -> "History":
        """The same rows with only the events at or after each row's own instant (n,)."""
        if self.span is not None:
            span = self.span
            first = bisect(span.base.time, span.starts, span.stops, starts)
            whole = span.from_first and np.array_equal(first, span.starts)
            some = attrs.evolve(span, starts=first, from_first=whole)
            return self._ranged(some)
        if len(starts) and (starts == starts[0]).all():
            return self.kept(self.time >= starts[0])
        return self.kept(self.time >= starts[self.row])

    def until(self, stops: Times) -> "History":
        """The same rows with only the events before each row's own instant (n,)."""
        if self.span is None:
            if len(stops) and (stops == stops[0]).all():
                return self.kept(self.time < stops[0])
            return self.kept(self.time < stops[self.row])
        last = bisect(self.base.time, self.starts, self.stops, stops)
        some = attrs.evolve(self.span, stops=last)
        return self._ranged(some)

    def _within(self, mask: Bools, base: "History") -> "History":
        """The same rows as ranges of a base of which only the marked events are left."""
        assert self.span is not None
        before = running(mask)
        starts, stops = (before[at].astype(np.int64) for at in (self.starts, self.stops))
        return self._ranged(attrs.evolve(self.span, base=base, starts=starts, stops=stops))

    def _among(self, chosen: Ints, mask: Bools) -> Ints:
        """The offsets (n + 1,) of each row's events among the chosen ones."""
        if len(chosen) * FEW < len(mask):
            every = self.rows is None and self.who is None
            owner = self.ledger.events.array("customer")[chosen] if every else self.row[chosen]
            return np.append(0, np.cumsum(np.bincount(owner, minlength=len(self))))
        return running(mask)[self.offsets].astype(np.int64)

    @property
    def visit_starts(self) -> Bools:
        """Which events (m,) are the first of a visit."""
        return self._once("visit starts", self._visit_starts)

    def _visit_starts(self) -> Bools:
        if no_baskets(self.basket):
            return first_of_instants(self.row, self.time)
        return firsts(self.visits[0])

    @property
    def visits(self) -> tuple[Ints, Ints]:
        """The visit of each event (m,), and the offsets (n + 1,) of each row's visits.

        Visits are numbered over all rows, in the order of their first events. Events of one basket
        are one visit; without a basket, events of one instant are.
        """
        return self._once("visits", self._visits)

    def _visits(self) -> tuple[Ints, Ints]:
        visits = visit_numbers(self.row, self.time.view(np.int64), self.basket)
        offsets = running(firsts(visits))[self.offsets].astype(np.int64)
        return frozen(visits), frozen(offsets)

    def stated(self, name: str) -> tuple[Ints, Ints]:
        """All statements (m,) of one fact: the row of each, ascending, and its place in facts."""
        code = self.ledger.facts.coded("name").vocab.code(name)
        hits = np.flatnonzero(self._facts("name") == code) if code >= 0 else np.array([], np.int64)
        row = np.searchsorted(self.fact_offsets, hits, side="right") - 1
        return row, hits if self.fact_rows is None else self.fact_rows[hits]

    def fact(self, name: str) -> tuple[Strings, Floats]:
        """The latest of one fact for each row: its text (n,) or None, its number (n,) or NaN."""
        table = self.ledger.facts
        code = table.coded("name").vocab.code(name)
        words = np.full(len(self), None, dtype=object)
        number = np.full(len(self), np.nan)
        hits = np.flatnonzero(self._facts("name") == code) if code >= 0 else np.array([], np.int64)
        if len(hits):
            owner = np.searchsorted(self.fact_offsets, hits, side="right") - 1
            last = np.append(owner[1:] != owner[:-1], True)
            hits, owner = hits[last], owner[last]
            words[owner] = table.coded("text").vocab.decode(self._facts("text")[hits])
            number[owner] = self._facts("number")[hits]
        return words, number

    def _array(self, name: str) -> Array:
        def read() -> Array:
            held = self.ledger.events.array(name)
            return held if self.rows is None else taken(held, self.rows)

        return self._once(name, read)

    def _facts(self, name: str) -> Array:
        held = self.ledger.facts.array(name)
        return held if self.fact_rows is None else held[self.fact_rows]

    def _once(self, name: Any, make: Callable[[], T]) -> T:
        if name not in self._cache:
            made: Any = make()
            self._cache[name] = frozen(made) if isinstance(made, np.ndarray) else made
        kept: T = self._cache[name]
        return kept
