"""What a trait is, and what it reads.

A trait is any object with a name and one method; it needs to import nothing from here:

    class Streak:
        name = "streak"
        def read(self, history, *, as_of): ...     # -> (n,) or (n, k)

It is a pure function of one person's events before a moment, in canonical order. `History`
holds the events of n rows (people, or people as of moments) one row after another: row i has
`offsets[i] : offsets[i + 1]`. Whoever reads it sees no event at or after `as_of`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import attrs
import numpy as np

from onefold._check import hint, quoted, text
from onefold._columns import Coded, frozen
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
from onefold.events.log import PROPERTY
from onefold.ledger import Ledger, bisect, ranges

T = TypeVar("T")


@runtime_checkable
class Trait(Protocol):
    """A named, pure function of one person's events before a moment.

    It may also have `unit`, one of "days", "money", "share" or "years", for those who read it,
    and `labels`, the names of its k columns.
    """

    @property
    def name(self) -> str:
        """Under which it is read."""
        ...

    def read(self, history: "History", *, as_of: Times) -> Any:
        """A number or a text (n,) for each row, or k of them (n, k)."""
        ...


@attrs.frozen(eq=False, repr=False)
class Wide:
    """A trait with a number for each of many labels, mostly zero: kept sparse.

    Row i holds `values[offsets[i] : offsets[i + 1]]` for the labels with those `codes`; other
    labels are 0 where the row is `known`, and missing where it is not.
    """

    labels: Strings
    offsets: Ints
    codes: Codes
    values: Floats
    known: Bools

    def __len__(self) -> int:
        return len(self.known)

    def column(self, label: str) -> Floats:
        """One label's number for each row (n,); a label nobody has is 0 for all who are known."""
        out = np.where(self.known, 0.0, np.nan)
        where = np.flatnonzero(self.labels == label)
        if len(where):
            hits = np.flatnonzero(self.codes == where[0])
            out[np.searchsorted(self.offsets, hits, side="right") - 1] = self.values[hits]
        return out

    def dense(self) -> Floats:
        """All numbers (n, k), in the order of `labels`."""
        out = np.where(self.known, 0.0, np.nan)[:, None].repeat(len(self.labels), axis=1)
        rows = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        out[rows, self.codes] = self.values
        return out

    def row(self, i: int) -> dict[str, float]:
        """The labels of one row with their numbers, the largest first."""
        here = slice(self.offsets[i], self.offsets[i + 1])
        pairs = zip(self.labels[self.codes[here]].tolist(), self.values[here].tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


@attrs.frozen(eq=False, repr=False)
class History:
    """The events and facts of n rows, in canonical order, for traits and levels to read.

    All arrays are read-only. `time` is in UTC, `value` in micros (`missing_value` where there
    is none), `local` in seconds that the customer's clock is ahead of UTC (-2147483648 where it
    is not known); codes are -1 where missing.
    """

    ledger: Ledger
    offsets: Ints = attrs.field(converter=frozen)
    rows: Ints | None  # positions in the ledger, None for all of them
    fact_offsets: Ints = attrs.field(converter=frozen)
    fact_rows: Ints | None
    catalog: Catalog | None = None
    _cache: dict[Any, Any] = attrs.field(init=False, factory=dict)

    @classmethod
    def of(cls, ledger: Ledger, catalog: Catalog | None = None) -> "History":
        """The whole history of everybody in a ledger."""
        return cls(ledger, ledger.offsets, None, ledger.fact_offsets, None, catalog)

    @classmethod
    def before(
        cls, ledger: Ledger, people: Ints, *, moments: Times, catalog: Catalog | None = None
    ) -> "History":
        """Row i is the history of person `people[i]` before `moments[i]`; -1 is nobody."""
        events = _slices(ledger.offsets, people, ledger.events.array("time"), moments)
        facts = _slices(ledger.fact_offsets, people, ledger.facts.array("time"), moments)
        return cls(ledger, events[1], events[0], facts[1], facts[0], catalog)

    def between(self, start: int, stop: int) -> "History":
        """The history of the rows from `start` up to `stop`."""
        events = _part(self.offsets, self.rows, start, stop)
        facts = _part(self.fact_offsets, self.fact_rows, start, stop)
        return History(self.ledger, *events, *facts, self.catalog)

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
        return column.take(self.rows) if isinstance(column, Coded) else frozen(column[self.rows])

    def words(self, of: str) -> Coded:
        """The label of each event (m,), -1 where it has none.

        Labels are its kind, item, channel, a property, or a column of the catalogue for its item:
        category, an attribute.
        """
        return self._once(("words", of), lambda: self._words(of))

    def _words(self, of: str) -> Coded:
        if of in ("kind", "item", "channel", "basket"):
            return Coded(self._array(of), self.ledger.events.coded(of).vocab)
        if of in self.properties:
            held = self.extra(of)
            if isinstance(held, Coded):
                return held
            raise UnknownName(f"history: property {of!r} holds numbers; labels are text.")
        if self.catalog is None:
            if of == "category":
                return Coded(np.full(len(self.time), -1, dtype=np.int32), Vocab.of([]))
            known = ("kind", "item", "channel", *self.properties)
            raise UnknownName(
                f"history: no label {of!r}; there is no catalogue. Labels: {quoted(known)}."
            )
        codes = np.append(self.catalog.codes(of, self.items), np.int32(-1))[self.item]
        return Coded(codes, self.catalog.column(of).vocab)

    def where(self, kind: str | None) -> "History":
        """The same rows with only their events of one kind; facts stay."""
        return self if kind is None else self._once(("where", kind), lambda: self._where(kind))

    def _where(self, kind: str) -> "History":
        code = self.kinds.code(kind)
        keep = self.kind == code if code >= 0 else np.zeros(len(self.kind), dtype=bool)
        if keep.all():
            return self
        running = np.zeros(len(keep) + 1, dtype=np.int64)
        np.cumsum(keep, out=running[1:])
        offsets = running[self.offsets]
        rows = np.flatnonzero(keep) if self.rows is None else self.rows[keep]
        return History(self.ledger, offsets, rows, self.fact_offsets, self.fact_rows, self.catalog)

    @property
    def visits(self) -> tuple[Ints, Ints]:
        """The visit of each event (m,), and the offsets (n + 1,) of each row's visits.

        Visits are numbered over all rows, in the order of their first events. Events of one basket
        are one visit; without a basket, events of one instant are.
        """
        return self._once("visits", self._visits)

    def _visits(self) -> tuple[Ints, Ints]:
        row, basket = self.row, self.basket.astype(np.int64)
        loose = basket < 0
        time = self.time.view(np.int64)
        what = np.where(loose, time, basket)
        new = np.ones(len(row), dtype=bool)
        new[1:] = (row[1:] != row[:-1]) | (what[1:] != what[:-1]) | (loose[1:] != loose[:-1])
        run = np.cumsum(new) - 1
        starts = np.flatnonzero(new)
        # A basket may be interrupted by other events; its runs are one visit, that of the first.
        order = np.lexsort((starts, what[starts], loose[starts], row[starts]))
        first = np.ones(len(order), dtype=bool)
        a, b = starts[order[1:]], starts[order[:-1]]
        first[1:] = (row[a] != row[b]) | (what[a] != what[b]) | (loose[a] != loose[b])
        leader = np.empty(len(order), dtype=np.int64)
        leader[order] = order[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
        leads = np.zeros(len(order), dtype=bool)
        leads[leader] = True
        number = np.cumsum(leads) - 1
        visit = number[leader][run]
        running = np.zeros(len(row) + 1, dtype=np.int64)
        is_lead = np.zeros(len(row), dtype=np.int64)
        is_lead[starts[leads]] = 1
        np.cumsum(is_lead, out=running[1:])
        return frozen(visit), frozen(running[self.offsets])

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
            return held if self.rows is None else frozen(held[self.rows])

        return self._once(name, read)

    def _facts(self, name: str) -> Array:
        held = self.ledger.facts.array(name)
        return held if self.fact_rows is None else held[self.fact_rows]

    def _once(self, name: Any, make: Callable[[], T]) -> T:
        if name not in self._cache:
            self._cache[name] = make()
        kept: T = self._cache[name]
        return kept


def labelled(
    rows: Ints, codes: Codes, weights: Floats, vocab: Vocab, n: int, *, share: bool
) -> Wide:
    """Sum weights (m,) by row and label into a `Wide`; events without a label are left out.

    With `share` each row's numbers are divided by their sum.
    """
    if (codes < 0).any():
        kept = np.flatnonzero(codes >= 0)
        rows, codes, weights = rows[kept], codes[kept], weights[kept]
    width = max(len(vocab), 1)
    cells, sums = _summed(rows * width + codes, weights, n * width)
    owner, label = np.divmod(cells, width)
    counts = np.bincount(owner, minlength=n)
    if share:
        total = np.bincount(owner, weights=sums, minlength=n)[owner]
        sums = np.divide(sums, total, out=np.zeros_like(sums), where=total != 0)
    used = np.flatnonzero(np.bincount(label, minlength=width))
    local = np.zeros(width, dtype=np.int32)
    local[used] = np.arange(len(used))
    offsets = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(counts[:n], out=offsets[1:])
    return Wide(
        vocab.values[used] if len(vocab) else np.array([], dtype=object),
        frozen(offsets),
        frozen(local[label]),
        frozen(sums),
        frozen(counts[:n] > 0),
    )


def _summed(cell: Ints, weights: Floats, most: int) -> tuple[Ints, Floats]:
    """Cells that occur, ascending, and the sum of each, added up in the order of the events."""
    if most <= 4 * len(cell) + 1024:  # few labels: one bin for each cell
        there = np.flatnonzero(np.bincount(cell, minlength=most))
        return there, np.bincount(cell, weights=weights, minlength=most)[there].astype(np.float64)
    order = np.argsort(cell, kind="stable")
    cell = cell[order]
    new = np.ones(len(cell), dtype=bool)
    new[1:] = cell[1:] != cell[:-1]
    group = np.cumsum(new) - 1
    return cell[new], np.bincount(group, weights=weights[order]).astype(np.float64)


def kind_or_none(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    """A setting of a trait that names a kind of event, or None for every kind."""
    if value is not None:
        text(value, f"{type(instance).__name__}: {attribute.name}")


def some_name(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    """A setting of a trait that is a name."""
    text(value, f"{type(instance).__name__}: {attribute.name}")


def trait_of(trait: Any, name: str) -> Trait:
    """Check that an object is a trait, and return it."""
    from onefold.errors import ContractError

    if not isinstance(getattr(trait, "name", None), str) or not callable(
        getattr(trait, "read", None)
    ):
        raise ContractError(
            f"{name} holds {trait!r}, which is not a trait. A trait has a string `name` and a "
            "method `read(history, *, as_of)`; see onefold.testing.check_trait."
        )
    checked: Trait = trait
    return checked


def checked_reading(trait: Trait, reading: Any, n: int) -> Any:
    """What a trait returned, if it has a row for each person; else an error that names it."""
    from onefold.errors import ContractError

    if isinstance(reading, Wide):
        if len(reading) != n:
            raise ContractError(f"trait {trait.name!r} returned {len(reading)} rows for {n}.")
        return reading
    array = np.array(reading)  # a copy: what a plug-in keeps stays its own
    if array.ndim not in (1, 2) or len(array) != n:
        raise ContractError(
            f"trait {trait.name!r} returned an array of shape {array.shape} for {n} rows; "
            f"({n},) or ({n}, k) is allowed."
        )
    if array.dtype.kind in "biuf":
        array = array.astype(np.float64)
    if array.dtype.kind not in "fO":
        array = array.astype(object)
    return frozen(array)


def label_names(trait: Trait, width: int) -> Sequence[str]:
    """Names of the columns of a trait of shape (n, width): its own `labels`, or numbers."""
    own = getattr(trait, "labels", None)
    if own is not None and not callable(own) and len(own) == width:
        return [str(label) for label in own]
    return [str(i) for i in range(width)]


def _part(offsets: Ints, rows: Ints | None, start: int, stop: int) -> tuple[Ints, Ints]:
    low, high = int(offsets[start]), int(offsets[stop])
    held = np.arange(low, high) if rows is None else rows[low:high]
    return offsets[start : stop + 1] - low, held


def _slices(offsets: Ints, people: Ints, times: Array, moments: Times) -> tuple[Ints, Ints]:
    bounds = np.append(offsets, offsets[-1])
    nobody = np.where(people < 0, len(offsets) - 1, people)
    starts = bounds[nobody]
    stops = bisect(times, starts, bounds[nobody + 1], moments)
    return ranges(starts, stops)


Readings = Mapping[str, Any]
