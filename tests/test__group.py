import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onefold._group import Marks, changes, distinct, runs

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


@given(codes, st.data())
def test_runs_of_equals(values: np.ndarray, data: st.DataObject) -> None:
    other = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))))
    pairs = list(zip(values.tolist(), other.tolist(), strict=True))
    new = changes(values, other)
    first, stop = runs(new)
    for i, pair in enumerate(pairs):
        assert new[i] == (i == 0 or pairs[i - 1] != pair)
        assert set(pairs[first[i] : stop[i]]) == {pair} and first[i] <= i < stop[i]
        assert first[i] == 0 or pairs[first[i] - 1] != pair
        assert stop[i] == len(pairs) or pairs[stop[i]] != pair
