"""What makes two spellings of an identifier one, and what is no identifier at all.

A normaliser is a function of a string that gives the one spelling of it, or None:

    f("Ann <ANN@x.org>") = "ann@x.org"      f("n/a, see CRM") = None      f(f(x)) = f(x)

It never raises, whatever the value holds: the values come from anyone. Two spellings become one
only where nearly always the same person is meant: who may choose a value of their own should not
become somebody else by it. (Case is dropped, so that the sign of Kelvin is a k, and in "lower" and
"social" a sharp s is ss.) Patterns of values that are nobody's are in `blocked`.
"""

from collections.abc import Callable

from onefold._check import one_of, shown
from onefold.errors import ArgumentError
from onefold.identity.blocked import (
    BLOCKED,
    BLOCKED_DEVICE,
    BLOCKED_EMAIL,
    BLOCKED_PHONE,
    BLOCKED_SOCIAL,
    blocked,
)
from onefold.identity.normal_email import email, mailbox
from onefold.identity.normal_phone import phone
from onefold.identity.normal_social import social
from onefold.identity.spelling import folded, plain

__all__ = [
    "BLOCKED",
    "BLOCKED_DEVICE",
    "BLOCKED_EMAIL",
    "BLOCKED_PHONE",
    "BLOCKED_SOCIAL",
    "NAMES",
    "Normaliser",
    "blocked",
    "normaliser",
]

Normaliser = Callable[[str | None], str | None]


def exact(value: str | None) -> str | None:
    """The value trimmed and composed; case counts."""
    return plain(value)


def lower(value: str | None) -> str | None:
    """The value trimmed, composed and without case."""
    value = plain(value)
    return None if value is None else folded(value)


SIMPLE: dict[str, Normaliser] = {
    "exact": exact,
    "lower": lower,
    "email": email,
    "mailbox": mailbox,
    "social": social,
}
NAMES: tuple[str, ...] = ("exact", "lower", "email", "mailbox", "phone", "social")


def normaliser(name: str, *, region: str | None = None, argument: str) -> Normaliser:
    """The function that gives the one spelling of an identifier, or None where it is none.

    Args:
        name: one of `NAMES`. "exact" trims and composes (NFC). "lower" ignores case besides.
            "email" is an address in small letters, its domain in ASCII; dots and +tags of the
            part before the @ stay, for only its provider knows what they mean. "mailbox" drops
            +tags, and at gmail.com the dots. "phone" is a number in E.164, by the package
            phonenumbers. "social" is a handle, or network:handle where the network is known.
        region: the country of national phone numbers, such as "DE"; without it they are None.
        argument: the name under which the caller knows `name`.

    Returns:
        A function of a string or None: never raises, and is idempotent.

    Raises:
        ArgumentError: If the name or the region is unknown, a region is given to another kind
            than "phone", or phonenumbers is not installed.

    >>> normaliser("email", argument="normalise")("Ann <Ann@Example-Shop.org>")
    'ann@example-shop.org'
    >>> normaliser("social", argument="normalise")("https://twitter.com/Ann")
    'x:ann'
    """
    one_of(name, NAMES, argument)
    if name == "phone":
        return phone(region, argument=argument)
    if region is not None:
        raise ArgumentError(
            f"{argument}: region is {shown(region)}, which only 'phone' reads, and this is "
            f"{name!r}. Leave the region out."
        )
    return SIMPLE[name]
