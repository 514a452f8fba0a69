"""What a manifest may say, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import onefold as of
from onefold.errors import FileError
from tests.profiles.parts.some import opened


def test_what_is_no_folder_of_partitions(tmp_path: Path, made: Path) -> None:
    with pytest.raises(FileError, match=r"no manifest\.json in it"):
        of.Partitions.open(tmp_path)
    with pytest.raises(FileError, match=r"no manifest\.json in it"):
        of.Partitions.open(tmp_path / "nowhere")
    with pytest.raises(FileError):
        of.Partitions.open(made / "manifest.json")
    for text in ("", "{", "[]", "null", '{"format": "other"}', "[" * 100_000, "\udcff"):
        (made / "manifest.json").write_text(text, errors="surrogateescape")
        with pytest.raises(FileError, match=r"manifest\.json"):
            of.Partitions.open(made)


def test_a_newer_version_is_refused(made: Path) -> None:
    held = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(
        json.dumps({**held, "version": 2, "written_by": "onefold 9"})
    )
    with pytest.raises(FileError, match=r"version 2, by 'onefold 9'.*Install a newer onefold"):
        of.Partitions.open(made)


def nodes(held: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield path
    if isinstance(held, (dict, list)):
        for key in held if isinstance(held, dict) else range(len(held)):
            yield from nodes(held[key], (*path, key))


def test_a_manifest_with_anything_else_in_it_is_refused_or_harmless(made: Path) -> None:
    text = (made / "manifest.json").read_text()
    everybody = of.Partitions.open(made).profiles()
    for path in nodes(json.loads(text)):
        if path in ((), ("written_by",), ("customers",), ("events",), ("facts",)):
            continue
        junk: Any
        for junk in (None, -1, 1.5, 2**70, True, "junk", "../../etc", [], {}, [[]], {"a": {}}):
            held = json.loads(text)
            at = held
            for key in path[:-1]:
                at = at[key]
            if at[path[-1]] == junk and type(at[path[-1]]) is type(junk):
                continue
            at[path[-1]] = junk
            (made / "manifest.json").write_text(json.dumps(held))
            found = opened(made)
            # Harmless is another currency, or that nobody has a property.
            assert found is None or found.ledger.events.equals(everybody.ledger.events), path
