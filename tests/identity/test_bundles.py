"""Bundles: distinct rows of identifiers, found all at once."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from onefold import Event, EventLog, IdentifierType, IdentityPolicy, resolve
from onefold.errors import ArgumentError
from onefold.identity import DEFAULT
from onefold.identity.bundles import (
    FEW,
    NOBODY,
    _ascending,
    _ordered,
    _rows_told_apart,
    _united,
)

NODE = st.one_of(st.integers(0, 5), st.just(int(NOBODY)), st.sampled_from([0, 2**30, 2**31 - 2]))


@st.composite
def rows(draw):
    width = draw(st.sampled_from([1, 2, 3, 5, FEW + 2]))
    row = st.lists(NODE, min_size=width, max_size=width)
    some = draw(st.lists(row, min_size=1, max_size=8))
    several = draw(st.lists(st.sampled_from(some), min_size=1, max_size=20))
    return [np.array(column, dtype=np.int32) for column in zip(*several, strict=True)]


@given(rows())
def test_rows_are_told_apart_in_order_of_appearance(columns):
    codes, first = _rows_told_apart(columns)
    seen = list(zip(*(column.tolist() for column in columns), strict=True))
    known = list(dict.fromkeys(seen))
    assert codes.tolist() == [known.index(row) for row in seen]
    assert first.tolist() == [seen.index(row) for row in known]


@given(rows())
def test_each_row_is_ascending(columns):
    expected = np.sort(np.stack(columns, axis=1), axis=1)
    assert np.array_equal(_ordered([column.copy() for column in columns]), expected)


@given(st.lists(st.lists(st.none() | st.text("abé\U0001f98a", min_size=1, max_size=2))))
@example([["a", "b", None, "c"]])
@example([["b", "a"], ["a", None]])
@example([["a", "a"]])
def test_values_of_several_lists_are_one_vocabulary(lists):
    made = [pa.array(values, type=pa.large_string()) for values in [*lists, []]]
    vocab, to = _united(made)
    assert list(vocab) == sorted({v for values in lists for v in values if v is not None})
    for values, codes in zip(lists, to, strict=False):
        expected = [-1 if v is None else vocab.code(v) for v in values]
        assert codes.tolist() == [*expected, -1]


def test_what_ascends():
    assert [_ascending(pa.array(v, type=pa.large_string())) for v in (["a", "b"], ["a"], [])] == [
        True
    ] * 3
    assert not _ascending(pa.array(["a", "a"]))
    assert not _ascending(pa.array(["b", "a"]))


@pytest.mark.parametrize("source", [["web", "app", None, "web"], [None] * 4])
def test_a_value_of_another_source_is_another_one(source):
    events = [
        Event(None, "view", f"2024-03-0{i + 1}", identifiers={"user": "7"}, source=s)
        for i, s in enumerate(source)
    ]
    policy = IdentityPolicy([IdentifierType("user", rank=1, per_source=True)])
    found = resolve(EventLog.from_events(events), policy).to_pandas()
    assert found["value"].tolist() == sorted(f"{s or ''}:7" for s in set(source))


def test_a_log_of_customers_alone_keeps_no_sources():
    kind = IdentifierType("customer", rank=1, limit=1, per_source=True)
    frame = pd.DataFrame({"c": ["1", "1"], "s": ["web", "shop"], "t": ["2024-03-01", "2024-03-02"]})
    frame["t"] = pd.to_datetime(frame["t"], utc=True)
    policy = DEFAULT.with_types(kind)
    with pytest.raises(ArgumentError, match="known by its source"):
        resolve(
            EventLog.from_frame(frame, customer="c", time="t", event="view", source="s"), policy
        )
    named = EventLog.from_frame(
        frame, time="t", event="view", source="s", identifiers={"customer": "c"}
    )
    assert len(resolve(named, policy)) == 2
