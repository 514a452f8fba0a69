"""Chance and hashing, both repeatable.

Chance comes only from a caller's `rng`: a seed, a Generator, or None for a fresh one.
A hash turns a string into 64 bits that are the same in every process, on every machine and
in every version of this library, so that they may be written to disk. The bytes of the string
in UTF-8 are cut into words of eight, and each word is stirred in by the finaliser of SplitMix64:

    h = seed(salt) + length;   h = stir(h ^ word)  for each word

Two of n hashes collide with a chance of about n**2 / 2**65: 3e-8 for a million rows,
3e-6 for ten million, 3e-4 for a hundred million, 3 % for a thousand million.
"""

import hashlib
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from onefold.errors import ArgumentError

__all__ = ["generator", "hash64", "hash_bytes", "mix64"]

Hashes: TypeAlias = npt.NDArray[np.uint64]

_CHUNK = 1 << 16  # strings hashed at a time: their words stay in the cache, memory stays bounded
_LONG = 256  # bytes; a longer string is first reduced to 32 bytes, so that rounds are bounded
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def generator(rng: int | np.random.Generator | None, name: str = "rng") -> np.random.Generator:
    """Return the source of chance that `rng` stands for.

    Args:
        rng: A seed (whole number, not negative), a Generator (returned as it is, so it moves
            on), or None for a fresh one that nobody can repeat.
        name: How the caller calls this argument, for the message.

    Raises:
        ArgumentError: `rng` is something else.

    Example:
        >>> int(generator(7).integers(100)) == int(generator(7).integers(100))
        True
    """
    if rng is None or isinstance(rng, np.random.Generator):
        return np.random.default_rng(rng)
    return _seeded(rng, name)


def hash64(strings: npt.ArrayLike, *, salt: str = "") -> Hashes:
    r"""Hash each string to 64 bits, the same in every process and version.

    Strings that differ get hashes that differ, save for accidents (see the head of this module).
    `"a"` and `"a\x00"` differ, and any text is allowed, lone surrogates included; a numpy array
    of dtype "U" has dropped trailing NULs before it comes here. This guards against accidents, not
    against people: who may choose the strings can make two collide, so neither privacy nor
    the choice of a variant may rest on it (use a keyed hash of hashlib there).

    Args:
        strings: (n,) strings: a list, an array of objects or of dtype "U", a Series of strings.
        salt: Another salt gives another, unrelated hash.

    Returns:
        (n,) uint64.

    Raises:
        ArgumentError: Something is not a string, or the array has not one dimension.

    Example:
        >>> [hex(h) for h in hash64(["anna", "bert"])]
        ['0x50ef716242085e5c', '0xfae0ca8ddacc9707']

    Source: the finaliser is Stafford's variant 13, as in Steele, Lea and Flood, "Fast splittable
    pseudorandom number generators", OOPSLA 2014, figure 16.
    """
    array = np.asarray(strings, dtype=object)
    if array.ndim != 1:
        raise ArgumentError(f"strings has the shape {array.shape}; it takes one dimension, (n,).")
    seed = _seed(salt)
    out = np.empty(len(array), dtype=np.uint64)
    for start in range(0, len(array), _CHUNK):
        listed = array[start : start + _CHUNK].tolist()
        text, ends = _encoded(listed, first=start)
        out[start : start + _CHUNK] = _absorb(text, ends, seed)
    return out


def hash_bytes(text: bytes, ends: npt.NDArray[np.int64], *, salt: str = "") -> Hashes:
    """The hashes (n,) of the stretches of `text` between `ends` (n + 1,): those of `hash64`."""
    return _absorb(text, ends, _seed(salt))


def mix64(a: npt.ArrayLike, b: npt.ArrayLike) -> Hashes:
    """Combine two columns of hashes or codes into one hash a row; the order counts.

    A row of several columns is hashed by nesting, `mix64(mix64(a, b), c)`. Rows that differ in `a`
    alone, or in `b` alone, never collide; others do by accident as any 64-bit hashes do.

    Args:
        a: Whole numbers, instants or spans (in the unit they have), any shape.
        b: The same; the two are broadcast.

    Returns:
        uint64 of the common shape.

    Raises:
        ArgumentError: A column holds floats or objects, or the shapes don't fit.

    Example:
        >>> one, other = mix64([1, 2], [2, 1])
        >>> bool(one != other)
        True
    """
    left, right = _as_words(a, "a"), _as_words(b, "b")
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        raise ArgumentError(
            f"a has the shape {left.shape} and b {right.shape}; they must broadcast."
        ) from None
    # A constant goes in, or (0, 0) would hash to 0, a fixed point of the finaliser.
    left = np.atleast_1d(left)  # numpy warns when a scalar wraps round, not when an array does
    return _stir(_stir(left + _GOLDEN) ^ right).reshape(shape)


