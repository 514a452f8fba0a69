"""The version of a policy: a hash of all that decides what a fitted value does.

    version(scorer) == version(load(path))          the same contents, in any process
    version(scorer) != version(other)               settings, weights, levels or as_of differ

A value is walked as `save` walks it: fields that the constructor takes, arrays by their bytes,
vocabularies by their strings; caches are left out. Numbers that are equal hash alike (30 and 30.0),
and so do arrays whether they were read from a file or not.
"""

import dataclasses
import hashlib
import types
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._types import Array
from onefold._vocab import Vocab
from onefold.errors import ArgumentError

SIZE = 8  # bytes: two of a million policies are taken for one with a chance of 3e-8
UNITS = {"M": "M8[us]", "m": "m8[us]"}
CODE = (type, types.FunctionType, types.MethodType, types.ModuleType)
DEEP = 60  # a value within a value within a value: beyond this it holds itself
SPARSE = ("csr_matrix", "csr_array", "csc_matrix", "csc_array")


def version_of(value: Any, where: str) -> str:
    """A hash of a value's contents: 16 hexadecimal digits, the same in every process.

    Args:
        value: Settings, arrays, fitted values of onefold's, or objects of a plug-in that keep
            arrays and plain values in their fields.
        where: What the caller calls it, for the message.

    Raises:
        ArgumentError: If something in it has no contents to hash, such as a function.

    Example:
        >>> version_of({"n": 10, "share": 0.5}, "settings") == version_of(
        ...     {"share": 0.5, "n": 10.0}, "settings"
        ... )
        True
    """
    return _digest(value, where, 0).hex()


def _digest(value: Any, where: str, depth: int) -> bytes:
    if depth > DEEP:
        raise ArgumentError(f"version: {where} holds itself, so it has no end; keep it without.")
    scalar = _scalar(value)
    if scalar is not None:
        return _hashed([scalar])
    if isinstance(value, Vocab):
        return _hashed([b"vocab", *_strings(value.values)])
    if isinstance(value, np.ndarray):
        return _array(value, where, depth)
    if isinstance(value, (tuple, list)):
        return _hashed([b"series", *_each(value, where, depth)])
    if isinstance(value, (set, frozenset)):
        return _hashed([b"set", *sorted(_each(value, where, depth))])
    if isinstance(value, Mapping):
        return _mapping(value, where, depth)
    if isinstance(value, pd.DataFrame):
        held = {str(name): value[name].to_numpy() for name in value.columns}
        return _hashed([b"frame", _mapping(held, where, depth)])
    kind = type(value)
    if kind.__name__ in SPARSE and kind.__module__.startswith("scipy.sparse"):
        held = value.sorted_indices()  # what is equal may lie in another order
        parts = (held.shape, held.data, *(held.indices, held.indptr))
        return _hashed([kind.__name__[:3].encode(), *_each(parts, where, depth)])
    return _object(value, where, depth)


def _scalar(value: Any) -> bytes | None:
    """A plain value as bytes; None for what is made of others."""
    if value is None or isinstance(value, (bool, np.bool_)):
        return repr(None if value is None else bool(value)).encode()
    if isinstance(value, str):
        return b"s" + value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return b"b" + value
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return _instants(np.asarray(value)).tobytes() + value.dtype.kind.encode()
    if isinstance(value, (int, float, np.integer, np.floating)):
        number = value.item() if isinstance(value, np.generic) else value
        whole = isinstance(number, float) and number.is_integer()
        return b"n" + repr(int(number) if whole else number).encode()
    return None


def _array(array: Array, where: str, depth: int) -> bytes:
    if array.dtype.hasobject:
        flat = array.ravel()
        if all(type(word) is str for word in flat.tolist()):
            return _hashed([b"strings", repr(array.shape).encode(), *_strings(flat)])
        return _hashed([b"objects", repr(array.shape).encode(), *_each(flat, where, depth)])
    held = array
    if held.dtype.kind in "mM":
        held = _instants(held)
    elif held.dtype.kind in "iub":  # whole numbers are the same in 32 bits and in 64
        held = held.astype(np.uint64 if held.dtype.kind == "u" else np.int64)
    elif held.dtype.kind == "f":
        held = held.astype(np.float64) + 0.0  # -0. is 0.
    held = np.ascontiguousarray(held).astype(held.dtype.newbyteorder("<"), copy=False)
    kind = "i" if array.dtype.kind in "iub" else array.dtype.kind
    return _hashed([kind.encode(), repr(array.shape).encode(), held.reshape(-1).view(np.uint8)])


def _instants(array: Array) -> Array:
    """Instants or spans as microseconds."""
    return array.astype(UNITS[array.dtype.kind]).astype(np.int64)


def _strings(words: Array) -> list[bytes]:
    listed = words.tolist()
    lengths = np.fromiter(map(len, listed), dtype="<i8", count=len(listed))
    return [lengths.tobytes(), "".join(listed).encode("utf-8", "surrogatepass")]


def _each(values: Iterable[Any], where: str, depth: int) -> list[bytes]:
    return [_digest(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(values)]


def _mapping(held: Mapping[Any, Any], where: str, depth: int) -> bytes:
    """The same whatever the order of the keys."""
    pairs = [
        _digest(k, f"{where}: keys", depth + 1) + _digest(v, f"{where}[{k!r}]", depth + 1)
        for k, v in held.items()
    ]
    return _hashed([b"mapping", *sorted(pairs)])


def _object(value: Any, where: str, depth: int) -> bytes:
    kind = type(value)
    if attrs.has(kind):
        names = [a.name for a in attrs.fields(kind) if a.init]
    elif dataclasses.is_dataclass(kind):
        names = [f.name for f in dataclasses.fields(kind) if f.init]
    elif hasattr(value, "__dict__") and not isinstance(value, CODE):
        names = list(vars(value))
    else:
        raise ArgumentError(
            f"version: {where} is a {kind.__module__}.{kind.__qualname__}, which has no contents "
            "that are the same in every process. Keep arrays and plain values in the fields."
        )
    name = f"{kind.__module__.partition('.')[0]}:{kind.__qualname__}"
    held = {field: getattr(value, field) for field in names}
    return _hashed([b"object", name.encode(), _mapping(held, where, depth)])


def _hashed(parts: Iterable[Any]) -> bytes:
    """The hash of a series of parts, each with its length, so that no two series read alike."""
    found = hashlib.blake2b(digest_size=SIZE)
    for part in parts:
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.digest()
