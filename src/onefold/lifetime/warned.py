"""A warning that points at the line of whoever called onefold, however deep it comes from.

of.segment(profiles, ValueTiers())  ->  ValueTiers.fit  ->  BGNBD.fit  ->  the warning: line 1
"""

import sys
import warnings

from onefold.errors import FitWarning

OWN = __name__.partition(".")[0]


def warn(message: str) -> None:
    """Warn of a fit, at the nearest line outside of onefold."""
    frame, level = sys._getframe(1), 2
    while _own(frame.f_globals.get("__name__", "")) and frame.f_back is not None:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, FitWarning, stacklevel=level)


def _own(module: str) -> bool:
    return module == OWN or module.startswith((OWN + ".", "attr"))