def _seed(salt: str) -> np.uint64:
    return np.uint64(int.from_bytes(_digest(_bytes(salt), size=8), "little"))


def _seeded(seed: object, name: str) -> np.random.Generator:
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        if seed >= 0:
            return np.random.default_rng(int(seed))
        raise ArgumentError(f"{name} is {seed}; a seed is a whole number that is not negative.")
    legacy = isinstance(seed, np.random.RandomState) or seed is np.random
    advice = " Use np.random.default_rng(seed) in place of the old interface." if legacy else ""
    raise ArgumentError(
        f"{name} is {_short(seed)}; it takes a seed (a whole number that is not negative), "
        f"a numpy.random.Generator, or None.{advice}"
    )


def _encoded(strings: list[Any], *, first: int) -> tuple[bytes, npt.NDArray[np.int64]]:
    """The UTF-8 bytes of all strings in one run, and where each ends (with a leading 0)."""
    try:
        joined = "".join(strings)
    except TypeError:
        at = next(i for i, value in enumerate(strings) if not isinstance(value, str))
        raise ArgumentError(
            f"strings holds {_short(strings[at])} in row {first + at}; each must be a string. "
            "Convert them with str, and give missing ones a string of their own."
        ) from None
    lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
    ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    text = _bytes(joined)
    if len(text) > len(joined):  # from counts of characters to counts of bytes
        octets = np.frombuffer(text, dtype=np.uint8)
        heads = np.flatnonzero((octets & 0xC0) != 0x80)  # all but continuation bytes
        ends = np.append(heads, len(text))[ends]
    return text, ends


def _absorb(text: bytes, ends: npt.NDArray[np.int64], seed: np.uint64) -> Hashes:
    """Hash the stretches of `text` between `ends`, one word of every string at a time."""
    sizes = np.diff(ends)
    long = np.flatnonzero(sizes > _LONG)
    if len(long):  # few, or the caller pays one digest for each
        parts = [text[ends[i] : ends[i + 1]] for i in range(len(sizes))]
        for i in long:
            parts[i] = _digest(parts[i], size=32)
        text = b"".join(parts)
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(p) for p in parts])])
    starts, stops = ends[:-1], ends[1:]
    # Every position as the start of a word: eight bytes of padding let the last one be read.
    words = np.ndarray((len(text) + 1,), dtype="<u8", buffer=text + bytes(8), strides=(1,))
    # The true length goes in, so that padding with NULs, or a digest, is told from text.
    state = _stir(seed + sizes.astype(np.uint64))
    rows, at = np.flatnonzero(sizes > 0), starts[sizes > 0]
    while len(rows):
        left = np.minimum(stops[rows] - at, 8)
        mask = np.uint64(2**64 - 1) >> (np.uint64(64) - np.uint64(8) * left.astype(np.uint64))
        state[rows] = _stir(state[rows] ^ (words[at].astype(np.uint64) & mask))
        more = stops[rows] - at > 8
        rows, at = rows[more], at[more] + 8
    return state


def _stir(x: Hashes) -> Hashes:
    """The finaliser of SplitMix64: one-to-one, and each bit depends on every other."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _as_words(values: npt.ArrayLike, name: str) -> Hashes:
    array = np.asarray(values)
    if array.size == 0 and array.dtype.kind == "f":  # an empty list
        return array.astype(np.uint64)
    if array.dtype.kind in "mM":
        return array.view(np.int64).astype(np.uint64)
    if array.dtype.kind not in "iub":
        raise ArgumentError(
            f"{name} holds {array.dtype}; it takes whole numbers or instants. "
            "Hash strings with hash64 first; floats are best given as codes."
        )
    return array.astype(np.uint64)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _digest(data: bytes, *, size: int) -> bytes:
    return hashlib.blake2b(data, digest_size=size).digest()


def _short(value: object, most: int = 60) -> str:
    shown = repr(value)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
