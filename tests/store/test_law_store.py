"""Law 11: what a store says is a function of its log, whatever happened to it on the way.

Late events, replays, corrections, shared devices, erasure, rebuilding and opening anew: at the end
the log is the model's, the profiles are the fold of it, and a new store that gets the same rows in
another order is the same, byte for byte. The suite takes few examples; the long run:

    ONEFOLD_EXAMPLES=10000 pytest tests/store/test_law_store.py
"""

import os
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import OnefoldError, UnknownCustomer
from onefold.identity import resolve
from onefold.store.schema import erased, erasures, meta, suppressed
from tests.examples import few
from tests.store.programs import KEY, Case, Fact, Model, cases, content, log_of, pair

EXAMPLES = int(os.environ.get("ONEFOLD_EXAMPLES", few(14)))
LAW = settings(
    max_examples=max(EXAMPLES // 2, 1),
    suppress_health_check=list(HealthCheck),
    deadline=None,
    derandomize=EXAMPLES < 1000 and bool(os.environ.get("CI")),
)
COPIED = (suppressed, erased, erasures, meta)


class Run:
    """A store and its model, step by step."""

    def __init__(self, url: str, case: Case) -> None:
        self.url, self.case = url, case
        self.model = Model(case.policy)
        self.sent: set[int] = set()
        self.limited: list[Any] = []
        self.store = self.opened()

    def opened(self) -> Any:
        return of.Store(self.url, policy=self.case.policy, key=KEY, durable="process")

    def step(self, name: str, *told: Any) -> None:
        if name == "one":
            self.deliver([told[0]], 1)
        elif name == "batch":
            self.deliver(list(told[0]), told[1])
        elif name == "replay":
            self.deliver([n for n in range(len(self.case.rows)) if n in self.sent], 5)
        elif name == "reopen":
            self.store.close()
            self.store = self.opened()
        elif name in ("rebuild", "compact"):
            before = self.store.digest()
            getattr(self.store, name)()
            assert self.store.digest() == before
        else:
            self.about(name, self.case.rows[told[0]])

    def deliver(self, which: list[int], batch: int) -> None:
        """Without an id each delivery would be an event of its own: these come once."""
        several = []
        for number in which:
            row = self.case.rows[number]
            if row in several or (getattr(row, "id", "") is None and row in self.model.rows):
                continue
            several.append(row)
            self.sent.add(number)
        if len(which) == 1 and several and isinstance(several[0], of.Event):
            told = self.store.observe(several[0])
            self.model.take(several[0])
            if told is not None and len(told):  # of an event that counts
                assert told == self.store.profile(told.id)
            return
        for row in several:
            self.model.take(row)
        events = [row for row in several if not isinstance(row, Fact)]
        facts = [row for row in several if isinstance(row, Fact)]
        if events:
            self.store.observe_all(events, batch=batch)
        for row in facts:
            self.store.observe_all(row.log(), batch=batch)

    def about(self, name: str, row: Any) -> None:
        """Forget, restrict or release whoever a row names."""
        customer = self.model.customer(row)
        if customer is None:
            with pytest.raises(UnknownCustomer):
                self.store.forget(pair(row))
            return
        if self.model.shared(row):
            with pytest.raises(of.errors.ArgumentError, match="is shared by"):
                getattr(self.store, name)(pair(row))
            return
        if name == "forget":
            if self.model.forget(customer):
                self.store.forget(pair(row))
            else:
                with pytest.raises(OnefoldError):
                    self.store.forget(pair(row))
            return
        try:
            getattr(self.store, name)(pair(row))
        except of.errors.ArgumentError:  # whoever is known by nothing of their own
            return
        if name == "restrict":
            self.limited.append(pair(row))

    def end(self, other: str, order: Any) -> None:
        """The log is the model's, profiles are its fold, and all is a function of the rows."""
        everybody = self.model.who().ids.tolist() if self.limited and self.model.rows else []
        for who in self.limited + everybody:  # some are others' by now
            with suppress(UnknownCustomer, of.errors.ArgumentError):
                self.store.release(who)
        store, rows = self.store, self.model.rows
        log = log_of(rows)
        here, model = content(store.log()), content(log)
        assert (here - model, model - here) == (Counter(), Counter())
        assert len(store) == len(rows)
        digest = store.digest()
        store.rebuild()
        assert store.digest() == digest
        if len(log.events) + len(log.facts):
            self.folded(log)
        fresh = of.Store(other, policy=self.case.policy, key=KEY, durable="process")
        copy(store, fresh)
        for row in order(rows):
            fresh.observe_all(row.log() if isinstance(row, Fact) else [row])
        assert fresh.digest() == digest
        fresh.close()
        store.close()

    def folded(self, log: of.EventLog) -> None:
        who = resolve(log, self.case.policy)
        plain, kept = of.fold(log, identities=who), self.store.profiles()
        assert kept.to_pandas().equals(plain.to_pandas())
        assert kept.ledger == plain.ledger and kept.as_of == plain.as_of
        mine = self.store.identities()
        assert mine.to_pandas().equals(who.to_pandas())
        assert mine.evidence == who.evidence
        for customer in plain.ids.tolist():
            one = self.store.profile(customer)
            assert one == plain[customer]
            assert one.to_dict() == plain[customer].to_dict() or _nan(one, plain[customer])


def _nan(one: Any, other: Any) -> bool:
    """Equal dictionaries, NaN included."""
    return repr(one.to_dict()) == repr(other.to_dict())


def copy(store: Any, fresh: Any) -> None:
    """What was erased from one store is not taken in by the other either."""
    here, there = store._core.database, fresh._core.database
    with here.engine.connect() as old, there.engine.begin() as new:
        for table in COPIED:
            known = {row[0] for row in new.execute(table.select())}
            rows = [r._asdict() for r in old.execute(table.select()) if r[0] not in known]
            if rows:
                new.execute(table.insert(), rows)


@LAW
@given(case=cases(), data=st.data())
def test_a_store_is_a_function_of_its_log(case: Case, data: Any, several: Any) -> None:
    with several() as url:
        run = Run(url, case)
        try:
            for step in case.program:
                run.step(*step)
            run.end("sqlite://", lambda rows: data.draw(st.permutations(rows)))
        finally:
            run.store.close()
