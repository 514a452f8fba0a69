"""Segment: what the members of a customer's segment choose, all their events considered.

    p(i | s) = (c_si + k p0(i)) / (C_s + k)

c_si are decayed counts of the members' choices, C_s their sum, p0 everyone's distribution: a
segment with few choices is shrunk to everyone (a Dirichlet prior of k choices). Both decay at one
rate, so that what the segment adds is the grouping and nothing else.
"""

import attrs
import numpy as np

from onefold import _time
from onefold._types import Duration
from onefold.levels.everyone import Everyone, decayed, is_everyone
from onefold.levels.protocol import Choices, SharedLevel
from onefold.levels.settings import above_zero, named


def _half_life(value: Duration) -> np.timedelta64:
    return _time.duration(value, "Segment: half_life")


@attrs.frozen
class Segment:
    """Popularity within the customer's segment, decayed, shrunk to everyone's.

    Args:
        half_life: The age at which a choice counts half.
        shrink: k, the weight of everyone's distribution, in choices.
        base: Everyone's distribution.
        name: The level's name.

    Raises:
        ArgumentError: If a setting is not allowed.
    """

    half_life: np.timedelta64 = attrs.field(default="30D", converter=_half_life)
    shrink: float = attrs.field(default=500.0, kw_only=True, validator=above_zero)
    base: Everyone = attrs.field(factory=Everyone, kw_only=True, validator=is_everyone)
    name: str = attrs.field(default="segment", kw_only=True, validator=named)

    def fit(self, history: Choices, *, as_of: np.datetime64, rng: object) -> SharedLevel:
        base = self.base.fit(history, as_of=as_of, rng=rng).shared(None)
        names = history.names.get("segment", ())
        counts = np.zeros((len(names) + 1, history.n_items))
        group = history.groups["segment"][history.row] if names else np.full(len(history.item), -1)
        inside = np.flatnonzero(group >= 0)
        weights = decayed(history, as_of, self.half_life)[inside]
        cell = group[inside].astype(np.int64) * history.n_items + history.item[inside]
        counts += np.bincount(cell, weights=weights, minlength=counts.size).reshape(counts.shape)
        shrunk = counts + self.shrink * base
        return SharedLevel(self.name, "segment", names, shrunk / shrunk.sum(axis=1, keepdims=True))
