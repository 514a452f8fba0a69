"""Weak links come below all else: they join, and take nothing away."""

import attrs
from hypothesis import given, settings

from onefold.identity import resolve
from onefold.identity.links import WEAK
from tests.identity.worlds import worlds


def customers(identities):
    frame = identities.to_pandas()
    return dict(
        zip(zip(frame["type"], frame["value"], strict=True), frame["customer"], strict=True)
    )


@settings(max_examples=60)
@given(worlds())
def test_who_is_one_customer_without_weak_links_is_so_with_them(world):
    policy, log = world.policy, world.log()
    strong = attrs.evolve(world, links=tuple(link for link in world.links if link[0] != WEAK))
    before = customers(resolve(log, policy, links=strong.told()))
    after = customers(resolve(log, policy, links=world.told()))
    went: dict[str, set[str]] = {}
    for name, customer in before.items():
        went.setdefault(customer, set()).add(after[name])
    assert all(len(held) == 1 for held in went.values())


@settings(max_examples=30)
@given(worlds())
def test_what_weak_links_join_keeps_to_cannot_links(world):
    then = customers(resolve(world.log(), world.policy, links=world.told()))
    for kind, a, b, _ in world.links:
        ends = [then.get((name, value.lower())) for name, value in (a, b)]
        if kind == -1 and None not in ends:
            assert ends[0] != ends[1]
