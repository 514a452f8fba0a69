"""Identifiers joined by what they came with, and how well a partition agrees with the truth.

Union-find joins all identifiers of an event and guards nothing: one kiosk, and strangers are one
customer. It stands beside every score, for what a guard is worth is the difference. A partition
is judged by B-cubed, item by item, so that a large customer counts by its size:

    precision(e) = |C(e) & P(e)| / |C(e)|        recall(e) = |C(e) & P(e)| / |P(e)|

C(e) are the items in e's customer, P(e) those of e's true person.
"""

import attrs
import numpy as np
import pandas as pd

from onefold._types import Floats, Ints, Strings
from onefold.errors import ArgumentError

ALONE = -1  # an item that belongs to no customer


@attrs.frozen(eq=False, repr=False)
class Bundles:
    """The identifiers of n events as numbers, and what the numbers mean.

    Args:
        numbers: (n, k) positions in `types` and `values`; -1 where there is none.
        types: (m,) type of each identifier.
        values: (m,) its value.
    """

    numbers: Ints
    types: Strings
    values: Strings

    def names(self) -> pd.DataFrame:
        """One row an identifier: type and value."""
        return pd.DataFrame({"type": self.types, "value": self.values})


def joined(numbers: Ints, n: int) -> Ints:
    """Component (n,) of each identifier, when all of a row (r, k) are joined; -1 in none.

    Components are numbered as they first appear.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    first = first_of(numbers)
    ends = np.concatenate([np.empty((2, 0), dtype=np.int64), *_pairs(numbers, first)], axis=1)
    graph = coo_matrix((np.ones(ends.shape[1], dtype=np.int8), (ends[0], ends[1])), (n, n))
    _, labels = connected_components(graph.tocsr().astype(bool), directed=False)
    return np.asarray(pd.factorize(labels)[0], dtype=np.int64)


def _pairs(numbers: Ints, first: Ints) -> list[Ints]:
    out = []
    for column in numbers.T:  # some ten columns
        both = (column >= 0) & (column != first)
        out.append(np.unique(np.stack([first[both], column[both]]), axis=1))
    return out


def first_of(numbers: Ints) -> Ints:
    """The first number (r,) of each row (r, k) that is there; -1 where none is."""
    if not numbers.shape[1]:
        return np.full(len(numbers), -1, dtype=np.int64)
    place = (numbers >= 0).argmax(axis=1)
    return np.asarray(numbers[np.arange(len(numbers)), place], dtype=np.int64)


def main_parts(person: Ints, numbers: Ints) -> tuple[Ints, Ints]:
    """The part (r,) of a person's identifiers that each row belongs to; whether it is the main.

    Only what this person did joins: the best that any resolver could know. Parts of one person
    that nothing they did ever joined (a browser in which they never signed in) can't be known to
    be one person's. The main part is the one with most rows; of several the first.

    Returns:
        Parts (r,), -1 for a row without identifiers; and 1 where it is its person's main part.
    """
    rows, columns = np.nonzero(numbers >= 0)
    mine = person[rows] * (numbers.max(initial=0) + 1) + numbers[rows, columns]
    nodes, places = np.unique(mine, return_inverse=True)
    own = np.full(numbers.shape, -1, dtype=np.int64)
    own[rows, columns] = places.ravel()
    labels = joined(own, len(nodes))
    first = first_of(own)
    part = np.where(first < 0, -1, labels[first] if len(labels) else -1)
    some = np.flatnonzero(part >= 0)
    sizes = np.bincount(part[some], minlength=len(labels))
    order = some[np.lexsort((part[some], -sizes[part[some]], person[some]))]
    who, at = np.unique(person[order], return_index=True)
    best = np.full(int(person.max(initial=-1)) + 1, -1, dtype=np.int64)
    best[who] = part[order[at]]
    return part, np.asarray((part >= 0) & (part == best[person]), dtype=np.int64)


def b_cubed(found: Ints, person: Ints) -> tuple[Floats, Floats]:
    """Precision and recall of each item (n,) by B-cubed.

    Args:
        found: (n,) customer of each item, -1 for none: such an item is alone.
        person: (n,) true person of each item.

    Source: Bagga and Baldwin, "Algorithms for scoring coreference chains", LREC workshop on
    linguistic coreference, 1998. Why this measure: Amigó, Gonzalo, Artiles and Verdejo, "A
    comparison of extrinsic clustering evaluation metrics based on formal constraints",
    Information Retrieval 12 (2009).
    """
    if found.shape != person.shape:
        raise ArgumentError(f"found has the shape {found.shape} and person {person.shape}.")
    alone = np.flatnonzero(found < 0)
    cells = found.astype(np.int64).copy()
    cells[alone] = found.max(initial=-1) + 1 + np.arange(len(alone))
    wide = int(person.max(initial=0)) + 1
    both = _sizes(cells * wide + person)
    return both / _sizes(cells), both / _sizes(person)


def _sizes(labels: Ints) -> Floats:
    """How many items (n,) have the label of each."""
    _, which, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.asarray(counts[which.ravel()], dtype=np.float64)
