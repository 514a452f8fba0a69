"""Random programs for a store, and a plain model of what must then be in it.

    program = (("one", 3), ("batch", (0, 4, 3)), ("forget", 2), ("replay",), ("rebuild",), ...)

The model is a list of rows: what was taken in, each once, without what was erased. Who is who in it
is asked of `resolve` each time anew.
"""

from collections import Counter
from typing import Any

import attrs
import numpy as np
import pandas as pd
from hypothesis import strategies as st

import onefold as of
from onefold._columns import Coded
from onefold.errors import UnknownCustomer
from onefold.identity import Forgotten, Identities, resolve
from onefold.identity.bundles import NOBODY
from tests.identity.worlds import HOUR, START, policies, rows

KEY = "a secret of the tests"
ITEMS = (None, "tea", "jam")


@attrs.frozen
class Fact:
    """A statement about whoever has these identifiers; in the model beside `onefold.Event`."""

    time: Any
    name: str
    text: str
    identifiers: Any

    def log(self) -> of.EventLog:
        """The log of this fact alone."""
        several = self.identifiers.items()
        held = {f"{kind} {at}": [v] for kind, vs in several for at, v in enumerate(vs)}
        columns = {kind: [f"{kind} {at}" for at in range(len(vs))] for kind, vs in several}
        frame = pd.DataFrame({"at": [pd.Timestamp(self.time, tz="UTC")], "held": [self.text]})
        return of.EventLog.from_facts(
            frame.assign(**held), time="at", facts={self.name: "held"}, identifiers=columns
        )


@attrs.frozen
class Case:
    """Rows in the order of their first delivery, a policy, and a program that delivers them."""

    rows: tuple
    policy: Any
    program: tuple


@st.composite
def cases(draw: st.DrawFn, most: int = 12, steps: int = 10) -> Case:
    """Late events, corrections, other deliveries of one id, facts; and what is done with them."""
    several: list[Any] = []
    for number, row in enumerate(draw(st.lists(rows(), min_size=1, max_size=most))):
        several.append(_event(draw, number, row, several))
    several += [_fact(draw) for _ in range(draw(st.integers(0, 2)))]
    at = st.integers(0, len(several) - 1)
    many = st.lists(at, min_size=1, max_size=6).map(tuple)
    step = st.one_of(
        st.tuples(st.just("one"), at),
        st.tuples(st.just("one"), at),
        st.tuples(st.just("batch"), many, st.integers(1, 4)),
        st.tuples(st.just("batch"), many, st.integers(1, 4)),
        st.tuples(st.just("forget"), at),
        st.tuples(st.sampled_from(["restrict", "release"]), at),
        st.tuples(st.sampled_from(["replay", "rebuild", "reopen", "compact"])),
    )
    program = draw(st.lists(step, min_size=1, max_size=steps))
    if draw(st.booleans()):  # much is there already
        program.insert(0, ("batch", tuple(range(len(several))), draw(st.integers(1, 8))))
    return Case(tuple(several), draw(policies()), tuple(program))


def _event(draw: st.DrawFn, number: int, row: Any, before: list[Any]) -> of.Event:
    hours, kind, source, names = row
    id: str | None = f"e{number}"
    late = draw(st.integers(0, 3))
    again = draw(st.integers(0, 7))
    if before and again == 0:  # a correction, at the same instant
        old = draw(st.sampled_from(before))
        item = draw(st.sampled_from(ITEMS))
        return attrs.evolve(old, item=item, received=old.time + np.timedelta64(number, "m"))
    if before and again == 1:  # the same id with other identifiers
        old = draw(st.sampled_from(before))
        id, source = old.id, old.source
    if again == 2:
        id = None
    when = np.datetime64(START + hours * HOUR, "us")
    return of.Event(
        None,
        kind,
        when,
        item=draw(st.sampled_from(ITEMS)),
        value=draw(st.sampled_from([None, 1.5, 0.1])),
        source=source,
        id=id,
        received=when + np.timedelta64(late, "h") if late else None,
        identifiers=names,
    )


def _fact(draw: st.DrawFn) -> Fact:
    hours, _, _, names = draw(rows())
    text = draw(st.sampled_from(["north", "south"]))
    held = {kind: tuple(sorted(values)) for kind, values in names.items()}  # as an event has them
    return Fact(np.datetime64(START + hours * HOUR, "us"), "region", text, held)


def log_of(several: Any) -> of.EventLog:
    """The log of some rows of a model."""
    log = of.EventLog.from_events([row for row in several if isinstance(row, of.Event)])
    for row in several:
        if isinstance(row, Fact):
            log = log + row.log()
    return log


# ---------------------------------------------------------------- the model


