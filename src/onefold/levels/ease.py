"""Ease: what goes with this customer's items, all of them weighed against each other at once.

    B = I - P diag(1 / diag P),        P = (X'X + ridge I)^-1,        x_ui = 1 if u has chosen i
    p(i | u) ~ sum over own items j of x_uj max(B_ji, 0),      x_uj ~ sum of e^{-(visits ago)/tau}

Of each row j the `top` largest are kept. A closed form (Steck 2019), for dense catalogues. With
fewer customers than items P is had by way of the customers: P = (I - X'(XX' + ridge I)^-1 X)/ridge.

Memory is one matrix of d = min(customers, items) squared, one of d by items where customers are
fewer, and blocks: at 20,000 items and as many customers 1.6 GB, with 2,500 customers .5 GB.
"""

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from onefold._check import whole
from onefold._group import distinct
from onefold._types import Array, Floats, Ints
from onefold.errors import ArgumentError
from onefold.levels.protocol import Choices, normal_rows, rows_of
from onefold.levels.settings import above_zero, counted, named

MOST = 20_000  # items: beyond it the closed form takes too long
EXACT = 10_000  # rows up to which the inverse is had in double precision: 800 MB
FAINT = 13.8  # times tau: visits ago from which on nothing is asked, e^-13.8 = 1e-6
BLOCK = 1 << 24  # numbers of a block of rows: 128 MB


def _most(level: Any, field: "attrs.Attribute[Any]", value: Any) -> None:
    if whole(value, "Ease: most") > MOST:
        raise ArgumentError(
            f"Ease: most is {value!r}; it takes at most {MOST:,} items, since the time grows with "
            "its cube. Leave the others to onefold.levels.Neighbours."
        )


