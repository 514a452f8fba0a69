"""Everyone: what is popular now.

    p(i) = sum over visits v with i of 2^(-(as_of - t_v) / half-life), divided by its sum over i

Popularity must be decayed: under a split in time, that of the last days beats models that
ignore when things happened.
"""

from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import instance
from onefold._types import Duration, Floats
from onefold.levels.protocol import Choices, SharedLevel, normal
from onefold.levels.settings import named


def _half_life(value: Duration) -> np.timedelta64:
    return _time.duration(value, "Everyone: half_life")


@attrs.frozen
class Everyone:
    """Popularity with everybody, decayed.

    Args:
        half_life: The age at which a choice counts half.
        name: The level's name.

    Raises:
        ArgumentError: If a setting is not allowed.

    Examples:
        >>> Everyone(half_life="7D").name
        'everyone'
    """

    half_life: np.timedelta64 = attrs.field(default="30D", converter=_half_life)
    name: str = attrs.field(default="everyone", kw_only=True, validator=named)

    def fit(self, history: Choices, *, as_of: np.datetime64, rng: object) -> SharedLevel:
        counts = decayed(history, as_of, self.half_life)
        totals = np.bincount(history.item, weights=counts, minlength=history.n_items)
        shares = normal(totals.astype(np.float64))
        return SharedLevel(self.name, "everyone", (), shares[None, :])


def decayed(history: Choices, as_of: np.datetime64, half_life: np.timedelta64) -> Floats:
    """The weight (m,) of each cell: 2^(-age / half-life), never quite nothing."""
    out: Floats = np.exp2(np.maximum(-((as_of - history.time) / half_life), -1000.0))
    return out


def is_everyone(level: Any, field: "attrs.Attribute[Any]", value: Any) -> None:
    """A setting of another level that is shrunk to this one, or bends it."""
    instance(value, Everyone, f"{type(level).__name__}: {field.name}")
