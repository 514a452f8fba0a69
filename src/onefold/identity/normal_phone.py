"""Phone numbers in E.164, read by phonenumbers (the rules that Android uses).

    region "DE":   "0170 1234567", "+49 (0)170 1234567", "tel:+49-170-1234567"  ->  "+491701234567"

Kept is what is *possible* (of a length that its country has), not only what is *valid*: which
ranges are in use changes with each release of the rules, and with it people would change. An
extension is kept, as in RFC 3966: the number of a switchboard is that of many people, and one
of its lines that of one. Letters (1-800-FLOWERS) are refused, and so is a number without its
area code, which a hundred towns have. Without a region 00 stands for the +, as in most countries.
"""

import re
from collections.abc import Callable

from onefold._check import hint, shown
from onefold.errors import ArgumentError
from onefold.identity.spelling import plain

# What a telephone's own address book puts around a number: marks of direction, not of the number.
MARKS = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff \t\r\n\xa0"
SIGNS = ("+", "\uff0b")
LONGEST = 64  # characters: a number has 15 digits at most (E.164), with signs between them
ABROAD = re.compile(r"^[\s(]*00(?=[1-9\s()\-])")
NUMBER = re.compile(
    r"(?:tel:)?([+\uff0b]?[\s\d()\[\]./\-\u2010-\u2015\u2212\uff0d\u2060]*?)"
    r"(?:(?:;ext=|[\s,;.]*(?:ext\.?|extension|x|#|durchwahl|dw\.?)[\s.:]*)(\d{1,8})#?)?",
    re.IGNORECASE,
)


def phone(region: str | None, *, argument: str) -> Callable[[str | None], str | None]:
    """The normaliser of phone numbers, national ones being of the region."""
    try:
        import phonenumbers
    except ImportError as error:
        raise ArgumentError(
            f"{argument} is 'phone', which needs the package phonenumbers: "
            'pip install "onefold[phone]", or take normalise="exact".'
        ) from error
    known = phonenumbers.SUPPORTED_REGIONS
    if region is not None and (not isinstance(region, str) or region not in known):
        raise ArgumentError(
            f"{argument}: region is {shown(region)}; it takes a country's two letters, such as "
            f"'DE' or 'US'.{hint(str(region).upper(), sorted(known))}"
        )

    def read(number: str) -> str | None:
        try:
            held = phonenumbers.parse(number, None if number[:1] in SIGNS else region)
        except phonenumbers.NumberParseException:
            return None
        reason = phonenumbers.is_possible_number_with_reason(held)
        if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
            return None
        return str(phonenumbers.format_number(held, phonenumbers.PhoneNumberFormat.E164))

    def normal(value: str | None) -> str | None:
        if not isinstance(value, str) or len(value) > LONGEST:
            return None
        value = plain(value.strip(MARKS))
        parts = NUMBER.fullmatch(value) if value else None
        if parts is None:
            return None
        number = ABROAD.sub("+", parts[1]) if region is None else parts[1]
        while number is not None and (again := read(number)) != number:
            number = again  # a possible number may lose one more digit when it is read again
        if number is None:
            return None
        return f"{number};ext={parts[2]}" if parts[2] else number

    return normal
