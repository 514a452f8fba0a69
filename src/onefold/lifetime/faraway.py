"""Covariates far from 0, at which letters are no numbers, and what to do about it.

    log alpha at 0 = log alpha at the mean + coefficient * mean        1 * 2021: exp is infinite

The search itself has covariates centred, so what a model expects is sound all the same.
"""

from collections.abc import Mapping

import numpy as np

from onefold.lifetime.fitting import Design


def faraway(design: Design, params: Mapping[str, float]) -> str:
    """Which covariates make a letter 0 or infinite, and what to do; empty where none is."""
    lost = [k for k in design.letters if params[k] in (0.0, np.inf)]
    acting = dict.fromkeys(z for k in lost if k in design.acts for z in design.acts[k][0])
    away = [z for z in acting if abs(design.centre[z]) > design.scale[z]] or list(acting)
    if not away:
        return ""
    means = ", ".join(f"{z!r} (mean {design.centre[z]:.6g})" for z in away)
    return (
        f"covariates lie far from 0: {means}. The letters are of a customer whose covariates are "
        f"all 0, and there {', '.join(lost)} is 0 or infinite. Subtract a round number from each "
        "covariate, such as its mean, and fit again."
    )
