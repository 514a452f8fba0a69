"""Implicit matrix factorisation by alternating least squares, of the package `implicit`.

    minimise  sum over u, i of c_ui (p_ui - x_u . y_i)^2 + lambda (|x_u|^2 + |y_i|^2)
    p = 1 where there is a choice, c = 1 + alpha r; r counts choices, perhaps decayed

Hu, Koren and Volinsky (2008), "Collaborative Filtering for Implicit Feedback Datasets", ICDM;
15 rounds, one seed, as implemented in implicit (Frederickson).
"""

import numpy as np
from scipy.sparse import csr_matrix

from accuracy.past import Past
from accuracy.peers.item_item import filled

NAME = "implicit: ALS"
REPEATS = False
GRID = [
    {"factors": factors, "alpha": alpha, "half_life": days}
    for factors in (64, 128)
    for alpha in (10, 1, 40)
    for days in (60, None)
]


def lists(
    past: Past,
    who: np.ndarray,
    n: int,
    repeats: bool,
    *,
    factors: int,
    alpha: float,
    half_life: float | None,
) -> np.ndarray:
    """The package's lists."""
    from implicit.als import AlternatingLeastSquares

    held = csr_matrix(past.decayed(half_life), dtype=np.float32)
    made = AlternatingLeastSquares(
        factors=factors,
        regularization=0.05,
        alpha=alpha,
        iterations=15,
        random_state=7,
        num_threads=1,
    )
    made.fit(held, show_progress=False)
    found, _ = made.recommend(who, held[who], N=n, filter_already_liked_items=not repeats)
    return filled(past, who, repeats, found)
