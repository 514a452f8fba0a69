"""Columns of text in Arrow's buffers: hashed, told apart and sorted without making strings.

A string of Python costs some sixty bytes and a visit to the heap. Here text stays the bytes
that it is, read eight at a time as whole numbers:

    encode(["b", "a", "b"])  ->  codes [0, 1, 0] of the distinct strings "b", "a"

Hashes only propose which strings are the same; the bytes decide.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onefold._random import hash_bytes
from onefold._types import Array, Bools, Codes, Hashes, Ints

FEW = 4096  # strings below which Arrow's own way is as fast
SAMPLE = 1 << 16  # strings that tell whether the distinct ones are many
ALL = np.uint64(2**64 - 1)
CHUNK = 1 << 15  # strings at a time: what is made of them stays in the cache


def is_text(kind: pa.DataType) -> bool:
    """Whether an Arrow type is one of strings."""
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or (hasattr(pa.types, "is_string_view") and pa.types.is_string_view(kind))
    )


def plain(held: pa.Array) -> pa.Array:
    """The same strings in one run of bytes with offsets, '' where null."""
    if not (pa.types.is_string(held.type) or pa.types.is_large_string(held.type)):
        try:
            held = held.cast(pa.large_string())
        except pa.ArrowNotImplementedError:  # views of strings, before pyarrow 17
            held = pa.array(held.to_pylist(), type=pa.large_string())
    return pc.fill_null(held, "") if held.null_count else held


def hash_text(held: pa.Array) -> Hashes:
    """The hash (n,) of each string, that of `hash64`; null is as ''."""
    out = np.empty(len(held), dtype=np.uint64)
    for rows, ends, data in _chunks(plain(held)):
        out[rows] = hash_bytes(data[:-8].tobytes(), ends)
    return out


def signs_only(held: pa.Array) -> Bools:
    """Which strings (n,) are of ASCII's visible signs alone: no space, and not ''."""
    out = np.empty(len(held), dtype=bool)
    for rows, ends, data in _chunks(plain(held)):
        other = np.flatnonzero(data[:-8] - np.uint8(0x21) > 0x5D)  # below "!" it wraps around
        out[rows] = ends[1:] > ends[:-1]
        out[rows.start + np.searchsorted(ends, other, side="right") - 1] = False
    return out


def encode(held: pa.Array) -> tuple[Codes, pa.Array]:
    """Codes (n,) of strings, and the distinct strings in order of appearance; null is as ''."""
    held = plain(held)
    if len(held) > SAMPLE:
        some = pc.dictionary_encode(held.slice(0, SAMPLE)).dictionary
        if len(some) > SAMPLE // 2:  # many: where Arrow's table of strings would leave the cache
            return _encoded(held, some)
    encoded = pc.dictionary_encode(held)
    return encoded.indices.to_numpy(), encoded.dictionary


def _encoded(held: pa.Array, some: pa.Array) -> tuple[Codes, pa.Array]:
    """As `encode`, by numbers in place of the strings: their bytes, or else their hashes."""
    ends = pc.min_max(some)
    keys = _short(held, _common(ends["min"].as_py().encode(), ends["max"].as_py().encode()))
    exact = keys is not None
    if keys is None:
        keys = hash_text(held)
    codes: Codes = pc.dictionary_encode(pa.array(keys)).indices.to_numpy()
    highest = np.maximum.accumulate(codes)
    first = np.append(0, np.flatnonzero(highest[1:] > highest[:-1]) + 1)
    words = held.take(pa.array(first))
    if exact or _agree(held, words, codes):
        return codes, words
    encoded = pc.dictionary_encode(held)  # two strings of one hash
    return encoded.indices.to_numpy(), encoded.dictionary


def _short(held: pa.Array, skip: int) -> Hashes | None:
    """What follows the first `skip` bytes (n,), if these are the same and eight or less follow."""
    out = np.empty(len(held), dtype=np.uint64)
    begin: Array | None = None
    for rows, ends, data in _chunks(held):
        sizes = np.diff(ends)
        # With a NUL in it, a shorter string could be the same.
        if sizes.max() > skip + 8 or sizes.min() < skip or not data[:-8].all():
            return None
        begin = data[:skip].copy() if begin is None else begin
        for k in range(skip):  # a few bytes that are common to all, such as "customer-"
            if (data[ends[:-1] + k] != begin[k]).any():
                return None
        left = np.uint64(8) * (sizes - skip).astype(np.uint64)
        out[rows] = _words(data)[ends[:-1] + skip] & (ALL >> (np.uint64(64) - left))
    return out


