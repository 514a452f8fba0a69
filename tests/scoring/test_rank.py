import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold._group import Marks
from onefold._vocab import Vocab
from onefold.scoring.rank import Base, best, ranking

eighths = st.integers(0, 8).map(lambda i: i / 8)


@settings(max_examples=200)
@given(st.data(), st.integers(1, 150), st.integers(1, 12))
def test_best_is_the_head_of_all_items(data: st.DataObject, m: int, n: int) -> None:
    """Few values make ties the rule; long catalogues make the head shorter than the whole."""
    seed = data.draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    levels = data.draw(st.integers(1, 9))
    base = rng.integers(0, levels, m) / 8
    items = np.flatnonzero(rng.random(m) < data.draw(st.sampled_from([0, 0.05, 0.5])))
    own = rng.integers(0, levels, len(items)) / 8
    excluded = np.flatnonzero(rng.random(m) < data.draw(st.sampled_from([0, 0.1, 0.9])))
    allowed = rng.random(m) < data.draw(st.sampled_from([0, 0.5, 0.95, 2]))
    held = Base(base, None if allowed.all() else allowed)
    for _ in range(2):  # the second time the head is known
        codes, scores = best(
            held,
            items.astype(np.int32),
            own,
            n=n,
            excluded=excluded if len(excluded) else None,
            marks=Marks(m),
        )
        dense = base.copy()
        dense[items] += own
        can = [i for i in range(m) if dense[i] > 0 and allowed[i] and i not in set(excluded)]
        expected = sorted(can, key=lambda i: (-dense[i], i))[:n]
        assert codes.tolist() == expected
        assert scores.tolist() == [dense[i] for i in expected]


@given(st.lists(eighths, min_size=1, max_size=100), st.lists(st.integers(1, 40), max_size=4))
def test_a_head_that_is_made_longer_stays_the_head(scores: list, asked: list) -> None:
    base = Base(np.array(scores), None)
    order = sorted((i for i, s in enumerate(scores) if s > 0), key=lambda i: (-scores[i], i))
    for k in asked:
        assert base.head(k).tolist() == order[:k]


def test_a_ranking_is_shown_kept_and_compared() -> None:
    items = Vocab.of(["a", "b", "c"])
    lists = [(np.array([2, 0]), np.array([0.5, 0.25])), (np.array([1]), np.array([1.0]))]
    made = ranking(np.array(["x", "y"], dtype=object), lists, items, 2, "they ran out")
    assert list(made) == [("x", ["c", "a"]), ("y", ["b"])]
    assert made.of() == ["c", "a"]
    assert len(made) == 2
    frame = made.to_pandas()
    assert frame["rank"].tolist() == [1, 2, 1]
    assert frame["score"].tolist() == [0.5, 0.25, 1.0]
    assert made.short.to_dict("records") == [
        {"customer": "y", "given": 1, "reason": "they ran out"}
    ]
    assert made == ranking(made.customers, lists, items, 2, "they ran out")
    assert made != ranking(made.customers, lists[::-1], items, 2, "they ran out")
    assert made != "list"
    assert "2 customers, n=2" in repr(made)
    assert "<table" in made._repr_html_()
    frame.loc[:, "item"] = "changed"
    assert made.of() == ["c", "a"]


def test_a_ranking_of_nobody() -> None:
    made = ranking(np.array([], dtype=object), [], Vocab.of(["a"]), 5, "")
    assert (len(made), len(made.to_pandas()), len(made.short)) == (0, 0, 0)
    assert repr(made)


def test_a_long_ranking_is_cut_when_shown() -> None:
    items = Vocab.of(f"i{i:02d}" for i in range(30))
    lists = [(np.arange(30), np.linspace(1, 0.1, 30))]
    said = repr(ranking(np.array(["x"], dtype=object), lists, items, 30, ""))
    assert "... 10 rows more" in said
    with pytest.raises(TypeError):
        hash(ranking(np.array(["x"], dtype=object), lists, items, 30, ""))
