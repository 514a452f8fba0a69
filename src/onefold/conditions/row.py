"""Ask one profile: the same evaluation on its table of one row.

condition.of(profiles[id])  ==  condition.mask(profiles)[row of id]        (-1 is None)
"""

from onefold.conditions.kleene import TRUE, UNKNOWN, Mask
from onefold.errors import ArgumentError
from onefold.profiles import Profile, TraitTable


def row_of(profile: Profile) -> TraitTable:
    """The table of one profile."""
    if not isinstance(profile, Profile):
        raise ArgumentError(
            f"condition: profile is a {type(profile).__name__}; it takes one Profile, such as "
            "profiles[id]. For many at once use condition.mask(profiles)."
        )
    return profile.table


def answer(mask: Mask) -> bool | None:
    """The only answer of a mask of one row; None is unknown."""
    return None if mask[0] == UNKNOWN else bool(mask[0] == TRUE)
