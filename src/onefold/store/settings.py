"""Settings: what a store is opened with, checked before the database is touched.

Each is what it must be, or an error says which one it was, what it held and what is allowed:

    durable="maybe"  ->  Store: durable is 'maybe'; allowed: 'disk', 'process'
"""

from typing import Any

import attrs
import numpy as np

from onefold._check import one_of, shown
from onefold.catalog import Catalog
from onefold.errors import ArgumentError
from onefold.identity.policy import IdentityPolicy
from onefold.profiles.folding import carried
from onefold.store.database import Durable
from onefold.traits import Trait

LONGEST = 2_000_000  # seconds: PostgreSQL counts milliseconds in 32 bits


@attrs.frozen(eq=False, repr=False)
class Settings:
    """What a store is opened with: see `Store`."""

    policy: IdentityPolicy | None
    traits: tuple[Trait, ...]
    catalog: Catalog | None
    key: str | None
    durable: Durable
    timeout: float
    migrate: bool


def settings(
    *,
    policy: Any,
    traits: Any,
    catalog: Any,
    key: Any,
    durable: Any,
    timeout: Any,
    migrate: Any,
) -> Settings:
    """What was given, if it is allowed.

    Raises:
        ArgumentError: If it is not.
    """
    if policy is not None and not isinstance(policy, IdentityPolicy):
        raise ArgumentError(
            f"Store: policy is a {type(policy).__name__}; it takes an IdentityPolicy, or None for "
            "that of the database."
        )
    return Settings(
        policy,
        carried(traits, catalog, "Store"),
        catalog,
        None if key is None else _key(key),
        one_of(durable, ("disk", "process"), "Store: durable"),
        _seconds(timeout),
        one_of(migrate, (False, True), "Store: migrate"),
    )


def _key(key: Any) -> str:
    """A key, which no message shows."""
    if not isinstance(key, str):
        raise ArgumentError(
            f"Store: key is a {type(key).__name__}; it takes a secret string of 1 to 64 bytes."
        )
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise ArgumentError("Store: key is not valid Unicode. Take another one.") from None
    if not 1 <= size <= 64:
        raise ArgumentError(
            f"Store: key is a string of {size} bytes; it takes a secret string of 1 to 64 bytes."
        )
    return key


def _seconds(timeout: Any) -> float:
    number = isinstance(timeout, (int, float, np.integer, np.floating))
    if number and not isinstance(timeout, (bool, np.timedelta64)) and 0 <= timeout <= LONGEST:
        return float(timeout)
    raise ArgumentError(
        f"Store: timeout is {shown(timeout)}; it takes seconds, 0 to {LONGEST}: how long to wait "
        "for others who hold the database."
    )
