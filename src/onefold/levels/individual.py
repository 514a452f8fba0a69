"""Individual: what this one person has chosen before, at one horizon.

    long    w = 2^(-days / 180), power 2     slow tastes
    recent  w = 2^(-days / 30)               this month's
    last    w = 1 for the last visit         what was done just now

    p(i | u) = c_i^power / sum of c_j^power,        c_i = sum of w over the visits with i

Several horizons at once beat any single one, with or without a change of interests; the
mixture learns how far to trust each.
"""

from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._types import Array, Duration, Floats
from onefold.errors import ArgumentError
from onefold.levels.protocol import Choices, rows_of
from onefold.levels.settings import above_zero, named


def _half_life(value: Duration | None) -> np.timedelta64 | None:
    return None if value is None else _time.duration(value, "Individual: half_life")


def _decay(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ArgumentError(f"Individual: decay is {value!r}; it takes a number, 0 to below 1.")
    return float(value)


@attrs.frozen
class Individual:
    """A customer's own choices, decayed by days or by visits; its own fitted value.

    Args:
        half_life: The age in time at which a choice counts half.
        decay: What a visit counts beside the one after it: 0 keeps the last visit only.
        power: Above 1, what was chosen often counts more than its share: one-off choices, which
            make up much of a long history, say little of the next.
        name: The level's name.

    Raises:
        ArgumentError: Unless exactly one of `half_life` and `decay` is given, or if a setting is
            not allowed.
    """

    half_life: np.timedelta64 | None = attrs.field(default=None, converter=_half_life)
    decay: float | None = attrs.field(default=None, kw_only=True, converter=_decay)
    power: float = attrs.field(default=1.0, kw_only=True, validator=above_zero)
    name: str = attrs.field(default="individual", kw_only=True, validator=named)

    def __attrs_post_init__(self) -> None:
        if (self.half_life is None) == (self.decay is None):
            raise ArgumentError("Individual: give half_life= or decay=, one of the two.")

    def fit(self, history: Choices, *, as_of: object, rng: object) -> "Individual":
        return self  # nothing is learned from others

    def own(self, rows: Choices) -> Any:
        """The distribution of each row (n, n_items), empty where it has no visit."""
        return rows_of(rows, self.weights(rows), power=self.power)

    def weights(self, rows: Choices) -> Floats:
        """The weight (m,) of each cell, relative to the row's last visit."""
        if self.half_life is not None:
            last = np.zeros(len(rows), dtype="datetime64[us]")
            some = np.flatnonzero(np.diff(rows.offsets) > 0)
            last[some] = rows.time[rows.offsets[1:][some] - 1]
            since: Array = rows.time - last[rows.row]
            lives: Floats = since / self.half_life
            return np.exp2(np.maximum(lives, -1000.0))
        assert self.decay is not None
        first = np.zeros(len(rows), dtype=np.int64)  # visits since the last one with a known item
        some = np.flatnonzero(np.diff(rows.offsets) > 0)
        first[some] = rows.age[rows.offsets[1:][some] - 1]
        out: Floats = np.power(float(self.decay), rows.age - first[rows.row])
        return out
