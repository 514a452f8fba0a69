"""A table of traits: n rows, read when asked for, and what segments and personas look at.

The same class holds everybody's traits, one customer's, and those of customers as of moments;
whatever is fitted on the one can act on the other.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from onefold._check import hint, quoted
from onefold._columns import frozen
from onefold._types import Array, Strings, Times
from onefold.errors import ArgumentError, UnknownName
from onefold.traits import older
from onefold.traits.facts import Fact
from onefold.traits.history import History
from onefold.traits.protocol import Trait, checked_reading, label_names, trait_of
from onefold.traits.wide import Wide


@attrs.frozen(eq=False, repr=False)
class TraitTable:
    """Traits by name, each read once and kept.

    `table[name]` is (n,) float64 with NaN, (n,) object with None, or (n, k) for a trait with
    labels; `table.column(name, label)` is one label of such a trait.
    """

    ids: Strings
    history: History
    as_of: Times = attrs.field(converter=frozen)
    traits: tuple[Trait, ...]
    _cache: dict[Any, Any] = attrs.field(init=False, factory=dict)
    _names: tuple[str, ...] | None = attrs.field(default=None)

    @classmethod
    def of_readings(
        cls,
        ids: Strings,
        history: History,
        as_of: Times,
        traits: tuple[Trait, ...],
        readings: Mapping[str, Any],
    ) -> "TraitTable":
        """A table of what was read already, from histories that are gone."""
        table = cls(ids, history, as_of, traits, tuple(readings))
        table._cache.update(readings)
        return table

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the traits, then of the facts that no trait hides."""
        if self._names is not None:
            return self._names
        own = tuple(t.name for t in self.traits)
        return own + tuple(f for f in self.history.facts if f not in own)

    def __getitem__(self, name: str) -> Array:
        reading = self.reading(name)
        return reading.dense() if isinstance(reading, Wide) else reading

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def reading(self, name: str) -> Any:
        """What a trait says of each row: an array, or `Wide`."""
        if name not in self._cache:
            self._cache[name] = self.read(self._trait(name))
        return self._cache[name]

    def wide(self, name: str) -> Wide:
        """A trait with labels, sparse."""
        reading = self.reading(name)
        if not isinstance(reading, Wide):
            raise ArgumentError(f"trait {name!r} has no labels; read it as table[{name!r}].")
        return reading

    def column(self, name: str, label: str | None = None) -> Array:
        """One column (n,): a trait, or one label of a trait that has several."""
        reading = self.reading(name)
        if isinstance(reading, Wide):
            if label is None:
                raise ArgumentError(
                    f"trait {name!r} has labels ({quoted(reading.labels[:6])}); "
                    f"name one: trait({name!r}, label)."
                )
            return reading.column(label)
        if reading.ndim == 2:
            labels = self.labels(name)
            if label not in labels:
                raise UnknownName(f"trait {name!r}: no label {label!r}. Labels: {quoted(labels)}.")
            column: Array = reading[:, labels.index(label)]
            return column
        if label is not None:
            raise ArgumentError(f"trait {name!r} has no labels; leave out label={label!r}.")
        held: Array = reading
        return held

    def labels(self, name: str) -> list[str]:
        """Labels of a trait that has several, else an empty list."""
        reading = self.reading(name)
        if isinstance(reading, Wide):
            return [str(label) for label in reading.labels]
        return list(label_names(self._trait(name), reading.shape[1])) if reading.ndim == 2 else []

    def read(self, trait: Trait) -> Any:
        """What any trait says of each row, also one that the profiles don't carry."""
        key = ("read", id(trait))
        if key not in self._cache:
            reading = older.read(trait_of(trait, "table.read"), self.history, self.as_of)
            self._cache[key] = (trait, checked_reading(trait, reading, len(self)))
        return self._cache[key][1]

    def rows(self, start: int, stop: int) -> "TraitTable":
        """The table of the rows from `start` up to `stop`."""
        history = self.history.between(start, stop)
        return TraitTable(self.ids[start:stop], history, self.as_of[start:stop], self.traits)

    def _trait(self, name: str) -> Trait:
        for trait in self.traits:
            if trait.name == name:
                return trait
        if name in self.history.facts:
            return Fact(name)
        if self.history.ledger.facts.coded("name").vocab.code(name) >= 0:
            return Fact(name)  # known of others, not of these
        known: Sequence[str] = self.names
        raise UnknownName(
            f"no trait or fact {name!r}. There are: {quoted(known)}.{hint(name, known)}"
        )
