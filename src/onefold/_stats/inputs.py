"""What the statistics accept, checked once and returned as float64.

`counts(k, n, ...)` gives two arrays of one shape with 0 <= k <= n in every place.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from onefold.errors import ArgumentError

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


def counts(
    k: npt.ArrayLike, n: npt.ArrayLike, name: str, name_n: str, *, whole: bool = False
) -> tuple[Floats, Floats]:
    """Return both as floats of one shape, with 0 <= k <= n in every place."""
    hits, size = numbers(k, name), numbers(n, name_n)
    try:
        hits, size = np.broadcast_arrays(hits, size)
    except ValueError:
        raise ArgumentError(
            f"{name} has the shape {hits.shape} and {name_n} {size.shape}; they must broadcast."
        ) from None
    if not np.all((hits >= 0) & (hits <= size) & np.isfinite(size)):
        raise ArgumentError(
            f"{name} and {name_n} hold counts out of bounds; "
            f"each needs 0 <= {name} <= {name_n}, and none may be missing."
        )
    if whole and np.any((hits % 1 != 0) | (size % 1 != 0)):
        raise ArgumentError(f"{name} and {name_n} must be whole numbers of customers.")
    return hits, size


def numbers(values: npt.ArrayLike, name: str) -> Floats:
    """Return an array of floats; NaN is allowed."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} is {values!r:.60}; it takes numbers.") from None


def finite(values: npt.ArrayLike, name: str) -> Floats:
    """Return an array of floats; NaN is allowed, infinity is not."""
    array = numbers(values, name)
    if np.isinf(array).any():
        raise ArgumentError(f"{name} holds infinite numbers; it takes finite ones, NaN for none.")
    return array


def confidence_level(value: object) -> float:
    """Return a number above 0 and below 1."""
    if isinstance(value, (int, float, np.floating)) and 0 < value < 1:
        return float(value)
    raise ArgumentError(f"confidence is {value!r}; it takes a number above 0 and below 1.")


def enough_draws(value: object) -> int:
    """Return a whole number, 100 or more: with fewer there is no 2.5 % quantile to speak of."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 100:
        return int(value)
    raise ArgumentError(f"draws is {value!r}; it takes a whole number, at least 100.")
