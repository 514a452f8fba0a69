"""From a manifest back to a value: entry after entry, each made of those before it.

Only classes of the registry and those that the caller gave are made. Whatever a file claims is
checked first: what is refused says why, and what a damaged file breaks is an error of the file.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._check import hint
from onefold._types import Array
from onefold.errors import FileError
from onefold.saving.members import Source, joined
from onefold.saving.registry import CLASSES, sound
from onefold.saving.walk import RANGE, SERIES, SPARSE, Node, declared

FLOATS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
SEQUENCES = {name: kind for kind, name in SERIES.items()}
SCALARS = "biufcmMSU"


@attrs.frozen(eq=False)
class Build:
    """The values of one file while it is read."""

    source: Source
    plugins: Mapping[str, type]
    made: list[Any] = attrs.field(init=False, factory=list)

    def all(self, entries: list[Node], root: Node) -> Any:
        """Make every entry, and return the value at the root."""
        for entry in entries:
            self.made.append(self._value(entry))
        return self._of(root)

    def _of(self, node: Node) -> Any:
        """The value that a node stands for."""
        if node is None or isinstance(node, (bool, int, float, str)):
            return node
        if isinstance(node, dict) and list(node) == ["float"]:
            return FLOATS[node["float"]]
        at = node.get("at") if isinstance(node, dict) else None
        if type(at) is not int or not 0 <= at < len(self.made):
            raise FileError("its manifest names a part that does not come before.")
        return self.made[at]

    def _value(self, entry: Node) -> Any:
        kind = entry["is"]
        if kind in SEQUENCES:
            return SEQUENCES[kind](self._list(entry["of"]))
        if kind in SPARSE:
            return self._sparse(entry)
        make = _KINDS.get(kind)
        if make is None:
            raise FileError(f"its manifest has a part of the kind {kind!r}, which is not known.")
        return make(self, entry)

    def _list(self, nodes: list[Node]) -> list[Any]:
        return [self._of(node) for node in nodes]

    def _dict(self, entry: Node) -> dict[Any, Any]:
        keys, values = self._list(entry["keys"]), self._list(entry["values"])
        return dict(zip(keys, values, strict=True))

    def _scalar(self, entry: Node) -> Any:
        dtype = np.dtype(str(entry["dtype"]))
        if dtype.kind not in SCALARS:
            raise FileError(f"its manifest has a number of the dtype {dtype}.")
        (number,) = np.frombuffer(bytes.fromhex(entry["hex"]), dtype=dtype)
        return number

    def _array(self, entry: Node) -> Array:
        return self._shaped(self.source.get(entry["member"]), entry)

    def _strings(self, entry: Node) -> Array:
        letters, lengths, missing = entry["members"]
        gone = None if missing is None else self.source.get(missing)
        held = joined(self.source.get(letters), self.source.get(lengths), gone)
        return self._shaped(held, entry)

    def _objects(self, entry: Node) -> Array:
        held = np.empty(len(entry["of"]), dtype=object)
        for i, value in enumerate(self._list(entry["of"])):  # mixed values: facts, small frames
            held[i] = value
        return self._shaped(held, entry)

    def _shaped(self, array: Array, entry: Node) -> Array:
        if "shape" in entry and list(array.shape) != entry["shape"]:
            array = array.reshape(entry["shape"]).copy()
        array.flags.writeable = entry["writeable"] is True
        return array

    def _sparse(self, entry: Node) -> Any:
        from scipy import sparse

        made = getattr(sparse, entry["is"])(tuple(self._list(entry["of"])), tuple(entry["shape"]))
        made.check_format(full_check=True)  # compiled code trusts the indices
        return made

    def _frame(self, entry: Node) -> pd.DataFrame:
        columns = [self._column(column) for column in entry["columns"]]
        index = self._index(entry["rows"])
        if any(len(column) != len(index) for column in columns):
            raise FileError("a table in it has columns of several lengths.")
        frame = pd.DataFrame(dict(enumerate(columns)), index=index)
        frame.columns = self._index(entry["labels"])
        frame.columns.name, frame.index.name = self._list(entry["names"])
        return frame

    def _index(self, held: Node) -> Any:
        return pd.RangeIndex(*held[1:]) if held[0] == RANGE else pd.Index(self._column(held))

    def _column(self, column: Node) -> Any:
        name, node = column
        held = self._of(node)
        if not isinstance(held, np.ndarray) or held.ndim != 1:
            raise FileError("a table in it has a column that is none.")
        if name is None:
            return held.copy()
        if name.startswith("datetime64["):
            zone: Any = pd.api.types.pandas_dtype(name)
            return pd.DatetimeIndex(held).tz_localize("UTC").tz_convert(zone.tz).astype(zone)
        if name not in ("str", "string"):
            raise FileError(f"a table in it has the dtype {name!r}, which is not known.")
        return pd.array(held, dtype=name)

    def _own(self, entry: Node) -> Any:
        name = entry["class"]
        if name not in CLASSES:
            raise FileError(
                f"it holds a {name!r}, which this version of onefold does not know."
                f"{hint(name, CLASSES)}"
            )
        return sound(_bare(CLASSES[name], self._fields(entry)))

    def _plugin(self, entry: Node) -> Any:
        name, fields = entry["class"], self._fields(entry)
        kind = self.plugins[name]
        known = declared(kind)
        if known is None:  # a plain class: its objects are what they keep
            value: Any = object.__new__(kind)
            vars(value).update(fields)
            return value
        taken = {alias for _, alias, init in known if init}
        later = {alias for _, alias, init in known if not init}
        if fields.keys() - taken - later or taken - fields.keys():
            raise FileError(
                f"the class {name} had the fields {sorted(fields)} when it was saved, and has "
                f"{sorted(taken)} now. Save it anew, or give the class as it was."
            )
        try:
            value = kind(**{alias: fields[alias] for alias in taken})
        except Exception as error:
            raise FileError(f"the class {name} refused its own fields ({error!r}).") from error
        for alias in fields.keys() & later:
            object.__setattr__(value, alias, fields[alias])
        return value

    def _fields(self, entry: Node) -> dict[str, Any]:
        return {str(name): self._of(node) for name, node in entry["fields"].items()}


_KINDS: dict[str, Callable[[Build, Node], Any]] = {
    "array": Build._array,
    "dict": Build._dict,
    "view": lambda build, entry: MappingProxyType(build._dict(entry)),
    "frame": Build._frame,
    "objects": Build._objects,
    "onefold": Build._own,
    "plugin": Build._plugin,
    "scalar": Build._scalar,
    "strings": Build._strings,
}


def _bare(kind: type, fields: dict[str, Any]) -> Any:
    """A value of onefold's own, of the fields it had: what was checked is not converted again.

    A field that came after the file was written is None, where None is what it is by itself.
    """
    value: Any = object.__new__(kind)
    for field in attrs.fields(kind):
        name, empty = field.alias or field.name, field.default
        later = field.init and empty is None and name not in fields
        held = None if later else fields.pop(name) if field.init else empty.factory()
        object.__setattr__(value, field.name, held)
    if fields:
        raise FileError(f"a {kind.__name__} in it has other fields: {sorted(fields)}.")
    attrs.validate(value)
    return value
