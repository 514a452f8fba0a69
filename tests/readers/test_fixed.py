"""Mappings that stay as they are, and counts in order."""

import pickle

import pytest

from onefold.readers.fixed import Fixed, counted


def test_counts_are_in_order() -> None:
    counts = counted(["b", "a", "c", "c", "a", "c"])
    assert list(counts.items()) == [("c", 3), ("a", 2), ("b", 1)]
    assert repr(counts) == "{'c': 3, 'a': 2, 'b': 1}"


def test_they_can_be_pickled_and_not_changed() -> None:
    held = Fixed({"a": 1})
    assert pickle.loads(pickle.dumps(held)) == held == {"a": 1}
    with pytest.raises(TypeError):
        held["a"] = 2  # type: ignore[index]
    assert {**held, "b": 2} == {"a": 1, "b": 2}
