"""What two spellings may differ in and still be one: Unicode's composition, and white space.

Composed (NFC), never by compatibility (NFKC): NFC only joins what Unicode holds to be the same
text, so "é" is one letter or two; NFKC would also make "ﬁ" "fi" and "²" "2", ids that somebody
may hold apart. Neither makes a Cyrillic "a" a Latin one: who looks like another is not another.
What can't be seen or typed is no identifier: controls, zero-width and bidirectional marks
(joined emoji need one, so they go too), private and unassigned code points, half surrogates.

    plain(" Ann ") = "Ann"      plain("An\u200bn") = None      plain("") = None
"""

import re
import unicodedata

LONGEST = 1024  # characters of a value; what is longer is a document, not an identifier
# Letters and marks that show nothing, though Unicode does not call them format characters:
# Unicode's property Default_Ignorable_Code_Point, and the blank of Braille.
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def plain(value: str | None, *, longest: int = LONGEST) -> str | None:
    r"""The value trimmed and composed (NFC), None where it is no identifier.

    Args:
        value: as it was given.
        longest: characters it may have, before and after.

    >>> plain("  Zoe\u0308 "), plain("a\x00b"), plain("   ")
    ('Zoë', None, None)
    """
    if not isinstance(value, str) or len(value) > longest:
        return None
    value = value.strip()
    if value.isascii():
        return value if value and value.isprintable() else None
    if not value.isprintable() and any(unseen(c) for c in value):
        return None
    if INVISIBLE.search(value):
        return None
    value = unicodedata.normalize("NFC", value)
    return value if len(value) <= longest else None


def unseen(character: str) -> bool:
    """Whether it is neither a sign nor a space."""
    return not character.isprintable() and unicodedata.category(character) != "Zs"


def folded(value: str, *, longest: int = LONGEST) -> str | None:
    """The value without case (full case folding), composed; None where it grows too long.

    Unicode's canonical caseless matching (The Unicode Standard, section 3.13, D145), composed.
    Composing can bring back what folding took apart, so both go on until neither changes
    anything.
    """
    while value != (value := unicodedata.normalize("NFC", value.casefold())):
        pass
    return value if len(value) <= longest else None


def lowered(value: str) -> str:
    """The value in small letters one by one, composed: "ß" stays apart from "ss".

    By letter, for `str.lower` writes the last Σ of a word in another way.
    """
    if value.isascii():
        return value.lower()
    while value != (value := unicodedata.normalize("NFC", "".join(c.lower() for c in value))):
        pass
    return value
