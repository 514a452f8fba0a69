"""Item neighbours of the package `implicit`: cosine, TF-IDF and BM25.

    score(u, j) = sum over own items i of x_ui sim(i, j),    sim of each item to its best K

Sarwar, Karypis, Konstan and Riedl (2001), "Item-based Collaborative Filtering Recommendation
Algorithms", WWW; as implemented in implicit (Frederickson), with its own weightings. x counts
choices, each of which may be decayed by 2^(-age / half-life), as a user of it can.
"""

import warnings
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from accuracy.past import Past, ranked

NAME = "implicit: item neighbours"
REPEATS = False
GRID = [
    {"kind": kind, "K": k, "half_life": days}
    for kind in ("bm25", "cosine", "tfidf")
    for k in (200, 50)
    for days in (60, None)
]


def lists(
    past: Past,
    who: np.ndarray,
    n: int,
    repeats: bool,
    *,
    kind: str,
    K: int,
    half_life: float | None,
) -> np.ndarray:
    """The package's lists, filled up with what is popular where they are short."""
    from implicit import nearest_neighbours

    held = csr_matrix(past.decayed(half_life))
    made: Any = {
        "bm25": nearest_neighbours.BM25Recommender,
        "cosine": nearest_neighbours.CosineRecommender,
        "tfidf": nearest_neighbours.TFIDFRecommender,
    }[kind](K=K, num_threads=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the package about its own matrices
        made.fit(held, show_progress=False)
    found, score = made.recommend(who, held[who], N=n, filter_already_liked_items=not repeats)
    return filled(past, who, repeats, np.where(score > 0, found, -1))


def filled(past: Past, who: np.ndarray, repeats: bool, found: np.ndarray) -> np.ndarray:
    """Lists with the places of -1 taken by popular items."""
    n = found.shape[1]
    place = np.full(len(past.users), -1)
    place[who] = np.arange(len(who))

    def scores(some: np.ndarray) -> np.ndarray:
        out = np.zeros((len(some), len(past.items)))
        here = found[place[some]]
        row, column = np.nonzero(here >= 0)
        out[row, here[row, column]] = n - column
        return out

    return ranked(past, who, n, repeats, scores)
