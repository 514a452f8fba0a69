"""Ranking: the n most probable items, exactly, without looking at the whole catalogue.

    p(i) = base(i) + own(i)

The base is dense but shared by all customers of one segment, persona and bucket of evidence;
own is sparse and non-negative. So the n best items are among those of `own` and the first
n + x of the base, x being how many of those are excluded: an item outside both has n items
before it. Of equal scores the item that sorts first comes first.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._check import is_whole
from onefold._columns import frozen
from onefold._display import html_table, number, text_table
from onefold._group import Marks
from onefold._types import Bools, Codes, Floats, Ints, Strings
from onefold._vocab import Vocab
from onefold.errors import UnknownCustomer


@attrs.frozen(eq=False, repr=False)
class Ranking:
    """Lists of items for customers, best first.

    Row i has the items `codes[offsets[i] : offsets[i + 1]]`; where they are fewer than n,
    `short` says why.
    """

    customers: Strings
    offsets: Ints = attrs.field(converter=frozen)
    codes: Codes = attrs.field(converter=frozen)
    scores: Floats = attrs.field(converter=frozen)
    items: Vocab
    n: int
    reason: str | Strings | None = None  # one for all, or one for each (None where there are n)

    def __len__(self) -> int:
        return len(self.customers)

    def __iter__(self) -> Iterator[tuple[str, list[str]]]:
        """Customers with their lists."""
        for i, customer in enumerate(self.customers.tolist()):
            yield customer, self.of(i)

    def of(self, customer: str | int = 0) -> list[str]:
        """The list of one customer, best first.

        Args:
            customer: An id, or a position from 0 (a whole number is a position, not an id).

        Raises:
            UnknownCustomer: If the customer is not among those who were ranked.
        """
        i = customer
        if isinstance(customer, str):
            found = np.flatnonzero(self.customers == customer)
            i = int(found[0]) if len(found) else len(self)
        if isinstance(i, str) or not is_whole(i) or not 0 <= i < len(self):
            raise UnknownCustomer(
                f"Ranking.of: customer {customer!r} is not among the {len(self):,} ranked; "
                "give an id, or a position from 0."
            )
        here = self.codes[self.offsets[i] : self.offsets[i + 1]]
        return [str(word) for word in self.items.values[here]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ranking):
            return NotImplemented
        return bool(self.to_pandas().equals(other.to_pandas()))

    __hash__ = None  # type: ignore[assignment]

    @property
    def short(self) -> pd.DataFrame:
        """Customers with fewer than n items, how many they have, and why."""
        given = np.diff(self.offsets)
        few = np.flatnonzero(given < self.n)
        said = np.array("" if self.reason is None else self.reason, dtype=object)
        reasons = np.broadcast_to(said, len(self))[few]
        return pd.DataFrame(
            {"customer": self.customers[few], "given": given[few], "reason": reasons}
        )

    def to_pandas(self) -> pd.DataFrame:
        """One row for each customer and item: customer, item, score, rank (1 is the best).

        The score is the probability that the customer's next choice is this item. The order is
        that of the scores, but for lists that were asked for with `calibrate`.
        """
        given = np.diff(self.offsets)
        owner = np.repeat(np.arange(len(self)), given)
        rank = np.arange(len(self.codes)) - self.offsets[owner] + 1
        return pd.DataFrame(
            {
                "customer": self.customers[owner],
                "item": self.items.values[self.codes],
                "score": self.scores.copy(),
                "rank": rank,
            }
        )

    def _shown(self) -> tuple[list[list[str]], list[str]]:
        frame = self.to_pandas().head(20)
        rows = [[str(c), str(i), number(s), str(r)] for c, i, s, r in frame.itertuples(index=False)]
        return rows, list(frame.columns)

    def __repr__(self) -> str:
        more = "" if len(self.codes) <= 20 else f"\n... {len(self.codes) - 20:,} rows more"
        return f"Ranking({len(self):,} customers, n={self.n})\n" + text_table(*self._shown()) + more

    def _repr_html_(self) -> str:
        return html_table(*self._shown(), caption=f"{len(self):,} customers, the best {self.n}")


@attrs.frozen(eq=False)
class Base:
    """A shared distribution over items with its head in order, made longer when asked."""

    scores: Floats
    allowed: Bools | None
    _held: list[tuple[Codes, bool]] = attrs.field(init=False, factory=list)

    def head(self, k: int) -> Codes:
        """The first k allowed items with a probability above zero, best first."""
        held = self._held[-1] if self._held else None
        if held is None or (len(held[0]) < k and not held[1]):
            held = self._sorted(max(2 * k, 64))
            self._held[:] = [held]
        return held[0][:k]

    def _sorted(self, k: int) -> tuple[Codes, bool]:
        scores = self.scores if self.allowed is None else np.where(self.allowed, self.scores, 0.0)
        cut = np.partition(scores, len(scores) - k)[len(scores) - k] if k < len(scores) else 0.0
        near = np.flatnonzero(scores >= cut if cut > 0 else scores > 0)
        order = np.lexsort((near, -scores[near]))
        return near[order].astype(np.int32), bool(cut <= 0)


def best(
    base: Base, items: Codes, own: Floats, *, n: int, excluded: Codes | None, marks: Marks
) -> tuple[Codes, Floats]:
    """The n best items of one customer and their scores.

    Args:
        base: What is shared.
        items: (s,) distinct items with a part of their own.
        own: (s,) that part.
        n: How many.
        excluded: Items that may not be chosen, distinct.
        marks: A board as long as the catalogue.
    """
    head = base.head(n + (0 if excluded is None else len(excluded)))
    if base.allowed is not None:
        kept = base.allowed[items]
        items, own = items[kept], own[kept]
    extra = head[~marks.inside(head, items)]
    codes = np.concatenate([items, extra])
    scores = base.scores[codes]
    scores[: len(items)] += own
    keep = scores > 0
    if excluded is not None and len(excluded):
        keep &= ~marks.inside(codes, excluded)
    codes, scores = codes[keep], scores[keep]
    if len(codes) > 4 * n:
        cut = np.partition(scores, len(scores) - n)[len(scores) - n]
        near = scores >= cut
        codes, scores = codes[near], scores[near]
    order = np.lexsort((codes, -scores))[:n]
    return codes[order], scores[order]


def best_among(
    base: Base, items: Codes, part: Floats, few: Codes, *, n: int, marks: Marks
) -> tuple[Codes, Floats]:
    """The n best of a few items, ascending and distinct."""
    few = few if base.allowed is None else few[base.allowed[few]]
    scores = base.scores[few]
    kept = marks.inside(items, few)
    scores[np.searchsorted(few, items[kept])] += part[kept]
    order = np.lexsort((few, -scores))[:n]
    return few[order], scores[order]


def ranking(
    customers: Strings,
    lists: Sequence[tuple[Any, Any]],
    items: Vocab,
    n: int,
    reason: str | Strings,
) -> Ranking:
    """Lists of codes and scores as a `Ranking`."""
    offsets = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum([len(codes) for codes, _ in lists], out=offsets[1:])
    codes = np.concatenate([c for c, _ in lists]) if lists else np.zeros(0, np.int32)
    scores = np.concatenate([s for _, s in lists]) if lists else np.zeros(0)
    return Ranking(customers, offsets, codes.astype(np.int32), scores, items, n, reason)


def why_short(among: object, exclude: object, repeats: bool) -> str:
    """The reason for a list of fewer than n items."""
    return f"no more items to choose from{limits_of(among, exclude, repeats)}"


def limits_of(among: object, exclude: object, repeats: bool) -> str:
    """What leaves items out, in words."""
    asked = {"among": among is not None, "exclude": exclude is not None, "repeats": not repeats}
    limits = [f"{name}=" for name, given in asked.items() if given]
    return f" within {', '.join(limits)}" if limits else ""
