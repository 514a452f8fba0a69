import multiprocessing
import sqlite3
import threading
from pathlib import Path

import attrs
import pandas as pd
import pytest
from sqlalchemy import bindparam, insert, inspect, literal, select, text

import onefold as of
from onefold.errors import ArgumentError, Restricted, StoreError
from onefold.identity import DEFAULT, IdentifierType, IdentityPolicy
from onefold.identity.policy import RULES
from onefold.store import meta, migrating
from onefold.store.database import Database, Query
from onefold.store.schema import DERIVED, SCHEMA
from onefold.store.schema import meta as table
from tests.store.filled import fill

POLICIES = [
    DEFAULT,
    DEFAULT.changed("phone", region="DE", period="90min"),
    IdentityPolicy(
        [IdentifierType("a", rank=1, limit=2, period="1us"), IdentifierType("b", rank=7)],
        logins=["x"],
        not_evidence=["gift"],
        attribution="strict",
        session="45s",
        giant=9,
        longest=12,
        blocked=[r"\d+é"],
        deny_wins=["consent:mail"],
    ),
]


def tables(url):
    database = Database(url, durable="disk", timeout=5)
    try:
        with database.engine.connect() as connection:
            return sorted(inspect(connection).get_table_names())
    finally:
        database.close()


def run(url, *statements):
    database = Database(url, durable="disk", timeout=5)
    try:
        with database.writing() as session:
            for said in statements:
                session.run(Query(text(said)))
    finally:
        database.close()


def said(store, name):
    with store._core.database.reading() as session:
        return meta.value(session, name)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_policy_is_kept(lasting, opened, policy):
    with opened(lasting, policy=policy) as store:
        assert store._core.policy == policy
    with opened(lasting) as store:
        assert store._core.policy == policy
        assert store._core.policy.version == policy.version
        assert store._core.naming.policy == policy
    with opened(lasting, policy=attrs.evolve(policy)) as store:
        assert len(store) == 0


def test_another_policy_is_refused_with_the_way_to_change_it(lasting, opened):
    opened(lasting).close()
    for other in POLICIES[1:]:
        with pytest.raises(ArgumentError, match=r"another than that.*adopt\(policy\)"):
            of.Store(lasting, policy=other)
    with pytest.raises(ArgumentError, match="policy is a str"):
        of.Store(lasting, policy="strict")


def test_a_secret_policy_is_asked_for_again(lasting, opened):
    secret = IdentityPolicy(key="a secret")
    with opened(lasting, policy=secret) as store:
        assert "a secret" not in said(store, "policy")
    with pytest.raises(ArgumentError, match="secret key"):
        of.Store(lasting)
    for wrong in (DEFAULT, IdentityPolicy(key="another")):
        with pytest.raises(ArgumentError, match="another than that"):
            of.Store(lasting, policy=wrong)
    with opened(lasting, policy=secret) as store:
        assert store._core.policy.key == "a secret"


def test_the_salt_is_kept_and_is_each_store_s_own(lasting, opened):
    one, again, other = opened(lasting), opened(lasting), opened()
    assert one._core.salt == again._core.salt != other._core.salt
    assert len(one._core.salt) == 16


def test_the_key_is_settled_when_somebody_is_erased_first(lasting, opened):
    with opened(lasting, key="a typo") as store:
        assert said(store, "key") is None
    right, late = opened(lasting, key="k"), opened(lasting, key="another")
    right.observe(of.Event("ann", "view", "2024-03-01"))
    right.forget(("customer", "ann"))
    assert said(right, "key") not in (None, "k")
    assert opened(lasting, key="k")._core.key == "k"
    assert opened(lasting)._core.key is None
    with pytest.raises(ArgumentError, match="not the one with which"):
        of.Store(lasting, key="a typo")
    for call in (late.observe, lambda event: late.observe_all([event])):
        with pytest.raises(ArgumentError, match="not the one with which"):
            call(of.Event("ann", "view", "2024-03-02"))
    assert len(late) == 0


