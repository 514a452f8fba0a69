"""Hashes of a store: of bundles and nodes for its indices, and of single events as logs hash them.

The first two are salted, so that nobody can choose strings that fall into one place; the text
decides. The last is what `EventLog.from_events` gives, one event at a time:

    event_key(event) == mix64(hash64([source]), hash64([id]))[0]        as a signed number
"""

import functools
import hashlib

import numpy as np

from onefold._random import hash64
from onefold._types import Hashes

BundleKey = tuple[str | None, str | None, str | None, str]  # customer, kind, source, given
ALL = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
LONG = 256  # bytes; longer text is reduced first, by the one place that knows how


def bundle_hash(key: BundleKey, salt: bytes) -> int:
    """63 bits of a bundle, as it is stored."""
    said = "\0".join([part or "" for part in key])  # what is stored has no NUL, and none is ""
    return _bits(said, salt)


def node_hash(position: int, value: str, salt: bytes) -> int:
    """63 bits of an identifier: the place of its type, and its normal form."""
    return _bits(f"{position}\0{value}", salt)


def event_key(source: str | None, id: str) -> int:
    """The key of an event in a log, as a signed number."""
    held = 0 if source is None else _of_source(source)
    key = _stirred(_stirred((held + GOLDEN) & ALL) ^ hash_one(id))
    return key - 2**64 if key >> 63 else key


def hash_one(string: str) -> int:
    """`hash64` of one string, without an array."""
    text = string.encode()
    size = len(text)
    if size > LONG:
        return int(hash64([string])[0])
    state = _stirred((_seed() + size) & ALL)
    for at in range(0, size, 8):  # at most 32 words
        state = _stirred(state ^ int.from_bytes(text[at : at + 8], "little"))
    return state


def _bits(said: str, salt: bytes) -> int:
    digest = hashlib.blake2b(said.encode(), digest_size=8, key=salt).digest()
    return int.from_bytes(digest, "little") >> 1


def _stirred(x: int) -> int:
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & ALL
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & ALL
    return x ^ (x >> 31)


@functools.cache
def _seed() -> int:
    """The seed of `hash64`: of the empty salt."""
    return int.from_bytes(hashlib.blake2b(b"", digest_size=8).digest(), "little")


@functools.lru_cache(maxsize=256)
def _of_source(source: str) -> int:
    return hash_one(source)


def signed(hashes: Hashes) -> list[int]:
    """Hashes (n,) as databases hold them."""
    out: list[int] = hashes.view(np.int64).tolist()
    return out
