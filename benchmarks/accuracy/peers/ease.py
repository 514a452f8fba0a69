"""EASE: one linear model from what was had to what was had, without the diagonal, in closed form.

    P = (X' X + lambda I)^-1,    B_ij = -P_ij / P_jj,  B_jj = 0,    score(u) = x_u B

Steck (2019), "Embarrassingly Shallow Autoencoders for Sparse Data", WWW, equation 8. X is binary
over the items that most users have had (8,000 while tuning, 15,000 then); other items come
last. As baskets move on, the query x_u may be decayed: 2^(-days since u last had it / half-life).

The paper is about items that are had once. As its diagonal is nil by design, it is offered the
customer's own decayed frequency beside it where repeats count: score + own * frequency.
"""

from typing import Any

import numpy as np
from scipy.linalg.lapack import spotrf, spotri
from scipy.sparse import csr_matrix

from accuracy.past import Past, decay, ranked

NAME = "EASE"
REPEATS = False
ITEMS = 15_000
WHILE_TUNING = {"most": 8_000}
WITH_REPEATS = ("own",)  # settings that say nothing where only new items count
NOWHERE = -1e3  # the score of items that are left out
GRID = [
    {"penalty": penalty, "half_life": days, "own": own}
    for penalty in (300, 1000, 3000)
    for days in (60, 14, None)
    for own in (1.0, 0.0)
]


def lists(
    past: Past,
    who: np.ndarray,
    n: int,
    repeats: bool,
    *,
    penalty: float,
    half_life: float | None,
    own: float = 0.0,
    most: int = ITEMS,
) -> np.ndarray:
    """The scores of the linear model."""
    weights, top = past.once(("ease", penalty, most), lambda: fitted(past, penalty, most))
    query = past.once(("query", half_life), lambda: last(past, half_life))
    frequent = past.decayed(half_life)

    def scores(some: np.ndarray) -> np.ndarray:
        out = np.full((len(some), len(past.items)), NOWHERE)
        out[:, top] = query[some][:, top].toarray().astype(np.float32) @ weights
        if own:
            out[:, top] += own * frequent[some][:, top].toarray()
        return out

    return ranked(past, who, n, repeats, scores)


def fitted(past: Past, penalty: float, most: int) -> tuple[np.ndarray, np.ndarray]:
    """B and the items that it is for."""
    for key in [key for key in past.kept if isinstance(key, tuple) and key[0] == "ease"]:
        del past.kept[key]  # one matrix at a time
    had = past.binary()
    counts = np.asarray(had.sum(axis=0)).ravel()
    top = np.sort(np.argsort(-counts, kind="stable")[:most])
    held: csr_matrix = had[:, top].astype(np.float32)
    gram: Any = np.asfortranarray((held.T @ held).toarray())
    gram[np.diag_indices(len(top))] += penalty
    gram, failed = spotrf(gram, lower=1, overwrite_a=1)
    inverse, also = spotri(gram, lower=1, overwrite_c=1)
    if failed or also:
        raise ArithmeticError(f"EASE: the matrix with penalty {penalty} could not be inverted.")
    for a in range(len(top)):  # only the lower triangle is filled
        inverse[a, a + 1 :] = inverse[a + 1 :, a]
    inverse /= -np.diag(inverse).copy()[None, :]
    inverse[np.diag_indices(len(top))] = 0
    return inverse, top


def last(past: Past, days: float | None) -> csr_matrix:
    """How fresh each own item is (users, items): 1 if just had."""
    key = past.user * len(past.items) + past.item
    order = np.lexsort((past.age, key))
    first = np.append(True, key[order][1:] != key[order][:-1])[: len(key)]
    here = order[first]
    weights = decay(past.age[here], days)
    return csr_matrix((weights, (past.user[here], past.item[here])), shape=past.shape)
