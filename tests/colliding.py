"""Strings that differ and have one hash: `hash64` is no secret, so that they can be made.

Its finaliser is one-to-one. The first word of one string is chosen at will, and the second is
what leads from there to where the other string is:

    stir(stir(h ^ a) ^ b) == stir(stir(h ^ a') ^ b')    if    b' == b ^ stir(h ^ a) ^ stir(h ^ a')
"""

from typing import Final

import numpy as np

from onefold._random import _seed, _stir

WORD: Final = 8  # bytes


def twins(size: int, *, salt: str = "") -> tuple[str, str]:
    """Two strings of `size` bytes of ASCII, at least 16, with one hash of 64 bits."""
    tail = "t" * (size - 2 * WORD)
    start = _stir(np.array([_seed(salt)]) + np.array([size], dtype=np.uint64))
    one = _first(0)
    for k in range(1, 1 << 12):  # one in 256 gives eight bytes of ASCII
        ways = _stir(start ^ one) ^ _stir(start ^ _first(k))
        for second in _seconds(ways):
            return _text(one, second) + tail, _text(_first(k), second ^ ways) + tail
    raise AssertionError("no twins of ASCII")


def _first(k: int) -> np.ndarray:
    return np.frombuffer(f"{k:08d}".encode(), dtype="<u8").astype(np.uint64)


def _seconds(ways: np.ndarray) -> list[np.ndarray]:
    """A second word that stays ASCII when it is changed by `ways`, if there is one."""
    if (int(ways[0]) & 0x8080808080808080) != 0:
        return []
    return [np.frombuffer(b"@" * WORD, dtype="<u8").astype(np.uint64)]


def _text(*words: np.ndarray) -> str:
    return b"".join(word.astype("<u8").tobytes() for word in words).decode("ascii")
