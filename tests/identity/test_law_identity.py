"""Law 4: batch = stream = repeated = resumed = divided and merged, and what was split is as before.

The suite takes few examples of each; the long run takes as many as are asked for in all:

    ONEFOLD_EXAMPLES=10000 pytest tests/identity/test_law_identity.py
"""

import os

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onefold import EventLog
from onefold.identity import Links, Resolver, resolve
from tests.identity.streams import Table, same
from tests.identity.worlds import worlds

EXAMPLES = int(os.environ.get("ONEFOLD_EXAMPLES", "40"))
LAW = settings(
    max_examples=max(EXAMPLES // 5, 1),
    suppress_health_check=list(HealthCheck),
    deadline=None,
    derandomize=EXAMPLES < 1000 and bool(os.environ.get("CI")),
)


@LAW
@given(worlds(), st.data())
def test_any_prefix_of_any_order_is_the_batch(world, data):
    events = data.draw(st.permutations(world.events() * 2))
    links = world.told()
    resolver = Resolver(world.policy, links=links)
    table = Table(resolver)
    for at, event in enumerate(events, 1):
        observed = resolver.observe(event)
        table.take(observed)
        batch = same(resolver, events[:at], links)
        table.same(batch)
        assert observed.customer == batch.customers(EventLog.from_events(events[:at])).tolist()[-1]


@LAW
@given(worlds(most=24), st.data())
def test_a_snapshot_in_the_middle_changes_nothing(world, data):
    events = data.draw(st.permutations(world.events()))
    links = world.told()
    cut = data.draw(st.integers(0, len(events)))
    first = Resolver(world.policy, links=links)
    for event in events[:cut]:
        first.observe(event)
    snapshot = first.snapshot()
    resumed = Resolver.resume(snapshot, world.policy)
    assert resumed.snapshot() == snapshot
    for event in events[cut:] + events[: cut // 2]:
        assert resumed.observe(event) == first.observe(event)
    same(resumed, events, links)
    same(first, events, links)


@LAW
@given(worlds(most=24), st.data())
def test_workers_that_are_merged_are_the_batch(world, data):
    events = world.events()
    links = world.told()
    n = data.draw(st.integers(2, 4))
    workers = [Resolver(world.policy, links=links) for _ in range(n)]
    for event in events:
        for at in data.draw(st.sets(st.integers(0, n - 1), min_size=1)):
            workers[at].observe(event)
    whole = workers[data.draw(st.integers(0, n - 1))]
    for worker in data.draw(st.permutations(workers)):
        whole.merge(worker)
    same(whole, events, links)
    for event in events[:3]:
        whole.observe(event)
    same(whole, events, links)


@LAW
@given(worlds(most=24), st.data())
def test_a_stream_goes_on_from_history(world, data):
    events = data.draw(st.permutations(world.events()))
    links = world.told()
    cut = data.draw(st.integers(1, len(events)))
    resolver = Resolver(world.policy, links=links)
    for event in events[: cut // 2]:
        resolver.observe(event)
    resolver.learn(EventLog.from_events(events[cut // 2 : cut]))
    for event in events[cut:]:
        resolver.observe(event)
    same(resolver, events, links)


@LAW
@given(worlds(), st.sampled_from([("user", "mail"), ("mail", "cookie"), ("cookie", "cookie")]))
def test_what_was_merged_can_be_split_and_merged_again(world, kinds):
    events, links = world.events(), world.told()
    resolver = Resolver(world.policy, links=links)
    for event in events:
        resolver.observe(event)
    before = same(resolver, events, links)
    nodes = list(zip(*(before.to_pandas()[c] for c in ("type", "value")), strict=True))
    one = [n for n in nodes if n[0] == kinds[0]][:1]
    two = [n for n in nodes if n[0] == kinds[1] and n not in one][:1]
    apart = Links.cannot(one[0], two[0]) if one and two else None
    more = links if apart is None else (apart if links is None else links + apart)
    tight = attrs.evolve(
        world.policy, types=[attrs.evolve(k, limit=1, period=None) for k in world.policy.types]
    )
    snapshot = resolver.snapshot()
    other = Resolver.resume(attrs.evolve(snapshot, links=more), tight)
    same(other, events, more)
    back = Resolver.resume(attrs.evolve(other.snapshot(), links=links), world.policy)
    after = same(back, events, links)
    assert after == before
    assert after.to_pandas().equals(before.to_pandas())
    log = EventLog.from_events(events)
    told = before.customers(log).tolist()
    assert resolve(log, tight, links=more).under(world.policy).customers(log) is not None
    assert after.customers(log).tolist() == told
