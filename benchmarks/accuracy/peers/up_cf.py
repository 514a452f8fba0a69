"""UP-CF@r: what is frequent in the last r baskets, the customer's own and those of similar ones.

    pop_r(v, i) = share of the last min(r, baskets of v) baskets of v that hold i
    sim(u, v)   = |I_u & I_v| / (|I_u|^a |I_v|^(1 - a))        the asymmetric cosine
    score(u, i) = sum over v of sim(u, v)^q pop_r(v, i)         u itself among them, with sim 1

Faggioli, Polato and Aiolli (2020), "Recency Aware Collaborative Filtering for Next Basket
Recommendation", UMAP, section 3. Powers of similarities below a millionth are dropped.
"""

import numpy as np
from scipy.sparse import csr_matrix, diags

from accuracy.past import Past, ranked

NAME = "UP-CF@r"
REPEATS = False
LEAST = 1e-6
GRID = [{"r": r, "q": q, "a": a} for r in (25, None) for q in (5, 1, 2, 20) for a in (0.75, 0.25)]


def lists(
    past: Past, who: np.ndarray, n: int, repeats: bool, *, r: int | None, q: int, a: float
) -> np.ndarray:
    """User-based neighbours of user-wise popularity."""
    popular = past.once(("popular", r), lambda: recent(past, r))
    had = past.binary()
    size = np.asarray(had.sum(axis=1)).ravel()
    right = past.once(("right", a), lambda: csr_matrix(had.T @ diags(size ** (a - 1))))

    def scores(some: np.ndarray) -> np.ndarray:
        out = np.empty((len(some), len(past.items)))
        for b in range(0, len(some), 250):
            part = some[b : b + 250]
            near: csr_matrix = diags(size[part] ** -a) @ had[part] @ right
            near.data = near.data**q
            near.data[near.data < LEAST] = 0
            near.eliminate_zeros()
            out[b : b + 250] = (near @ popular).toarray()
        return out

    return ranked(past, who, n, repeats, scores)


def recent(past: Past, r: int | None) -> csr_matrix:
    """pop_r (users, items)."""
    baskets = np.zeros(len(past.users))
    np.maximum.at(baskets, past.user, past.back + 1)
    most = baskets if r is None else np.minimum(baskets, r)
    inside = np.ones(len(past.user)) if r is None else (past.back < r) * 1.0
    held = past.matrix(inside / most[past.user])
    held.eliminate_zeros()
    return held
