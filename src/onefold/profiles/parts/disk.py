"""Disk: work is done beside its place and put there at the end, and what goes wrong is said.

    with beside(folder) as work: ...      # work is gone afterwards, unless it became the folder

A failure at any time, Ctrl-C included, leaves the folder as it was.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from onefold.errors import ArgumentError, FileError, OnefoldError


def place_of(path: Any, name: str) -> Path:
    """The place that a path means, through links, if there can be such a path."""
    held = os.fspath(path) if isinstance(path, (str, os.PathLike)) else path
    if not isinstance(held, str) or not held or "\0" in held:
        raise ArgumentError(f"{name} is {path!r}; it takes a path, a string or a Path.")
    return Path(os.path.realpath(held))


@contextmanager
def writing(place: Path, call: str) -> Iterator[None]:
    """What can't be written is an error of ours that names the place."""
    try:
        yield
    except OnefoldError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise FileError(f"{call}: {str(place)!r} can't be written ({error}).") from error


@contextmanager
def reading(file: Path, call: str) -> Iterator[None]:
    """What can't be read is an error of ours that names the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileError(
            f"{call}: {str(file)!r} is missing. Restore the folder from a copy, or fold anew."
        ) from error
    except (OSError, pa.ArrowException, ValueError, LookupError, UnicodeError) as error:
        raise FileError(
            f"{call}: {str(file)!r} is damaged, or not what was written there: {error}. If it was "
            "updated meanwhile, open it again; else restore it from a copy, or fold anew."
        ) from error


@contextmanager
def beside(place: Path, call: str) -> Iterator[Path]:
    """A new folder next to a place, hidden; what is left of it at the end is removed."""
    work = place.with_name(f".{place.name.lstrip('.')}.{secrets.token_hex(6)}.part")
    with writing(place, call):
        work.mkdir()
        if place.is_dir():  # as private as what it replaces
            shutil.copymode(place, work)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def replacing(place: Path, call: str) -> Iterator[Path]:
    """A new file next to a place, which takes the place at the end, if all goes well."""
    work = place.with_name(f".{place.name}.{secrets.token_hex(6)}.part")
    try:
        yield work
        with writing(place, call):
            with work.open("rb") as file:
                os.fsync(file.fileno())
            if place.exists():
                shutil.copymode(place, work)
            work.replace(place)
    finally:
        work.unlink(missing_ok=True)
