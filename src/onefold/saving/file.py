"""The file: written whole or not at all, and read with suspicion.

A file is first written beside its place, under a name of its own, and then put there in one
step: who reads sees the old one or the new one, and a failure leaves the old one as it was.
"""

import json
import os
import secrets
import stat
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from onefold._check import quoted
from onefold.errors import ArgumentError, FileError, OnefoldError
from onefold.saving.build import Build
from onefold.saving.members import LEVEL, Source, Target
from onefold.saving.walk import Walk

FORMAT = "onefold"
VERSION = 1
BROKEN = (
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    SyntaxError,  # this and the next: what numpy raises for the header of an array
    tokenize.TokenError,
    TypeError,
    UserWarning,  # where warnings are errors: numpy warns of a header that it had to mend
    ValueError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
)


def save(value: Any, path: str | os.PathLike[str]) -> None:
    """Write profiles, a scorer or any other of onefold's values to one file, without pickle.

    Logs, catalogues, profiles, segmentations, assignments, personas, scorers, rankings,
    ladders, RFM summaries, fitted lifetime models and `LifetimeValue` can be saved, and dicts,
    lists and tuples of them; what they share is written once.
    Traits, strategies and levels of your own are saved by the name of their class and their
    fields (attrs, dataclass, or the attributes of a plain class): arrays, frames, plain values.

    Args:
        value: What to save.
        path: The file. It is replaced in one step when all is written; if something fails, what
            was there stays. A new file has the usual permissions, one that is replaced keeps its
            own.

    Raises:
        ArgumentError: If something in the value can't be saved; the message says where. If `path`
            is no path.
        FileError: If the file can't be written.

    Examples:
        >>> import tempfile, pathlib
        >>> import onefold as of
        >>> profiles = of.fold(of.datasets.simulate(50, days=60, rng=1).log)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / "profiles.onefold"
        ...     of.save(profiles, path)
        ...     of.load(path) == profiles
        True
    """
    name = _path(path, "save: path")
    place = Path(os.path.realpath(name))  # through a link, to what it links to
    beside = place.with_name(f".{place.name}.{secrets.token_hex(6)}.part")
    try:
        try:
            mode = _mode(place)
            with open(beside, "xb", opener=_as_private_as(mode)) as file:
                _write(value, file)
                file.flush()
                os.fsync(file.fileno())
            if mode is not None and mode != stat.S_IMODE(beside.stat().st_mode):
                beside.chmod(mode)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
    except OnefoldError:
        raise
    except OSError as error:
        raise FileError(f"save: {name!r} can't be written ({error}).") from error


def load(path: str | os.PathLike[str], *, plugins: Iterable[type] | Mapping[str, type] = ()) -> Any:
    """Read what `save` wrote: a value that does what the saved one did.

    Logs, catalogues, profiles, segmentations, personas and rankings compare by content: what is
    loaded equals what was saved. Fitted scorers, their backoffs and ladders compare by identity:
    what is loaded gives the same lists, weights and tables, and is another value.

    Reading runs no code of the file's choosing: a file can only name onefold's own classes, and
    those in `plugins`.

    Args:
        path: The file.
        plugins: Classes of your own that the file holds: traits, strategies, levels, and what
            their `fit` returned. A class that has moved since is given by its old name:
            `{"__main__:Streak": Streak}`.

    Returns:
        The value.

    Raises:
        FileError: If there is no such file, it is damaged or not onefold's, a newer onefold wrote
            it, or it holds a class that is not among `plugins`.
        ArgumentError: If `path` is no path, or `plugins` holds something that is not a class.

    Examples:
        >>> import tempfile, pathlib
        >>> import onefold as of
        >>> profiles = of.fold(of.datasets.simulate(50, days=60, rng=1).log)
        >>> scorer = of.Scorer().fit(profiles, rng=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / "scorer.onefold"
        ...     of.save(scorer, path)
        ...     again = of.load(path)
        >>> again.rank(profiles, n=3) == scorer.rank(profiles, n=3)
        True
    """
    place, given = _path(path, "load: path"), _given(plugins)
    name = repr(place)
    try:
        with zipfile.ZipFile(place) as archive:
            source = Source(archive)
            manifest = _manifest(source, name)
            _all_given(manifest["entries"], given, name)
            return Build(source, given).all(manifest["entries"], manifest["root"])
    except FileNotFoundError:
        raise FileError(f"load: there is no file {name}.") from None
    except (IsADirectoryError, PermissionError) as error:
        raise FileError(f"load: {name} can't be read ({error}).") from error
    except zipfile.BadZipFile as error:
        raise FileError(
            f"load: {name} is not a file that onefold saved, or it is cut short ({error}). Save it "
            "anew, or copy it again in whole."
        ) from error
    except OnefoldError as error:
        text = str(error)
        raise FileError(text if text.startswith("load:") else f"load: {name}: {text}") from error
    except BROKEN as error:
        raise FileError(
            f"load: {name} is damaged, or onefold did not save it "
            f"({type(error).__name__}: {error}). Save it anew."
        ) from error


