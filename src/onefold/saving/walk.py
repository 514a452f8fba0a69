"""From a value to a manifest: what there is, each thing once, and what it is made of.

    {"x": (1, "a")}  ->  [{"is": "tuple", "of": [1, "a"]},
                          {"is": "dict", "keys": ["x"], "values": [{"at": 0}]}]

An entry names only entries before it, so there are no cycles to follow. Plain texts and numbers
stand where they are used; everything else is an entry, found again by its identity: a
vocabulary that two columns share is written once and shared again when it is read.
"""

import dataclasses
import math
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._types import Array
from onefold.errors import ArgumentError
from onefold.saving.members import Target, split
from onefold.saving.registry import NAMES, lighter

Node = Any  # what JSON can hold
SPARSE = ("csr_matrix", "csr_array", "csc_matrix", "csc_array")
SERIES: dict[Any, str] = {tuple: "tuple", list: "list", set: "set", frozenset: "frozenset"}
RANGE = "range"


@attrs.frozen(eq=False)
class Walk:
    """The entries of one file while it is written."""

    target: Target
    entries: list[Node] = attrs.field(init=False, factory=list)
    known: dict[int, int | None] = attrs.field(init=False, factory=dict)  # None: not done yet
    kept: list[Any] = attrs.field(init=False, factory=list)  # so that identities stay

    def node(self, value: Any, where: str) -> Node:
        """What stands for a value in the manifest.

        Raises:
            ArgumentError: If it, or something in it, can't be saved.
        """
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        key = id(value)
        if key not in self.known:
            self.known[key] = None
            self.kept.append(value)
            entry = self._entry(lighter(value), where)
            self.known[key] = len(self.entries)
            self.entries.append(entry)
        at = self.known[key]
        if at is None:
            raise ArgumentError(f"save: {where} holds itself, so it has no end; save it without.")
        return {"at": at}

    def _entry(self, value: Any, where: str) -> Node:
        kind = type(value)
        if kind in SERIES:
            return {"is": SERIES[kind], "of": self._nodes(value, where)}
        if kind in (dict, MappingProxyType):
            named = [self.node(v, f"{where}[{k!r}]") for k, v in value.items()]
            keys = self._nodes(value, f"{where}: keys")
            return {"is": "dict" if kind is dict else "view", "keys": keys, "values": named}
        if isinstance(value, np.generic) and value.dtype.kind in "biufcmMSU":
            return {"is": "scalar", "dtype": value.dtype.str, "hex": value.tobytes().hex()}
        if kind in (np.ndarray, np.memmap):
            return self._array(value, where)
        if kind is pd.DataFrame:
            return self._frame(value, where)
        if kind.__name__ in SPARSE and kind.__module__.startswith("scipy.sparse"):
            parts = self._nodes((value.data, value.indices, value.indptr), where)
            return {"is": kind.__name__, "of": parts, "shape": [int(n) for n in value.shape]}
        name = NAMES.get(kind)
        if name is not None:
            fields = self._named(_fields(value, own=True) or {}, where)
            return {"is": "onefold", "class": name, "fields": fields}
        return self._plugin(value, where)

    def _nodes(self, values: Any, where: str) -> list[Node]:
        return [self.node(v, f"{where}[{i}]") for i, v in enumerate(values)]

    def _named(self, held: dict[str, Any], where: str) -> dict[str, Node]:
        return {name: self.node(v, f"{where}.{name}") for name, v in held.items()}

    def _array(self, array: Array, where: str) -> Node:
        how = {"writeable": bool(array.flags.writeable)}
        if not array.dtype.hasobject:
            if array.dtype.kind not in "biufcmMSUV":
                raise ArgumentError(f"save: {where} has the dtype {array.dtype}; numbers go.")
            return {"is": "array", "member": self.target.put(array), **how}
        if array.dtype != object:
            raise ArgumentError(
                f"save: {where} is an array of records with Python objects ({array.dtype}); give "
                "each column an array of its own."
            )
        flat = array.ravel()
        how["shape"] = list(array.shape)  # type: ignore[assignment]
        if {*map(type, flat.tolist())} <= {str, type(None)}:
            parts = [None if p is None else self.target.put(p) for p in split(flat)]
            return {"is": "strings", "members": parts, **how}
        return {"is": "objects", "of": self._nodes(flat.tolist(), where), **how}

    def _frame(self, frame: pd.DataFrame, where: str) -> Node:
        columns = [
            self._column(frame.iloc[:, i], f"{where}[{frame.columns[i]!r}]")
            for i in range(frame.shape[1])
        ]
        return {
            "is": "frame",
            "labels": self._index(frame.columns, f"{where}.columns"),
            "columns": columns,
            "rows": self._index(frame.index, f"{where}.index"),
            "names": self._nodes((frame.columns.name, frame.index.name), where),
        }

    def _index(self, index: Any, where: str) -> Node:
        if isinstance(index, pd.MultiIndex):
            raise ArgumentError(f"save: {where} has several levels; reset_index() makes columns.")
        if isinstance(index, pd.RangeIndex):
            return [RANGE, index.start, index.stop, index.step]
        return self._column(index.to_series(), where)

    def _column(self, column: "pd.Series[Any]", where: str) -> Node:
        dtype: Any = column.dtype
        if isinstance(dtype, np.dtype):
            return [None, self.node(column.to_numpy(), where)]
        if isinstance(dtype, pd.StringDtype):
            held = column.astype(object).where(column.notna(), None).to_numpy(dtype=object)
            return [str(dtype), self.node(held, where)]
        if isinstance(dtype, pd.DatetimeTZDtype):
            return [str(dtype), self.node(column.dt.tz_convert("UTC").to_numpy("M8[ns]"), where)]
        raise ArgumentError(
            f"save: {where} has the dtype {dtype}; numbers, text and instants can be saved. "
            "Convert it with astype first."
        )

    def _plugin(self, value: Any, where: str) -> Node:
        kind = type(value)
        name = f"{kind.__module__}:{kind.__qualname__}"
        held = None if kind.__module__.partition(".")[0] == "onefold" else _fields(value, own=False)
        if held is None:
            raise ArgumentError(
                f"save: {where} is a {name}, which can't be saved. What can: profiles, logs, "
                "catalogues, segmentations, personas, scorers, rankings, ladders, RFM summaries, "
                "fitted lifetime models, LifetimeValue, identities, and objects of your own "
                "classes that keep arrays and plain values in their fields."
            )
        return {"is": "plugin", "class": name, "fields": self._named(held, where)}


