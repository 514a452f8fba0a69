"""Certificate: what an erasure has done, in numbers, with nothing of the person in it.

    Certificate(erasure=3, counts={'log': 41, 'bundles': 2, ...}, identifiers=4, ...)

What was fitted on rows of the person is still there, wherever it was saved: the checkpoints that
had read one of these rows are named, so that what was made from them is made anew.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np
from sqlalchemy import bindparam, func, insert, or_, select, update

from onefold import _time
from onefold._display import html_table, text_table
from onefold.store.core import Core
from onefold.store.database import Query, Session
from onefold.store.schema import checkpoints, erasures

_LAST = Query(select(func.max(erasures.c.erasure)))
_ADD = Query(
    insert(erasures).values({name: bindparam(name) for name in ("erasure", "time", "counts")})
)
_SET = Query(
    update(erasures)
    .where(erasures.c.erasure == bindparam("which"))
    .values(counts=bindparam("held"))
)
_ALL = Query(
    select(erasures.c.erasure, erasures.c.time, erasures.c.counts).order_by(erasures.c.erasure)
)
_STALE = Query(
    select(checkpoints.c.name)
    .where(checkpoints.c.seq >= bindparam("first"))
    .order_by(checkpoints.c.name)
)
_MARK = Query(
    update(checkpoints)
    .where(checkpoints.c.seq >= bindparam("first"))
    .where(or_(checkpoints.c.stale.is_(None), checkpoints.c.stale > bindparam("erasure")))
    .values(stale=bindparam("erasure"))
)


def _counts(value: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    several = value.items() if isinstance(value, Mapping) else value
    return tuple(sorted((str(name), int(n)) for name, n in several))


def _names(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(value)


def _time_or_none(value: Any) -> np.datetime64 | None:
    return None if value is None else _time.instant(value, "Certificate: time")


@attrs.frozen(repr=False)
class Certificate:
    """That somebody was erased, and what is left to be done; made by `Store.forget`.

    Attributes:
        erasure: Its number in this store, from 1.
        time: When, as it was told; None where it was not.
        counts: By table how many rows went: emptied ("log", "bundles", "nodes", "decisions") or
            deleted.
        identifiers: How many were put on the suppression list.
        events: How many events were, that came with none of these.
        first: The least number of a row of the log that went; None where there was none.
        stale: The checkpoints that had read one of these rows: what was fitted on them is to be
            fitted anew.
        done: Whether no text of it is left in the files of the database. Unused room of SQLite's
            indices may hold salted hashes by which identifiers were looked for, until `compact`.
        advice: What is to be done where it is.
        digest: Of all that the store holds afterwards, where it was asked for.
    """

    erasure: int
    time: np.datetime64 | None = attrs.field(converter=_time_or_none)
    counts: tuple[tuple[str, int], ...] = attrs.field(converter=_counts)
    identifiers: int
    events: int
    first: int | None
    stale: tuple[str, ...] = attrs.field(converter=_names)
    done: bool
    advice: str | None = None
    digest: str | None = None

    def count(self, table: str) -> int:
        """How many rows of a table went."""
        return dict(self.counts).get(table, 0)

    def to_json(self) -> str:
        """All of it as a JSON object."""
        held = attrs.asdict(self)
        held["counts"] = dict(self.counts)
        held["time"] = None if self.time is None else f"{self.time}Z"
        return json.dumps(held)

    @classmethod
    def from_json(cls, said: str) -> "Certificate":
        """What `to_json` gave."""
        held = json.loads(said)
        return cls(**held)

    def _shown(self) -> tuple[list[list[str]], list[str]]:
        rows = [[name, f"{n:,}"] for name, n in self.counts]
        rows += [["identifiers suppressed", f"{self.identifiers:,}"]]
        rows += [["events suppressed", f"{self.events:,}"]]
        rows += [["stale checkpoints", ", ".join(self.stale) or "none"]]
        return [*rows, ["done", "yes" if self.done else "no"]], ["what", "rows"]

    def __repr__(self) -> str:
        when = "" if self.time is None else f", {self.time}Z"
        table = text_table(*self._shown())
        advice = "" if self.done else f"\n{self.advice}"
        return f"Certificate of erasure {self.erasure}{when}\n{table}{advice}"

    def _repr_html_(self) -> str:
        caption = f"Certificate of erasure {self.erasure}"
        below = None if self.done else self.advice
        return html_table(*self._shown(), caption=caption, below=below)


def certificates(core: Core) -> tuple[Certificate, ...]:
    """The certificates of all erasures, in order."""
    with core.database.reading() as session:
        return tuple(Certificate.from_json(str(said)) for _, _, said in session.all(_ALL))


def number(session: Session) -> int:
    """The number of the next erasure."""
    return int((session.one(_LAST) or (0,))[0] or 0) + 1


def stale(session: Session, erasure: int, first: int | None) -> tuple[str, ...]:
    """Mark the checkpoints that had read a row from `first` on, and return their names."""
    if first is None:
        return ()
    names = tuple(str(name) for (name,) in session.all(_STALE, first=first))
    session.run(_MARK, first=first, erasure=erasure)
    return names


def keep(session: Session, held: Certificate) -> None:
    """Write a certificate down."""
    time = None if held.time is None else int(held.time.astype(np.int64))
    session.run(_ADD, erasure=held.erasure, time=time, counts=held.to_json())


def change(session: Session, held: Certificate) -> None:
    """Write down what was learned of an erasure after it."""
    session.run(_SET, which=held.erasure, held=held.to_json())


def settle(session: Session, *, done: bool, advice: str | None) -> None:
    """Write down of all erasures that were not done whether they are now."""
    for _, _, said in session.all(_ALL):  # a row for each erasure
        held = Certificate.from_json(str(said))
        if not held.done:
            change(session, attrs.evolve(held, done=done, advice=advice))
