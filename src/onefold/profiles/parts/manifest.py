"""The manifest: what a folder of parts holds, in JSON, so that a reader need not guess.

    {"format": "onefold.partitions", "version": 1, "hash": "onefold.hash64", "as_of": ..., ...}

It names no files: those of part 7 are `events-00007.parquet` and `facts-00007.parquet`. What it
says is checked before it is used, and again against each file that is read.
"""

import json
import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold.errors import FileError
from onefold.events.identifiers import SOURCE, is_identifier
from onefold.profiles.parts.layout import NUMBER, TEXT, Layout, Property
from onefold.profiles.parts.parquet import schema_of, shown
from onefold.profiles.parts.spill import MOST

NAME = "manifest.json"
FORMAT, VERSION = "onefold.partitions", 1
HASH = "onefold.hash64"  # see onefold._random: the same in every version


@attrs.frozen
class Part:
    """How much one part holds, and the checksums of its files."""

    customers: int = 0
    events: int = 0
    facts: int = 0
    events_blake2b: str = ""
    facts_blake2b: str = ""


@attrs.frozen
class Manifest:
    """What a folder of parts holds."""

    as_of: np.datetime64
    layout: Layout
    first_stated: Mapping[str, np.datetime64]  # of each fact, by whomever
    parts: tuple[Part, ...]

    def known_facts(self, moment: np.datetime64) -> list[str]:
        """The facts that somebody had stated before a moment, sorted."""
        return sorted(name for name, first in self.first_stated.items() if first < moment)


def write(manifest: Manifest, folder: Path) -> None:
    """Write the manifest of a folder, at once or not at all."""
    layout = manifest.layout
    log = layout.no_log
    held = {
        "format": FORMAT,
        "version": VERSION,
        "written_by": f"onefold {_release()}",
        "hash": HASH,
        "as_of": _said(manifest.as_of),
        "currency": layout.currency,
        "customers": sum(part.customers for part in manifest.parts),
        "events": sum(part.events for part in manifest.parts),
        "facts": sum(part.facts for part in manifest.parts),
        "columns": {
            "events": shown(schema_of(log.events)),
            "facts": shown(schema_of(log.facts)),
        },
        "identifiers": dict(zip(("events", "facts"), layout.identifiers, strict=True)),
        "properties": {name: attrs.asdict(p) for name, p in sorted(layout.properties.items())},
        "known_facts": {
            name: {"type": layout.facts[name], "first": _said(first)}
            for name, first in sorted(manifest.first_stated.items())
        },
        "parts": [attrs.asdict(part) for part in manifest.parts],
    }
    beside = folder / f".{NAME}.part"
    with beside.open("w", encoding="utf-8") as file:
        json.dump(held, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / NAME)


def read(folder: Path, call: str) -> Manifest:
    """Read the manifest of a folder.

    Raises:
        FileError: If there is none, or it is not what onefold wrote, or of a later version.
    """
    path = folder / NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileError(
            f"{call}: {str(folder)!r} is no folder of partitions: there is no {NAME} in it. Make "
            "one with Partitions.fold(logs, folder)."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{call}: {str(path)!r} can't be read ({error}).") from error
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise FileError(f"{call}: {str(path)!r} is damaged, or onefold did not write it.")
    version = held.get("version")
    if type(version) is int and version > VERSION:
        raise FileError(
            f"{call}: {str(path)!r} has the version {version}, by {held.get('written_by')!r}; this "
            f"is onefold {_release()}, which reads version {VERSION}. Install a newer onefold."
        )
    try:
        return _manifest(held)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FileError(
            f"{call}: {str(path)!r} is damaged, or onefold did not write it ({error!r})."
        ) from error


def _manifest(held: Mapping[str, Any]) -> Manifest:
    if type(held["version"]) is not int or held["version"] != VERSION or held["hash"] != HASH:
        raise ValueError(f"version {held['version']!r} with the hash {held['hash']!r}")
    properties = {
        name: Property(_one_of(p["type"], (TEXT, NUMBER)), _one_of(p["held"], (True, False)))
        for name, p in held["properties"].items()
    }
    stated = held["known_facts"]
    columns = held["columns"]
    layout = Layout(
        properties,
        {name: _one_of(fact["type"], (TEXT, NUMBER)) for name, fact in stated.items()},
        ("received" in columns["events"], "received" in columns["facts"]),
        None if held["currency"] is None else _text(held["currency"]),
        _identifiers(held.get("identifiers", {"events": [], "facts": []})),
    )
    log = layout.no_log
    own = {"events": shown(schema_of(log.events)), "facts": shown(schema_of(log.facts))}
    if columns != own:
        raise ValueError(f"columns {columns}, and {own} belong there")
    parts = tuple(
        Part(
            _count(part["customers"]),
            _count(part["events"]),
            _count(part["facts"]),
            _text(part["events_blake2b"]),
            _text(part["facts_blake2b"]),
        )
        for part in held["parts"]
    )
    if not 1 <= len(parts) <= MOST:
        raise ValueError(f"{len(parts)} parts")
    first = {name: _moment(fact["first"]) for name, fact in stated.items()}
    return Manifest(_moment(held["as_of"]), layout, first, parts)


def _identifiers(held: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    events, facts = (tuple(map(_text, held[kind])) for kind in ("events", "facts"))
    for name in (*events, *facts):
        if name != SOURCE and not is_identifier(name):
            raise ValueError(f"{name!r} among identifiers")
    return events, facts


def _said(moment: np.datetime64) -> str:
    return f"{moment.astype('datetime64[us]')}Z"


def _moment(text: Any) -> np.datetime64:
    return _time.instant(_text(text), "manifest")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where a text belongs")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise TypeError(f"{value!r} where a count belongs")
    return value


def _one_of(value: Any, allowed: tuple[Any, ...]) -> Any:
    if type(value) not in map(type, allowed) or value not in allowed:
        raise ValueError(f"{value!r} where one of {allowed} belongs")
    return value


def _release() -> str:
    try:
        return metadata.version("onefold")
    except metadata.PackageNotFoundError:  # run from the source, not installed
        return "0"
