"""Some logs, and folders of them, for the tests of parts."""

from pathlib import Path
from typing import Any

import pytest

import onefold as of
from onefold.errors import FileError
from onefold.events import EventLog


def event(who: str, day: int = 1, **more: Any) -> of.Event:
    return of.Event(who, "purchase", f"2024-03-{day:02d}", **more)


def people(n: int, **more: Any) -> EventLog:
    return EventLog.from_events([event(f"c{i}", 1 + i % 28, value=i, **more) for i in range(n)])


def opened(where: Path) -> of.Profiles | None:
    """Everybody in a folder; None where it is refused by an error of ours that names a file."""
    try:
        return of.Partitions.open(where).profiles()
    except FileError as error:
        named = str(where) in str(error)
    return None if named else pytest.fail("which file?")


def unchanged(where: Path, made: of.Partitions) -> bool:
    assert not [path for path in where.iterdir() if path.name.startswith(".")]
    return of.Partitions.open(where).profiles() == made.profiles()
