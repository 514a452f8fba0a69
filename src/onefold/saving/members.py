"""Members of the zip: one array each, and how strings become arrays.

    ["tea", None, "jam"]  ->  letters "teajam" in UTF-8,  lengths [3, 0, 3],  missing [0, 1, 0]

A member is read only if its header claims no more than it holds, so that a small file can't ask
for a large memory.
"""

import json
import zipfile
from typing import Any

import attrs
import numpy as np

from onefold._types import Array, Strings
from onefold.errors import FileError

MANIFEST = "manifest.json"
LEVEL = 1  # of deflate: 21 MB where nothing packed is 77; level 6 takes three times as long for 20
MOST = 1100  # deflate makes at most so many bytes out of one
SMALL = 1 << 16  # bytes of small things, whatever their ratio


@attrs.frozen(eq=False)
class Target:
    """A zip that arrays are written into, numbered."""

    archive: zipfile.ZipFile
    count: list[int] = attrs.field(init=False, factory=lambda: [0])

    def put(self, array: Array) -> int:
        """Write an array of numbers; returns its number."""
        number = self.count[0]
        self.count[0] += 1
        with self.archive.open(f"arrays/{number}.npy", "w", force_zip64=True) as member:
            np.lib.format.write_array(member, array, allow_pickle=False)
        return number

    def manifest(self, held: Any) -> None:
        """Write the manifest, which comes last."""
        text = json.dumps(held, separators=(",", ":"), allow_nan=False)
        with self.archive.open(MANIFEST, "w", force_zip64=True) as member:
            member.write(text.encode("ascii"))


@attrs.frozen(eq=False)
class Source:
    """A zip that arrays are read from."""

    archive: zipfile.ZipFile

    def get(self, number: Any) -> Array:
        """The array with a number."""
        name = f"arrays/{_whole(number)}.npy"
        size = self._size(name)
        with self.archive.open(name) as member:
            shape, _, dtype = _header(member)
            if dtype.hasobject:
                raise FileError(f"member {name} holds Python objects, which are never read.")
            count = 1
            for length in shape:
                count *= length
            if count * dtype.itemsize + member.tell() != size:
                raise FileError(f"member {name} claims the shape {shape} and holds {size:,} bytes.")
            member.seek(0)
            return np.asarray(np.lib.format.read_array(member, allow_pickle=False))

    def manifest(self) -> Any:
        """The manifest."""
        self._size(MANIFEST)
        return json.loads(self.archive.read(MANIFEST))

    def _size(self, name: str) -> int:
        info = self.archive.getinfo(name)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileError(f"member {name} is packed in a way that onefold does not use.")
        if info.file_size > SMALL + MOST * info.compress_size:
            raise FileError(f"member {name} claims {info.file_size:,} bytes, which can't be in it.")
        return info.file_size


def split(strings: Strings) -> tuple[Array, Array, Array | None]:
    """Strings (n,), None where missing, as letters (UTF-8), lengths (n,) and a mask (n,)."""
    held = strings.tolist()
    missing = np.fromiter((s is None for s in held), dtype=bool, count=len(held))
    words = [s or "" for s in held] if missing.any() else held
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    short = lengths.astype(np.int32) if lengths.max(initial=0) < 2**31 else lengths
    letters = np.frombuffer("".join(words).encode("utf-8", "surrogatepass"), dtype=np.uint8)
    return letters, short, missing if missing.any() else None


def joined(letters: Array, lengths: Array, missing: Array | None) -> Strings:
    """The strings (n,) of which `split` made the parts."""
    text = letters.astype(np.uint8, copy=False).tobytes().decode("utf-8", "surrogatepass")
    held = np.asarray(lengths, dtype=np.int64)
    ends = np.cumsum(held).tolist()
    if held.ndim != 1 or (held < 0).any() or (ends[-1] if ends else 0) != len(text):
        raise FileError("a column of strings has lengths that don't add up.")
    out = np.empty(len(ends), dtype=object)
    out[:] = [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    if missing is not None:
        out[missing.astype(bool, copy=False)] = None
    return out


def _header(member: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(member)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(member)
    raise FileError(f"an array has the npy version {version}; 1.0 and 2.0 are known.")


def _whole(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise FileError(f"the manifest asks for the array {number!r}; arrays are numbered.")
    return number
