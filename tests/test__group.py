import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onefold._group import Marks, distinct

codes = st.lists(st.integers(0, 20), max_size=30).map(lambda listed: np.array(listed, dtype=int))


@given(codes)
def test_distinct(values: np.ndarray) -> None:
    held = values.copy()
    assert distinct(values).tolist() == sorted(set(values.tolist()))
    assert values.tolist() == held.tolist()


@given(st.lists(st.tuples(codes, codes), max_size=4))
def test_marks_are_cleaned_after_each_question(asked: list) -> None:
    marks = Marks(21)
    for few, others in asked:
        expected = [code in set(others.tolist()) for code in few.tolist()]
        assert marks.inside(few, others).tolist() == expected
    assert not marks.board.any()
