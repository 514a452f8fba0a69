"""Why a condition holds for one customer, or does not, or can't be told.

false    recency is at most 30 and region is 'north'
  false    recency is at most 30 (found 41.5)
  unknown  region is 'north' (no data)
"""

from collections.abc import Iterator

import attrs
import pandas as pd

from onefold._display import printable
from onefold.conditions.table import words

WORDS = {True: "true", False: "false", None: "unknown"}


@attrs.frozen(repr=False)
class Explanation:
    """The answer to a condition for one customer, with its parts.

    Attributes:
        answer: True, False, or None for unknown.
        text: The condition in English.
        found: The value that was found, in words; None for a condition with parts.
        parts: The explanations of the parts, in their order.
    """

    answer: bool | None
    text: str
    found: str | None = None
    parts: tuple["Explanation", ...] = ()

    def __repr__(self) -> str:
        return "\n".join(self._lines(""))

    def _lines(self, indent: str) -> Iterator[str]:
        found = "" if self.found is None else f" ({self.found})"
        yield f"{indent}{WORDS[self.answer]:<7}  {printable(self.text + found)}"
        for part in self.parts:
            yield from part._lines(indent + "  ")


def found(value: object) -> str:
    """A value that was found, in words."""
    if pd.isna(value):  # type: ignore[call-overload]
        return "no data"
    return f"found {words(value)}"