def declared(kind: type) -> list[tuple[str, str, bool]] | None:
    """The fields of a class: name, what the constructor calls it, and whether it takes it."""
    if attrs.has(kind):
        return [(a.name, a.alias or a.name, a.init) for a in attrs.fields(kind)]
    if dataclasses.is_dataclass(kind):
        return [(f.name, f.name, f.init) for f in dataclasses.fields(kind)]
    return None


def _fields(value: Any, *, own: bool) -> dict[str, Any] | None:
    """The fields by the names that the constructor takes; caches are left out.

    A field that the constructor does not take is a cache if its name begins with _, and always in
    onefold's own classes. None where an object has more to it than fields.
    """
    kind = type(value)
    fields = declared(kind)
    if fields is None:
        return dict(vars(value)) if _plain(kind) else None
    extra = {*getattr(value, "__dict__", ())} - {name for name, _, _ in fields}
    if extra and not own:
        raise ArgumentError(
            f"save: a {kind.__qualname__} keeps {sorted(extra)[0]!r}, which is not one of its "
            "fields, so it would be lost; declare it as a field."
        )
    return {
        alias: getattr(value, name)
        for name, alias, init in fields
        if init or (not own and not name.startswith("_") and hasattr(value, name))
    }


def _plain(kind: type) -> bool:
    """Whether objects of a class are their `__dict__` and nothing else."""
    hooks = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__new__")
    usual = all(getattr(kind, h, None) is getattr(object, h, None) for h in hooks)
    return usual and kind is not object and not list(_slots(kind)) and "__dict__" in dir(kind)


def _slots(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        held = vars(base).get("__slots__", ())
        yield from [held] if isinstance(held, str) else held