def test_what_a_store_is_opened_with_is_checked():
    wrong = [
        ({"durable": "maybe"}, r"durable is 'maybe'; allowed: 'disk', 'process'"),
        ({"timeout": -1}, "timeout is -1; it takes seconds"),
        ({"timeout": "x"}, "timeout is 'x'; it takes seconds"),
        ({"timeout": float("nan")}, "timeout is nan; it takes seconds"),
        ({"traits": 3}, "traits is 3; it takes a list of traits"),
        ({"catalog": 5}, r"catalog is a int; make one with Catalog\.from_frame"),
        ({"key": 7}, "key is a int; it takes a secret string of 1 to 64 bytes"),
        ({"key": ""}, "key is a string of 0 bytes"),
        ({"key": "x" * 65}, "key is a string of 65 bytes"),
        ({"policy": "x"}, "policy is a str; it takes an IdentityPolicy"),
        ({"migrate": "x"}, "migrate is 'x'; allowed: False, True"),
    ]
    for given, match in wrong:
        with pytest.raises(ArgumentError, match=f"^Store: {match}"):
            of.Store(**given)


def test_an_empty_store_has_nobody_or_says_what_to_do():
    with of.Store() as store:
        nobody = store.profiles(as_of="2024-03-01")
        assert len(nobody) == 0
        assert len(store.profiles("email", as_of="2024-03-01")) == 0
        for call in ("profiles", "identities"):
            with pytest.raises(
                ArgumentError, match=rf"^Store\.{call}: the store is empty.*observe"
            ):
                getattr(store, call)()


def test_a_closed_store_says_so(url):
    store = of.Store(url)
    store.observe(of.Event("ann", "view", "2024-03-01"))
    store.close()
    store.close()
    event = of.Event("ann", "view", "2024-03-02")
    for call in (lambda: len(store), lambda: store.observe(event), store.profiles, store.compact):
        with pytest.raises(StoreError, match=r"^Store: .* was closed.*Store\(url\)"):
            call()
    assert "Store(" in repr(store)


def test_what_cannot_be_opened_is_told_without_a_password(tmp_path):
    with pytest.raises(StoreError, match=r"unable to open database file.*Make the folder first"):
        of.Store(f"sqlite:///{tmp_path / 'none' / 'shop.db'}")
    refused = "postgresql+psycopg://ann:s3cr3t@127.0.0.1:1/shop?sslpassword=s3cr3t"
    with pytest.raises(StoreError, match="Look whether the server runs") as told:
        of.Store(refused)
    assert "s3cr3t" not in str(told.value) and "127.0.0.1:1/shop" in str(told.value)


def test_a_statement_names_its_parameters():
    for wrong in (
        select(table.c.value).where(table.c.name == bindparam(None)),
        select(table.c.value).where(table.c.name.in_(["a", "b"])),
        select(table.c.value).where(table.c.value == literal(1.5)),
        insert(table).values(name=b"x"),
    ):
        with pytest.raises(ArgumentError, match=r"^Query: statement holds"):
            Query(wrong)


def test_other_tables_are_left_alone(lasting):
    run(lasting, "CREATE TABLE mine (a INTEGER)")
    with pytest.raises(StoreError, match=r"other tables \('mine'\).*no store"):
        of.Store(lasting)
    assert tables(lasting) == ["mine"]
    run(lasting, "CREATE TABLE meta (name TEXT, value TEXT)")
    with pytest.raises(StoreError, match="no store"):
        of.Store(lasting, migrate=True)
    run(lasting, "DROP TABLE meta", "CREATE TABLE meta (id INTEGER)")
    with pytest.raises(StoreError, match="no store"):
        of.Store(lasting)
    assert tables(lasting) == ["meta", "mine"]


