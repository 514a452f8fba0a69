"""Three-valued logic: 1 is true, 0 is false, -1 is unknown.

What is unknown might be either; an answer is given where it is the same both ways (Kleene's
strong logic). So unknown stays unknown under not, and does not spoil what is settled without it:

    false and unknown = false        true or unknown = true        not unknown = unknown

Source: Kleene, "Introduction to Metamathematics", 1952, section 64.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from onefold._types import Bools

Mask: TypeAlias = npt.NDArray[np.int8]

TRUE, FALSE, UNKNOWN = 1, 0, -1


def settled(truth: Bools, known: Bools) -> Mask:
    """The mask (n,) of what holds (n,) where it is known (n,)."""
    return np.where(known, truth, UNKNOWN).astype(np.int8)


def every(masks: Sequence[Mask]) -> Mask:
    """True where all are, false where any is, else unknown (n,)."""
    stacked = np.stack(masks)
    some_false, some_unknown = (stacked == FALSE).any(axis=0), (stacked == UNKNOWN).any(axis=0)
    return np.where(some_false, FALSE, np.where(some_unknown, UNKNOWN, TRUE)).astype(np.int8)


def some(masks: Sequence[Mask]) -> Mask:
    """True where any is, false where all are, else unknown (n,)."""
    return opposite(every([opposite(mask) for mask in masks]))


def opposite(mask: Mask) -> Mask:
    """True where it is false and the reverse; unknown stays (n,)."""
    return np.where(mask == UNKNOWN, UNKNOWN, 1 - mask).astype(np.int8)
