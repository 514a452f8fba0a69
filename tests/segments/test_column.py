import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onefold.segments.column import quantile_cuts


@given(st.lists(st.integers(0, 9).map(float), min_size=1), st.integers(2, 8))
def test_cuts_are_the_least_values_with_enough_at_or_below(values, bins):
    cuts = quantile_cuts(np.array(values), bins)
    assert len(cuts) == bins - 1
    for k, cut in enumerate(cuts, start=1):
        assert cut in values
        assert sum(v <= cut for v in values) * bins >= k * len(values)
        assert sum(v < cut for v in values) * bins < k * len(values)
