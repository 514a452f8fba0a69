"""What the pictures by matplotlib share: the axes they are drawn on, and names beside lines.

spread([0.50, 0.52, 0.90], 0.05) == [0.50, 0.55, 0.90]
"""

from typing import Any

import numpy as np

from onefold._types import Floats
from onefold.errors import MissingExtra

__all__ = ["GREY", "axes_for", "spread"]

GREY = "#666666"


def axes_for(ax: Any, size: tuple[float, float]) -> Any:
    """The given axes, or new ones; a clear error without matplotlib."""
    if ax is not None:
        return ax
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra(
            'plot: matplotlib is not installed. Install it with: pip install "onefold[plot]"'
        ) from error
    return Figure(figsize=size, layout="constrained").add_subplot()


def spread(places: Floats, apart: float) -> Floats:
    """Ascending places (n,) moved as little as keeps them `apart`, within 0 to 1 if they fit."""
    out = np.array(places, dtype=np.float64)
    for i in range(1, len(out)):
        out[i] = max(out[i], out[i - 1] + apart)
    top = 1 - apart / 2
    for i in range(len(out) - 1, -1, -1):
        out[i] = min(out[i], top)
        top = out[i] - apart
    return out
