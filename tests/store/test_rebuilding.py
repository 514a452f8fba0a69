"""A store made anew: nothing differs where all was right, and what was wrong is told and mended."""

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

import onefold as of
from onefold.errors import ArgumentError
from onefold.identity import DEFAULT, resolve
from onefold.store.database import Query
from onefold.store.store import Store
from tests.examples import few
from tests.identity.worlds import policies
from tests.store.derived import same_as_resolved
from tests.store.programs import cases, log_of

LAW = settings(max_examples=few(10), deadline=None, suppress_health_check=list(HealthCheck))
TABLES = ("nodes", "members", "places", "evidence", "superseded")


def event(day, kind="view", id=None, **names):
    return of.Event(None, kind, f"2024-03-{day:02d}", id=id, identifiers=names)


FEW = [
    event(1, id="e1", cookie="c1"),
    event(2, "login", id="e2", cookie="c1", email="Ann@x.org"),
    event(3, "login", id="e3", cookie="c2", email="ben@x.org"),
    event(4, "login", id="e4", cookie="c1", email="ben@x.org", user_id="7"),
    event(5, id="e1", cookie="c1"),
]


def run(store, said):
    with store._core.database.writing() as session:
        session.run(Query(text(said)))


def rows(store, said):
    with store._core.database.reading() as session:
        return session.all(Query(text(said)))


def test_nothing_differs_where_all_was_right(url, opened) -> None:
    store = opened(url)
    store.observe_all(FEW)
    before, numbers = store.digest(), rows(store, "SELECT node, type, value FROM nodes ORDER BY 1")
    made = store.rebuild()
    assert not made
    assert (made.rows, made.identifiers) == (5, len(numbers))
    assert dict(made.differed) == dict.fromkeys(TABLES, 0)
    assert store.digest() == before
    assert rows(store, "SELECT node, type, value FROM nodes ORDER BY 1") == numbers


@pytest.mark.parametrize(
    ("said", "table", "n"),
    [
        ("UPDATE nodes SET alias = alias + 1 WHERE node = 1", "nodes", 1),
        ("UPDATE nodes SET hash = 5 WHERE node < 3", "nodes", 2),
        ("DELETE FROM members WHERE bundle = 1", "members", 1),
        ("INSERT INTO members VALUES (1, 99)", "members", 1),
        ("UPDATE places SET person = 99 WHERE node = 1", "places", 1),
        ("UPDATE places SET flags = 7", "places", 5),
        ("DELETE FROM evidence", "evidence", 4),
        ("UPDATE evidence SET first = first + 1 WHERE bundle = 2", "evidence", 1),
        ("INSERT INTO superseded VALUES (1)", "superseded", 1),
        ("DELETE FROM superseded", "superseded", 1),
    ],
)
def test_what_was_wrong_is_told_and_mended(said, table, n) -> None:
    with Store() as store:
        store.observe_all(FEW)
        right = store.digest()
        run(store, said)
        if "hash" not in said:  # salted: two stores never agree in these
            assert store.digest() != right
        made = store.rebuild()
        assert made
        assert dict(made.differed) == {**dict.fromkeys(TABLES, 0), table: n}
        assert store.digest() == right
        assert not store.rebuild()


def test_all_is_made_from_nothing_but_the_log() -> None:
    with Store() as store:
        store.observe_all(FEW)
        right = store.digest()
        for table in TABLES:
            run(store, f"DELETE FROM {table}")
        store.rebuild()
        assert store.digest() == right


def test_an_empty_store_is_made_anew() -> None:
    with Store() as store, Store() as other:
        assert not store.rebuild()
        assert store.digest() == other.digest()


@pytest.mark.parametrize(
    "said",
    [
        "UPDATE log SET item = 'x' WHERE seq = 1",
        "UPDATE log SET time = time + 1 WHERE seq = 1",
        "UPDATE bundles SET source = 'x' WHERE bundle = 1",
        "UPDATE log SET bundle = 2 WHERE seq = 1",
        "DELETE FROM log WHERE seq = 1",
    ],
)
def test_a_digest_tells_what_the_truth_holds(said) -> None:
    with Store() as store:
        store.observe_all(FEW)
        before = store.digest()
        run(store, said)
        assert store.digest() != before


def test_a_digest_is_of_what_was_said_and_not_of_when(url, opened) -> None:
    store = opened(url)
    store.observe_all(FEW)
    with Store() as other:
        other.observe_all(FEW[::-1], batch=1)
        other.observe_all(FEW)
        assert other.digest() == store.digest()
        other.observe_all([event(6, cookie="c9")])
        assert other.digest() != store.digest()


