"""Partition: which identifier names a customer."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from onefold.identity.graph import LATE
from onefold.identity.partition import _numbered

NODES = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([1, 2, 3, LATE]), st.booleans()), max_size=12
)


@given(NODES)
@example([(0, 3, False), (0, 1, True), (1, 2, True), (1, 1, True), (7, LATE, False)])
def test_a_customer_is_named_by_the_earliest_that_is_its_own(nodes):
    label, first, shared = (
        (np.array(column) for column in zip(*nodes, strict=True))
        if nodes
        else (
            np.zeros(0, dtype=np.int64),
            np.zeros(0, dtype=np.int64),
            np.zeros(0, dtype=bool),
        )
    )
    person, anchor = _numbered(label, first, shared)
    best = {
        group: min((s, f, i) for i, (g, f, s) in enumerate(nodes) if g == group)[2]
        for group in {g for g, _, _ in nodes}
    }
    assert anchor.tolist() == sorted(best.values())
    assert anchor[person].tolist() == [best[group] for group, _, _ in nodes]
