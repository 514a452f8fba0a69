"""What everyone has chosen lately.

    score(i) = sum over choices of i of 2^(-age / half-life)

Each item of a basket counts once. Ji, Sun, Zhang and Li (2020), "A Re-visit of the Popularity
Baseline in Recommender Systems", SIGIR: popularity must be that of the moment.
"""

import numpy as np

from accuracy.past import Past, ranked

NAME = "decayed popularity"
REPEATS = False
GRID = [{"half_life": days} for days in (30, 1, 3, 7, 14, 60, 90, 180, 365, None)]


def lists(
    past: Past, who: np.ndarray, n: int, repeats: bool, *, half_life: float | None
) -> np.ndarray:
    """The most popular items."""
    score = past.popularity(half_life)
    return ranked(past, who, n, repeats, lambda some: np.tile(score, (len(some), 1)))
