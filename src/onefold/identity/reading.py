"""Reading: spellings as a policy reads them, one at a time and many at once.

Most identifiers are plain: signs of ASCII that the normaliser leaves as they are, but for capital
letters. These are told apart in Arrow's buffers, all at once, and only the odd ones are read one
by one. That changes the time and nothing else:

    readings(kind, policy, words)[i] == reader(kind, policy)(words[i])
"""

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onefold import _text
from onefold._types import Bools, Ints
from onefold._vocab import Vocab
from onefold.identity.blocked import Nobody, blocked
from onefold.identity.kinds import IdentifierType
from onefold.identity.normal_social import HOSTS
from onefold.identity.policy import IdentityPolicy

FEW = 32  # values below which to read one by one is as fast
HOST = r"@(?:[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?\.)+[a-z]+"
# What the normaliser leaves as it is, of values in small letters, by its name: a pattern of RE2
# that they match, one that they don't, and the most signs. What is left out is read one by one.
LEFT: dict[str, tuple[str, str, int]] = {
    "exact": ("", "", 1024),
    "lower": ("", "", 1024),
    "email": (rf"[a-z0-9._+\-]+{HOST}", "", 63),
    "mailbox": (rf"[a-z0-9._\-]+{HOST}", r".*@(?:gmail|googlemail)\.com", 63),
    "social": (rf"(?:(?:{'|'.join(sorted({*HOSTS.values()}))}):)?[a-z0-9][a-z0-9_.~\-]*", "", 100),
}


def reader(kind: IdentifierType, policy: IdentityPolicy) -> Callable[[str], str | None]:
    """What reads one spelling of a type: the normal form, or None if it is no identifier."""
    return _reader(kind, policy, nobody(kind, policy))


def _reader(
    kind: IdentifierType, policy: IdentityPolicy, refused: Nobody
) -> Callable[[str], str | None]:
    normal = kind.reader()

    def read(value: str) -> str | None:
        if len(value) > policy.longest or refused(value):
            return None
        made: str | None = normal(value)
        if made is None or made == value:
            return made
        return None if len(made) > policy.longest or refused(made) else made

    return read


def located(value: str, source: str | None) -> str:
    """The value of an identifier that is one only within its source."""
    return f"{quote(source or '', safe='')}:{value}"


def nobody(kind: IdentifierType, policy: IdentityPolicy) -> Nobody:
    """What tells that a value of a type is nobody's."""
    return _nobody((*policy.blocked, *kind.blocked))


@lru_cache(maxsize=64)  # a hundred patterns take milliseconds to read, and each question asks
def _nobody(patterns: tuple[str, ...]) -> Nobody:
    return blocked(patterns, argument="IdentityPolicy: blocked")


def readings(kind: IdentifierType, policy: IdentityPolicy, words: Vocab) -> pa.Array:
    """The normal form (n,) of each spelling, null where it is no identifier."""
    refused = nobody(kind, policy)
    one = _reader(kind, policy, refused)
    if len(words) < FEW:
        return pa.array([one(word) for word in words], type=pa.large_string())
    text = words.text
    made = text if kind.normalise == "exact" else pc.ascii_lower(text)
    plain = _plain(kind, policy, text, made)
    gone = np.zeros(len(text), dtype=bool)
    rows = np.flatnonzero(plain)
    gone[rows] = refused.among(_some(text, rows))
    if made is not text:  # a pattern may tell capitals from small letters: (?-i:NULL)
        rows = rows[_some(pc.not_equal(text, made), rows).to_numpy(zero_copy_only=False)]
        gone[rows] |= refused.among(_some(made, rows))
    odd = np.flatnonzero(~plain)
    if not len(odd):
        return pc.if_else(pa.array(~gone), made, pa.scalar(None, made.type)) if gone.any() else made
    read = [one(word) for word in _some(text, odd).to_pylist()]
    place = np.arange(len(text))
    place[odd] = len(text) + np.arange(len(odd))
    both = pa.concat_arrays([made, pa.array(read, type=made.type)])
    return both.take(pa.array(place, mask=gone))


def _plain(kind: IdentifierType, policy: IdentityPolicy, text: pa.Array, made: pa.Array) -> Bools:
    """Which spellings (n,) the normaliser surely leaves as they are in `made`."""
    if kind.normalise not in LEFT:
        return np.zeros(len(text), dtype=bool)
    shape, but, most = LEFT[kind.normalise]
    sizes = pc.binary_length(text).to_numpy()
    out: Bools = _text.signs_only(text) & (sizes <= min(most, policy.longest))
    if shape:
        out &= _matched(made, shape)
    return out & ~_matched(made, but) if but else out


def _matched(text: pa.Array, pattern: str) -> Bools:
    found = pc.match_substring_regex(text, pattern=rf"\A(?:{pattern})\z")
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _some(text: pa.Array, rows: Ints) -> pa.Array:
    return text if len(rows) == len(text) else text.take(pa.array(rows))