def order(words: pa.Array) -> Ints:
    """The positions (n,) in which distinct strings are sorted by their code points."""
    n = len(words)
    if n < FEW:
        return np.asarray(pc.sort_indices(words)).astype(np.int64)
    ends = pc.min_max(words)
    skip = _common(ends["min"].as_py().encode(), ends["max"].as_py().encode())
    offsets, data = _buffers(words)
    starts = offsets[:-1].astype(np.int64) + skip
    key = _word(data, starts, offsets[1:].astype(np.int64)).byteswap()
    ordered: Ints = np.argsort(key)
    sorted_key = key[ordered]
    tied = np.zeros(n + 1, dtype=bool)
    tied[1:-1] = sorted_key[1:] == sorted_key[:-1]
    ties = np.flatnonzero(tied[:-1] | tied[1:])
    if len(ties):
        rows = ordered[ties]
        rank = np.empty(len(rows), dtype=np.int64)
        rank[np.asarray(pc.sort_indices(words.take(pa.array(rows))))] = np.arange(len(rows))
        ordered[ties] = rows[np.lexsort((rank, key[rows]))]
    return ordered


def _chunks(held: pa.Array) -> Iterator[tuple[slice, Ints, Array]]:
    """Some strings at a time: which, their offsets (k + 1,), and their bytes with eight more."""
    for start in range(0, len(held), CHUNK):
        some = held.slice(start, CHUNK)
        ends, data = _buffers(some)
        yield slice(start, start + len(some)), ends.astype(np.int64), data


def _buffers(held: pa.Array) -> tuple[Array, Array]:
    """Offsets (n + 1,) into the bytes, and the bytes, with eight more to read past the end."""
    width = np.int64 if pa.types.is_large_string(held.type) else np.int32
    _, ends, text = held.buffers()
    if ends is None or not len(held):
        return np.zeros(len(held) + 1, dtype=width), np.zeros(8, dtype=np.uint8)
    offsets = np.frombuffer(ends, dtype=width, count=len(held) + 1 + held.offset)[held.offset :]
    low, high = int(offsets[0]), int(offsets[-1])
    data = np.zeros(high - low + 8, dtype=np.uint8)
    if high > low:
        data[: high - low] = np.frombuffer(text, dtype=np.uint8, count=high)[low:]
    return np.subtract(offsets, low, dtype=width), data


def _words(data: Array) -> Array:
    """Every position as the start of eight bytes."""
    return np.ndarray((len(data) - 7,), dtype="<u8", buffer=data, strides=(1,))


def _word(data: Array, starts: Ints, stops: Ints) -> Hashes:
    """The eight bytes (n,) from each start on, as whole numbers; those past the stop are 0."""
    left = np.clip(stops - starts, 0, 8)
    held: Hashes = _words(data)[np.where(left > 0, starts, 0)]
    shift = np.uint64(64) - np.uint64(8) * np.maximum(left, 1).astype(np.uint64)
    return np.where(left > 0, held & (ALL >> shift), np.uint64(0))


def _agree(held: pa.Array, words: pa.Array, codes: Codes) -> bool:
    """Whether each string is, byte for byte, the one that its code stands for."""
    at, text = _buffers(words)
    begin, size = at[:-1].astype(np.int64), np.diff(at).astype(np.int64)
    head = _word(text, begin, begin + size)
    for rows, ends, data in _chunks(held):
        some = codes[rows]
        starts, stops = ends[:-1], ends[1:]
        if not np.array_equal(stops - starts, size[some]):
            return False
        if not np.array_equal(_word(data, starts, stops), head[some]):
            return False
        if not _same_tails(data, text, starts + 8, stops, begin[some] + 8):
            return False
    return True


def _same_tails(data: Array, text: Array, starts: Ints, stops: Ints, others: Ints) -> bool:
    rows = np.flatnonzero(starts < stops)
    starts, stops, others = starts[rows], stops[rows], others[rows]
    while len(starts):
        ends = others + (stops - starts)
        if not np.array_equal(_word(data, starts, stops), _word(text, others, ends)):
            return False
        more: Bools = stops - starts > 8
        starts, stops, others = starts[more] + 8, stops[more], others[more] + 8
    return True


def _common(low: bytes, high: bytes) -> int:
    """How many bytes two strings, and all that are sorted between them, begin with together."""
    most = min(len(low), len(high))
    return next((i for i in range(most) if low[i] != high[i]), most)
