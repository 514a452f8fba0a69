import numpy as np
import pandas as pd
import pytest

from onefold.errors import UnknownName
from onefold.segments.assignment import Assignment, assigned

IDS = np.array(list("abcdef"), dtype=object)


@pytest.fixture
def made():
    return assigned(IDS, ["x", "y", "rest", "y", None, "y"], names=("x", "w"), by="test")


def test_codes_and_names(made):
    assert made.names == ("x", "w", "y", "rest")
    assert made.codes.tolist() == [0, 2, 3, 2, -1, 2]
    assert made.codes.dtype == np.int32
    assert made.labels.tolist() == ["x", "y", "rest", "y", None, "y"]
    with pytest.raises(ValueError, match="read-only"):
        made.codes[0] = 1


def test_sizes(made):
    expected = pd.DataFrame(
        {
            "name": ["y", "x", "w", "rest", "unknown"],
            "customers": [3, 1, 0, 1, 1],
            "share": [1 / 2, 1 / 6, 0, 1 / 6, 1 / 6],
        }
    )
    pd.testing.assert_frame_equal(made.sizes(), expected)


def test_sizes_say_rest_and_unknown_only_where_they_occur():
    made = assigned(IDS[:1], ["x"], names=("x",), by="test")
    assert made.sizes()["name"].tolist() == ["x"]
    assert made.members("rest").tolist() == made.members("unknown").tolist() == []


def test_members(made):
    assert made.members("y").tolist() == ["b", "d", "f"]
    assert made.members("w").tolist() == []
    assert made.members("rest").tolist() == ["c"]
    assert made.members("unknown").tolist() == ["e"]
    with pytest.raises(UnknownName, match=r"no segment 'yy'.*Did you mean 'y'"):
        made.members("yy")


def test_as_a_frame_and_a_dict(made):
    frame = made.to_pandas()
    assert frame["customer"].tolist() == IDS.tolist()
    assert frame["segment"].tolist() == ["x", "y", "rest", "y", None, "y"]
    frame.loc[0, "customer"] = "changed"
    assert made.ids[0] == "a"
    assert made.by_customer()["e"] is None


def test_equal_by_content(made):
    again = assigned(IDS.copy(), ["x", "y", "rest", "y", None, "y"], names=("x", "w"), by="test")
    assert made == again
    assert made != assigned(IDS, ["x"] * 6, names=("x",), by="test")
    assert made != 5
    with pytest.raises(TypeError):
        hash(made)


def test_shown(made):
    assert repr(made).splitlines()[:3] == [
        "Assignment(6 customers, 3 segments)",
        "segment  customers  share",
        "-------  ---------  -----",
    ]
    odd = assigned(IDS[:1], ["<b>"], names=(), by="test")
    assert "&lt;b&gt;" in odd._repr_html_()
    assert "1 customer, 1 segment" in repr(odd)


def test_nobody():
    made = assigned(IDS[:0], np.array([], dtype=object), names=("x",), by="test")
    assert len(made) == 0
    assert made.sizes()["share"].tolist() == [0.0]
    assert isinstance(made, Assignment)
