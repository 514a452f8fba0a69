"""What a trait is.

A trait is any object with a name and one method; it needs to import nothing from here:

    class Streak:
        name = "streak"
        def read(self, history, *, as_of): ...     # -> (n,) or (n, k)

It is a pure function of one person's events before a moment, in canonical order.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import attrs
import numpy as np

from onefold._check import text
from onefold._columns import frozen
from onefold._types import (
    Times,
)
from onefold.traits.history import History
from onefold.traits.wide import Wide


@runtime_checkable
class Trait(Protocol):
    """A named, pure function of one person's events before a moment.

    It may also have `unit`, one of "days", "money", "share" or "years", for those who read it,
    and `labels`, the names of its k columns.
    """

    @property
    def name(self) -> str:
        """Under which it is read."""
        ...

    def read(self, history: "History", *, as_of: Times) -> Any:
        """A number or a text (n,) for each row, or k of them (n, k)."""
        ...


def kind_or_none(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    """A setting of a trait that names a kind of event, or None for every kind."""
    if value is not None:
        text(value, f"{type(instance).__name__}: {attribute.name}")


def some_name(instance: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    """A setting of a trait that is a name."""
    text(value, f"{type(instance).__name__}: {attribute.name}")


def trait_of(trait: Any, name: str) -> Trait:
    """Check that an object is a trait, and return it."""
    from onefold.errors import ContractError

    if not isinstance(getattr(trait, "name", None), str) or not callable(
        getattr(trait, "read", None)
    ):
        raise ContractError(
            f"{name} holds {trait!r}, which is not a trait. A trait has a string `name` and a "
            "method `read(history, *, as_of)`; see onefold.testing.check_trait."
        )
    checked: Trait = trait
    return checked


def checked_reading(trait: Trait, reading: Any, n: int) -> Any:
    """What a trait returned, if it has a row for each person; else an error that names it."""
    from onefold.errors import ContractError

    if isinstance(reading, Wide):
        if len(reading) != n:
            raise ContractError(f"trait {trait.name!r} returned {len(reading)} rows for {n}.")
        return reading
    try:
        array = np.array(reading)  # a copy: what a plug-in keeps stays its own
    except ValueError as error:
        raise ContractError(
            f"trait {trait.name!r} returned rows of different lengths; ({n},) or ({n}, k) is "
            "allowed."
        ) from error
    if array.ndim not in (1, 2) or len(array) != n:
        raise ContractError(
            f"trait {trait.name!r} returned an array of shape {array.shape} for {n} rows; "
            f"({n},) or ({n}, k) is allowed."
        )
    if array.dtype.kind in "biuf":
        array = array.astype(np.float64)
    if array.dtype.kind not in "fO":
        array = array.astype(object)
    return frozen(array)


def label_names(trait: Trait, width: int) -> Sequence[str]:
    """Names of the columns of a trait of shape (n, width): its own `labels`, or numbers."""
    own = getattr(trait, "labels", None)
    if own is not None and not callable(own) and len(own) == width:
        return [str(label) for label in own]
    return [str(i) for i in range(width)]
