"""Building: logs go to disk by part, each part is folded alone, and all are put in place at once.

    logs -> spill -> ledger of part 0, 1, ... -> files -> manifest -> the folder has its name

Memory holds one batch, then as many parts as there are threads.
"""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import whole
from onefold._columns import stacked
from onefold._threads import mapped
from onefold.errors import ArgumentError, FileError
from onefold.events.log import EventLog
from onefold.ledger import Ledger
from onefold.profiles.parts import clock, manifest, part
from onefold.profiles.parts.clock import Instants
from onefold.profiles.parts.disk import beside, writing
from onefold.profiles.parts.layout import Layout, Property, filled, held_in
from onefold.profiles.parts.manifest import Manifest, Part
from onefold.profiles.parts.spill import Spill, gathered
from onefold.profiles.table import YEAR

PENDING = ".update"  # an update that is complete, and perhaps not in place yet
FILES = re.compile(r"(events|facts)-\d{5}\.parquet")


@attrs.frozen
class How:
    """How the work is done, and in whose name."""

    call: str
    threads: int
    progress: bool | None

    @classmethod
    def of(cls, call: str, threads: Any, progress: Any) -> "How":
        """What was asked for, if it is allowed."""
        if progress is not None and not isinstance(progress, bool):
            raise ArgumentError(f"{call}: progress is {progress!r}; it takes True, False or None.")
        return cls(call, whole(threads, f"{call}: threads"), progress)


@attrs.frozen(eq=False)
class Done:
    """What is known of a part that was written."""

    part: Part
    held: frozenset[str]
    first_stated: Mapping[str, np.datetime64]
    instants: Instants
    end: np.datetime64 | None  # just after the last row that came in

    @classmethod
    def of(cls, ledger: Ledger, written: Part, *, among: int, end: np.datetime64 | None) -> "Done":
        """What there is to know of a ledger."""
        names = ledger.facts.coded("name").compact()
        first = np.full(len(names.vocab), _time.LATEST)
        np.minimum.at(first, names.codes, ledger.facts.array("time"))
        stated = dict(zip(names.vocab, first, strict=True))
        instants = Instants.of_ledger(ledger, among=among)
        return cls(written, held_in(ledger.events), stated, instants, end)


