"""The catalogue: what there is to choose from, and what is known of it.

Products, articles, layouts, campaigns: an item has a kind, a category, a price, attributes,
a text, and a span of time in which it can be had. Items are aligned to a sorted vocabulary.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import hint, quoted
from onefold._columns import Coded, Columns, frozen
from onefold._types import MICROS, NO_MONEY, Array, Bools, Codes, Instant, Ints, Strings, Times
from onefold._vocab import EMPTY, Vocab
from onefold.errors import ColumnError, UnknownName
from onefold.events import door

OWN = ("item", "kind", "category", "price", "text")  # what `to_pandas` shows of every item
ALWAYS = (np.datetime64("1700-01-01", "us"), np.datetime64("2200-01-01", "us"))


@attrs.frozen(eq=False, repr=False)
class Catalog:
    """Items and what is known of them; make one with `Catalog.from_frame`."""

    items: Vocab
    kind: Coded
    category: Coded
    price: Ints
    attributes: Mapping[str, Coded]
    text: Coded
    valid_from: Times
    valid_until: Times

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        item: str,
        kind: str | None = None,
        category: str | None = None,
        price: str | None = None,
        attributes: Sequence[str] | Mapping[str, str] = (),
        text: str | None = None,
        valid_from: str | None = None,
        valid_until: str | None = None,
        tz: str | None = None,
    ) -> "Catalog":
        """Read a frame with one row an item.

        Args:
            frame: A pandas, polars, pyarrow or duckdb frame; it is not changed.
            item: Column of item ids, each once, none missing.
            kind: Column of kinds ("product", "article"), or one kind for all.
            category: Column of categories.
            price: Column of prices, in units of the log's currency; kept in millionths.
            attributes: Further columns: brand, size, colour; or a mapping from an attribute's
                name to its column. Numbers become text; names such as "kind" are refused.
            text: Column of names or descriptions.
            valid_from: Column of instants from which an item can be had; missing is always.
            valid_until: Column of instants from which it no longer can; missing is never.
            tz: Zone in which naive instants are read.

        Returns:
            A catalogue of n items, sorted by id.

        Raises:
            ColumnError: If a column is not there, or an id is missing or occurs twice.

        Examples:
            >>> import pandas as pd
            >>> frame = pd.DataFrame({"sku": ["tea", "jam"], "aisle": ["drinks", "spreads"]})
            >>> catalog = Catalog.from_frame(frame, item="sku", category="aisle")
            >>> catalog["tea"]["category"]
            'drinks'
        """
        call = "Catalog.from_frame"
        opened = door.opened(frame, call)
        ids = opened.ids(item, "item")
        counts = np.bincount(ids.codes[ids.codes >= 0], minlength=len(ids.vocab))
        if (ids.codes < 0).any():
            raise opened.error(item, "item", f"is missing in {int((ids.codes < 0).sum()):,} rows.")
        if (counts > 1).any():
            twice = ids.vocab.values[counts > 1]
            raise opened.error(
                item,
                "item",
                f"holds {len(twice):,} ids more than once, such as {quoted(twice[:3])}. "
                "Keep one row for each item.",
            )
        n = len(ids)
        order = np.empty(n, dtype=np.int64)
        order[ids.codes] = np.arange(n)
        nothing = Coded(np.full(n, -1, dtype=np.int32), EMPTY)

        def words(name: str | None, argument: str) -> Coded:
            return nothing if name is None else opened.texts(name, argument).take(order)

        def attribute(name: str) -> Coded:
            held = opened.anything(name, "attributes")
            return held.take(order) if isinstance(held, Coded) else _text(held[order])

        def instants(name: str | None, argument: str, default: np.datetime64) -> Times:
            if name is None:
                return np.full(n, default)
            told = opened.some_times(name, argument, tz)[order]
            return np.where(np.isnat(told), default, told)

        return cls(
            items=ids.vocab,
            kind=words(kind, "kind"),
            category=nothing if category is None else opened.ids(category, "category").take(order),
            price=frozen(
                np.full(n, NO_MONEY) if price is None else opened.money(price, "price")[order]
            ),
            attributes={
                name: attribute(column)
                for name, column in door.named(attributes, OWN, f"{call}: attributes").items()
            },
            text=nothing if text is None else opened.ids(text, "text").take(order),
            valid_from=frozen(instants(valid_from, "valid_from", ALWAYS[0])),
            valid_until=frozen(instants(valid_until, "valid_until", ALWAYS[1])),
        )

    def __len__(self) -> int:
        return len(self.items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Catalog):
            return NotImplemented
        return self is other or (self.items == other.items and self._table.equals(other._table))

    __hash__ = None  # type: ignore[assignment]

    @property
    def _table(self) -> Columns:
        plain = ("kind", "category", "price", "text", "valid_from", "valid_until")
        named = {f"attribute:{name}": held for name, held in self.attributes.items()}
        return Columns({name: getattr(self, name) for name in plain} | named)

    def __contains__(self, item: object) -> bool:
        return item in self.items

    def __repr__(self) -> str:
        kinds = len(np.unique(self.kind.codes[self.kind.codes >= 0]))
        categories = len(np.unique(self.category.codes[self.category.codes >= 0]))
        return f"Catalog({len(self):,} items, {kinds:,} kinds, {categories:,} categories)"

    def __getitem__(self, item: str) -> dict[str, Any]:
        """What is known of one item; what is not known is left out."""
        code = self.items.code(str(item))
        if code < 0:
            raise UnknownName(f"Catalog: no item {item!r}.{hint(item, self.items.values[:5000])}")
        out: dict[str, Any] = {}
        for name in ("kind", "category", *self.attributes, "text"):
            word = self.column(name).decode()[code]
            if word is not None:
                out[name] = word
        if self.price[code] != NO_MONEY:
            out["price"] = self.price[code] / MICROS
        return out

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of words: kind, category, text, and the attributes."""
        return ("kind", "category", "text", *self.attributes)

    def column(self, name: str) -> Coded:
        """One column of words over the items: kind, category, text, or an attribute."""
        if name in ("kind", "category", "text"):
            held: Coded = getattr(self, name)
            return held
        if name not in self.attributes:
            known = self.columns
            raise ColumnError(
                f"Catalog: no column {name!r}. Columns: {quoted(known)}.{hint(name, known)}"
            )
        return self.attributes[name]

    def codes(self, name: str, items: Vocab) -> Codes:
        """Codes of column `name` for items in the order of another vocabulary; -1 unknown."""
        held = self.column(name).codes
        return np.append(held, np.int32(-1))[self.items.translation(items)]

    def available(self, items: Vocab, at: Instant) -> Bools:
        """Which of `items` can be had at an instant; items not in the catalogue can."""
        moment = _time.instant(at, "Catalog.available: at")
        now = (self.valid_from <= moment) & (moment < self.valid_until)
        return np.append(now, True)[self.items.translation(items)]

    def to_pandas(self) -> pd.DataFrame:
        """One row an item, sorted by id."""
        out: dict[str, Array | Strings] = {"item": self.items.values.copy()}
        for name in ("kind", "category"):
            out[name] = self.column(name).decode()
        out["price"] = np.where(self.price == NO_MONEY, np.nan, self.price / MICROS)
        for name in (*self.attributes, "text"):
            out[name] = self.column(name).decode()
        return pd.DataFrame(out)


def _text(numbers: Array) -> Coded:
    words = [None if np.isnan(x) else f"{x:g}" for x in numbers.tolist()]
    vocab = Vocab.of(w for w in words if w is not None)
    return Coded(vocab.codes(words), vocab)
