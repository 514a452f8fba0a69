"""A law that a plug-in must keep, and the words in which it is said to be broken.

    trait 'streak' breaks the law "own events": ... Do this.

Whatever a plug-in raises while it is asked is a broken law too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from onefold._types import Array, Times
from onefold.errors import ContractError

INPUTS = "inputs stay as they are"
COPY = "Arrays that come in are not a plug-in's to change; work on a copy: x = x.copy()."
NEAR = 1e-9  # relative: sums may be added up in another order


@attrs.frozen
class Plug:
    """What is checked, by the name that errors give it."""

    name: str

    def breaks(self, law: str, said: str, advice: str) -> ContractError:
        """The error of a broken law: what was seen, and what to do."""
        return ContractError(f'{self.name} breaks the law "{law}": {said} {advice}')

    @contextmanager
    def asked(self, law: str, when: str, advice: str = "") -> Iterator[None]:
        """Whatever the plug-in raises here breaks the law."""
        try:
            yield
        except ContractError as error:
            raise self.breaks(law, f"{when}, it was refused: {error}", advice) from error
        except ValueError as error:
            if "read-only" not in str(error):
                raise self.breaks(law, f"{when}, it raised {error!r}.", advice) from error
            said = f"{when}, it wrote into an array that it was given ({error})."
            raise self.breaks(INPUTS, said, COPY) from error
        except Exception as error:  # whatever a plug-in may do
            raise self.breaks(law, f"{when}, it raised {error!r}.", advice) from error


def named(plug: Any, kind: str, method: str, signature: str) -> Plug:
    """Check that a trait or level has a name and its one method."""
    plug_of = Plug(f"{kind} {type(plug).__name__}")
    if isinstance(plug, type):
        raise ContractError(
            f'{kind} {plug.__name__} breaks the law "name": it is a class, not an object. Check '
            f"an object of it: {plug.__name__}()."
        )
    name = getattr(plug, "name", None)
    if not isinstance(name, str) or not name:
        raise plug_of.breaks(
            "name", f"its name is {name!r}.", "Give it an attribute `name`: text, not empty."
        )
    if not callable(getattr(plug, method, None)):
        raise plug_of.breaks("name", f"it has no method {method}.", f"Write {signature}.")
    return Plug(f"{kind} {name!r}")


def alike(a: Any, b: Any) -> bool:
    """Whether two values say the same: numbers nearly, texts exactly, missing as missing."""
    a, b = (np.nan if x is None else x for x in (a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, (float, int)) and isinstance(b, (float, int)):
        return bool(np.isclose(a, b, rtol=NEAR, atol=NEAR, equal_nan=True))
    return bool(a == b)


def differs(first: list[Any], second: list[Any]) -> int | None:
    """The first row in which two answers differ, None if none does."""
    pairs = zip(first, second, strict=True)
    return next((i for i, (a, b) in enumerate(pairs) if not alike(a, b)), None)


ARRAYS = ("offsets", "row", "time", "kind", "item", "channel", "basket", "value", "quantity")


@attrs.frozen(eq=False)
class Snapshot:
    """Copies of arrays, to see afterwards whether they were changed."""

    held: dict[str, tuple[Array, Array]]

    @classmethod
    def of(cls, source: Any, *, names: tuple[str, ...] = ARRAYS, **more: Any) -> "Snapshot":
        """A snapshot of attributes of `source`, and of further arrays."""
        arrays = {name: getattr(source, name) for name in names} | more
        return cls({name: (array, array.copy()) for name, array in arrays.items()})

    def check(self, plug: Plug) -> None:
        """Refuse a plug-in that changed one of them."""
        for name, (now, before) in self.held.items():
            floats = now.dtype.kind == "f"
            if now.shape != before.shape or not np.array_equal(now, before, equal_nan=floats):
                raise plug.breaks(INPUTS, f"it changed {name}.", COPY)


def moments(times: Times) -> list[np.datetime64]:
    """Instants at which look-ahead shows: an event, and a microsecond to each side of it."""
    ordered = np.sort(times)
    step = np.timedelta64(1, "us")
    picked = [ordered[len(ordered) // 3], ordered[2 * len(ordered) // 3]]
    return [t + k * step for t in picked for k in (-1, 0, 1)]
