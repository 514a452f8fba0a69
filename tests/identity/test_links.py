"""Links are a set: no order of pairs, of ends or of tellings, and nothing twice."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefold.errors import ArgumentError, ColumnError
from onefold.identity.links import Links

ENDS = st.tuples(
    st.sampled_from(["email", "crm_id"]), st.sampled_from(["1", "2", "é", "\U0001f600"])
)
TIMES = st.sampled_from([None, "2024-01-01", "2024-02-01"])
EMPTY = pd.DataFrame({"l": np.array([], dtype=object), "r": np.array([], dtype=object), "p": []})


def weak(left: Any, right: Any, p: Any, **more: Any) -> Links:
    frame = pd.DataFrame({"l": left, "r": right, "p": p})
    roles = {"a_type": "crm_id", "a_value": "l", "b_type": "crm_id", "b_value": "r"}
    return Links.weak(frame, **roles, probability="p", **more)  # type: ignore[arg-type]


@st.composite
def single(draw: Any) -> Links:
    a, b = draw(st.tuples(ENDS, ENDS).filter(lambda ends: ends[0] != ends[1]))
    kind, time = draw(st.sampled_from(["must", "cannot", "weak"])), draw(TIMES)
    reason = draw(st.sampled_from([None, "why"]))
    if kind != "weak":
        make = Links.must if kind == "must" else Links.cannot
        return make(a, b, reason=reason, time=time)
    row = {"a_type": a[0], "a_value": a[1], "b_type": b[0], "b_value": b[1]}
    row |= {"probability": draw(st.sampled_from([0.5, 1.0])), "t": pd.Timestamp(time or "NaT")}
    return Links.weak(
        pd.DataFrame([row]).astype({"t": "datetime64[us]"}), reason=reason, time="t", tz="UTC"
    )


def rows(links: Links) -> set[tuple[object, ...]]:
    frame = links.to_pandas().astype(object)
    return {tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)}


@given(st.lists(single(), max_size=6), st.randoms())
def test_links_are_a_set(some: list[Links], random: Any) -> None:
    nothing = weak(EMPTY["l"], EMPTY["r"], EMPTY["p"])
    one = sum(some, nothing)
    doubled = [*some, *some]
    random.shuffle(doubled)
    other = sum(doubled, nothing)
    assert one == other
    assert one + one == one
    assert rows(one) == set().union(*(rows(link) for link in [nothing, *some]))
    assert len(one) == len(rows(one))
    ends = one.to_pandas()
    a = list(zip(ends["a_type"], ends["a_value"], strict=True))
    b = list(zip(ends["b_type"], ends["b_value"], strict=True))
    assert all(first < second for first, second in zip(a, b, strict=True))
    assert sorted(zip(a, b, strict=True)) == list(zip(a, b, strict=True))
    assert one.a_value.vocab == one.b_value.vocab and one.a_type.vocab == one.b_type.vocab
    used = {*ends["a_value"], *ends["b_value"]}
    assert set(one.a_value.vocab) == used


def test_what_differs_is_another_link() -> None:
    a, b = ("email", "x"), ("crm_id", 7)
    told = Links.must(a, b)
    assert told == Links.must(b, a) == Links.must(["email", "x"], ("crm_id", np.int64(7)))
    others = [
        Links.cannot(a, b),
        Links.must(a, ("crm_id", 8)),
        Links.must(a, b, reason="why"),
        Links.must(a, b, time="2024-01-01"),
        weak([1], [2], [0.5]),
    ]
    assert all(told != other for other in others)
    assert len(sum(others, told)) == 6
    assert weak([1], [2], [0.5]) != weak([1], [2], [0.6])
    assert told != "links"


def test_the_arrays_say_what_is_meant() -> None:
    links = Links.must(("email", "x"), ("email", "y")) + Links.cannot(("b", "1"), ("a", "2"))
    links += weak([9, 3], [1, 4], [0.25, 1.0])
    assert links.kinds.dtype == np.int8
    assert links.kinds.tolist() == [-1, 0, 0, 1]
    assert links.probability.tolist()[1:3] == [0.25, 1.0]
    assert np.isnan(links.probability[[0, 3]]).all()
    assert np.isnat(links.time).all()
    assert links.a_value.decode().tolist() == ["2", "1", "3", "x"]
    assert not links.kinds.flags.writeable
    assert repr(links) == "Links(1 must, 1 cannot, 2 weak)"
    with pytest.raises(TypeError):
        hash(links)


def test_times_are_read_in_a_zone_and_are_exclusive() -> None:
    times = pd.to_datetime(pd.Series(["2024-01-01 01:00", None]))
    frame = pd.DataFrame({"l": [1, 2], "r": [2, 3], "p": [0.5, 0.5], "t": times})
    roles = {"a_type": "crm_id", "a_value": "l", "b_type": "crm_id", "b_value": "r"}
    links = Links.weak(frame, **roles, probability="p", time="t", tz="Europe/Berlin")  # type: ignore[arg-type]
    assert links.time[0] == np.datetime64("2024-01-01", "us") and np.isnat(links.time[1])
    assert len(links.before("2024-01-01")) == 1
    assert len(links.before("2024-01-01 00:00:00.000001")) == 2
    assert links.before("2024-01-01").a_value.vocab.values.tolist() == ["2", "3"]


def test_no_links_are_links_too() -> None:
    nothing = Links.weak(
        EMPTY, a_type="crm_id", a_value="l", b_type="crm_id", b_value="r", probability="p"
    )
    some = weak([1], [2], [0.5])
    assert len(nothing) == 0 and nothing.to_pandas().empty
    assert nothing + some == some == some + nothing


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("email", ("email", "x"), r"Links.must: a is 'email'; .* such as \('email', 'ann@x.org'\)"),
        (("email", "x", "y"), ("email", "x"), "Links.must: a is"),
        (("e mail", "x"), ("email", "x"), "holds the type 'e mail'"),
        (("", "x"), ("email", "x"), "holds the type ''"),
        ((7, "x"), ("email", "x"), "holds the type 7"),
        (("email", "x"), ("email", ""), "Links.must: b: the value is ''"),
        (("email", "x"), ("email", None), "b: the value is None"),
        (("email", "x"), ("email", 1.5), "b: the value is 1.5"),
        (("email", "x"), ("email", True), "b: the value is True"),
        (("email", "x"), ("email", "\ud800"), "not valid Unicode"),
        (("email", "x"), ("email", "x"), r"both \('email', 'x'\)"),
        (("crm_id", 7), ("crm_id", "7"), r"both \('crm_id', '7'\)"),
    ],
)
def test_what_is_no_link_is_refused(a: Any, b: Any, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        Links.must(a, b)


def test_reasons_and_times_are_checked() -> None:
    a, b = ("email", "x"), ("email", "y")
    with pytest.raises(ArgumentError, match=r"Links.cannot: reason is 7"):
        Links.cannot(a, b, reason=7)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"Links.cannot: time is 'soon'"):
        Links.cannot(a, b, time="soon")
    with pytest.raises(TypeError):
        Links.must(a, b) + 1  # type: ignore[operator]


@pytest.mark.parametrize("p", [0.0, -0.1, 1.0001, None])
def test_probabilities_are_above_none_and_up_to_one(p: Any) -> None:
    with pytest.raises(ColumnError, match=r"row 1; it takes numbers above 0 and up to 1"):
        weak([1, 1], [2, 3], [0.5, p])


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (
            {"l": ["a", None], "r": ["b", "c"], "p": [1, 1]},
            r"'l' \(a_value=\) is missing in 1 rows",
        ),
        ({"l": ["a", "b"], "r": ["b", "b"], "p": [1, 1]}, r"both \('crm_id', 'b'\)"),
        ({"l": ["a"], "right": ["b"], "p": [1]}, "no column 'r'"),
        ({"l": ["a"], "r": ["b"]}, "no column 'p'"),
        ({"l": [1.5], "r": ["b"], "p": [1]}, "holds decimals"),
        ({"l": ["a"], "r": ["b"], "p": ["x"]}, "takes numbers"),
    ],
)
def test_a_table_that_is_none_of_pairs_is_refused(frame: dict[str, Any], says: str) -> None:
    roles = {"a_type": "crm_id", "a_value": "l", "b_type": "crm_id", "b_value": "r"}
    with pytest.raises(ArgumentError, match=says):
        Links.weak(pd.DataFrame(frame), **roles, probability="p")  # type: ignore[arg-type]


def test_a_type_is_a_column_or_one_for_all_but_no_slip() -> None:
    frame = pd.DataFrame({"a_type": ["e"], "a_value": ["x"], "b_type": ["f"], "b_value": ["y"]})
    frame["probability"] = 0.5
    assert Links.weak(frame).to_pandas()["b_type"].tolist() == ["f"]
    named = frame.rename(columns={"a_value": "crm_id_l", "b_value": "crm_id_r"})
    roles = {"a_type": "crm_id", "a_value": "crm_id_l", "b_type": "crm_id", "b_value": "crm_id_r"}
    assert Links.weak(named, **roles).to_pandas()["a_type"].tolist() == ["crm_id"]  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="a_type"):
        Links.weak(frame.drop(columns="a_type"))
    with pytest.raises(ArgumentError, match="holds the type 'no type'"):
        Links.weak(frame.assign(a_type="no type"))
    with pytest.raises(ArgumentError, match=r"Links.weak: frame is a list"):
        Links.weak([])
