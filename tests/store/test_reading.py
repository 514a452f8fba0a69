"""A profile that is read is the one that a fold of the whole log makes."""

import attrs
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import UnknownCustomer
from onefold.identity import people, resolve
from onefold.store import reading
from onefold.store.store import Store
from tests.identity import worlds
from tests.store.filling import fill

LATER = np.datetime64(worlds.START + 3 * worlds.HOUR, "us")
IDS = ("e1", "e2", "e3", None, None)


@st.composite
def logs(draw):
    """Events of a world, some of them one event delivered anew, and what people agree to."""
    world = draw(worlds.worlds(most=12))
    events = []
    for number, row in enumerate(world.rows):
        event = worlds.event(row, number)
        event = attrs.evolve(
            event,
            id=draw(st.sampled_from(IDS)),
            item=draw(st.sampled_from([None, "tea", "jam"])),
            received=draw(st.sampled_from([None, LATER])),
        )
        if draw(st.integers(0, 5)) == 0:
            event = attrs.evolve(event, customer=draw(st.sampled_from(["k1", "k2"])))
        events.append(event)
    log = of.EventLog.from_events(events)
    for _ in range(draw(st.integers(0, 5))):
        log += statement(draw)
    return world.policy, log


def statement(draw):
    import pandas as pd

    hours = draw(st.integers(0, 12))
    names = draw(st.lists(st.sampled_from(["user", "mail", "cookie"]), min_size=1, unique=True))
    words = {"user": ["1", "2"], "mail": ["a@x", "b@x"], "cookie": ["c1", "c2", "c3"]}
    row = {name: draw(st.sampled_from(words[name])) for name in names}
    row["v"] = draw(st.sampled_from(["yes", "no"]))
    fact = draw(st.sampled_from(["consent", "consent:mail", "region"]))
    return of.EventLog.from_facts(
        pd.DataFrame([row]),
        time=np.datetime64(worlds.START + hours * worlds.HOUR, "us"),
        facts={fact: "v"},
        identifiers=names,
    )


def opened(log, policy, url=None):
    store = Store(url, policy=policy)
    fill(store._core, log)
    return store


def with_customers(policy):
    """The policy, which also knows what is given as a customer."""
    from onefold.identity import IdentifierType

    return policy.with_types(IdentifierType("customer", rank=4))


@settings(max_examples=120, deadline=None, phases=[Phase.generate])
@given(logs())
def test_each_profile_is_that_of_a_fold(world):
    policy, log = with_customers(world[0]), world[1]
    with opened(log, policy) as store:
        core = store._core
        whole = reading.log_of(core)
        who = resolve(whole, policy)
        folded = of.fold(whole, core.traits, identities=who)
        assert reading.profiles(core) == folded
        assert reading.identities(core) == who
        for name in folded.ids:
            read = reading.profile(core, name)
            assert read == folded[name]
            assert read.to_dict() == folded[name].to_dict()
        known = folded.ids.tolist()
        nodes = np.arange(len(who.nodes))
        table = who.to_pandas()
        kinds = zip(table["type"], table["value"], strict=True)
        names = zip(
            people.ids(who.nodes, nodes, key=who.key),
            people.ids(who.nodes, nodes, key=who.key, kind="s"),
            kinds,
            strict=True,
        )
        for own, shared, pair in names:
            for asked in (own, shared, pair):
                try:
                    held = folded[asked]
                except UnknownCustomer:
                    with pytest.raises(UnknownCustomer):
                        reading.profile(core, asked)
                    continue
                assert reading.profile(core, asked) == held
                assert held.id in known
