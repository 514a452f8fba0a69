"""Refold: the same events under other identities, and more of them.

Each row of a ledger knows where in the evidence of who is who it was seen, so whose it is now is
looked up. The rows of those who have the same events as before stay where they are; only people
who were merged, split or renamed, or of whom something new is known, are folded again.

    fold(a, identities=resolve(a)).update(b) == fold(a + b, identities=resolve(a + b))
"""

import attrs
import numpy as np

from onefold import _time
from onefold._check import instance
from onefold._columns import Coded, Columns, frozen, stacked
from onefold._types import Ints
from onefold.errors import ArgumentError, BeyondKept
from onefold.events.log import EventLog
from onefold.events.tables import EVIDENCE, one_type, same_currency
from onefold.identity import Identities
from onefold.identity.dividing import no_rows, numbered
from onefold.identity.evidence import Evidence
from onefold.identity.forgotten import Forgotten
from onefold.identity.places import places
from onefold.ledger import Ledger


@attrs.frozen(eq=False)
class Folded:
    """Events by who is who, and, apart, those that may count as others see it."""

    ledger: Ledger
    identities: Identities
    apart: EventLog

    def before(self, t: np.datetime64) -> "Folded":
        """What was known before an instant, by who was who then."""
        known = attrs.evolve(self, ledger=self.ledger.before(t), apart=self.apart.before(t))
        who = self.identities
        if t >= who.as_of:
            return known
        known._complete("profiles.at")
        seen = who.evidence.is_before(t)
        return known._moved(np.cumsum(seen) - 1)._under(who.at(t), no_rows())

    def under(self, who: Identities, call: str) -> "Folded":
        """The same events by another who is who.

        What it has forgotten leaves.

        Raises:
            ArgumentError: If it has not seen all others, or has forgotten less.
        """
        self._complete(call)
        _refuse_less(self.identities.forgotten, who.forgotten, call)
        known = self._without(who.forgotten, call)
        held = known.identities.evidence
        if held is who.evidence:
            return known._under(who, no_rows())
        at = places(held, who.evidence)
        used = [t.array(EVIDENCE) for t in known._tables]
        lost = sum(int((at[some] < 0).sum()) for some in used)
        if lost:
            raise ArgumentError(
                f"{call}: identities have not seen {lost:,} of the events and facts that the "
                "profiles hold. Resolve the same log, or use "
                "profiles.identities.under(policy, links=...)."
            )
        return known._moved(at)._under(who, no_rows())

    def grown(self, log: EventLog, as_of: np.datetime64) -> "Folded":
        """What is known with the rows of a log, all of them before `as_of`.

        Those of whom is forgotten are left out.
        """
        if (gone := self.identities.forgotten) is not None:
            log = _opened(gone, "Profiles.update").without(log, call="Profiles.update")
        more = Evidence.of(log)
        rows = numbered(log, len(self.identities.evidence) + np.arange(len(more)))
        return self._with(more, rows, as_of, "profiles.update")

    def merged(self, other: "Folded", call: str) -> "Folded":
        """What both know.

        Raises:
            ArgumentError: If they believe other things of identifiers.
        """
        self._complete(call)
        other._complete(call)
        gone = _united(self.identities.forgotten, other.identities.forgotten, call)
        mine, other = self._without(gone, call), other._without(gone, call)
        a, b = mine.identities, other.identities
        for field, name in (("policy", "policy"), ("told", "links"), ("known_at", "known_at")):
            if getattr(a, field) != getattr(b, field):
                raise ArgumentError(
                    f"{call}: the two sides were resolved with different {name}. Resolve both with "
                    "the same, or put one under the other's with profiles.resolved(...)."
                )
        theirs = other._moved(len(a.evidence) + np.arange(len(b.evidence)))
        currency = same_currency(mine.ledger.currency, other.ledger.currency, call)
        events = stacked([theirs.ledger.events, theirs.apart.events])
        facts = stacked([theirs.ledger.facts, theirs.apart.facts])
        rows = EventLog(events, facts, currency)
        return mine._with(b.evidence, rows, max(a.as_of, b.as_of), call)

    def _with(self, more: Evidence, rows: EventLog, as_of: np.datetime64, call: str) -> "Folded":
        self._complete(call)
        one_type(stacked([self.ledger.facts, rows.facts]), call)
        who = attrs.evolve(self.identities, as_of=as_of, evidence=self.identities.evidence | more)
        return self._under(who, rows)

    def _under(self, who: Identities, rows: EventLog) -> "Folded":
        """The same and some more rows by who is who, with their places in its evidence."""
        apart = rows
        if len(self.apart.events) or len(self.apart.facts):
            apart = EventLog(
                stacked([self.apart.events, rows.events]), stacked([self.apart.facts, rows.facts])
            )
        currency = same_currency(self.ledger.currency, rows.currency, "profiles.update")
        mine = EventLog(self.ledger.events, self.ledger.facts, self.ledger.currency)
        made = who.divide(mine, attrs.evolve(apart, currency=currency))
        return Folded(self.ledger.moved(made.events, made.facts, made.counting), who, made.apart)

    def _without(self, gone: Forgotten | None, call: str) -> "Folded":
        """The same without whom is forgotten, besides those who are already.

        What they outweighed or repeated comes back as soon as all is divided anew (`_under`).
        """
        who = self.identities
        if gone is None or gone == who.forgotten:
            return self
        keep = ~_opened(gone, call).rows(who.evidence.table, call=call)
        told = gone.links(who.told, call=call)
        less = attrs.evolve(who, evidence=who.evidence.only(keep), told=told, forgotten=gone)
        if keep.all():
            return attrs.evolve(self, identities=less)
        whose = [
            Coded(np.where(keep[t.array(EVIDENCE)], c.codes, np.int32(-1)), c.vocab)
            for t, c in ((t, t.coded("customer")) for t in self._tables[:2])
        ]
        unsaid, outweighed = (
            t.take(np.flatnonzero(keep[t.array(EVIDENCE)])).compact() for t in self._tables[2:]
        )
        known = attrs.evolve(
            self,
            ledger=self.ledger.moved(whose[0], whose[1], no_rows()),
            identities=less,
            apart=EventLog(unsaid, outweighed),
        )
        return known._moved(np.cumsum(keep) - 1)

    @property
    def _tables(self) -> tuple[Columns, ...]:
        return self.ledger.events, self.ledger.facts, self.apart.events, self.apart.facts

    def _moved(self, at: Ints) -> "Folded":
        """The same where what was at each place of the evidence is at another."""
        tables = [t.replace(**{EVIDENCE: frozen(at[t.array(EVIDENCE)])}) for t in self._tables]
        return attrs.evolve(
            self,
            ledger=attrs.evolve(self.ledger, events=tables[0], facts=tables[1]),
            apart=EventLog(tables[2], tables[3]),
        )

    def _complete(self, call: str) -> None:
        if self.ledger.horizon is not None:
            raise BeyondKept(
                f"{call}: events before {_time.show(self.ledger.horizon)} were let go by keep=, "
                "and without them nobody can be merged or split. Fold anew with a longer keep=, or "
                "use profiles.recent(), which knows only what was kept."
            )


