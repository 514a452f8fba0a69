"""A fact that was given by customer= and by an identifier of the type "customer" is one fact."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.store import writing
from onefold.store.digesting import digests
from onefold.store.rows import log_rows, log_types
from onefold.store.store import Store

LAW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def fact(who, day, text, *, plain, cookie=None, received=None):
    frame = pd.DataFrame({"who": [who], "at": pd.to_datetime([f"2024-03-{day:02d}"], utc=True)})
    frame["region"] = text
    names = {} if plain else {"customer": "who"}
    if cookie is not None:
        frame["cookie"], names["cookie"] = cookie, "cookie"
    if received is not None:
        frame["got"] = pd.to_datetime([f"2024-03-{received:02d}"], utc=True)
    return of.EventLog.from_facts(
        frame,
        time="at",
        facts=["region"],
        customer="who" if plain else None,
        identifiers=names or None,
        received=None if received is None else "got",
    )


@st.composite
def facts(draw):
    return fact(
        draw(st.sampled_from(["ann", "ben"])),
        draw(st.integers(1, 2)),
        draw(st.sampled_from(["north", "south"])),
        plain=draw(st.booleans()),
        cookie=draw(st.sampled_from([None, "c1"])),
        received=draw(st.sampled_from([None, 3, 4])),
    )


def stream(store, log):
    keys, which, rows = log_rows(log)
    for at, row in zip(which.tolist(), rows, strict=True):
        types = log_types(log)
        writing.take(
            store._core, keys[at], row, types=types, call="test", read=lambda *taken: taken
        )


def whole(several):
    out = several[0]
    for log in several[1:]:
        out = out + log
    return out


def same(store, log):
    """Asserts that a store's rows that count are those of a fold of the log."""
    who = of.resolve(log, store.policy)
    folded = of.fold(log, identities=who)
    assert store.profiles() == folded
    for name in folded.ids.tolist():
        assert store.profile(name) == folded[name]


@LAW
@given(st.lists(facts(), min_size=1, max_size=6), st.integers(1, 3))
def test_streams_batches_and_rebuilds_are_one(several, batch) -> None:
    log = whole(several)
    with Store() as one, Store() as two, Store() as three:
        stream(one, log)
        two.observe_all(log, batch=batch)
        three.observe_all(log)
        three.observe_all(log)
        digest = one.digest()
        assert digest == two.digest() == three.digest()
        assert not one.rebuild() and not two.rebuild()
        assert one.digest() == digest
        same(one, log)


@pytest.mark.parametrize("first", [True, False])
def test_a_fact_in_both_forms_counts_once(url, opened, first) -> None:
    one, two = (fact("ann", 1, "north", plain=form, cookie="c1") for form in (first, not first))
    store, other = opened(url), Store()
    store.observe_all(one)
    store.observe_all(two)
    stream(other, two + one)
    assert store.digest() == other.digest()
    assert not store.rebuild()
    assert len(store) == 2
    same(store, one + two)
    other.close()


def test_erasing_one_form_lets_the_other_count(url, opened) -> None:
    store, other = opened(url, key="k"), Store(key="k")
    kiosk = [fact(n, 1, "north", plain=True, cookie="c1") for n in ("ann", "ben")]
    for one in (store, other):
        one.observe_all(whole([*kiosk, fact("ann", 1, "north", plain=False)]))
    stream(store, fact("ben", 1, "north", plain=False, cookie="c1", received=5))
    other.observe_all(fact("ben", 1, "north", plain=False, cookie="c1", received=5))
    for one in (store, other):
        one.forget(("customer", "ann"))
        assert not one.rebuild()
        assert one.observe_all(kiosk[0]).suppressed == 1
    assert _parts(store) == _parts(other)


def _parts(store):
    held = digests(store._core)
    del held["erasures"]  # certificates tell what is to be done about the files
    return held
