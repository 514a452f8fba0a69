"""TIFU-KNN: own decayed frequencies, and those of customers who are near in them.

A customer's baskets are cut into groups of m, from the latest backwards, so that only the first
may be smaller. With G groups, the j-th of the p baskets of the k-th group weighs

    r_b^(p - j) / p * r_g^(G - k) / G          u = sum of the baskets, so weighed
    P = alpha u + (1 - alpha) (mean of the n nearest u', by Euclidean distance)

Hu, He, Gao and Zhang (2020), "Modeling Personalized Item Frequency Information for Next-basket
Recommendation", SIGIR, section 4. A customer is not counted as their own neighbour.
"""

import hashlib
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from accuracy.past import Past, ranked

NAME = "TIFU-KNN"
REPEATS = False
MOST = 300  # neighbours that are found; n is at most so many
GRID = [
    {"m": m, "r_b": r_b, "r_g": r_g, "n": n, "alpha": alpha}
    for m, r_b, r_g in ((3, 0.9, 0.7), (1, 1.0, 0.9), (7, 1.0, 0.9))
    for n in (300, 100)
    for alpha in (0.5, 0.8, 0.2, 0.1)
]


def lists(
    past: Past,
    who: np.ndarray,
    n_items: int,
    repeats: bool,
    *,
    m: int,
    r_b: float,
    r_g: float,
    n: int,
    alpha: float,
) -> np.ndarray:
    """Own and neighbours' vectors, mixed."""
    key = (m, r_b, r_g)
    own = past.once(key, lambda: vectors(past, *key))
    asked = hashlib.sha256(who.tobytes()).digest()
    near = past.once((key, asked), lambda: neighbours(own, who))[:, :n]
    share = np.full(near.size, 1 / near.shape[1])
    bounds = np.arange(0, near.size + 1, near.shape[1])
    among = csr_matrix((share, near.ravel(), bounds), shape=(len(who), len(past.users)))
    place = np.full(len(past.users), -1)
    place[who] = np.arange(len(who))

    def scores(some: np.ndarray) -> np.ndarray:
        mixed: Any = alpha * own[some] + (1 - alpha) * (among[place[some]] @ own)
        return mixed.toarray()

    return ranked(past, who, n_items, repeats, scores)


def vectors(past: Past, m: int, r_b: float, r_g: float) -> csr_matrix:
    """The vector u of each user."""
    baskets = np.zeros(len(past.users), dtype=np.int64)
    np.maximum.at(baskets, past.user, past.back + 1)
    total = baskets[past.user]
    groups = -(-total // m)
    group = past.back // m  # 0 is the latest
    inside = np.where(group == groups - 1, total - (groups - 1) * m, m)
    weight = r_b ** (past.back % m) / inside * r_g**group / groups
    return past.matrix(weight)


def neighbours(own: csr_matrix, who: np.ndarray) -> np.ndarray:
    """The MOST nearest others (len(who), MOST) of each, nearest first."""
    held = own.astype(np.float32)
    square = np.asarray(held.multiply(held).sum(axis=1)).ravel()
    turned = held.T.tocsr()
    most = min(MOST, held.shape[0] - 1)
    out = np.empty((len(who), most), dtype=np.int64)
    for a in range(0, len(who), 250):
        some = who[a : a + 250]
        distance = square[None, :] - 2 * (held[some] @ turned).toarray()  # less |u|^2, the same
        distance[np.arange(len(some)), some] = np.inf
        best = np.argpartition(distance, most - 1, axis=1)[:, :most]
        order = np.argsort(np.take_along_axis(distance, best, axis=1), axis=1, kind="stable")
        out[a : a + 250] = np.take_along_axis(best, order, axis=1)
    return out
