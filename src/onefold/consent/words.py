"""Words: what the text of a statement says.

A word, and after it there may be an end and where it was said. What is no yes is a no, also where
an end can't be read: a word that nobody thought of must not give leave.

    yes        no        yes until 2027-01-01T00:00:00.000000Z [source: double opt-in mail]
"""

import re

import attrs
import numpy as np

from onefold import _time
from onefold._columns import Columns
from onefold._types import Bools, Ints, Strings
from onefold.errors import ArgumentError

PREFIX = "consent:"
YES = frozenset(
    {"yes", "y", "true", "t", "1", "on", "ja", "oui", "si", "granted", "given", "allowed"}
    | {"accepted", "agreed", "opt_in", "optin", "opted_in", "subscribed", "consented", "allow"}
    | {"accept", "agree", "grant", "approved", "enabled", "confirmed"}
)
FOREVER = np.iinfo(np.int64).max  # the end of a yes without one, in microseconds
LONGEST = 200  # characters of a word and its end
SOURCE = " [source: "
UNTIL = re.compile(r"\s+until\s+", re.IGNORECASE)


@attrs.frozen
class Said:
    """What a text says: whether it is a yes, its end in microseconds, and where it was said."""

    granted: bool
    until: int
    source: str | None


def read(text: str) -> Said:
    """What a statement's text says; what is no yes is a no, also where an end can't be read."""
    words, source = text.strip(), None
    if words.endswith("]") and SOURCE in words:
        words, _, rest = words.partition(SOURCE)
        source = rest[:-1].strip() or None
    if len(words) > LONGEST:
        return Said(False, FOREVER, source)
    word, *end = UNTIL.split(words, maxsplit=1)
    if re.sub(r"[\s_-]+", "_", word.strip()).casefold() not in YES:
        return Said(False, FOREVER, source)
    if not end:
        return Said(True, FOREVER, source)
    try:
        until = _time.instant(end[0], "consent: until")
    except ArgumentError:
        return Said(False, FOREVER, source)
    return Said(True, int(until.view(np.int64)), source)


@attrs.frozen(eq=False)
class Statements:
    """What m facts say: a yes or not, until when, in microseconds, and where it was said."""

    time: Ints
    granted: Bools
    until: Ints
    sources: Strings
    text: Ints

    @classmethod
    def of(cls, facts: Columns, rows: Ints) -> "Statements":
        """Of some rows; each text is read once, and a number is a yes if it is 1."""
        words = facts.coded("text")
        codes = words.codes[rows]
        used, place = np.unique(codes, return_inverse=True)
        said = [read(words.vocab[c]) if c >= 0 else Said(False, FOREVER, None) for c in used]
        granted = np.array([one.granted for one in said], dtype=bool)[place]
        until = np.array([one.until for one in said], dtype=np.int64)[place]
        sources = np.array([one.source for one in said], dtype=object)[place]
        one = facts.array("number")[rows] == 1
        time = facts.array("time")[rows].view(np.int64)
        return cls(time, granted | one, until, sources, place.astype(np.int64))

    def last(self, group: Ints) -> Ints:
        """The position of the last word of each group, by group.

        Of one instant that is a no, and of several yeses the one that ends first.
        """
        order = np.lexsort((-self.text, -self.until, ~self.granted, self.time, group))
        of = group[order]
        ends: Ints = order[np.flatnonzero(np.append(of[1:] != of[:-1], True)[: len(of)])]
        return ends
