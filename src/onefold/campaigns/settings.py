"""Checks of a campaign's settings: each says which one it is, what it held, what is allowed.

holdout: float = attrs.field(default=0.1, converter=share)

Campaign: holdout is 1.5; it takes a share of customers, 0 to below 1, such as 0.1.
"""

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from onefold._check import is_several, shown, whole
from onefold.consent.statement import purpose_of
from onefold.errors import ArgumentError
from onefold.scoring.policy import COLDEST, HOTTEST


def share(value: Any) -> float:
    """A share of customers, 0 to below 1."""
    if not _is_number(value) or not 0 <= value < 1:
        raise ArgumentError(
            f"Campaign: holdout is {shown(value)}; it takes a share of customers, 0 to below 1, "
            "such as 0.1."
        )
    return float(value)


def temperature(value: Any) -> float:
    """0, or a number at which `FittedScorer.sample` draws."""
    if not _is_number(value) or not (value == 0 or COLDEST <= value <= HOTTEST):
        raise ArgumentError(
            f"Campaign: temperature is {shown(value)}; it takes 0 (the best list, by no "
            f"chance), or a number from {COLDEST:g} to {HOTTEST:g}."
        )
    return float(value)


def secret(value: Any) -> str | bytes | None:
    """Text or bytes with something in it, or None."""
    if value is None or (isinstance(value, (str, bytes)) and value):
        return value
    raise ArgumentError(  # what it held is not shown: it may be a secret all the same
        f"Campaign: key is a {type(value).__name__} that is no secret; it takes str or bytes with "
        "something in it, or None."
    )


def listed(value: Any) -> Any:
    """Ids that can be gone through many times; what is no list of ids is left to the scorer."""
    return tuple(value) if is_several(value) else value


def owned(value: Any) -> Any:
    """A mapping that nobody else can change; what is none is left to the scorer."""
    return dict(value) if isinstance(value, Mapping) else value


def units(value: Any) -> dict[str, int] | None:
    """Units left by item, which nobody else can change."""
    if value is None:
        return None
    if isinstance(value, type) or not callable(getattr(value, "items", None)):
        raise ArgumentError(
            f"Campaign: stock is {shown(value)}; it takes the units left of each item: "
            "{'tea': 3}."
        )
    return {
        str(item): whole(left, f"Campaign: stock: {shown(item)}", least=0)
        for item, left in value.items()
    }


def purpose(value: Any) -> str | None:
    """What customers must have agreed to, or None."""
    return None if value is None else purpose_of(value, "Campaign: purpose")


def flag(campaign: Any, field: "attrs.Attribute[Any]", value: Any) -> None:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentError(f"Campaign: {field.name} is {shown(value)}; it takes True or False.")


def _is_number(value: Any) -> bool:
    kinds = (int, float, np.floating, np.integer)
    return isinstance(value, kinds) and not isinstance(value, bool)
