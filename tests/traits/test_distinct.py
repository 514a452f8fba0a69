"""Distinct labels: exact, then a sketch that is a function of the set of labels."""

import builtins
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, MissingExtra

START = np.datetime64("2024-03-01", "us")


def log_of(items: Any, who: Any = "ann") -> of.EventLog:
    """Views of items, one a second."""
    times = START + np.arange(len(items)) * np.timedelta64(1, "s")
    frame = pd.DataFrame({"who": who, "at": times, "what": "view", "item": items})
    return of.EventLog.from_frame(
        frame, customer="who", time="at", event="what", item="item", tz="UTC"
    )


def count(log: of.EventLog, **how: Any) -> Any:
    return (
        of.fold(log, [traits.Distinct("item", **how)], as_of="2025-01-01")
        .table["distinct"]
        .tolist()
    )


def test_labels_are_counted_once_and_no_label_not_at_all() -> None:
    items = ["tea", "jam", "tea", None, "rye", None]
    who = ["ann", "ann", "ann", "ann", "bob", "cat"]
    assert count(log_of(items, who)) == [2, 1, 0]
    assert count(log_of(items, who), event="purchase") == [0, 0, 0]
    assert count(of.EventLog.from_events([])) == []


def test_a_label_that_two_have_counts_for_both() -> None:
    who = ["ann", "bob", "ann", "bob"]
    assert count(log_of(["tea", "tea", "jam", "tea"], who)) == [2, 1]


def test_a_bound_of_events_divides_exact_from_sketched() -> None:
    items = [f"item {i}" for i in range(400)]
    assert count(log_of(items), exact=400) == count(log_of(items), exact=399) == [400]


@pytest.mark.parametrize("n", [20_000, 200_000])
def test_the_sketch_is_within_three_standard_errors(n: int) -> None:
    [found] = count(log_of([f"page {i}" for i in range(n)]))
    assert found == round(found)
    assert abs(found / n - 1) < 3 * 0.0041


def test_the_standard_error_is_as_stated() -> None:
    """Of 40 different sets of 200,000 labels: the root of the mean square of relative errors."""
    n, errors = 200_000, []
    trait = traits.Distinct("item")
    codes = np.arange(n, dtype=np.int32)
    for k in range(40):
        vocab = of._vocab.Vocab(np.array(sorted(f"{k}:{i}" for i in range(n)), dtype=object))
        errors.append(trait._estimate(codes, vocab) / n - 1)
    assert 0.002 < np.sqrt(np.mean(np.square(errors))) < 0.0041


def test_the_estimate_is_a_function_of_the_set_of_labels() -> None:
    """Neither order, nor how often, nor who else is there, nor which other labels."""
    n = 30_000
    items = np.array([f"é {i}" for i in range(n)], dtype=object)
    [expected] = count(log_of(items))
    mixed = np.random.default_rng(1).permutation(np.concatenate([items, items[: n // 2]]))
    assert count(log_of(mixed)) == [expected]
    others = np.array([f"a {i}" for i in range(500)], dtype=object)  # they shift all codes
    both = log_of(items) + log_of(others, "bob")
    assert count(both) == [expected, 500]
    profiles = of.fold(both, [traits.Distinct("item")])
    assert profiles["ann"]["distinct"] == expected


def test_without_the_package_only_those_with_many_events_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "datasketches":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    log = log_of(["tea", "jam", "tea"])
    assert count(log, exact=3) == [2]
    with pytest.raises(MissingExtra, match=r"3 events.*exact=2.*pip install \"onefold\[sketch\]\""):
        count(log, exact=2)


@pytest.mark.parametrize("exact", [-1, 1.5, True, None])
def test_a_bound_that_is_no_whole_number_is_refused(exact: Any) -> None:
    with pytest.raises(ArgumentError, match="Distinct: exact"):
        traits.Distinct("item", exact=exact)
