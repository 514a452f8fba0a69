"""A stream beside the batch: all that both say must be the same, byte for byte."""

import numpy as np

from onefold import EventLog
from onefold.identity import Aliased, Merged, Split, resolve


def same(resolver, events, links=None):
    """Asserts that a resolver says what `resolve` says of the events that it has seen."""
    log = EventLog.from_events(events)
    batch = resolve(log, resolver.policy, links=links)
    live = resolver.identities()
    assert live == batch
    table = batch.to_pandas()
    assert live.to_pandas().equals(table)
    names = list(zip(table["type"], table["value"], strict=True))
    who, graph = batch.partition, resolver._graph
    nodes = [graph.node[resolver._policy.names.index(kind), value] for kind, value in names]
    assert sorted(nodes) == list(range(len(graph.key)))
    assert [graph.id(n) for n in nodes] == table["customer"].tolist()
    assert [graph.first[n] for n in nodes] == who.first.tolist()
    assert [graph.last[n] for n in nodes] == who.last.tolist()
    assert [graph.shared[n] for n in nodes] == who.demoted.tolist()
    assert [graph.giant[n] for n in nodes] == who.giant.tolist()
    assert [graph.contested[n] for n in nodes] == who.contested.tolist()
    anchors = {graph.group[n].anchor for n in nodes}
    assert sorted(nodes.index(a) for a in anchors) == np.sort(who.anchor).tolist()
    assert [resolver.customer(e) for e in events] == batch.customers(log).tolist()
    assert len(resolver) == len(batch)
    return batch


class Table:
    """What an application knows of who is who from the changes alone."""

    def __init__(self, resolver):
        self.customer = _table(resolver.identities(as_of="2000-01-01"))  # whom links name

    def take(self, observed):
        for change in observed.changes:
            if isinstance(change, Split):
                for name in change.moved:
                    assert self.customer[name] == change.was
                    self.customer[name] = change.into
                continue
            if isinstance(change, Merged):
                was, now = change.was, change.into
            else:
                assert isinstance(change, Aliased)
                was, now = change.old, change.new
                assert now not in self.customer.values()
            held = [name for name, who in self.customer.items() if who == was]
            assert held
            for name in held:
                self.customer[name] = now
        for name, who in observed.found:
            assert name not in self.customer
            self.customer[name] = who

    def same(self, identities):
        assert self.customer == _table(identities)


def _table(identities):
    table = identities.to_pandas()
    names = zip(table["type"], table["value"], strict=True)
    return dict(zip(names, table["customer"], strict=True))