def _path(path: Any, name: str) -> str:
    """The path as a string, if a file can have it."""
    held = os.fspath(path) if isinstance(path, (str, os.PathLike)) else path
    if not isinstance(held, str):
        raise ArgumentError(
            f"{name} is a {type(path).__name__}; it takes the path of a file, a string or a Path."
        )
    try:
        possible = b"\0" not in os.fsencode(held)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise ArgumentError(f"{name} is {held!r}, with a character that no path can have.")
    return held


def _mode(place: Path) -> int | None:
    """The permissions of the file that is replaced; None where there is none yet."""
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):  # a folder, or a device
        raise OSError("it is there already, and no file")
    return stat.S_IMODE(mode)


def _as_private_as(mode: int | None) -> Callable[[str, int], int]:
    """How to open a new file that at no time more people can read than the one it replaces."""
    return lambda path, flags: os.open(path, flags, 0o666 if mode is None else mode & 0o777)


def _write(value: Any, file: Any) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        walk = Walk(Target(archive))
        try:
            root = walk.node(value, type(value).__name__)
        except RecursionError:
            raise ArgumentError(
                f"save: value is a {type(value).__name__} nested too deeply; save its parts."
            ) from None
        walk.target.manifest(
            {
                "format": FORMAT,
                "version": VERSION,
                "onefold": _release(),
                "entries": walk.entries,
                "root": root,
            }
        )


def _manifest(source: Source, name: str) -> Any:
    try:
        held = source.manifest()
    except (KeyError, json.JSONDecodeError, UnicodeDecodeError):
        held = None
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise FileError(
            f"load: {name} is a zip, but not one that onefold saved; it has no manifest."
        )
    version = held.get("version")
    if type(version) is not int or version < VERSION:  # there was none before it
        raise FileError(
            f"load: {name} is damaged, or onefold did not save it (it has the format version "
            f"{version!r}). Save it anew."
        )
    if version != VERSION:
        raise FileError(
            f"load: {name} has the format version {version}, written by onefold "
            f"{held.get('onefold')}; this is onefold {_release()}, which reads version {VERSION}. "
            "Install a newer onefold."
        )
    return held


def _given(plugins: Any) -> dict[str, type]:
    pairs = (
        plugins.items()
        if isinstance(plugins, Mapping)
        else ((f"{c.__module__}:{c.__qualname__}", c) for c in _classes(plugins))
    )
    given = dict(pairs)
    _classes(given.values())
    return given


def _classes(plugins: Any) -> list[type]:
    one = isinstance(plugins, (str, type)) or not isinstance(plugins, Iterable)
    held: list[Any] = [plugins] if one else list(plugins)
    for kind in held:
        if not isinstance(kind, type) or kind is plugins:
            raise ArgumentError(
                f"load: plugins holds {kind!r}; it takes a list of classes: plugins=[MyTrait]."
            )
    return held


def _all_given(entries: Any, given: Mapping[str, type], name: str) -> None:
    named = {str(e["class"]) for e in entries if e["is"] == "plugin"}
    lost = sorted(named - given.keys())
    if lost:
        short = ", ".join(text.rpartition(":")[2].rpartition(".")[2] for text in lost)
        raise FileError(
            f"load: {name} holds objects of classes that are not onefold's: {quoted(lost)}. Import "
            f"them and hand them over: load(path, plugins=[{short}])."
        )


def _release() -> str:
    try:
        return metadata.version("onefold")
    except metadata.PackageNotFoundError:  # run from the source, not installed
        return "0"
