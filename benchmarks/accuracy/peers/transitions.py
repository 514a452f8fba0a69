"""Item neighbours with decay: what comes after what, over the next eight baskets.

    F_ij = sum over pairs of baskets g apart of e^(-(g - 1) / 3), i in the earlier, j in the later
    T    = F,  or  F + F' / 2 + .3 (pairs within one basket)
    W_ij = T_ij / ((row sum of i + 5)^a (column sum of j + 5)^b),   the best 50 of a row
    score(u) = sum over own baskets of e^(-baskets since / tau) W_i

Item-based neighbours (Deshpande and Karypis 2004, "Item-Based Top-N Recommendation Algorithms",
TOIS) over the decayed sequential rules of Ludewig and Jannach (2018, "Evaluation of
Session-based Recommendation Algorithms", UMUAI), with a decayed query (Ding and Li 2005, CIKM).
"""

import numpy as np
from scipy.sparse import csr_matrix, diags

from accuracy.past import Past, ranked

NAME = "item transitions"
REPEATS = False
GAPS, SHRINK, KEPT = 8, 5.0, 50
GRID = [
    {"both": both, "damp": damp, "tau": tau}
    for both in (True, False)
    for damp in ((0.8, 0.3), (0.5, 0.5))
    for tau in (5, 1, 20)
]


def lists(
    past: Past,
    who: np.ndarray,
    n: int,
    repeats: bool,
    *,
    both: bool,
    damp: tuple[float, float],
    tau: float,
) -> np.ndarray:
    """What follows on what was had."""
    table = past.once(("table", both, damp), lambda: neighbours(past, both, *damp))
    query = past.matrix(np.exp(-past.back / tau))
    return ranked(past, who, n, repeats, lambda some: (query[some] @ table).toarray())


def neighbours(past: Past, both: bool, a: float, b: float) -> csr_matrix:
    """W (items, items)."""
    pairs = past.once(("pairs", both), lambda: counted(past, both))
    rows, columns = (np.asarray(pairs.sum(axis=axis)).ravel() for axis in (1, 0))
    table = diags((rows + SHRINK) ** -a) @ pairs @ diags((columns + SHRINK) ** -b)
    return best(csr_matrix(table))


def counted(past: Past, both: bool) -> csr_matrix:
    """T (items, items)."""
    n = int(past.basket.max()) + 1
    ones = np.ones(len(past.basket), dtype=np.float32)
    held = csr_matrix((ones, (past.basket, past.item)), shape=(n, len(past.items)))
    owner = np.empty(n, dtype=np.int64)
    owner[past.basket] = past.user
    later = csr_matrix((n, len(past.items)), dtype=np.float32)
    for gap in range(1, min(GAPS, n - 1) + 1):
        here = np.flatnonzero(owner[gap:] == owner[:-gap])
        weight = np.full(len(here), np.exp(-(gap - 1) / 3), dtype=np.float32)
        later = later + csr_matrix((weight, (here, here + gap)), shape=(n, n)) @ held
    pairs = held.T.tocsr() @ later
    if both:
        same = held.T.tocsr() @ held
        same.setdiag(0)
        pairs = pairs + 0.5 * pairs.T.tocsr() + 0.3 * same
    return pairs


def best(table: csr_matrix) -> csr_matrix:
    """The KEPT largest of each row."""
    keep = np.ones(table.nnz, dtype=bool)
    for row in np.flatnonzero(np.diff(table.indptr) > KEPT):  # a small partition each
        here = slice(table.indptr[row], table.indptr[row + 1])
        values = table.data[here]
        few = np.zeros(len(values), dtype=bool)
        few[np.argpartition(values, -KEPT)[-KEPT:]] = True
        keep[here] = few
    table.data[~keep] = 0
    table.eliminate_zeros()
    return table
