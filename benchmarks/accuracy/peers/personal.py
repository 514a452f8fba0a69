"""What the customer has chosen most, lately, mixed with what everyone has.

    score(i) = sum over own choices of 2^(-age / own) + fill * popularity(i) / max popularity

The "personal top frequency" of Hu et al. (2020), with a decay. With a small `fill` popular items
only fill up; with a larger one they come before what was had once, long ago. Only where repeats
count.
"""

import numpy as np

from accuracy.past import Past, ranked

NAME = "personal top, decayed"
REPEATS = True
GRID = [
    {"own": own, "everyone": everyone, "fill": fill}
    for own in (60, 120, 240, 480, None)
    for everyone in (7, 14, 60)
    for fill in (0.001, 0.03, 0.1, 0.3, 1.0)
]


def lists(
    past: Past,
    who: np.ndarray,
    n: int,
    repeats: bool,
    *,
    own: float | None,
    everyone: float | None,
    fill: float,
) -> np.ndarray:
    """Own items by decayed frequency, filled up."""
    held, popular = past.decayed(own), past.popularity(everyone)
    base = fill * popular / popular.max()
    return ranked(past, who, n, repeats, lambda some: held[some].toarray() + base)
