"""A folder is whole, or not there; an update is all of it, or nothing."""

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import onefold as of
from onefold.errors import ArgumentError, FileError
from onefold.events import EventLog
from tests.profiles.parts.some import event, people, unchanged


class Stopped(BaseException):
    """Like Ctrl-C: nothing that an except clause for errors would catch."""


def before_the_end(logs: list[EventLog], what: BaseException) -> Iterator[EventLog]:
    yield from logs
    raise what


@pytest.mark.parametrize("what", [ValueError("broken"), KeyboardInterrupt(), Stopped()])
def test_a_source_that_fails_leaves_nothing(tmp_path: Path, what: BaseException) -> None:
    there = tmp_path / "there"
    there.mkdir()
    for where in (tmp_path / "parts", there):
        with pytest.raises(type(what)):
            of.Partitions.fold(before_the_end([people(9)], what), where, parts=2)
    assert list(tmp_path.iterdir()) == [there] and list(there.iterdir()) == []
    made = of.Partitions.fold(people(9), tmp_path / "parts", parts=2)
    with pytest.raises(type(what)):
        made.update(before_the_end([people(12)], what))
    assert unchanged(tmp_path / "parts", made)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("what", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize(
    "place",
    [
        "onefold.profiles.parts.parquet.write",
        "onefold.profiles.parts.spill._write",
        "onefold.profiles.parts.spill._read",
        "onefold.profiles.parts.manifest.write",
        "pathlib.Path.rename",
    ],
)
def test_a_failure_anywhere_leaves_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, what: BaseException, threads: int
) -> None:
    made = of.Partitions.fold(people(9), tmp_path / "old", parts=3)
    module, _, name = place.rpartition(".")
    calls = 0

    def failing(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= (2 if "write" in place and "manifest" not in place else 1):
            raise what
        return real(*args, **more)

    with monkeypatch.context() as patched:
        owner = Path if module == "pathlib.Path" else importlib.import_module(module)
        real = getattr(owner, name)
        patched.setattr(owner, name, failing)
        error = FileError if isinstance(what, OSError) else type(what)
        with pytest.raises(error, match="can't be written" if error is FileError else None):
            of.Partitions.fold(people(9), tmp_path / "new", parts=3, threads=threads)
        calls = 0
        with pytest.raises(error):
            made.update(people(20), threads=threads)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old"]
    assert unchanged(tmp_path / "old", made)


def test_an_update_that_was_interrupted_when_complete_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, replace = tmp_path / "parts", Path.replace
    for stop_at in range(8):
        made = of.Partitions.fold(people(30), where, parts=3)
        left = iter(range(stop_at))

        def failing(self: Path, target: Any, left: Iterator[int] = left) -> Any:
            if self.parent.name == ".update" and next(left, None) is None:
                raise KeyboardInterrupt
            return replace(self, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", failing)
            if stop_at < 7:
                with pytest.raises(KeyboardInterrupt):
                    made.update(people(60))
            else:
                made.update(people(60))
        assert of.Partitions.open(where).profiles() == of.fold(people(30)).update(people(60))
        assert not (where / ".update").exists()
        shutil.rmtree(where)


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name, message in (
        ("full", "not empty. Give a new folder"),
        ("file", "is a file"),
        ("no/such/parent", "there is no folder"),
    ):
        with pytest.raises(FileError, match=message):
            of.Partitions.fold(people(2), tmp_path / name)
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2
    for wrong in (3, None, "", "a\0b"):
        with pytest.raises(ArgumentError, match="takes a path"):
            of.Partitions.fold(people(2), wrong)


def test_an_empty_folder_is_used_and_stays_private(tmp_path: Path) -> None:
    where = tmp_path / "parts"
    where.mkdir(mode=0o700)
    of.Partitions.fold(people(2), where)
    assert where.stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to(where)
    assert len(of.Partitions.open(tmp_path / "link")) == 2


def test_only_the_parts_that_are_touched_are_written(tmp_path: Path) -> None:
    where = tmp_path / "parts"
    made = of.Partitions.fold(people(30), where, parts=10)
    before = {path.name: path.stat().st_ino for path in where.iterdir()}
    new = made.update(EventLog.from_events([event("c3", 29)]))
    changed = {path.name for path in where.iterdir() if path.stat().st_ino != before[path.name]}
    assert len(changed) == 3 and "manifest.json" in changed
    assert new["c3"]["frequency"] == 2 and len(new) == 30
    with pytest.raises(FileError, match="open it again"):
        made.profiles()
    with pytest.raises(FileError, match="was updated since it was opened"):
        made.update(people(2))
    assert new.update([]).profiles() == new.profiles()


def test_a_wrong_clock_is_found_over_all_parts(tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01", periods=3000, freq="min", tz="UTC").tolist()
    frame = pd.DataFrame({"who": [f"c{i}" for i in range(3000)], "at": times})
    frame.loc[[7, 9], "at"] = pd.Timestamp("2099-01-01", tz="UTC")
    log = EventLog.from_frame(frame, customer="who", time="at", event="view")
    with pytest.raises(ArgumentError, match=r"and 2 of 3,000 events .* wrong clock"):
        of.Partitions.fold(log, tmp_path / "parts", parts=50)
    assert list(tmp_path.iterdir()) == []
    made = of.Partitions.fold(log, tmp_path / "parts", parts=50, as_of="2024-06-01")
    assert len(made) == 2998
    with pytest.raises(ArgumentError, match=r"and 2 of 3,000 events .* wrong clock"):
        made.update(log.between("2098-01-01", "2100-01-01"))
    assert len(of.Partitions.open(tmp_path / "parts")) == 2998


def test_progress_is_shown_when_asked_for(tmp_path: Path, capsys: Any) -> None:
    of.Partitions.fold(people(5), tmp_path / "quiet")
    assert capsys.readouterr().err == ""
    made = of.Partitions.fold(people(5), tmp_path / "loud", parts=3, progress=True)
    shown = capsys.readouterr()
    assert "5.00 rows" in shown.err and "3/3" in shown.err and shown.out == ""
    assert repr(made).startswith(
        "Partitions(5 customers, 5 events in 3 parts, as of just after 2024"
    )
