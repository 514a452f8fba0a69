"""Atoms: what two readings of the same evidence can be compared by.

Policies may read spellings otherwise, so that identifiers of one are not those of the other. What
stays is the spelling as it was given (with its source, if that counts):

    "Ann@X.org"  ->  before: node 3        "ann@x.org"  ->  before: node 9
                     after:  node 5                         after:  node 5
"""

from typing import Any

import numpy as np

from onefold._columns import Coded, Columns, frozen, same_in_all
from onefold._types import Ints
from onefold.events.identifiers import SOURCE
from onefold.identity.bundles import Nodes, bundled, factorized
from onefold.identity.evidence import Evidence
from onefold.identity.known import Known


def atoms(before: Known, after: Known) -> tuple[Ints, Ints]:
    """Nodes (k,) before and after of the same spellings; -1 where one knows it not."""
    same = before.evidence is after.evidence
    if same and before.links == after.links and _readings(before) == _readings(after):
        return _by_name(before.partition.nodes, after.partition.nodes)
    whole = spellings(
        before.evidence if same else before.evidence | after.evidence, (before, after)
    )
    pairs = [np.stack([_nodes(whole, side) for side in (before, after)])]
    if before.links == after.links:
        told = [side.ends.nodes(side.partition.nodes).reshape(-1) for side in (before, after)]
        pairs.append(np.stack(told))
    else:
        pairs += [_linked(before, after), _linked(after, before)[::-1]]
    both = np.concatenate(pairs, axis=1)
    both = np.unique(both[:, (both >= 0).any(axis=0)], axis=1)
    return both[0], both[1]


def _readings(side: Known) -> list[Any]:
    """All that decides how spellings are read."""
    policy = side.policy
    types = [(k.name, k.normalise, k.region, k.blocked, k.per_source) for k in policy.types]
    return [policy.blocked, policy.longest, sorted(types, key=lambda held: held[0])]


def _by_name(before: Nodes, after: Nodes) -> tuple[Ints, Ints]:
    """The same identifiers (n,), numbered by two orders of types."""
    begin = {k.name: at for k, at in zip(after.kinds, after.offsets[:-1].tolist(), strict=True)}
    parts = [
        begin[kind.name] + np.arange(len(held), dtype=np.int64)
        for kind, held in zip(before.kinds, before.values, strict=True)
        if len(held)
    ]
    nodes = np.arange(len(before), dtype=np.int64)
    return nodes, np.concatenate([*parts, np.zeros(0, dtype=np.int64)])


def spellings(evidence: Evidence, sides: tuple[Known, ...]) -> Evidence:
    """Evidence of one spelling a row, each once."""
    table = evidence.table
    located = any(kind.per_source for side in sides for kind in side.policy.types)
    source = table.coded(SOURCE) if located and SOURCE in table else None
    held, sources, sizes = [], [], []
    for name in evidence.names:
        column = table.coded(name).compact()
        where = np.int64(0) if source is None else source.codes.astype(np.int64) + 1
        width = 1 if source is None else len(source.vocab) + 1
        joint = (column.codes.astype(np.int64) * width + where)[column.codes >= 0]
        some = joint[factorized(joint)[1]]
        held.append((name, column.vocab, (some // width).astype(np.int32)))
        sources.append((some % width - 1).astype(np.int32))
        sizes.append(len(some))
    n, begin, data = sum(sizes), 0, {}
    for (name, vocab, codes), size in zip(held, sizes, strict=True):
        put = np.full(n, -1, dtype=np.int32)
        put[begin : begin + size] = codes
        data[name] = Coded(put, vocab)
        begin += size
    if source is not None:
        data[SOURCE] = Coded(np.concatenate([*sources, np.zeros(0, dtype=np.int32)]), source.vocab)
    nothing = Coded(same_in_all(np.int32(-1), n), table.coded("kind").vocab)
    time = frozen(np.zeros(n, dtype="M8[us]"))
    return Evidence(Columns({**data, "kind": nothing, "time": time}))


def _nodes(whole: Evidence, side: Known) -> Ints:
    """The node (k,) of each spelling on one side, -1 where there is none."""
    seen = bundled(whole, side.policy, more=side.ends.values, call="Identities.diff")
    alone = np.append(seen.members[:, 0].astype(np.int64), -1)[seen.row]
    to = np.append(_translation(side.partition.nodes, seen.nodes), -1)
    out: Ints = to[alone]
    return out


def _translation(mine: Nodes, other: Nodes) -> Ints:
    """The node here of each node there of the same types, -1 where there is none."""
    parts = []
    for held, given, begin in zip(mine.values, other.values, mine.offsets.tolist(), strict=False):
        codes = held.translation(given).astype(np.int64)
        parts.append(np.where(codes < 0, -1, codes + begin))
    return np.concatenate([*parts, np.zeros(0, dtype=np.int64)])


def _linked(one: Known, other: Known) -> Ints:
    """Nodes (2, k) that links of one side name, here and there."""
    nodes = np.unique(one.ends.nodes(one.partition.nodes))
    nodes = nodes[nodes >= 0]
    names = [one.partition.nodes.name(node) for node in nodes.tolist()]
    there = [other.partition.nodes.find(*name) for name in names]
    return np.stack([nodes, np.array(there, dtype=np.int64)])
