"""Noticed: what everyone chooses, looks at and returns lately, each kind as far as it tells.

    p(i) = sum over kinds k of  v_k p_k(i),       p_k(i) = decayed popularity of i by events of k

The v_k are learned by expectation-maximisation, as those shares that make what is chosen in the
last stretch of the history likeliest under the popularities before it. With one kind of event p
is everyone's, decayed at the same rate.
"""

from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._types import Array, Duration, Floats
from onefold.levels.everyone import decayed
from onefold.levels.later import later_start
from onefold.levels.others import Others
from onefold.levels.protocol import Choices, SharedLevel, normal
from onefold.levels.settings import named

STEPS = 200
LEAST = 30  # choices in the last stretch, without which only choices count


def _half_life(value: Duration) -> np.timedelta64:
    return _time.duration(value, "Noticed: half_life")


@attrs.frozen
class Noticed:
    """Popularity with everybody by kind of event, each with a weight that is learned.

    Args:
        half_life: The age at which an event counts half.
        name: The level's name.

    Raises:
        ArgumentError: If a setting is not allowed.
    """

    half_life: np.timedelta64 = attrs.field(default="7D", converter=_half_life)
    name: str = attrs.field(default="noticed", kw_only=True, validator=named)

    def fit(self, history: Choices, *, as_of: np.datetime64, rng: object) -> SharedLevel:
        start = later_start(history, as_of)
        late = history.item[history.time >= start]
        chosen = np.bincount(late, minlength=history.n_items).astype(np.float64)
        kinds = sorted(history.history.kinds.values.tolist())
        before = self._popularities(history.before(start), start, kinds)
        shares = _shares(before, chosen)
        now = self._popularities(history, as_of, kinds)
        return SharedLevel(self.name, "everyone", (), normal(shares @ now)[None, :])

    def _popularities(self, history: Choices, moment: np.datetime64, kinds: list[str]) -> Floats:
        """The popularity (1 + kinds, n_items) by choices, and by each kind of event."""
        n = history.n_items
        own = np.bincount(
            history.item, weights=decayed(history, moment, self.half_life), minlength=n
        )
        other = Others.of(history, kinds=kinds)
        weight = np.exp2(np.maximum(-((moment - other.time) / self.half_life), -1000.0))
        rows = np.zeros((len(other.kinds), n))
        place = other.kind * np.int64(n) + other.item
        rows += np.bincount(place, weights=weight, minlength=rows.size).reshape(rows.shape)
        return normal(np.concatenate([own[None, :], rows]))


def _shares(popularity: Floats, chosen: Floats) -> Floats:
    """The shares (k,) of a mixture of distributions (k, n) under which choices are likeliest."""
    shares = (popularity.sum(axis=1) > 0).astype(np.float64)
    shares[0] = 1.0
    told = (chosen > 0) & (popularity.sum(axis=0) > 0)
    p, c = popularity[:, told], chosen[told]
    if c.sum() < LEAST:
        only: Floats = np.eye(len(shares))[0]
        return only
    for _ in range(STEPS):
        shares = shares / shares.sum()
        new: Any = shares * (p @ (c / (shares @ p))) / c.sum()
        moved, shares = np.abs(new - shares).max(), new
        if moved < 1e-7:
            break
    out: Array = shares
    return out