class Model:
    """What must be in a store: rows in the order in which they came, each once."""

    def __init__(self, policy: Any) -> None:
        self.policy = policy
        self.rows: list[Any] = []
        self.forgotten: Forgotten | None = None
        self.erased: set[Any] = set()
        self.spared: set[Any] = set()

    def take(self, row: Any) -> None:
        """A delivery: new, known already, or of somebody who was erased."""
        if not self.refused(row) and row not in self.rows:
            self.rows.append(row)

    def refused(self, row: Any) -> bool:
        """Whether a row is of somebody who was erased."""
        if mark(row) in self.erased:
            return True
        if self.forgotten is None:
            return False
        log = log_of([row])
        return any(self.forgotten.rows(t, call="model").any() for t in (log.events, log.facts))

    def who(self) -> Identities:
        """Who is who."""
        return resolve(log_of(self.rows), self.policy)

    def customer(self, row: Any) -> str | None:
        """Whose a row would be by its first identifier; None: it was never seen, or is none."""
        if not self.rows:  # there is no moment as of which
            return None
        kind, value = pair(row)
        try:
            found = self.who().customer_of((kind, value))
        except UnknownCustomer:
            return None
        return found

    def shared(self, row: Any) -> bool:
        """Whether the first identifier of a row does not tell whose an event is."""
        who = self.who()
        kind, value = pair(row)
        read = self.policy.type(kind).reader()(value)
        return bool(who.partition.contested[who.nodes.find(kind, read)])

    def forget(self, customer: str) -> bool:
        """Erase somebody; False if there is nothing of theirs alone by which they are known."""
        who = self.who()
        part, nodes = who.partition, who.nodes
        mine = who.ids[part.person] == customer
        own = np.flatnonzero(mine & ~part.contested).tolist()
        if not own:
            return False
        alone = [nodes.name(n) for n in own if nodes.name(n) not in self.spared]
        gone = Forgotten.of([(self.policy.type(kind), v) for kind, v in alone], key=KEY)
        log = log_of(self.rows)
        whose = who.owned.customer.take(who.places(log)).decode()
        ordered: list[Any] = [r for r in self.rows if isinstance(r, of.Event)]
        ordered += [r for r in self.rows if isinstance(r, Fact)]
        self.forgotten = gone if self.forgotten is None else self.forgotten | gone
        loose = [r for r, c in zip(ordered, whose, strict=True) if c == customer]
        names = who.seen.members[who.seen.row]
        held = np.isin(names, own).any(axis=1)
        rows = [r for r, here in zip(ordered, held.tolist(), strict=True) if here]
        theirs = np.array([r in rows or r in loose for r in ordered], dtype=bool)
        beside = {int(n) for n in names[theirs].ravel() if n != NOBODY}
        self.spared |= {nodes.name(n) for n in beside if part.contested[n]}
        loose += rows  # marked where nothing else gives them away
        self.rows = [row for row in self.rows if not self.refused(row)]
        self.erased |= {mark(row) for row in loose if row in self.rows}
        self.rows = [row for row in self.rows if not self.refused(row)]
        return True


def pair(row: Any) -> tuple[str, str]:
    """The first identifier of a row."""
    kind, values = next(iter(row.identifiers.items()))
    return kind, values[0]


def mark(row: Any) -> Any:
    """By what an erased event without a forgotten identifier is known again."""
    names = tuple(sorted(row.identifiers.items()))
    if isinstance(row, Fact):
        return names, row.time, row.name, row.text
    held = (row.id,) if row.id is not None else (row.time, row.received, row.item, row.value)
    return names, row.event, row.source, row.id is not None, held


def content(log: of.EventLog) -> Counter[Any]:
    """The rows of a log in no order: all that they hold, byte for byte."""
    out: Counter[Any] = Counter()
    for table in (log.events, log.facts):
        columns = [
            [(name, said) for said in _plain(table.data[name])]
            for name in sorted(table.data)
            if name != "has_id"
        ]
        for row in zip(*columns, strict=True):
            out[tuple(one for one in row if one[1] is not None)] += 1
    return out


def _plain(column: Any) -> list[Any]:
    if isinstance(column, Coded):
        return list(column.decode())
    array = np.asarray(column)
    if array.dtype.kind == "M":
        held = array.astype("datetime64[us]").view(np.int64).tolist()
        empty = np.isnat(array).tolist()
    else:
        held, empty = array.tolist(), np.zeros(len(array), dtype=bool).tolist()
        if array.dtype.kind == "f":
            held, empty = [x.hex() for x in held], np.isnan(array).tolist()
    return [None if nothing else said for said, nothing in zip(held, empty, strict=True)]
