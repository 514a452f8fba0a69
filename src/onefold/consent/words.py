"""Words: what the text of a statement says.

A word, and after it there may be an end and where it was said. What is no yes is a no, also where
an end can't be read: a word that nobody thought of must not give leave.

    yes        no        yes until 2027-01-01T00:00:00.000000Z [source: double opt-in mail]
"""

import re

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onefold import _time
from onefold._columns import Coded, Columns
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
HOUSE = (  # as `Consent.text` writes it; a source has no white space around it
    r"^(?P<word>yes|no)(?: until (?P<end>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"\.[0-9]{6})Z)?(?: \[source: (?P<source>[!-~](?:[ -~]*[!-~])?)\])?$"
)
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


def _read_all(texts: Strings) -> tuple[Bools, Ints, Strings]:
    """The same of many texts: those that the house has written are read by columns.

    Each end is a text of its own, so they may be as many as the statements are. What else people
    write is few words, and is read word by word.
    """
    told = pa.array(texts, pa.large_string())
    parts = pc.extract_regex(told, HOUSE)
    ours = ~np.asarray(pc.is_null(parts).to_numpy(zero_copy_only=False), dtype=bool)
    word, end, source = (
        parts.field(name).to_numpy(zero_copy_only=False) for name in ("word", "end", "source")
    )
    granted: Bools = np.asarray(word == "yes", dtype=bool)
    until: Ints = np.full(len(texts), FOREVER, dtype=np.int64)
    sources: Strings = source.copy()
    sources[source == ""] = None
    sources[~ours] = None
    ends = ours & granted & (end != "")  # a no has none
    try:
        moments = end[ends].astype("datetime64[us]")
    except ValueError:  # a day that there is not: that one is no end
        moments, ours = np.zeros(0, dtype="datetime64[us]"), ours & ~ends
    else:
        fits = (moments >= _time.EARLIEST) & (moments < _time.LATEST)
        until[ends] = moments.astype(np.int64)
        ours[np.flatnonzero(ends)[~fits]] = False
    for n in np.flatnonzero(~ours).tolist():
        one = Said(False, FOREVER, None) if texts[n] is None else read(texts[n])
        granted[n], until[n], sources[n] = one.granted, one.until, one.source
    return granted, until, sources


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
        texts = Coded(used.astype(np.int32), words.vocab).decode()  # None: a number was said
        granted, until, sources = _read_all(texts)
        one = facts.array("number")[rows] == 1
        time = facts.array("time")[rows].view(np.int64)
        return cls(time, granted[place] | one, until[place], sources[place], place.astype(np.int64))

    def last(self, group: Ints) -> Ints:
        """The position of the last word of each group, by group.

        Of one instant that is a no, and of several yeses the one that ends first.
        """
        order = np.lexsort((-self.text, -self.until, ~self.granted, self.time, group))
        of = group[order]
        ends: Ints = order[np.flatnonzero(np.append(of[1:] != of[:-1], True)[: len(of)])]
        return ends
