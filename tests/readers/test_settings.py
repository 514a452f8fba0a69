"""What callers choose, and paths into records."""

from typing import Any

import pytest

from onefold import readers
from onefold.errors import ArgumentError
from onefold.readers.settings import at, first_at, first_value, path, settings
from onefold.readers.values import Refused

RECORD: dict[str, Any] = {
    "a": {"b": [{"c": 1}, {"c": 2}]},
    "params": [{"key": "n", "value": {"int_value": "7"}}, {"key": "s", "value": "x"}, None],
    "empty": "",
}


@pytest.mark.parametrize(
    ("where", "held"),
    [
        ("a.b.1.c", 2),
        ("a.b.2.c", None),
        ("a.b.c", None),
        ("a.x.y", None),
        ("params.n", 7),
        ("params.s", "x"),
        ("params.t", None),
        ("empty.x", None),
        ("a.b.99999999999999999999", None),
    ],
)
def test_paths(where: str, held: Any) -> None:
    assert at(RECORD, path(where, "it")) == held


def test_the_first_path_that_leads_anywhere() -> None:
    assert first_at(RECORD, [("empty",), ("x",), ("a", "b", "0", "c")]) == 1
    assert first_at(RECORD, []) is None


def test_typed_values() -> None:
    assert first_value({"string_value": None, "int_value": "-12"}) == -12
    assert first_value({"double_value": 1.5}) == 1.5
    assert first_value({"int_value": "x"}) == "x"
    assert first_value({}) is None


def chosen(**changed: Any) -> Any:
    given = {"kinds": None, "properties": (), "currency": None, "system": None, **changed}
    return settings("it", **given)


@pytest.mark.parametrize(
    "changed",
    [
        {"kinds": ["a"]},
        {"kinds": {"a": 1}},
        {"kinds": {1: "a"}},
        {"properties": "a"},
        {"properties": 7},
        {"properties": [7]},
        {"properties": ["a..b"]},
        {"properties": ["a.x", "b.x"]},
        {"properties": {"item": "a"}},
        {"properties": {"x": 5}},
        {"currency": 5},
        {"tz": "Mars/Olympus"},
        {"system": ""},
    ],
)
def test_choices_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"^it"):
        chosen(**changed)


def test_customers() -> None:
    assert chosen().customer("u", "a") == "u"
    assert chosen().customer(None, "a") == "a"
    with pytest.raises(Refused, match="no user"):
        chosen().customer(None, None)
    with pytest.raises(Refused) as refused:
        chosen(anonymous=False).customer(None, "a")
    assert refused.value.skipped


def test_kinds() -> None:
    one = chosen(kinds={"a": "b", "c": None})
    assert (one.kind("a"), one.kind("x")) == ("b", "x")
    with pytest.raises(Refused) as refused:
        one.kind("c")
    assert refused.value.skipped
    with pytest.raises(Refused, match="no name"):
        one.kind(None)


def test_zones_and_labels_are_noted_where_they_are_none() -> None:
    one = chosen()
    names = ["Europe/Berlin", "Mars/Olympus", "../../etc", "America", "", 5, "x" * 2000, None]
    assert [one.zone(name) for name in names] == ["Europe/Berlin", *[None] * 7]
    assert dict(one.notes) == {
        "time zone that is not known: no local clock": 3,
        "time zone that is no short text: not kept": 2,
    }


def test_facts_of_objects_and_names_that_are_taken() -> None:
    one = chosen()
    traits = {"a": 1, "b": {"c": "x", "d": {"e": 1}}, "time": "noon", "": 1, "l": [1], "n": None}
    assert dict(one.facts(traits)) == {
        "a": ("1", True),
        "b.c": ("x", False),
        "time_told": ("noon", False),
    }
    assert sum(one.notes.values()) == 3


def test_chosen_properties_are_numbers_where_all_are() -> None:
    calls = [
        {"type": "track", "event": "e", "userId": "u", "timestamp": "2024-03-01T00:00Z", "p": p}
        for p in ({"n": 1, "m": 1, "t": "x"}, {"n": 2.5, "m": "x"}, {"t": [1]}, {"m": True})
    ]
    read = readers.segment(calls, properties=["p.n", "p.m", "p.t"])
    frame = read.log.to_pandas()
    assert frame["n"].dropna().tolist() == [1.0, 2.5]
    assert frame["m"].dropna().tolist() == ["1", "x", "yes"]
    assert frame["t"].dropna().tolist() == ["x"]
    assert dict(read.notes) == {"property 't' that is a list or an object: not kept": 1}
