"""Who is who against the plain rules."""

import numpy as np
from hypothesis import given, settings

from onefold.identity import resolve
from tests.identity.plain import Plain
from tests.identity.worlds import worlds


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_identities_are_those_of_the_plain_rules(world):
    found = resolve(world.log(), world.policy, links=world.told())
    plain = Plain(world.plain(), world.policy, world.links)
    table = found.to_pandas()
    nodes = list(zip(table["type"], table["value"], strict=True))
    assert nodes == plain.nodes
    held = {}
    for node, customer in zip(nodes, table["customer"], strict=True):
        held.setdefault(customer, set()).add(node)
    assert {frozenset(v) for v in held.values()} == set(plain.people())
    who = found.partition
    names = [who.nodes.name(i) for i in range(len(nodes))]
    assert {names[i] for i in np.flatnonzero(who.demoted)} == plain.demoted
    assert {names[i] for i in np.flatnonzero(who.giant)} == plain.giant
    assert {(names[who.edges.strong[i]], names[who.edges.weak[i]]) for i in who.cut} == plain.cut
    assert {names[i] for i in np.flatnonzero(who.contested)} == plain.contested
    assert sorted(names[i] for i in who.anchor) == sorted(plain.people().values())
    customer = dict(zip(nodes, table["customer"], strict=True))
    for at, mine in enumerate(found.customers(world.log()).tolist()):
        said = plain.owner(at)
        if said is None:
            assert mine is None
        elif said[0] == "p":
            assert mine in {customer[n] for n in nodes if plain.group[n] == said[1]}
        else:
            assert mine[0] == "s"
