"""Availability: which items can be had at a moment, by the catalogue.

    spell(t) = how many of the instants at which some item comes or goes are not after t

Within one spell the same items are there, so what was found last is kept for it.
"""

from typing import Any

import attrs
import numpy as np

from onefold._columns import frozen
from onefold._types import Bools, Ints, Times
from onefold._vocab import Vocab
from onefold.catalog import ALWAYS, Catalog


@attrs.frozen(eq=False)
class Availability:
    """From when until when each item (n_items,) can be had, and the instants that change it."""

    since: Times = attrs.field(converter=frozen)
    until: Times = attrs.field(converter=frozen)
    changes: Times = attrs.field(converter=frozen)
    _last: dict[str, Any] = attrs.field(init=False, factory=dict)  # a cache

    @classmethod
    def of(cls, catalog: Catalog, items: Vocab) -> "Availability":
        """Of some items; what the catalogue lacks can be had always."""
        at = catalog.items.codes(items.values)
        since = np.append(catalog.valid_from, ALWAYS[0])[at]
        until = np.append(catalog.valid_until, ALWAYS[1])[at]
        return cls(since, until, np.unique(np.concatenate([since, until])))

    def spell(self, moments: Any) -> Ints:
        """The spell of each moment."""
        out: Ints = np.searchsorted(self.changes, moments, side="right")
        return out

    def at(self, moment: np.datetime64) -> Bools | None:
        """The items (n_items,) that can be had at a moment; None for all of them."""
        spell = int(self.spell(moment))
        held = self._last.get("mask")
        if held is None or held[0] != spell:
            mask = (self.since <= moment) & (moment < self.until)
            held = self._last["mask"] = (spell, None if mask.all() else mask)
        found: Bools | None = held[1]
        return found
