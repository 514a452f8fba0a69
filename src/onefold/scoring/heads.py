"""Heads: the best items of each customer by the mixture, of those that he has had and of others.

    head(u) = the 150 best of u's own items, and the 150 best of all others

What is asked for when a list is made (other items only, some left out) does not change a head, so
that an item's probability is the same in every list.
"""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._group import Marks, distinct
from onefold._types import Bools, Codes, Floats, Ints
from onefold.levels.protocol import Choices
from onefold.scoring.rank import Base, best, best_among
from onefold.scoring.views import Views, foresight

DEPTH = 150


@attrs.frozen(eq=False)
class Heads:
    """The heads of n customers, c items in all.

    Row i has the items `codes[offsets[i] : offsets[i + 1]]`, with their probability by the
    mixture (`mass`), by each level (`foreseen`, (c, levels)), and whether the customer has had
    them.
    """

    offsets: Ints = attrs.field(converter=frozen)
    codes: Codes = attrs.field(converter=frozen)
    mass: Floats = attrs.field(converter=frozen)
    had: Bools = attrs.field(converter=frozen)
    foreseen: Floats = attrs.field(converter=frozen)

    @property
    def row(self) -> Ints:
        """The customer (c,) of each item."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def __len__(self) -> int:
        return len(self.offsets) - 1


def heads_of(
    views: Views, choices: Choices, own: Any, bases: Sequence[Base], *, depth: int = DEPTH
) -> Heads:
    """The heads of some rows.

    Args:
        views: The fitted levels.
        choices: The rows (n,).
        own: What the own levels add (n, n_items), csr, weighted.
        bases: What is shared (n,), of all items.
        depth: How many items of each kind.
    """
    marks = Marks(views.n_items)
    codes: list[Codes] = []
    mass: list[Floats] = []
    had: list[Bools] = []
    for i, base in enumerate(bases):  # supports differ by row; each step is a small partition
        here = slice(own.indptr[i], own.indptr[i + 1])
        items, part = own.indices[here], own.data[here]
        mine = own_items(choices, i)
        old = best_among(base, items, part, mine, n=depth, marks=marks)
        new = best(base, items, part, n=depth, excluded=mine, marks=marks)
        codes += [old[0], new[0]]
        mass += [old[1], new[1]]
        had += [np.ones(len(old[0]), dtype=bool), np.zeros(len(new[0]), dtype=bool)]
    sizes = [len(a) + len(b) for a, b in zip(codes[::2], codes[1::2], strict=True)]
    offsets = np.append(0, np.cumsum(np.array(sizes, dtype=np.int64)))
    held = np.concatenate([*codes, np.zeros(0, dtype=np.int32)]).astype(np.int32)
    rows = np.repeat(np.arange(len(sizes)), sizes)
    return Heads(
        offsets,
        held,
        np.concatenate([*mass, np.zeros(0)]),
        np.concatenate([*had, np.zeros(0, dtype=bool)]),
        foresight(views, choices, rows, held),
    )


def own_items(choices: Choices, row: int) -> Codes:
    """The distinct items that a row has had, ascending."""
    found: Codes = distinct(choices.item[choices.offsets[row] : choices.offsets[row + 1]])
    return found