def _opened(gone: Forgotten, call: str) -> Forgotten:
    """What is forgotten, if its key is known."""
    if len(gone) and gone.key is None:
        raise ArgumentError(
            f"{call}: what is forgotten comes from a file, where its key is not. Give it: "
            "profiles.resolved(profiles.identities.with_key(key))."
        )
    return gone


def _refuse_less(held: Forgotten | None, other: Forgotten | None, call: str) -> None:
    """Refuse to bring back whom is forgotten."""
    if held is None or not len(held):
        return
    known = other is not None and other.check == held.check
    if other is None or not known or not np.isin(held.hashes, other.hashes).all():
        why = "made with another key, " if other is not None and not known else ""
        raise ArgumentError(
            f"{call}: the profiles have forgotten {len(held):,} identifiers, and what identities "
            f"have forgotten is {why}not all of these: erased people would come back. Resolve "
            "with resolve(..., forgotten=profiles.identities.forgotten | more)."
        )


def _united(a: Forgotten | None, b: Forgotten | None, call: str) -> Forgotten | None:
    """What either side has forgotten."""
    if a is None or b is None:
        return b if a is None else a
    if a.check != b.check:
        raise ArgumentError(
            f"{call}: the two sides have forgotten people under different keys, so neither can "
            "tell whom the other forgot. Resolve both with one forgotten=, made with one key."
        )
    return a | b


def folded(log: EventLog, who: Identities, threads: int) -> Folded:
    """The events of a log by who is who."""
    made = who.divided(log)
    return Folded(Ledger.from_logs([made.counting], threads=threads), who, made.apart)


def read_by(who: Identities, log: EventLog, before: np.datetime64 | None) -> EventLog:
    """What of a log is looked at: what was received early enough, and happened before."""
    known = log if who.known_at is None else log.known_at(who.known_at)
    return known if before is None else known.before(before)


def who_then(identities: object, as_of: np.datetime64, call: str) -> Identities:
    """Who was who at the moment of profiles."""
    who: Identities = instance(
        identities, Identities, f"{call}: identities", "Make them with resolve(log)."
    )
    return who if as_of >= who.as_of else who.at(as_of)
