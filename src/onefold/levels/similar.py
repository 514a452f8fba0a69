"""Similar: what is like this customer's items by the catalogue, for items with few or no events.

    p(i | u) ~ (a_i . q_u)^power * few / (few + customers of i),       q_u = sum of w_uj a_j

a_i are what the catalogue says of i: its kind, category and attributes, its band of price (half a
doubling wide) and the words of its text, each weighted by ln((1 + items) / (1 + items with it)),
of length 1. w_uj are the customer's choices, decayed. Left out is what the customer has had and
what cannot be had as of the fit; of the rest the `top` best are kept.

Items of the catalogue that nobody has chosen yet can be ranked where a level says `cold`. Memory
is what the catalogue says, and one block of rows by items.
"""

from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._columns import frozen
from onefold._group import distinct
from onefold._types import MICROS, NO_MONEY, Array, Bools, Codes, Duration, Floats, Ints
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.levels.ease import BLOCK, largest
from onefold.levels.protocol import Choices, normal_rows, rows_of
from onefold.levels.settings import above_zero, counted, named


def _half_life(value: Duration) -> np.timedelta64:
    return _time.duration(value, "Similar: half_life")


@attrs.frozen
class Similar:
    """What is like the customer's items by the catalogue; not one of `LEVELS`.

    Args:
        half_life: The age at which a choice counts half.
        few: Customers with whom an item counts half as much as one that nobody has chosen.
        power: Above 1, what is most alike counts more than its share.
        top: Items kept of each row.
        name: The level's name.

    Raises:
        ArgumentError: If a setting is not allowed.

    Examples:
        >>> Similar().cold
        True
    """

    half_life: np.timedelta64 = attrs.field(default="90D", converter=_half_life)
    few: float = attrs.field(default=5.0, kw_only=True, validator=above_zero)
    power: float = attrs.field(default=2.0, kw_only=True, validator=above_zero)
    top: int = attrs.field(default=200, kw_only=True, validator=counted)
    name: str = attrs.field(default="similar", kw_only=True, validator=named)

    @property
    def cold(self) -> bool:
        """That it has something to say of items that nobody has chosen yet."""
        return True

    def fit(self, history: Choices, *, as_of: np.datetime64, rng: object) -> "FittedSimilar":
        from scipy.sparse import csr_matrix

        n = history.n_items
        made = (self.name, self.half_life, self.power, self.top)
        if history.catalog is None:
            return FittedSimilar(*made, csr_matrix((n, 0), dtype=np.float64), np.zeros(n))
        width = np.int64(max(n, 1))
        pairs = distinct(history.row * width + history.item)
        customers = np.bincount(pairs % width, minlength=n)[:n]
        rare = self.few / (self.few + customers)
        rare[~history.catalog.available(history.items, as_of)] = 0.0
        return FittedSimilar(*made, _described(history.catalog, history.items), rare)


