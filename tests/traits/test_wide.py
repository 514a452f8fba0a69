"""Wide traits: the same numbers sparse, dense, by label and by row."""

import numpy as np
import pytest

from onefold._vocab import Vocab
from onefold.traits.wide import Wide, labelled

VOCAB = Vocab.of(["a", "b", "c", "d"])
#         row 0: 2 a, 1 c       row 1: an event without a label     row 2: 3 c     row 3: nothing
ROWS = np.array([0, 0, 0, 1, 2, 2])
CODES = np.array([2, 0, 0, -1, 2, 2], dtype=np.int32)
WEIGHTS = np.array([1.0, 0.5, 1.5, 9.0, 1.0, 2.0])


def made(*, share: bool) -> Wide:
    return labelled(ROWS, CODES, WEIGHTS, VOCAB, 4, share=share)


def test_sums_by_row_and_label() -> None:
    sums = made(share=False)
    assert len(sums) == 4
    assert sums.labels.tolist() == ["a", "c"]  # those that occur
    assert sums.known.tolist() == [True, False, True, False]
    nothing = [np.nan, np.nan]
    np.testing.assert_array_equal(sums.dense(), [[2, 1], nothing, [0, 3], nothing])
    np.testing.assert_array_equal(sums.column("a"), [2, np.nan, 0, np.nan])
    np.testing.assert_array_equal(sums.column("c"), [1, np.nan, 3, np.nan])
    np.testing.assert_array_equal(sums.column("zzz"), [0, np.nan, 0, np.nan])


def test_shares_add_up_to_one() -> None:
    shares = made(share=True)
    assert shares.row(0) == {"a": pytest.approx(2 / 3), "c": pytest.approx(1 / 3)}
    assert shares.row(1) == {}
    assert shares.row(2) == {"c": 1.0}


def test_a_row_has_the_largest_first_and_ties_by_label() -> None:
    codes = np.array([3, 0, 1, 1], dtype=np.int32)
    one = labelled(np.zeros(4, dtype=np.int64), codes, np.ones(4), VOCAB, 1, share=False)
    assert list(one.row(0).items()) == [("b", 2.0), ("a", 1.0), ("d", 1.0)]


def test_weights_that_sum_to_nothing_are_shares_of_nothing() -> None:
    codes = np.array([0, 1], dtype=np.int32)
    zero = labelled(np.zeros(2, dtype=np.int64), codes, np.zeros(2), VOCAB, 1, share=True)
    assert zero.row(0) == {"a": 0.0, "b": 0.0}


@pytest.mark.parametrize("n", [0, 3])
def test_no_events_and_no_labels(n: int) -> None:
    none = np.array([], dtype=np.int64)
    empty = labelled(none, none.astype(np.int32), none.astype(float), Vocab.of([]), n, share=True)
    assert len(empty) == n
    assert empty.dense().shape == (n, 0)
    assert np.isnan(empty.column("a")).tolist() == [True] * n


def test_many_labels_are_summed_as_few_are() -> None:
    """Two ways: a bin for each cell, or sorted cells; the order of addition is the same."""
    generator = np.random.default_rng(5)
    rows = np.sort(generator.integers(0, 50, 400))
    codes, weights = generator.integers(-1, 4, 400).astype(np.int32), generator.random(400)
    few = labelled(rows, codes, weights, VOCAB, 50, share=False)
    names = [f"x{i:04d}" for i in range(1000)]
    many = labelled(rows, codes, weights, Vocab.of([*VOCAB, *names]), 50, share=False)
    assert 50 * 1004 > 4 * 400 + 1024 > 50 * 4  # one goes the one way, one the other
    assert many.labels.tolist() == few.labels.tolist()
    np.testing.assert_array_equal(many.dense(), few.dense())


def test_arrays_are_read_only() -> None:
    shares = made(share=True)
    none = labelled(ROWS[:0], CODES[:0], WEIGHTS[:0], Vocab.of([]), 4, share=True)
    own = Wide(np.array(["a"], dtype=object), *(np.zeros(1, dtype=int) for _ in range(4)))  # type: ignore[arg-type]
    for wide in (shares, none, own):
        for name in ("labels", "offsets", "codes", "values", "known"):
            assert not getattr(wide, name).flags.writeable, name
    for array in (shares.labels, shares.values, shares.codes, shares.offsets, shares.known):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
