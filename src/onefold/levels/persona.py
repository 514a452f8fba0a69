"""Persona: what a customer's persona says, from its card alone.

A customer belongs to the persona whose published claims fit best. Its distribution is
everyone's, times what the claims that cover an item say, normalised:

    p(i | persona) ~ p0(i) * product over claims about i of (lift / typical lift)^(1/2)

The typical lift is the median of the card's claims of that kind: how much, not what, they buy.

So the portrait is put to the test, not the data behind it: those are the segment's level.
"""

import attrs
import numpy as np

from onefold._types import Floats
from onefold.levels.everyone import Everyone, is_everyone
from onefold.levels.protocol import Choices, SharedLevel, normal
from onefold.levels.settings import named


@attrs.frozen
class Persona:
    """Everyone's popularity, bent by the claims on the customer's persona card.

    Args:
        base: Everyone's distribution.
        name: The level's name.

    Raises:
        ArgumentError: If a setting is not allowed.
    """

    base: Everyone = attrs.field(factory=Everyone, validator=is_everyone)
    name: str = attrs.field(default="persona", kw_only=True, validator=named)

    def fit(self, history: Choices, *, as_of: np.datetime64, rng: object) -> SharedLevel:
        base = self.base.fit(history, as_of=as_of, rng=rng).shared(None)
        names = history.names.get("persona", ())
        rows: list[Floats] = [
            normal(base * history.cards[name].lifts(history.items, history.catalog))
            for name in names
        ]
        return SharedLevel(self.name, "persona", names, np.array([*rows, base]))