@attrs.frozen(eq=False)
class FittedSimilar:
    """What is said of each item: csr (n_items, words), and how far its few events favour it."""

    name: str
    half_life: np.timedelta64
    power: float
    top: int
    table: Any
    rare: Floats = attrs.field(converter=frozen)

    @property
    def silent(self) -> bool:
        """Whether there is nothing to say to anybody: no catalogue."""
        return bool(self.table.nnz == 0)

    def own(self, rows: Choices) -> Any:
        """What is like each row's items (n, n_items); empty where nothing is known."""
        from scipy.sparse import csr_matrix, vstack

        shape = (len(rows), rows.n_items)
        if self.silent or not len(rows):
            return csr_matrix(shape, dtype=np.float64)
        asked = (self._asked(rows) @ self.table).tocsr()
        size = max(1, BLOCK // max(rows.n_items, 1))
        blocks = [self._block(rows, asked, at, size) for at in range(0, len(rows), size)]
        return normal_rows(vstack(blocks, format="csr"))

    def because(self, rows: Choices, row: Ints, items: Ints) -> list[str]:
        """The own item of a row (c,) that is most like an item (c,), in words."""
        asked = self._asked(rows)
        out = []
        for at, item in zip(row.tolist(), items.tolist(), strict=True):  # words, one by one
            mine = asked[at]
            alike = (self.table[mine.indices] @ self.table[item].T).todense()
            told = mine.data * np.asarray(alike).ravel()
            if not told.size or told.max() <= 0:
                out.append("not like what was chosen")
                continue
            best = rows.items[int(mine.indices[np.argmax(told)])]
            out.append(f"like {best!r} by the catalogue")
        return out

    def _asked(self, rows: Choices) -> Any:
        """The weight of each own item as a question (n, n_items)."""
        last = np.zeros(len(rows), dtype="datetime64[us]")
        some = np.flatnonzero(np.diff(rows.offsets) > 0)
        last[some] = rows.time[rows.offsets[1:][some] - 1]
        since: Array = rows.time - last[rows.row]
        lives: Floats = since / self.half_life
        return rows_of(rows, np.exp2(np.maximum(lives, -100.0)))

    def _block(self, rows: Choices, asked: Any, start: int, size: int) -> Any:
        stop = min(start + size, len(rows))
        alike = np.ascontiguousarray((self.table @ asked[start:stop].T).toarray().T)
        alike = np.where(alike > 1e-12, alike, 0.0) ** self.power * self.rare
        cells = slice(rows.offsets[start], rows.offsets[stop])
        alike[rows.row[cells] - start, rows.item[cells]] = 0.0  # what they have had
        return largest(alike, self.top)


def _described(catalog: Catalog, items: Vocab) -> Any:
    """What the catalogue says of each item as weights of length 1: csr (n_items, words)."""
    from scipy.sparse import csr_matrix, diags

    n = len(items)
    names = ("kind", "category", *catalog.attributes)
    columns = [catalog.codes(name, items) for name in names]
    columns.append(np.append(_bands(catalog), np.int32(-1))[catalog.items.codes(items.values)])
    item, word, width = [], [], 0
    for codes in columns:
        here = np.flatnonzero(codes >= 0)
        item.append(here)
        word.append(codes[here].astype(np.int64) + width)
        width += int(codes.max(initial=-1)) + 1
    texts = catalog.codes("text", items)
    here = np.flatnonzero(texts >= 0)
    of_text, words, many = _words(catalog.column("text").vocab)
    order = np.argsort(texts[here], kind="stable")
    first = np.searchsorted(texts[here][order], of_text)
    times = np.searchsorted(texts[here][order], of_text, side="right") - first
    at = np.repeat(first, times) + _counting(times)
    item.append(here[order][at])
    word.append(np.repeat(words, times) + width)
    where = (np.concatenate(item), np.concatenate(word))
    held = csr_matrix((np.ones(len(where[0])), where), shape=(n, width + many))
    held.sum_duplicates()
    held.data[:] = 1.0
    items_with = np.bincount(held.indices, minlength=held.shape[1])
    weights = np.where(items_with > 1, np.log((1 + n) / (1 + items_with)), 0.0)
    held = (held @ diags(weights)).tocsr()
    held.eliminate_zeros()
    length = np.sqrt(np.asarray(held.multiply(held).sum(axis=1)).ravel())
    held.data /= np.repeat(length, np.diff(held.indptr))
    return held


def _bands(catalog: Catalog) -> Codes:
    """The band of price (items of the catalogue,), half a doubling wide; -1 where there is none."""
    known: Bools = (catalog.price != NO_MONEY) & (catalog.price > 0)
    bands = np.full(len(catalog.price), -1, dtype=np.int32)
    steps = np.floor(2 * np.log2(catalog.price[known] / MICROS)).astype(np.int32)
    bands[known] = steps - steps.min(initial=0)
    return bands


def _words(texts: Vocab) -> tuple[Ints, Ints, int]:
    """For each word of each text: the text, the word's code; and how many words there are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(texts):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 0
    split = pc.split_pattern_regex(pc.utf8_lower(texts.text.cast(pa.string())), r"[^\pL\pN]+")
    of_text = pc.list_parent_indices(split).to_numpy(zero_copy_only=False).astype(np.int64)
    words = pc.list_flatten(split)
    long = pc.greater(pc.utf8_length(words), 1).to_numpy(zero_copy_only=False)
    coded = words.dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return of_text[long], codes[long], len(coded.dictionary)


def _counting(times: Ints) -> Ints:
    """0, 1, ... up to each number of times."""
    out: Ints = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    return out
