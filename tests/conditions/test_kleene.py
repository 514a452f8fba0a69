import itertools

import numpy as np

from onefold.conditions.kleene import every, opposite, settled, some


def test_tables():
    a, b = (
        np.array(x, dtype=np.int8)
        for x in zip(*itertools.product([1, 0, -1], repeat=2), strict=True)
    )
    #                                    11 10 1? 01 00 0? ?1 ?0 ??
    assert every([a, b]).tolist() == [1, 0, -1, 0, 0, 0, -1, 0, -1]
    assert some([a, b]).tolist() == [1, 1, 1, 1, 0, -1, 1, -1, -1]
    assert opposite(np.array([1, 0, -1], dtype=np.int8)).tolist() == [0, 1, -1]
    known = np.array([True, True, False])
    assert settled(np.array([True, False, True]), known).tolist() == [1, 0, -1]
    assert every([a]).dtype == np.int8