def test_tables_beside_those_of_a_store_do_no_harm(lasting, opened):
    opened(lasting).close()
    run(lasting, "CREATE TABLE mine (a INTEGER)")
    assert len(opened(lasting)) == 0


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "shop.db"
    path.write_bytes(b"no database at all, whatever it is" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a database"):
        of.Store(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_what_was_changed_by_hand_is_told(lasting, opened):
    opened(lasting).close()
    run(lasting, "DELETE FROM meta WHERE name = 'salt'")
    with pytest.raises(StoreError, match=r"nothing of 'salt'"):
        of.Store(lasting)
    run(lasting, "INSERT INTO meta VALUES ('salt', 'no number')")
    with pytest.raises(StoreError, match="can't be read"):
        of.Store(lasting)


@pytest.mark.parametrize("what", ["schema", "derived", "policy"])
def test_broken_words_about_itself_are_told(lasting, opened, what):
    opened(lasting).close()
    run(lasting, f"UPDATE meta SET value = '[1' WHERE name = '{what}'")
    with pytest.raises(StoreError, match=f"{what!r}.*can't be read"):
        of.Store(lasting)


@pytest.mark.parametrize("what", ["schema", "derived"])
def test_a_newer_database_is_refused(lasting, opened, what):
    opened(lasting).close()
    run(lasting, f"UPDATE meta SET value = '99' WHERE name = '{what}'")
    for migrate in (False, True):
        with pytest.raises(StoreError, match=r"version 99.*newer onefold"):
            of.Store(lasting, migrate=migrate)


def older(monkeypatch, url, opened, steps, made=None):
    """Make a store, and let the library be two versions on."""
    store = opened(url)
    fill(store, of.EventLog.from_events([of.Event("ann", "view", "2024-01-01")]))
    store.close()
    monkeypatch.setattr(migrating, "SCHEMA", SCHEMA + len(steps))
    for at, step in enumerate(steps):
        monkeypatch.setitem(migrating.STEPS, SCHEMA + at, step)
    if made is not None:
        monkeypatch.setattr(migrating, "DERIVED", DERIVED + 1)
        monkeypatch.setattr("onefold.store.rebuilding.remake", made)


def adds(name):
    def step(core, session):
        session.run(Query(text(f"CREATE TABLE {name} (a INTEGER)")))

    return step


def test_an_older_database_is_led_on_step_by_step(lasting, opened, monkeypatch):
    older(monkeypatch, lasting, opened, [adds("one"), adds("two")])
    before = tables(lasting)
    with pytest.raises(StoreError, match=r"Store\(url, migrate=True\)"):
        of.Store(lasting)
    assert tables(lasting) == before
    with opened(lasting, migrate=True) as store:
        assert said(store, "schema") == str(SCHEMA + 2)
        assert len(store) == 1
    assert set(tables(lasting)) - set(before) == {"one", "two"}
    assert len(opened(lasting)) == 1


def test_a_step_that_fails_is_undone_and_the_ones_before_it_stay(lasting, opened, monkeypatch):
    def fails(core, session):
        adds("half")(core, session)
        raise RuntimeError("power cut")

    older(monkeypatch, lasting, opened, [adds("one"), fails])
    with pytest.raises(RuntimeError, match="power cut"):
        of.Store(lasting, migrate=True)
    assert "one" in tables(lasting)
    assert "half" not in tables(lasting)
    monkeypatch.setitem(migrating.STEPS, SCHEMA + 1, adds("two"))
    with opened(lasting, migrate=True) as store:
        assert said(store, "schema") == str(SCHEMA + 2)


def test_customers_who_are_named_by_numbers_are_the_same_after_it(lasting, opened, monkeypatch):
    store = opened(lasting, key="k")
    for day, names in enumerate(({"cookie": "c1"}, {"email": "ann@x.org"}, {"cookie": "c2"}), 1):
        store.observe(of.Event(None, "login", f"2024-03-{day:02d}", identifiers=names))
    both = {"cookie": "c2", "email": "ben@x.org"}
    store.observe(of.Event(None, "login", "2024-03-04", identifiers=both))
    store.forget(("email", "ann@x.org"))  # leaves a number behind
    store.restrict(("cookie", "c1"))
    shown = pd.DataFrame(
        {"customer": [store.profile(("cookie", "c2")).id], "item": ["tea"], "rank": [1]}
    )
    assert store.record(shown, time="2024-03-05") == 1
    before, digest = store.decisions(("cookie", "c2")), store.digest()
    there = "SELECT node, type, value FROM nodes WHERE value IS NOT NULL ORDER BY node"
    numbers = Query(text(there))
    with store._core.database.reading() as session:
        held = session.all(numbers)
    store.close()
    monkeypatch.setattr(migrating, "DERIVED", DERIVED + 1)
    with opened(lasting, migrate=True, key="k") as again:
        with again._core.database.reading() as session:
            assert session.all(numbers) == held
        assert len(before) == 1 and again.decisions(("cookie", "c2")).equals(before)
        with pytest.raises(Restricted):
            again.profile(("cookie", "c1"))
        assert again.digest() == digest
        assert not again.rebuild()


def test_derived_tables_are_made_anew(lasting, opened, monkeypatch):
    seen = []

    def remake(core, session):
        seen.append(session.all(Query(text("SELECT count(*) FROM nodes"))))
        session.run(Query(text("INSERT INTO nodes (node) VALUES (5)")))

    older(monkeypatch, lasting, opened, [adds("one")], remake)
    run(lasting, "DROP TABLE evidence", "INSERT INTO nodes (node, hash) VALUES (1, 7)")
    with opened(lasting, migrate=True) as store:
        assert said(store, "derived") == str(DERIVED + 1)
        with store._core.database.reading() as session:
            told = session.all(Query(text("SELECT node, hash FROM nodes ORDER BY node")))
            assert told == [(1, None), (5, None)]
    assert seen == [[(1,)]]
    assert "evidence" in tables(lasting)
    opened(lasting, migrate=True)
    assert len(seen) == 1


def test_an_older_database_is_migrated_once_by_several(lasting, opened, monkeypatch):
    older(monkeypatch, lasting, opened, [adds("one"), adds("two")])
    failed = []

    def migrates():
        try:
            of.Store(lasting, migrate=True).close()
        except Exception as error:  # noqa: BLE001 - whatever it is
            failed.append(error)

    several = [threading.Thread(target=migrates) for _ in range(4)]
    for one in several:
        one.start()
    for one in several:
        one.join(30)
    assert failed == []
    assert {"one", "two"} <= set(tables(lasting))


def test_a_change_of_the_rules_of_identity_asks_for_derived_tables_anew():
    # Whoever changes RULES makes who is who another: add one to DERIVED too.
    assert (RULES, DERIVED) == (1, 1)


def _opens(url, barrier, results):
    barrier.wait(60)
    try:
        with of.Store(url) as store:
            results.put((store._core.salt.hex(), len(store)))
    except Exception as error:  # noqa: BLE001 - whatever it is
        results.put(("failed", repr(error)))


def test_several_processes_make_one_store(lasting):
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        barrier, results = context.Barrier(4), context.Queue()
        several = [context.Process(target=_opens, args=(lasting, barrier, results)) for _ in "1234"]
        for one in several:
            one.start()
        told = {results.get(timeout=60) for _ in several}
        for one in several:
            one.join(10)
        assert len(told) == 1, told
        assert "failed" not in {first for first, _ in told}
        _gone(lasting)


def _gone(url):
    """Take everything away, for the next round."""
    if url.startswith("sqlite"):
        for end in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + end).unlink(missing_ok=True)
    else:
        run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


def test_a_property_has_one_type_for_everybody(url, opened):
    store = opened(url)
    core = store._core
    with core.database.writing() as session:
        meta.learn(core, session, {"property:size": "number", "fact:size": "text"})
    for again in (core, attrs.evolve(core)):  # what is kept in mind, and what is read
        with core.database.writing() as session:
            meta.learn(again, session, {"property:size": "number", "fact:size": "text"})
        for name, kind in (("property:size", "text"), ("fact:size", "number")):
            with (
                pytest.raises(ArgumentError, match=f"{name.partition(':')[0]} 'size' is a {kind}"),
                core.database.writing() as session,
            ):
                meta.learn(again, session, {name: kind})
    with core.database.reading() as session:
        assert not any("size" in name for name, _ in session.all(meta.ALL))


def test_what_was_undone_is_not_kept_in_mind(url, opened):
    core = opened(url)._core

    def undone():
        with core.database.writing() as session:
            for _ in range(3):
                meta.learn(core, session, {"property:a": "number"}, currency="EUR")
                assert meta.currency_of(core, session) == "EUR"
            raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            undone()
    with core.database.writing() as session:
        meta.learn(core, session, {"property:a": "text"}, currency="USD")
    with core.database.reading() as session:
        assert meta.currency_of(core, session) == "USD"
    with core.database.writing() as session:
        meta.learn(core, session, {"property:a": "text"}, currency="USD")
    assert core.known == {"property:a": "text", "currency": "USD"}  # no question any more


def test_a_store_has_one_currency(url, opened):
    core = opened(url)._core
    with core.database.reading() as session:
        assert meta.currency_of(core, session) is None
    with core.database.writing() as session:
        meta.learn(core, session, {}, currency="EUR")
        meta.learn(core, session, {}, currency=None)
    for again in (core, attrs.evolve(core)):
        with (
            pytest.raises(ArgumentError, match="in 'USD', and the store's in 'EUR'"),
            core.database.writing() as session,
        ):
            meta.learn(again, session, {}, currency="USD")


def test_two_who_say_a_type_first_agree(lasting, opened):
    one, other = opened(lasting)._core, opened(lasting)._core
    outcome = []

    def second():
        try:
            with other.database.writing(shared=True) as session:
                meta.learn(other, session, {"property:a": "text"})
        except ArgumentError as error:
            outcome.append(str(error))

    asks = threading.Thread(target=second)
    with one.database.writing(shared=True) as session:
        meta.learn(one, session, {"property:a": "number"})
        asks.start()
        asks.join(0.3)
        assert asks.is_alive()
    asks.join(20)
    assert len(outcome) == 1
    assert "knows it as a number" in outcome[0]


def test_several_who_say_many_types_first_do_not_wait_for_each_other(lasting, opened):
    names = [f"property:{at}" for at in range(30)]
    failed = []

    def says(which):
        core = opened(lasting)._core
        try:
            with core.database.writing(shared=True) as session:
                meta.learn(core, session, dict.fromkeys(which, "text"))
        except StoreError as error:
            failed.append(error)

    several = [threading.Thread(target=says, args=(names[:: 1 - 2 * (at % 2)],)) for at in range(4)]
    for one in several:
        one.start()
    for one in several:
        one.join(30)
    assert failed == []


def test_a_store_shows_where_it_is_and_no_password(opened, tmp_path):
    path = tmp_path / "a.db"
    assert repr(opened(f"sqlite:///{path}")) == f"Store('sqlite:///{path}')"
    with pytest.raises(StoreError) as error:
        of.Store("postgresql+psycopg://me:hush@127.0.0.1:9/none", timeout=1)
    assert "hush" not in str(error.value)


def test_the_database_can_be_read_by_others(tmp_path, opened):
    path = tmp_path / "a.db"
    opened(f"sqlite:///{path}")
    with sqlite3.connect(path) as other:
        assert dict(other.execute("SELECT name, value FROM meta"))["store"] == "onefold"
    other.close()