def fold(
    logs: Iterable[EventLog], folder: Path, *, parts: int, as_of: np.datetime64 | None, how: How
) -> Manifest:
    """Fold logs into a new folder of parts."""
    _refuse_full(folder, how.call)
    with beside(folder, how.call) as work:
        spill = Spill(work / "spill", parts)
        layout, rows = _spilled(logs, spill, Layout(), how)

        def job(number: int) -> Done:
            ledger = Ledger.from_logs(
                [layout.no_log, *spill.logs(number)], threads=max(how.threads // parts, 1)
            )
            end = ledger.end
            known = ledger if as_of is None else ledger.before(as_of)
            written = part.write(known, work, number)
            spill.drop(number)
            return Done.of(known, written, among=rows, end=end)

        done = dict(enumerate(_each(job, range(parts), how, folder)))
        moment = _end(list(done.values()), how.call) if as_of is None else as_of
        made = _known(Manifest(moment, Layout(), {}, parts * (Part(),)), layout, done)
        with writing(folder, how.call):
            spill.folder.rmdir()
            manifest.write(made, work)
            if folder.is_dir():
                folder.rmdir()
            work.rename(folder)
        return made


def update(
    old: Manifest,
    folder: Path,
    logs: Iterable[EventLog],
    *,
    as_of: np.datetime64 | None,
    how: How,
) -> Manifest:
    """Add logs to a folder of parts; only those parts are written anew to which rows were added.

    All are where a column is new, because the files of a folder have the same columns.
    """
    count = len(old.parts)
    with beside(folder / PENDING, how.call) as work:
        spill = Spill(work / "spill", count)
        layout, rows = _spilled(logs, spill, old.layout, how)
        among = rows + sum(p.events + p.facts for p in old.parts)
        anew = layout.columns != old.layout.columns

        def job(number: int) -> Done:
            held = part.read(folder, number, old, how.call)
            more = Ledger.from_logs([layout.no_log, *spill.logs(number)])
            both = (_retyped(held, layout) if anew else held) | more
            known = both if as_of is None else both.before(as_of)
            written = part.write(known, work, number)
            spill.drop(number)
            return Done.of(known, written, among=among, end=more.end)

        touched = [n for n in range(count) if anew or n in spill]
        done = dict(zip(touched, _each(job, touched, how, folder), strict=True))
        moment = as_of
        if moment is None:
            moment = max([old.as_of, *(d.end for d in done.values() if d.end is not None)])
        if as_of is None and moment - old.as_of > YEAR:
            rest = [n for n in range(count) if n not in done]
            others = (part.times(folder, n, how.call) for n in rest)
            instants = [d.instants for d in done.values()]
            instants += [Instants.of(times, among=among) for times in others]
            clock.right_clock(instants, f"{how.call}: as_of is left out")
        made = _known(attrs.evolve(old, as_of=moment), layout, done)
        with writing(folder, how.call):
            spill.folder.rmdir()
            manifest.write(made, work)
            _refuse_changed(old, folder, how.call)
            work.rename(folder / PENDING)
        settle(folder, how.call)
        return made


def settle(folder: Path, call: str) -> None:
    """Put the files of a complete update in place; does nothing where there is none.

    Whoever opens the folder does so first, so that an update which was interrupted here is
    finished, and no half of it is seen.
    """
    pending = folder / PENDING
    if not pending.is_dir():
        return
    with writing(folder, call):
        if (pending / manifest.NAME).exists():  # it goes last
            for file in sorted(pending.iterdir()):
                if FILES.fullmatch(file.name):
                    file.replace(folder / file.name)
            (pending / manifest.NAME).replace(folder / manifest.NAME)
        shutil.rmtree(pending)


def _refuse_full(folder: Path, call: str) -> None:
    """Raise where something is already, or where no folder can be."""
    with writing(folder, call):
        if folder.exists() and not folder.is_dir():
            raise FileError(f"{call}: {str(folder)!r} is a file; give the path of a new folder.")
        if folder.is_dir() and any(folder.iterdir()):
            raise FileError(
                f"{call}: {str(folder)!r} is there already, and not empty. Give a new folder, "
                "remove this one, or add to it with Partitions.open(folder).update(logs)."
            )
        if not folder.parent.is_dir():
            raise FileError(f"{call}: there is no folder {str(folder.parent)!r}; make it first.")


def _refuse_changed(old: Manifest, folder: Path, call: str) -> None:
    if manifest.read(folder, call) != old:
        raise FileError(
            f"{call}: {str(folder)!r} was updated since it was opened. Open it again, and update "
            "that."
        )


def _spilled(
    logs: Iterable[EventLog], spill: Spill, layout: Layout, how: How
) -> tuple[Layout, int]:
    """Write all rows to disk by part; returns what they have in common, and how many they are."""
    with writing(spill.folder, how.call):
        spill.folder.mkdir()
    rows = 0
    with _bar(how, "rows", unit_scale=True) as bar:
        for log in gathered(logs, how.call):
            layout = layout.also(Layout.of(log), how.call)
            with writing(spill.folder, how.call):
                spill.add(log)
            rows += len(log) + len(log.facts)
            bar.update(len(log) + len(log.facts))
    return layout, rows


def _each(job: Callable[[int], Done], numbers: Sequence[int], how: How, folder: Path) -> list[Done]:
    """The job for each part, some at a time."""
    out = []
    with writing(folder, how.call), _bar(how, "parts", total=len(numbers)) as bar:
        for done in mapped(job, numbers, how.threads):
            out.append(done)
            bar.update()
    return out


@contextmanager
def _bar(how: How, unit: str, **more: Any) -> Iterator[Any]:
    from tqdm import tqdm

    hidden = None if how.progress is None else not how.progress  # None: only on a terminal
    with tqdm(desc=how.call, unit=f" {unit}", disable=hidden, **more) as bar:
        yield bar


def _end(done: Sequence[Done], call: str) -> np.datetime64:
    ends = [d.end for d in done if d.end is not None]
    if not ends:
        raise ArgumentError(
            f"{call}: logs hold no event or fact of a customer, so there is no last one; give "
            "as_of=."
        )
    clock.right_clock([d.instants for d in done], f"{call}: as_of is left out")
    return max(ends)


def _retyped(ledger: Ledger, layout: Layout) -> Ledger:
    """The ledger with all columns of a layout, in their types."""
    like = layout.no_log
    events = stacked([like.events, filled(ledger.events)])
    facts = stacked([like.facts, ledger.facts])
    return attrs.evolve(ledger, events=events, facts=facts)


def _known(old: Manifest, layout: Layout, done: Mapping[int, Done]) -> Manifest:
    """The manifest of what was there and of what was written."""
    held = {name for name, p in old.layout.properties.items() if p.held}
    held = held.union(*(d.held for d in done.values()))
    first = dict(old.first_stated)
    for d in done.values():
        for name, moment in d.first_stated.items():
            first[name] = min(first.get(name, moment), moment)
    new = attrs.evolve(
        layout,
        properties={name: Property(p.type, name in held) for name, p in layout.properties.items()},
        facts={name: layout.facts[name] for name in first},
    )
    parts = tuple(done[n].part if n in done else p for n, p in enumerate(old.parts))
    return Manifest(old.as_of, new, first, parts)