@LAW
@given(cases(), policies(), st.integers(1, 9))
def test_another_policy_is_as_if_it_had_always_been(case, policy, batch) -> None:
    rows_ = []
    for row in case.rows:
        if row not in rows_:
            rows_.append(row)
    whole = log_of(rows_)
    with Store(policy=case.policy) as store, Store(policy=policy) as other:
        store.observe_all(whole, batch=batch)
        other.observe_all(whole)
        change = store.adopt(policy)
        assert change == resolve(whole, case.policy).diff(policy)
        assert store.digest() == other.digest()
        same_as_resolved(store, whole)
        store.observe_all([event(1, id="more", cookie="c1")])
        other.observe_all([event(1, id="more", cookie="c1")])
        assert store.digest() == other.digest()


def test_a_policy_stays_with_the_database(lasting, opened) -> None:
    store = opened(lasting)
    store.observe_all(FEW)
    types = [of.identity.IdentifierType(n, rank=r) for r, n in enumerate(("cookie", "email"), 1)]
    with pytest.raises(ArgumentError, match=r"Store\.adopt.*'user_id'"):
        store.adopt(of.IdentityPolicy(types))
    store.observe_all([event(6, "login", id="e6", user_id="8", email="ben@x.org")])
    strict = DEFAULT.with_types(attrs.evolve(DEFAULT.type("email"), max_owners=1))
    change = store.adopt(strict)
    assert change
    again = opened(lasting)
    assert again.digest() == store.digest()
    assert not again.rebuild()


def test_decisions_go_with_the_customer_to_another_identifier() -> None:
    plain = of.IdentityPolicy(
        [
            of.identity.IdentifierType("mail", rank=1, normalise="exact"),
            of.identity.IdentifierType("cookie", rank=2),
        ]
    )
    lower = of.IdentityPolicy(
        [
            of.identity.IdentifierType("mail", rank=1, normalise="lower"),
            of.identity.IdentifierType("cookie", rank=2),
        ]
    )
    with Store(policy=plain) as store:
        store.observe_all([event(1, mail="Ann@x", cookie="c1"), event(2, mail="ann@x")])
        (old,) = rows(store, "SELECT node FROM nodes WHERE value = 'Ann@x'")[0]
        run(store, f"INSERT INTO decisions (seq, node, rank) VALUES (1, {old}, 1)")
        run(store, f"INSERT INTO restricted (node, time) VALUES ({old}, 1)")
        store.adopt(lower)
        (new,) = rows(store, "SELECT node FROM nodes WHERE value = 'ann@x'")[0]
        assert rows(store, "SELECT node FROM decisions") == [(new,)]
        assert rows(store, "SELECT node FROM restricted") == [(new,)]
        assert old not in {n for (n,) in rows(store, "SELECT node FROM nodes")}
        assert not store.rebuild()


def test_numbers_are_never_given_twice() -> None:
    with Store() as store:
        store.observe_all(FEW)
        last = rows(store, "SELECT max(node) FROM nodes")[0][0]
        run(
            store,
            f"UPDATE nodes SET hash = NULL, value = NULL, type = NULL, alias = NULL "
            f"WHERE node = {last}",
        )
        store.rebuild()
        assert rows(store, "SELECT max(node) FROM nodes")[0][0] == last + 1
        assert (last,) not in rows(store, "SELECT node FROM nodes")


def test_the_number_of_who_came_last_and_was_erased_is_kept() -> None:
    with Store(key="k") as store:
        store.observe_all(FEW)
        store.observe(event(5, cookie="the last"))
        last = rows(store, "SELECT max(node) FROM nodes")[0][0]
        store.forget(("cookie", "the last"))
        assert not store.rebuild() and not store.rebuild()
        store.observe(event(6, cookie="the next"))
        assert rows(store, "SELECT max(node) FROM nodes")[0][0] == last + 1


def test_the_number_of_an_identifier_that_is_none_any_more_is_not_given_again() -> None:
    with Store() as store:
        store.observe_all([event(1, cookie="c1"), event(2, cookie="gone")])
        store.adopt(attrs.evolve(DEFAULT, blocked=("gone",)))
        assert rows(store, "SELECT node FROM nodes WHERE value IS NOT NULL") == [(1,)]
        assert not store.rebuild()
        store.observe(event(3, cookie="c3"))
        assert rows(store, "SELECT node FROM nodes WHERE value = 'c3'") == [(3,)]


def test_facts_have_a_part_in_who_is_who() -> None:
    frame = pd.DataFrame(
        {"m": ["ann@x.org"], "c": ["c1"], "at": pd.to_datetime(["2024-03-01"], utc=True), "x": "a"}
    )
    facts = of.EventLog.from_facts(
        frame, time="at", facts=["x"], identifiers={"email": "m", "cookie": "c"}
    )
    with Store() as store:
        store.observe_all(facts)
        store.observe_all([event(2, cookie="c1")])
        assert len({person for (person,) in rows(store, "SELECT person FROM places")}) == 1
        assert not store.rebuild()
        assert np.array_equal(rows(store, "SELECT count(*) FROM evidence"), [(2,)])