@attrs.frozen
class Ease:
    """An item-to-item regression in closed form, for dense catalogues.

    Among `LEVELS` it is kept to catalogues of at most 5,000 items, where it is quick.

    Source: Harald Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019, eq. 8.

    Args:
        ridge: Of the regression; the larger, the less is said of items with few customers.
        tau: Decay of a customer's own visits, when asked.
        top: Largest coefficients kept of each item.
        most: Items considered, those with the most customers; at most 20,000.
        within: Largest catalogue of which anything is said; None for any.
        name: The level's name.

    Raises:
        ArgumentError: If a setting is not allowed.

    Examples:
        >>> Ease(most=5_000).name
        'ease'
    """

    ridge: float = attrs.field(default=300.0, kw_only=True, validator=above_zero)
    tau: float = attrs.field(default=5.0, kw_only=True, validator=above_zero)
    top: int = attrs.field(default=100, kw_only=True, validator=counted)
    most: int = attrs.field(default=10_000, kw_only=True, validator=_most)
    within: int | None = attrs.field(
        default=None, kw_only=True, validator=attrs.validators.optional(counted)
    )
    name: str = attrs.field(default="ease", kw_only=True, validator=named)

    def fit(self, history: Choices, *, as_of: object, rng: object) -> "FittedEase":
        from scipy.sparse import csr_matrix, vstack

        n = history.n_items
        if self.within is not None and n > self.within:
            return FittedEase(self.name, self.tau, csr_matrix((n, n), dtype=np.float64))
        chosen, X = _matrix(history, self.most)
        few = min(X.shape)
        rows, diagonal = (_by_items if X.shape[1] <= X.shape[0] else _by_customers)(X, self.ridge)
        size = max(1, BLOCK // max(X.shape[1], 1))
        blocks = []
        for start in range(0, X.shape[1] if few else 0, size):
            stop = min(start + size, X.shape[1])
            block = -rows(start, stop) / diagonal
            block[np.arange(stop - start), np.arange(start, stop)] = 0.0  # i itself says nothing
            blocks.append(largest(block, self.top))
        if not blocks:
            return FittedEase(self.name, self.tau, csr_matrix((n, n), dtype=np.float64))
        table = vstack(blocks, format="csr")
        table.data = table.data.astype(np.float32).astype(np.float64)  # kept in half the room
        counts = np.zeros(n, dtype=np.int64)
        counts[chosen] = np.diff(table.indptr)
        bounds = np.append(0, np.cumsum(counts))
        table = csr_matrix((table.data, chosen[table.indices], bounds), shape=(n, n))
        return FittedEase(self.name, self.tau, table)


@attrs.frozen(eq=False)
class FittedEase:
    """The coefficients of each item: csr (n_items, n_items), above zero."""

    name: str
    tau: float
    table: Any

    @property
    def silent(self) -> bool:
        """Whether there is nothing to say to anybody."""
        return not self.table.nnz

    def own(self, rows: Choices) -> Any:
        """What goes with each row's items (n, n_items); empty where nothing is known."""
        found = (self.asked(rows) @ self.table).tocsr()
        found.sort_indices()
        return normal_rows(found)

    def asked(self, rows: Choices) -> Any:
        """The weight of each own item as a question (n, n_items)."""
        first = np.zeros(len(rows), dtype=np.int64)  # visits since the last one with an item
        some = np.flatnonzero(np.diff(rows.offsets) > 0)
        first[some] = rows.age[rows.offsets[1:][some] - 1]
        recent: Floats = np.exp(-(rows.age - first[rows.row]) / self.tau)
        return rows_of(rows, np.where(recent > np.exp(-FAINT), recent, 0.0))


def _matrix(history: Choices, most: int) -> tuple[Ints, Any]:
    """The items considered, and who has chosen them: csr (n, items) of ones."""
    from scipy.sparse import csr_matrix

    width = max(history.n_items, 1)
    pairs = distinct(history.row * width + history.item)
    who, item = pairs // width, pairs % width
    customers = np.bincount(item, minlength=history.n_items)
    order = np.argsort(-customers, kind="stable")[:most]
    chosen = np.sort(order[customers[order] > 0])
    code = np.full(width, -1, dtype=np.int64)
    code[chosen] = np.arange(len(chosen))
    kept = code[item] >= 0
    people, row = np.unique(
        who[kept], return_inverse=True
    )  # those with none would count for nothing
    ones = np.ones(int(kept.sum()))
    return chosen, csr_matrix((ones, (row, code[item[kept]])), shape=(len(people), len(chosen)))


Rows = Callable[[int, int], Floats]


def _by_items(X: Any, ridge: float) -> tuple[Rows, Floats]:
    """Rows of P, and its diagonal, by the inverse of X'X + ridge I."""
    inverse = _inverse(X.T.tocsr(), ridge)

    def rows(start: int, stop: int) -> Floats:
        out = np.empty((stop - start, X.shape[1]))
        out[:, :start] = inverse[start:stop, :start]
        square = np.tril(inverse[start:stop, start:stop])
        out[:, start:stop] = square + np.tril(square, -1).T
        out[:, stop:] = inverse[stop:, start:stop].T
        return out

    return rows, inverse.diagonal().astype(np.float64)


def _by_customers(X: Any, ridge: float) -> tuple[Rows, Floats]:
    """The same by the inverse of XX' + ridge I: P = (I - X' inverse X) / ridge."""
    inverse = _inverse(X, ridge)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    columns = X.T.tocsr()
    held = np.ascontiguousarray((columns @ inverse).T)  # inverse X (n, items)
    told = np.asarray(X.multiply(held).sum(axis=0), dtype=np.float64).ravel()

    def rows(start: int, stop: int) -> Floats:
        out: Floats = columns[start:stop] @ held
        out *= -1 / ridge  # its own diagonal is not asked for
        return out

    return rows, (1 - told) / ridge


def _inverse(X: Any, ridge: float) -> Array:
    """The lower triangle of (XX' + ridge I)^-1, made in place; above it anything."""
    from scipy.linalg import lapack

    n = X.shape[0]
    exact = n <= EXACT
    held = np.empty((n, n), dtype=np.float64 if exact else np.float32)
    other, size = X.T.tocsr(), max(1, BLOCK // max(n, 1))
    for start in range(0, n, size):
        held[start : start + size] = (X[start : start + size] @ other).toarray()
    held[np.arange(n), np.arange(n)] += ridge
    if not n:
        return held
    factor, invert = (lapack.dpotrf, lapack.dpotri) if exact else (lapack.spotrf, lapack.spotri)
    # LAPACK counts by columns: what it calls the upper triangle of the transpose is our lower one.
    done, info = factor(held.T, lower=0, clean=0, overwrite_a=1)
    if info:
        raise ArgumentError(
            f"Ease: ridge is {ridge:g}; X'X + ridge I can't be inverted in single precision. "
            "Take a larger ridge=, or fewer items (most=)."
        )
    done, _ = invert(done, lower=0, overwrite_c=1)
    out: Array = done.T
    return out


def largest(block: Floats, top: int) -> Any:
    """The `top` largest of each row above zero, as csr; of equal ones those of lower items."""
    from scipy.sparse import csr_matrix

    keep = block > 0
    if top < block.shape[1]:
        cut = np.partition(block, block.shape[1] - top, axis=1)[:, [block.shape[1] - top]]
        tied = keep & (block == cut)
        keep &= block > cut
        room = top - keep.sum(axis=1, keepdims=True)
        keep |= tied & (np.cumsum(tied, axis=1) <= room)
    bounds = np.append(0, np.cumsum(keep.sum(axis=1)))
    return csr_matrix((block[keep], np.nonzero(keep)[1], bounds), shape=block.shape)
