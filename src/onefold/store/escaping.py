r"""Text as a database holds it: PostgreSQL has no NUL in text.

A NUL and the sign that announces one are written as two signs; all other text is as it is, on
every database:

    escaped("a\0b") == "a\x10" + "0b"        escaped("\x10") == "\x10" + "1"

In JSON a NUL is six plain signs already.
"""

SIGN = "\x10"  # "data link escape"


def escaped(text: str) -> str:
    r"""The text without NUL.

    Examples:
        >>> unescaped(escaped("a\0\x10")) == "a\0\x10"
        True
    """
    if "\0" not in text and SIGN not in text:
        return text
    return text.replace(SIGN, SIGN + "1").replace("\0", SIGN + "0")


def unescaped(text: str) -> str:
    """The text as it was given."""
    if SIGN not in text:
        return text
    return text.replace(SIGN + "0", "\0").replace(SIGN + "1", SIGN)


def maybe_escaped(text: str | None) -> str | None:
    """The same, where there is text."""
    return None if text is None else escaped(text)


def maybe_unescaped(text: str | None) -> str | None:
    """The same, where there is text."""
    return None if text is None else unescaped(text)
